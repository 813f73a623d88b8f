//! Numbers that stand in more than one file for the sake of tools, and have to be the same.

use std::fs;

use regex::Regex;
use serde_json::{Value, json};

use super::repository;

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

fn found<'a>(pattern: &str, text: &'a str) -> Vec<&'a str> {
    let pattern = Regex::new(pattern).unwrap();
    pattern
        .captures_iter(text)
        .map(|captures| captures.get(1).unwrap().as_str())
        .collect()
}

/// The versions of PostgreSQL for which there is a feature.
fn versions_of_postgresql() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let versions = found(r"(?m)^pg(\d+) = ", &manifest);
    versions.into_iter().map(str::to_owned).collect()
}

#[test]
fn the_number_of_the_release_is_the_same_everywhere() {
    let manifest = read("Cargo.toml");
    let version = found(r#"(?m)^version = "(.*)"$"#, &manifest)[0];
    let meta: Value = serde_json::from_str(&read("META.json")).unwrap();
    assert_eq!(meta["version"], version);
    assert_eq!(meta["provides"]["vault"]["version"], version);
}

#[test]
fn what_pgxn_is_told_is_what_its_specification_asks_for() {
    let meta: Value = serde_json::from_str(&read("META.json")).unwrap();
    for member in ["name", "abstract", "version", "license"] {
        assert!(meta[member].is_string(), "{member}");
    }
    assert!(!meta["maintainer"].as_array().unwrap().is_empty());
    assert_eq!(
        meta["meta-spec"],
        json!({"version": "1.0.0", "url": "https://pgxn.org/meta/spec.txt"})
    );
    let provided = &meta["provides"]["vault"];
    for member in ["file", "docfile"] {
        let path = repository().join(provided[member].as_str().unwrap());
        assert!(path.is_file(), "{member}");
    }
    let oldest = versions_of_postgresql().remove(0);
    let required = &meta["prereqs"]["runtime"]["requires"]["PostgreSQL"];
    assert_eq!(*required, format!("{oldest}.0.0"));
}

#[test]
fn every_version_of_postgresql_is_in_each_list_of_the_workflow() {
    let workflow = read(".github/workflows/ci.yml");
    let lists = found(r"(?m)^ +postgresql: \[(.*)\]$", &workflow);
    assert!(!lists.is_empty());
    for list in lists {
        assert_eq!(list, versions_of_postgresql().join(", "));
    }
}

#[test]
fn the_version_of_postgresql_to_build_for_stands_in_one_place() {
    let manifest = read("Cargo.toml");
    let default = found(r#"(?m)^default = \["pg(\d+)"\]$"#, &manifest)[0];
    let named = Regex::new(&format!(
        r"pg{default}\b|postgresql(-server-dev)?[-/]{default}\b"
    ))
    .unwrap();
    for path in ["Makefile", "docker/stack", "benches/run", "packaging/build"] {
        assert!(!named.is_match(&read(path)), "{path}");
    }
    for file in fs::read_dir(repository().join("docker/lib")).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(!named.is_match(&text), "{}", path.display());
    }
}
