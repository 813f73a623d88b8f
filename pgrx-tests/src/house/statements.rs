//! The SQL of `src/store`. Every statement is written out, and names the profile of each row that it touches. A statement for all
//! profiles gives the reason in a comment at its beginning: `/* all profiles: … */`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use regex::Regex;

use super::repository;

/// A statement of `statements! { … }`.
struct Statement {
    name: String,
    is_everywhere: bool,
    sql: String,
}

/// Compiles each pattern once, because to compile them takes longer than all searches together.
fn regex(pattern: &'static str) -> Regex {
    static KNOWN: Mutex<BTreeMap<&str, Regex>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap();
    let compiled = known
        .entry(pattern)
        .or_insert_with(|| Regex::new(pattern).unwrap());
    compiled.clone()
}

/// The tables, and the views of them, that have a profile.
fn with_profile() -> BTreeSet<String> {
    let files = ["sql/tables.sql", "sql/audit_log.sql"];
    let sql = files.map(|file| std::fs::read_to_string(repository().join(file)).unwrap());
    let sql = sql.concat();
    let tables = regex(
        r"(?s)CREATE (?:UNLOGGED )?TABLE vault\.(\w+) \(\n(.*?)\n\)(?: PARTITION BY [^;]*)?;",
    );
    let views = regex(r"(?s)CREATE VIEW vault\.(\w+)\b(.*?);\n");
    let definitions = tables.captures_iter(&sql).chain(views.captures_iter(&sql));
    definitions
        .filter(|definition| regex(r"\bprofile_id\b").is_match(&definition[2]))
        .map(|definition| definition[1].to_owned())
        .collect()
}

/// The statements of a file. Each is one literal, so that readers see the statement exactly as it runs.
fn statements(file: &Path, text: &str) -> Vec<Statement> {
    let declaration =
        regex(r"\b(?:Read|Write|WriteEverywhere) ([A-Z][A-Z_]*)\([A-Z0-9_,\s]*\)\s*=\s*");
    let literal = regex(r#"^"((?:[^"\\]|\\.|\\\n)*)";"#);
    let line_break = regex(r"\\\n\s*");
    declaration
        .captures_iter(text)
        .map(|declared| {
            let name = format!("{}: {}", file.display(), &declared[1]);
            let behind = &text[declared.get(0).unwrap().end()..];
            let sql = literal
                .captures(behind)
                .unwrap_or_else(|| panic!("{name} is not written out as one literal"));
            Statement {
                is_everywhere: declared[0].starts_with("WriteEverywhere"),
                sql: line_break.replace_all(&sql[1], "").into_owned(),
                name,
            }
        })
        .collect()
}

fn all_statements() -> Vec<Statement> {
    let files = walkdir::WalkDir::new(repository().join("src/store"));
    let mut statements_of_all = Vec::new();
    for entry in files {
        let path = entry.unwrap().into_path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let found = statements(&path, &text);
        let of_statements: usize = found.iter().map(|found| references(&found.sql).len()).sum();
        assert_eq!(
            of_statements,
            references(&text).len(),
            "{} has SQL on the vault's tables outside of statements! {{ … }}",
            path.display()
        );
        statements_of_all.extend(found);
    }
    assert!(statements_of_all.len() > 50);
    statements_of_all
}

/// The places where a statement names a table of the vault: the keyword before the table, the table, and the text after it.
fn references(sql: &str) -> Vec<(String, String, &str)> {
    regex(r"\b(FROM|JOIN|UPDATE|INTO) vault\.(\w+)")
        .captures_iter(sql)
        .map(|found| {
            let behind = &sql[found.get(0).unwrap().end()..];
            (found[1].to_owned(), found[2].to_owned(), behind)
        })
        .filter(|(_, _, behind)| !behind.starts_with('('))
        .collect()
}

/// Whether the rows of the table are on the node of their profile.
fn is_spread(table: &str) -> bool {
    let [spread, _, of_a_node] = super::nodes::tables_of_the_store();
    spread.contains(table) || of_a_node.contains(table)
}

/// What is wrong with a statement. None if nothing is.
fn fault(sql: &str, with_profile: &BTreeSet<String>) -> Option<&'static str> {
    let references: Vec<_> = references(sql)
        .into_iter()
        .filter(|(_, table, _)| with_profile.contains(table))
        .collect();
    let (inserts, others): (Vec<_>, Vec<_>) = references
        .iter()
        .partition(|(keyword, ..)| keyword == "INTO");
    let written = inserts.iter().all(|(_, _, behind)| {
        let columns = behind.split(')').next().unwrap_or_default();
        regex(r"\bprofile_id\b").is_match(columns)
    });
    // The store finds the node of a profile by the first parameter.
    let first = inserts.iter().all(|(_, table, behind)| {
        !is_spread(table)
            || regex(r"^ \(profile_id, [^)]*\) (?:VALUES \(\$1,|SELECT (?:\$1|profile_id),)")
                .is_match(behind)
    });
    let parameters = regex(r"\bprofile_id = \$1\b").find_iter(sql).count();
    let joins = regex(r"\bprofile_id = \w+\.profile_id\b")
        .find_iter(sql)
        .count();
    let named = others.is_empty() || parameters > 0 && parameters + joins >= others.len();
    let is_for_all = regex(r"^/\* all profiles: [^*]{10,} \*/").is_match(sql);
    match (written && first && named, is_for_all) {
        (false, false) => Some("does not name the profile of each row"),
        (true, true) => Some("says that it is for all profiles, and names one"),
        _ => None,
    }
}

