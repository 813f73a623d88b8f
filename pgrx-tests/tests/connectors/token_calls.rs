//! Makes calls of token services for tests, by the thread that the extension has.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::connectors::{
    Account, AllowList, Answer, Call, CallRules, CardDetails, Fault, Kind, NetworkTokenOrder,
    Outside, Work,
};

/// How long a call may take before the test gives up, in milliseconds.
const PATIENCE: i32 = 60_000;

pub const CARD: &str = "4111111145551142";
pub const CUSTOMER: &str = "12345_cus_019e2102e4fb7a32b456d8f896e8f51e";

/// The JWEs that others have made, and the keys of both sides.
pub fn vectors() -> Value {
    serde_json::from_str(include_str!("jwe_vectors.json")).unwrap()
}

/// Settings and credentials for a service with the keys of the vectors.
pub fn settings(address: SocketAddr) -> (Value, Value) {
    let vectors = vectors();
    let url = |path: &str| format!("http://{address}{path}");
    let settings = json!({
        "generate_token_url": url("/generate"),
        "fetch_token_url": url("/fetch"),
        "delete_token_url": url("/delete"),
        "check_token_status_url": url("/status"),
        "token_eligibility_url": url("/eligibility/"),
        "key_id": vectors["key_id"],
        "service_public_key": vectors["service_public_key"],
    });
    let credentials = json!({"api_key": "key", "private_key": vectors["vault_private_key"]});
    (settings, credentials)
}

pub fn account((settings, credentials): &(Value, Value)) -> Account {
    Account::parse(
        Kind::TokenService,
        &settings.to_string(),
        &credentials.to_string(),
    )
    .unwrap()
}

pub fn order(reference: &str) -> Call {
    order_of(CARD, reference)
}

pub fn order_of(card: &str, reference: &str) -> Call {
    Call::MakeNetworkToken(NetworkTokenOrder {
        card: CardDetails {
            number: Zeroizing::new(card.to_owned()),
            exp_month: "10".to_owned(),
            exp_year: "2099".to_owned(),
            holder_name: None,
        },
        customer_id: CUSTOMER.to_owned(),
        reference: reference.to_owned(),
    })
}

/// Makes a call, and waits for what comes of it.
pub fn ask(account: Account, call: Call) -> Result<Answer, Fault> {
    let timeout = Duration::from_secs(20);
    let hosts = account
        .urls()
        .into_iter()
        .map(|url| url.authority().to_owned());
    let hosts = hosts.collect::<Vec<_>>().join(", ");
    let outside = Outside::start().unwrap();
    outside.submit(Work {
        id: 7,
        account: Arc::new(account),
        call,
        rules: Arc::new(CallRules {
            allow_list: AllowList::parse(&hosts).unwrap(),
            connect_timeout: timeout,
            head_timeout: timeout,
            body_timeout: timeout,
            ca_file: None,
        }),
    });
    wait_until_readable(&outside);
    let (id, result) = outside.finished().unwrap();
    assert_eq!(id, 7);
    result
}

fn wait_until_readable(outside: &Outside) {
    let mut descriptor = libc::pollfd {
        fd: outside.readiness(),
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one descriptor, which lives as long as the call.
    assert_eq!(unsafe { libc::poll(&mut descriptor, 1, PATIENCE) }, 1);
}

/// Answers one request on a free port with status 200 and this body.
pub fn answering(body: &Value) -> SocketAddr {
    let body = body.to_string();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        read_request(&mut stream);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close";
        let length = body.len();
        write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{body}").unwrap();
    });
    address
}

fn read_request(stream: &mut impl Read) {
    let mut request = Vec::new();
    loop {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        request.push(byte[0]);
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let head = String::from_utf8(request).unwrap().to_lowercase();
        let length = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .map_or(0, |length| length.parse().unwrap());
        stream.read_exact(&mut vec![0; length]).unwrap();
        return;
    }
}
