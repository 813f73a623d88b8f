//! Of the bodies of requests.

use vault_core::contract::customer::{CustomerCreate, CustomerDetails, CustomerUpdate};
use vault_core::contract::json::from_slice;
use vault_core::contract::payment_method::{
    Instrument, NetworkTokenRequest, NewPaymentMethod, PaymentMethodCreate, PaymentMethodUpdate,
    RawPaymentMethodData, Summary,
};
use vault_core::contract::{Refusal, stored};
use vault_core::time::YearMonth;

/// No card expires before.
pub const TODAY: YearMonth = YearMonth {
    year: 2026,
    month: 4,
};

/// Every call takes the body or refuses it without repeating it; what it takes can be stored, and is read the same again.
pub fn hold(body: &[u8]) {
    let customer = from_slice::<CustomerCreate>(body).and_then(CustomerCreate::into_valid);
    if let Some(customer) = taken(body, customer) {
        comes_back(&customer.details);
    }
    let changes = from_slice::<CustomerUpdate>(body).and_then(CustomerUpdate::into_valid);
    taken(body, changes);
    let method =
        from_slice::<PaymentMethodCreate>(body).and_then(|create| create.into_valid(TODAY));
    if let Some(method) = taken(body, method) {
        payment_method(method);
    }
    let changes = from_slice::<PaymentMethodUpdate>(body).and_then(PaymentMethodUpdate::into_valid);
    if let Some(changes) = taken(body, changes)
        && let Some(details) = changes.connector_token_details
    {
        let placed = details.place(&[]).expect("a first token has a place");
        let bytes = stored::to_bytes(&placed.token).expect("a token can be stored");
        assert!(stored::from_bytes::<serde_json::Value>(&bytes).is_ok());
    }
    taken(body, from_slice::<NetworkTokenRequest>(body));
}

/// What was made of a body, if it was taken: then it is JSON.
fn taken<T>(body: &[u8], result: Result<T, Refusal>) -> Option<T> {
    match result {
        Ok(request) => {
            assert!(serde_json::from_slice::<serde_json::Map<_, _>>(body).is_ok());
            Some(request)
        }
        Err(refusal) => {
            super::ids::assert_repeats_no_number(&refusal.to_string());
            assert!((400..500).contains(&refusal.status()) || refusal.status() == 501);
            assert!(serde_json::from_str::<serde_json::Value>(&refusal.body()).is_ok());
            None
        }
    }
}

fn comes_back(details: &CustomerDetails) {
    let bytes = stored::to_bytes(details).expect("details can be stored");
    let again: CustomerDetails = stored::from_bytes(&bytes).expect("what was stored is read");
    assert_eq!(stored::to_bytes(&again), Ok(bytes));
}

fn payment_method(method: NewPaymentMethod) {
    let bytes = method.instrument.to_bytes().expect("it can be stored");
    let instrument = Instrument::from_bytes(&bytes).expect("what was stored is read");
    assert_eq!(instrument.to_bytes(), Ok(bytes));

    let bytes = stored::to_bytes(&method.summary).expect("a summary can be stored");
    let summary: Summary = stored::from_bytes(&bytes).expect("what was stored is read");
    assert_eq!(stored::to_bytes(&summary), Ok(bytes));

    let raw = RawPaymentMethodData::compose(instrument, &summary.payment_method_data);
    assert!(stored::to_bytes(&raw.expect("both are of one kind")).is_ok());
}
