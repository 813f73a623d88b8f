//! What COPY and `pg_dump` write.

use vault_tests::Session;

use super::Planted;

#[test]
fn a_copy_in_any_format_shows_no_plaintext() {
    let planted = Planted::new();
    let mut sql = planted.sql();
    for format in ["text", "csv", "binary"] {
        for source in ["people", "(select p, to_jsonb(p) from people p)"] {
            let copied = sql
                .copy_out(&format!("copy {source} to stdout (format {format})"))
                .unwrap();
            planted.hidden_in(&format!("COPY {source}, {format}"), copied);
        }
    }
}

#[test]
fn a_dump_in_any_format_shows_no_plaintext() {
    let planted = Planted::new();
    planted
        .sql()
        .run(
            "create index on people (vault.mask(card));
             create view shown as select id, vault.decrypt(searchable) from people;
             create materialized view masked as select marker, vault.mask(card), vault.last4(card) from people",
        )
        .unwrap();
    for options in [
        ["--format=plain", "--inserts"].as_slice(),
        &["--format=plain"],
        &["--format=plain", "--column-inserts"],
        &["--format=custom", "--compress=0"],
        &["--format=tar"],
    ] {
        let schema = ["--schema", &planted.schema];
        let dump = planted
            .stack
            .dump_with(&[options, schema.as_slice()].concat());
        planted.hidden_in(&options.join(" "), dump);
    }
}

/// From version 18 on, a dump may carry statistics, and their values are read by the input functions of their types again.
#[test]
fn statistics_in_a_dump_show_no_plaintext_and_can_be_restored() {
    let planted = Planted::new();
    for id in 2..=20 {
        planted.insert(id);
    }
    planted.sql().run("analyze people").unwrap();
    let mut superuser = planted.stack.superuser();
    let statistics = |superuser: &mut Session| -> String {
        let kept = "select string_agg(s::text, ' ' order by attname) from pg_stats s where schemaname = $1";
        superuser.value(kept, &[&planted.schema]).unwrap()
    };
    let before = statistics(&mut superuser);

    let carried = superuser.postgresql_version() >= 18;
    let part = if carried {
        "--statistics-only"
    } else {
        "--data-only"
    };
    let dump = planted
        .stack
        .dump_with(&[part, "--schema", &planted.schema]);
    planted.hidden_in(part, &dump);
    if carried {
        let clear = "select count(pg_clear_attribute_stats($1, 'people', attname, false))
                     from pg_attribute where attrelid = ($1 || '.people')::regclass and attnum > 0";
        superuser.rows(clear, &[&planted.schema]).unwrap();
        planted.stack.run_script(&dump);
    }
    assert_eq!(statistics(&mut superuser), before);
}
