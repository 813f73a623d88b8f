//! Months that are no longer kept are dropped, and no others.

use std::thread;
use std::time::Duration;

use vault_tests::Session;
use vault_tests::stack::PrivateStack;

use super::{count, partition, start_worker_again, wait_for_months};
use crate::support::soon_equal;

/// Has these months, from now, instead of those that the worker has made.
fn have_months(superuser: &mut Session, months: impl IntoIterator<Item = i32>) {
    let (this, next) = (partition(superuser, 0), partition(superuser, 1));
    let make: String = months
        .into_iter()
        .map(|months| {
            format!(
                "select vault.make_audit_month(
                     date_trunc('month', now() at time zone 'UTC') + make_interval(months => {months}), 10000);"
            )
        })
        .collect();
    superuser
        .run(&format!("begin; drop table {this}, {next}; {make} commit"))
        .unwrap();
}

/// The month of a partition, as the audit log names it.
fn month_of(partition: &str) -> String {
    partition
        .trim_start_matches("vault.audit_log_")
        .replace('_', "-")
}

#[test]
fn months_that_are_no_longer_kept_are_dropped_and_that_is_on_record() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    have_months(&mut superuser, -15..=1);
    superuser
        .run(
            "insert into vault.audit_log (audit_id, occurred_at, actor, event, object_id, outcome)
             select gen_random_uuid(), date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + make_interval(months => m),
                    'a', 'old', -m, 'success'
             from generate_series(-15, 0) m",
        )
        .unwrap();
    start_worker_again(&mut superuser);
    assert_eq!(
        count(&mut superuser, "vault.audit_log", "old"),
        16,
        "a default of a hundred years"
    );

    let refused = superuser
        .run("alter system set vault.audit_retention_months = 11")
        .unwrap_err();
    assert_eq!(refused.sqlstate, "22023");
    stack.restart_with_settings("vault.audit_retention_months = 12");

    let mut superuser = stack.superuser();
    // One at a time, once a minute. A worker that starts again looks at once.
    for left in [15, 14, 13] {
        soon_equal("a month is dropped", &left, || {
            count(&mut superuser, "vault.audit_log", "old")
        });
        start_worker_again(&mut superuser);
    }
    thread::sleep(Duration::from_secs(2));
    assert_eq!(count(&mut superuser, "vault.audit_log", "old"), 13);
    let dropped: Vec<String> = superuser
        .rows("select object_id from vault.audit_log where event = 'audit.drop_month' and actor = 'vault worker' order by 1", &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let expected: Vec<String> = [-15, -14, -13]
        .iter()
        .map(|months| month_of(&partition(&mut superuser, *months)))
        .collect();
    assert_eq!(dropped, expected);
    let oldest: String = superuser
        .value(
            "select max(object_id::int)::text from vault.audit_log where event = 'old'",
            &[],
        )
        .unwrap();
    assert_eq!(oldest, "12");
}

#[test]
fn a_clock_that_jumps_ahead_costs_no_more_than_two_months() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    // The log of a vault whose clock was three years behind until now: twelve months, the present one and the next one.
    have_months(&mut superuser, (-50..=-37).chain(0..=1));
    let mut dropped = Vec::new();
    while let Some(month) = superuser
        .value::<Option<String>>("select vault.drop_audit_month(12)", &[])
        .unwrap()
    {
        dropped.push(month);
    }
    assert_eq!(dropped.len(), 2, "{dropped:?}");
}

#[test]
fn a_view_that_somebody_makes_of_a_month_does_not_keep_it() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    have_months(&mut superuser, -13..=1);
    superuser
        .run("create role insider login; grant create on schema public to insider")
        .unwrap();
    let oldest = partition(&mut superuser, -13);
    let mut insider = stack.session("insider");
    insider
        .run(&format!(
            "create view public.held as select audit_id from {oldest}"
        ))
        .unwrap();
    assert_eq!(
        insider.run("select from public.held").unwrap_err().sqlstate,
        "42501"
    );
    let dropped: Option<String> = superuser
        .value("select vault.drop_audit_month(12)", &[])
        .unwrap();
    assert_eq!(dropped, Some(month_of(&oldest)));
}

#[test]
fn a_month_that_a_restore_has_not_finished_is_not_dropped() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    have_months(&mut superuser, -13..=1);
    let oldest = partition(&mut superuser, -13);
    // A dump makes keys and row security after the rows.
    let key = oldest.trim_start_matches("vault.").to_owned() + "_pkey";
    superuser
        .run(&format!("alter table {oldest} drop constraint {key}"))
        .unwrap();
    let drop = "select vault.drop_audit_month(12)";
    assert_eq!(superuser.value::<Option<String>>(drop, &[]).unwrap(), None);
    superuser
        .run(&format!(
            "alter table {oldest} add primary key (profile_id, audit_id)"
        ))
        .unwrap();
    assert!(
        superuser
            .value::<Option<String>>(drop, &[])
            .unwrap()
            .is_some()
    );
}
