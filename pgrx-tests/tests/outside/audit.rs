//! The audit log: what was done, by whom, from where; never a word of card data.

use serde_json::json;
use vault_tests::card::{account, ach_for};
use vault_tests::tenant::{customer, login_role, unknown_key};
use vault_tests::{Card, Request, Session, Tenant, random};

use crate::support::{UNAUTHENTICATED, soon};

/// The role that reads the log.
const AUDITOR: &str = "vault_audit";

/// How much of an API key may be shown.
const KEY_PREFIX: usize = 12;

/// A row of the log, as far as the tests compare it.
#[derive(Debug, PartialEq, Eq)]
struct Entry {
    event: String,
    outcome: String,
    actor: String,
    address: Option<String>,
    profile: Option<String>,
    object: Option<String>,
}

fn entries(auditor: &mut Session, column: &str, value: &str) -> Vec<Entry> {
    let select = format!(
        "select event, outcome, actor, client_address::text, nullif(profile_id, ''), object_id
         from vault.audit_log where {column} = $1 order by audit_id"
    );
    let rows = auditor.rows(&select, &[&value]).unwrap();
    rows.iter()
        .map(|row| Entry {
            event: row.get(0),
            outcome: row.get(1),
            actor: row.get(2),
            address: row.get(3),
            profile: row.get(4),
            object: row.get(5),
        })
        .collect()
}

/// Sends a request under a fresh request id; gives the id and the answer.
fn send(tenant: &Tenant, request: Request) -> (String, vault_tests::Answer) {
    let id = random::name("request");
    let answer = tenant.send(&request.header("x-request-id", &id));
    (id, answer)
}

/// The id of the tenant's key that has or has not the `reveal` scope.
fn key_id(tenant: &Tenant, reveal: bool) -> String {
    tenant
        .stack
        .superuser()
        .value(
            "select key_id from vault.api_keys where merchant_id = $1 and ('reveal' = any(scopes)) = $2",
            &[&tenant.merchant, &reveal],
        )
        .unwrap()
}

#[test]
fn creates_updates_reveals_and_deletes_each_leave_one_row() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let (actor, revealer) = (key_id(&tenant, false), key_id(&tenant, true));
    let check = |auditor: &mut Session,
                 request: Request,
                 event: &str,
                 actor: &str,
                 id: Option<&str>|
     -> String {
        let (request_id, answer) = send(&tenant, request);
        let object = id.map_or_else(|| answer.id(), str::to_owned);
        answer.ok();
        let expected = Entry {
            event: event.into(),
            outcome: "success".into(),
            actor: actor.into(),
            address: Some(tenant.client.address.to_string()),
            profile: Some(tenant.profile.clone()),
            object: Some(object.clone()),
        };
        assert_eq!(
            entries(auditor, "request_id", &request_id),
            [expected],
            "{event}"
        );
        object
    };
    let create = tenant.request("POST", "/v2/customers").json(&customer());
    let person = check(&mut auditor, create, "customer.create", &actor, None);
    let path = format!("/v2/customers/{person}");
    let update = tenant.request("PUT", &path).json(&json!({"name": "B"}));
    check(
        &mut auditor,
        update,
        "customer.update",
        &actor,
        Some(&person),
    );

    let store = tenant
        .request("POST", "/v2/payment-methods")
        .json(&Card::new().create_for(&person));
    let method = check(&mut auditor, store, "payment_method.create", &actor, None);
    let method_path = format!("/v2/payment-methods/{method}");
    let reveal = tenant.revealing("GET", &format!("{method_path}?fetch_raw_detail=true"));
    check(
        &mut auditor,
        reveal,
        "payment_method.reveal",
        &revealer,
        Some(&method),
    );
    let update = tenant
        .request("PUT", format!("{method_path}/update-saved-payment-method"))
        .json(&json!({"network_transaction_id": "N"}));
    check(
        &mut auditor,
        update,
        "payment_method.update",
        &actor,
        Some(&method),
    );
    check(
        &mut auditor,
        tenant.request("DELETE", &method_path),
        "payment_method.delete",
        &actor,
        Some(&method),
    );
    let debit = tenant
        .request("POST", "/v2/payment-methods")
        .json(&ach_for(&person, &account()));
    let debit = check(&mut auditor, debit, "payment_method.create", &actor, None);
    let reveal = tenant.revealing(
        "GET",
        &format!("/v2/payment-methods/{debit}?fetch_raw_detail=true"),
    );
    check(
        &mut auditor,
        reveal,
        "payment_method.reveal",
        &revealer,
        Some(&debit),
    );
}

