//! What those see who watch the vault: `vault.metrics`, and `/metrics` for Prometheus.

mod prometheus;

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;
use serde_json::Value;
use vault_tests::http::{Client, Request};
use vault_tests::stack::PrivateStack;
use vault_tests::{Answer, Stack, Tenant, random};

use crate::support::{http_answers, soon, soon_equal};

/// Asks for the figures as Prometheus does.
fn scrape(stack: &Stack) -> Answer {
    metrics_client(stack).exchange(&Request::new("GET", "/metrics").bytes())
}

fn metrics_client(stack: &Stack) -> Client {
    Client {
        server: stack.metrics,
        address: random::address(),
    }
}

/// The sum of the figures with this name and these labels.
fn figure(stack: &Stack, name: &str, labels: Value) -> f64 {
    stack
        .session("vault_audit")
        .value(
            "select coalesce(sum(value), 0) from vault.metrics where name = $1 and labels @> $2",
            &[&name, &labels],
        )
        .unwrap()
}

#[test]
fn calls_and_refusals_are_counted_by_both_ways() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let calls = |way: &str, outcome: &str, code: &str| {
        let labels = serde_json::json!({
            "operation": "retrieve_customer", "way": way, "outcome": outcome, "code": code});
        figure(&stack, "vault_calls_total", labels)
    };
    let count = |way: &str| {
        let labels = serde_json::json!({"operation": "retrieve_customer", "way": way});
        figure(&stack, "vault_call_seconds_count", labels)
    };
    let customer = tenant.customer();
    let path = format!("/v2/customers/{customer}");
    (0..3).for_each(|_| assert_eq!(tenant.get(&path).status, 200));
    (0..2).for_each(|_| assert_eq!(tenant.get("/v2/customers/nobody").status, 404));
    let wrong = tenant.request("GET", &path).without("api-key");
    assert_eq!(tenant.send(&wrong).status, 401);
    assert_eq!(calls("http", "ok", ""), 3.0);
    assert_eq!(calls("http", "refused", "HE_02"), 2.0);
    assert_eq!(calls("http", "refused", "IR_01"), 1.0);
    assert_eq!(calls("http", "failed", ""), 0.0);
    assert_eq!(count("http"), 6.0);

    let mut sql = tenant.sql();
    sql.call("retrieve_customer($1)", &[&customer]).unwrap();
    sql.call("retrieve_customer($1)", &[&"nobody"]).unwrap_err();
    assert_eq!(calls("sql", "ok", ""), 1.0);
    assert_eq!(calls("sql", "refused", "HE_02"), 1.0);
    // What PostgreSQL itself ends is no refusal.
    let mut superuser = stack.superuser();
    superuser
        .run("revoke select on vault.customers from vault_operator")
        .unwrap();
    sql.call("retrieve_customer($1)", &[&customer]).unwrap_err();
    assert_eq!(tenant.get(&path).status, 500);
    assert_eq!(
        (calls("sql", "failed", ""), calls("http", "failed", "")),
        (1.0, 1.0)
    );
}

#[test]
fn values_limits_and_lock_outs_are_counted() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let all = |name: &str| figure(&stack, name, serde_json::json!({}));
    tenant
        .sql()
        .run("select vault.decrypt(vault.encrypt('x')) from generate_series(1, 70)")
        .unwrap();
    let values = |action: &str| {
        figure(
            &stack,
            "vault_values_total",
            serde_json::json!({"action": action}),
        )
    };
    soon_equal("the transaction has ended", &(70.0, 70.0), || {
        (values("sealed"), values("opened"))
    });
    let keys = figure(
        &stack,
        "vault_key_lookups_total",
        serde_json::json!({"result": "cached"}),
    );
    assert!(keys >= 100.0, "{keys}");

    stack
        .superuser()
        .run("alter system set vault.card_numbers_per_minute = 1")
        .unwrap();
    stack.superuser().run("select pg_reload_conf()").unwrap();
    let mut sql = tenant.sql();
    soon("the limit is used up", || {
        let number = vault_tests::Card::new().number;
        sql.value::<String>("select vault.mask(vault.card_number($1::text))", &[&number])
            .is_err()
    });
    soon("the limit is counted", || {
        all("vault_limit_hits_total") >= 1.0
    });

    let key = vault_tests::tenant::unknown_key();
    for _ in 0..12 {
        let request = tenant
            .request("GET", "/v2/customers/list")
            .without("api-key");
        tenant.send(&request.header("api-key", &key));
    }
    let refused = |reason: &str| {
        figure(
            &stack,
            "vault_authentications_refused_total",
            serde_json::json!({"reason": reason}),
        )
    };
    assert_eq!((refused("failed"), refused("locked")), (10.0, 2.0));
    assert_eq!(
        (all("vault_lockouts_total"), all("vault_locked")),
        (1.0, 1.0)
    );
}

