//! What the worker of a node does for all profiles there.

use std::thread;
use std::time::{Duration, Instant};

use vault_tests::{Card, Session, Tenant};

use crate::life;
use crate::nodes::Nodes;

/// How long the worker may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Several, so that they are in several groups of shards.
fn tenants(nodes: &Nodes) -> Vec<Tenant> {
    let node = nodes.workers().0;
    (0..6).map(|_| node.unannounced_tenant()).collect()
}

fn store(tenant: &Tenant) -> String {
    let mut sql = tenant.sql();
    let person = life::create_customer(&mut sql);
    life::create(&mut sql, &Card::new().create_for(&person))
}

/// Waits until the query gives this number for each profile.
#[track_caller]
fn soon(superuser: &mut Session, tenants: &[Tenant], expected: i64, query: &str) {
    let end = Instant::now() + LIMIT;
    loop {
        let is_over = Instant::now() > end;
        let mut number = |tenant: &Tenant| -> i64 {
            let profile = &tenant.profile;
            superuser.value(query, &[profile]).unwrap()
        };
        let numbers: Vec<i64> = tenants.iter().map(&mut number).collect();
        if numbers.iter().all(|number| *number == expected) {
            return;
        }
        assert!(!is_over, "{numbers:?}");
        thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn what_expires_is_deleted_in_every_profile() {
    let nodes = Nodes::shared();
    let tenants = tenants(&nodes);
    let mut superuser = nodes.workers().0.superuser();
    for tenant in &tenants {
        superuser
            .execute(
                "insert into vault.connector_tokens (profile_id, payment_method_id, position, details, expires_at)
                 values ($1, $2, 0, '', now())",
                &[&tenant.profile, &store(tenant)],
            )
            .unwrap();
    }
    let left = "select count(*) from vault.connector_tokens where profile_id = $1";
    soon(&mut superuser, &tenants, 0, left);
}

#[test]
fn payment_methods_are_counted_in_every_profile() {
    let nodes = Nodes::shared();
    let tenants = tenants(&nodes);
    for tenant in &tenants {
        store(tenant);
        store(tenant);
    }
    let mut superuser = nodes.workers().0.superuser();
    let rows = "select count(*) from vault.payment_method_counts where profile_id = $1";
    soon(&mut superuser, &tenants, 1, rows);
    let active =
        "select sum(active)::bigint from vault.payment_method_counts where profile_id = $1";
    soon(&mut superuser, &tenants, 2, active);
}
