//! What EXPLAIN shows.

use vault_tests::Session;

use super::Planted;
use super::planted::SEALED;

/// Statements of an application, as PREPARE names them. Their parameters are the secrets; MARKER stands for the marker.
const STATEMENTS: [(&str, &str); 7] = [
    ("insert", "insert into people select 2, 'MARKER', SEALED"),
    (
        "update",
        "update people set (text, json, searchable, card) = (select SEALED) where marker = 'MARKER'",
    ),
    (
        "look_up_of_a_text",
        "select id from people where marker = 'MARKER' and searchable = vault.searchable($3)",
    ),
    (
        "look_up_of_a_card",
        "select id from people where marker = 'MARKER' and card = vault.card_number($4)",
    ),
    (
        "join_of_two",
        "select * from people p join people q using (searchable) where p.marker = 'MARKER' and q.card = vault.card_number($4)",
    ),
    (
        "groups",
        "select vault.decrypt(searchable), count(*) from people where marker = 'MARKER' group by searchable",
    ),
    (
        "decrypt",
        "select vault.decrypt(text), vault.decrypt(json), vault.decrypt(searchable), vault.decrypt(card) from people
         where marker = 'MARKER' and vault.decrypt(text) = $1 and vault.decrypt(json) = $2",
    ),
];

/// Explains an execution of a prepared statement, so that the text that is sent shows no parameter.
const EXPLAIN: &str = "
    create function explained(name text, variadic arguments text[]) returns setof text language plpgsql as $$
    declare
        literals text := (select string_agg(quote_literal(argument), ', ') from unnest(arguments) argument);
    begin
        return query execute format('explain (verbose, analyze) execute %I(%s)', name, literals);
    end $$";

fn prepared(planted: &Planted) -> Session {
    let mut sql = planted.sql();
    sql.run(EXPLAIN).unwrap();
    for (name, statement) in STATEMENTS {
        let statement = statement
            .replace("MARKER", &planted.marker)
            .replace("SEALED", SEALED);
        sql.run(&format!(
            "prepare {name} (text, jsonb, text, text) as {statement}"
        ))
        .unwrap();
    }
    sql
}

fn explained(sql: &mut Session, planted: &Planted, name: &str) -> String {
    let rows = sql
        .rows(
            "select explained($1, $2, $3, $4, $5)",
            &[
                &name,
                &planted.text,
                &planted.json.to_string(),
                &planted.searchable,
                &planted.card.number,
            ],
        )
        .unwrap();
    let lines: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert!(lines.iter().any(|line| line.starts_with("Execution Time")));
    lines.join("\n")
}

#[test]
fn a_generic_plan_shows_no_plaintext() {
    let planted = Planted::new();
    let mut sql = prepared(&planted);
    sql.run("set plan_cache_mode = force_generic_plan").unwrap();
    for (name, _) in STATEMENTS {
        planted.hidden_in(name, explained(&mut sql, &planted, name));
    }
}

/// As docs/encrypted-columns.md says; and the search finds what is there to be found.
#[test]
fn a_plan_made_for_its_parameters_shows_them() {
    let planted = Planted::new();
    let mut sql = prepared(&planted);
    sql.run("set plan_cache_mode = force_custom_plan").unwrap();
    let plan = explained(&mut sql, &planted, "insert");
    assert_eq!(
        planted.shown_in(plan.as_bytes()),
        [
            "encrypted_text",
            "encrypted_json",
            "searchable_text",
            "card_number"
        ]
    );
}
