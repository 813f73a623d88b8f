//! Deletion.

use serde_json::json;
use vault_tests::{Card, Tenant};

use super::{full_request, list, path, tokens};
use crate::support::{NO_PAYMENT_METHOD, sealed};

#[test]
fn a_delete_answers_the_id_and_removes_the_ciphertext_but_not_the_row() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let customer = tenant.customer();
    let card = Card::new();
    let created = tenant
        .post("/v2/payment-methods", &full_request(&card, &customer))
        .ok();
    let id = created["id"].as_str().unwrap();
    tokens(
        &tenant,
        id,
        json!({"token": "pm_9UhM", "connector_token_request_reference_id": "ref"}),
    )
    .ok();
    for column in ["instrument", "summary", "duplicate_index"] {
        assert!(
            sealed(&mut superuser, "payment_methods", column, id).is_some(),
            "{column}"
        );
    }

    let answer = tenant.delete(&path(id));

    assert_eq!(
        (answer.status, answer.text),
        (200, json!({"id": id}).to_string())
    );
    for column in ["instrument", "summary", "duplicate_index"] {
        assert_eq!(
            sealed(&mut superuser, "payment_methods", column, id),
            None,
            "{column}"
        );
    }
    let tokens = "select count(*) from vault.connector_tokens where payment_method_id = $1";
    assert_eq!(superuser.value::<i64>(tokens, &[&id]).unwrap(), 0);
    tenant
        .get(&path(id))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    assert!(list(&tenant, &customer).is_empty());
    assert_ne!(
        tenant.store(&card, &customer),
        id,
        "the same card can be stored again under a new id"
    );
}

#[test]
fn a_delete_by_sql_is_a_delete_over_http() {
    let tenant = Tenant::new();
    let id = tenant.store(&Card::new(), &tenant.customer());

    assert_eq!(
        tenant
            .sql()
            .call("delete_payment_method($1)", &[&id])
            .unwrap(),
        json!({"id": id})
    );

    tenant
        .get(&path(&id))
        .refuses(404, "HE_02", NO_PAYMENT_METHOD);
    tenant
        .delete(&path(&id))
        .refuses(400, "IR_11", "Payment method has already been redacted");
}