#[test]
fn a_deleted_customer_is_on_record_with_every_payment_method_that_went_with_it() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let person = tenant.customer();
    let methods = [
        tenant.store(&Card::new(), &person),
        tenant.store(&Card::new(), &person),
    ];

    let (request_id, answer) = send(
        &tenant,
        tenant.request("DELETE", format!("/v2/customers/{person}")),
    );

    answer.ok();
    let mut deleted: Vec<(String, String)> = entries(&mut auditor, "request_id", &request_id)
        .into_iter()
        .map(|entry| (entry.event, entry.object.unwrap()))
        .collect();
    deleted.sort();
    let mut expected = vec![("customer.delete".to_owned(), person)];
    expected.extend(methods.map(|method| ("payment_method.delete".to_owned(), method)));
    expected.sort();
    assert_eq!(deleted, expected);
}

#[test]
fn ordinary_reads_leave_no_row() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let person = tenant.customer();
    let method = tenant.store(&Card::new(), &person);
    for path in [
        "/v2/customers/list".to_owned(),
        format!("/v2/customers/{person}"),
        format!("/v2/customers/{person}/saved-payment-methods"),
        format!("/v2/payment-methods/{method}"),
        format!("/v2/payment-methods/{method}/details"),
    ] {
        let (request_id, answer) = send(&tenant, tenant.request("GET", &path));
        answer.ok();
        assert_eq!(
            entries(&mut auditor, "request_id", &request_id),
            [],
            "{path}"
        );
    }
}

#[test]
fn a_reveal_that_is_refused_for_lack_of_the_scope_is_on_record() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let method = tenant.store(&Card::new(), &tenant.customer());

    let (request_id, answer) = send(
        &tenant,
        tenant.request(
            "GET",
            format!("/v2/payment-methods/{method}?fetch_raw_detail=true"),
        ),
    );

    assert_eq!(answer.status, 403);
    let rows = entries_soon(&mut auditor, "request_id", &request_id, 0);
    let rows: Vec<(&str, &str)> = rows
        .iter()
        .map(|entry| (entry.event.as_str(), entry.outcome.as_str()))
        .collect();
    assert_eq!(rows, [("payment_method.reveal", "refused")]);
}

#[test]
fn a_failed_authentication_is_on_record_without_its_key() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let client = tenant.stack.client();
    let key = unknown_key();
    let id = random::name("request");
    let request = tenant
        .request("GET", "/v2/customers/list")
        .without("api-key")
        .header("api-key", &key);

    client
        .send(&request.header("x-request-id", &id))
        .refuses(401, "IR_01", UNAUTHENTICATED);

    let expected = Entry {
        event: "authentication".into(),
        outcome: "refused".into(),
        actor: String::new(),
        address: Some(client.address.to_string()),
        profile: None,
        object: Some(key[..KEY_PREFIX].to_owned()),
    };
    assert_eq!(entries_soon(&mut auditor, "request_id", &id, 0), [expected]);
}

#[test]
fn a_request_without_any_key_is_on_record() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let (id, answer) = send(
        &tenant,
        tenant
            .request("GET", "/v2/customers/list")
            .without("api-key"),
    );
    assert_eq!(answer.status, 401);
    let rows = entries_soon(&mut auditor, "request_id", &id, 0);
    assert_eq!(
        rows.iter()
            .map(|row| row.event.as_str())
            .collect::<Vec<_>>(),
        ["authentication"]
    );
}

#[test]
fn what_an_administrator_does_is_on_record() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let (key, _) = tenant.new_key(&["reveal"]);
    tenant
        .admin()
        .execute("select vault.revoke_api_key($1)", &[&key])
        .unwrap();
    let role = tenant.role(&["vault_client"]);
    tenant
        .admin()
        .execute("select vault.unbind_role($1)", &[&role])
        .unwrap();

    let mut events = |object: &str| -> Vec<(String, String)> {
        entries(&mut auditor, "object_id", object)
            .into_iter()
            .map(|entry| (entry.actor, entry.event))
            .collect()
    };
    let by_dba = |event: &str| ("vault_dba".to_owned(), event.to_owned());
    assert_eq!(events(&tenant.merchant), [by_dba("merchant.create")]);
    assert_eq!(events(&tenant.profile), [by_dba("profile.create")]);
    assert_eq!(
        events(&key),
        [
            by_dba("api_key.create_with_reveal"),
            by_dba("api_key.revoke")
        ]
    );
    assert_eq!(events(&role), [by_dba("role.bind"), by_dba("role.unbind")]);
}

