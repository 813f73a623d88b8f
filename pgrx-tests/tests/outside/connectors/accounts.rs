//! Accounts at providers and token services: who makes them, for whom they serve, and who learns their credentials.

use serde_json::{Value, json};
use vault_tests::tenant::{ADMIN, login_role};
use vault_tests::{Card, Tenant, random};

use super::{
    HURRIED_STACK, NO_CONNECTOR, Shop, audited, create_connector, is_denied, order_at, provider,
    token_service,
};
use crate::believed_rows::{is_listed, is_told_of};
use crate::support::{soon, soon_equal};

/// Checks that both ways refuse to have a token made at a connector, and keep nothing of the attempt.
#[track_caller]
fn is_not_found(shop: &Shop, connector: &str) {
    let order = order_at(connector, &shop.customer, &Card::new(), "multi_use");
    let answer = shop.tenant.post("/v2/payment-methods", &order);
    answer.refuses(404, "HE_02", NO_CONNECTOR);
    let refused = shop
        .tenant
        .sql()
        .call("create_payment_method($1)", &[&order])
        .unwrap_err();
    assert_eq!(refused.pair(), ("P0002", NO_CONNECTOR));
    let stored: i64 = shop
        .tenant
        .stack
        .superuser()
        .value(
            "select count(*) from vault.payment_methods where profile_id = $1",
            &[&shop.tenant.profile],
        )
        .unwrap();
    assert_eq!(stored, 0);
}

#[test]
fn an_account_of_a_merchant_serves_every_profile_and_one_of_a_profile_that_alone() {
    let shop = Shop::new();
    let tenant = &shop.tenant;
    let (settings, key) = (shop.provider.stripe_settings(), &shop.provider.secret_key);
    let everybodys =
        create_connector(&tenant.stack, &tenant.merchant, "stripe", &settings, key).unwrap();
    let sibling = tenant.sibling();
    let customer = sibling.customer();
    let create = |connector: &str| {
        let order = order_at(connector, &customer, &Card::new(), "single_use");
        sibling.post("/v2/payment-methods", &order)
    };

    let method = create(&everybodys).id();
    soon_equal("the sibling has its token", &everybodys, || {
        sibling.get(&super::path(&method)).ok()["connector_tokens"][0]["connector_id"].clone()
    });
    create(&shop.connector).refuses(404, "HE_02", NO_CONNECTOR);
}

#[test]
fn an_unknown_a_disabled_and_a_foreign_connector_get_the_same_answer() {
    let shop = Shop::new();
    let other = Shop::new();
    let sibling = Shop::of(shop.tenant.sibling());
    shop.admin("disable_connector", &shop.connector);
    let unknown = format!("mca_{}", random::alphanumerics(20));
    for connector in [
        shop.connector.as_str(),
        &other.connector,
        &sibling.connector,
        &unknown,
        "",
        "'; drop table vault.jobs --",
    ] {
        is_not_found(&shop, connector);
    }
    shop.admin("enable_connector", &shop.connector);
    let method = shop.store("multi_use");
    shop.token(&method);
}

#[test]
fn a_token_service_is_no_provider() {
    let shop = Shop::new();
    let service = token_service();
    let connector = create_connector(
        &shop.tenant.stack,
        &shop.tenant.profile,
        "token_service",
        &service.settings(),
        &service.credentials().to_string(),
    );
    is_not_found(&shop, &connector.unwrap());
}

