//! What several subjects need: forms of values, and looks below the surface.

use std::fmt::Debug;
use std::thread;
use std::time::{Duration, Instant};

use regex::Regex;
use serde_json::Value;
use vault_tests::{Session, Stack, Tenant};

/// The message of every refused authentication.
pub const UNAUTHENTICATED: &str = "API key not provided or invalid API key used";
pub const NO_CUSTOMER: &str = "Customer does not exist in our records";
pub const NO_PAYMENT_METHOD: &str = "Payment method does not exist in our records";
pub const CUSTOMER_REDACTED: &str = "Customer has already been redacted";

/// Checks a JSON string against a regular expression for the whole of it.
#[track_caller]
pub fn has_form(value: &Value, form: &str) {
    let text = value
        .as_str()
        .unwrap_or_else(|| panic!("{value} is no string"));
    let form = Regex::new(&format!("^(?:{form})$")).unwrap();
    assert!(form.is_match(text), "{text:?} has not the form {form}");
}

/// Times in UTC with three decimals.
pub const TIME: &str = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z";
pub const CUSTOMER_ID: &str = r"12345_cus_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}";
pub const PAYMENT_METHOD_ID: &str = r"12345_pm_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}";
pub const UUID_V7: &str = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

/// An id of the right form that the vault never gave out.
pub fn unknown_id(entity: &str) -> String {
    format!(
        "12345_{entity}_{:012x}7{:03x}8{:015x}",
        fastrand::u64(..1 << 48),
        fastrand::u16(..1 << 12),
        fastrand::u64(..1 << 60)
    )
}

/// The row of a customer or payment method as text: what somebody who has the data files can read.
pub fn row(superuser: &mut Session, table: &str, id: &str) -> String {
    let select = format!(
        "select t::text from vault.{table} t where {} = $1",
        key(table)
    );
    superuser.value(&select, &[&id]).unwrap()
}

/// A sealed column of a customer or payment method.
pub fn sealed(superuser: &mut Session, table: &str, column: &str, id: &str) -> Option<Vec<u8>> {
    let select = format!(
        "select {column} from vault.{table} where {} = $1",
        key(table)
    );
    superuser.value(&select, &[&id]).unwrap()
}

/// Puts other bytes into a sealed column.
pub fn overwrite(superuser: &mut Session, table: &str, column: &str, id: &str, bytes: &[u8]) {
    let update = format!(
        "update vault.{table} set {column} = $2 where {} = $1",
        key(table)
    );
    assert_eq!(superuser.execute(&update, &[&id, &bytes]).unwrap(), 1);
}

fn key(table: &str) -> &'static str {
    match table {
        "customers" => "customer_id",
        _ => "payment_method_id",
    }
}

/// A digest of everything that a profile has in the vault, but for the audit log.
pub fn holdings(stack: &Stack, profile: &str) -> String {
    let mut superuser = stack.superuser();
    let tables = superuser
        .rows(
            "select c.table_name::text from information_schema.columns c join information_schema.tables t using (table_schema, table_name)
             where c.table_schema = 'vault' and c.column_name = 'profile_id' and t.table_type = 'BASE TABLE'
               and c.table_name not like 'audit%' order by 1",
            &[],
        )
        .unwrap();
    assert!(!tables.is_empty(), "no table has a profile");
    tables
        .iter()
        .map(|table| {
            let table: String = table.get(0);
            let digest: String = superuser
                .value(
                    &format!(
                        "select count(*) || ':' || md5(coalesce(string_agg(t::text, '' order by t::text), ''))
                         from {} t where profile_id::text = $1",
                        lasting_rows(&table)
                    ),
                    &[&profile],
                )
                .unwrap();
            format!("{table} {digest}\n")
        })
        .collect()
}

/// The rows of a table of the vault as part of a query, without what the worker changes at any time: it adds up counts.
pub fn lasting_rows(table: &str) -> String {
    if table == "payment_method_counts" {
        format!("(select profile_id, sum(active) from vault.{table} group by profile_id)")
    } else {
        format!("vault.{table}")
    }
}

/// The names of the tables in schema `vault`.
pub fn tables(superuser: &mut Session) -> Vec<String> {
    superuser
        .rows(
            "select relname::text from pg_class where relnamespace = 'vault'::regnamespace and relkind in ('r', 'p') order by 1",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Waits until the HTTP interface has connected to a server that has started again.
#[track_caller]
pub fn http_answers(tenant: &Tenant) {
    soon_equal("the HTTP interface is connected again", &200, || {
        tenant.get("/v2/customers/list").status
    });
}

/// How often a wait looks.
const PAUSE: Duration = Duration::from_millis(50);

/// How long what happens by itself may take.
const SOON: Duration = Duration::from_secs(15);

/// Waits for what happens by itself, within a few seconds. Where a value is awaited, [`soon_equal`] says what came instead.
#[track_caller]
pub fn soon(what: &str, is_so: impl FnMut() -> bool) {
    soon_equal(what, &true, is_so);
}

/// Waits until a value is as expected, within a few seconds.
#[track_caller]
pub fn soon_equal<E, A>(what: &str, expected: &E, actual: impl FnMut() -> A)
where
    E: Debug + ?Sized,
    A: Debug + PartialEq<E>,
{
    equal_within(SOON, what, expected, actual);
}

/// Waits until a value is as expected.
#[track_caller]
pub fn equal_within<E, A>(limit: Duration, what: &str, expected: &E, mut actual: impl FnMut() -> A)
where
    E: Debug + ?Sized,
    A: Debug + PartialEq<E>,
{
    let mut seen = String::new();
    let came = found_within(limit, || {
        let now = actual();
        seen = format!("{now:?}");
        (now == *expected).then_some(())
    });
    assert!(
        came.is_some(),
        "not within {limit:?}: {what}\nexpected: {expected:?}\n    seen: {seen}"
    );
}

/// Waits until there is something to find, and gives it. The one place where tests wait by sleeping.
pub fn found_within<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        // What comes at the last moment counts, so the clock is asked first.
        let is_over = Instant::now() >= end;
        let found = look();
        if found.is_some() || is_over {
            return found;
        }
        thread::sleep(PAUSE);
    }
}

/// Makes a payment method look as if nobody had written to it for long, so that a standby can tell that no CVC is kept for it.
pub fn long_unwritten(stack: &Stack, payment_method_id: &str) {
    let rows = stack
        .superuser()
        .execute(
            "update vault.payment_methods set modified_at = modified_at - interval '1 hour' where payment_method_id = $1",
            &[&payment_method_id],
        )
        .unwrap();
    assert_eq!(rows, 1);
}
