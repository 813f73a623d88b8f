//! The rules of the house, as ARCHITECTURE.md and CONTRIBUTING.md claim them: the order of the rooms, and the size of what is in
//! them.

mod arrows;
mod graph;
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
