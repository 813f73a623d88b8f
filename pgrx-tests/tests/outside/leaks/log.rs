//! What the server writes into its log when it is asked for everything.

use std::{env, fs};

use regex::Regex;
use vault_tests::{Stack, random};

use super::Planted;

/// Everything that can be asked for, but for the texts of statements, which have what somebody wrote into them.
const TALKATIVE: [&str; 10] = [
    "log_min_messages = debug5",
    "log_error_verbosity = verbose",
    "debug_print_parse = on",
    "debug_print_rewritten = on",
    "debug_print_plan = on",
    "session_preload_libraries = auto_explain",
    "auto_explain.log_min_duration = 0",
    "auto_explain.log_analyze = on",
    "auto_explain.log_verbose = on",
    "auto_explain.log_nested_statements = on",
];

/// What the log has from a role that does everything with the planted row, in a talkative session with more settings.
fn logged(planted: &Planted, more: &[&str]) -> String {
    let mut superuser = planted.stack.superuser();
    for setting in TALKATIVE.iter().chain(more) {
        superuser
            .run(&format!("alter role {} set {setting}", planted.role))
            .unwrap();
    }
    let log = planted.stack.state.join("log/postgresql.log");
    let start = fs::metadata(&log).unwrap().len();

    let mut sql = planted.sql();
    planted.try_insert(&mut sql, "people", 1).unwrap();
    let duplicate = planted.try_insert(&mut sql, "people", 1).unwrap_err();
    assert_eq!(duplicate.sqlstate, "23505");
    let found = sql
        .rows(
            &format!(
                "select vault.decrypt(text), vault.decrypt(json), vault.decrypt(searchable), vault.decrypt(card)
                 from people where marker = '{}' and searchable = vault.searchable($1) and card = vault.card_number($2::text)",
                planted.marker
            ),
            &[&planted.searchable, &planted.card.number],
        )
        .unwrap();
    assert_eq!(found[0].get::<_, &str>(0), planted.text);
    sql.run("analyze people").unwrap();

    let log = fs::read(log).unwrap();
    let log = String::from_utf8_lossy(&log[usize::try_from(start).unwrap()..]).into_owned();
    // The bytes of a constant may go on in the next line.
    log.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_log_at_its_most_talkative_shows_no_plaintext() {
    let planted = Planted::within(&Stack::shared());
    let log = logged(&planted, &["plan_cache_mode = force_generic_plan"]);
    for kind in ["parse tree:", "plan:", "Query Text:", "DETAIL:", "DEBUG:"] {
        assert!(log.contains(kind), "no {kind}");
    }
    planted.hidden_in("the log", log);
}

/// Parameters become constants of a plan that is made for them.
#[test]
fn a_printed_plan_shows_the_values_of_no_constant() {
    let planted = Planted::within(&Stack::shared());
    let log = logged(
        &planted,
        &[
            "plan_cache_mode = force_custom_plan",
            "auto_explain.log_min_duration = -1",
        ],
    );
    assert!(log.contains(":constvalue *"), "no constant in a plan");
    assert!(!Regex::new(r":constvalue \d").unwrap().is_match(&log));
    planted.hidden_in("the log", log);
}

/// From version 17 on, COPY can skip such a row and tell its value.
#[test]
fn a_value_that_copy_cannot_read_is_masked_in_the_log() {
    let planted = Planted::within(&Stack::shared());
    let file = env::temp_dir().join(random::name("copied"));
    fs::write(&file, format!("{}\n", planted.card.number)).unwrap();
    let mut superuser = planted.stack.superuser();
    superuser
        .run("set log_min_messages = notice; set log_error_verbosity = verbose; set log_min_error_statement = error")
        .unwrap();
    let skips = superuser.postgresql_version() >= 17;
    let options = if skips {
        "(on_error ignore, log_verbosity verbose)"
    } else {
        ""
    };
    let log = planted.stack.state.join("log/postgresql.log");
    let start = fs::metadata(&log).unwrap().len();

    let (schema, path) = (&planted.schema, file.display());
    let copied = superuser.run(&format!(
        "copy {schema}.people (id) from '{path}' {options}"
    ));
    fs::remove_file(&file).unwrap();
    assert_eq!(copied.is_ok(), skips, "{copied:?}");
    let log = fs::read(log)
        .unwrap()
        .split_off(usize::try_from(start).unwrap());
    let told = String::from_utf8_lossy(&log);
    assert!(told.contains("line 1"), "{told}");
    assert_eq!(planted.shown_in(&log), [""; 0], "{told}");
}
