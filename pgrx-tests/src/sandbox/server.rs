//! The HTTP server of a sandbox: it has its counterpart answer, and spoils the answer where it was told to.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::{Map, Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Sleep, sleep};

use super::behaviour::{Behaviour, HangUp};

/// How long a request may be.
const LONGEST_REQUEST: usize = 1024 * 1024;
/// How long the half of an answer has to get through before the connection is closed.
const BEFORE_HANGING_UP: Duration = Duration::from_millis(50);

/// The other side of the vault's calls.
pub trait Counterpart: Send + 'static {
    /// Answers a call. It follows the parts of the behaviour that concern the token. The server takes care of the rest.
    fn answer(&mut self, call: &Call, behaviour: &Behaviour) -> Reply;

    /// The card number that a call carries.
    fn card_number(&self, call: &Call) -> Option<String>;

    /// An error in the form of this API.
    fn error(&self, message: &str) -> Value;

    /// What `GET /_sandbox/state` shows beside the number of requests. No card data.
    fn state(&self) -> Map<String, Value>;
}

/// A request.
pub struct Call {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Call {
    /// A header that is there once and is text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.get_all(name).iter();
        match (values.next(), values.next()) {
            (Some(value), None) => value.to_str().ok(),
            _ => None,
        }
    }

    /// The media type of the body, without parameters.
    pub fn content_type(&self) -> &str {
        let value = self.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim()
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, body: &Value) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: body.to_string().into_bytes(),
        }
    }

    pub fn empty(status: u16) -> Reply {
        Reply {
            status,
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }
}

/// Serves until the process ends. `made` makes the counterpart, once the address is known; then the address is printed.
///
/// # Errors
/// When nobody can listen there.
pub fn serve<C: Counterpart>(
    listen: SocketAddr,
    made: impl FnOnce(SocketAddr) -> io::Result<C>,
) -> io::Result<Infallible> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind(listen).await?;
        let address = listener.local_addr()?;
        let desk = Arc::new(Mutex::new(Desk {
            counterpart: made(address)?,
            behaviour: None,
            requests: 0,
        }));
        println!("listening on {address}");
        loop {
            // A client that is gone already is no reason to end.
            if let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(connection(stream, Arc::clone(&desk)));
            }
        }
    })
}

struct Desk<C> {
    counterpart: C,
    behaviour: Option<Behaviour>,
    requests: u64,
}

type SharedDesk<C> = Arc<Mutex<Desk<C>>>;

fn lock<C>(desk: &SharedDesk<C>) -> MutexGuard<'_, Desk<C>> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn connection<C: Counterpart>(stream: TcpStream, desk: SharedDesk<C>) {
    let service = service_fn(|request| respond(request, Arc::clone(&desk)));
    // Whoever misbehaves ends connections with errors.
    let _ = http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// An error closes the connection without an answer.
async fn respond<C: Counterpart>(
    request: Request<Incoming>,
    desk: SharedDesk<C>,
) -> Result<Response<Answer>, io::Error> {
    let (head, body) = request.into_parts();
    let Ok(body) = Limited::new(body, LONGEST_REQUEST).collect().await else {
        return Ok(response(Reply::empty(413)));
    };
    let call = Call {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: body.to_bytes(),
    };
    if let Some(own) = call.path.strip_prefix("/_sandbox/") {
        return Ok(response(lock(&desk).control(own, &call)));
    }
    let (spoiled, reply) = lock(&desk).answer(&call);
    spoil(spoiled, reply).await
}

impl<C: Counterpart> Desk<C> {
    fn control(&mut self, own: &str, call: &Call) -> Reply {
        match (own, &call.method) {
            ("state", &Method::GET) => Reply::json(200, &self.state()),
            ("behaviour", &Method::POST) => match serde_json::from_slice(&call.body) {
                Ok(behaviour) => {
                    self.behaviour = behaviour;
                    Reply::empty(204)
                }
                Err(error) => Reply::json(400, &json!({"error": error.to_string()})),
            },
            _ => Reply::empty(404),
        }
    }

    fn state(&self) -> Value {
        let mut state = self.counterpart.state();
        state.insert("requests".to_owned(), self.requests.into());
        state.into()
    }

