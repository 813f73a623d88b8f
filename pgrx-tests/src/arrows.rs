//! The arrows of ARCHITECTURE.md: which part of the code never speaks of which other.

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

/// All Rust files in a folder of the repository, with their text.
fn sources(folder: &str) -> Vec<(PathBuf, String)> {
    let mut folders = vec![repository().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                files.push((path, text));
            }
        }
    }
    assert!(!files.is_empty());
    files
}

fn assert_never_speaks_of(folder: &str, words: &[&str]) {
    for (path, text) in sources(folder) {
        for word in words {
            assert!(!text.contains(word), "{} speaks of {word}", path.display());
        }
    }
}

#[test]
fn the_core_knows_nothing_of_postgresql() {
    assert_never_speaks_of(
        "core/src",
        &["pgrx", "pg_sys", "std::fs", "SystemTime::now"],
    );
}

#[test]
fn nothing_but_the_store_calls_spi() {
    let store = repository().join("src/store");
    for (path, text) in sources("src") {
        assert!(
            path.starts_with(&store) || !text.contains("Spi::"),
            "{} calls SPI",
            path.display()
        );
    }
}

#[test]
fn the_store_holds_no_key_and_asks_nobody_above_it() {
    assert_never_speaks_of(
        "src/store",
        &[
            "crate::keys",
            "crate::tenancy",
            "crate::audit",
            "crate::authentication",
            "crate::operations",
            "crate::surface",
            "crate::types",
        ],
    );
}

#[test]
fn what_wraps_postgresql_asks_nobody_above_it() {
    assert_never_speaks_of(
        "src/postgres",
        &[
            "crate::store",
            "crate::keys",
            "crate::tenancy",
            "crate::audit",
            "crate::authentication",
            "crate::operations",
            "crate::types",
            "crate::surface",
            "crate::worker",
        ],
    );
}

#[test]
fn keys_tenancy_audit_and_authentication_ask_nobody_above_them() {
    let above = [
        "crate::operations",
        "crate::surface",
        "crate::types",
        "crate::worker",
    ];
    for room in ["src/keys", "src/tenancy", "src/audit", "src/authentication"] {
        assert_never_speaks_of(room, &above);
    }
}

#[test]
fn tenancy_asks_neither_audit_nor_authentication_and_audit_not_authentication() {
    assert_never_speaks_of("src/keys", &["crate::audit", "crate::authentication"]);
    assert_never_speaks_of("src/tenancy", &["crate::audit", "crate::authentication"]);
    assert_never_speaks_of("src/audit", &["crate::authentication"]);
}

#[test]
fn what_speaks_to_others_knows_nothing_of_postgresql_and_of_no_other_room() {
    assert_never_speaks_of("src/connectors", &["pgrx::", "pg_sys", "crate::"]);
}

#[test]
fn operations_see_no_json() {
    assert_never_speaks_of(
        "src/operations",
        &["serde_json", "contract::json", "crate::surface", "Jsonb"],
    );
}

#[test]
fn the_surface_reaches_no_table() {
    assert_never_speaks_of("src/surface", &["crate::store", "crate::keys"]);
}

#[test]
fn only_one_file_asks_for_the_version_of_postgresql() {
    let compat = repository().join("src/postgres/compat.rs");
    for (path, text) in sources("src") {
        assert!(
            path == compat || !text.contains("feature = \"pg1"),
            "{} asks for a version",
            path.display()
        );
    }
}