#[test]
fn operations_by_sql_are_on_record_with_their_role() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let role = tenant.role(&["vault_client", "vault_reveal"]);
    let mut sql = tenant.stack.session(&role);
    let person = sql.call("create_customer($1)", &[&customer()]).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let card = Card::new().create_for(&person);
    let method = sql.call("create_payment_method($1)", &[&card]).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    sql.call("retrieve_payment_method($1, true)", &[&method])
        .unwrap();
    sql.call("delete_payment_method($1)", &[&method]).unwrap();

    let rows: Vec<(String, String)> = entries(&mut auditor, "object_id", &method)
        .into_iter()
        .map(|entry| (entry.actor, entry.event))
        .collect();
    let expected = [
        "payment_method.create",
        "payment_method.reveal",
        "payment_method.delete",
    ];
    assert_eq!(rows, expected.map(|event| (role.clone(), event.to_owned())));
}

#[test]
fn what_is_rolled_back_was_not_done() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let mut sql = tenant.sql();
    sql.run("begin").unwrap();
    let id = sql.call("create_customer($1)", &[&customer()]).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    sql.run("rollback").unwrap();

    assert_eq!(entries(&mut auditor, "object_id", &id), []);
    assert_eq!(
        sql.call("retrieve_customer($1)", &[&id])
            .unwrap_err()
            .sqlstate,
        "P0002"
    );
}

/// More than `known` rows. What is refused or rolled back does not write its row itself; a worker does so soon after.
#[track_caller]
fn entries_soon(auditor: &mut Session, column: &str, value: &str, known: usize) -> Vec<Entry> {
    let mut found = Vec::new();
    soon(&format!("a row of the log with this {column}"), || {
        found = entries(auditor, column, value);
        found.len() > known
    });
    found
}

#[test]
fn a_reveal_that_is_refused_by_sql_is_on_record() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let method = tenant.store(&Card::new(), &tenant.customer());
    let role = tenant.role(&["vault_client"]);
    let refused = tenant
        .stack
        .session(&role)
        .call("retrieve_payment_method($1, true)", &[&method]);
    assert_eq!(refused.unwrap_err().sqlstate, "42501");

    let expected = Entry {
        event: "payment_method.reveal".into(),
        outcome: "refused".into(),
        actor: role.clone(),
        address: None,
        profile: Some(tenant.profile.clone()),
        object: Some(method),
    };
    assert_eq!(entries_soon(&mut auditor, "actor", &role, 0), [expected]);
}

#[test]
fn a_failed_authentication_by_sql_is_on_record() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let key = unknown_key();
    let role = login_role(&tenant.stack, &["vault_client"]);
    let refused = tenant.stack.session(&role).execute(
        "select vault.authenticate($1, $2)",
        &[&key, &tenant.profile],
    );
    assert_eq!(refused.unwrap_err().sqlstate, "28000");

    let expected = Entry {
        event: "authentication".into(),
        outcome: "refused".into(),
        actor: role.clone(),
        address: None,
        profile: None,
        object: Some(key[..KEY_PREFIX].to_owned()),
    };
    assert_eq!(entries_soon(&mut auditor, "actor", &role, 0), [expected]);
}

#[test]
fn a_reveal_stays_on_record_when_it_is_rolled_back() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let method = tenant.store(&Card::new(), &tenant.customer());
    let role = tenant.role(&["vault_client", "vault_reveal"]);
    let mut sql = tenant.stack.session(&role);
    for (begin, end) in [
        ("begin", "rollback"),
        (
            "begin; savepoint inner_one",
            "rollback to inner_one; commit",
        ),
    ] {
        let before = entries(&mut auditor, "actor", &role).len();
        sql.run(begin).unwrap();
        sql.call("retrieve_payment_method($1, true)", &[&method])
            .unwrap();
        sql.run(end).unwrap();

        let rows = entries_soon(&mut auditor, "actor", &role, before);
        let last = rows.last().unwrap();
        assert_eq!(
            (last.event.as_str(), last.outcome.as_str()),
            ("payment_method.reveal", "success"),
            "{end}"
        );
        assert_eq!(last.object.as_ref(), Some(&method), "{end}");
    }
}

