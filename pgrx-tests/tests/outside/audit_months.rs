//! The partitions of the audit log: one for each month, made in time, and dropped when they are no longer kept.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Session, Stack, Tenant};

use crate::support::{soon, soon_equal};

/// Between two creates of a session, so that fewer rows come than can be moved.
const PAUSE: Duration = Duration::from_millis(20);

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

/// Takes this month's partition and the next one's away. Their rows lie in the default partition then, as before the first month.
fn forget_months(superuser: &mut Session) {
    let (this, next) = (partition(superuser, 0), partition(superuser, 1));
    superuser
        .run(&format!(
            "begin;
             lock table vault.audit_log;
             alter table vault.audit_log detach partition {this};
             drop table {next};
             insert into vault.audit_log select * from {this};
             drop table {this};
             commit"
        ))
        .unwrap();
}

#[test]
fn rows_lie_in_the_partition_of_their_month_with_those_that_came_before_it() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    let (this, next) = (partition(&mut superuser, 0), partition(&mut superuser, 1));
    assert_eq!(
        count(&mut superuser, "vault.audit_log_default", "merchant.create"),
        0
    );
    // The first merchant is older than the partition.
    assert_eq!(count(&mut superuser, &this, "merchant.create"), 1);

    let tenant = Tenant::within(&stack);
    let customer = tenant.customer();
    assert_eq!(count(&mut superuser, &this, &customer), 1);
    superuser
        .run(
            "insert into vault.audit_log (audit_id, occurred_at, actor, event, object_id, outcome)
             select gen_random_uuid(), (date_trunc('month', now() at time zone 'UTC') + m) at time zone 'UTC' + s, 'a', 'b', 'edge', 'success'
             from (values (interval '1 month', interval '0'), ('1 month', '-1 microsecond'), ('2 months', '-1 microsecond'),
                          ('2 months', '0'), ('-70 years', '0')) v (m, s)",
        )
        .unwrap();
    let of_edge: Vec<i64> = [this, next, "vault.audit_log_default".to_owned()]
        .iter()
        .map(|table| count(&mut superuser, table, "edge"))
        .collect();
    assert_eq!(of_edge, [2, 2, 1]);
}

#[test]
fn a_month_that_is_made_among_creates_fails_none_and_loses_no_row() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    let tenant = Tenant::within(&stack);
    let customer = tenant.customer();
    let stop = AtomicBool::new(false);

    let stored: usize = thread::scope(|scope| {
        let load: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let mut sql = tenant.revealing_sql();
                    let mut stored = 0;
                    while !stop.load(Ordering::Relaxed) {
                        sql.call(
                            "create_payment_method($1)",
                            &[&Card::new().create_for(&customer)],
                        )
                        .unwrap();
                        stored += 1;
                        thread::sleep(PAUSE);
                    }
                    stored
                })
            })
            .collect();
        // A failure is to end the load, too.
        let made = panic::catch_unwind(AssertUnwindSafe(|| {
            for _ in 0..8 {
                make_months_again(&mut superuser);
                wait_for_months(&mut superuser);
            }
        }));
        stop.store(true, Ordering::Relaxed);
        made.unwrap_or_else(|failure| panic::resume_unwind(failure));
        load.into_iter().map(|thread| thread.join().unwrap()).sum()
    });

    assert!((9..10_000).contains(&stored), "{stored}");
    let this = partition(&mut superuser, 0);
    let rows = count(&mut superuser, &this, "payment_method.create");
    assert_eq!(usize::try_from(rows).unwrap(), stored);
    assert_eq!(
        count(
            &mut superuser,
            "vault.audit_log_default",
            "payment_method.create"
        ),
        0
    );
}

#[test]
fn a_transaction_that_stays_open_holds_a_new_month_up_and_no_call() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    let tenant = Tenant::within(&stack);
    let customer = tenant.customer();
    forget_months(&mut superuser);
    let mut open = tenant.sql();
    open.run("begin").unwrap();
    open.call(
        "create_payment_method($1)",
        &[&Card::new().create_for(&customer)],
    )
    .unwrap();

    start_worker_again(&mut superuser);
    soon("the worker gives up", || {
        stack
            .log()
            .contains("canceling statement due to lock timeout")
    });
    tenant.store(&Card::new(), &customer);
    assert_eq!(partitions(&mut superuser), ["vault.audit_log_default"]);

    open.run("commit").unwrap();
    start_worker_again(&mut superuser);
    wait_for_months(&mut superuser);
    let this = partition(&mut superuser, 0);
    assert_eq!(count(&mut superuser, &this, "payment_method.create"), 2);
}

