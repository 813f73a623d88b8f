//! Card numbers where none belongs: no answer repeats them.

use serde_json::json;
use vault_tests::card::misread;
use vault_tests::{Card, Tenant};

use super::{NO_JSON, send_body};

#[test]
fn a_card_in_broken_json_is_not_repeated() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let card = Card::new();
    let whole = card.create_for(&customer).to_string();
    let bodies = [
        whole[..whole.len() - 1].to_owned(),
        whole.replace("\"card_exp_month\"", "card_exp_month"),
        whole.replace(&format!("\"{}\"", card.number), &card.number),
        whole.replace(
            &format!("\"{}\"", card.number),
            &format!("[\"{}\"]", card.number),
        ),
        whole.replace("\"card_number\"", &format!("\"{}\"", card.number)),
        whole.replace(
            "\"payment_method_type\":\"card\"",
            &format!("\"payment_method_type\":\"{}\"", card.number),
        ),
    ];
    for body in bodies {
        let answer = send_body(&tenant, "/v2/payment-methods", &body);
        answer.refuses_like(400, "IR_06", NO_JSON);
        assert!(!answer.text.contains(&card.number), "{}", answer.text);
    }
}

/// Clients make this mistake. The numbers stand in the ledger, so that `residue` looks for them in the logs. (A request
/// id is there to be found in the logs, so it is not among the places.)
#[test]
fn a_card_number_in_a_path_or_query_or_header_is_not_repeated() {
    let tenant = Tenant::new();
    let number = Card::new().number;
    let large = "x".repeat(40_000);
    let requests = [
        tenant.request("GET", format!("/v2/payment-methods/{number}")),
        tenant.request(
            "GET",
            format!("/v2/payment-methods/{number}?fetch_raw_detail=true"),
        ),
        tenant.request("GET", format!("/v2/customers/reference/{number}")),
        tenant.request("GET", format!("/v2/customers/list?customer_id={number}")),
        tenant.request("GET", format!("/v2/customers/list?limit={number}")),
        tenant.request("GET", format!("/{number}")),
        tenant.request("GET", format!("/v2/customers/{number}%zz")),
        tenant.request("TRACE", format!("/v2/customers/{number}")),
        tenant.request(&number, "/v2/customers"),
        tenant
            .request("PUT", format!("/v2/customers/{number}"))
            .body(&large),
        tenant
            .request("GET", "/v2/customers/list")
            .header("x-profile-id", &number),
        tenant
            .request("GET", "/v2/customers/list")
            .header("referer", &number),
        tenant
            .request("GET", "/v2/customers/list")
            .header("user-agent", &number),
    ];
    for request in requests {
        let answer = tenant.send(&request);
        assert!(!answer.text.contains(&number), "{}", answer.text);
    }
}

#[test]
fn errors_of_sql_repeat_no_card_number() {
    let tenant = Tenant::new();
    let customer = tenant.customer();
    let card = Card::new();
    let wrong = misread(&card.number);
    let mut bodies = vec![
        Card {
            number: wrong.clone(),
            ..card.clone()
        }
        .create_for(&customer),
    ];
    bodies.push(json!({card.number.as_str(): 1}));
    bodies.push(json!({"payment_method_type": card.number}));
    let mut nested = card.create_for(&customer);
    nested["payment_method_data"]["card"]["card_exp_month"] = json!(card.number);
    bodies.push(nested);
    for body in bodies {
        let refused = tenant
            .sql()
            .call("create_payment_method($1)", &[&body])
            .unwrap_err();
        let shown = format!("{refused:?}");
        assert!(
            !shown.contains(&card.number) && !shown.contains(&wrong),
            "{shown}"
        );
    }
}
