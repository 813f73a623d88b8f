//! Providers' tokens as callers see them.

use std::thread;

use serde_json::{Value, json};
use vault_tests::card::{account, ach_for};
use vault_tests::{Card, Refused, Session};

use super::{Shop, audited, path};
use crate::support::{NO_PAYMENT_METHOD, soon, soon_equal};

const NO_TOKEN: &str = "Connector token does not exist in our records";

fn use_token(session: &mut Session, method: &str, connector: &str) -> Result<Value, Refused> {
    session.call("use_connector_token($1, $2)", &[&method, &connector])
}

/// Puts a token's end into the past.
fn expire(shop: &Shop, method: &str) {
    let expired = shop.tenant.stack.superuser().execute(
        "update vault.connector_tokens set expires_at = now() - interval '1 s'
         where payment_method_id = $1 and expires_at between now() + interval '23 h' and now() + interval '24 h'",
        &[&method],
    );
    assert_eq!(expired.unwrap(), 1, "a token for one use lives a day");
}

#[test]
fn a_token_for_one_use_is_given_once() {
    let shop = Shop::new();
    let method = shop.store("single_use");
    let token = shop.token(&method);
    let job = shop.ended_job(&method);
    assert_eq!(
        token,
        json!({
            "connector_id": shop.connector, "token_type": "single_use", "status": "active", "token": token["token"],
            "connector_token_request_reference_id": job.id, "original_payment_authorized_amount": null,
            "original_payment_authorized_currency": null, "metadata": null, "connector_customer_id": null,
        })
    );
    assert_eq!(shop.get(&method).ok()["recurring_enabled"], false);

    let mut sql = shop.tenant.sql();
    let used = use_token(&mut sql, &method, &shop.connector).unwrap();
    assert_eq!(used, token);
    let refused = use_token(&mut sql, &method, &shop.connector).unwrap_err();
    assert_eq!(refused.pair(), ("P0002", NO_TOKEN));
    assert_eq!(shop.get(&method).ok()["connector_tokens"], Value::Null);
    let stack = &shop.tenant.stack;
    assert_eq!(audited(stack, "connector_token.create", &method), 1);
    assert_eq!(audited(stack, "connector_token.use", &method), 1);
    shop.has_one_token_per_order();
}

#[test]
fn of_two_at_the_same_time_one_gets_the_token() {
    let shop = Shop::new();
    let method = shop.store("single_use");
    shop.token(&method);
    let mut sessions: Vec<Session> = (0..4).map(|_| shop.tenant.sql()).collect();
    let given = thread::scope(|scope| {
        let users: Vec<_> = sessions
            .iter_mut()
            .map(|session| scope.spawn(|| use_token(session, &method, &shop.connector)))
            .collect();
        users
            .into_iter()
            .filter_map(|user| user.join().unwrap().ok())
            .count()
    });
    assert_eq!(given, 1);
}

#[test]
fn a_use_that_is_rolled_back_has_used_nothing() {
    let shop = Shop::new();
    let method = shop.store("single_use");
    shop.token(&method);
    let mut sql = shop.tenant.sql();
    sql.run("begin").unwrap();
    use_token(&mut sql, &method, &shop.connector).unwrap();
    sql.run("rollback").unwrap();
    use_token(&mut sql, &method, &shop.connector).unwrap();
}

#[test]
fn a_token_for_one_use_ends_after_a_day() {
    let shop = Shop::new();
    let method = shop.store("single_use");
    shop.token(&method);
    expire(&shop, &method);
    assert_eq!(shop.get(&method).ok()["connector_tokens"], Value::Null);
    let refused = use_token(&mut shop.tenant.sql(), &method, &shop.connector).unwrap_err();
    assert_eq!(refused.pair(), ("P0002", NO_TOKEN));
    let mut superuser = shop.tenant.stack.superuser();
    soon_equal("the worker has deleted it", &0, || {
        let left = "select count(*) from vault.connector_tokens where payment_method_id = $1";
        superuser.value::<i64>(left, &[&method]).unwrap()
    });
}

#[test]
fn a_token_for_many_uses_stays_and_makes_the_method_recurring() {
    let shop = Shop::new();
    let method = shop.store("multi_use");
    let token = shop.token(&method);
    assert_eq!(token["token_type"], "multi_use");
    assert!(
        token["connector_customer_id"]
            .as_str()
            .unwrap()
            .starts_with("cus_")
    );

    let mut sql = shop.tenant.sql();
    for _ in 0..2 {
        assert_eq!(
            use_token(&mut sql, &method, &shop.connector).unwrap(),
            token
        );
    }
    let listed = format!("/v2/customers/{}/saved-payment-methods", shop.customer);
    let list = shop.tenant.get(&listed).ok();
    let details = shop.tenant.get(&format!("{}/details", path(&method))).ok();
    for shown in [
        &shop.get(&method).ok(),
        &details,
        &list["customer_payment_methods"][0],
    ] {
        assert_eq!(shown["connector_tokens"], json!([token]));
        assert_eq!(shown["recurring_enabled"], true);
    }
    let by_sql = sql.call("retrieve_payment_method($1)", &[&method]).unwrap();
    assert_eq!(by_sql["connector_tokens"], json!([token]));
}

#[test]
fn a_customer_is_one_customer_at_the_provider() {
    let shop = Shop::new();
    let methods = [shop.store("multi_use"), shop.store("multi_use")];
    let customers = methods.map(|method| shop.token(&method)["connector_customer_id"].clone());
    assert_eq!(customers[0], customers[1]);
    // By now the vault knows the provider's id.
    let later = shop.store("multi_use");
    assert_eq!(shop.token(&later)["connector_customer_id"], customers[0]);
    let state = shop.provider.state();
    assert_eq!(
        (&state["customers"], &state["attached"]),
        (&json!(1), &json!(3))
    );
    shop.has_one_token_per_order();
}

