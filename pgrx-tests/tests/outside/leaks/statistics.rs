//! What ANALYZE keeps.

use vault_tests::Session;

use super::Planted;

const ROWS: i32 = 20;

/// Where PostgreSQL shows or keeps statistics, as texts. `$1` is the schema.
const PLACES: [(&str, &str); 6] = [
    (
        "pg_stats",
        "select s::text from pg_stats s where schemaname = $1",
    ),
    (
        "pg_statistic",
        "select s::text from pg_statistic s join pg_class c on c.oid = starelid
         where c.relnamespace = $1::text::regnamespace",
    ),
    (
        "pg_stats_ext",
        "select s::text from pg_stats_ext s where schemaname = $1",
    ),
    (
        "pg_stats_ext_exprs",
        "select s::text from pg_stats_ext_exprs s where schemaname = $1",
    ),
    (
        "pg_statistic_ext_data",
        "select m::text from pg_statistic_ext s join pg_statistic_ext_data d on d.stxoid = s.oid,
                pg_mcv_list_items(d.stxdmcv) m where s.stxnamespace = $1::text::regnamespace",
    ),
    (
        "expressions in pg_statistic_ext_data",
        "select e::text from pg_statistic_ext s join pg_statistic_ext_data d on d.stxoid = s.oid,
                unnest(d.stxdexpr) e where s.stxnamespace = $1::text::regnamespace",
    ),
];

fn texts(superuser: &mut Session, query: &str, schema: &str) -> String {
    let rows = superuser.rows(query, &[&schema]).unwrap();
    let texts: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    texts.join("\n")
}

#[test]
fn statistics_of_columns_indexes_and_expressions_show_no_plaintext() {
    let planted = Planted::new();
    for id in 2..=ROWS {
        planted.insert(id);
    }
    planted
        .sql()
        .run(
            "create index on people (searchable);
             create index on people using hash (card);
             create index on people ((marker || vault.mask(card)), (marker || searchable), (marker || text));
             create statistics several (mcv, ndistinct, dependencies) on marker, searchable, card from people;
             create statistics computed (mcv) on (marker || vault.last4(card)), (marker || searchable),
                                                 (marker || json) from people;
             analyze people",
        )
        .unwrap();
    let mut superuser = planted.stack.superuser();
    for (place, query) in PLACES {
        planted.hidden_in(place, texts(&mut superuser, query, &planted.schema));
    }
}

#[test]
fn what_would_keep_plaintext_beside_the_table_is_refused() {
    const REFUSED: &str = "decryption is not allowed in statistics, indexes or materialized views";
    for value in ["text", "searchable", "card"] {
        let planted = Planted::new();
        let mut sql = planted.sql();
        let immutable = "functions in index expression must be marked IMMUTABLE";
        let decrypt = format!("vault.decrypt({value})");
        sql.run(&format!(
            "create function lying(people) returns text immutable language sql as 'select vault.decrypt($1.{value})';
             create statistics opened on ({decrypt}), marker from people"
        ))
        .unwrap();
        for (statement, sqlstate, message) in [
            (
                format!("create index on people (({decrypt}))"),
                "42P17",
                immutable,
            ),
            (
                "create index on people (lying(people))".to_owned(),
                "0A000",
                REFUSED,
            ),
            ("analyze people".to_owned(), "0A000", REFUSED),
            (
                format!("create materialized view opened as select {decrypt} from people"),
                "0A000",
                REFUSED,
            ),
        ] {
            let refused = sql.run(&statement).unwrap_err();
            assert_eq!(refused.pair(), (sqlstate, message), "{statement}");
        }
        sql.run("drop statistics opened; analyze people").unwrap();
    }
}
