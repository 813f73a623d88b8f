//! What the other side may answer, and what becomes of it.

use std::time::{Duration, SystemTime};

use crate::caller::{
    CARD_NUMBER, account_at, fault_at, kind_of, make, make_at, order, rules, rules_for,
};
use crate::connectors::{Fault, FaultKind};
use crate::server::{Server, answer, ok};

#[test]
fn a_token_is_taken_from_an_answer_with_any_status_of_success() {
    for status in ["200 OK", "201 Created", "202 Accepted"] {
        let server = Server::answering(answer(status, "", r#"{"token": "tok_1"}"#));
        assert_eq!(*make_at(&server).unwrap().token, "tok_1");
    }
}

#[test]
fn a_request_says_what_it_is_and_takes_nothing_from_the_environment() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    make_at(&server).unwrap();
    let request = server.the_request();
    assert_eq!(request.method, "POST");
    assert_eq!(request.path, "/tokens");
    assert_eq!(request.json()["number"], CARD_NUMBER);
    assert_eq!(request.header("user-agent"), Some("vault"));
    assert_eq!(request.header("accept"), Some("application/json"));
    for name in ["cookie", "accept-encoding", "authorization", "referer"] {
        assert_eq!(request.header(name), None);
    }
}

#[test]
fn a_status_decides_what_kind_of_fault_it_is() {
    for (status, kind, again) in [
        ("400 Bad Request", FaultKind::Refused, false),
        ("401 Unauthorized", FaultKind::CredentialsRefused, false),
        ("402 Payment Required", FaultKind::Refused, false),
        ("403 Forbidden", FaultKind::CredentialsRefused, false),
        ("404 Not Found", FaultKind::Refused, false),
        ("409 Conflict", FaultKind::Refused, true),
        ("422 Unprocessable Content", FaultKind::Refused, false),
        ("429 Too Many Requests", FaultKind::TooManyRequests, true),
        ("500 Internal Server Error", FaultKind::ServerError, true),
        ("503 Service Unavailable", FaultKind::ServerError, true),
        ("304 Not Modified", FaultKind::Redirected, false),
    ] {
        let server = Server::answering(answer(status, "", r#"{"token": "tok_1"}"#));
        let fault = fault_at(&server);
        assert_eq!(fault.kind, kind, "{status}");
        assert_eq!(fault.status, Some(status[..3].parse().unwrap()));
        assert_eq!(fault.retry_after, None);
        assert_eq!(fault.is_worth_another_try(), again, "{status}");
        assert_eq!(server.received().len(), 1);
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let target = Server::answering(ok(r#"{"token": "tok_1"}"#));
    for status in [
        "301 Moved",
        "302 Found",
        "303 See Other",
        "307 Temporary",
        "308 Permanent",
    ] {
        let location = format!("Location: {}\r\n", target.url());
        let server = Server::answering(answer(status, &location, ""));
        let hosts = format!("{}, {}", server.address, target.address);
        let made = make(&account_at(&server.url()), order(), rules(&hosts));
        assert_eq!(kind_of(made), FaultKind::Redirected);
    }
    assert_eq!(target.connections(), 0);
}

#[test]
fn the_wait_that_the_other_side_asks_for_is_kept() {
    let in_a_minute = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(60));
    for status in ["429 Too Many Requests", "503 Service Unavailable"] {
        for (value, least, most) in [
            ("17", 17, 17),
            ("0", 0, 0),
            (in_a_minute.as_str(), 1, 60),
            ("Sun, 06 Nov 1994 08:49:37 GMT", 0, 0),
            ("99999999999", 86_400, 86_400),
        ] {
            let header = format!("Retry-After: {value}\r\n");
            let fault = fault_at(&Server::answering(answer(status, &header, "")));
            let seconds = fault.retry_after.unwrap().as_secs();
            assert!((least..=most).contains(&seconds), "{value}: {seconds}");
        }
        let soon = answer(status, "Retry-After: soon\r\n", "");
        assert_eq!(fault_at(&Server::answering(soon)).retry_after, None);
    }
}

#[test]
fn an_answer_of_a_mebibyte_is_read() {
    let frame = r#"{"token": "tok_1", "more": ""}"#;
    let more = "x".repeat(1024 * 1024 - frame.len());
    let json = format!(r#"{{"token": "tok_1", "more": "{more}"}}"#);
    assert_eq!(
        *make_at(&Server::answering(ok(&json))).unwrap().token,
        "tok_1"
    );
    let chunks = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{json}\r\n0\r\n\r\n",
        json.len()
    );
    assert_eq!(*make_at(&Server::answering(chunks)).unwrap().token, "tok_1");
}

#[test]
fn an_answer_of_a_byte_more_is_cut_off() {
    let frame = r#"{"token": "tok_1", "more": ""}"#;
    let more = "x".repeat(1024 * 1024 - frame.len() + 1);
    let json = format!(r#"{{"token": "tok_1", "more": "{more}"}}"#);
    assert_eq!(
        fault_at(&Server::answering(ok(&json))).kind,
        FaultKind::AnswerTooLarge
    );
}

#[test]
fn an_answer_of_10_megabytes_is_cut_off_whatever_length_it_claims() {
    let ten = 10 * 1024 * 1024;
    for head in [
        format!("HTTP/1.1 200 OK\r\nContent-Length: {ten}\r\n\r\n"),
        format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{ten:x}\r\n"),
        "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(),
    ] {
        let server = Server::by(move |_, stream| {
            let mut left = ten;
            let mut alive = stream.write_all(head.as_bytes()).is_ok();
            while alive && left > 0 {
                alive = stream.write_all(&[b'x'; 4096]).is_ok();
                left -= 4096;
            }
            false
        });
        let fault = fault_at(&server);
        assert_eq!(fault.kind, FaultKind::AnswerTooLarge);
        assert_eq!(fault.status, Some(200));
    }
}

#[test]
fn a_side_that_hangs_up_is_told_from_one_that_answers() {
    for bytes in [
        "",
        "HTTP/1.1 200 OK\r\nContent-Len",
        "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"token\": \"tok_1\"}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{\"token\": \"tok_1\"}\r\n",
    ] {
        let server = Server::by(move |_, stream| {
            stream.write_all(bytes.as_bytes()).unwrap();
            false
        });
        assert_eq!(fault_at(&server).kind, FaultKind::HungUp, "{bytes}");
    }
}

#[test]
fn an_answer_that_is_no_http_is_unexpected() {
    for bytes in [
        "nonsense\r\n\r\n",
        "\0\0\0\0\0\0\0\0\r\n\r\n",
        "SSH-2.0-x\r\n",
    ] {
        let server = Server::by(move |_, stream| {
            stream.write_all(bytes.as_bytes()).unwrap();
            false
        });
        assert_eq!(fault_at(&server).kind, FaultKind::UnexpectedAnswer);
    }
}

#[test]
fn an_answer_without_a_usable_token_is_unexpected() {
    let long = format!(r#"{{"token": "{}"}}"#, "x".repeat(1025));
    for json in [
        "",
        "nonsense",
        "{\"token\": \"tok_1\"",
        "{\"token\": \"tok_1\"} {}",
        "[]",
        "\"tok_1\"",
        "{}",
        r#"{"token": null}"#,
        r#"{"token": ""}"#,
        r#"{"token": true}"#,
        r#"{"token": 1.5}"#,
        r#"{"token": {"token": "tok_1"}}"#,
        r#"{"token": ["tok_1"]}"#,
        r#"{"Token": "tok_1"}"#,
        r#"{"data": {"token": "tok_1"}}"#,
        r#"{"token": "tok 1"}"#,
        r#"{"token": "tok\n1"}"#,
        r#"{"token": "tök"}"#,
        r#"{"token": "."}"#,
        r#"{"token": ".."}"#,
        &long,
        &"[".repeat(1000),
    ] {
        let fault = fault_at(&Server::answering(ok(json)));
        assert_eq!(fault.kind, FaultKind::UnexpectedAnswer, "{json}");
        assert_eq!(fault.status, Some(200));
    }
}

#[test]
fn a_token_that_repeats_the_card_number_is_unexpected() {
    for token in [
        CARD_NUMBER.to_owned(),
        format!("tok_{CARD_NUMBER}_1"),
        "4000-0566-5566-5556".to_owned(),
        format!("9{CARD_NUMBER}"),
    ] {
        let json = format!(r#"{{"token": "{token}"}}"#);
        let fault = fault_at(&Server::answering(ok(&json)));
        assert_eq!(fault.kind, FaultKind::UnexpectedAnswer);
    }
    let number = format!(r#"{{"token": {CARD_NUMBER}}}"#);
    let fault = fault_at(&Server::answering(ok(&number)));
    assert_eq!(fault.kind, FaultKind::UnexpectedAnswer);
}

#[test]
fn a_fault_says_nothing_that_the_other_side_has_said() {
    let body = format!(r#"{{"error": "card {CARD_NUMBER} was declined"}}"#);
    let header = format!("X-Error: {CARD_NUMBER}\r\n");
    let server = Server::answering(answer(&format!("402 {CARD_NUMBER}"), &header, &body));
    let fault: Fault = fault_at(&server);
    assert_eq!(fault.to_string(), "refused");
    assert!(!format!("{fault:?}").contains(CARD_NUMBER));
}

#[test]
fn an_answer_is_not_unpacked() {
    let header = "Content-Encoding: gzip\r\n";
    let server = Server::answering(answer("200 OK", header, "\u{1f}\u{8b}"));
    let made = make(&account_at(&server.url()), order(), rules_for(&server));
    assert_eq!(kind_of(made), FaultKind::UnexpectedAnswer);
}
