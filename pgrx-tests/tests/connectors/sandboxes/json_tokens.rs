//! The provider with a JSON API.

use serde_json::json;
use vault_tests::Request;

use super::{assert_violation, card_json, json_order, misread, new_card, provider};

#[test]
fn a_token_is_made_and_deleted_by_its_escaped_name() {
    let provider = provider();
    let card = new_card();
    let mut order = card_json(&card);
    order["name"] = "Zoë \"O'Neil\"\n\\".into();
    order["customer"] = json!({"id": "x"});
    let made = provider.send(&json_order(&provider, "key", &order.to_string()));
    assert_eq!(made.status, 201);
    let body = made.json();
    assert_eq!(body["name"], order["name"]);
    assert_eq!(
        provider
            .send(&json_order(&provider, "key", &order.to_string()))
            .text,
        made.text
    );
    let customer = provider
        .send(&json_order(&provider, "key 2", &order.to_string()))
        .json();
    assert_eq!(customer["customer"], body["customer"]);

    let token = body["token"].as_str().unwrap();
    let delete = |token: &str| {
        let path = format!("/tokens/{token}");
        Request::new("DELETE", path).header("X-Api-Key", &provider.secret_key)
    };
    let escaped = token.replace('/', "%2F").replace('=', "%3D");
    assert_violation(&provider, &delete(token), 404, "not one escaped segment");
    assert_eq!(provider.send(&delete(&escaped)).status, 204);
    assert_eq!(provider.send(&delete(&escaped)).status, 404);
    let state = provider.state();
    assert_eq!(
        (&state["deleted"], &state["customers"]),
        (&json!(1), &json!(1))
    );
    assert!(!state.to_string().contains(&card.number));
}

#[test]
fn what_the_json_api_should_not_be_sent_is_a_violation() {
    let provider = provider();
    let card = new_card();
    let good = card_json(&card).to_string();
    // As a name would do that is put into the text without escaping.
    let broken_out = good.replace("{\"type\"", "{\"name\":\"x\",\"number\":\"1\",\"type\"");
    let unknown = good.replace("{\"type\"", "{\"admin\":\"x\",\"type\"");
    let misread = good.replace(&card.number, &misread(&card.number));
    let order = |body: &str| json_order(&provider, "key", body);
    for (request, status, words) in [
        (order(&good).without("x-api-key"), 401, "API key"),
        (
            order(&good).without("idempotency-key"),
            400,
            "Idempotency-Key",
        ),
        (order(&good).without("content-type"), 415, "labelled"),
        (order("{"), 400, "agreed members"),
        (order(&broken_out), 400, "agreed members"),
        (order(&unknown), 400, "agreed members"),
        (order(&misread), 422, "the card number is none"),
        (
            order(&good.replace("\"card\"", "\"cards\"")),
            422,
            "not card",
        ),
        (Request::new("GET", "/tokens"), 404, "no such call"),
    ] {
        assert_violation(&provider, &request, status, words);
    }
    assert_eq!(provider.send(&order(&good)).status, 201);
    assert_violation(
        &provider,
        &order(&card_json(&new_card()).to_string()),
        409,
        "another call",
    );
}
