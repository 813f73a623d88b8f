//! Whether the vault can store something: `vault.ready()`, `/ready` and `/health`.

use std::{iter, thread};

use vault_tests::http::Request;
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::login_role;
use vault_tests::{Answer, Stack, Tenant};

use crate::support::{http_answers, soon_equal};

/// Asks without an API key.
fn ask(stack: &Stack, path: &str) -> Answer {
    stack.client().send(&Request::new("GET", path))
}

fn ready_by_sql(stack: &Stack, role: &str) -> Result<bool, vault_tests::Refused> {
    stack.session(role).value("select vault.ready()", &[])
}

#[track_caller]
fn is_alive_and_not_ready(stack: &Stack) {
    let answer = ask(stack, "/ready");
    answer.refuses(503, "HE_00", "Something went wrong");
    assert_eq!(answer.header("retry-after"), Some("1"));
    assert_eq!(ask(stack, "/health").status, 200);
}

#[test]
fn everybody_may_ask_whether_a_value_can_be_stored() {
    let stack = Stack::shared();
    let stranger = login_role(&stack, &[]);
    assert_eq!(ready_by_sql(&stack, &stranger), Ok(true));
    for (path, text) in [
        ("/health", r#"{"status":"alive"}"#),
        ("/ready", r#"{"status":"ready"}"#),
        ("/ready?a=b", r#"{"status":"ready"}"#),
    ] {
        let answer = ask(&stack, path);
        assert_eq!((answer.status, answer.text.as_str()), (200, text), "{path}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        assert_eq!(answer.header("cache-control"), Some("no-store"));
    }
}

#[test]
fn the_questions_are_asked_with_get() {
    let stack = Stack::shared();
    for path in ["/health", "/ready", "/ready?a=b"] {
        let head = stack.client().send(&Request::new("HEAD", path));
        assert_eq!((head.status, head.text.as_str()), (200, ""), "{path}");
        for verb in ["POST", "PUT", "DELETE"] {
            let answer = stack.client().send(&Request::new(verb, path));
            answer.refuses(
                405,
                "IR_03",
                "The HTTP method is not applicable for this API",
            );
            assert_eq!(answer.header("allow"), Some("GET, HEAD"), "{verb} {path}");
        }
    }
    ask(&stack, "/ready-in-database").refuses(404, "IR_02", "Unrecognized request URL");
}

#[test]
fn a_client_that_asks_too_often_is_told_so_and_others_are_not() {
    let stack = Stack::shared();
    let flood = stack.client();
    let ask_often = || -> Vec<u16> {
        let ask = || flood.send(&Request::new("GET", "/ready")).status;
        iter::repeat_with(ask).take(50).collect()
    };
    // Several at a time, so that they come faster than the limit even on a busy machine.
    let statuses = thread::scope(|scope| {
        let askers = [(); 4].map(|()| scope.spawn(ask_often));
        askers.map(|asker| asker.join().unwrap()).concat()
    });
    assert!(statuses.contains(&429), "{statuses:?}");
    assert_eq!(ask(&stack, "/ready").status, 200);
    // The flood has not used up what the client may ask for otherwise.
    assert_eq!(
        flood
            .send(&Request::new("GET", "/v2/customers/list"))
            .status,
        401
    );
}

#[test]
fn a_sealed_vault_is_alive_and_not_ready_and_says_why_by_sql() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let stranger = login_role(&stack, &[]);
    let foreign = format!("echo {}", vault_tests::random::digits(64));
    let known = stack.root_keys();
    for (command, message) in [
        (
            "true",
            "vault is sealed: the root key command printed no key",
        ),
        (
            foreign.as_str(),
            "vault is sealed: the root key is not the one this database was sealed with",
        ),
    ] {
        stack.restart_with_settings(&format!("vault.root_key_command = '{command}'"));
        let refused = ready_by_sql(&stack, &stranger).unwrap_err();
        assert_eq!(refused.pair(), ("55000", message));
        assert!(refused.rest.contains("restart the server"), "{refused:?}");
        soon_equal("PostgREST is connected again", &500, || {
            tenant.get("/v2/customers/list").status
        });

        let logged = stack.log().len();
        (0..5).for_each(|_| is_alive_and_not_ready(&stack));
        assert_eq!(stack.log().split_off(logged), "");
    }
    stack.restart_with_settings(&format!("vault.root_key_command = 'echo {}'", known.trim()));
    http_answers(&tenant);
    assert_eq!(ask(&stack, "/ready").status, 200);
}

#[test]
fn a_standby_is_not_ready_although_nothing_is_wrong_with_it() {
    let stack = PrivateStack::start();
    let standby = stack.standby();
    let refused = ready_by_sql(&standby, "vault_app").unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "25006",
            "the vault cannot be written to: the server is a standby"
        )
    );
    assert_eq!(ready_by_sql(&stack, "vault_app"), Ok(true));

    let mut auditor = standby.session("vault_audit");
    let findings = auditor.rows("select * from vault.check()", &[]).unwrap();
    assert!(findings.is_empty(), "{findings:?}");
    let figures = "select array_agg(name || ' ' || value) from vault.metrics where name ~ '^vault_(ready|process)'";
    let figures: Vec<String> = auditor.value(figures, &[]).unwrap();
    assert_eq!(figures, ["vault_ready 0"]);
}

#[test]
fn without_database_or_postgrest_nginx_is_alive_and_the_vault_not_ready() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let audit_rows = |stack: &PrivateStack| -> i64 {
        stack
            .superuser()
            .value("select count(*) from vault.audit_log", &[])
            .unwrap()
    };
    let rows = audit_rows(&stack);
    (0..5).for_each(|_| assert_eq!(ask(&stack, "/ready").status, 200));
    assert_eq!(audit_rows(&stack), rows);

    stack.stop();
    is_alive_and_not_ready(&stack);
    stack.restart();
    http_answers(&tenant);
    assert_eq!(ask(&stack, "/ready").status, 200);

    stack
        .superuser()
        .run("drop extension vault cascade")
        .unwrap();
    is_alive_and_not_ready(&stack);
    stack.kill_postgrest();
    is_alive_and_not_ready(&stack);
}
