//! One profile is out of reach of every other: with real keys and real roles, from outside.

use std::thread;

use serde_json::{Value, json};
use vault_tests::card::misread;
use vault_tests::sql::Parameter;
use vault_tests::tenant::{customer, login_role, unknown_key};
use vault_tests::{Card, Session, Stack, Tenant, random};

use crate::support::{NO_CUSTOMER, NO_PAYMENT_METHOD, UNAUTHENTICATED, tables, unknown_id};

/// A tenant whose things others reach for.
struct Owner {
    tenant: Tenant,
    customer: String,
    reference: String,
    card: Card,
    method: String,
}

impl Owner {
    fn new() -> Owner {
        Owner::of(Tenant::new())
    }

    fn of(tenant: Tenant) -> Owner {
        let reference = random::name("ref");
        let mut person = customer();
        person["merchant_reference_id"] = json!(reference);
        let customer = tenant.post("/v2/customers", &person).id();
        let card = Card::new();
        let method = tenant.store(&card, &customer);
        Owner {
            tenant,
            customer,
            reference,
            card,
            method,
        }
    }
}

#[test]
fn a_key_does_not_open_the_profile_of_another_merchant() {
    let (a, b) = (Tenant::new(), Owner::new());
    let own_key_and_their_profile = |path: &str| {
        let request = a
            .request("GET", path)
            .without("x-profile-id")
            .header("x-profile-id", &b.tenant.profile);
        a.stack.client().send(&request)
    };
    for path in [
        "/v2/customers/list".to_owned(),
        format!("/v2/customers/{}", b.customer),
        format!("/v2/payment-methods/{}", b.method),
    ] {
        own_key_and_their_profile(&path).refuses(401, "IR_01", UNAUTHENTICATED);
    }
    let role = login_role(&a.stack, &["vault_client"]);
    let refused = a.stack.session(&role).execute(
        "select vault.authenticate($1, $2)",
        &[&a.key, &b.tenant.profile],
    );
    assert_eq!(refused.unwrap_err().pair(), ("28000", UNAUTHENTICATED));
}

/// Every call over HTTP that names a customer or a payment method of `b`, or one that nobody has.
fn calls(tenant: &Tenant, customer: &str, method: &str) -> Vec<vault_tests::Request> {
    let c = format!("/v2/customers/{customer}");
    let m = format!("/v2/payment-methods/{method}");
    vec![
        tenant.request("GET", &c),
        tenant.request("PUT", &c).json(&json!({"name": "Mallory"})),
        tenant.request("DELETE", &c),
        tenant.request("GET", format!("{c}/saved-payment-methods")),
        tenant.request("POST", format!("{c}/payment-methods/{method}/default")),
        tenant
            .request("POST", "/v2/payment-methods")
            .json(&Card::new().create_for(customer)),
        tenant.request("GET", &m),
        tenant.revealing("GET", &format!("{m}?fetch_raw_detail=true")),
        tenant.request("GET", format!("{m}/details")),
        tenant.request("GET", format!("{m}/check-network-token-status")),
        tenant.revealing("GET", &format!("{m}/get-token")),
        tenant
            .request("PUT", format!("{m}/update-saved-payment-method"))
            .json(&json!({"network_transaction_id": "N"})),
        tenant.request("DELETE", &m),
    ]
}

#[test]
fn ids_of_another_profile_are_answered_as_ids_of_nobody() {
    let b = Owner::new();
    // One asks from another merchant's profile, one from another profile of the same merchant.
    for a in [Tenant::new(), b.tenant.sibling()] {
        let theirs = calls(&a, &b.customer, &b.method);
        let nobodys = calls(&a, &unknown_id("cus"), &unknown_id("pm"));
        for (their, nobody) in theirs.iter().zip(&nobodys) {
            let (their_answer, nobody_answer) = (a.send(their), a.send(nobody));
            assert_eq!(their_answer.status, 404, "{their:?}: {}", their_answer.text);
            assert_eq!(their_answer.text, nobody_answer.text, "{their:?}");
        }
        let reference = a.get(&format!("/v2/customers/reference/{}", b.reference));
        reference.refuses(404, "HE_02", NO_CUSTOMER);
    }
    assert_eq!(
        b.tenant.get(&format!("/v2/customers/{}", b.customer)).ok()["name"],
        "Ada Byron"
    );
    assert_eq!(
        b.tenant
            .get(&format!("/v2/payment-methods/{}", b.method))
            .id(),
        b.method
    );
}

