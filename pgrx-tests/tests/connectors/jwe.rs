//! What a JWE must be to be opened, with JWEs that others have made. How is written into `jwe_vectors.json`.

use serde_json::json;
use vault_tests::sandbox::jwe as sandbox_jwe;

use crate::connectors::{Answer, Fault, FaultKind};
use crate::token_calls::{ask_one_answering, order, vectors};

/// Has the vault open a JWE as the answer to an order.
fn open(sealed: &str) -> Result<Answer, Fault> {
    ask_one_answering(&json!({"payload": sealed}), order("reference"))
}

#[track_caller]
fn assert_refused(what: &str, sealed: &str) {
    let kind = open(sealed).err().map(|fault| fault.kind);
    assert_eq!(kind, Some(FaultKind::UnexpectedAnswer), "{what}");
}

fn vector(name: &str) -> String {
    vectors()[name].as_str().unwrap().to_owned()
}

#[test]
fn the_answers_of_another_implementation_open() {
    for name in ["answer", "answer_with_a256gcm"] {
        let Ok(Answer::NetworkTokenMade(made)) = open(&vector(name)) else {
            panic!("{name} does not open");
        };
        assert_eq!(*made.token, "4895370012003478");
        assert_eq!(made.requestor_reference, "3a1f4ad5c8a94d0ab7d5f1b0c7a4e2d9");
    }
}

#[test]
fn an_answer_with_any_part_damaged_does_not_open() {
    let good = vector("answer");
    let parts: Vec<&str> = good.split('.').collect();
    for (place, part) in parts.iter().enumerate() {
        for damaged in damages(part) {
            let mut parts = parts.clone();
            parts[place] = &damaged;
            assert_refused(&format!("part {place}"), &parts.join("."));
        }
    }
}

/// The part with a character changed at its begin, in the middle and at its end, without its last one, without any, and with one
/// too many.
fn damages(part: &str) -> Vec<String> {
    let change = |at: usize| {
        let mut bytes = part.as_bytes().to_vec();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        String::from_utf8(bytes).unwrap()
    };
    let changed = [0, part.len() / 2, part.len() - 1].map(change);
    let shorter = part[..part.len() - 1].to_owned();
    [shorter, String::new(), format!("{part}A")]
        .into_iter()
        .chain(changed)
        .collect()
}

#[test]
fn a_tag_cut_short_is_refused() {
    let good = vector("answer");
    let start = good.rfind('.').unwrap() + 1;
    // 4, 8, 12 and 15 bytes.
    for characters in [6, 11, 16, 20] {
        assert_refused("a short tag", &good[..start + characters]);
    }
}

#[test]
fn a_jwe_of_more_or_fewer_parts_is_refused() {
    let good = vector("answer");
    for sealed in [
        "",
        "....",
        "a.b.c",
        &format!("{good}."),
        &format!("{good}.AAAA"),
    ] {
        assert_refused(sealed, sealed);
    }
}

#[test]
fn other_algorithms_than_those_agreed_are_refused() {
    let vectors = vectors();
    let refused = vectors["refused"].as_object().unwrap();
    assert!(refused.len() >= 13);
    for (what, sealed) in refused {
        assert_refused(what, sealed.as_str().unwrap());
    }
}

#[test]
fn the_sandbox_opens_what_another_implementation_sealed() {
    let key = openssl::pkey::PKey::private_key_from_pem(vector("service_private_key").as_bytes());
    let key = key.unwrap();
    let opened = sandbox_jwe::open(&vector("card_data"), &key, &vector("key_id")).unwrap();
    assert_eq!(String::from_utf8(opened).unwrap(), vector("card_data_text"));
    assert!(sandbox_jwe::open(&vector("card_data"), &key, "another").is_err());
    assert!(sandbox_jwe::open(&vector("answer"), &key, &vector("key_id")).is_err());
}