    /// How the answer is to be spoiled, and the answer, as far as there is one.
    fn answer(&mut self, call: &Call) -> (Behaviour, Option<Reply>) {
        self.requests += 1;
        let behaviour = match &mut self.behaviour {
            Some(behaviour) => behaviour.met_by(&call.path),
            None => Behaviour::default(),
        };
        let reply = behaviour
            .carries_out()
            .then(|| self.counterpart.answer(call, &behaviour));
        let reply = if behaviour.echo_card_in_error || behaviour.status.is_some() {
            Some(self.error(call, &behaviour))
        } else {
            reply
        };
        (behaviour, reply)
    }

    fn error(&self, call: &Call, behaviour: &Behaviour) -> Reply {
        let card = behaviour
            .echo_card_in_error
            .then(|| self.counterpart.card_number(call));
        let message = match card.flatten() {
            Some(number) => format!("The card {number} was declined."),
            None => "It was declined.".to_owned(),
        };
        let status = behaviour.status.unwrap_or(402);
        let error = Reply::json(status, &self.counterpart.error(&message));
        match &behaviour.retry_after {
            Some(Value::String(date)) => error.with(RETRY_AFTER.as_str(), date),
            Some(seconds) => error.with(RETRY_AFTER.as_str(), seconds.to_string()),
            None => error,
        }
    }
}

async fn spoil(behaviour: Behaviour, reply: Option<Reply>) -> Result<Response<Answer>, io::Error> {
    sleep(Duration::from_millis(behaviour.delay_ms.unwrap_or(0))).await;
    if behaviour.hang {
        std::future::pending::<()>().await;
    }
    let reply = reply.unwrap_or_else(|| Reply::empty(503));
    match behaviour.hang_up {
        Some(HangUp::Before) => return Err(io::ErrorKind::ConnectionAborted.into()),
        Some(HangUp::Middle) => return Ok(half(&reply)),
        None => {}
    }
    Ok(response(match behaviour {
        Behaviour {
            redirect: Some(url),
            ..
        } => Reply::empty(307).with(LOCATION.as_str(), url),
        Behaviour {
            status: Some(_), ..
        } => reply,
        Behaviour {
            body_bytes: Some(length),
            ..
        } => long(length),
        Behaviour { nonsense: true, .. } => Reply {
            status: 200,
            headers: Vec::new(),
            body: b"<html>{\"id\": nonsense".to_vec(),
        },
        _ => reply,
    }))
}

/// JSON of so many bytes, or of a few more.
fn long(length: usize) -> Reply {
    Reply::json(200, &json!({"padding": "x".repeat(length)}))
}

fn response(reply: Reply) -> Response<Answer> {
    head(&reply, Answer::whole(reply.body.clone()))
}

/// The head and half of the body.
fn half(reply: &Reply) -> Response<Answer> {
    let half = reply.body[..reply.body.len() / 2].to_vec();
    head(reply, Answer::broken_off(half))
}

fn head(reply: &Reply, body: Answer) -> Response<Answer> {
    let mut response = Response::builder()
        .status(reply.status)
        .header(CONTENT_TYPE, "application/json");
    if reply.status != 204 {
        response = response.header(CONTENT_LENGTH, reply.body.len());
    }
    for (name, value) in &reply.headers {
        response = response.header(*name, value);
    }
    response.body(body).unwrap_or_default()
}

/// The body of an answer: all of it, or a part of it and then the end of the connection.
#[derive(Default)]
struct Answer {
    part: Option<Bytes>,
    breaks_off: Option<Pin<Box<Sleep>>>,
}

impl Answer {
    fn whole(body: Vec<u8>) -> Answer {
        Answer {
            part: Some(body.into()),
            breaks_off: None,
        }
    }

    fn broken_off(part: Vec<u8>) -> Answer {
        Answer {
            part: Some(part.into()),
            breaks_off: Some(Box::pin(sleep(BEFORE_HANGING_UP))),
        }
    }
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        if let Some(part) = self.part.take() {
            return Poll::Ready(Some(Ok(Frame::data(part))));
        }
        let Some(breaks_off) = &mut self.breaks_off else {
            return Poll::Ready(None);
        };
        ready!(breaks_off.as_mut().poll(context));
        Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into())))
    }
}
