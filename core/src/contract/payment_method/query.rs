//! The queries of a retrieve and of a list.

use crate::contract::query::Query;
use crate::contract::refusal::Refusal;

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

/// `GET /customers/{id}/saved-payment-methods?include_new=bool`
///
/// The member is checked and means nothing: every method is active once it is stored, so none is new.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListPaymentMethodsQuery;

impl ListPaymentMethodsQuery {
    /// Reads the query part of a URL.
    ///
    /// # Errors
    /// [`Refusal::Field`] when the member is doubled, or neither `true` nor `false`.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        Query::parse(query).flag("include_new")?;
        Ok(Self)
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
}
