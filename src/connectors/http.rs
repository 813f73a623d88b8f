//! One request to somebody else, and its answer.

use std::error::Error;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::connect::capture_connection;
use serde::Serialize;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};
use url::Url;
use zeroize::Zeroizing;

use super::call_rules::CallRules;
use super::connection::{self, Client};
use super::fault::{Fault, FaultKind};

/// The longest answer that is read.
const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// How many informational heads (status 1xx) may go before an answer.
const MAX_INFORMATIONAL_HEADS: usize = 16;

/// A longer `Retry-After` is cut down to this. How long a job really waits is not decided here.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// Makes requests by the rules. TLS is verified, a plain connection is for loopback addresses only, and no redirect is followed.
///
/// It takes no proxy from the environment, keeps no cookies, and asks for no compression.
#[derive(Clone)]
pub struct Http {
    client: Client,
    rules: Arc<CallRules>,
}

/// A request. Headers with secrets are made by [`secret_header`].
pub struct Request {
    /// The method.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers beside those that every request has.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The type of the content, and the content. A `Content-Type` among the headers takes precedence.
    pub body: Option<(&'static str, Zeroizing<Vec<u8>>)>,
}

/// An answer with a status of 200 to 299. Any other is a [`Fault`].
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The whole content. It may repeat a card number.
    pub body: Zeroizing<Vec<u8>>,
}

