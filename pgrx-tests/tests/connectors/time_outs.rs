//! Each step has a time-out of its own.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::caller::{LONG, account_at, kind_of, make, order, rules, rules_for};
use crate::connectors::{CallRules, FaultKind};
use crate::server::{Server, wait_for_the_end};

const SHORT: Duration = Duration::from_millis(200);

#[test]
fn a_server_that_never_shakes_hands_is_left_when_the_time_to_connect_is_over() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let account = account_at(&format!("https://{address}/"));
    let rules = CallRules {
        connect_timeout: SHORT,
        ..rules(&address.to_string())
    };
    assert_eq!(kind_of(make(&account, order(), rules)), FaultKind::TimedOut);
}

#[test]
fn a_server_that_never_answers_is_left_when_the_time_for_the_head_is_over() {
    let started = Instant::now();
    for head in ["", "HTTP/1.1 200 OK\r\n"] {
        let server = Server::by(move |_, stream| {
            stream.write_all(head.as_bytes()).unwrap();
            wait_for_the_end(stream)
        });
        let rules = CallRules {
            head_timeout: SHORT,
            ..rules_for(&server)
        };
        let made = make(&account_at(&server.url()), order(), rules);
        assert_eq!(kind_of(made), FaultKind::TimedOut);
    }
    // The time to connect is not waited for.
    assert!(started.elapsed() < LONG);
}

#[test]
fn a_server_that_drips_is_left_when_the_time_for_the_body_is_over() {
    let server = Server::by(|_, stream| {
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n";
        let mut alive = stream.write_all(head).is_ok();
        while alive {
            std::thread::sleep(Duration::from_millis(20));
            alive = stream.write_all(b" ").is_ok();
        }
        false
    });
    let rules = CallRules {
        body_timeout: SHORT,
        ..rules_for(&server)
    };
    let made = make(&account_at(&server.url()), order(), rules);
    let fault = made.map(drop).unwrap_err();
    assert_eq!(fault.kind, FaultKind::TimedOut);
    assert_eq!(fault.status, Some(200));
}
