//! The thread: many calls at once, signals, the descriptor, the end.

use std::collections::BTreeSet;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Barrier, Mutex};
use std::time::Duration;

use nix::libc::{SIGKILL, SIGSTOP};

use crate::caller::{LONG, account_at, is_ready_within, make_at, order, rules, rules_for, wait};
use crate::connectors::{Account, Answer, Call, CallRules, FaultKind, Outside, Work};
use crate::server::{Server, ok, wait_for_the_end};

fn work(id: u64, account: &Arc<Account>, rules: &Arc<CallRules>) -> Work {
    Work {
        id,
        account: Arc::clone(account),
        call: Call::MakeToken(order()),
        rules: Arc::clone(rules),
    }
}

#[test]
fn sixteen_calls_are_made_at_once_while_another_hangs() {
    let hanging = Server::by(|_, stream| wait_for_the_end(stream));
    // Nobody is answered before all have asked.
    let all = Barrier::new(16);
    let server = Server::by(move |_, stream| {
        all.wait();
        stream.write_all(&ok(r#"{"token": "tok_1"}"#)).is_ok()
    });
    let hosts = format!("{}, {}", hanging.address, server.address);
    let rules = Arc::new(rules(&hosts));

    let outside = Outside::start().unwrap();
    outside.submit(work(99, &account_at(&hanging.url()), &rules));
    let account = account_at(&server.url());
    for id in 0..16 {
        outside.submit(work(id, &account, &rules));
    }
    let mut ids = BTreeSet::new();
    for _ in 0..16 {
        let (id, result) = wait(&outside);
        assert!(matches!(result, Ok(Answer::TokenMade(_))));
        ids.insert(id);
    }
    assert!(ids.into_iter().eq(0..16));
    assert!(outside.finished().is_none());
}

#[test]
fn a_connection_is_kept_for_the_next_call_by_the_same_rules() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let account = account_at(&server.url());
    let outside = Outside::start().unwrap();
    for id in 0..3 {
        // The rules are equal, and not the same ones.
        outside.submit(work(id, &account, &Arc::new(rules_for(&server))));
        assert!(wait(&outside).1.is_ok());
    }
    assert_eq!(server.connections(), 1);

    let other = Arc::new(rules(&format!("{}, api.stripe.com", server.address)));
    outside.submit(work(3, &account, &other));
    assert!(wait(&outside).1.is_ok());
    assert_eq!(server.connections(), 2);
    let stricter = Arc::new(rules("api.stripe.com"));
    outside.submit(work(4, &account, &stricter));
    let fault = wait(&outside).1.map(drop).unwrap_err();
    assert_eq!(fault.kind, FaultKind::HostNotAllowed);
}

/// A request that crosses the end of its connection may have arrived, so it is not sent again unasked.
#[test]
fn a_kept_connection_that_the_other_side_closes_costs_another_try_at_most() {
    let server = Server::by(|_, stream| {
        stream.write_all(&ok(r#"{"token": "tok_1"}"#)).unwrap();
        false
    });
    let account = account_at(&server.url());
    let outside = Outside::start().unwrap();
    let make = || {
        outside.submit(work(1, &account, &Arc::new(rules_for(&server))));
        wait(&outside).1
    };
    for _ in 0..20 {
        if let Err(fault) = make() {
            assert_eq!(fault.kind, FaultKind::HungUp);
            assert!(fault.is_worth_another_try());
            assert!(make().is_ok());
        }
    }
}

#[test]
fn the_descriptor_is_readable_while_there_is_something_to_take() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let outside = Outside::start().unwrap();
    assert!(!is_ready_within(&outside, Duration::ZERO));
    let account = account_at(&server.url());
    let rules = Arc::new(rules_for(&server));
    for round in 0..3 {
        outside.submit(work(round, &account, &rules));
        outside.submit(work(round, &account, &rules));
        for _ in 0..2 {
            assert!(is_ready_within(&outside, LONG));
            assert!(is_ready_within(&outside, LONG));
            assert!(outside.finished().is_some());
        }
        assert!(outside.finished().is_none());
        assert!(!is_ready_within(&outside, Duration::ZERO));
    }
}

/// The masks of blocked signals of this process's threads that have this name.
fn blocked_signals(thread: &str) -> Vec<u64> {
    let mut masks = Vec::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        // A thread may have ended since.
        let status = std::fs::read_to_string(task.unwrap().path().join("status"));
        let status = status.unwrap_or_default();
        let field = |name: &str| {
            let mut lines = status.lines();
            lines
                .find_map(|line| line.strip_prefix(name))
                .map(str::trim)
        };
        if field("Name:") == Some(thread) {
            masks.push(u64::from_str_radix(field("SigBlk:").unwrap(), 16).unwrap());
        }
    }
    masks
}

/// All but those that nobody can mask, and the two that the C library keeps for itself.
fn maskable_signals() -> u64 {
    let left_out = [SIGKILL, SIGSTOP, 32, 33];
    left_out
        .iter()
        .fold(u64::MAX, |mask, signal| mask & !(1 << (signal - 1)))
}

#[test]
fn all_signals_are_masked_in_the_threads_and_not_in_the_one_that_starts_them() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let port = server.port();
    let hosts = format!("localhost:{port}, 127.0.0.1:{port}, [::1]:{port}");
    let own = nix::unistd::gettid();
    let own_mask = || {
        let status = std::fs::read_to_string(format!("/proc/self/task/{own}/status")).unwrap();
        let line = status.lines().find(|line| line.starts_with("SigBlk:"));
        line.unwrap().to_owned()
    };
    let before = own_mask();
    let outside = Outside::start().unwrap();
    assert_eq!(own_mask(), before);

    // A name has a thread look it up.
    let account = account_at(&format!("http://localhost:{port}/"));
    outside.submit(work(1, &account, &Arc::new(rules(&hosts))));
    assert!(wait(&outside).1.is_ok());
    for name in ["vault outside", "vault lookup"] {
        let masks = blocked_signals(name);
        assert!(!masks.is_empty(), "{name}");
        for mask in masks {
            assert_eq!(mask & maskable_signals(), maskable_signals(), "{name}");
        }
    }
}