/// A header's value that is a secret: it wipes itself and never prints. None when a header cannot hold the text.
pub fn secret_header(text: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_maybe_shared(wiping_bytes(text.as_bytes().to_vec())).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// The content of a form, in a buffer of its final size. A buffer that grows would leave copies behind.
pub fn form(pairs: &[(&str, &str)]) -> (&'static str, Zeroizing<Vec<u8>>) {
    // Each byte becomes three at most, and there are `=` and `&`.
    let length = |text: &str| text.len().saturating_mul(3).saturating_add(1);
    let capacity = pairs
        .iter()
        .map(|(name, value)| length(name) + length(value));
    let mut form = form_urlencoded::Serializer::new(String::with_capacity(capacity.sum()));
    form.extend_pairs(pairs);
    (
        "application/x-www-form-urlencoded",
        Zeroizing::new(form.finish().into_bytes()),
    )
}

/// JSON, in a buffer that it fits into from the start. None when the value cannot be written as JSON.
pub fn json(value: &impl Serialize) -> Option<Zeroizing<Vec<u8>>> {
    let mut length = Length(0);
    serde_json::to_writer(&mut length, value).ok()?;
    let mut json = Zeroizing::new(Vec::with_capacity(length.0));
    serde_json::to_writer(&mut *json, value).ok()?;
    Some(json)
}

/// Counts what is written.
struct Length(usize);

impl io::Write for Length {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(bytes.len());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Http {
    pub(super) fn new(client: Client, rules: Arc<CallRules>) -> Self {
        Self { client, rules }
    }

    /// Sends a request, and reads the answer. It takes no longer than the three time-outs together.
    ///
    /// # Errors
    /// As the fault says. Any answer whose status is not 200 to 299 is a fault.
    pub async fn send(&self, request: Request) -> Result<Reply, Fault> {
        if !self.rules.allow_list.allows(&request.url) {
            return Err(Fault::new(FaultKind::HostNotAllowed));
        }
        let answer = self.send_and_wait(into_http(request)?).await?;
        let status = answer.status();
        accept(status, answer.headers())?;
        let body = timeout(self.rules.body_timeout, read(answer.into_body()))
            .await
            .map_err(|_| Fault::new(FaultKind::TimedOut))
            .flatten()
            .map_err(|fault| fault.with_status(status.as_u16()))?;
        Ok(Reply {
            status: status.as_u16(),
            body,
        })
    }

    /// Waits for the head of the answer. The connection has a time-out of its own.
    async fn send_and_wait(
        &self,
        mut request: http::Request<Full<Bytes>>,
    ) -> Result<http::Response<Incoming>, Fault> {
        let mut connected = capture_connection(&mut request);
        let too_many_heads = limit_informational_heads(&mut request);
        let answer = pin!(self.client.request(request));
        let too_late = pin!(async {
            connected.wait_for_connection_metadata().await;
            sleep(self.rules.head_timeout).await;
        });
        tokio::select! {
            biased;
            () = too_many_heads.notified() => Err(Fault::new(FaultKind::UnexpectedAnswer)),
            answer = answer => answer.map_err(|error| fault_of(&error)),
            () = too_late => Err(Fault::new(FaultKind::TimedOut)),
        }
    }
}

/// Counts the informational heads that come before the answer, and notifies when there are too many. The protocol allows any
/// number, and reading them without end would leave no time for other calls.
fn limit_informational_heads(request: &mut http::Request<Full<Bytes>>) -> Arc<Notify> {
    let too_many = Arc::new(Notify::new());
    let notify = Arc::clone(&too_many);
    let heads = AtomicUsize::new(0);
    hyper::ext::on_informational(request, move |_| {
        if heads.fetch_add(1, Ordering::Relaxed) >= MAX_INFORMATIONAL_HEADS {
            notify.notify_one();
        }
    });
    too_many
}

/// Hands the content to the client in bytes that wipe themselves. The client keeps it for a moment in two more buffers that nobody
/// can wipe: hyper's, which joins it to the head, and rustls's, which holds it encrypted. The next request uses both again, and
/// both are freed with the connection.
fn into_http(request: Request) -> Result<http::Request<Full<Bytes>>, Fault> {
    let mut made = http::Request::builder()
        .method(request.method)
        .uri(request.url.as_str())
        .header(USER_AGENT, "vault")
        .header(ACCEPT, "application/json");
    let mut content = Bytes::new();
    if let Some((content_type, mut body)) = request.body {
        made = made.header(CONTENT_TYPE, content_type);
        content = wiping_bytes(std::mem::take(&mut *body));
    }
    if let Some(headers) = made.headers_mut() {
        for (name, value) in request.headers {
            headers.insert(name, value);
        }
    }
    made.body(Full::new(content))
        .map_err(|_| Fault::new(FaultKind::Misconfigured))
}

fn wiping_bytes(bytes: Vec<u8>) -> Bytes {
    Bytes::from_owner(Zeroizing::new(bytes))
}

fn accept(status: StatusCode, headers: &HeaderMap) -> Result<(), Fault> {
    if status.is_success() {
        return Ok(());
    }
    let kind = match status.as_u16() {
        300..=399 => FaultKind::Redirected,
        401 | 403 => FaultKind::CredentialsRefused,
        429 => FaultKind::TooManyRequests,
        400..=499 => FaultKind::Refused,
        500..=599 => FaultKind::ServerError,
        _ => FaultKind::UnexpectedAnswer,
    };
    let waits = matches!(
        status,
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
    );
    let retry_after = headers.get(RETRY_AFTER).filter(|_| waits);
    Err(Fault {
        kind,
        status: Some(status.as_u16()),
        retry_after: retry_after.and_then(read_retry_after),
    })
}

/// Seconds or a date (RFC 9110, section 10.2.3). A date that has passed is now.
fn read_retry_after(value: &HeaderValue) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    let wait = match text.parse() {
        Ok(seconds) => Duration::from_secs(seconds),
        Err(_) => httpdate::parse_http_date(text)
            .ok()?
            .duration_since(SystemTime::now())
            .unwrap_or_default(),
    };
    Some(wait.min(MAX_RETRY_AFTER))
}

/// Reads the content as far as it may go, whatever length it claims.
async fn read(mut body: Incoming) -> Result<Zeroizing<Vec<u8>>, Fault> {
    let claimed = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if claimed > MAX_ANSWER_BYTES {
        return Err(Fault::new(FaultKind::AnswerTooLarge));
    }
    let mut content = Zeroizing::new(Vec::with_capacity(claimed));
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| fault_of(&error))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if content.len().saturating_add(data.len()) > MAX_ANSWER_BYTES {
            return Err(Fault::new(FaultKind::AnswerTooLarge));
        }
        append(&mut content, &data);
    }
    Ok(content)
}

/// Appends to the content. If the content has to move, its old place is wiped.
fn append(content: &mut Zeroizing<Vec<u8>>, data: &[u8]) {
    let needed = content.len().saturating_add(data.len());
    if needed > content.capacity() {
        let mut larger = Zeroizing::new(Vec::with_capacity(needed.max(2 * content.len())));
        larger.extend_from_slice(content);
        *content = larger;
    }
    content.extend_from_slice(data);
}

/// The kind of an error of hyper. The text of the error is not kept, because it may repeat what the other side said.
fn fault_of(error: &(dyn Error + 'static)) -> Fault {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return *fault;
        }
        if connection::is_of_tls(error) {
            return Fault::new(FaultKind::Tls);
        }
        if error.downcast_ref().is_some_and(hyper::Error::is_parse) {
            return Fault::new(FaultKind::UnexpectedAnswer);
        }
        next = error.source();
    }
    Fault::new(FaultKind::HungUp)
}
