//! Nothing that a node does for its profiles leaves it.

use vault_tests::{Card, Session};

use crate::life;
use crate::nodes::Nodes;

/// What Citus says of commands that it sends to other nodes, and of those that it runs itself, with their values.
const TELL: &str = "set citus.log_remote_commands = on; set citus.log_local_commands = on; set client_min_messages = log";

fn told_of_citus(sql: &mut Session) -> Vec<String> {
    let notices = sql.notices().into_iter().map(|notice| notice.message);
    notices
        .filter(|message| message.contains("issuing") || message.contains("executing the command"))
        .collect()
}

#[test]
fn no_call_is_sent_to_another_node() {
    for node in &Nodes::shared().all {
        let mut sql = node.tenant().revealing_sql();
        sql.run(TELL).unwrap();
        life::run(&mut sql);
        assert_eq!(told_of_citus(&mut sql), [""; 0], "node {}", node.number);
    }
}

#[test]
fn a_statement_that_goes_to_other_nodes_would_be_seen() {
    let nodes = Nodes::shared();
    let mut sql = nodes.coordinator().superuser();
    sql.run(TELL).unwrap();
    sql.rows("select count(*) from vault.customers", &[])
        .unwrap();
    assert_ne!(told_of_citus(&mut sql), [""; 0]);
}

/// Citus takes settings of any session, and shows the values of statements to a session that asks for everything.
#[test]
fn no_setting_of_a_session_changes_what_a_call_does() {
    let settings = [
        "citus.enable_local_execution = off",
        "citus.enable_router_execution = off",
        "citus.enable_local_reference_table_foreign_keys = off",
        "citus.multi_task_query_log_level = 'notice'",
        "plan_cache_mode = force_generic_plan",
        "plan_cache_mode = force_custom_plan",
    ];
    for node in &Nodes::shared().all {
        for setting in settings {
            let mut sql = node.tenant().revealing_sql();
            sql.run(&format!("{TELL}; set {setting}")).unwrap();
            life::run(&mut sql);
            assert_eq!(told_of_citus(&mut sql), [""; 0], "{setting}");
        }
    }
}

#[test]
fn no_message_shows_a_value_of_a_statement() {
    for node in &Nodes::shared().all {
        let mut sql = node.tenant().revealing_sql();
        let person = life::create_customer(&mut sql);
        let card = Card::new();
        sql.notices();
        sql.run("set citus.log_local_commands = on; set client_min_messages = debug4")
            .unwrap();
        life::create(&mut sql, &card.create_for(&person));
        // Ciphertext and ids as Citus puts them into the text of statements, in the place of parameters.
        let values = ["\\x0", "'12345_", "'pro_", card.number.as_str()];
        for notice in sql.notices() {
            let text = format!("{} {}", notice.message, notice.rest);
            let shown = values.iter().find(|value| text.contains(**value));
            assert_eq!(shown, None, "{text}");
        }
    }
}