#[test]
fn the_card_numbers_that_a_transaction_opens_are_on_record_before_the_first_and_with_their_count() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let role = tenant.role(&["vault_client", "vault_reveal"]);
    let open =
        "select count(vault.decrypt($1::text::vault.card_number)) from generate_series(1, 3)";
    let seal = "select vault.card_number($1::text)::text";
    let sealed: String = tenant.sql().value(seal, &[&Card::new().number]).unwrap();
    tenant
        .stack
        .session(&role)
        .execute(open, &[&sealed])
        .unwrap();

    let client = tenant.role(&["vault_client"]);
    let refused = tenant.stack.session(&client).execute(open, &[&sealed]);
    assert_eq!(refused.unwrap_err().sqlstate, "42501");

    for (actor, outcome, objects) in [
        (
            role,
            "success",
            &[Some("first value"), Some("3 values")][..],
        ),
        (client, "refused", &[None]),
    ] {
        let expected: Vec<Entry> = objects
            .iter()
            .map(|object| Entry {
                event: "card_number.reveal".into(),
                outcome: outcome.into(),
                actor: actor.clone(),
                address: None,
                profile: Some(tenant.profile.clone()),
                object: object.map(str::to_owned),
            })
            .collect();
        let rows = entries_soon(&mut auditor, "actor", &actor, expected.len() - 1);
        assert_eq!(rows, expected);
    }
}

#[test]
fn storing_the_same_card_again_is_on_record_as_a_refresh() {
    let tenant = Tenant::new();
    let mut auditor = tenant.stack.session(AUDITOR);
    let (customer, card) = (tenant.customer(), Card::new());
    let method = tenant.store(&card, &customer);
    tenant.store(&card, &customer);

    let events: Vec<String> = entries(&mut auditor, "object_id", &method)
        .into_iter()
        .map(|entry| entry.event)
        .collect();
    assert_eq!(events, ["payment_method.create", "payment_method.refresh"]);
}

#[test]
fn nobody_changes_or_removes_a_row_of_the_log() {
    let tenant = Tenant::new();
    let id = tenant.customer();
    let changes = [
        "update vault.audit_log set actor = 'nobody' where object_id = $1",
        "delete from vault.audit_log where object_id = $1",
    ];
    for role in [AUDITOR, "vault_dba", "vault_app"] {
        let mut session = tenant.stack.session(role);
        for change in changes {
            assert_eq!(
                session.execute(change, &[&id]).unwrap_err().sqlstate,
                "42501",
                "{role}: {change}"
            );
        }
        assert_eq!(
            session
                .run("truncate vault.audit_log")
                .unwrap_err()
                .sqlstate,
            "42501",
            "{role}"
        );
    }
    let mut operator = tenant.stack.superuser();
    operator.run("set role vault_operator").unwrap();
    for change in changes {
        assert_eq!(
            operator.execute(change, &[&id]).unwrap_err().sqlstate,
            "42501",
            "{change}"
        );
    }
}

#[test]
fn the_log_holds_no_card_data() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let card = Card::new();
    let person = json!({"name": "Grace Audited", "email": "grace@audited.example"});
    let customer = tenant.post("/v2/customers", &person).id();
    let method = tenant.store(&card, &customer);
    tenant
        .send(&tenant.revealing(
            "GET",
            &format!("/v2/payment-methods/{method}?fetch_raw_detail=true"),
        ))
        .ok();
    tenant.get(&format!("/v2/customers/reference/{}", card.number));
    tenant.get(&format!("/v2/payment-methods/{}", card.number));
    tenant.send(&tenant.request("DELETE", format!("/v2/payment-methods/{}", card.number)));

    let log: Vec<String> = superuser
        .rows(
            "select t::text from vault.audit_log t where profile_id = $1",
            &[&tenant.profile],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect();
    assert!(log.len() >= 3, "{log:?}");
    for secret in [card.number.as_str(), card.first_six(), "Grace", "grace@"] {
        assert!(
            !log.iter().any(|row| row.contains(secret)),
            "{secret} in {log:?}"
        );
    }
}
