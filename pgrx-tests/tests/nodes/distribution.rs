//! Where the profiles are.

use std::collections::BTreeMap;

use crate::nodes::Nodes;

/// What a node says of all profiles: the port of each one's node, and whether that is this node.
fn places(node: &crate::nodes::Node) -> BTreeMap<String, (i32, bool)> {
    let rows = node
        .superuser()
        .rows("select profile_id, port, is_here from vault.nodes()", &[])
        .unwrap();
    rows.iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect()
}

#[test]
fn a_profile_is_on_the_node_that_was_asked_to_create_it() {
    let nodes = Nodes::shared();
    for home in &nodes.all {
        let tenant = home.unannounced_tenant();
        for node in &nodes.all {
            let here = node.number == home.number;
            assert_eq!(
                places(node)[&tenant.profile],
                (i32::from(home.stack.port()), here)
            );
        }
    }
}

#[test]
fn a_second_distribution_finds_nothing_to_do() {
    let nodes = Nodes::shared();
    let mut superuser = nodes.coordinator().superuser();
    let done = superuser
        .rows("select vault.distribute()", &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect::<Vec<String>>();
    assert_eq!(done, [""; 0]);
}

#[test]
fn only_the_coordinator_and_only_its_superuser_distributes() {
    let nodes = Nodes::shared();
    let elsewhere = nodes.workers().0.superuser();
    let administrator = nodes
        .coordinator()
        .stack
        .session(vault_tests::tenant::ADMIN);
    for mut session in [elsewhere, administrator] {
        assert!(session.rows("select vault.distribute()", &[]).is_err());
    }
}

#[test]
fn the_profile_of_before_the_distribution_is_on_a_node() {
    let profile = vault_tests::stack::variable("VAULT_PROFILE_ID");
    let nodes = Nodes::shared();
    let here = nodes.all.iter().filter(|node| places(node)[&profile].1);
    assert_eq!(here.count(), 1);
}

#[test]
fn no_node_finds_anything_wrong() {
    for node in &Nodes::shared().all {
        let rows = node
            .stack
            .session(vault_tests::tenant::ADMIN)
            .rows("select finding, object, message from vault.check()", &[])
            .unwrap();
        let findings: Vec<(String, Option<String>, String)> = rows
            .iter()
            .map(|row| (row.get(0), row.get(1), row.get(2)))
            .collect();
        assert_eq!(findings, [], "node {}", node.number);
    }
}

#[test]
fn a_shard_without_its_policies_is_found() {
    let nodes = Nodes::shared();
    let node = nodes.workers().0;
    let mut superuser = node.superuser();
    superuser.run("begin").unwrap();
    let shard: String = superuser
        .value("select min(shard::text) from vault.shards() where shard::text like 'vault.customers_%'", &[])
        .unwrap();
    superuser
        .run(&format!("alter table {shard} no force row level security"))
        .unwrap();
    let found: String = superuser
        .value(
            "select object from vault.check() where finding = 'policies_off'",
            &[],
        )
        .unwrap();
    assert_eq!(found, shard);
    superuser.run("rollback").unwrap();
}

#[test]
fn no_background_process_complains() {
    for node in &Nodes::shared().all {
        let log = node.log();
        let (_, log) = log
            .split_once("the vault is distributed")
            .expect("the line that docker/test-nodes writes");
        let complaints: Vec<&str> = log
            .lines()
            // A move had them wait.
            .filter(|line| !line.ends_with("canceling statement due to lock timeout"))
            .filter(|line| line.contains("vault tokens:") || line.contains("vault worker"))
            .filter(|line| {
                ["WARNING", "ERROR", "exited"]
                    .iter()
                    .any(|word| line.contains(word))
            })
            .take(5)
            .collect();
        assert_eq!(complaints, [""; 0], "node {}", node.number);
    }
}
