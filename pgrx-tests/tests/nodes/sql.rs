//! By SQL on the node that has the profile.

use vault_tests::{Card, Session, Tenant};

use crate::life;
use crate::nodes::Nodes;

#[test]
fn every_node_does_everything_for_a_role_that_is_bound_to_its_profile() {
    for node in &Nodes::shared().all {
        life::run(&mut node.tenant().revealing_sql());
    }
}

#[test]
fn a_transaction_with_an_api_key_acts_for_its_profile() {
    for node in &Nodes::shared().all {
        let tenant = node.unannounced_tenant();
        let mut sql = node.stack.session("vault_app_reveal");
        let card = Card::new();
        begin(&mut sql, &tenant);
        let person = life::create_customer(&mut sql);
        let method = life::create(&mut sql, &card.create_for(&person));
        assert_eq!(life::revealed(&mut sql, &method), card.number);
        sql.run("commit").unwrap();
        begin(&mut sql, &tenant);
        assert_eq!(life::revealed(&mut sql, &method), card.number);
        sql.run("commit").unwrap();
    }
}

fn begin(sql: &mut Session, tenant: &Tenant) {
    sql.run("begin").unwrap();
    sql.execute(
        "select vault.authenticate($1, $2)",
        &[&tenant.reveal_key, &tenant.profile],
    )
    .unwrap();
}

#[test]
fn what_is_rolled_back_is_gone() {
    for node in &Nodes::shared().all {
        let mut sql = node.tenant().revealing_sql();
        let person = life::create_customer(&mut sql);
        sql.run("begin").unwrap();
        let method = life::create(&mut sql, &Card::new().create_for(&person));
        sql.run("rollback").unwrap();
        let gone = sql.call("retrieve_payment_method($1)", &[&method]);
        assert_eq!(gone.unwrap_err().sqlstate, life::NOT_FOUND);
    }
}

#[test]
fn prepared_statements_stay_right_when_they_are_called_often() {
    for node in &Nodes::shared().all {
        let mut sql = node.tenant().revealing_sql();
        let person = life::create_customer(&mut sql);
        // PostgreSQL may take another plan from the sixth time on.
        for _ in 0..12 {
            let card = Card::new();
            let method = life::create(&mut sql, &card.create_for(&person));
            assert_eq!(life::revealed(&mut sql, &method), card.number);
        }
    }
}

#[test]
fn a_reveal_is_on_record_on_the_node_of_the_profile() {
    for node in &Nodes::shared().all {
        let tenant = node.unannounced_tenant();
        let mut sql = tenant.revealing_sql();
        let person = life::create_customer(&mut sql);
        let method = life::create(&mut sql, &Card::new().create_for(&person));
        life::revealed(&mut sql, &method);
        let mut auditor = node.stack.session("vault_audit");
        let recorded: i64 = auditor
            .value(
                "select count(*) from vault.audit_log where profile_id = $1 and event = 'payment_method.reveal'",
                &[&tenant.profile],
            )
            .unwrap();
        assert_eq!(recorded, 1);
    }
}
