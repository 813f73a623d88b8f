//! What PostgreSQL's errors quote of a row.

use vault_tests::{Refused, random};

use super::Planted;

/// A reason to refuse a row that is like the first one of `people`: what there is besides, the table that the row goes
/// into, and the SQLSTATE.
const REASONS: [(&str, &str, &str); 14] = [
    ("alter table people add check (id < 2)", "people", "23514"),
    (
        "create table strict (like people, more text not null)",
        "strict",
        "23502",
    ),
    (
        "alter table people add unique (marker, searchable)",
        "people",
        "23505",
    ),
    (
        "alter table people add unique (marker, card)",
        "people",
        "23505",
    ),
    (
        "alter table people add exclude using btree (marker with =, searchable with =)",
        "people",
        "23P01",
    ),
    (
        "alter table people add exclude using btree (marker with =, card with =)",
        "people",
        "23P01",
    ),
    (
        "create table parents (marker text, value vault.searchable_text, primary key (marker, value));
         create table children (like people, foreign key (marker, searchable) references parents)",
        "children",
        "23503",
    ),
    (
        "create table parents (marker text, value vault.card_number, primary key (marker, value));
         create table children (like people, foreign key (marker, card) references parents)",
        "children",
        "23503",
    ),
    (
        "create table parts (like people) partition by range (marker, searchable)",
        "parts",
        "23514",
    ),
    (
        "create table parts (like people) partition by range (marker, card)",
        "parts",
        "23514",
    ),
    (
        "create view checked as select * from people where id < 2 with check option",
        "checked",
        "44000",
    ),
    (
        "create function refuse() returns trigger language plpgsql as $$ begin raise '%', new; end $$;
         create trigger refuse before insert on people for each row execute function refuse()",
        "people",
        "P0001",
    ),
    (
        "create function cast_it() returns trigger language plpgsql as $$ begin new.id := new::text; return new; end $$;
         create trigger cast_it before insert on people for each row execute function cast_it()",
        "people",
        "22P02",
    ),
    (
        "create function cast_it() returns trigger language plpgsql as $$
         begin new.id := new.text || new.json::text || new.searchable || new.card || new.marker; return new; end $$;
         create trigger cast_it before insert on people for each row execute function cast_it()",
        "people",
        "22P02",
    ),
];

fn text_of(refused: &Refused) -> String {
    format!("{} {}", refused.message, refused.rest)
}

#[test]
fn an_error_that_quotes_a_row_shows_no_plaintext() {
    for (besides, table, sqlstate) in REASONS {
        let planted = Planted::new();
        let mut sql = planted.sql();
        sql.run(besides).unwrap();
        let refused = planted.try_insert(&mut sql, table, 2).unwrap_err();
        assert_eq!(refused.sqlstate, sqlstate, "{besides}: {refused:?}");
        planted.hidden_in(besides, text_of(&refused));
    }
}

#[test]
fn a_referenced_row_that_stays_is_quoted_without_plaintext() {
    for column in ["searchable", "card"] {
        let planted = Planted::new();
        let mut sql = planted.sql();
        sql.run(&format!(
            "alter table people add unique (marker, {column});
             create table children (like people, foreign key (marker, {column}) references people (marker, {column}))"
        ))
        .unwrap();
        planted.try_insert(&mut sql, "children", 1).unwrap();
        let refused = sql.run("delete from people").unwrap_err();
        assert_eq!(refused.sqlstate, "23503", "{refused:?}");
        planted.hidden_in(column, text_of(&refused));
    }
}

#[test]
fn a_text_that_no_b_tree_takes_is_not_quoted() {
    let planted = Planted::new();
    let mut sql = planted.sql();
    let index = random::name("long");
    sql.run(&format!("create index {index} on people (searchable)"))
        .unwrap();
    let long = planted.text.repeat(200);
    let refused = sql
        .execute(
            "insert into people (id, marker, searchable) values (2, '', vault.searchable($1))",
            &[&long],
        )
        .unwrap_err();
    assert_eq!(refused.sqlstate, "54000");
    assert!(text_of(&refused).contains(&index), "{refused:?}");
    assert!(planted.shown_in(text_of(&refused).as_bytes()).is_empty());
}
