//! Of what stands in paths, queries and headers.

use vault_core::contract::Refusal;
use vault_core::contract::customer::{ListCustomers, ListCustomersWithCount};
use vault_core::contract::payment_method::{ListPaymentMethodsQuery, RetrieveQuery};
use vault_core::crypto::ApiKey;
use vault_core::ids::path_text;
use vault_core::ids::{PaymentMethodId, ProfileId, RequestId};
use vault_core::time::Timestamp;

/// What is taken is taken as it is, and has nothing that a header, a log line or a database could stumble over.
pub fn hold(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    headers(text);
    if let Some(id) = path_text(text) {
        assert!(!id.contains('\0'));
        if let Some(repeated) = PaymentMethodId::from_client(id.as_str()).if_well_formed() {
            assert_eq!(repeated, id);
            assert!(repeated.bytes().all(|byte| byte.is_ascii_graphic()));
            assert!(repeated.len() <= 128);
        }
    }
    queries(text);
    if let Some(time) = Timestamp::parse(text) {
        assert!((1..=9999).contains(&time.year_month().year));
        assert!(Timestamp::parse(&time.to_string()).is_some());
    }
}

fn headers(text: &str) {
    if let Some(id) = RequestId::parse(text) {
        assert_eq!(id.as_str(), text);
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()));
    }
    match ProfileId::parse(text) {
        Ok(id) => assert_eq!(id.as_str(), text),
        Err(error) => assert_eq!(Refusal::from(error), Refusal::InvalidProfileHeader),
    }
    if let Ok(key) = ApiKey::parse(text) {
        assert_eq!(key.expose(), text);
        assert!(text.starts_with(key.prefix()));
        assert!(key.hash_matches(&key.hash()));
    }
}

fn queries(text: &str) {
    match ListCustomers::parse(text) {
        Ok(list) => {
            assert!((1..=100).contains(&list.limit) && list.offset >= 0);
            assert!(
                list.merchant_reference_id
                    .is_none_or(|id| !id.is_empty() && !id.contains('\0'))
            );
        }
        Err(refusal) => assert_repeats_no_number(&refusal.to_string()),
    }
    if let Err(refusal) = ListCustomersWithCount::parse(text) {
        assert_repeats_no_number(&refusal.to_string());
    }
    if let Err(refusal) = RetrieveQuery::parse(text) {
        assert_repeats_no_number(&refusal.to_string());
    }
    if let Err(refusal) = ListPaymentMethodsQuery::parse(text) {
        assert_repeats_no_number(&refusal.to_string());
    }
}

/// Positions and limits are short; eight digits in a row would be the input's.
pub fn assert_repeats_no_number(message: &str) {
    let longest = message
        .split(|character: char| !character.is_ascii_digit())
        .map(str::len)
        .max();
    assert!(longest < Some(8), "{message}");
}