#[test]
fn only_administrators_make_change_or_see_accounts_and_jobs() {
    let shop = Shop::new();
    let stack = &shop.tenant.stack;
    let client = shop
        .tenant
        .role(&["vault_client", "vault_reveal", "vault_bulk"]);
    let connector = &shop.connector;
    for role in [client.as_str(), &login_role(stack, &[]), "vault_audit"] {
        let mut session = stack.session(role);
        for call in [
            format!(
                "create_connector('{}', 'stripe', 'x', '{{}}', 'sk_x')",
                shop.tenant.profile
            ),
            format!("update_connector('{connector}', label => 'x')"),
            format!("enable_connector('{connector}')"),
            format!("disable_connector('{connector}')"),
            format!("set_network_tokenization('{}', true)", shop.tenant.profile),
            "retry_token_job('12345_job_x')".to_owned(),
        ] {
            is_denied(&mut session, &format!("select vault.{call}"));
        }
        for table in [
            "connector_accounts",
            "jobs",
            "connector_tokens",
            "connector_customers",
            "network_tokens",
        ] {
            is_denied(&mut session, &format!("select * from vault.{table}"));
        }
    }
    for view in ["connectors", "token_jobs", "token_job_counts"] {
        let select = format!("select count(*) from vault.{view}");
        is_denied(&mut stack.session(&client), &select);
        for role in [ADMIN, "vault_audit"] {
            stack.session(role).run(&select).unwrap();
        }
    }
}

#[test]
fn settings_and_credentials_that_cannot_be_used_are_refused_by_name_and_not_shown() {
    let tenant = Tenant::new();
    let provider = provider();
    let base = provider.stripe_settings();
    let (secret, host) = (random::alphanumerics(24), random::name("host"));
    let key = format!("sk_{secret}");
    let mut template = provider.template_settings();
    template["request"]["body"]["json"]["number"] = json!(Card::new().number);
    let cases: Vec<(&str, Value, &str, &str)> = vec![
        (
            "stripes",
            base.clone(),
            &key,
            "there is no such kind of connector",
        ),
        (
            "stripe",
            base.clone(),
            &secret,
            "credentials must be one of Stripe's secret keys: sk_… or rk_…",
        ),
        (
            "stripe",
            json!([secret]),
            &key,
            "settings must be a JSON object",
        ),
        (
            "stripe",
            json!({"api_base": secret}),
            &key,
            "api_base must be a URL",
        ),
        (
            "stripe",
            json!({"api_base": 5}),
            &key,
            "api_base must be a string",
        ),
        (
            "stripe",
            json!({"api_base": format!("http://{host}.example.com")}),
            &key,
            "api_base must begin with https: (http: is for addresses of this machine only)",
        ),
        (
            "stripe",
            json!({"api_base": format!("https://u:{secret}@api.stripe.com")}),
            &key,
            "api_base must have no user name and no password; put them into the credentials",
        ),
        (
            "stripe",
            json!({"api_base": format!("https://{host}.example.com")}),
            &key,
            "vault.connector_hosts does not name every host that this account would call",
        ),
        (
            "stripe",
            json!({"api_base": "http://127.0.0.1:1"}),
            &key,
            "vault.connector_hosts does not name every host that this account would call",
        ),
        (
            "http_template",
            template,
            &key,
            "settings are stored in the clear, and these contain a card number",
        ),
    ];
    for (kind, settings, credentials, message) in cases {
        let refused =
            create_connector(&tenant.stack, &tenant.profile, kind, &settings, credentials)
                .unwrap_err();
        assert_eq!(refused.pair(), ("22023", message));
        for value in [&secret, &host] {
            assert!(!refused.rest.contains(value), "{refused:?}");
        }
        assert!(!refused.rest.is_empty(), "no hint for {message}");
    }
    let nobody = create_connector(&tenant.stack, "mer_x", "stripe", &base, &key).unwrap_err();
    assert_eq!(
        nobody.pair(),
        ("42704", "there is no such merchant or profile")
    );
    let missing = tenant
        .admin()
        .execute("select vault.enable_connector('mca_x')", &[])
        .unwrap_err();
    assert_eq!(missing.pair(), ("42704", "there is no such connector"));
    let accounts: i64 = tenant
        .admin()
        .value(
            "select count(*) from vault.connectors where merchant_id = $1",
            &[&tenant.merchant],
        )
        .unwrap();
    assert_eq!(accounts, 0);
}

