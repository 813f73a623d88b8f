use serde::Deserialize;

use super::*;

const CARD: &str = "4111111111111111";

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Request {
    name: String,
    count: Option<i64>,
    enabled: Option<bool>,
    inner: Option<Inner>,
    kind: Option<Kind>,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Inner {
    text: String,
}

#[derive(Debug, Deserialize, PartialEq)]
enum Kind {
    Visa,
}

#[derive(Debug, Deserialize, PartialEq)]
#[serde(deny_unknown_fields)]
struct Empty {}

fn message(body: impl AsRef<[u8]>) -> String {
    from_slice::<Request>(body.as_ref())
        .unwrap_err()
        .to_string()
}

fn refused(body: impl AsRef<[u8]>, reason: &str) {
    assert_eq!(message(body), format!("Json deserialize error: {reason}"));
}

#[test]
fn a_well_formed_request_is_read() {
    let request: Request =
        from_slice(br#" {"name":"a","inner":{"text":"b"},"kind":"Visa"} "#).unwrap();
    assert_eq!(request.name, "a");
    assert_eq!(request.inner, Some(Inner { text: "b".into() }));
    assert_eq!(request.kind, Some(Kind::Visa));
}

#[test]
fn what_is_no_object_is_refused() {
    refused("", "EOF while parsing a value at line 1 column 0");
    for body in ["null", "true", "7", "-7", "7.5", "\"x\"", "[]", "[[1]]"] {
        assert!(
            message(body).starts_with("Json deserialize error: expected an object at line 1"),
            "{body}"
        );
    }
}

#[test]
fn a_truncated_body_is_refused_at_every_length() {
    let body = br#"{"name":"a","inner":{"text":"b"},"count":-1}"#;
    for length in 0..body.len() {
        assert!(from_slice::<Request>(&body[..length]).is_err(), "{length}");
    }
    assert!(from_slice::<Request>(body).is_ok());
}

#[test]
fn trailing_characters_are_refused() {
    refused(
        r#"{"name":"a"}{}"#,
        "trailing characters at line 1 column 13",
    );
}

#[test]
fn duplicate_members_are_refused_at_any_depth() {
    refused(
        r#"{"name":"a","name":"b"}"#,
        "duplicate member at line 1 column 18",
    );
    assert!(
        message(r#"{"name":"a","x":[{"a":1,"\u0061":2}]}"#)
            .starts_with("Json deserialize error: duplicate member at line 1")
    );
}

#[test]
fn nesting_is_limited_to_32_levels() {
    #[derive(Debug, Deserialize)]
    struct Free {
        #[expect(dead_code, reason = "only its shape matters")]
        a: serde_json::Value,
    }
    let nested = |levels: usize| {
        format!(
            "{{\"a\":{}{}}}",
            "[".repeat(levels - 1),
            "]".repeat(levels - 1)
        )
    };
    assert!(from_slice::<Free>(nested(32).as_bytes()).is_ok());
    assert_eq!(
        from_slice::<Free>(nested(33).as_bytes())
            .unwrap_err()
            .to_string(),
        "Json deserialize error: nested deeper than 32 levels at line 1 column 38"
    );
    assert!(
        message("{\"a\":".repeat(5_000))
            .starts_with("Json deserialize error: nested deeper than 32 levels")
    );
}

#[test]
fn a_body_has_at_most_32768_bytes() {
    let padded = |length: usize| format!("{{{}}}", " ".repeat(length - 2));
    assert!(from_slice::<Empty>(padded(32_768).as_bytes()).is_ok());
    let refused = from_slice::<Empty>(padded(32_769).as_bytes()).unwrap_err();
    assert_eq!(refused, Refusal::BodyTooLarge { limit: 32_768 });
}

#[test]
fn a_nul_is_refused_in_values_and_names() {
    for body in [
        r#"{"name":"a\u0000b"}"#,
        r#"{"na\u0000me":"ab"}"#,
        r#"{"name":"a","x":["\u0000"]}"#,
    ] {
        assert!(
            message(body).starts_with("Json deserialize error: \\u0000 is not allowed at line 1"),
            "{body}"
        );
    }
}

#[test]
fn invalid_utf8_is_refused_with_its_position() {
    refused(b"\xff", "invalid UTF-8 at line 1 column 1");
    refused(
        b"{\n\"name\":\"\xc3(\"}",
        "invalid UTF-8 at line 2 column 9",
    );
    // A surrogate half, encoded.
    refused(
        b"{\"name\":\"\xed\xa0\x80\"}",
        "invalid UTF-8 at line 1 column 10",
    );
}

#[test]
fn lone_surrogates_are_refused() {
    assert!(from_slice::<Request>(br#"{"name":"\ud800"}"#).is_err());
}

#[test]
fn a_wrong_type_is_refused_with_what_was_expected() {
    refused(
        r#"{"name":4111111111111111}"#,
        "invalid type, expected a string at line 1 column 24",
    );
    refused(
        r#"{"name":"a","count":"1"}"#,
        "invalid type, expected i64 at line 1 column 23",
    );
    refused(
        r#"{"name":"a","enabled":"true"}"#,
        "invalid type, expected a boolean at line 1 column 28",
    );
    refused(
        r#"{"name":null}"#,
        "invalid type, expected a string at line 1 column 12",
    );
}

#[test]
fn missing_and_unknown_members_are_refused_with_our_names_only() {
    refused("{}", "missing field `name` at line 1 column 2");
    refused(
        r#"{"4111111111111111":1}"#,
        "unknown field, expected one of `name`, `count`, `enabled`, `inner`, `kind` at line 1 column 19",
    );
    refused(
        r#"{"name":"a","inner":{"x":1}}"#,
        "unknown field, expected `text` at line 1 column 24",
    );
    refused(
        r#"{"name":"a","kind":"4111"}"#,
        "unknown variant, expected `Visa` at line 1 column 25",
    );
}

#[test]
fn an_object_is_not_read_from_an_array_of_its_values() {
    #[derive(Debug, Deserialize)]
    struct Outer {
        #[expect(dead_code, reason = "only its shape matters")]
        inner: Option<Object<Inner>>,
    }
    let outer = |body: &str| from_slice::<Outer>(body.as_bytes());
    assert!(outer(r#"{"inner":{"text":"a"}}"#).is_ok());
    assert!(outer(r#"{"inner":null}"#).is_ok());
    assert_eq!(
        outer(r#"{"inner":["a"]}"#).unwrap_err().to_string(),
        "Json deserialize error: invalid type, expected an object at line 1 column 9"
    );
}

/// Card numbers, dressed up as parts of serde's messages, in every place where a client can put text.
#[test]
fn nothing_that_the_client_sent_comes_back() {
    let disguises = [
        CARD.to_owned(),
        format!("x, expected {CARD}"),
        format!("x`, expected `{CARD}`"),
        format!("x`, expected one of `{CARD}"),
        format!("missing field `{CARD}`"),
        format!("x at line {CARD} column {CARD}"),
        format!("x`, expected `{CARD}` at line {CARD} column {CARD}"),
        format!("x\n, expected {CARD}\n"),
        format!("{CARD}, there are no fields"),
        format!("x, expected {CARD}`, there are no fields"),
    ];
    for disguise in disguises {
        let text = serde_json::to_string(&disguise).unwrap();
        let bodies = [
            text.clone(),
            format!("{{{text}:1}}"),
            format!("{{{text}:1,{text}:2}}"),
            format!("{{\"name\":{CARD}}}"),
            format!("{{\"name\":{CARD}.5}}"),
            format!("{{\"name\":{CARD}{CARD}{CARD}}}"),
            format!("{{\"name\":{CARD}e999}}"),
            format!("{{\"name\":{CARD}x}}"),
            format!("{{\"name\":[{text}]}}"),
            format!("{{\"name\":{{{text}:{text}}}}}"),
            format!("{{\"name\":\"a\",{text}:1}}"),
            format!("{{\"name\":\"a\",\"count\":{text}}}"),
            format!("{{\"name\":\"a\",\"count\":{CARD}{CARD}}}"),
            format!("{{\"name\":\"a\",\"count\":{CARD}.5}}"),
            format!("{{\"name\":\"a\",\"enabled\":{text}}}"),
            format!("{{\"name\":\"a\",\"inner\":{text}}}"),
            format!("{{\"name\":\"a\",\"inner\":{{{text}:1}}}}"),
            format!("{{\"name\":\"a\",\"inner\":{{\"text\":\"a\",{text}:1}}}}"),
            format!("{{\"name\":\"a\",\"kind\":{text}}}"),
            format!("{{\"name\":\"a\",\"kind\":{{{text}:1}}}}"),
            format!("{{\"name\":\"a\"}}{text}"),
            format!("{{\"name\":\"a\" {text}"),
            format!("{{\"name\":\"{CARD}\\x\"}}"),
            CARD.to_owned(),
        ];
        for body in bodies {
            for refusal in [
                from_slice::<Request>(body.as_bytes()).map(|_| ()),
                from_slice::<Empty>(body.as_bytes()).map(|_| ()),
            ] {
                let shown = refusal.unwrap_err();
                for text in [shown.to_string(), shown.body(), format!("{shown:?}")] {
                    assert!(!text.contains("4111"), "{body}: {text}");
                }
            }
        }
    }
}
