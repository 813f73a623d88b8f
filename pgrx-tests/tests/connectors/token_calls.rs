//! Makes calls of token services as the worker does.

use std::net::SocketAddr;
use std::sync::Arc;

use serde_json::{Value, json};
use vault_core::ids::CustomerId;
use zeroize::Zeroizing;

use crate::caller::{self, rules};
use crate::connectors::{Account, Answer, Call, CardDetails, Fault, Kind, NetworkTokenOrder};
use crate::server::{Server, ok};

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
        customer_id: CustomerId::from_client(CUSTOMER),
        reference: reference.to_owned(),
    })
}

/// Makes a call on a thread of its own, which may call this account's service alone.
pub fn ask(account: Account, call: Call) -> Result<Answer, Fault> {
    let hosts = account
        .urls()
        .into_iter()
        .map(|url| url.authority().to_owned());
    let hosts = hosts.collect::<Vec<_>>().join(", ");
    caller::call(&Arc::new(account), call, rules(&hosts))
}

/// Has a call answered with this JSON, under the settings above.
pub fn ask_one_answering(json: &Value, call: Call) -> Result<Answer, Fault> {
    let server = Server::answering(ok(&json.to_string()));
    ask(account(&settings(server.address)), call)
}
