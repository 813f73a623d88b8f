//! The vault's own tables stand in several lists, and what is missing in one of them is lost, dumped or left behind unnoticed.

use std::collections::BTreeSet;
use std::fs;

use vault_core::crypto::Place;
use vault_tests::stack::repository;
use vault_tests::{Session, Stack};

/// Tables whose values are under the memory key, which is never changed.
const VOLATILE: [&str; 2] = ["volatile_payment_methods", "cvcs"];

fn names(superuser: &mut Session, query: &str) -> BTreeSet<String> {
    let rows = superuser.rows(query, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

fn set<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeSet<String> {
    names.into_iter().map(str::to_owned).collect()
}

/// A source file with its white space and its line continuations made one blank each.
fn source(path: &str) -> String {
    let text = fs::read_to_string(repository(path)).unwrap();
    let words = text.split(|character: char| character.is_whitespace() || character == '\\');
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    words.join(" ")
}

/// What stands between each `before` and the `after` that follows it.
fn between<'t>(text: &'t str, before: &str, after: &str) -> Vec<&'t str> {
    let rests = text.split(before).skip(1);
    rests
        .map(|rest| rest.split_once(after).unwrap().0)
        .collect()
}

/// The places of envelopes under data keys, by table and column.
fn under_data_keys() -> impl Iterator<Item = (&'static str, &'static str)> {
    let places = Place::ALL.map(|place| (place.table(), place.column()));
    let places = places.into_iter();
    places.filter(|(table, _)| !VOLATILE.contains(table))
}

#[test]
fn every_column_of_bytes_has_a_place_or_is_no_envelope() {
    let mut superuser = Stack::shared().superuser();
    let columns = names(
        &mut superuser,
        "select c.relname || '.' || a.attname from pg_class c join pg_attribute a on a.attrelid = c.oid
         where c.relnamespace = 'vault'::regnamespace and c.relkind in ('r', 'p') and a.atttypid = 'bytea'::regtype
           and a.attname not in ('mac', 'key_hash', 'memory_key', 'check_value', 'root_key_check', 'duplicate_index')",
    );
    let places = Place::ALL.map(|place| format!("{}.{}", place.table(), place.column()));
    // The root key seals these two, and vault.rewrap_data_keys seals them anew.
    let by_root_key = ["data_keys.wrapped", "connector_accounts.credentials"].map(str::to_owned);
    assert_eq!(columns, places.into_iter().chain(by_root_key).collect());
}

#[test]
fn every_table_with_something_sealed_is_vacuumed() {
    let vacuum = source("src/worker/vacuum.rs");
    let list = between(&vacuum, "const TABLES:", "];");
    let [list] = list.as_slice() else {
        panic!("there is one list of tables");
    };
    let vacuumed = set(between(list, "c\"", "\""));
    let sealed = Place::ALL.map(Place::table);
    let by_root_key = ["data_keys", "connector_accounts"];
    assert_eq!(vacuumed, set(sealed.into_iter().chain(by_root_key)));
}

#[test]
fn every_envelope_under_a_data_key_is_sealed_anew_and_counted() {
    let mut superuser = Stack::shared().superuser();
    let procedure: String = superuser
        .value(
            "select prosrc from pg_proc where oid = 'vault.reencrypt(text, integer)'::regprocedure",
            &[],
        )
        .unwrap();
    let list = between(&procedure, "regclass[] := ARRAY[", "]")[0];
    let walked = between(list, "'vault.", "'");
    let tables = set(under_data_keys().map(|(table, _)| table));
    assert_eq!(set(walked), tables);

    let store = source("src/store/vault_tables.rs");
    assert_eq!(set(between(&store, "=> c\"", "\"")), tables);
    for (table, column) in under_data_keys() {
        for statement in [
            format!("UPDATE vault.{table}"),
            format!("{column} = n.{column}"),
            format!("pg_catalog.substring({column}, 2, 4) <> ALL ($3)"),
            format!(
                "FROM vault.{table} WHERE profile_id = $1 AND pg_catalog.substring({column}, 2, 4) = $2)"
            ),
        ] {
            assert!(
                store.contains(&statement),
                "{table}.{column}: nowhere is {statement}"
            );
        }
    }
}

/// The audit log's rows lie in its partitions. Those of months belong to no extension, so every dump has them.
#[test]
fn a_dump_has_every_table_that_is_logged() {
    let mut superuser = Stack::shared().superuser();
    let logged = names(
        &mut superuser,
        "select relname::text from pg_class
         where relnamespace = 'vault'::regnamespace and relkind in ('r', 'p') and relpersistence = 'p'
           and oid <> 'vault.audit_log'::regclass
           and not (relispartition and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e'))",
    );
    let dumped = names(
        &mut superuser,
        "select relname::text from pg_extension, unnest(extconfig) config join pg_class c on c.oid = config
         where extname = 'vault'",
    );
    assert!(dumped.contains("customers"), "{dumped:?}");
    assert_eq!(dumped, logged);
}
