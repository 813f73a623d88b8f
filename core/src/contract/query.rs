//! The query part of a URL. Members that a call does not know are ignored. A member that the call knows must stand
//! there once.

use super::refusal::Refusal;
use crate::time::Timestamp;

/// The members of a query, decoded.
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(query: &str) -> Self {
        Self(
            form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        )
    }

    /// A text, which may be empty.
    pub(super) fn text(&self, name: &'static str) -> Result<Option<String>, Refusal> {
        let Some(value) = self.once(name)? else {
            return Ok(None);
        };
        if value.contains('\0') {
            return Err(Refusal::field(name, "a text without NUL"));
        }
        Ok(Some(value.to_owned()))
    }

    /// A whole number.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<i64>, Refusal> {
        let number = |value: &str| value.parse().ok();
        self.read(name, number, "a whole number")
    }

    /// `true` or `false`.
    pub(super) fn flag(&self, name: &'static str) -> Result<Option<bool>, Refusal> {
        let flag = |value: &str| value.parse().ok();
        self.read(name, flag, "`true` or `false`")
    }

    /// A point in time.
    pub(super) fn time(&self, name: &'static str) -> Result<Option<Timestamp>, Refusal> {
        self.read(name, Timestamp::parse, "a time in the form of RFC 3339")
    }

    fn read<T>(
        &self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Option<T>,
        rule: &'static str,
    ) -> Result<Option<T>, Refusal> {
        self.once(name)?
            .map(|value| parse(value).ok_or_else(|| Refusal::field(name, rule)))
            .transpose()
    }

    fn once(&self, name: &'static str) -> Result<Option<&str>, Refusal> {
        let mut values = self
            .0
            .iter()
            .filter(|(member, _)| member == name)
            .map(|(_, value)| value.as_str());
        let value = values.next();
        if values.next().is_some() {
            return Err(Refusal::field(name, "given once"));
        }
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_decoded_and_unknown_ones_ignored() {
        let query = Query::parse("x=1&customer_id=a%2Fb+c&limit=7&&fetch=true&x=2");
        assert_eq!(query.text("customer_id"), Ok(Some("a/b c".into())));
        assert_eq!(query.number("limit"), Ok(Some(7)));
        assert_eq!(query.flag("fetch"), Ok(Some(true)));
        assert_eq!(query.number("offset"), Ok(None));
    }

    #[test]
    fn a_doubled_member_is_refused_even_when_both_agree() {
        let query = Query::parse("limit=1&limit=1");
        assert_eq!(
            query.number("limit").unwrap_err().to_string(),
            "`limit` must be given once"
        );
    }

    #[test]
    fn a_value_of_another_form_is_refused_by_its_rule() {
        let query = Query::parse("n=1.5&e=&f=TRUE&t=today&nul=a%00b");
        let messages = [
            query.number("n").unwrap_err().to_string(),
            query.number("e").unwrap_err().to_string(),
            query.flag("f").unwrap_err().to_string(),
            query.time("t").unwrap_err().to_string(),
            query.text("nul").unwrap_err().to_string(),
        ];
        assert_eq!(
            messages,
            [
                "`n` must be a whole number",
                "`e` must be a whole number",
                "`f` must be `true` or `false`",
                "`t` must be a time in the form of RFC 3339",
                "`nul` must be a text without NUL",
            ]
        );
    }
}
