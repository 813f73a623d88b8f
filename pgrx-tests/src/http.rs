//! A small HTTP/1.1 client that sends exactly what it is told: doubled headers, invalid bytes, any verb,
//! from any loopback address.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use socket2::{Domain, Socket, Type};

use crate::openapi;

/// How long an answer may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request, sent byte for byte as it was put together.
#[derive(Clone, Debug)]
pub struct Request {
    verb: String,
    target: Vec<u8>,
    headers: Vec<(Vec<u8>, Vec<u8>)>,
    body: Option<Vec<u8>>,
}

impl Request {
    pub fn new(verb: &str, target: impl AsRef<[u8]>) -> Request {
        Request {
            verb: verb.to_owned(),
            target: target.as_ref().to_vec(),
            headers: Vec::new(),
            body: None,
        }
    }

    /// Adds a header; one that is already there stays, so that it is sent twice.
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Request {
        self.headers
            .push((name.as_bytes().to_vec(), value.as_ref().to_vec()));
        self
    }

    /// Drops every header of that name.
    pub fn without(mut self, name: &str) -> Request {
        self.headers
            .retain(|(n, _)| !n.eq_ignore_ascii_case(name.as_bytes()));
        self
    }

    /// Sets the body, labelled `application/json`.
    pub fn body(mut self, body: impl AsRef<[u8]>) -> Request {
        self.body = Some(body.as_ref().to_vec());
        self.without("content-type")
            .header("Content-Type", "application/json")
    }

    pub fn json(self, body: &Value) -> Request {
        self.body(body.to_string())
    }

    /// The verb.
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// The path with the query.
    pub fn target(&self) -> &[u8] {
        &self.target
    }

    /// The body, if there is one.
    pub fn sent_body(&self) -> Option<&[u8]> {
        self.body.as_deref()
    }

    /// The request as it goes over the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = [self.verb.as_bytes(), b" ", &self.target, b" HTTP/1.1\r\n"].concat();
        let mut line =
            |name: &[u8], value: &[u8]| bytes.extend([name, b": ", value, b"\r\n"].concat());
        line(b"Host", b"127.0.0.1");
        line(b"Connection", b"close");
        for (name, value) in &self.headers {
            line(name, value);
        }
        if let Some(body) = &self.body {
            line(b"Content-Length", body.len().to_string().as_bytes());
        }
        bytes.extend(b"\r\n");
        bytes.extend(self.body.iter().flatten());
        bytes
    }
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub text: String,
}

impl Answer {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The body.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("not JSON ({error}): {} {}", self.status, self.text))
    }

    /// The body of an answer that must be 200.
    #[track_caller]
    pub fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// The `id` of an answer that must be 200.
    #[track_caller]
    pub fn id(&self) -> String {
        let body = self.ok();
        body["id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id in {body}"))
            .to_owned()
    }

    /// The code and message of an error body.
    #[track_caller]
    pub fn refusal(&self) -> (String, String) {
        let error = &self.json()["error"];
        let member = |name: &str| error[name].as_str().unwrap_or_default().to_owned();
        (member("code"), member("message"))
    }

    /// Checks that this is exactly one refusal: status and whole body.
    #[track_caller]
    pub fn refuses(&self, status: u16, code: &str, message: &str) {
        let kind = if status < 500 {
            "invalid_request"
        } else {
            "api"
        };
        let body = json!({"error": {"type": kind, "message": message, "code": code}});
        assert_eq!(
            (self.status, self.text.as_str()),
            (status, body.to_string().as_str())
        );
    }

    /// Checks a refusal whose message is only known by its pattern, a regular expression.
    #[track_caller]
    pub fn refuses_like(&self, status: u16, code: &str, pattern: &str) {
        let (_, message) = self.refusal();
        let expression =
            regex::Regex::new(&format!("^(?:{pattern})$")).expect("a regular expression");
        assert!(
            expression.is_match(&message),
            "{message:?} is not like {pattern:?}"
        );
        self.refuses(status, code, &message);
    }

    /// What every answer keeps to, from whatever layer it comes.
    #[track_caller]
    fn keeps_the_form(&self) {
        let say = format!("{} {:?} {}", self.status, self.headers, self.text);
        let content_type = self.header("content-type").unwrap_or_default();
        assert!(
            content_type.starts_with("application/json"),
            "not JSON: {say}"
        );
        assert!(
            self.header("x-request-id").is_some_and(|id| !id.is_empty()),
            "no x-request-id: {say}"
        );
        for unwanted in [
            "content-range",
            "www-authenticate",
            "x-powered-by",
            "proxy-status",
        ] {
            assert_eq!(self.header(unwanted), None, "{unwanted}: {say}");
        }
        let server = self.header("server").unwrap_or_default();
        assert!(
            !server.contains(|c: char| c.is_ascii_digit() || c == '/'),
            "server version: {say}"
        );
        assert!(
            !server.to_lowercase().contains("postgrest"),
            "server named: {say}"
        );
    }
}

/// Sends requests from one address to one server.
#[derive(Clone, Debug)]
pub struct Client {
    pub server: SocketAddr,
    pub address: Ipv4Addr,
}

impl Client {
    /// Sends, and checks that the answer has the form which all answers share, and is one that docs/openapi.json describes.
    #[track_caller]
    pub fn send(&self, request: &Request) -> Answer {
        let answer = self.exchange(&request.bytes());
        answer.keeps_the_form();
        let objections = openapi::objections(request, &answer);
        assert!(objections.is_empty(), "{objections:#?}");
        answer
    }

    /// Sends bytes that need not be HTTP at all; the answer is not checked.
    #[track_caller]
    pub fn exchange(&self, bytes: &[u8]) -> Answer {
        let mut stream = self.connect();
        // A server that refuses early may close before it has read everything; its answer still counts.
        let _ = stream.write_all(bytes);
        let mut raw = Vec::new();
        let mut chunk = [0; 16 * 1024];
        while let Ok(read @ 1..) = stream.read(&mut chunk) {
            raw.extend(&chunk[..read]);
        }
        parse(&raw)
    }

    /// A connection on which nothing has been sent.
    #[track_caller]
    pub fn connect(&self) -> TcpStream {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket
            .bind(&SocketAddr::from((self.address, 0)).into())
            .expect("a loopback address");
        socket.connect(&self.server.into()).expect("nginx listens");
        socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        socket.into()
    }
}

#[track_caller]
fn parse(raw: &[u8]) -> Answer {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut response = httparse::Response::new(&mut headers);
    let length = match response.parse(raw) {
        Ok(httparse::Status::Complete(length)) => length,
        other => panic!(
            "no HTTP answer ({other:?}): {:?}",
            String::from_utf8_lossy(raw)
        ),
    };
    let mut answer = Answer {
        status: response.code.expect("a status"),
        headers: response
            .headers
            .iter()
            .map(|h| (h.name.to_owned(), lossy(h.value)))
            .collect(),
        text: String::new(),
    };
    let body = &raw[length..];
    let chunked = answer
        .header("transfer-encoding")
        .is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
    answer.text = lossy(&if chunked {
        unchunk(body)
    } else {
        body.to_vec()
    });
    answer
}

#[track_caller]
fn unchunk(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    loop {
        let Ok(httparse::Status::Complete((start, size))) = httparse::parse_chunk_size(body) else {
            panic!("a broken chunk: {:?}", String::from_utf8_lossy(body));
        };
        let end = start + usize::try_from(size).expect("a chunk that fits");
        if size == 0 {
            return whole;
        }
        whole.extend(&body[start..end]);
        body = &body[end + 2..];
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
