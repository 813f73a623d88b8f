//! Which customers a list shows.

use crate::contract::query::Query;
use crate::contract::refusal::Refusal;
use crate::time::Timestamp;

const MAX_LIMIT: i64 = 100;

/// `GET /customers/list`: one page of the profile's customers, oldest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCustomers {
    /// The largest number of customers on the page, 1 to 100.
    pub limit: i64,
    /// The number of customers before the page.
    pub offset: i64,
    /// Only the customer with this reference. The query's member is `customer_id`.
    pub merchant_reference_id: Option<String>,
}

impl ListCustomers {
    const DEFAULT_LIMIT: i64 = 10;

    /// A page of at most `limit` customers, after the first `offset`.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a limit outside of 1 to 100, an offset below 0, or an empty reference: no customer has one, so
    /// whoever sends it has forgotten to fill it in.
    pub fn new(
        limit: i64,
        offset: i64,
        merchant_reference_id: Option<String>,
    ) -> Result<Self, Refusal> {
        if !(1..=MAX_LIMIT).contains(&limit) {
            return Err(Refusal::field("limit", format!("1 to {MAX_LIMIT}")));
        }
        if offset < 0 {
            return Err(Refusal::field("offset", "0 or more"));
        }
        if merchant_reference_id.as_deref() == Some("") {
            return Err(Refusal::field("customer_id", "left out or not empty"));
        }
        Ok(Self {
            limit,
            offset,
            merchant_reference_id,
        })
    }

    /// Reads the query part of a URL.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a member that is doubled, of another form, or out of range.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        page(&Query::parse(query), Self::DEFAULT_LIMIT)
    }
}

/// `GET /customers/list_with_count`: a page, within a period, and the number of all customers of that period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListCustomersWithCount {
    /// The page.
    pub page: ListCustomers,
    /// Created at this time or later.
    pub start_time: Option<Timestamp>,
    /// Created at this time or earlier.
    pub end_time: Option<Timestamp>,
}

impl ListCustomersWithCount {
    const DEFAULT_LIMIT: i64 = 20;

    /// Reads the query part of a URL.
    ///
    /// # Errors
    /// [`Refusal::Field`] for a member that is doubled, of another form, or out of range.
    pub fn parse(query: &str) -> Result<Self, Refusal> {
        let query = Query::parse(query);
        Ok(Self {
            page: page(&query, Self::DEFAULT_LIMIT)?,
            start_time: query.time("start_time")?,
            end_time: query.time("end_time")?,
        })
    }
}

fn page(query: &Query, default_limit: i64) -> Result<ListCustomers, Refusal> {
    ListCustomers::new(
        query.number("limit")?.unwrap_or(default_limit),
        query.number("offset")?.unwrap_or(0),
        query.text("customer_id")?,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(query: &str) -> String {
        ListCustomers::parse(query).unwrap_err().to_string()
    }

    #[test]
    fn without_a_query_lists_begin_at_the_first_with_their_default_limits() {
        let list = ListCustomers::parse("").unwrap();
        assert_eq!((list.limit, list.offset), (10, 0));
        assert_eq!(list.merchant_reference_id, None);
        let list = ListCustomersWithCount::parse("").unwrap();
        assert_eq!((list.page.limit, list.start_time), (20, None));
    }

    #[test]
    fn a_query_names_page_reference_and_period() {
        let list = ListCustomersWithCount::parse(
            "limit=100&offset=7&customer_id=ref-1&start_time=2026-01-01T00:00:00Z&end_time=2026-02-01T00%3A00%3A00%2B01%3A00&include_new=true",
        )
        .unwrap();
        assert_eq!(
            list.page,
            ListCustomers::new(100, 7, Some("ref-1".into())).unwrap()
        );
        assert_eq!(list.start_time, Timestamp::parse("2026-01-01T00:00:00Z"));
        assert_eq!(list.end_time, Timestamp::parse("2026-01-31T23:00:00Z"));
    }

    #[test]
    fn a_limit_is_1_to_100_and_an_offset_not_negative() {
        assert!(ListCustomers::parse("limit=1").is_ok());
        for query in ["limit=0", "limit=101", "limit=-1"] {
            assert_eq!(refusal(query), "`limit` must be 1 to 100");
        }
        assert_eq!(refusal("offset=-1"), "`offset` must be 0 or more");
        assert_eq!(
            refusal("limit=99999999999999999999"),
            "`limit` must be a whole number"
        );
        assert_eq!(refusal("limit=5&limit=6"), "`limit` must be given once");
    }

    #[test]
    fn a_filter_is_not_empty() {
        for query in ["customer_id=", "customer_id"] {
            assert_eq!(
                refusal(query),
                "`customer_id` must be left out or not empty"
            );
            assert!(ListCustomersWithCount::parse(query).is_err());
        }
        for query in ["start_time=", "end_time="] {
            assert!(ListCustomersWithCount::parse(query).is_err(), "{query}");
            assert!(ListCustomers::parse(query).is_ok(), "{query}");
        }
    }
}
