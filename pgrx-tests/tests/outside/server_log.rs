//! The server's log holds no card data, whoever writes to it.

use std::fs;

use serde_json::Value;
use vault_tests::{Card, Session, Tenant, random};

/// What stands in PostgreSQL's log on lines with `mark`.
fn log_lines(tenant: &Tenant, mark: &str) -> String {
    let log = fs::read(tenant.stack.state.join("log/postgresql.log")).unwrap();
    let log = String::from_utf8_lossy(&log).into_owned();
    let lines: Vec<&str> = log.lines().filter(|line| line.contains(mark)).collect();
    lines.join("\n")
}

/// Has `statement` see the text as the setting `test.text`, so that the statement itself does not show it.
fn with_text(
    session: &mut Session,
    text: &str,
    statement: &str,
) -> Result<(), vault_tests::Refused> {
    session
        .execute("select set_config('test.text', $1, false)", &[&text])
        .unwrap();
    session.run(statement)
}

#[test]
fn a_card_number_that_somebody_logs_is_masked() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let card = Card::new();
    let (mark, spaced) = (random::name("mark"), card.number.clone());
    let (start, end) = spaced.split_at(8);
    let texts = [
        format!("{mark}: {}", card.number),
        format!("{mark}: {start} {end}"),
        format!(r#"{mark}: {{"card_cvc":"{}"}}"#, card.cvc),
    ];
    for text in &texts {
        with_text(
            &mut superuser,
            text,
            "do $$ begin raise log '%', current_setting('test.text'); end $$",
        )
        .unwrap();
    }

    let logged = log_lines(&tenant, &mark);

    assert_eq!(logged.lines().count(), texts.len(), "{logged}");
    for digits in [start, end, &format!("\"{}\"", card.cvc)] {
        assert!(!logged.contains(digits), "{logged}");
    }
}

#[test]
fn a_card_number_beside_other_digits_is_masked() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let number = Card::new().number;
    let mark = random::name("mark");
    for text in [
        format!("{mark}: 42 {number}"),
        format!("{mark}: {number} 737"),
        format!("{mark}: {number}-1"),
    ] {
        with_text(
            &mut superuser,
            &text,
            "do $$ begin raise log '%', current_setting('test.text'); end $$",
        )
        .unwrap();
    }

    let logged = log_lines(&tenant, &mark);

    assert_eq!(logged.lines().count(), 3, "{logged}");
    assert!(!logged.contains(&number), "{logged}");
}

#[test]
fn an_error_that_quotes_a_card_number_is_masked_in_the_log() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let card = Card::new();
    let mark = random::name("mark");
    let text = format!("{mark}: {}", card.number);

    let failed = with_text(
        &mut superuser,
        &text,
        "do $$ begin perform current_setting('test.text')::int; end $$",
    );

    assert_eq!(failed.unwrap_err().sqlstate, "22P02");
    let logged = log_lines(&tenant, &mark);
    assert!(
        !logged.is_empty() && !logged.contains(&card.number),
        "{logged}"
    );
}

#[test]
fn an_error_of_an_operation_shows_no_parameter_in_the_log() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let mut sql = tenant.sql();
    let mark = random::name("mark");
    let mut request = Card::new().create_for(&customer);
    request["payment_method_data"]["card"]["nick_name"] = Value::from(mark.repeat(20));

    assert_eq!(
        sql.call("create_payment_method($1)", &[&request])
            .unwrap_err()
            .sqlstate,
        "22023"
    );

    assert_eq!(log_lines(&tenant, &mark), "");
}
