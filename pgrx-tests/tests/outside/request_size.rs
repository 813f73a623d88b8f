//! How large a request may be by SQL: as large as over HTTP (see `bad_input`).

use serde_json::{Value, json};
use vault_tests::Tenant;
use vault_tests::tenant::customer;

use crate::support::holdings;

const LIMIT: usize = 32_768;
const TOO_LARGE: (&str, &str) = ("22023", "Request body is larger than 32768 bytes");

/// A request that `jsonb` prints in so many bytes: with a space behind each colon and comma.
fn padded(mut request: Value, length: usize) -> Value {
    request["metadata"] = json!({"padding": ""});
    let text = request.to_string();
    let spaces = text.matches("\":").count() + text.matches(",\"").count();
    request["metadata"]["padding"] = json!("a".repeat(length - text.len() - spaces));
    request
}

#[test]
fn a_request_by_sql_may_have_32768_bytes_and_no_more() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let id = tenant.customer();
    sql.call("create_customer($1)", &[&padded(customer(), LIMIT)])
        .unwrap();
    sql.call("update_customer($1, $2)", &[&id, &padded(json!({}), LIMIT)])
        .unwrap();

    let before = holdings(&tenant.stack, &tenant.profile);
    for length in [LIMIT + 1, 1_000_000] {
        let created = sql.call("create_customer($1)", &[&padded(customer(), length)]);
        assert_eq!(created.unwrap_err().pair(), TOO_LARGE);
        let changes = padded(json!({}), length);
        let updated = sql.call("update_customer($1, $2)", &[&id, &changes]);
        assert_eq!(updated.unwrap_err().pair(), TOO_LARGE);
        let method = padded(json!({}), length);
        let stored = sql.call("create_payment_method($1)", &[&method]);
        assert_eq!(stored.unwrap_err().pair(), TOO_LARGE);
        let updated = sql.call("update_payment_method($1, $2)", &[&id, &method]);
        assert_eq!(updated.unwrap_err().pair(), TOO_LARGE);
    }
    assert_eq!(holdings(&tenant.stack, &tenant.profile), before);
}
