//! Card numbers where an identifier belongs: they must get neither into a log nor, in the clear, into a table.

use std::fs;

use serde_json::json;
use vault_tests::card::number;
use vault_tests::tenant::customer;
use vault_tests::{Tenant, random};

use crate::support::{UUID_V7, has_form, soon};

/// The number in groups of four.
fn printed(number: &str, separator: &str) -> String {
    let groups: Vec<String> = number
        .as_bytes()
        .chunks(4)
        .map(|group| String::from_utf8_lossy(group).into_owned())
        .collect();
    groups.join(separator)
}

#[test]
fn a_card_number_as_request_id_is_replaced_and_neither_logged_nor_recorded() {
    let tenant = Tenant::new();
    let number = number("4", 16);
    let forms = [
        number.clone(),
        format!("order-{number}"),
        format!("a.{number}:1"),
        format!("x{number}"),
        printed(&number, "-"),
        printed(&number, "."),
    ];
    for form in &forms {
        // A refused reveal is on record with its request id.
        let customer = tenant.customer();
        let method = tenant.store(&vault_tests::Card::new(), &customer);
        let path = format!("/v2/payment-methods/{method}?fetch_raw_detail=true");
        let answer = tenant.send(&tenant.request("GET", &path).header("x-request-id", form));
        assert_eq!(answer.status, 403, "{}", answer.text);
        let id = answer.header("x-request-id").unwrap();
        has_form(&json!(id), UUID_V7);
        wait_for_access_log(&tenant, id);
    }

    let mut superuser = tenant.stack.superuser();
    for form in &forms {
        assert!(!access_log(&tenant).contains(form.as_str()));
        let rows: i64 = superuser
            .value(
                "select count(*) from vault.audit_log a where strpos(a::text, $1) > 0",
                &[form],
            )
            .unwrap();
        assert_eq!(rows, 0);
    }
}

#[test]
fn an_id_that_only_looks_like_a_card_number_is_echoed() {
    let tenant = Tenant::new();
    for id in [
        "4000056655665557",
        "20261121-0000123",
        "0199f3a2-1234-7123-8123-123456789012",
        "01994000056655665556a2b3c4d5e6f7",
    ] {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .header("x-request-id", id);
        assert_eq!(tenant.send(&request).header("x-request-id"), Some(id));
    }
}

#[test]
fn what_follows_a_good_request_id_in_another_header_is_not_echoed() {
    let tenant = Tenant::new();
    let number = number("4", 16);
    let request = tenant
        .request("GET", "/v2/customers/list")
        .header("x-request-id", "first")
        .header("x-request-id", &number);
    let answer = tenant.send(&request);
    // nginx takes the first header up to 1.22. Later ones take both as one, which is no good id and gets a new one instead.
    let id = answer.header("x-request-id").unwrap();
    assert!(!id.contains(&number), "{id}");
    wait_for_access_log(&tenant, id);
    assert!(!access_log(&tenant).contains(&number));
}

#[test]
fn a_card_number_is_no_reference_and_no_subtype() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let number = number("4", 16);
    for reference in [
        number.clone(),
        format!("ref_{number}"),
        printed(&number, "-"),
    ] {
        const MESSAGE: &str = "`merchant_reference_id` must be something other than a card number";
        let mut request = customer();
        request["merchant_reference_id"] = json!(reference);
        let answer = tenant.post("/v2/customers", &request);
        answer.refuses(400, "IR_06", MESSAGE);
        let refused = sql.call("create_customer($1)", &[&request]).unwrap_err();
        assert_eq!(refused.pair(), ("22023", MESSAGE));
    }
    let mut request = vault_tests::Card::new().create_for(&tenant.customer());
    request["payment_method_subtype"] = json!(number);
    tenant.post("/v2/payment-methods", &request).refuses(
        400,
        "IR_06",
        "`payment_method_subtype` must be something other than a card number",
    );
}

#[test]
fn a_card_number_is_no_part_of_a_name_that_an_administrator_gives() {
    const MESSAGE: &str = "a name is stored in the clear, and this one contains a card number";
    let tenant = Tenant::new();
    let mut admin = tenant.admin();
    let name = format!("{} {}", random::name("shop"), number("4", 16));
    for (call, arguments) in [
        ("create_merchant($1)", vec![&name]),
        ("create_profile($1, $2)", vec![&tenant.merchant, &name]),
        ("create_api_key($1, $2)", vec![&tenant.merchant, &name]),
    ] {
        let arguments: Vec<vault_tests::sql::Parameter> =
            arguments.into_iter().map(|text| text as _).collect();
        let refused = admin
            .execute(&format!("select vault.{call}"), &arguments)
            .unwrap_err();
        assert_eq!(refused.pair(), ("22023", MESSAGE), "{call}");
    }
}

#[test]
fn a_card_number_before_the_uuid_of_an_id_is_not_recorded() {
    let tenant = Tenant::new();
    let number = number("4", 16);
    let path = format!(
        "/v2/payment-methods/{number}_pm_019e2102e4fb7a32b456d8f896e8f51e?fetch_raw_detail=true"
    );
    tenant.get(&path);
    let refused = tenant.revealing("GET", &path);
    assert_eq!(tenant.send(&refused).status, 404);
    let rows: i64 = tenant
        .stack
        .superuser()
        .value(
            "select count(*) from vault.audit_log a where strpos(a::text, $1) > 0",
            &[&number],
        )
        .unwrap();
    assert_eq!(rows, 0);
}

fn access_log(tenant: &Tenant) -> String {
    let log = fs::read(tenant.stack.state.join("log/nginx-access.log")).expect("a log");
    String::from_utf8_lossy(&log).into_owned()
}

/// nginx writes its log once a second.
#[track_caller]
fn wait_for_access_log(tenant: &Tenant, request_id: &str) {
    soon(&format!("{request_id} is logged"), || {
        access_log(tenant).contains(request_id)
    });
}