#[test]
fn what_another_profile_has_shows_in_no_list_and_no_count() {
    let b = Owner::new();
    let a = b.tenant.sibling();

    assert_eq!(a.get("/v2/customers/list").text, "[]");
    assert_eq!(
        a.get("/v2/customers/list_with_count").text,
        r#"{"data":[],"total_count":0}"#
    );
    assert_eq!(
        a.get("/v2/customers/total-payment-methods").text,
        r#"{"total_count":0}"#
    );
    assert_eq!(
        a.get(&format!("/v2/customers/list?customer_id={}", b.reference))
            .text,
        "[]"
    );
    let mut sql = a.sql();
    assert_eq!(sql.call("list_customers()", &[]).unwrap(), json!([]));
    assert_eq!(
        sql.call(
            "list_customers(merchant_reference_id => $1)",
            &[&b.reference]
        )
        .unwrap(),
        json!([])
    );
}

#[test]
fn what_another_profile_has_cannot_be_told_by_duplicates() {
    let b = Owner::new();
    let a = b.tenant.sibling();
    let shape = |reference: &str, card: &Card| {
        let mut person = customer();
        person["merchant_reference_id"] = json!(reference);
        let made = a.post("/v2/customers", &person).ok();
        let stored = a
            .post(
                "/v2/payment-methods",
                &card.create_for(made["id"].as_str().unwrap()),
            )
            .ok();
        assert_ne!(made["id"], b.customer);
        assert_ne!(stored["id"], b.method);
        (made, stored)
    };
    let (taken_by_b, stored_by_b) = shape(&b.reference, &b.card);
    let (new, stored_new) = shape(&random::name("ref"), &Card::new());
    let constant = |body: &Value, members: &[&str]| -> Vec<Value> {
        members.iter().map(|m| body[*m].clone()).collect()
    };
    let members = [
        "name",
        "email",
        "phone",
        "metadata",
        "default_payment_method_id",
    ];
    assert_eq!(constant(&taken_by_b, &members), constant(&new, &members));
    let members = [
        "recurring_enabled",
        "connector_tokens",
        "network_transaction_id",
        "acknowledgement_status",
        "billing",
    ];
    assert_eq!(
        constant(&stored_by_b, &members),
        constant(&stored_new, &members)
    );

    let theirs = b
        .tenant
        .get(&format!("/v2/payment-methods/{}", b.method))
        .ok();
    let fingerprint =
        |body: &Value| body["payment_method_data"]["card"]["card_fingerprint"].clone();
    assert_ne!(
        fingerprint(&theirs),
        fingerprint(&stored_by_b),
        "fingerprints would tell that both have the card"
    );
}

