//! What COPY and `pg_dump` write.

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
