//! What other roles of a node cannot do.

use vault_tests::Session;
use vault_tests::tenant::ADMIN;

use crate::life;
use crate::nodes::Nodes;

const FORBIDDEN: &str = "42501";

#[track_caller]
fn is_forbidden(sql: &mut Session, statement: &str) {
    let refused = sql.run(statement).expect_err(statement);
    assert_eq!(refused.sqlstate, FORBIDDEN, "{statement}: {refused:?}");
}

/// Citus takes a session with this name for one of its own.
const AS_CITUS: &str = "set application_name = 'citus_internal gpid=10000000001'";

#[test]
fn nobody_changes_what_citus_knows_of_the_nodes() {
    for node in &Nodes::shared().all {
        for role in ["vault_app", ADMIN] {
            let mut sql = node.stack.session(role);
            sql.run(AS_CITUS).unwrap();
            for statement in [
                "select citus_internal.delete_placement_metadata(1)",
                "select citus_internal.update_none_dist_table_metadata('vault.merchants'::regclass, 't', 77, false)",
                "select pg_catalog.citus_internal_add_object_metadata('role', '{vault_node}', '{}', -1, 0, false)",
                "select lock_shard_resources(7, array[1])",
            ] {
                is_forbidden(&mut sql, statement);
            }
        }
    }
}

#[test]
fn nobody_reaches_other_servers_through_a_node() {
    for node in &Nodes::shared().all {
        let mut sql = node.stack.session("vault_app");
        for statement in [
            "select run_command_on_workers('select 1')",
            "select fetch_intermediate_results('{a}', '127.0.0.1', 22)",
            "select citus_check_connection_to_node('127.0.0.1', 22)",
            "select citus_check_cluster_node_health()",
        ] {
            is_forbidden(&mut sql, statement);
        }
    }
}

#[test]
fn a_function_of_citus_that_is_open_again_is_found() {
    let nodes = Nodes::shared();
    let mut superuser = nodes.workers().0.superuser();
    superuser
        .run("begin; set local citus.enable_ddl_propagation = off; grant execute on function lock_shard_resources(integer, bigint[]) to public")
        .unwrap();
    let found: String = superuser
        .value(
            "select object from vault.check() where finding = 'citus_open'",
            &[],
        )
        .unwrap();
    assert_eq!(found, "lock_shard_resources(integer,bigint[])");
    superuser.run("rollback").unwrap();
}

#[test]
fn shards_are_closed_like_the_tables_themselves() {
    let nodes = Nodes::shared();
    let node = nodes.workers().0;
    let tenant = node.unannounced_tenant();
    let mut sql = tenant.revealing_sql();
    life::create_customer(&mut sql);
    sql.run("set citus.enable_manual_changes_to_shards = on")
        .unwrap();
    let rows = node
        .superuser()
        .rows("select shard::text from vault.shards()", &[])
        .unwrap();
    assert!(rows.len() > 20);
    for row in rows {
        let shard: String = row.get(0);
        is_forbidden(&mut sql, &format!("select * from {shard}"));
        is_forbidden(&mut sql, &format!("delete from {shard}"));
    }
}

#[test]
fn administrators_see_what_they_see_on_a_single_server() {
    for node in &Nodes::shared().all {
        let mut admin = node.stack.session(ADMIN);
        for view in [
            "keys",
            "token_jobs",
            "token_job_counts",
            "connectors",
            "metrics",
            "merchants",
            "profiles",
        ] {
            admin
                .rows(&format!("select * from vault.{view}"), &[])
                .unwrap();
        }
        let mut auditor = node.stack.session("vault_audit");
        for view in ["token_jobs", "connectors", "metrics", "audit_log"] {
            auditor
                .rows(&format!("select * from vault.{view}"), &[])
                .unwrap();
        }
    }
}
