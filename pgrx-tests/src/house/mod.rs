//! Tests of the rules that ARCHITECTURE.md and CONTRIBUTING.md state: the order of the rooms, the words and statements that a
//! room may have, the size of files and functions, numbers that stand in several files, and what the documents refer to.

mod arrows;
mod documents;
mod graph;
mod nodes;
mod release;
mod size;
mod source;
mod statements;
mod words;

use std::path::{Path, PathBuf};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}