#[test]
fn every_statement_names_its_profile() {
    let with_profile = with_profile();
    assert!(with_profile.contains("payment_methods") && with_profile.contains("cvcs"));
    for statement in all_statements() {
        let fault = fault(&statement.sql, &with_profile);
        assert_eq!(fault, None, "{}:\n{}", statement.name, statement.sql);
    }
}

#[test]
fn what_all_nodes_share_is_written_on_all_of_them() {
    let [_, shared, _] = super::nodes::tables_of_the_store();
    let written = regex(r"\b(?:INSERT INTO|UPDATE|DELETE FROM) vault\.(\w+)");
    for statement in all_statements() {
        let mut tables = written.captures_iter(&statement.sql);
        let is_shared = tables.any(|table| shared.contains(&table[1]));
        assert_eq!(is_shared, statement.is_everywhere, "{}", statement.name);
    }
}

#[test]
fn a_statement_that_names_no_profile_is_found() {
    let with_profile = with_profile();
    let is_found = |sql: &str| fault(sql, &with_profile).is_some();
    for good in [
        "SELECT name FROM vault.merchants WHERE merchant_id = $1",
        "SELECT details FROM vault.customers WHERE profile_id = $1 AND customer_id = $2",
        "INSERT INTO vault.customers (profile_id, customer_id) VALUES ($1, $2)",
        "SELECT 1 FROM vault.jobs j JOIN vault.customers c ON c.profile_id = j.profile_id WHERE j.profile_id = $1",
        "/* all profiles: the worker deletes what has expired */ DELETE FROM vault.cvcs WHERE expires_at <= $1",
    ] {
        assert!(!is_found(good), "{good}");
    }
    for bad in [
        "SELECT details FROM vault.customers WHERE customer_id = $1",
        "UPDATE vault.jobs SET state = 'sent' WHERE job_id = $1",
        "DELETE FROM vault.cvcs",
        "INSERT INTO vault.customers (customer_id) VALUES ($1)",
        "INSERT INTO vault.customers (profile_id, customer_id) VALUES ($2, $1)",
        "SELECT details FROM vault.customers WHERE profile_id = $2 AND customer_id = $1",
        "SELECT 1 FROM vault.jobs j JOIN vault.customers c ON c.customer_id = $2 WHERE j.profile_id = $1",
        "SELECT 1 FROM vault.jobs j JOIN vault.customers c ON c.profile_id = j.profile_id",
        "/* all profiles: */ DELETE FROM vault.cvcs WHERE expires_at <= $1",
        "/* all profiles: the worker deletes what has expired */ DELETE FROM vault.cvcs WHERE profile_id = $1",
    ] {
        assert!(is_found(bad), "{bad}");
    }
}
