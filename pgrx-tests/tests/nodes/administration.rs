//! Every node administers the whole vault.

use std::thread;

use vault_tests::tenant::{ADMIN, customer};
use vault_tests::{Tenant, random};

use crate::nodes::{Node, Nodes, tell_edge};

#[test]
fn what_one_node_creates_the_others_know_at_once() {
    let nodes = Nodes::shared();
    let (second, third) = nodes.workers();
    let tenant = second.tenant();
    // A key of the same merchant, made elsewhere.
    let rows = third
        .stack
        .session(ADMIN)
        .rows(
            "select key_id, api_key from vault.create_api_key($1, $2)",
            &[&tenant.merchant, &random::name("key")],
        )
        .unwrap();
    let (key_id, key): (String, String) = (rows[0].get(0), rows[0].get(1));
    let tenant = Tenant { key, ..tenant };
    tenant.post("/v2/customers", &customer()).ok();

    let mut first = nodes.coordinator().stack.session(ADMIN);
    first
        .execute("select vault.revoke_api_key($1)", &[&key_id])
        .unwrap();

    assert_eq!(tenant.post("/v2/customers", &customer()).status, 401);
}

#[test]
fn keys_are_rotated_and_wrapped_anew_on_the_node_of_the_profile() {
    let nodes = Nodes::shared();
    for node in &nodes.all {
        let tenant = node.unannounced_tenant();
        let mut admin = node.stack.session(ADMIN);
        let version: i32 = admin
            .value("select vault.rotate_data_key($1)", &[&tenant.profile])
            .unwrap();
        assert_eq!(version, 2);
        admin
            .execute("select vault.rewrap_data_keys()", &[])
            .unwrap();
        crate::life::run(&mut tenant.revealing_sql());
    }
    tell_edge();
}

#[test]
fn a_row_of_an_administrator_that_is_rolled_back_is_on_no_node() {
    let nodes = Nodes::shared();
    for node in &nodes.all {
        let mut admin = node.stack.session(ADMIN);
        admin.run("begin").unwrap();
        let merchant: String = admin
            .value("select vault.create_merchant('gone')", &[])
            .unwrap();
        admin.run("rollback").unwrap();
        for node in &nodes.all {
            let count: i64 = node
                .superuser()
                .value(
                    "select count(*) from vault.merchants where merchant_id = $1",
                    &[&merchant],
                )
                .unwrap();
            assert_eq!(count, 0);
        }
    }
}

#[test]
fn nodes_that_administer_at_the_same_time_do_not_stop_each_other() {
    const PROFILES: usize = 10;
    let nodes = Nodes::shared();
    let merchant = nodes.coordinator().unannounced_tenant().merchant;
    let create = |node: &Node| {
        let mut admin = node.stack.session(ADMIN);
        for _ in 0..PROFILES {
            admin
                .execute(
                    "select vault.create_profile($1, $2)",
                    &[&merchant, &random::name("till")],
                )
                .unwrap();
        }
    };
    thread::scope(|scope| {
        for node in &nodes.all {
            scope.spawn(|| create(node));
        }
    });
    for node in &nodes.all {
        let count: i64 = node
            .superuser()
            .value(
                "select count(*) from vault.nodes() n join vault.profiles p using (profile_id)
                 where p.merchant_id = $1",
                &[&merchant],
            )
            .unwrap();
        assert_eq!(count, 1 + 3 * PROFILES as i64, "node {}", node.number);
    }
}
