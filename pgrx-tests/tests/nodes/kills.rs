//! A node that dies or stands still stops its own profiles alone, and has lost nothing when it is back.

use vault_tests::tenant::ADMIN;
use vault_tests::{Card, random};

use crate::http;
use crate::life;
use crate::load::{self, Clients};
use crate::nodes::{Node, Nodes};

/// Starts the nodes that a test has killed, also when it fails.
struct Killed<'a>(Vec<&'a Node>);

impl<'a> Killed<'a> {
    fn kill(nodes: impl IntoIterator<Item = &'a Node>) -> Killed<'a> {
        let nodes: Vec<&Node> = nodes.into_iter().collect();
        nodes.iter().for_each(|node| node.kill());
        Killed(nodes)
    }
}

impl Drop for Killed<'_> {
    fn drop(&mut self) {
        self.0.iter().for_each(|node| node.start());
    }
}

/// Lets a node go on, also when a test fails.
struct Frozen<'a>(&'a Node);

impl Drop for Frozen<'_> {
    fn drop(&mut self) {
        self.0.thaw();
    }
}

/// Lets something happen to a node while clients call all of them. It is told how the clients of the others succeed. Gives the nodes
/// for whose profiles calls have failed. Nothing that was acknowledged is lost.
fn failing_during(victim: usize, what_happens: impl FnOnce(&Nodes, &dyn Fn())) -> Vec<usize> {
    let nodes = Nodes::alone();
    let tenants = nodes.all.iter().zip(nodes.tenants());
    let all: Vec<Clients> = tenants.map(|(n, t)| Clients::of(n, t)).collect();

    load::during(&all, || {
        what_happens(&nodes, &|| {
            let others = all.iter().filter(|clients| clients.node != victim);
            others.for_each(Clients::succeed);
        });
    });

    all.iter().for_each(Clients::have_lost_nothing);
    let failing = all
        .iter()
        .filter(|clients| !clients.failures.lock().unwrap().is_empty());
    failing.map(|clients| clients.node).collect()
}

fn a_kill_stops_only_the_profiles_of(victim: usize) {
    let failing = failing_during(victim, |nodes, the_others_succeed| {
        let _killed = Killed::kill([&nodes.all[victim - 1]]);
        the_others_succeed();
        for node in &nodes.all {
            let status = if node.number == victim { 503 } else { 200 };
            assert_eq!(http::watched(node), [status; 2], "node {}", node.number);
        }
    });
    assert_eq!(failing, [victim]);
}

#[test]
fn a_killed_worker_stops_only_its_own_profiles_and_loses_nothing() {
    a_kill_stops_only_the_profiles_of(3);
}

#[test]
fn a_killed_coordinator_stops_only_its_own_profiles_and_loses_nothing() {
    a_kill_stops_only_the_profiles_of(1);
}

#[test]
fn a_standby_takes_the_place_of_a_killed_node_and_has_all_that_was_acknowledged() {
    let failing = failing_during(2, |nodes, the_others_succeed| {
        let node = &nodes.all[1];
        node.make_standby();
        node.fail_over();
        the_others_succeed();
        life::run(&mut node.unannounced_tenant().revealing_sql());
        let findings = "select count(*) from vault.check()";
        let found: i64 = node
            .stack
            .session("vault_audit")
            .value(findings, &[])
            .unwrap();
        assert_eq!(found, 0);
    });
    assert_eq!(failing, [2]);
}

#[test]
fn calls_wait_for_a_node_that_stands_still_and_the_other_nodes_go_on() {
    let failing = failing_during(3, |nodes, the_others_succeed| {
        nodes.all[2].freeze();
        let _frozen = Frozen(&nodes.all[2]);
        the_others_succeed();
    });
    assert_eq!(failing, [0; 0]);
}

#[test]
fn a_node_does_everything_for_its_profiles_while_all_others_are_dead() {
    let nodes = Nodes::alone();
    for node in &nodes.all {
        let tenant = node.tenant();
        let role = tenant.role(&["vault_client", "vault_reveal"]);
        let _killed = Killed::kill(nodes.all.iter().filter(|other| other.number != node.number));
        life::run(&mut node.stack.session(&role));
        tenant.store(&Card::new(), &tenant.customer());
    }
}

#[test]
fn while_a_node_is_dead_administration_is_refused_and_not_done_by_halves() {
    let nodes = Nodes::alone();
    let (living, dead) = nodes.workers();
    let name = random::name("shop");
    let killed = Killed::kill([dead]);
    let refused = living
        .stack
        .session(ADMIN)
        .execute("select vault.create_merchant($1)", &[&name]);
    assert!(refused.is_err());
    drop(killed);
    for node in &nodes.all {
        let count: i64 = node
            .superuser()
            .value(
                "select count(*) from vault.merchants where name = $1",
                &[&name],
            )
            .unwrap();
        assert_eq!(count, 0, "node {}", node.number);
    }
}
