//! Words that the code of a room must not contain.

use super::graph::Crate;
use super::source::Source;

/// The files that contain one of the words, each with the word.
fn speaking_of(
    sources: &[Source],
    words: &[&str],
    excepted: impl Fn(&Source) -> bool,
) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| !excepted(source)) {
        let words = words.iter().filter(|word| source.text.contains(**word));
        found.extend(words.map(|word| format!("{}: {word}", source.path)));
    }
    found
}

fn is_in(rooms: &'static [&'static str]) -> impl Fn(&Source) -> bool {
    |source| rooms.contains(&source.room())
}

fn is_outside(rooms: &'static [&'static str]) -> impl Fn(&Source) -> bool {
    |source| !rooms.contains(&source.room())
}

const NONE: [String; 0] = [];

#[test]
fn the_core_knows_nothing_of_postgresql_files_or_the_clock() {
    let words = ["pgrx", "pg_sys", "std::fs", "SystemTime::now"];
    let core = Crate::read("core/src").sources;
    assert_eq!(speaking_of(&core, &words, is_in(&[])), NONE);
}

#[test]
fn what_speaks_to_others_knows_nothing_of_postgresql() {
    let words = ["pgrx::", "pg_sys"];
    let sources = Crate::read("src").sources;
    assert_eq!(
        speaking_of(&sources, &words, is_outside(&["connectors"])),
        NONE
    );
}

#[test]
fn nothing_but_the_store_has_statements() {
    let sources = Crate::read("src").sources;
    let words = ["Spi::", "SPI_", "statements! {"];
    assert_eq!(
        speaking_of(&sources, &words, is_in(&["store", "postgres"])),
        NONE
    );
    assert_eq!(speaking_of(&sources, &["Spi::"], is_in(&["store"])), NONE);
}

#[test]
fn operations_see_no_json_and_no_header() {
    let sources = Crate::read("src").sources;
    let words = ["serde_json", "contract::json", "Jsonb", "headers"];
    assert_eq!(
        speaking_of(&sources, &words, is_outside(&["operations"])),
        NONE
    );
}

#[test]
fn only_one_file_asks_for_the_version_of_postgresql() {
    let sources = Crate::read("src").sources;
    let is_compat = |source: &Source| source.path == "postgres/compat.rs";
    assert_eq!(speaking_of(&sources, &["feature = \"pg1"], is_compat), NONE);
}

#[test]
fn only_one_file_names_sqlstates() {
    let sources = Crate::read("src").sources;
    let is_sqlstate = |source: &Source| source.path == "error/sqlstate.rs";
    let words = ["PgSqlErrorCode::", "ERRCODE_"];
    assert_eq!(speaking_of(&sources, &words, is_sqlstate), NONE);
}

#[test]
fn unsafe_code_stands_in_two_rooms() {
    for (folder, rooms) in [("src", &["postgres", "types"][..]), ("core/src", &[][..])] {
        for source in &Crate::read(folder).sources {
            let may = rooms.contains(&source.room());
            assert!(may || !source.has_unsafe_code, "{folder}/{}", source.path);
        }
    }
}

#[test]
fn merchants_profiles_customers_and_payment_methods_are_no_strings() {
    let names = [
        "merchant_id",
        "profile_id",
        "customer_id",
        "payment_method_id",
    ];
    let texts = [
        "&str",
        "&'a str",
        "String",
        "Option<&str>",
        "Option<&'a str>",
        "Option<String>",
    ];
    let declarations = |name: &str| {
        // The character before the name tells it from the end of a longer name, such as `connector_customer_id`.
        texts.map(|text| [format!(" {name}: {text}"), format!("({name}: {text}")])
    };
    let words: Vec<String> = names.into_iter().flat_map(declarations).flatten().collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let sources = Crate::read("src").sources;
    assert_eq!(speaking_of(&sources, &words, is_in(&["surface"])), NONE);
}
