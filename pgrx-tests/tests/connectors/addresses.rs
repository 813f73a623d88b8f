//! Which hosts and addresses are called.

use std::net::TcpListener;

use url::Url;

use crate::caller::{account_at, kind_of, make, order, rules, rules_for};
use crate::connectors::FaultKind;
use crate::connectors::allow_list::{AllowList, Port};
use crate::server::{Server, ok};

const HTTPS: Port = Port {
    number: 443,
    is_default: true,
};

fn allows(setting: &str, url: &str) -> bool {
    let list = AllowList::parse(setting).unwrap();
    list.allows(&Url::parse(url).unwrap())
}

fn allows_address(setting: &str, address: &str) -> bool {
    let list = AllowList::parse(setting).unwrap();
    list.allows_address(address.parse().unwrap(), HTTPS)
}

#[test]
fn an_empty_list_allows_nothing() {
    for setting in ["", " ", ",", " , "] {
        assert!(!allows(setting, "https://api.stripe.com/"));
        assert!(!allows(setting, "https://127.0.0.1/"));
    }
}

#[test]
fn a_name_allows_itself_alone() {
    let setting = "api.stripe.com, Müller.example";
    for url in [
        "https://api.stripe.com/v1",
        "https://API.Stripe.COM/",
        "https://api.stripe.com:443/",
        "https://müller.example/",
        "https://xn--mller-kva.example/",
    ] {
        assert!(allows(setting, url), "{url}");
    }
    for url in [
        "https://stripe.com/",
        "https://x.api.stripe.com/",
        "https://api.stripe.com.evil.example/",
        "https://evil.example/api.stripe.com",
        "https://api.stripe.com@evil.example/",
        "https://evil-api.stripe.com/",
        "https://api.stripe.com:8443/",
        "https://1.2.3.4/",
    ] {
        assert!(!allows(setting, url), "{url}");
    }
}

#[test]
fn a_star_stands_for_the_first_part_alone() {
    let setting = "*.adyen.com";
    assert!(allows(setting, "https://checkout-test.adyen.com/"));
    for url in [
        "https://adyen.com/",
        "https://.adyen.com/",
        "https://a.b.adyen.com/",
        "https://evil-adyen.com/",
        "https://x.adyen.com.evil.example/",
    ] {
        assert!(!allows(setting, url), "{url}");
    }
}

#[test]
fn an_entry_with_a_port_allows_that_port_alone() {
    assert!(allows("psp.example:8443", "https://psp.example:8443/"));
    assert!(!allows("psp.example:8443", "https://psp.example/"));
    assert!(allows("127.0.0.1:8481", "http://127.0.0.1:8481/"));
    assert!(!allows("127.0.0.1:8481", "http://127.0.0.1:8482/"));
    assert!(!allows("127.0.0.1", "http://127.0.0.1:8481/"));
    assert!(allows("127.0.0.1", "http://127.0.0.1/"));
}

#[test]
fn an_address_in_a_url_must_lie_in_an_entry() {
    for (setting, url) in [
        ("10.1.0.0/16", "https://10.1.2.3/"),
        ("10.1.2.3/16", "https://10.1.99.9/"),
        ("10.1.0.0/16:8443", "https://10.1.2.3:8443/"),
        ("::1", "https://[::1]/"),
        ("[::1]:8481", "http://[::1]:8481/"),
        ("fd00::/8", "https://[fd00::7]/"),
        ("[fd00::/8]:8443", "https://[fd00::7]:8443/"),
        ("10.1.2.3", "https://[::ffff:10.1.2.3]/"),
        ("127.0.0.1", "https://0x7f.1/"),
        ("1.2.3.4", "https://1.2.3.4/"),
    ] {
        assert!(allows(setting, url), "{setting} {url}");
        assert!(!allows("api.stripe.com", url), "{url}");
        assert!(!allows("192.0.2.1, 2001:db8::/32", url), "{url}");
    }
}