#[test]
fn a_role_bound_to_one_profile_learns_nothing_of_another() {
    let b = Owner::new();
    let a = Owner::of(b.tenant.sibling());
    let mut role = a.tenant.revealing_sql();
    let (no_customer, no_method) = (unknown_id("cus"), unknown_id("pm"));
    let update = json!({"name": "Mallory"});
    let token = json!({"network_transaction_id": "N"});
    let card = b.card.create_for(&b.customer);
    let stray = b.card.create_for(&no_customer);
    let default = json!({"default_payment_method_id": b.method});
    let stray_default = json!({"default_payment_method_id": no_method});
    let pairs: [(&str, Vec<Parameter>, Vec<Parameter>, &str); 11] = [
        (
            "retrieve_customer($1)",
            vec![&b.customer],
            vec![&no_customer],
            NO_CUSTOMER,
        ),
        (
            "update_customer($1, $2)",
            vec![&b.customer, &update],
            vec![&no_customer, &update],
            NO_CUSTOMER,
        ),
        (
            "delete_customer($1)",
            vec![&b.customer],
            vec![&no_customer],
            NO_CUSTOMER,
        ),
        (
            "create_payment_method($1)",
            vec![&card],
            vec![&stray],
            NO_CUSTOMER,
        ),
        (
            "list_payment_methods($1)",
            vec![&b.customer],
            vec![&no_customer],
            NO_CUSTOMER,
        ),
        (
            "retrieve_payment_method($1)",
            vec![&b.method],
            vec![&no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "retrieve_payment_method($1, true)",
            vec![&b.method],
            vec![&no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "update_payment_method($1, $2)",
            vec![&b.method, &token],
            vec![&no_method, &token],
            NO_PAYMENT_METHOD,
        ),
        (
            "delete_payment_method($1)",
            vec![&b.method],
            vec![&no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "set_default_payment_method($1, $2)",
            vec![&a.customer, &b.method],
            vec![&a.customer, &no_method],
            NO_PAYMENT_METHOD,
        ),
        (
            "update_customer($1, $2)",
            vec![&a.customer, &default],
            vec![&a.customer, &stray_default],
            NO_PAYMENT_METHOD,
        ),
    ];
    for (operation, theirs, nobodys, message) in pairs {
        let refused = role.call(operation, &theirs).unwrap_err();
        assert_eq!(refused.pair(), ("P0002", message), "{operation}");
        assert_eq!(
            refused,
            role.call(operation, &nobodys).unwrap_err(),
            "{operation}"
        );
    }
    let reference = role
        .call("retrieve_customer_by_reference($1)", &[&b.reference])
        .unwrap_err();
    assert_eq!(reference.pair(), ("P0002", NO_CUSTOMER));
    assert_eq!(
        role.call("retrieve_customer($1)", &[&a.customer]).unwrap()["id"],
        a.customer
    );
}

/// Every name a client can set: the server's, the vault's, what PostgREST sets, and what others would have used.
fn settings(superuser: &mut Session) -> Vec<String> {
    let known = superuser.rows("select name from pg_settings", &[]).unwrap();
    let invented = [
        "vault.profile_id",
        "vault.profile",
        "vault.current_profile",
        "vault.tenant",
        "vault.merchant_id",
        "vault.api_key",
        "vault.role",
        "app.profile_id",
        "app.current_profile",
        "app.tenant_id",
        "request.headers",
        "request.jwt.claims",
        "request.jwt.claim.role",
        "request.header.x-profile-id",
        "request.header.api-key",
        "request.profile_id",
        "request.method",
        "request.path",
        "role",
        "session_authorization",
    ];
    let names: Vec<String> = known.iter().map(|row| row.get(0)).collect();
    names
        .into_iter()
        .chain(invented.map(str::to_owned))
        .collect()
}

#[test]
fn a_client_that_sets_everything_it_can_name_acts_for_nobody() {
    let b = Owner::new();
    let names = settings(&mut b.tenant.stack.superuser());
    assert!(names.len() > 300, "the server has settings");
    let mut client = b.tenant.stack.session(&login_role(
        &b.tenant.stack,
        &["vault_client", "vault_reveal"],
    ));
    let headers =
        json!({"x-profile-id": b.tenant.profile, "x-vault-customer-id": b.customer}).to_string();

    let mut set = 0;
    for name in &names {
        for value in [&b.tenant.profile, &headers] {
            set += usize::from(
                client
                    .execute("select set_config($1, $2, false)", &[name, value])
                    .is_ok(),
            );
        }
    }

    assert!(set > 15, "only {set} settings could be set");
    client
        .run("set search_path to default; set role none")
        .unwrap();
    assert_eq!(
        client
            .value::<Option<String>>("select vault.current_profile()", &[])
            .unwrap(),
        None
    );
    for (operation, id) in [
        ("retrieve_customer($1)", &b.customer),
        ("retrieve_payment_method($1, true)", &b.method),
    ] {
        assert_eq!(
            client.call(operation, &[id]).unwrap_err().sqlstate,
            "28000",
            "{operation}"
        );
    }
    assert_eq!(
        client.call("list_customers()", &[]).unwrap_err().sqlstate,
        "28000"
    );
    assert_eq!(
        client
            .value::<String>("select vault.encrypt('x'::text)::text", &[])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}

#[test]
fn a_bound_role_that_sets_everything_it_can_name_stays_with_its_profile() {
    let b = Owner::new();
    let a = Owner::of(b.tenant.sibling());
    let names = settings(&mut b.tenant.stack.superuser());
    let mut role = a.tenant.sql();

    for name in &names {
        let _ = role.execute(
            "select set_config($1, $2, false)",
            &[name, &b.tenant.profile],
        );
    }

    let profile: Option<String> = role.value("select vault.current_profile()", &[]).unwrap();
    assert_eq!(profile.as_deref(), Some(a.tenant.profile.as_str()));
    assert_eq!(
        role.call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .pair(),
        ("P0002", NO_CUSTOMER)
    );
    assert_eq!(
        role.call("retrieve_customer($1)", &[&a.customer]).unwrap()["id"],
        a.customer
    );
}

/// A session of PostgREST's login, as the API's role, with headers of one's own choice.
fn as_api(stack: &Stack, headers: &Value) -> Session {
    let mut session = stack.session("vault_authenticator");
    session.run("set role vault_api").unwrap();
    session
        .execute(
            "select set_config('request.headers', $1, false)",
            &[&headers.to_string()],
        )
        .unwrap();
    session
}

#[test]
fn the_apis_role_in_psql_needs_a_key_like_everybody() {
    let b = Owner::new();
    let a = Tenant::new();
    let call = |headers: Value, function: &str| -> Value {
        as_api(&b.tenant.stack, &headers)
            .value(&format!("select vault_api.{function}($1)"), &[&&b""[..]])
            .unwrap()
    };
    let headers = |key: Option<&str>| {
        json!({
            "x-profile-id": b.tenant.profile, "x-vault-customer-id": b.customer, "api-key": key,
            "x-vault-payment-method-id": b.method, "x-vault-client-address": random::address().to_string(),
        })
    };
    for function in [
        "retrieve_customer",
        "list_customers",
        "retrieve_payment_method",
        "delete_payment_method",
    ] {
        for key in [None, Some(a.key.as_str()), Some("dev_x")] {
            let refused = call(headers(key), function);
            assert_eq!(
                refused["error"]["message"], UNAUTHENTICATED,
                "{function} with {key:?}"
            );
        }
    }
    assert_eq!(
        call(headers(Some(&b.tenant.key)), "retrieve_customer")["id"],
        b.customer
    );
}

#[test]
fn the_apis_login_can_become_nothing_else_and_call_nothing_else() {
    let b = Owner::new();
    let mut login = b.tenant.stack.session("vault_authenticator");
    for role in [
        "vault_client",
        "vault_reveal",
        "vault_admin",
        "vault_auditor",
        "vault_operator",
        "postgres",
    ] {
        assert_eq!(
            login.run(&format!("set role {role}")).unwrap_err().sqlstate,
            "42501",
            "{role}"
        );
    }
    // Without `set role` it may not even call the API: it does not inherit.
    let refused = login
        .value::<Value>("select vault_api.list_customers('')", &[])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");

    let mut api = as_api(&b.tenant.stack, &json!({}));
    let calls: [(&str, Vec<Parameter>); 4] = [
        (
            "select vault.retrieve_customer($1)::text",
            vec![&b.customer],
        ),
        (
            "select vault.authenticate($1, $2)::text",
            vec![&b.tenant.key, &b.tenant.profile],
        ),
        ("select vault.create_merchant('m')", vec![]),
        ("select count(*)::text from vault.audit_log", vec![]),
    ];
    for (statement, parameters) in calls {
        assert_eq!(
            api.rows(statement, &parameters).unwrap_err().sqlstate,
            "42501",
            "{statement}"
        );
    }
}

/// Every kind of role that logs in, or is reached by logging in.
fn everybody(tenant: &Tenant) -> Vec<(&'static str, Session)> {
    let stack = &tenant.stack;
    vec![
        ("a stranger", stack.session(&login_role(stack, &[]))),
        (
            "a client without a profile",
            stack.session(&login_role(stack, &["vault_client"])),
        ),
        ("a bound client", tenant.sql()),
        ("a bound client who may reveal", tenant.revealing_sql()),
        ("an administrator", stack.session("vault_dba")),
        ("an auditor", stack.session("vault_audit")),
        ("the API's login", stack.session("vault_authenticator")),
        ("the API", as_api(stack, &json!({}))),
    ]
}

#[test]
fn nobody_reads_or_writes_a_table_directly() {
    let tenant = Tenant::new();
    let tables = tables(&mut tenant.stack.superuser());
    // The BIN table is for who loads it, what holds no card data for the administrator, the log for the auditor.
    let given = |who: &str, table: &str, verb: &str| match (who, table) {
        ("an administrator", "card_bins") => true,
        ("an administrator", "merchants" | "profiles" | "role_bindings") => verb == "select",
        ("an auditor", "audit_log") => verb == "select",
        _ => false,
    };
    for (who, mut session) in everybody(&tenant) {
        for table in &tables {
            let statements = [
                (
                    "select",
                    format!("select t::text from vault.{table} t limit 0"),
                ),
                (
                    "insert",
                    format!("insert into vault.{table} default values"),
                ),
                (
                    "update",
                    format!(
                        "update vault.{table} set {} where false",
                        assignment(&tenant, table)
                    ),
                ),
                ("delete", format!("delete from vault.{table} where false")),
                ("truncate", format!("truncate vault.{table}")),
                ("copy", format!("copy vault.{table} to stdout")),
            ];
            for (verb, statement) in statements
                .iter()
                .filter(|(verb, _)| !given(who, table, verb))
            {
                let answer = if *verb == "copy" && given(who, table, "select") {
                    continue;
                } else {
                    session.run(statement)
                };
                assert_eq!(
                    answer.unwrap_err().sqlstate,
                    "42501",
                    "{who}: {verb} {statement}"
                );
            }
        }
    }
}

/// An assignment of a table's first column to itself.
fn assignment(tenant: &Tenant, table: &str) -> String {
    tenant
        .stack
        .superuser()
        .value(
            "select format('%I = %1$I', attname) from pg_attribute where attrelid = ('vault.' || $1)::regclass and attnum = 1",
            &[&table],
        )
        .unwrap()
}

#[test]
fn the_operator_itself_sees_only_the_profile_that_is_acted_for() {
    let b = Owner::new();
    let mut superuser = b.tenant.stack.superuser();
    superuser.run("set role vault_operator").unwrap();
    for table in [
        "customers",
        "payment_methods",
        "data_keys",
        "connector_tokens",
    ] {
        let rows: i64 = superuser
            .value(&format!("select count(*) from vault.{table}"), &[])
            .unwrap();
        assert_eq!(rows, 0, "{table}");
    }
}

#[test]
fn administrators_and_auditors_reach_no_card_data() {
    let b = Owner::new();
    for role in ["vault_dba", "vault_audit"] {
        let mut session = b.tenant.stack.session(role);
        for operation in [
            "retrieve_payment_method($1, true)",
            "retrieve_customer($1)",
            "list_payment_methods($1)",
        ] {
            assert_eq!(
                session.call(operation, &[&b.method]).unwrap_err().sqlstate,
                "42501",
                "{role}: {operation}"
            );
        }
        let refused = session.execute(
            "select vault.authenticate($1, $2)",
            &[&b.tenant.key, &b.tenant.profile],
        );
        assert_eq!(refused.unwrap_err().sqlstate, "42501", "{role}");
    }
}

#[test]
fn an_application_role_cannot_administer() {
    let tenant = Tenant::new();
    let mut role = tenant.revealing_sql();
    let calls: [(&str, Vec<Parameter>); 7] = [
        ("select vault.create_merchant('m')", vec![]),
        (
            "select vault.create_profile($1, 'p')",
            vec![&tenant.merchant],
        ),
        (
            "select api_key from vault.create_api_key($1, 'k', '{reveal}')",
            vec![&tenant.merchant],
        ),
        ("select vault.revoke_api_key('dev_x')::text", vec![]),
        (
            "select vault.bind_role(current_user, $1)::text",
            vec![&tenant.profile],
        ),
        ("select vault.unbind_role(current_user)::text", vec![]),
        ("select vault.clear_lockouts()::text", vec![]),
    ];
    for (statement, parameters) in calls {
        assert_eq!(
            role.rows(statement, &parameters).unwrap_err().sqlstate,
            "42501",
            "{statement}"
        );
    }
}

#[test]
fn an_authenticated_profile_ends_with_its_transaction() {
    let b = Owner::new();
    let mut client = b
        .tenant
        .stack
        .session(&login_role(&b.tenant.stack, &["vault_client"]));
    for end in ["commit", "rollback"] {
        client.run("begin").unwrap();
        client
            .execute(
                "select vault.authenticate($1, $2)",
                &[&b.tenant.key, &b.tenant.profile],
            )
            .unwrap();
        assert_eq!(
            client
                .call("retrieve_customer($1)", &[&b.customer])
                .unwrap()["id"],
            b.customer
        );
        client.run(end).unwrap();
        let refused = client
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err();
        assert_eq!(refused.sqlstate, "28000", "after {end}");
        assert_eq!(
            client
                .value::<Option<String>>("select vault.current_profile()", &[])
                .unwrap(),
            None
        );
    }
}

#[test]
fn an_authenticated_profile_ends_with_its_savepoint() {
    let b = Owner::new();
    let mut client = b
        .tenant
        .stack
        .session(&login_role(&b.tenant.stack, &["vault_client"]));
    for end in ["rollback to inner_one", "release inner_one"] {
        client.run("begin; savepoint inner_one").unwrap();
        client
            .execute(
                "select vault.authenticate($1, $2)",
                &[&b.tenant.key, &b.tenant.profile],
            )
            .unwrap();
        client
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap();
        client.run(end).unwrap();
        assert_eq!(
            client
                .value::<Option<String>>("select vault.current_profile()", &[])
                .unwrap(),
            None,
            "{end}"
        );
        assert_eq!(
            client
                .call("retrieve_customer($1)", &[&b.customer])
                .unwrap_err()
                .sqlstate,
            "28000",
            "{end}"
        );
        client.run("rollback").unwrap();
    }
}

#[test]
fn the_end_of_a_savepoint_gives_back_the_profile_from_before() {
    let a = Owner::new();
    let b = Owner::of(a.tenant.sibling());
    let mut client = a
        .tenant
        .stack
        .session(&login_role(&a.tenant.stack, &["vault_client"]));
    let authenticate = |client: &mut Session, owner: &Owner| {
        client
            .execute(
                "select vault.authenticate($1, $2)",
                &[&owner.tenant.key, &owner.tenant.profile],
            )
            .unwrap();
    };
    let acts_for = |client: &mut Session, owner: &Owner| {
        let current: Option<String> = client.value("select vault.current_profile()", &[]).unwrap();
        assert_eq!(current.as_ref(), Some(&owner.tenant.profile));
        let list = client.call("list_customers()", &[]).unwrap();
        assert_eq!(list[0]["id"], owner.customer);
        assert_eq!(list.as_array().unwrap().len(), 1);
    };
    for end in ["rollback to inner_one", "release inner_one"] {
        client.run("begin").unwrap();
        authenticate(&mut client, &a);
        client.run("savepoint inner_one").unwrap();
        acts_for(&mut client, &a);
        authenticate(&mut client, &b);
        acts_for(&mut client, &b);
        client.run(end).unwrap();
        acts_for(&mut client, &a);
        client.run("rollback").unwrap();
    }
}

#[test]
fn one_session_serves_many_profiles_in_turn() {
    let a = Owner::new();
    let b = Owner::of(a.tenant.sibling());
    let mut client = a
        .tenant
        .stack
        .session(&login_role(&a.tenant.stack, &["vault_client"]));
    // Often enough for PostgreSQL to keep plans that no longer depend on their parameters.
    for _ in 0..10 {
        for (own, other) in [(&a, &b), (&b, &a)] {
            client.run("begin").unwrap();
            client
                .execute(
                    "select vault.authenticate($1, $2)",
                    &[&own.tenant.key, &own.tenant.profile],
                )
                .unwrap();
            assert_eq!(
                client
                    .call("retrieve_customer($1)", &[&own.customer])
                    .unwrap()["id"],
                own.customer
            );
            assert_eq!(
                client
                    .call("list_customers()", &[])
                    .unwrap()
                    .as_array()
                    .unwrap()
                    .len(),
                1
            );
            let refused = client
                .call("retrieve_payment_method($1)", &[&other.method])
                .unwrap_err();
            assert_eq!(refused.pair(), ("P0002", NO_PAYMENT_METHOD));
            client.run("rollback").unwrap();
        }
    }
}

#[test]
fn profiles_that_call_at_once_over_pooled_connections_are_not_mixed_up() {
    let one = Owner::new();
    let owners = [Owner::of(one.tenant.sibling()), Owner::new(), one];
    thread::scope(|scope| {
        for owner in owners.iter().cycle().take(12) {
            scope.spawn(|| {
                for _ in 0..20 {
                    let list = owner.tenant.get("/v2/customers/list").ok();
                    let ids: Vec<&Value> = list
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|customer| &customer["id"])
                        .collect();
                    assert_eq!(ids, [&owner.customer]);
                    let method = owner
                        .tenant
                        .get(&format!("/v2/payment-methods/{}", owner.method))
                        .ok();
                    assert_eq!(
                        method["payment_method_data"]["card"]["last4_digits"],
                        owner.card.last_four()
                    );
                }
            });
        }
    });
}

#[test]
fn a_failed_authentication_does_not_keep_the_profile_of_one_before() {
    let b = Owner::new();
    let mut client = b
        .tenant
        .stack
        .session(&login_role(&b.tenant.stack, &["vault_client"]));
    client.run("begin").unwrap();
    client
        .execute(
            "select vault.authenticate($1, $2)",
            &[&b.tenant.key, &b.tenant.profile],
        )
        .unwrap();
    let failed = client.execute(
        "select vault.authenticate($1, $2)",
        &[&unknown_key(), &b.tenant.profile],
    );
    assert_eq!(failed.unwrap_err().sqlstate, "28000");
    client.run("rollback").unwrap();
    assert_eq!(
        client
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}

#[test]
fn an_api_key_that_may_reveal_does_not_make_a_role_that_may() {
    let b = Owner::new();
    let mut client = b
        .tenant
        .stack
        .session(&login_role(&b.tenant.stack, &["vault_client"]));
    client.run("begin").unwrap();
    client
        .execute(
            "select vault.authenticate($1, $2)",
            &[&b.tenant.reveal_key, &b.tenant.profile],
        )
        .unwrap();
    let refused = client
        .call("retrieve_payment_method($1, true)", &[&b.method])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "42501");
}

#[test]
fn a_function_of_another_owner_acts_for_its_caller() {
    let b = Owner::new();
    let a = Owner::of(b.tenant.sibling());
    let owner = b.tenant.role(&["vault_client", "vault_reveal"]);
    let caller = a.tenant.role(&["vault_client"]);
    let wrapper = random::name("wrapper");
    let mut superuser = a.tenant.stack.superuser();
    for owner in [owner.as_str(), "postgres"] {
        superuser
            .run(&format!(
                "create or replace function public.{wrapper}(id text, raw boolean) returns jsonb language sql security definer
                 as 'select vault.retrieve_payment_method(id, raw)';
                 alter function public.{wrapper} owner to {owner};
                 grant execute on function public.{wrapper} to public"
            ))
            .unwrap();
        let mut role = a.tenant.stack.session(&caller);
        let call = format!("select public.{wrapper}($1, $2)");
        let theirs = role
            .value::<Value>(&call, &[&b.method, &false])
            .unwrap_err();
        assert_eq!(theirs.pair(), ("P0002", NO_PAYMENT_METHOD), "owner {owner}");
        assert_eq!(
            role.value::<Value>(&call, &[&a.method, &false]).unwrap()["id"],
            a.method,
            "owner {owner}"
        );
        let revealed = role.value::<Value>(&call, &[&a.method, &true]).unwrap_err();
        assert_eq!(revealed.sqlstate, "42501", "owner {owner}");
    }
    let mut stranger = a.tenant.stack.session(&login_role(&a.tenant.stack, &[]));
    let refused = stranger
        .value::<Value>(&format!("select public.{wrapper}($1, false)"), &[&b.method])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "28000");
    superuser
        .run(&format!("drop function public.{wrapper}"))
        .unwrap();
}

#[test]
fn a_role_that_is_unbound_acts_for_nobody() {
    let b = Owner::new();
    let role = b.tenant.role(&["vault_client"]);
    let mut session = b.tenant.stack.session(&role);
    session
        .call("retrieve_customer($1)", &[&b.customer])
        .unwrap();

    b.tenant
        .admin()
        .execute("select vault.unbind_role($1)", &[&role])
        .unwrap();

    assert_eq!(
        session
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}

fn current_profile(session: &mut Session) -> Option<String> {
    session
        .value("select vault.current_profile()", &[])
        .unwrap()
}

#[test]
fn a_role_follows_its_binding_whoever_changes_it() {
    let a = Tenant::new();
    let role = a.role(&["vault_client"]);
    let mut session = a.stack.session(&role);
    let mut superuser = a.stack.superuser();
    let mut profile = || current_profile(&mut session);
    assert_eq!(profile(), Some(a.profile.clone()));

    for (change, expected) in [
        ("+ interval '1 second'", None),
        ("- interval '1 second'", Some(a.profile.clone())),
    ] {
        superuser
            .execute(
                &format!("update vault.role_bindings set created_at = created_at {change} where role_name = $1"),
                &[&role],
            )
            .unwrap();
        assert_eq!(profile(), expected, "{change}");
    }
    superuser
        .execute(
            "delete from vault.role_bindings where role_name = $1",
            &[&role],
        )
        .unwrap();
    assert_eq!(profile(), None);
    a.admin()
        .execute("select vault.bind_role($1, $2)", &[&role, &a.profile])
        .unwrap();
    assert_eq!(profile(), Some(a.profile));
    superuser
        .run(&format!("alter role {role} rename to {role}_renamed"))
        .unwrap();
    assert_eq!(profile(), None);
}

#[test]
fn a_binding_that_is_rolled_back_binds_nobody() {
    let tenant = Tenant::new();
    let role = login_role(&tenant.stack, &["vault_client", "vault_admin"]);
    let mut session = tenant.stack.session(&role);
    for (begin, roll_back) in [
        ("begin; savepoint s", "rollback to s"),
        ("rollback; begin", "rollback"),
    ] {
        session.run(begin).unwrap();
        session
            .execute("select vault.bind_role($1, $2)", &[&role, &tenant.profile])
            .unwrap();
        assert_eq!(
            current_profile(&mut session),
            Some(tenant.profile.clone()),
            "{begin}"
        );
        session.run(roll_back).unwrap();
        assert_eq!(current_profile(&mut session), None, "{roll_back}");
    }
}

#[test]
fn a_parallel_query_may_be_the_first_to_need_binding_and_keys() {
    let mut session = Tenant::new().sql();
    session
        .run(
            "set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0; set parallel_tuple_cost = 0",
        )
        .unwrap();
    let query = "select count(vault.searchable(relname::text)) from pg_class";
    let plan = session.rows(&format!("explain {query}"), &[]).unwrap();
    assert!(
        plan.iter()
            .any(|line| line.get::<_, &str>(0).contains("Gather")),
        "{plan:?}"
    );
    assert!(session.value::<i64>(query, &[]).unwrap() > 0);
}

#[test]
fn a_members_group_that_is_bound_binds_nobody_else() {
    let b = Owner::new();
    let group = b.tenant.role(&["vault_client"]);
    let member = login_role(&b.tenant.stack, &[&group]);
    let mut session = b.tenant.stack.session(&member);
    assert_eq!(
        session
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}

#[test]
fn a_revoked_key_is_refused_at_once() {
    let tenant = Tenant::new();
    let (id, key) = tenant.new_key(&[]);
    let request = tenant
        .request("GET", "/v2/customers/list")
        .without("api-key")
        .header("api-key", &key);
    tenant.send(&request).ok();

    tenant
        .admin()
        .execute("select vault.revoke_api_key($1)", &[&id])
        .unwrap();

    tenant
        .stack
        .client()
        .send(&request)
        .refuses(401, "IR_01", UNAUTHENTICATED);
}

#[test]
fn api_keys_lie_in_no_table() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    for table in tables(&mut superuser) {
        for key in [&tenant.key, &tenant.reveal_key] {
            let found: i64 = superuser
                .value(
                    &format!("select count(*) from vault.{table} t where strpos(t::text, $1) > 0"),
                    &[key],
                )
                .unwrap();
            assert_eq!(found, 0, "{table}");
        }
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
