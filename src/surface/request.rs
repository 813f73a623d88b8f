//! What nginx and PostgREST pass on of an HTTP request besides its body, and what they take from the answer.

use std::ops::Deref;

use serde::Deserialize;
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId, RequestId, path_text};

use crate::authentication::{self, Credentials};
use crate::error::{Defect, Failure};
use crate::postgres::clock;
use crate::postgres::guc::{self, set_for_transaction};
use crate::postgres::random;
use crate::tenancy::session::{self, Acting};
use crate::tenancy::{Caller, Origin};

/// An id that nothing has. It stands for a text in a path that does not have the form of an id.
const NOBODY: &str = "";

/// One request.
pub struct Request {
    headers: Headers,
    request_id: RequestId,
}

/// The headers that nginx passes on; the `x-vault-*` ones are its own. Two of one name arrive joined by a comma.
#[derive(Default, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
struct Headers {
    api_key: Option<String>,
    x_vault_authorization: Option<String>,
    x_profile_id: Option<String>,
    x_request_id: Option<String>,
    x_vault_client_address: Option<String>,
    x_vault_customer_id: Option<String>,
    x_vault_payment_method_id: Option<String>,
    x_vault_merchant_reference_id: Option<String>,
    x_vault_query: Option<String>,
}

/// A caller whose profile the policies show until this is dropped.
pub struct ActingCaller {
    caller: Caller,
    _acting: Acting,
}

impl Deref for ActingCaller {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl Request {
    /// The request that PostgREST runs this function for.
    ///
    /// # Errors
    /// When there is none.
    pub fn current() -> Result<Self, Failure> {
        let headers: Headers = match guc::value(c"request.headers") {
            Some(headers) => {
                serde_json::from_slice(&headers).map_err(|_| Defect::UnreadableHeaders)?
            }
            None => Headers::default(),
        };
        let sent = headers.x_request_id.as_deref().and_then(RequestId::parse);
        let request_id = match sent {
            Some(request_id) => request_id,
            // nginx always sends one. A request that reaches PostgREST another way may have none.
            None => RequestId::new(random::uuid_at(clock::now()?)?),
        };
        Ok(Self {
            headers,
            request_id,
        })
    }

    /// Echoed, or made for this request.
    pub fn id(&self) -> &str {
        self.request_id.as_str()
    }

    /// Lets the caller in, and acts for the profile it names.
    ///
    /// # Errors
    /// The refusals of [`authentication::authenticate`]. A request without a key, or with several different ones, is refused as
    /// unauthenticated.
    pub fn authenticate(&self) -> Result<ActingCaller, Failure> {
        let origin = self.origin();
        let caller = match self.only_key() {
            Some(api_key) => authentication::authenticate(Credentials {
                api_key,
                profile_id: present(&self.headers.x_profile_id).map(ProfileId::parse),
                origin,
            })?,
            None => authentication::refuse_without_key(&origin)?,
        };
        let acting = session::act_for(&caller.profile_id);
        Ok(ActingCaller {
            caller,
            _acting: acting,
        })
    }

    /// The customer's id in the path.
    pub fn customer_id(&self) -> CustomerId {
        let segment = self.headers.x_vault_customer_id.as_deref();
        segment
            .and_then(CustomerId::from_path_segment)
            .unwrap_or_else(|| CustomerId::from_client(NOBODY))
    }

    /// The payment method's id in the path.
    pub fn payment_method_id(&self) -> PaymentMethodId {
        let segment = self.headers.x_vault_payment_method_id.as_deref();
        segment
            .and_then(PaymentMethodId::from_path_segment)
            .unwrap_or_else(|| PaymentMethodId::from_client(NOBODY))
    }

    /// The merchant's own id of a customer in the path.
    pub fn merchant_reference_id(&self) -> String {
        let segment = self.headers.x_vault_merchant_reference_id.as_deref();
        segment
            .and_then(path_text)
            .unwrap_or_else(|| NOBODY.to_owned())
    }

    /// The query string, still encoded.
    pub fn query(&self) -> &str {
        self.headers.x_vault_query.as_deref().unwrap_or_default()
    }

    fn origin(&self) -> Origin {
        Origin::Request {
            request_id: self.request_id.as_str().to_owned(),
            client_address: self.headers.x_vault_client_address.clone(),
        }
    }

    /// The key in `api-key` or in a part of `authorization`, bare or as `api-key=…`; none if there are two.
    fn only_key(&self) -> Option<&str> {
        let api_key = parts(&self.headers.api_key);
        let authorization =
            parts(&self.headers.x_vault_authorization).filter_map(key_of_authorization);
        let mut keys = api_key.chain(authorization);
        let first = keys.next()?;
        keys.all(|key| key == first).then_some(first)
    }
}

/// Sets the answer's status.
pub fn set_status(status: u16) -> Result<(), Failure> {
    set_for_transaction(c"response.status", &status.to_string())
}

/// Sets the answer's headers. By `x-request-id` nginx knows that the body is the vault's and not PostgREST's own.
pub fn set_headers(request_id: &str, retry_after: Option<u32>) -> Result<(), Failure> {
    let retry_after = retry_after.map(|seconds| format!(r#",{{"retry-after":"{seconds}"}}"#));
    let retry_after = retry_after.unwrap_or_default();
    set_for_transaction(
        c"response.headers",
        &format!(r#"[{{"x-request-id":"{request_id}"}}{retry_after}]"#),
    )
}

fn parts(header: &Option<String>) -> impl Iterator<Item = &str> {
    present(header)
        .into_iter()
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .filter(|part| !part.is_empty())
}

/// The key in a part of `authorization`. Clients put other things there, too, each as `name=value`: these are no keys.
fn key_of_authorization(part: &str) -> Option<&str> {
    match part.split_once('=') {
        Some(("api-key", key)) => Some(key),
        Some((name, _)) if is_name(name) => None,
        _ => Some(part),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && !text.contains(char::is_whitespace)
}

fn present(header: &Option<String>) -> Option<&str> {
    header.as_deref().filter(|value| !value.is_empty())
}
