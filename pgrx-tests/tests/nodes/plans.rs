//! The plans of the vault's statements name the shards of this node, and nothing of Citus.

use std::collections::BTreeSet;

use regex::Regex;
use vault_tests::{Card, Session};

use crate::life;
use crate::nodes::{Node, Nodes};

/// Has PostgreSQL show the plan of every statement, also of those within functions.
const SHOW_PLANS: &str = "load 'auto_explain'; set auto_explain.log_min_duration = 0; set auto_explain.log_nested_statements = on; set client_min_messages = log";

/// The plans since the last time.
fn plans(sql: &mut Session) -> Vec<String> {
    let notices = sql.notices().into_iter().map(|notice| notice.message);
    notices
        .filter(|message| message.contains("Query Text:"))
        .collect()
}

/// The shards of the vault's tables that the node has.
fn shards_of(node: &Node) -> BTreeSet<String> {
    let rows = node
        .superuser()
        .rows(
            "select c.relname || '_' || s.shardid
             from pg_dist_shard s join pg_dist_placement p using (shardid) join pg_dist_local_group using (groupid)
             join pg_class c on c.oid = s.logicalrelid",
            &[],
        )
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The tables that are read and written in a plan.
fn tables_in(plan: &str) -> BTreeSet<String> {
    let nodes = Regex::new(
        r"(?:Seq Scan|Bitmap Heap Scan|Index (?:Only )?Scan (?:Backward )?using \S+|Insert|Update|Delete) on (\w+)",
    )
    .unwrap();
    nodes
        .captures_iter(plan)
        .map(|node| node[1].to_owned())
        .collect()
}

/// Every plan is one of PostgreSQL's own, on tables of this node. Returns the tables.
#[track_caller]
fn local_tables(plans: &[String], shards: &BTreeSet<String>) -> BTreeSet<String> {
    let spread = Regex::new(
        "^(data_keys|customers|payment_methods|connector_tokens|connector_customers|network_tokens|jobs|merchants|profiles|api_keys)(_|$)",
    )
    .unwrap();
    let mut tables = BTreeSet::new();
    for plan in plans {
        assert!(!plan.contains("Citus"), "{plan}");
        tables.extend(tables_in(plan));
    }
    tables.retain(|table| spread.is_match(table));
    let elsewhere: Vec<_> = tables.difference(shards).collect();
    assert_eq!(elsewhere, [""; 0]);
    tables
}

#[track_caller]
fn names(tables: &BTreeSet<String>, table: &str) {
    let is_shard = |name: &String| {
        name.strip_prefix(table)
            .is_some_and(|rest| rest.starts_with("_10"))
    };
    assert!(tables.iter().any(is_shard), "{table} is not in {tables:?}");
}

#[test]
fn create_retrieve_list_and_reveal_are_planned_on_the_shards_of_the_node() {
    for node in &Nodes::shared().all {
        let shards = shards_of(node);
        let role = node
            .unannounced_tenant()
            .role(&["vault_client", "vault_reveal"]);
        let mut sql = node.superuser();
        sql.run(SHOW_PLANS).unwrap();
        sql.run(&format!("set role {role}")).unwrap();
        let person = life::create_customer(&mut sql);
        names(&local_tables(&plans(&mut sql), &shards), "customers");

        let method = life::create(&mut sql, &Card::new().create_for(&person));
        let created = local_tables(&plans(&mut sql), &shards);
        names(&created, "customers");
        names(&created, "payment_methods");

        sql.call("retrieve_payment_method($1)", &[&method]).unwrap();
        let retrieved = local_tables(&plans(&mut sql), &shards);
        names(&retrieved, "payment_methods");
        names(&retrieved, "connector_tokens");
        names(&retrieved, "network_tokens");

        sql.call("list_payment_methods($1)", &[&person]).unwrap();
        names(&local_tables(&plans(&mut sql), &shards), "payment_methods");

        life::revealed(&mut sql, &method);
        names(&local_tables(&plans(&mut sql), &shards), "payment_methods");
    }
}

#[test]
fn a_plan_of_citus_would_be_seen() {
    let nodes = Nodes::shared();
    let mut sql = nodes.coordinator().superuser();
    sql.run(SHOW_PLANS).unwrap();
    sql.rows("select count(*) from vault.customers", &[])
        .unwrap();
    assert!(plans(&mut sql).iter().any(|plan| plan.contains("Citus")));
}
