//! Bank accounts.

use serde_json::json;
use vault_tests::Tenant;
use vault_tests::card::{account, ach_for};

use super::{path, update_path};

#[test]
fn a_bank_account_is_answered_with_its_last_digits_only() {
    let tenant = Tenant::new();
    let account = account();
    let customer = tenant.customer();
    let mut request = ach_for(&customer, &account);
    let ach = &mut request["payment_method_data"]["bank_debit"]["ach"];
    ach["bank_account_holder_name"] = json!("John Doe");
    ach["bank_type"] = json!("checking");
    ach["bank_holder_type"] = json!("personal");
    ach["bank_name"] = json!("chase");

    let answer = tenant.post("/v2/payment-methods", &request);

    let body = answer.ok();
    let expected = json!({"bank_debit": {"ach_bank_debit": {
        "account_number_last4_digits": account[8..],
        "routing_number_last4_digits": "0000",
        "bank_account_holder_name": "John Doe",
        "bank_name": "chase",
        "bank_type": "checking",
        "bank_holder_type": "personal",
    }}});
    assert_eq!(
        body["payment_method_data"].to_string(),
        expected.to_string()
    );
    assert_eq!(
        (
            &body["payment_method_type"],
            &body["payment_method_subtype"]
        ),
        (&json!("bank_debit"), &json!("ach"))
    );
    assert!(!answer.text.contains(&account));
    let id = answer.id();
    let revealed = tenant
        .send(&tenant.revealing("GET", &format!("{}?fetch_raw_detail=true", path(&id))))
        .ok();
    assert!(
        revealed["raw_payment_method_data"]["bank_debit"]
            .to_string()
            .contains(&account),
        "{revealed}"
    );
}

#[test]
fn the_holder_of_a_bank_account_can_be_changed() {
    let tenant = Tenant::new();
    let id = tenant
        .post(
            "/v2/payment-methods",
            &ach_for(&tenant.customer(), &account()),
        )
        .id();

    let update = json!({"payment_method_data": {"bank_debit": {"ach": {"bank_account_holder_name": "Jane Doe"}}}});
    tenant.put(&update_path(&id), &update).ok();

    let data = &tenant.get(&path(&id)).ok()["payment_method_data"]["bank_debit"]["ach_bank_debit"];
    assert_eq!(data["bank_account_holder_name"], "Jane Doe");
    assert_eq!(data["routing_number_last4_digits"], "0000");
}
