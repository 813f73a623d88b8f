//! `vault.distribute()` while clients call.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use serde_json::json;
use vault_tests::tenant::customer;
use vault_tests::{Card, Refused, Session, Stack, Tenant, random};

use crate::load::Ending;
use crate::nodes::Nodes;

/// Citus does not add nodes to two databases at the same time.
static TURNS: Mutex<()> = Mutex::new(());

/// A database of its own on each node, which is dropped with this value.
struct Fresh {
    stacks: Vec<Stack>,
    _turn: MutexGuard<'static, ()>,
}

impl Fresh {
    /// The nodes know each other, and nothing is spread yet.
    fn on(nodes: &Nodes) -> Fresh {
        let turn = TURNS.lock().unwrap_or_else(PoisonError::into_inner);
        let name = random::name("fresh");
        let stacks: Vec<Stack> = nodes
            .all
            .iter()
            .map(|node| {
                let create = format!("create database {name}");
                node.superuser().run(&create).unwrap();
                node.stack.database(&name)
            })
            .collect();
        for stack in &stacks {
            let extensions = "create extension citus; create extension vault";
            stack.superuser().run(extensions).unwrap();
        }
        let (coordinator, workers) = stacks.split_first().unwrap();
        let mut superuser = coordinator.superuser();
        let here = coordinator.port();
        superuser
            .run(&format!(
                "select citus_set_coordinator_host('127.0.0.1', {here})"
            ))
            .unwrap();
        for worker in workers {
            let port = worker.port();
            // The clients' profile is to stay where they are.
            superuser
                .run(&format!(
                    "select citus_add_node('127.0.0.1', {port});
                     select citus_set_node_property('127.0.0.1', {port}, 'shouldhaveshards', false)"
                ))
                .unwrap();
        }
        superuser
            .run(&format!(
                "select citus_set_node_property('127.0.0.1', {here}, 'shouldhaveshards', true)"
            ))
            .unwrap();
        Fresh {
            stacks,
            _turn: turn,
        }
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        for stack in &self.stacks {
            let name = stack.name();
            let drop = format!("drop database {name} with (force)");
            let _ = stack.database("postgres").superuser().run(&drop);
        }
    }
}

/// SQLSTATE of a transaction that is to be run again.
const AGAIN: &str = "40001";

/// Creates and retrieves until it is over, and returns what was acknowledged.
fn call_until(is_over: &AtomicBool, tenant: &Tenant) -> Vec<String> {
    let role = tenant.role(&["vault_client", "vault_bulk"]);
    let mut sql = tenant.stack.session(&role);
    sql.run("set plan_cache_mode = force_generic_plan").unwrap();
    let mut acknowledged = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        match calls(&mut sql) {
            Ok(method) => acknowledged.push(method),
            Err(Refused { sqlstate, .. }) if sqlstate == AGAIN => {
                let _ = sql.run("rollback");
            }
            Err(refused) => panic!("{refused:?}"),
        }
    }
    acknowledged
}

fn calls(sql: &mut Session) -> Result<String, Refused> {
    let person = sql.call("create_customer($1)", &[&customer()])?;
    let person = person["id"].as_str().expect("an id").to_owned();
    sql.call("retrieve_customer($1)", &[&person])?;
    let request = Card::new().create_for(&person);
    let method = sql.call("create_payment_method($1)", &[&request])?;
    let method = method["id"].as_str().expect("an id").to_owned();
    sql.run("begin")?;
    sql.call("retrieve_payment_method($1)", &[&method])?;
    let changes = json!({"payment_method_data": {"card": {"nick_name": "Travel"}}});
    sql.call("update_payment_method($1, $2)", &[&method, &changes])?;
    sql.call("list_payment_methods($1)", &[&person])?;
    sql.run("commit")?;
    Ok(method)
}

#[test]
fn clients_that_call_while_the_vault_is_spread_lose_nothing_and_at_most_have_to_try_again() {
    let nodes = Nodes::shared();
    let fresh = Fresh::on(&nodes);
    let coordinator = &fresh.stacks[0];
    let tenant = Tenant::within(coordinator);
    let is_over = AtomicBool::new(false);

    let outcomes = thread::scope(|scope| {
        let calling: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| call_until(&is_over, &tenant)))
            .collect();
        let ending = Ending(&is_over);
        thread::sleep(Duration::from_secs(1));
        let done = coordinator
            .superuser()
            .rows("select vault.distribute()", &[])
            .unwrap();
        assert_eq!(done.len(), 15);
        thread::sleep(Duration::from_secs(1));
        drop(ending);
        calling
            .into_iter()
            .map(|client| client.join().unwrap())
            .collect::<Vec<_>>()
    });

    let acknowledged: Vec<String> = outcomes.into_iter().flatten().collect();
    assert!(acknowledged.len() > 20, "{}", acknowledged.len());
    let mut sql = coordinator.session(&tenant.role(&["vault_client"]));
    for method in acknowledged {
        sql.call("retrieve_payment_method($1)", &[&method]).unwrap();
    }
}

