//! Which tables are where when several nodes share a vault. The store and sql/nodes.sql both have the lists.

use std::collections::BTreeSet;

use regex::Regex;

use super::repository;

/// The tables that are spread by profile, those that all nodes share, and those of a profile's node, as the store has them.
pub fn tables_of_the_store() -> [BTreeSet<String>; 3] {
    let text = read("src/store/shards/text.rs");
    ["SPREAD", "SHARED", "OF_THE_NODE"].map(|list| {
        names_in(
            &text,
            &format!(r#"(?s)const {list}: \[&str; \d+\] = \[(.*?)\];"#),
            '"',
        )
    })
}

fn read(file: &str) -> String {
    std::fs::read_to_string(repository().join(file)).unwrap()
}

/// The quoted names in what the pattern captures.
fn names_in(text: &str, pattern: &str, quote: char) -> BTreeSet<String> {
    let list = Regex::new(pattern).unwrap();
    let list = &list
        .captures(text)
        .unwrap_or_else(|| panic!("nothing matches {pattern}"))[1];
    list.split(quote)
        .skip(1)
        .step_by(2)
        .map(str::to_owned)
        .collect()
}

#[test]
fn the_store_and_the_script_agree_on_the_tables_of_several_nodes() {
    let script = read("sql/nodes.sql");
    let of_script = |list| {
        names_in(
            &script,
            &format!(r"(?s)\b{list} +CONSTANT text\[\] := ARRAY\[(.*?)\];"),
            '\'',
        )
    };
    let [spread, shared, _] = tables_of_the_store();
    assert_eq!(spread, of_script("spread"));
    assert_eq!(shared, of_script("shared"));
}

#[test]
fn every_table_is_spread_or_shared_or_of_a_node() {
    let sql = read("sql/tables.sql");
    let tables: BTreeSet<String> = Regex::new(r"CREATE (?:UNLOGGED )?TABLE vault\.(\w+)")
        .unwrap()
        .captures_iter(&sql)
        .map(|table| table[1].to_owned())
        .collect();
    let placed = tables_of_the_store();
    let number: usize = placed.iter().map(BTreeSet::len).sum();
    // A binding names a role of its node, and belongs to no operation of a profile.
    let bindings = ["role_bindings".to_owned()];
    let placed: BTreeSet<String> = placed.into_iter().flatten().chain(bindings).collect();
    assert_eq!(placed, tables);
    assert_eq!(number + 1, tables.len(), "a table is in two lists");
}
