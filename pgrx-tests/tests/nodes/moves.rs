//! A profile moves to another node while its clients work.

use vault_tests::Tenant;

use crate::load::{self, Clients};
use crate::nodes::{Node, Nodes, tell_edge};
use crate::wrong_node::{ELSEWHERE, call};

/// Gives a profile a shard of its own. `block_writes`, because row-level security stops the other modes.
fn isolate(nodes: &Nodes, profile: &str) -> i64 {
    let mut superuser = nodes.coordinator().superuser();
    superuser
        .value(
            "select isolate_tenant_to_new_shard('vault.data_keys', $1::text, 'CASCADE', shard_transfer_mode => 'block_writes')",
            &[&profile],
        )
        .unwrap()
}

fn move_shard(nodes: &Nodes, shard: i64, from: &Node, to: &Node) {
    let port = |node: &Node| i32::from(node.stack.port());
    let mut superuser = nodes.coordinator().superuser();
    superuser
        .execute(
            "select citus_move_shard_placement($1, '127.0.0.1', $2, '127.0.0.1', $3, 'block_writes')",
            &[&shard, &port(from), &port(to)],
        )
        .unwrap();
}

#[test]
fn a_profile_that_moves_while_its_clients_write_loses_nothing() {
    let nodes = Nodes::shared();
    let (from, to) = nodes.workers();
    let tenant = from.tenant();
    let all = [Clients::of(from, tenant.clone())];

    load::during(&all, || {
        let shard = isolate(&nodes, &tenant.profile);
        for (from, to) in [(from, to), (to, from), (from, to)] {
            move_shard(&nodes, shard, from, to);
            tell_edge();
            all[0].succeed();
        }
    });

    all[0].have_lost_nothing();
    let moved = Tenant {
        stack: to.stack.clone(),
        ..tenant.clone()
    };
    crate::life::run(&mut moved.revealing_sql());
    let refused = call(from, &tenant, "list_customers()", &[]);
    assert_eq!(refused.unwrap_err().sqlstate, ELSEWHERE);
}
