//! Months are made in time, and nobody but the vault gets anything by it.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use vault_tests::stack::PrivateStack;
use vault_tests::{Card, Session, Stack, Tenant};

use super::{count, partition, partitions, start_worker_again, wait_for_months};
use crate::support::{soon, soon_equal};

/// Between two creates of a session, so that fewer rows come than can be moved.
const PAUSE: Duration = Duration::from_millis(20);

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

/// Has the months made anew that belong to the present time, with what lies in the default partition.
fn make_months_again(superuser: &mut Session) {
    forget_months(superuser);
    start_worker_again(superuser);
}

fn findings(superuser: &mut Session) -> Vec<String> {
    let rows = superuser
        .rows("select finding from vault.check() order by 1", &[])
        .unwrap();
    rows.iter().map(|row| row.get(0)).collect()
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
    assert!(
        stack
            .log()
            .contains("In a quiet hour: SELECT vault.make_audit_month(")
    );
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