#[test]
fn dropping_it_ends_the_calls_that_are_under_way() {
    let (asked, has_asked) = channel();
    let (gone, has_gone) = channel();
    let (asked, gone): (Mutex<Sender<()>>, Mutex<Sender<bool>>) =
        (Mutex::new(asked), Mutex::new(gone));
    let server = Server::by(move |_, stream| {
        asked.lock().unwrap().send(()).unwrap();
        let ended = wait_for_the_end(stream);
        gone.lock().unwrap().send(ended).unwrap();
        false
    });
    let outside = Outside::start().unwrap();
    outside.submit(work(
        1,
        &account_at(&server.url()),
        &Arc::new(rules_for(&server)),
    ));
    has_asked.recv_timeout(LONG).unwrap();
    drop(outside);
    assert!(has_gone.recv_timeout(LONG).unwrap());
}

#[test]
fn an_account_that_is_asked_for_what_its_kind_cannot_do_is_misconfigured() {
    let server = Server::answering(ok("{}"));
    let outside = Outside::start().unwrap();
    outside.submit(Work {
        call: Call::CheckEligibility {
            card_bin: "400005".to_owned(),
        },
        ..work(1, &account_at(&server.url()), &Arc::new(rules_for(&server)))
    });
    let fault = wait(&outside).1.map(drop).unwrap_err();
    assert_eq!(fault.kind, FaultKind::Misconfigured);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_call_that_is_cancelled_brings_no_answer_and_leaves_no_connection() {
    let (left, was_left) = channel();
    let left: Mutex<Sender<()>> = Mutex::new(left);
    let hanging = Server::by(move |_, stream| {
        let kept = wait_for_the_end(stream);
        left.lock().unwrap().send(()).unwrap();
        kept
    });
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let rules = Arc::new(rules(&format!("{}, {}", hanging.address, server.address)));
    let outside = Outside::start().unwrap();
    outside.submit(work(1, &account_at(&hanging.url()), &rules));
    while hanging.received().is_empty() {
        std::thread::yield_now();
    }
    outside.cancel(1);
    was_left.recv_timeout(LONG).unwrap();
    outside.cancel(99);
    outside.submit(work(2, &account_at(&server.url()), &rules));
    assert_eq!(wait(&outside).0, 2);
    assert!(outside.finished().is_none());
}

/// Such heads may go before an answer, as many as the other side likes.
#[test]
fn a_server_that_sends_informational_heads_without_end_keeps_no_other_call_waiting() {
    let flooding = Server::by(|_, stream| {
        let heads = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(50_000);
        while stream.write_all(&heads).is_ok() {}
        false
    });
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let hosts = format!("{}, {}", flooding.address, server.address);
    let rules = Arc::new(rules(&hosts));
    let outside = Outside::start().unwrap();
    let (flood, healthy) = (account_at(&flooding.url()), account_at(&server.url()));
    for round in 0..10 {
        for id in 0..4 {
            outside.submit(work(id, &flood, &rules));
        }
        outside.submit(work(10 + round, &healthy, &rules));
        for _ in 0..5 {
            let (id, result) = wait(&outside);
            match result {
                Ok(_) => assert_eq!(id, 10 + round),
                Err(fault) => assert_eq!(fault.kind, FaultKind::UnexpectedAnswer, "{id}"),
            }
        }
    }
}

#[test]
fn a_few_informational_heads_before_an_answer_are_passed_over() {
    let answer = ok(r#"{"token": "tok_1"}"#);
    let heads = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(5);
    let server = Server::answering([heads, answer].concat());
    assert!(make_at(&server).is_ok());
}
