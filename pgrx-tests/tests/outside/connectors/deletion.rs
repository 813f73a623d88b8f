//! What becomes of jobs and tokens when a payment method is deleted.

use serde_json::json;
use vault_tests::Card;

use super::{Job, Shop, audited, create_connector, order_at, path};
use crate::support::{soon, soon_equal};

#[track_caller]
fn deletes_at_the_provider(shop: &Shop, count: u64) {
    soon_equal(
        "the tokens are deleted at the provider",
        &json!(count),
        || shop.provider.state()["deleted"].clone(),
    );
    assert_eq!(shop.provider.state()["violations"], json!([]));
}

fn action<'a>(jobs: &'a [Job], action: &str) -> Vec<&'a str> {
    let jobs = jobs.iter().filter(|job| job.action == action);
    jobs.map(|job| job.state.as_str()).collect()
}

#[test]
fn a_deletion_cancels_what_waits() {
    let shop = Shop::new();
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 1}));
    let method = shop.store("multi_use");
    soon("the first try is over", || {
        shop.jobs(&method)[0].error.is_some()
    });
    shop.tenant.delete(&path(&method)).ok();
    let job = shop.ended_job(&method);
    assert_eq!(job.state, "cancelled");
    // A later order shows that nothing came of the cancelled one.
    shop.provider.behave_well();
    let later = shop.store("single_use");
    shop.token(&later);
    assert_eq!(shop.provider.state()["tokens_made"], 1);
}

#[test]
fn a_deletion_takes_the_token_back_at_the_provider() {
    let shop = Shop::new();
    let method = shop.store("multi_use");
    shop.token(&method);
    shop.tenant.delete(&path(&method)).ok();
    deletes_at_the_provider(&shop, 1);
    let jobs = shop.ended(&method);
    assert_eq!(action(&jobs, "delete_token"), ["done"]);
    assert_eq!(
        audited(&shop.tenant.stack, "connector_token.delete", &method),
        1
    );
    let left: i64 = shop
        .tenant
        .stack
        .superuser()
        .value(
            "select (select count(*) from vault.connector_tokens where payment_method_id = $1)
                  + (select count(subject) from vault.jobs where payment_method_id = $1)",
            &[&method],
        )
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn a_token_that_comes_after_the_deletion_is_taken_back_too() {
    let shop = Shop::new();
    shop.provider.behave(&json!({"delay_ms": 3000, "times": 1}));
    let method = shop.store("multi_use");
    soon_equal("the call is under way", &1, || {
        shop.provider.state()["requests"].clone()
    });
    shop.tenant.delete(&path(&method)).ok();
    assert_eq!(
        action(&shop.jobs(&method), "make_multi_use_token"),
        ["cancelled"]
    );
    deletes_at_the_provider(&shop, 1);
    assert_eq!(action(&shop.ended(&method), "delete_token"), ["done"]);
}

#[test]
fn the_deletion_of_a_customer_takes_all_tokens_back() {
    let shop = Shop::new();
    let methods = [shop.store("multi_use"), shop.store("multi_use")];
    for method in &methods {
        shop.token(method);
    }
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 1, "times": 1}));
    let waiting = shop.store("multi_use");
    soon("the first try is over", || {
        shop.jobs(&waiting)[0].error.is_some()
    });
    shop.tenant
        .delete(&format!("/v2/customers/{}", shop.customer))
        .ok();
    deletes_at_the_provider(&shop, 2);
    assert_eq!(shop.ended_job(&waiting).state, "cancelled");
    let known: i64 = shop
        .tenant
        .stack
        .superuser()
        .value(
            "select count(*) from vault.connector_customers where profile_id = $1",
            &[&shop.tenant.profile],
        )
        .unwrap();
    assert_eq!(known, 0);
}

#[test]
fn a_deletion_at_the_provider_is_tried_again_and_one_that_it_does_not_know_is_done() {
    let shop = Shop::new();
    let method = shop.store("multi_use");
    shop.token(&method);
    // The first answer is lost on the way: the second try finds nothing any more.
    shop.provider
        .behave(&json!({"hang_up": "before", "times": 1}));
    shop.tenant.delete(&path(&method)).ok();
    deletes_at_the_provider(&shop, 1);
    let jobs = shop.ended(&method);
    let deletion = jobs
        .iter()
        .find(|job| job.action == "delete_token")
        .unwrap();
    assert_eq!((deletion.state.as_str(), deletion.attempts), ("done", 2));
}

#[test]
fn a_deletion_that_the_provider_refuses_can_be_tried_again() {
    let shop = Shop::new();
    let method = shop.store("multi_use");
    shop.token(&method);
    shop.provider.behave(&json!({"status": 403}));
    shop.tenant.delete(&path(&method)).ok();
    let jobs = shop.ended(&method);
    let deletion = jobs
        .iter()
        .find(|job| job.action == "delete_token")
        .unwrap();
    assert_eq!(
        deletion.outcome(),
        ("failed", Some("credentials_refused"), Some(403))
    );
    shop.provider.behave_well();
    shop.admin("retry_token_job", &deletion.id);
    deletes_at_the_provider(&shop, 1);
}

#[test]
fn a_described_provider_makes_and_deletes_tokens_too() {
    let shop = Shop::new();
    let template = create_connector(
        &shop.tenant.stack,
        &shop.tenant.profile,
        "http_template",
        &shop.provider.template_settings(),
        &shop.provider.template_credentials().to_string(),
    )
    .unwrap();
    let mut order = order_at(&template, &shop.customer, &Card::new(), "multi_use");
    order["payment_method_data"]["card"]["card_holder_name"] = json!(r#"A "quoted" \name"#);
    let method = shop.tenant.post("/v2/payment-methods", &order).id();
    let token = shop.token(&method);
    assert_eq!(token["connector_id"], template);
    assert!(token["token"].as_str().unwrap().starts_with("tok_"));
    shop.tenant.delete(&path(&method)).ok();
    deletes_at_the_provider(&shop, 1);

    let mut without = shop.provider.template_settings();
    without.as_object_mut().unwrap().remove("delete");
    shop.tenant
        .admin()
        .execute(
            "select vault.update_connector($1, settings => $2)",
            &[&template, &without],
        )
        .unwrap();
    let order = order_at(&template, &shop.customer, &Card::new(), "single_use");
    let method = shop.tenant.post("/v2/payment-methods", &order).id();
    shop.token(&method);
    shop.tenant.delete(&path(&method)).ok();
    let jobs = shop.ended(&method);
    let deletion = jobs
        .iter()
        .find(|job| job.action == "delete_token")
        .unwrap();
    assert_eq!(deletion.outcome(), ("done", Some("not_supported"), None));
    shop.has_one_token_per_order();
}