#[test]
fn figures_of_keys_jobs_and_processes_are_those_of_this_database() {
    let stack = PrivateStack::start();
    let all = |name: &str| figure(&stack, name, serde_json::json!({}));
    let current = figure(
        &stack,
        "vault_keys",
        serde_json::json!({"state": "current"}),
    );
    Tenant::within(&stack);
    let more = figure(
        &stack,
        "vault_keys",
        serde_json::json!({"state": "current"}),
    );
    assert_eq!(more, current + 2.0);
    assert_eq!(all("vault_ready"), 1.0);
    soon("the three processes run", || {
        all("vault_process_running") == 3.0
    });
    assert_eq!(all("vault_keys_due"), 0.0);
    let states = figure_names(&stack);
    assert!(states.contains("vault_token_jobs") && states.contains("vault_oldest_key_age_seconds"));
    soon("the worker looks for work again and again", || {
        let age: f64 = stack
            .session("vault_dba")
            .value(
                // There is no such figure before the first run.
                "select coalesce((select extract(epoch from clock_timestamp())::float8 - value from vault.metrics
                 where name = 'vault_process_last_run_timestamp_seconds' and labels ->> 'process' = 'vault worker'), -1)",
                &[],
            )
            .unwrap();
        (0.0..5.0).contains(&age)
    });
}

fn figure_names(stack: &Stack) -> BTreeSet<String> {
    stack
        .session("vault_audit")
        .rows("select distinct name from vault.metrics", &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

#[test]
fn no_figure_is_of_one_profile_key_or_object() {
    let stack = Stack::shared();
    let rows = stack
        .session("vault_audit")
        .rows(
            "select name, label.key, label.value from vault.metrics, jsonb_each_text(labels) label",
            &[],
        )
        .unwrap();
    let mut values: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows {
        values.entry(row.get(1)).or_default().insert(row.get(2));
    }
    let allowed = [
        ("action", r"sealed|opened"),
        ("code", r"|(HE|IR)_\d\d"),
        ("le", r"[0-9.]+|\+Inf"),
        ("limit", r"card_numbers_per_minute|audit_places"),
        ("operation", r"[a-z_]+"),
        ("outcome", r"ok|refused|failed"),
        ("process", r"vault (worker|tokens|vacuum)"),
        ("purpose", r"data|index"),
        ("reason", r"failed|locked"),
        ("result", r"cached|loaded"),
        (
            "state",
            r"current|retired|destroyed|waiting|sent|done|failed|cancelled",
        ),
        ("version", r"\d+\.\d+\.\d+"),
        ("way", r"http|sql"),
    ];
    for (label, values) in values {
        let form = allowed.iter().find(|(known, _)| *known == label);
        let (_, form) = form.unwrap_or_else(|| panic!("a further label: {label} = {values:?}"));
        let form = Regex::new(&format!("^(?:{form})$")).unwrap();
        assert!(
            values.iter().all(|value| form.is_match(value)),
            "{label} = {values:?}"
        );
    }
}

#[test]
fn the_figures_are_for_administrators_and_auditors_and_not_at_the_clients_address() {
    let stack = Stack::shared();
    for role in ["vault_app", "vault_app_reveal"] {
        for query in [
            "select * from vault.metrics",
            "select vault.metrics_text()",
            "select * from vault.shared_metrics()",
        ] {
            let refused = stack.session(role).rows(query, &[]).unwrap_err();
            assert_eq!(refused.sqlstate, "42501", "{role}: {query}");
        }
    }
    for path in ["/metrics", "/metrics-in-database", "/v2/metrics"] {
        let answer = stack.client().send(&Request::new("GET", path));
        answer.refuses(404, "IR_02", "Unrecognized request URL");
    }
    let client = metrics_client(&stack);
    for (verb, path, status) in [
        ("GET", "/metrics-in-database", 404),
        ("GET", "/v2/customers/list", 404),
        ("GET", "/ready", 404),
        ("POST", "/metrics", 405),
    ] {
        let answer = client.exchange(&Request::new(verb, path).bytes());
        assert_eq!(answer.status, status, "{verb} {path}");
    }
}

#[test]
fn a_sealed_vault_says_so_and_a_stopped_one_nothing() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    stack.restart_with_settings("vault.root_key_command = 'true'");
    soon("the vault is not ready", || {
        let answer = scrape(&stack);
        answer.status == 200 && answer.text.lines().any(|line| line == "vault_ready 0")
    });
    stack.restart_with_settings(&format!(
        "vault.root_key_command = 'echo {}'",
        stack.root_keys().trim()
    ));
    http_answers(&tenant);
    assert!(
        scrape(&stack)
            .text
            .lines()
            .any(|line| line == "vault_ready 1")
    );
    stack.restart_with_settings("shared_preload_libraries = ''");
    assert!(!figure_names(&stack).contains("vault_calls_total"));
    stack.stop();
    soon_equal("there is no figure", &503, || scrape(&stack).status);
}
