//! A server on a free loopback port that notes what it receives and answers as it is told, one thread per connection.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A connection, plain or with TLS.
pub trait Stream: Read + Write {}

impl<T: Read + Write> Stream for T {}

/// Answers a request. The connection is kept while it gives true.
type Answer = dyn Fn(&Received, &mut dyn Stream) -> bool + Send + Sync;

pub struct Server {
    pub address: SocketAddr,
    state: Arc<State>,
}

struct State {
    answer: Box<Answer>,
    tls: Option<Arc<ServerConfig>>,
    connections: AtomicUsize,
    received: Mutex<Vec<Received>>,
}

#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    pub path: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Received {
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut same = self.headers.iter().filter(|(own, _)| own == name);
        let (_, value) = same.next()?;
        assert!(same.next().is_none(), "{name} is there twice");
        Some(value)
    }

    pub fn json(&self) -> serde_json::Value {
        assert_eq!(self.header("content-type"), Some("application/json"));
        serde_json::from_slice(&self.body).unwrap()
    }

    pub fn form(&self) -> Vec<(String, String)> {
        let form = "application/x-www-form-urlencoded";
        assert_eq!(self.header("content-type"), Some(form));
        form_urlencoded::parse(&self.body).into_owned().collect()
    }
}

impl Server {
    /// Answers every request with the same bytes, and keeps the connection.
    pub fn answering(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(None, move |_, stream| stream.write_all(&bytes).is_ok())
    }

    /// Answers by a function.
    pub fn by(answer: impl Fn(&Received, &mut dyn Stream) -> bool + Send + Sync + 'static) -> Self {
        Self::start(None, answer)
    }

    /// Answers every request with the same bytes, over TLS.
    pub fn with_tls(tls: ServerConfig, bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        Self::start(Some(Arc::new(tls)), move |_, stream| {
            stream.write_all(&bytes).is_ok()
        })
    }

    fn start(
        tls: Option<Arc<ServerConfig>>,
        answer: impl Fn(&Received, &mut dyn Stream) -> bool + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(State {
            answer: Box::new(answer),
            tls,
            connections: AtomicUsize::new(0),
            received: Mutex::default(),
        });
        let for_thread = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let state = Arc::clone(&for_thread);
                thread::spawn(move || state.serve(stream.unwrap()));
            }
        });
        Self { address, state }
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    pub fn url(&self) -> String {
        format!("http://{}/tokens", self.address)
    }

    pub fn connections(&self) -> usize {
        self.state.connections.load(Ordering::SeqCst)
    }

    pub fn received(&self) -> Vec<Received> {
        self.state.received.lock().unwrap().clone()
    }

    /// The only request.
    pub fn the_request(&self) -> Received {
        let [request] = self.received().try_into().unwrap();
        request
    }
}

impl State {
    fn serve(&self, stream: TcpStream) {
        self.connections.fetch_add(1, Ordering::SeqCst);
        stream.set_nodelay(true).unwrap();
        match &self.tls {
            None => self.serve_requests(stream),
            Some(config) => {
                let connection = ServerConnection::new(Arc::clone(config)).unwrap();
                self.serve_requests(StreamOwned::new(connection, stream));
            }
        }
    }

    fn serve_requests(&self, mut stream: impl Stream) {
        while let Ok(Some(request)) = read_request(&mut stream) {
            self.received.lock().unwrap().push(request.clone());
            if !(self.answer)(&request, &mut stream) {
                break;
            }
        }
    }
}

fn read_request(stream: &mut impl Read) -> io::Result<Option<Received>> {
    let mut bytes = Vec::new();
    loop {
        if let Some((mut request, body_at)) = parse_head(&bytes) {
            let length = request.header("content-length").unwrap_or("0");
            let end = body_at + length.parse::<usize>().unwrap();
            while bytes.len() < end {
                if read_more(stream, &mut bytes)? == 0 {
                    return Ok(None);
                }
            }
            assert_eq!(bytes.len(), end, "a second request before the first answer");
            request.body = bytes[body_at..end].to_vec();
            return Ok(Some(request));
        }
        if read_more(stream, &mut bytes)? == 0 {
            return Ok(None);
        }
    }
}

fn read_more(stream: &mut impl Read, bytes: &mut Vec<u8>) -> io::Result<usize> {
    let mut more = [0; 8192];
    let length = stream.read(&mut more)?;
    bytes.extend_from_slice(&more[..length]);
    Ok(length)
}

fn parse_head(bytes: &[u8]) -> Option<(Received, usize)> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut head = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(body_at) = head.parse(bytes).unwrap() else {
        return None;
    };
    let headers = head.headers.iter().map(|header| {
        let value = String::from_utf8(header.value.to_vec()).unwrap();
        (header.name.to_ascii_lowercase(), value)
    });
    let received = Received {
        method: head.method.unwrap().to_owned(),
        path: head.path.unwrap().to_owned(),
        headers: headers.collect(),
        body: Vec::new(),
    };
    Some((received, body_at))
}

/// An answer in JSON.
pub fn ok(json: &str) -> Vec<u8> {
    answer("200 OK", "Content-Type: application/json\r\n", json)
}

/// An answer with any status and further headers.
pub fn answer(status: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\n{headers}\r\n{body}").into_bytes()
}

/// Reads until the other side has gone. Gives whether it went.
pub fn wait_for_the_end(stream: &mut dyn Stream) -> bool {
    let mut byte = [0];
    matches!(stream.read(&mut byte), Ok(0) | Err(_))
}