#[test]
fn months_that_are_no_longer_kept_are_dropped_and_that_is_on_record() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    let (this, next) = (partition(&mut superuser, 0), partition(&mut superuser, 1));
    superuser
        .run(&format!(
            "begin;
             drop table {this}, {next};
             select vault.make_audit_month(date_trunc('month', now() at time zone 'UTC') + make_interval(months => m), 0)
             from generate_series(-15, 1) m;
             insert into vault.audit_log (audit_id, occurred_at, actor, event, object_id, outcome)
             select gen_random_uuid(), date_trunc('month', now() at time zone 'UTC') at time zone 'UTC' + make_interval(months => m),
                    'a', 'old', -m, 'success'
             from generate_series(-15, 0) m;
             commit"
        ))
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
        .map(|months| {
            let name = partition(&mut superuser, *months);
            name.trim_start_matches("vault.audit_log_")
                .replace('_', "-")
        })
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
fn the_log_of_one_month_is_read_from_its_partition_alone() {
    let stack: Stack = Stack::shared();
    let mut superuser = stack.superuser();
    soon("there are partitions", || {
        partitions(&mut superuser).len() == 3
    });
    let plan: Vec<String> = superuser
        .rows(
            "explain (costs off) select * from vault.audit_log
             where occurred_at >= date_trunc('month', now()) + interval '40 days' and occurred_at < '2200-01-01'",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    let this = partition(&mut superuser, 0).replace("vault.", "");
    assert!(!plan.join("\n").contains(&this), "{plan:?}");
}

/// Has the months made anew that belong to the present time, with what lies in the default partition.
fn make_months_again(superuser: &mut Session) {
    forget_months(superuser);
    start_worker_again(superuser);
}

#[test]
fn nobody_gets_a_right_on_a_new_month_or_has_code_run_by_it() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    superuser
        .run(
            "create role insider login;
             alter default privileges grant all on tables to insider, public;
             alter default privileges in schema vault grant all on tables to insider",
        )
        .unwrap();
    make_months_again(&mut superuser);
    wait_for_months(&mut superuser);

    let this = partition(&mut superuser, 0);
    let mut insider = stack.session("insider");
    for statement in [
        format!("select from {this}"),
        format!("truncate {this}"),
        format!(
            "create trigger t before insert on {this} for each row execute function suppress_redundant_updates_trigger()"
        ),
    ] {
        assert_eq!(
            insider.run(&statement).unwrap_err().sqlstate,
            "42501",
            "{statement}"
        );
    }
    assert_eq!(findings(&mut superuser), [""; 0]);

    superuser
        .run(&format!("grant select on {this} to insider"))
        .unwrap();
    assert_eq!(findings(&mut superuser), ["right_added"]);
    superuser
        .run(&format!("revoke select on {this} from insider"))
        .unwrap();
    superuser
        .run(&format!("alter table {this} no force row level security"))
        .unwrap();
    assert_eq!(findings(&mut superuser), ["policies_off"]);
}

fn findings(superuser: &mut Session) -> Vec<String> {
    let rows = superuser
        .rows("select finding from vault.check() order by 1", &[])
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[test]
fn more_rows_than_can_be_moved_at_a_moment_wait_for_a_quiet_hour() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    forget_months(&mut superuser);
    superuser
        .run(
            "insert into vault.audit_log (audit_id, actor, event, outcome)
             select gen_random_uuid(), 'a', 'many', 'success' from generate_series(1, 10001)",
        )
        .unwrap();
    start_worker_again(&mut superuser);
    soon("the worker refuses", || {
        stack
            .log()
            .contains("vault.audit_log_default has more than 10000 rows")
    });
    assert_eq!(partitions(&mut superuser), ["vault.audit_log_default"]);
    soon_equal(
        "it is found",
        &["audit_month_missing".to_owned()][..],
        || findings(&mut superuser),
    );

    let by_hand =
        "select vault.make_audit_month(date_trunc('month', now() at time zone 'UTC'), 1000000000)";
    superuser.rows(by_hand, &[]).unwrap();
    start_worker_again(&mut superuser);
    wait_for_months(&mut superuser);
    let this = partition(&mut superuser, 0);
    assert_eq!(count(&mut superuser, &this, "many"), 10_001);
    assert_eq!(findings(&mut superuser), [""; 0]);
}

#[test]
fn a_clock_that_jumps_ahead_costs_no_more_than_two_months() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    let (this, next) = (partition(&mut superuser, 0), partition(&mut superuser, 1));
    // The log of a vault whose clock was three years behind until now: twelve months, the present one and the next one.
    superuser
        .run(&format!(
            "begin;
             drop table {this}, {next};
             select vault.make_audit_month(date_trunc('month', now() at time zone 'UTC') + make_interval(months => m), 0)
             from generate_series(-50, -37) m;
             select vault.make_audit_month(date_trunc('month', now() at time zone 'UTC') + make_interval(months => m), 10000)
             from generate_series(0, 1) m;
             commit"
        ))
        .unwrap();
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
    let (this, next) = (partition(&mut superuser, 0), partition(&mut superuser, 1));
    superuser
        .run(&format!(
            "begin;
             drop table {this}, {next};
             select vault.make_audit_month(date_trunc('month', now() at time zone 'UTC') + make_interval(months => m), 10000)
             from generate_series(-13, 1) m;
             commit;
             create role insider login;
             grant create on schema public to insider"
        ))
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
    assert_eq!(
        dropped,
        Some(
            oldest
                .trim_start_matches("vault.audit_log_")
                .replace('_', "-")
        )
    );
}

#[test]
fn a_month_that_a_restore_has_not_finished_is_not_dropped() {
    let stack = PrivateStack::start();
    let mut superuser = stack.superuser();
    wait_for_months(&mut superuser);
    let (this, next) = (partition(&mut superuser, 0), partition(&mut superuser, 1));
    let oldest = partition(&mut superuser, -13);
    // A dump makes keys and row security after the rows.
    superuser
        .run(&format!(
            "begin;
             drop table {this}, {next};
             select vault.make_audit_month(date_trunc('month', now() at time zone 'UTC') + make_interval(months => m), 10000)
             from generate_series(-13, 1) m;
             alter table {oldest} drop constraint {}_pkey;
             commit",
            oldest.trim_start_matches("vault.")
        ))
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
