//! The queries of a retrieve and of a list.

use crate::contract::query::Query;
use crate::contract::refusal::Refusal;
use crate::ids::PaymentMethodId;

/// `GET /payment-methods/{id}?fetch_raw_detail=bool`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetrieveQuery {
    /// Whether the full number is asked for.
    pub fetch_raw_detail: bool,
}

impl RetrieveQuery {
    /// Reads the query part of a URL.
    ///
    /// # Errors
    /// [`Refusal::Field`] when the member is doubled, or neither `true` nor `false`.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        let fetch_raw_detail = Query::parse(query).flag("fetch_raw_detail")?;
        Ok(Self {
            fetch_raw_detail: fetch_raw_detail.unwrap_or(false),
        })
    }
}

/// `GET /customers/{id}/saved-payment-methods`: one page of a customer's payment methods, last used first.
///
/// The member `include_new` is checked and means nothing: every method is active once it is stored, so none is new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListPaymentMethodsQuery {
    /// The largest number of payment methods on the page, 1 to 1000.
    pub limit: i64,
    /// The last payment method of the page before.
    pub starting_after: Option<PaymentMethodId>,
}

impl ListPaymentMethodsQuery {
    const MAX_LIMIT: i64 = 1000;

    /// A page of at most `limit` payment methods. It is the first page if no id is given.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a limit outside of 1 to 1000.
    pub fn new(limit: i64, starting_after: &str) -> Result<Self, Refusal> {
        if !(1..=Self::MAX_LIMIT).contains(&limit) {
            return Err(Refusal::field("limit", format!("1 to {}", Self::MAX_LIMIT)));
        }
        Ok(Self {
            limit,
            starting_after: (!starting_after.is_empty())
                .then(|| PaymentMethodId::from_client(starting_after)),
        })
    }

    /// Reads the query part of a URL.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a member that is doubled, of another form, or out of range.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        let query = Query::parse(query);
        query.flag("include_new")?;
        let starting_after = query.text("starting_after")?;
        if starting_after.as_deref() == Some("") {
            return Err(Refusal::field("starting_after", "left out or not empty"));
        }
        Self::new(
            query.number("limit")?.unwrap_or(Self::MAX_LIMIT),
            starting_after.as_deref().unwrap_or_default(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_number_is_fetched_only_when_asked_for() {
        let fetched = |query| RetrieveQuery::parse(query).map(|query| query.fetch_raw_detail);
        assert_eq!(fetched(""), Ok(false));
        assert_eq!(fetched("x=1"), Ok(false));
        assert_eq!(fetched("fetch_raw_detail=false"), Ok(false));
        assert_eq!(fetched("fetch_raw_detail=true"), Ok(true));
        for query in [
            "fetch_raw_detail",
            "fetch_raw_detail=",
            "fetch_raw_detail=1",
            "fetch_raw_detail=True",
            "fetch_raw_detail=true&fetch_raw_detail=true",
        ] {
            assert!(fetched(query).is_err(), "{query}");
        }
    }

    #[test]
    fn new_methods_are_asked_for_by_true_or_false_alone() {
        for query in ["", "include_new=true", "include_new=false", "x="] {
            assert!(ListPaymentMethodsQuery::parse(query).is_ok(), "{query}");
        }
        for query in ["include_new", "include_new=yes", "include_new="] {
            assert_eq!(
                ListPaymentMethodsQuery::parse(query)
                    .unwrap_err()
                    .to_string(),
                "`include_new` must be `true` or `false`",
                "{query}"
            );
        }
    }

    #[test]
    fn a_page_has_1_to_1000_methods_and_1000_where_nothing_is_said() {
        let page = ListPaymentMethodsQuery::parse("").unwrap();
        assert_eq!((page.limit, page.starting_after), (1000, None));
        let page = ListPaymentMethodsQuery::parse("limit=2&starting_after=12345_pm_1").unwrap();
        let after = page.starting_after.as_ref().map(PaymentMethodId::as_str);
        assert_eq!((page.limit, after), (2, Some("12345_pm_1")));
        for query in ["limit=0", "limit=1001", "limit=-1"] {
            let refusal = ListPaymentMethodsQuery::parse(query).unwrap_err();
            assert_eq!(refusal.to_string(), "`limit` must be 1 to 1000");
        }
        for query in [
            "limit=x",
            "limit=1&limit=1",
            "starting_after=",
            "starting_after=a&starting_after=b",
        ] {
            assert!(ListPaymentMethodsQuery::parse(query).is_err(), "{query}");
        }
    }
}