/// Or an administrator could have credentials, which others gave, sent to a host of the administrator's own.
#[test]
fn an_account_calls_another_host_only_with_credentials_that_were_given_for_it() {
    let (shop, elsewhere) = (Shop::new(), provider());
    let mut admin = shop.tenant.admin();
    let there = elsewhere.stripe_settings();
    let refused = admin
        .execute(
            "select vault.update_connector($1, settings => $2)",
            &[&shop.connector, &there],
        )
        .unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "22023",
            "an account that will call another host needs its credentials again"
        )
    );
    shop.token(&shop.store("single_use"));
    assert_eq!(elsewhere.state()["requests"], 0);

    admin
        .execute(
            "select vault.update_connector($1, settings => $2, credentials => $3)",
            &[&shop.connector, &there, &elsewhere.secret_key],
        )
        .unwrap();
    shop.token(&shop.store("single_use"));
    assert_eq!(elsewhere.state()["tokens_made"], 1);
    let stack = &shop.tenant.stack;
    assert_eq!(audited(stack, "connector.move", &shop.connector), 1);
    assert_eq!(audited(stack, "connector.update", &shop.connector), 0);
}

#[test]
fn what_is_done_to_an_account_is_on_record() {
    let shop = Shop::new();
    let connector = &shop.connector;
    let mut admin = shop.tenant.admin();
    for call in [
        "update_connector($1, label => 'Another')",
        "disable_connector($1)",
        "enable_connector($1)",
    ] {
        let call = format!("select vault.{call}");
        admin.execute(&call, &[connector]).unwrap();
    }
    for event in ["create", "update", "disable", "enable"] {
        let event = format!("connector.{event}");
        assert_eq!(audited(&shop.tenant.stack, &event, connector), 1, "{event}");
    }
    let shown = admin
        .rows(
            "select label, kind, enabled, profile_id, settings from vault.connectors where connector_id = $1",
            &[connector],
        )
        .unwrap();
    assert_eq!(shown[0].get::<_, &str>(0), "Another");
    assert_eq!(shown[0].get::<_, &str>(1), "stripe");
    assert!(shown[0].get::<_, bool>(2));
    assert_eq!(shown[0].get::<_, &str>(3), shop.tenant.profile);
    assert_eq!(shown[0].get::<_, Value>(4), shop.provider.stripe_settings());
}

#[test]
fn an_update_takes_effect_and_a_wrong_key_is_the_operators_to_mend() {
    let shop = Shop::new();
    let mut admin = shop.tenant.admin();
    let mut update = |credentials: &str| {
        let update = "select vault.update_connector($1, credentials => $2)";
        admin
            .execute(update, &[&shop.connector, &credentials])
            .unwrap();
    };
    update("sk_test_not_this_one");
    let method = shop.store("multi_use");
    let job = shop.ended_job(&method);
    assert_eq!(
        job.outcome(),
        ("failed", Some("credentials_refused"), Some(401))
    );
    assert_eq!(job.attempts, 1);

    update(&shop.provider.secret_key);
    shop.admin("retry_token_job", &job.id);
    shop.token(&method);
}

#[test]
fn an_account_row_that_somebody_else_wrote_is_not_believed() {
    let thief = provider();
    let thiefs = json!({"api_base": thief.url("")}).to_string();
    for change in [
        format!("settings = '{thiefs}'"),
        "label = 'x'".to_owned(),
        "kind = 'http_template'".to_owned(),
        "credentials = credentials || '\\x00'".to_owned(),
        "profile_id = null".to_owned(),
        "created_at = created_at - interval '1 s'".to_owned(),
        "mac = '\\x00'".to_owned(),
    ] {
        let shop = Shop::new();
        let mut superuser = shop.tenant.stack.superuser();
        let update =
            format!("update vault.connector_accounts set {change} where connector_id = $1");
        assert_eq!(superuser.execute(&update, &[&shop.connector]).unwrap(), 1);
        is_not_found(&shop, &shop.connector);
        if change.starts_with("mac") {
            continue;
        }
        is_listed(&shop.tenant.stack, "connector_accounts", &shop.connector);
    }
    assert_eq!(thief.state()["requests"], 0);
}

