//! The partitions of the audit log: one for each month, made in time, and dropped when they are no longer kept.

mod dropping;
mod making;

use vault_tests::Session;

use crate::support::soon_equal;

/// The partitions, from the oldest to the newest, and the default one at last.
fn partitions(superuser: &mut Session) -> Vec<String> {
    let rows = superuser
        .rows(
            "select relid::text from pg_partition_tree('vault.audit_log') where isleaf
             order by relid = 'vault.audit_log_default'::regclass, 1",
            &[],
        )
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// The name of the partition for the month that many months from now.
fn partition(superuser: &mut Session, months: i32) -> String {
    superuser
        .value(
            "select to_char(now() at time zone 'UTC' + make_interval(months => $1), '\"vault.audit_log_\"YYYY_MM')",
            &[&months],
        )
        .unwrap()
}

/// How many rows a table has for an event or an object.
fn count(superuser: &mut Session, table: &str, what: &str) -> i64 {
    superuser
        .value(
            &format!("select count(*) from {table} where $1 in (event, object_id)"),
            &[&what],
        )
        .unwrap()
}

/// Waits until the worker has made this month's partition and the next one's.
pub fn wait_for_months(superuser: &mut Session) {
    let expected = vec![
        partition(superuser, 0),
        partition(superuser, 1),
        "vault.audit_log_default".to_owned(),
    ];
    soon_equal("there are partitions", &expected, || partitions(superuser));
}

/// Ends the worker, which looks for work as soon as it has started again.
fn start_worker_again(superuser: &mut Session) {
    superuser
        .run("select pg_terminate_backend(pid) from pg_stat_activity where backend_type = 'vault worker'")
        .unwrap();
}
