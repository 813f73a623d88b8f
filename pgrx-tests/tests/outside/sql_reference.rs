//! docs/sql.md names everything that somebody may call or read in schema `vault`, and nothing else.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;
use vault_tests::Stack;
use vault_tests::stack::repository;

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).expect(file)
}

/// The first column of what the query gives.
fn catalogue(query: &str) -> BTreeSet<String> {
    let rows = Stack::shared().superuser().rows(query, &[]).unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

/// All that the pattern's group matches.
fn all(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    let group = |found: regex::Captures| found[1].to_owned();
    pattern.captures_iter(text).map(group).collect()
}

#[track_caller]
fn same(documented: &BTreeSet<String>, present: &BTreeSet<String>) {
    assert!(!present.is_empty());
    let missing: Vec<_> = present.difference(documented).collect();
    let gone: Vec<_> = documented.difference(present).collect();
    assert!(
        missing.is_empty() && gone.is_empty(),
        "not in docs/sql.md: {missing:#?}\nonly in docs/sql.md: {gone:#?}"
    );
}

#[test]
fn every_function_stands_in_the_reference_with_its_signature() {
    let documented = all(
        r"(?m)^((?:CALL )?vault\.\w+\(.*[^;])$",
        &read("docs/sql.md"),
    );
    let present = catalogue(
        "select case p.prokind when 'p' then 'CALL ' else '' end || 'vault.' || p.proname
                || '(' || replace(pg_get_function_arguments(p.oid), 'IN ', '') || ')'
                || coalesce(' → ' || pg_get_function_result(p.oid), '')
         from pg_proc p where p.pronamespace = 'vault'::regnamespace and p.prorettype <> 'trigger'::regtype",
    );
    same(&documented, &present);
}

#[test]
fn every_relation_that_somebody_may_read_stands_in_the_reference_with_its_columns() {
    let text = read("docs/sql.md");
    let column = Regex::new(r#"`([a-z_0-9]+ [a-z][a-z \[\]]*|kind "char")`"#).unwrap();
    let mut documented = BTreeSet::new();
    for section in text.split("\n#### ").skip(1) {
        let (name, body) = section.split_once('\n').expect("a section");
        let cells = body.lines().filter_map(|line| line.strip_prefix("| `"));
        for cell in cells.filter_map(|row| row.split(" | ").next()) {
            for found in column.captures_iter(&format!("`{cell}")) {
                documented.insert(format!("{name}: {}", &found[1]));
            }
        }
    }
    let present = catalogue(
        "select 'vault.' || c.relname || ': ' || a.attname || ' ' || format_type(a.atttypid, a.atttypmod)
         from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
         where c.relnamespace = 'vault'::regnamespace and c.relkind in ('r', 'p', 'v', 'm') and exists (
             select from unnest(array['vault_client', 'vault_admin', 'vault_auditor']) r
             where has_column_privilege(r, c.oid, a.attnum, 'select'))",
    );
    same(&documented, &present);
}

#[test]
fn every_type_operator_and_role_stands_in_the_reference() {
    let text = read("docs/sql.md");
    let row = r"(?m)^\| `(vault\.\w+)` \|.*$";
    let types = all(row, &text);
    same(
        &types,
        &catalogue(
            "select oid::regtype::text from pg_type where typnamespace = 'vault'::regnamespace and typtype = 'b' and typelem = 0",
        ),
    );
    let operators: BTreeSet<String> = Regex::new(row)
        .unwrap()
        .find_iter(&text)
        .flat_map(|line| {
            let name = all(row, line.as_str()).pop_first().expect("a type");
            let operators = all(r"`([=<>]+)`", line.as_str());
            operators
                .into_iter()
                .map(move |operator| format!("{name} {operator}"))
        })
        .collect();
    same(
        &operators,
        &catalogue(
            "select o.oprleft::regtype || ' ' || o.oprname from pg_operator o join pg_type t on t.oid = o.oprleft
             where t.typnamespace = 'vault'::regnamespace and o.oprright = o.oprleft",
        ),
    );
    let roles = text
        .split("\n## ")
        .find_map(|section| section.strip_prefix("Roles\n"));
    same(
        &all(r"`(vault_\w+)`", roles.expect("a section about roles")),
        &catalogue(
            "select rolname::text from pg_roles r join pg_shdescription d on d.objoid = r.oid and d.classoid = 'pg_authid'::regclass
             where rolname ~ '^vault_'",
        ),
    );
}

#[test]
fn every_sqlstate_of_a_refusal_stands_in_the_reference_and_is_explained_there() {
    let text = read("docs/sql.md");
    let explained = all(r"(?m)^\| `([0-9A-Z]{5})` \|", &text);
    let named = all(r"`([0-9A-Z]{5})`", &text);
    let refusals = all(r#""([0-9A-Z]{5})""#, &read("core/src/contract/refusal.rs"));
    assert!(refusals.len() >= 10, "{refusals:?}");
    let unexplained: Vec<_> = named
        .union(&refusals)
        .filter(|code| !explained.contains(*code))
        .collect();
    assert!(unexplained.is_empty(), "{unexplained:?}");
}