#[test]
fn an_entry_that_is_no_host_is_named() {
    for entry in [
        "*",
        "*.",
        "a.*.example",
        "*x.example",
        "https://api.stripe.com",
        "api.stripe.com/v1",
        "api.stripe.com:0",
        "api.stripe.com:x",
        "api.stripe.com:65536",
        "a b",
        "[::1",
        "[api.stripe.com]",
        "10.0.0.0/33",
        "user@api.stripe.com",
    ] {
        let setting = format!("api.stripe.com, {entry}, 127.0.0.1");
        assert_eq!(AllowList::parse(&setting).unwrap_err(), entry);
    }
}

#[test]
fn a_name_may_lead_to_public_addresses() {
    for address in [
        "3.18.12.63",
        "172.15.255.255",
        "172.32.0.0",
        "100.128.0.0",
        "198.20.0.0",
        "223.255.255.255",
        "2606:4700::1111",
        "::ffff:3.18.12.63",
        "64:ff9b::3.18.12.63",
        "2002:0312:0c3f::1",
    ] {
        assert!(allows_address("", address), "{address}");
    }
}

#[test]
fn a_name_may_not_lead_to_special_addresses_unless_the_list_names_them() {
    for address in [
        "0.0.0.0",
        "10.0.0.1",
        "100.64.0.1",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.254",
        "169.254.169.254",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.170",
        "192.0.2.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.7",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::10.0.0.1",
        "64:ff9b::169.254.169.254",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:2::1",
        "2001:db8::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "3fff::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(!allows_address("", address), "{address}");
        assert!(!allows_address("api.stripe.com", address), "{address}");
        assert!(allows_address(address, address), "{address}");
        assert!(!allows_address(&format!("[{address}]:8443"), address));
    }
}

#[test]
fn a_host_off_the_list_is_not_called() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let account = account_at(&server.url());
    let made = make(&account, order(), rules("api.stripe.com"));
    assert_eq!(kind_of(made), FaultKind::HostNotAllowed);
    let made = make(&account, order(), rules(""));
    assert_eq!(kind_of(made), FaultKind::HostNotAllowed);
    assert_eq!(server.connections(), 0);
}

#[test]
fn a_listed_name_that_leads_to_this_machine_is_not_called_until_its_address_is_listed() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let port = server.port();
    let account = account_at(&format!("http://localhost:{port}/tokens"));

    let name = format!("localhost:{port}");
    let made = make(&account, order(), rules(&name));
    assert_eq!(kind_of(made), FaultKind::AddressNotAllowed);
    let other_port = format!("{name}, 127.0.0.1, ::1, 127.0.0.1:1");
    let made = make(&account, order(), rules(&other_port));
    assert_eq!(kind_of(made), FaultKind::AddressNotAllowed);
    assert_eq!(server.connections(), 0);

    let listed = format!("{name}, 127.0.0.0/8:{port}");
    let made = make(&account, order(), rules(&listed));
    assert_eq!(*made.unwrap().token, "tok_1");
    assert_eq!(server.the_request().header("host"), Some(name.as_str()));
}

#[test]
fn the_address_of_cloud_metadata_is_not_called() {
    let account = account_at("https://169.254.169.254/latest/meta-data/");
    let made = make(&account, order(), rules("api.stripe.com, 127.0.0.1"));
    assert_eq!(kind_of(made), FaultKind::HostNotAllowed);
}

#[test]
fn a_name_without_an_address_is_unresolved() {
    let account = account_at("https://no-such-host.invalid/");
    let made = make(&account, order(), rules("no-such-host.invalid"));
    assert_eq!(kind_of(made), FaultKind::Unresolved);
}

#[test]
fn a_port_that_nobody_listens_on_is_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let account = account_at(&format!("http://{address}/"));
    let made = make(&account, order(), rules(&address.to_string()));
    assert_eq!(kind_of(made), FaultKind::Unreachable);
}

#[test]
fn a_literal_address_on_the_list_is_called() {
    let server = Server::answering(ok(r#"{"token": "tok_1"}"#));
    let made = make(&account_at(&server.url()), order(), rules_for(&server));
    assert_eq!(*made.unwrap().token, "tok_1");
}