#[test]
fn a_repeated_create_makes_no_second_token_for_many_uses_and_a_new_one_for_one_use() {
    let shop = Shop::new();
    let card = Card::new();
    let method = shop.store_card(&card, "multi_use");
    let token = shop.token(&method);
    let again = shop
        .tenant
        .post("/v2/payment-methods", &shop.order(&card, "multi_use"));
    assert_eq!(again.ok()["connector_tokens"], json!([token]));
    assert_eq!(shop.jobs(&method).len(), 1);

    assert_eq!(shop.store_card(&card, "single_use"), method);
    soon_equal("there are two tokens", &2, || shop.tokens(&method).len());
    let first = shop.tokens(&method)[1].clone();
    shop.store_card(&card, "single_use");
    soon("the token for one use is another one", || {
        let tokens = shop.tokens(&method);
        assert_eq!(tokens.len(), 2);
        tokens[0] == token && tokens[1]["token"] != first["token"]
    });
    // What was made for one use is used first.
    let mut sql = shop.tenant.sql();
    let used = use_token(&mut sql, &method, &shop.connector).unwrap();
    assert_eq!(used["token_type"], "single_use");
    assert_eq!(
        use_token(&mut sql, &method, &shop.connector).unwrap(),
        token
    );
}

#[test]
fn tokens_that_the_merchant_brings_stand_beside_those_that_are_made() {
    let shop = Shop::new();
    let method = shop.store("multi_use");
    let made = shop.token(&method);
    let update = format!("{}/update-saved-payment-method", path(&method));
    let put = |details: Value| {
        let body = json!({"connector_token_details": details});
        shop.tenant.put(&update, &body)
    };
    // The short form replaces the only one, and keeps its connector.
    let short = json!({"token": "pm_of_ours", "connector_token_request_reference_id": "r"});
    let replaced = put(short.clone()).ok()["connector_tokens"].clone();
    assert_eq!(replaced.as_array().map(Vec::len), Some(1));
    assert_eq!(replaced[0]["token"], "pm_of_ours");
    assert_eq!(replaced[0]["connector_id"], made["connector_id"]);

    let full = json!({
        "connector_id": "mca_elsewhere", "token_type": "multi_use", "status": "active", "token": "tok_elsewhere",
        "connector_customer_id": "cus_elsewhere",
    });
    let both = put(full).ok()["connector_tokens"].clone();
    assert_eq!(both.as_array().map(Vec::len), Some(2));
    assert_eq!(both[1]["connector_customer_id"], "cus_elsewhere");
    assert_eq!(put(short).status, 422);
    let used = use_token(&mut shop.tenant.sql(), &method, "mca_elsewhere").unwrap();
    assert_eq!(used["token"], "tok_elsewhere");
}

#[test]
fn an_inactive_token_is_not_used() {
    let shop = Shop::new();
    let method = shop.store("multi_use");
    shop.token(&method);
    let update = format!("{}/update-saved-payment-method", path(&method));
    let body = json!({"connector_token_details": {
        "connector_id": shop.connector, "token_type": "multi_use", "status": "inactive", "token": "t",
    }});
    let updated = shop.tenant.put(&update, &body).ok();
    assert_eq!(updated["recurring_enabled"], false);
    let refused = use_token(&mut shop.tenant.sql(), &method, &shop.connector).unwrap_err();
    assert_eq!(refused.pair(), ("P0002", NO_TOKEN));
}

#[test]
fn only_a_card_that_is_kept_can_have_a_providers_token() {
    const MESSAGE: &str = "`psp_tokenization` needs a card whose storage_type is persistent";
    let shop = Shop::new();
    let mut volatile = shop.order(&Card::new(), "single_use");
    volatile["storage_type"] = json!("volatile");
    let mut debit = ach_for(&shop.customer, &account());
    debit["psp_tokenization"] = volatile["psp_tokenization"].clone();
    for request in [volatile, debit] {
        shop.tenant
            .post("/v2/payment-methods", &request)
            .refuses(422, "IR_06", MESSAGE);
        let refused = shop
            .tenant
            .sql()
            .call("create_payment_method($1)", &[&request])
            .unwrap_err();
        assert_eq!(refused.pair(), ("0A000", MESSAGE));
    }
}

#[test]
fn another_profile_sees_and_uses_no_token() {
    let shop = Shop::new();
    let method = shop.store("multi_use");
    shop.token(&method);
    let (sibling, stranger) = (shop.tenant.sibling(), Shop::new());
    for tenant in [&sibling, &stranger.tenant] {
        tenant
            .get(&path(&method))
            .refuses(404, "HE_02", NO_PAYMENT_METHOD);
        let refused = use_token(&mut tenant.sql(), &method, &shop.connector).unwrap_err();
        assert_eq!(refused.pair(), ("P0002", NO_PAYMENT_METHOD));
    }
    // The policies alone show a profile's own rows to the vault's own code.
    let mut superuser = shop.tenant.stack.superuser();
    for table in ["jobs", "connector_tokens", "connector_customers"] {
        let unprotected: bool = superuser
            .value(
                "select not (relrowsecurity and relforcerowsecurity) from pg_class where oid = ('vault.' || $1)::regclass",
                &[&table],
            )
            .unwrap();
        assert!(!unprotected, "{table}");
        superuser
            .run("begin; set local role vault_operator")
            .unwrap();
        let seen: i64 = superuser
            .value(&format!("select count(*) from vault.{table}"), &[])
            .unwrap();
        superuser.run("rollback").unwrap();
        assert_eq!(seen, 0, "{table}");
    }
}
