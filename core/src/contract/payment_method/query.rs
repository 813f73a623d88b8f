//! The query of a retrieve.

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
}
