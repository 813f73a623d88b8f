//! Certificates are verified.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::caller::{account_at, kind_of, make, order, rules, wait};
use crate::certificates::Authority;
use crate::connectors::{Call, CallRules, Fault, FaultKind, MadeToken, Outside, Work};
use crate::server::{Server, ok};

fn answer() -> Vec<u8> {
    ok(r#"{"token": "tok_1"}"#)
}

fn rules_trusting(server: &Server, ca_file: Option<PathBuf>) -> CallRules {
    let port = server.port();
    let hosts = format!("localhost:{port}, 127.0.0.1:{port}, [::1]:{port}");
    CallRules {
        ca_file,
        ..rules(&hosts)
    }
}

fn make_trusting(server: &Server, ca_file: Option<&Path>) -> Result<MadeToken, Fault> {
    let account = account_at(&format!("https://localhost:{}/tokens", server.port()));
    make(
        &account,
        order(),
        rules_trusting(server, ca_file.map(Path::to_owned)),
    )
}

#[test]
fn a_server_that_the_file_of_certificates_vouches_for_is_called() {
    let authority = Authority::new("good");
    let server = Server::with_tls(authority.server("localhost"), answer());
    let made = make_trusting(&server, Some(&authority.file)).unwrap();
    assert_eq!(*made.token, "tok_1");
    assert_eq!(server.received().len(), 1);
}

#[test]
fn a_certificate_of_an_unknown_authority_is_refused() {
    let authority = Authority::new("unknown");
    let server = Server::with_tls(authority.server("localhost"), answer());
    assert_eq!(kind_of(make_trusting(&server, None)), FaultKind::Tls);
    let other = Authority::new("other_authority");
    let made = make_trusting(&server, Some(&other.file));
    assert_eq!(kind_of(made), FaultKind::Tls);
    assert!(server.received().is_empty());
}

#[test]
fn a_certificate_of_another_host_is_refused() {
    let authority = Authority::new("other_host");
    let server = Server::with_tls(authority.server("api.stripe.com"), answer());
    let made = make_trusting(&server, Some(&authority.file));
    assert_eq!(kind_of(made), FaultKind::Tls);
    assert!(server.received().is_empty());
}

#[test]
fn an_expired_certificate_is_refused() {
    let authority = Authority::new("expired");
    let server = Server::with_tls(authority.expired_server("localhost"), answer());
    let made = make_trusting(&server, Some(&authority.file));
    assert_eq!(kind_of(made), FaultKind::Tls);
    assert!(server.received().is_empty());
}

#[test]
fn a_server_without_tls_is_not_called_by_https() {
    let authority = Authority::new("no_tls");
    let server = Server::by(|_, _| panic!("it has received a request"));
    let account = account_at(&format!("https://{}/", server.address));
    let rules = CallRules {
        ca_file: Some(authority.file),
        ..rules(&server.address.to_string())
    };
    assert_eq!(kind_of(make(&account, order(), rules)), FaultKind::Tls);
}

#[test]
fn a_file_of_certificates_that_cannot_be_used_is_a_mistake_of_the_settings() {
    let authority = Authority::new("unusable");
    let server = Server::with_tls(authority.server("localhost"), answer());
    let missing = authority.file.with_extension("missing");
    let empty = authority.file.with_extension("empty");
    std::fs::write(&empty, "nothing\n").unwrap();
    for file in [&missing, &empty] {
        let made = make_trusting(&server, Some(file));
        assert_eq!(kind_of(made), FaultKind::Misconfigured);
    }
}

#[test]
fn a_file_of_certificates_that_is_replaced_is_read_again() {
    let server_authority = Authority::new("replaced");
    let file = server_authority.file.with_extension("used");
    std::fs::write(&file, std::fs::read(&Authority::new("first").file).unwrap()).unwrap();
    let server = Server::with_tls(server_authority.server("localhost"), answer());
    let account = account_at(&format!("https://localhost:{}/tokens", server.port()));
    let rules = Arc::new(rules_trusting(&server, Some(file.clone())));

    let outside = Outside::start().unwrap();
    let call = || {
        outside.submit(Work {
            id: 1,
            account: Arc::clone(&account),
            call: Call::MakeToken(order()),
            rules: Arc::clone(&rules),
        });
        wait(&outside).1
    };
    assert_eq!(kind_of(call()), FaultKind::Tls);
    let mut both = std::fs::read(&file).unwrap();
    both.extend(std::fs::read(&server_authority.file).unwrap());
    std::fs::write(&file, both).unwrap();
    assert!(call().is_ok());
}