#[test]
fn an_account_that_was_switched_on_or_given_to_another_by_its_row_alone_does_not_serve() {
    let (shop, thief) = (Shop::new(), Shop::new());
    let mut superuser = shop.tenant.stack.superuser();
    shop.admin("disable_connector", &shop.connector);
    let copy = format!("mca_{}", random::alphanumerics(20));
    for statement in [
        format!(
            "update vault.connector_accounts set enabled = true where connector_id = '{}'",
            shop.connector
        ),
        format!(
            "insert into vault.connector_accounts
             select '{copy}', '{}', '{}', kind, label, settings, credentials, true, created_at, mac
             from vault.connector_accounts where connector_id = '{}'",
            thief.tenant.merchant, thief.tenant.profile, shop.connector
        ),
    ] {
        superuser.run(&statement).unwrap();
    }
    is_not_found(&shop, &shop.connector);
    is_not_found(&thief, &copy);
    for connector in [&shop.connector, &copy] {
        is_told_of(&shop.tenant.stack, "connector_accounts", connector);
    }
    assert_eq!(shop.provider.state()["requests"], 0);
}

#[test]
fn a_job_does_not_follow_an_account_that_leads_to_a_thief() {
    let (shop, thief) = (Shop::new(), provider());
    shop.provider
        .behave(&json!({"status": 503, "retry_after": 1}));
    let method = shop.store("multi_use");
    soon("the first try has failed", || {
        shop.jobs(&method)[0].error.is_some()
    });
    shop.tenant
        .stack
        .superuser()
        .execute(
            "update vault.connector_accounts set settings = $2 where connector_id = $1",
            &[&shop.connector, &thief.stripe_settings().to_string()],
        )
        .unwrap();
    let job = shop.ended_job(&method);
    assert_eq!(
        (job.state.as_str(), job.error.as_deref()),
        ("failed", Some("connector_unavailable"))
    );
    assert_eq!(thief.state()["requests"], 0);
}

#[test]
fn credentials_are_in_no_view_dump_or_log_even_where_every_statement_is_logged() {
    let stack = &*HURRIED_STACK;
    let shop = Shop::within(stack);
    let secret = format!("sk_live_{}", random::alphanumerics(30));
    let mark = random::name("mark");
    let mut admin = shop.tenant.admin();
    // As literals, which nobody should write.
    let settings = shop.provider.stripe_settings();
    let create = format!(
        "select vault.create_connector('{}', 'stripe', '{mark}', '{settings}', '{secret}')",
        shop.tenant.profile
    );
    let id: String = admin.value(&create, &[]).unwrap();
    admin
        .run(&format!(
            "select vault.update_connector('{id}', credentials => '{secret}x')"
        ))
        .unwrap();
    let wrong = format!(
        "select vault.update_connector('{id}', credentials => '{{\"api_key\": \"{secret}\"}}')"
    );
    let refused = admin.run(&wrong).unwrap_err();
    assert!(!format!("{refused:?}").contains(&secret));

    let log = stack.log();
    assert!(log.contains("statement: "), "statements are logged");
    let dump = String::from_utf8_lossy(&stack.dump()).into_owned();
    assert!(dump.contains(&mark), "accounts are in a dump");
    let views: String = stack
        .superuser()
        .value(
            "select string_agg(t, ' ') from (select c::text t from vault.connectors c union all
             select a::text from vault.audit_log a union all select s.query from pg_stat_statements s) t",
            &[],
        )
        .unwrap();
    assert!(views.contains(&mark));
    for (place, text) in [("log", &log), ("dump", &dump), ("views", &views)] {
        for secret in [&secret, &shop.provider.secret_key] {
            assert!(!text.contains(secret.as_str()), "{place}");
        }
    }
}
