//! Methods that an acknowledgement has made inactive.

use serde_json::json;
use vault_tests::Card;
use vault_tests::sql::Parameter;

use super::{Doors, acknowledged, update_path};
use crate::support::NO_PAYMENT_METHOD;

#[test]
fn a_failure_after_an_authentication_changes_nothing() {
    let mut doors = Doors::new();
    let id = doors.tenant.customer();
    for first in ["authenticated", "failed"] {
        let method = doors.tenant.store(&Card::new(), &id);
        let update = |status: &str| {
            doors
                .tenant
                .put(&update_path(&method), &acknowledged(status))
        };
        update(first).ok();
        update("authenticated").ok();
        let path = format!("/v2/payment-methods/{method}");
        let before = doors.tenant.get(&path);
        for failed in doors.update_method(&method, &acknowledged("failed")).ok() {
            assert_eq!(failed, before.json());
        }
        assert_eq!(doors.tenant.get(&path).text, before.text);

        let mut with_more = acknowledged("failed");
        with_more["network_transaction_id"] = json!("N1");
        for updated in doors.update_method(&method, &with_more).ok() {
            assert_eq!(updated["network_transaction_id"], "N1");
            assert_eq!(updated["acknowledgement_status"], "authenticated");
        }
    }
}

#[test]
fn every_call_on_an_inactive_method_finds_none() {
    let mut doors = Doors::new();
    let tenant = doors.tenant.clone();
    let customer = tenant.customer();
    let id = tenant.store(&Card::new(), &customer);
    tenant.put(&update_path(&id), &acknowledged("failed")).ok();

    let path = format!("/v2/payment-methods/{id}");
    let default = json!({"default_payment_method_id": id});
    let token = json!({"token_type": "network_token"});
    let get_token = format!("{path}/get-token");
    let requests = [
        tenant.request("GET", &path),
        tenant.request("POST", &path),
        tenant.request("GET", format!("{path}?fetch_raw_detail=false")),
        tenant.revealing("GET", &format!("{path}?fetch_raw_detail=true")),
        tenant.request("GET", format!("{path}/details")),
        tenant.request("DELETE", &path),
        tenant.request(
            "POST",
            format!("/v2/customers/{customer}/payment-methods/{id}/default"),
        ),
        tenant
            .request("PUT", format!("/v2/customers/{customer}"))
            .json(&default),
        tenant.request("GET", format!("{path}/check-network-token-status")),
        tenant.revealing("GET", &get_token).json(&token),
        tenant.revealing("POST", &get_token).json(&token),
    ];
    for request in requests {
        let answer = tenant.send(&request);
        assert_eq!(answer.status, 404, "{request:?}: {}", answer.text);
        answer.refuses(404, "HE_02", NO_PAYMENT_METHOD);
    }
    for update in [
        json!({}),
        json!({"network_transaction_id": "N1"}),
        acknowledged("failed"),
    ] {
        doors
            .update_method(&id, &update)
            .refused(404, "HE_02", "P0002", NO_PAYMENT_METHOD);
    }

    let missing = ("P0002", NO_PAYMENT_METHOD);
    let mut revealing = tenant.revealing_sql();
    let calls: [(&str, &[Parameter]); 5] = [
        ("retrieve_payment_method($1)", &[&id]),
        ("retrieve_payment_method($1, true)", &[&id]),
        ("delete_payment_method($1)", &[&id]),
        ("set_default_payment_method($1, $2)", &[&customer, &id]),
        ("update_customer($1, $2)", &[&customer, &default]),
    ];
    for (operation, arguments) in calls {
        let refused = revealing.call(operation, arguments).unwrap_err();
        assert_eq!(refused.pair(), missing, "{operation}");
    }
    let cvc = revealing
        .rows("select vault.use_cvc($1)", &[&id])
        .unwrap_err();
    assert_eq!(cvc.sqlstate, "P0002");

    for updated in doors
        .update_method(&id, &acknowledged("authenticated"))
        .ok()
    {
        assert_eq!(updated["acknowledgement_status"], "authenticated");
    }
    tenant.delete(&path).ok();
}
