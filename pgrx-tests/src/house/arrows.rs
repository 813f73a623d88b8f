//! The arrows of ARCHITECTURE.md: a room needs only rooms below it, and no files need each other in a circle.

use std::collections::BTreeMap;

use super::graph::Crate;

/// The rooms of one crate, lowest floor first. Rooms of one floor do not need each other.
struct House {
    folder: &'static str,
    floors: &'static [&'static [&'static str]],
    /// Pairs of a room and a lower room that it must not need all the same.
    closed: &'static [(&'static str, &'static str)],
}

const EXTENSION: House = House {
    folder: "src",
    floors: &[
        &["connectors"],
        &["error"],
        &["postgres"],
        &["metrics"],
        &["settings"],
        &["store"],
        &["keys"],
        &["tenancy"],
        &["audit"],
        &["authentication"],
        &["types", "operations"],
        &["surface", "worker"],
        &["schema"],
        &["lib"],
    ],
    closed: &[
        ("surface", "store"),
        ("surface", "keys"),
        ("surface", "connectors"),
        ("types", "store"),
        ("types", "connectors"),
        ("postgres", "connectors"),
        ("store", "connectors"),
        ("keys", "connectors"),
        ("tenancy", "connectors"),
        ("audit", "connectors"),
        ("authentication", "connectors"),
    ],
};

const CORE: House = House {
    folder: "core/src",
    floors: &[
        &["names", "luhn"],
        &["mention"],
        &["ids", "time"],
        &["card"],
        &["crypto"],
        &["contract"],
        &["limits", "redaction"],
        &["lib"],
    ],
    closed: &[
        ("redaction", "names"),
        ("redaction", "mention"),
        ("redaction", "ids"),
        ("redaction", "time"),
        ("redaction", "card"),
        ("redaction", "crypto"),
        ("redaction", "contract"),
        ("limits", "luhn"),
        ("limits", "mention"),
        ("limits", "ids"),
        ("limits", "time"),
        ("limits", "card"),
        ("limits", "crypto"),
        ("limits", "contract"),
    ],
};

impl House {
    fn floor(&self, room: &str) -> usize {
        let mut floors = self.floors.iter();
        let floor = floors.position(|floor| floor.contains(&room));
        floor.unwrap_or_else(|| panic!("{}: the room {room} has no floor", self.folder))
    }

    fn may_need(&self, room: &str, other: &str) -> bool {
        room == other
            || self.floor(other) < self.floor(room) && !self.closed.contains(&(room, other))
    }

    /// The files of this crate that need what their room may not need.
    fn violations(&self, files: &Crate) -> Vec<String> {
        let rooms: BTreeMap<&str, &str> = files
            .sources
            .iter()
            .map(|source| (source.path.as_str(), source.room()))
            .collect();
        let mut violations = Vec::new();
        for (file, needed) in files.needs() {
            for other in needed {
                if !self.may_need(rooms[file], rooms[other]) {
                    violations.push(format!("{file} needs {other}"));
                }
            }
        }
        violations
    }

    fn rooms(&self) -> impl Iterator<Item = &'static str> {
        let floors = self.floors.iter().copied();
        floors.flatten().copied().filter(|room| *room != "lib")
    }

    /// A made-up crate with one file in each room. The file of one room has this text.
    fn with(&self, room: &str, text: &str) -> Crate {
        let text_of = |of: &str| if of == room { text } else { "pub fn it() {}" };
        let files = self
            .rooms()
            .map(|of| (format!("{of}/file.rs"), text_of(of)));
        let modules = self
            .rooms()
            .map(|of| (format!("{of}/mod.rs"), "pub mod file;"));
        let root = [("lib.rs".to_owned(), "")];
        let files = files.chain(modules).chain(root);
        Crate::of(files.map(|(path, text)| (path, text.to_owned())))
    }
}

#[test]
fn every_arrow_of_the_extension_points_down() {
    let files = Crate::read(EXTENSION.folder);
    let violations = EXTENSION.violations(&files);
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn every_arrow_of_the_core_points_down() {
    let files = Crate::read(CORE.folder);
    let violations = CORE.violations(&files);
    assert!(violations.is_empty(), "{violations:#?}");
}

#[test]
fn no_files_need_each_other_in_a_circle() {
    for folder in [EXTENSION.folder, CORE.folder] {
        let files = Crate::read(folder);
        let circles = files.circles();
        assert!(circles.is_empty(), "{folder}: {circles:#?}");
    }
}

/// Each way in which code can name another room.
fn mentions(room: &str) -> [String; 7] {
    [
        format!("use crate::{room}::file::it;"),
        format!("use crate::{{{room}::file}};"),
        format!("use crate::{room}::file::{{self, it as other}};"),
        format!("use super::super::{room}::file::*;"),
        format!("fn call() {{ crate::{room}::file::it() }}"),
        format!("use crate::{room}; fn call() {{ {room}::file::it() }}"),
        format!("fn call() {{ println!(\"{{:?}}\", crate::{room}::file::it()) }}"),
    ]
}

#[test]
fn a_planted_violation_of_each_arrow_is_found() {
    for house in [EXTENSION, CORE] {
        for room in house.rooms() {
            for other in house.rooms().filter(|other| *other != room) {
                for text in mentions(other) {
                    let found = house.violations(&house.with(room, &text));
                    let violation = format!("{room}/file.rs needs {other}/file.rs");
                    let expected = !house.may_need(room, other);
                    assert_eq!(found.contains(&violation), expected, "{room}: {text}");
                }
            }
        }
    }
}

#[test]
fn a_planted_circle_is_found_and_a_facade_is_none() {
    let circle = |module: &str| {
        let files = [
            ("lib.rs", "mod room;"),
            ("room/mod.rs", module),
            ("room/above.rs", "use super::Thing;"),
            ("room/thing.rs", "pub struct Thing;"),
        ];
        let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
        Crate::of(files).circles().len()
    };
    assert_eq!(circle("mod above; mod thing; pub use thing::Thing;"), 0);
    assert_eq!(circle("mod above; use above::it; struct Thing;"), 1);
}
