//! docs/http.md names every call and every refusal, and nothing else.

use std::collections::BTreeSet;
use std::fs;

use regex::Regex;
use vault_tests::http::Request;
use vault_tests::stack::repository;
use vault_tests::{Stack, Tenant};

fn read(file: &str) -> String {
    fs::read_to_string(repository(file)).expect(file)
}

/// The part of the document under a heading.
fn section(heading: &str) -> String {
    let text = read("docs/http.md");
    let (_, rest) = text.split_once(&format!("\n{heading}\n")).expect(heading);
    let end = Regex::new(r"(?m)^##").unwrap();
    let length = end.find(rest).map_or(rest.len(), |found| found.start());
    rest[..length].to_owned()
}

/// The calls in the first column of tables.
fn calls(text: &str) -> BTreeSet<(String, String)> {
    let row = Regex::new(r"(?m)^\| (`[A-Z]+ /.*?) \| ").unwrap();
    let call = Regex::new(r"`([A-Z]+) (/[^`]*)`").unwrap();
    row.captures_iter(text)
        .flat_map(|row| {
            let calls = call.captures_iter(row.get(1).expect("a cell").as_str());
            calls
                .map(|call| (call[1].to_owned(), call[2].to_owned()))
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_call_of_the_reference_is_served_and_every_served_call_stands_there() {
    let documented = calls(&(section("### Customers") + &section("### Payment methods")));
    let tenant = Tenant::new();
    for (verb, path) in &documented {
        let path = format!("/v2{path}").replace(['{', '}'], "");
        let answer = tenant.send(&Request::new(verb, &path));
        assert!(
            [400, 401].contains(&answer.status),
            "{verb} {path}: {}",
            answer.text
        );
    }
    let served: i64 = Stack::shared()
        .superuser()
        .value(
            "select count(*) from pg_proc where pronamespace = 'vault_api'::regnamespace and proname not in ('ready', 'metrics')",
            &[],
        )
        .unwrap();
    assert_eq!(i64::try_from(documented.len()), Ok(served));
    assert_eq!(
        calls(&section("### What a call may answer beside that")),
        documented
    );
}

/// The statuses in a text.
fn statuses(text: &str) -> BTreeSet<String> {
    let status = Regex::new(r"\b([45]\d\d)\b").unwrap();
    status
        .captures_iter(text)
        .map(|found| found[1].to_owned())
        .collect()
}

/// A path without the names of its parameters.
fn nameless(path: &str) -> String {
    Regex::new(r"\{\w+\}")
        .unwrap()
        .replace_all(path, "{}")
        .into_owned()
}

#[test]
fn the_statuses_of_each_call_are_those_of_its_description_in_openapi() {
    let openapi: serde_json::Value = serde_json::from_str(&read("docs/openapi.json")).unwrap();
    let of_all = statuses(&section("### What every call may answer"));
    let of_one = section("### What a call may answer beside that");
    for row in of_one.lines().filter(|line| line.starts_with("| `")) {
        let special = statuses(row.split(" | ").nth(1).expect("a second cell"));
        for (verb, path) in calls(&format!("{row}\n")) {
            let paths = openapi["paths"].as_object().expect("paths");
            let operation = paths
                .iter()
                .find(|(known, _)| nameless(known) == nameless(&path))
                .map(|(_, path)| &path[verb.to_lowercase()]["responses"]);
            let responses = operation.and_then(|responses| responses.as_object());
            let responses =
                responses.unwrap_or_else(|| panic!("{verb} {path} is not in openapi.json"));
            let described: BTreeSet<String> = responses
                .keys()
                .filter(|status| *status != "200")
                .cloned()
                .collect();
            assert!(special.is_subset(&described), "{verb} {path}: {special:?}");
            let all: BTreeSet<String> = of_all.union(&special).cloned().collect();
            assert!(described.is_subset(&all), "{verb} {path}: {described:?}");
            // These two depend on the call. A path that is not known is no call.
            for status in ["403", "404"] {
                assert_eq!(
                    special.contains(status),
                    described.contains(status),
                    "{verb} {path}: {status}"
                );
            }
        }
    }
}

#[test]
fn the_table_of_refusals_is_that_of_the_code() {
    let source = read("core/src/contract/refusal.rs");
    let constants = Regex::new(r#"const (\w+): &str = "(\w+)""#).unwrap();
    let sqlstate = |name: &str| {
        let mut found = constants.captures_iter(&source).filter(|c| &c[1] == name);
        found
            .next()
            .map_or(name.trim_matches('"').to_owned(), |c| c[2].to_owned())
    };
    let row = Regex::new(r#"=> row\((\d+), "(\w+)", ([\w"]+), (?:format!\()?"(.*)"\)"#).unwrap();
    let value = Regex::new(r"\{(\w+)\}").unwrap();
    let refusals: Vec<String> = row
        .captures_iter(&source)
        .map(|row| {
            let message = value.replace_all(&row[4], "…");
            let message = if message.contains('`') {
                format!("`` {message} ``")
            } else {
                format!("`{message}`")
            };
            format!(
                "| {} | `{}` | `{}` | {message} |",
                &row[1],
                &row[2],
                sqlstate(&row[3])
            )
        })
        .collect();
    assert_eq!(refusals.len(), source.matches("=> row(").count());

    let table = section("### Refusals");
    let rows = table
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| status"));
    let (known, unknown): (Vec<&str>, Vec<&str>) = rows.partition(|line| {
        refusals
            .iter()
            .any(|refusal| line.starts_with(refusal.as_str()))
    });
    assert_eq!(unknown, [""; 0]);
    for refusal in &refusals {
        assert!(
            known.iter().any(|line| line.starts_with(refusal.as_str())),
            "{refusal}"
        );
    }
}
