//! Over HTTP: one address for the profiles of all nodes.

use serde_json::json;
use vault_tests::card::{account, ach_for};
use vault_tests::http::Client;
use vault_tests::tenant::customer;
use vault_tests::{Answer, Card, Request, Tenant};

use crate::nodes::{Node, Nodes};

/// Everything that happens to a customer and its payment methods.
#[track_caller]
fn life(tenant: &Tenant) {
    let person = tenant.post("/v2/customers", &customer()).id();
    let card = Card::new();
    let method = tenant.store(&card, &person);
    let path = format!("/v2/payment-methods/{method}");
    let masked = tenant.get(&path);
    assert_eq!(masked.ok()["id"], method);
    assert!(!masked.text.contains(&card.number));
    let full = tenant.send(&tenant.revealing("GET", &format!("{path}?fetch_raw_detail=true")));
    assert_eq!(
        full.ok()["raw_payment_method_data"]["card"]["card_number"],
        card.number
    );
    let debit = tenant.post("/v2/payment-methods", &ach_for(&person, &account()));
    debit.ok();
    let list = tenant.get(&format!("/v2/customers/{person}/saved-payment-methods"));
    let list = list.ok();
    let listed = list["customer_payment_methods"].as_array().unwrap();
    assert_eq!(listed.len(), 2);
    let items = [
        Card::new().create_for(&person),
        Card::new().create_for(&person),
    ];
    let batch = tenant.post(
        "/v2/payment-methods/batch",
        &json!({"payment_methods": items}),
    );
    for item in batch.ok()["payment_methods"].as_array().unwrap() {
        assert_eq!(item["outcome"], "created");
    }
    let changes = json!({"payment_method_data": {"card": {"nick_name": "Travel"}}});
    let changed = tenant.put(&format!("{path}/update-saved-payment-method"), &changes);
    assert_eq!(
        changed.ok()["payment_method_data"]["card"]["nick_name"],
        "Travel"
    );
    let count = tenant.get("/v2/customers/total-payment-methods").ok();
    assert!(count.to_string().contains('4'), "{count}");
    tenant.delete(&path).ok();
    assert_eq!(tenant.get(&path).status, 404);
    tenant.delete(&format!("/v2/customers/{person}")).ok();
}

#[test]
fn one_address_serves_the_profiles_of_all_nodes() {
    for tenant in Nodes::shared().tenants() {
        life(&tenant);
    }
}

#[test]
fn several_profiles_of_a_merchant_are_on_several_nodes_and_have_the_same_keys() {
    let nodes = Nodes::shared();
    let first = nodes.coordinator().unannounced_tenant();
    let elsewhere = Tenant {
        stack: nodes.workers().0.stack.clone(),
        ..first.clone()
    };
    let second = elsewhere.sibling();
    crate::nodes::tell_edge();
    life(&first);
    life(&second);
}

/// What is answered to whoever watches the node: whether it is ready, and its figures.
pub fn watched(node: &Node) -> [u16; 2] {
    let name = format!("node-{}", node.stack.port());
    [
        asked(node, &format!("/ready/{name}")),
        figures(node, &format!("/metrics/{name}")),
    ]
    .map(|answer| answer.status)
}

fn asked(node: &Node, path: &str) -> Answer {
    node.stack
        .client()
        .exchange(&Request::new("GET", path).bytes())
}

fn figures(node: &Node, path: &str) -> Answer {
    let client = Client {
        server: node.stack.metrics,
        ..node.stack.client()
    };
    client.exchange(&Request::new("GET", path).bytes())
}

#[test]
fn the_vault_is_ready_and_so_is_each_node() {
    let nodes = Nodes::shared();
    let coordinator = nodes.coordinator();
    let answer = asked(coordinator, "/ready");
    assert_eq!(
        (answer.status, answer.text.as_str()),
        (200, r#"{"status":"ready"}"#)
    );
    for node in &nodes.all {
        assert_eq!(watched(node), [200; 2]);
    }
    for name in [
        "node-1",
        "primary",
        "node-",
        "NODE-2",
        "127.0.0.1:5432",
        "x/y",
    ] {
        assert_eq!(
            asked(coordinator, &format!("/ready/{name}")).status,
            404,
            "{name}"
        );
        assert_eq!(
            figures(coordinator, &format!("/metrics/{name}")).status,
            404,
            "{name}"
        );
    }
}

#[test]
fn the_figures_of_a_node_are_its_own() {
    const STARTED: &str = "vault_server_start_time_seconds";
    let nodes = Nodes::shared();
    for node in &nodes.all {
        let text = figures(node, &format!("/metrics/node-{}", node.stack.port())).text;
        let mut lines = text.lines().filter_map(|line| line.split_once(' '));
        let shown =
            lines.find_map(|(name, value)| (name == STARTED).then(|| value.parse().unwrap()));
        let own = "select value from vault.metrics where name = $1";
        let started: f64 = node.superuser().value(own, &[&STARTED]).unwrap();
        assert_eq!(shown, Some(started));
    }
}
