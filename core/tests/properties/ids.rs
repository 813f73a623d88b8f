//! Ids, headers and queries.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use proptest::prelude::*;
use uuid::Uuid;
use vault_core::contract::customer::{ListCustomers, ListCustomersWithCount};
use vault_core::contract::payment_method::{ListPaymentMethodsQuery, RetrieveQuery};
use vault_core::ids::{CustomerId, PaymentMethodId, ProfileId, RequestId};
use vault_core::ids::{Id, path_text};

use crate::inputs::{bytes, common_card_number, text};
use crate::{config, invariants};

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_bytes_are_read_or_refused(bytes in bytes(), text in text()) {
        invariants::ids::hold(&bytes);
        invariants::ids::hold(text.as_bytes());
    }

    #[test]
    fn texts_like_ids_queries_and_times_are_read_or_refused(
        id in "[ -~]{0,34}_pm_[0-9a-fA-F]{31,33}",
        query in "((limit|offset|customer_id|start_time|fetch_raw_detail|x)=[-+%0-9a-zT:.]{0,24}&?){0,4}",
        time in "[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{1,10})?(Z|[-+][0-9]{2}:[0-9]{2})?",
        path in "(%[0-9a-fA-F]{2}|[ -~]){0,40}",
    ) {
        for text in [id, query, time, path] {
            invariants::ids::hold(text.as_bytes());
        }
    }

    #[test]
    fn an_id_comes_back_from_its_path(text in text()) {
        let segment = utf8_percent_encode(&text, NON_ALPHANUMERIC).to_string();
        let expected = (!text.contains('\0')).then_some(text);
        prop_assert_eq!(&path_text(&segment), &expected);
        prop_assert_eq!(CustomerId::from_path_segment(&segment), expected.map(CustomerId::from_client));
    }

    #[test]
    fn an_id_of_the_vault_is_repeated_and_a_card_number_is_not(
        cell in "[A-Za-z0-9]{1,12}",
        uuid: u128,
        number in common_card_number(),
    ) {
        let uuid = Uuid::from_u128(uuid);
        let id = PaymentMethodId::new(&cell, uuid);
        prop_assert_eq!(id.if_well_formed(), Some(id.as_str()));
        for text in [number.clone(), format!("{number}_pm_{}", uuid.simple()), format!("{cell}_pm_{number}")] {
            let id = PaymentMethodId::from_client(text);
            prop_assert_eq!(id.if_well_formed(), None);
        }
    }

    #[test]
    fn headers_of_their_alphabets_are_taken(request in "[A-Za-z._:-]{1,128}", profile in "[A-Za-z0-9_-]{1,64}") {
        prop_assert_eq!(RequestId::parse(&request), Some(RequestId::from_stored(request)));
        prop_assert_eq!(ProfileId::parse(&profile), Ok(ProfileId::from_stored(profile)));
    }

    #[test]
    fn a_query_says_what_was_written_into_it(
        limit in 1..=100_i64,
        offset in 0..i64::MAX,
        reference in "[^\\x00]{0,40}",
        raw: bool,
        after in "[^\\x00]{1,40}",
    ) {
        let query = form_urlencoded::Serializer::new(String::new())
            .append_pair("customer_id", &reference)
            .append_pair("limit", &limit.to_string())
            .append_pair("offset", &offset.to_string())
            .append_pair("fetch_raw_detail", &raw.to_string())
            .append_pair("include_new", &raw.to_string())
            .append_pair("starting_after", &after)
            .finish();
        let expected = ListCustomers::new(limit, offset, Some(reference));
        prop_assert_eq!(&ListCustomers::parse(&query), &expected);
        prop_assert_eq!(ListCustomersWithCount::parse(&query).map(|list| list.page), expected);
        prop_assert_eq!(RetrieveQuery::parse(&query), Ok(RetrieveQuery { fetch_raw_detail: raw }));
        prop_assert_eq!(ListPaymentMethodsQuery::parse(&query), ListPaymentMethodsQuery::new(limit, &after));
    }
}