#[test]
fn a_vault_with_values_in_tables_of_applications_is_not_spread() {
    let nodes = Nodes::shared();
    let fresh = Fresh::on(&nodes);
    let coordinator = &fresh.stacks[0];
    let tenant = Tenant::within(coordinator);
    let mut superuser = coordinator.superuser();
    superuser
        .run("create table public.notes (note vault.encrypted_text); grant all on public.notes to public")
        .unwrap();
    let mut sql = coordinator.session(&tenant.role(&["vault_client"]));
    sql.run("insert into public.notes values (vault.encrypt('calls on Mondays'::text))")
        .unwrap();

    let refused = superuser.run("select vault.distribute()").unwrap_err();

    let message = "tables of applications have values under keys of the vault";
    assert_eq!(refused.pair(), ("55000", message));
    superuser
        .run("drop table public.notes; select vault.distribute()")
        .unwrap();
}

#[test]
fn a_distribution_says_what_is_in_its_way() {
    let nodes = Nodes::shared();
    let fresh = Fresh::on(&nodes);
    let [coordinator, worker, _] = &fresh.stacks[..] else {
        panic!("three nodes")
    };
    let mut on_worker = worker.superuser();
    let here = format!("127.0.0.1:{}", worker.port());
    let refused = || {
        let distribute = coordinator.superuser().run("select vault.distribute()");
        let refused = distribute.unwrap_err();
        assert_eq!(refused.sqlstate, "55000");
        refused.message
    };

    on_worker
        .run("alter default privileges in schema vault grant select on tables to vault_app")
        .unwrap();
    let message = format!("ALTER DEFAULT PRIVILEGES gives rights to tables of the node {here}");
    assert_eq!(refused(), message);
    on_worker
        .run("alter default privileges in schema vault revoke select on tables from vault_app")
        .unwrap();

    on_worker
        .run("select vault.create_merchant('shop')")
        .unwrap();
    let message = format!("the table vault.merchants of the node {here} is not empty");
    assert_eq!(refused(), message);

    on_worker
        .run("set citus.enable_ddl_propagation = off")
        .unwrap();
    on_worker.run("drop extension vault cascade").unwrap();
    let message = format!("the node {here} does not have this version of the vault");
    assert_eq!(refused(), message);

    on_worker.run("create extension vault").unwrap();
    coordinator
        .superuser()
        .run("select vault.distribute()")
        .unwrap();
}

/// Somebody may hold a table for long, and what it contains is not known then.
#[test]
fn a_vault_is_not_spread_while_a_table_with_values_cannot_be_read() {
    let nodes = Nodes::shared();
    let fresh = Fresh::on(&nodes);
    let coordinator = &fresh.stacks[0];
    let mut holder = coordinator.superuser();
    holder
        .run("create table public.notes (note vault.encrypted_text)")
        .unwrap();
    holder
        .run("begin; lock table public.notes in access exclusive mode")
        .unwrap();
    let refused = coordinator
        .superuser()
        .run("select vault.distribute()")
        .unwrap_err();
    let message = "tables that may hold values under the key could not be read";
    assert_eq!(refused.pair(), ("55000", message));
    holder.run("rollback").unwrap();
}

#[test]
fn a_node_that_joins_later_gets_what_all_nodes_share_and_takes_profiles() {
    let nodes = Nodes::shared();
    let fresh = Fresh::on(&nodes);
    let [coordinator, _, late] = &fresh.stacks[..] else {
        panic!("three nodes")
    };
    let mut superuser = coordinator.superuser();
    let port = late.port();
    superuser
        .run(&format!("select citus_remove_node('127.0.0.1', {port})"))
        .unwrap();
    superuser.run("select vault.distribute()").unwrap();
    let tenant = Tenant::within(coordinator);

    superuser
        .run(&format!("select citus_add_node('127.0.0.1', {port})"))
        .unwrap();
    superuser.run("select vault.distribute()").unwrap();

    let mut auditor = late.session("vault_audit");
    let findings = auditor
        .rows(
            "select finding from vault.check() where finding <> 'database_not_served'",
            &[],
        )
        .unwrap();
    let findings: Vec<String> = findings.iter().map(|row| row.get(0)).collect();
    assert_eq!(findings, [""; 0]);
    let profile = &tenant.profile;
    superuser
        .run(&format!(
            "call vault.move_profile('{profile}', '127.0.0.1', {port})"
        ))
        .unwrap();
    let there = Tenant {
        stack: late.clone(),
        ..tenant
    };
    let role = there.role(&["vault_client", "vault_bulk"]);
    calls(&mut late.session(&role)).unwrap();
}
