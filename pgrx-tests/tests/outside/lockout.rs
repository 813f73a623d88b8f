//! Failed authentications lock whom they come from, and are no weapon against anybody else.

use vault_tests::http::Client;
use vault_tests::ledger::{Kind, record};
use vault_tests::stack::PrivateStack;
use vault_tests::tenant::{login_role, unknown_key};
use vault_tests::{Request, Session, Tenant, random};

use crate::support::{UNAUTHENTICATED, soon};

/// The number of failures that lock a key's prefix for one address or role.
pub const FAILURES: usize = 10;

/// The number of failures that lock a prefix from anywhere, or an address or role with any key.
const TOTAL: usize = 100;

const PREFIX_LENGTH: usize = 12;

/// A wrong key with the prefix of a right one.
pub fn guess(key: &str) -> String {
    let rest = random::alphanumerics(key.len() - PREFIX_LENGTH);
    record(Kind::Key, format!("{}{rest}", &key[..PREFIX_LENGTH]))
}

fn list(tenant: &Tenant, key: &str) -> Request {
    tenant
        .request("GET", "/v2/customers/list")
        .without("api-key")
        .header("api-key", key)
}

#[track_caller]
fn refused(client: &Client, tenant: &Tenant, key: &str) {
    client
        .send(&list(tenant, key))
        .refuses(401, "IR_01", UNAUTHENTICATED);
}

#[track_caller]
fn served(client: &Client, tenant: &Tenant, key: &str) {
    client.send(&list(tenant, key)).ok();
}

/// Whether the key lets a SQL session in.
#[track_caller]
fn lets_in(sql: &mut Session, key: &str, profile: &str) -> bool {
    match sql.execute("select vault.authenticate($1, $2)", &[&key, &profile]) {
        Ok(_) => true,
        Err(refused) => {
            assert_eq!(refused.pair(), ("28000", UNAUTHENTICATED));
            false
        }
    }
}

fn client_session(tenant: &Tenant) -> (String, Session) {
    let role = login_role(&tenant.stack, &["vault_client"]);
    let session = tenant.stack.session(&role);
    (role, session)
}

#[test]
fn ten_wrong_guesses_of_a_key_lock_it_for_their_address_alone() {
    let tenant = Tenant::new();
    let other = tenant.new_key(&[]).1;
    let (attacker, owner) = (tenant.stack.client(), &tenant.client);
    for _ in 1..FAILURES {
        refused(&attacker, &tenant, &guess(&tenant.key));
    }
    // A right key begins the count anew.
    served(&attacker, &tenant, &tenant.key);
    for _ in 0..FAILURES {
        refused(&attacker, &tenant, &guess(&tenant.key));
    }
    refused(&attacker, &tenant, &tenant.key);

    served(owner, &tenant, &tenant.key);
    served(&attacker, &tenant, &other);
    let (_, mut sql) = client_session(&tenant);
    assert!(lets_in(&mut sql, &tenant.key, &tenant.profile));
}

#[test]
fn ten_wrong_guesses_by_sql_lock_a_key_for_their_role_alone() {
    let tenant = Tenant::new();
    let other = tenant.new_key(&[]).1;
    let (role, mut attacker) = client_session(&tenant);
    for _ in 0..FAILURES {
        assert!(!lets_in(
            &mut attacker,
            &guess(&tenant.key),
            &tenant.profile
        ));
    }
    assert!(!lets_in(&mut attacker, &tenant.key, &tenant.profile));
    let mut again = tenant.stack.session(&role);
    assert!(!lets_in(&mut again, &tenant.key, &tenant.profile));

    assert!(lets_in(&mut attacker, &other, &tenant.profile));
    let (_, mut owner) = client_session(&tenant);
    assert!(lets_in(&mut owner, &tenant.key, &tenant.profile));
    served(&tenant.client, &tenant, &tenant.key);
}

#[test]
fn a_role_does_not_get_rid_of_its_failures_by_set_role() {
    let tenant = Tenant::new();
    let (role, mut sql) = client_session(&tenant);
    let other = login_role(&tenant.stack, &["vault_client"]);
    tenant
        .stack
        .superuser()
        .run(&format!("grant {other} to {role}"))
        .unwrap();
    for _ in 0..FAILURES {
        assert!(!lets_in(&mut sql, &guess(&tenant.key), &tenant.profile));
    }
    sql.run(&format!("set role {other}")).unwrap();
    assert!(!lets_in(&mut sql, &tenant.key, &tenant.profile));
}

#[test]
fn a_hundred_failures_with_any_keys_lock_an_address_and_no_other() {
    let tenant = Tenant::new();
    let attacker = tenant.stack.client();
    for _ in 1..TOTAL {
        refused(&attacker, &tenant, &unknown_key());
    }
    // Whoever has one key must not try others without end: the total stays.
    served(&attacker, &tenant, &tenant.key);
    refused(&attacker, &tenant, &unknown_key());
    refused(&attacker, &tenant, &tenant.key);

    served(&tenant.client, &tenant, &tenant.key);
}

#[test]
fn a_hundred_failures_from_many_addresses_lock_a_key_over_http_and_no_other() {
    let tenant = Tenant::new();
    let other = tenant.new_key(&[]).1;
    for _ in 0..TOTAL / FAILURES {
        let attacker = tenant.stack.client();
        served(&tenant.client, &tenant, &tenant.key);
        for _ in 0..FAILURES {
            refused(&attacker, &tenant, &guess(&tenant.key));
        }
    }
    refused(&tenant.client, &tenant, &tenant.key);

    served(&tenant.client, &tenant, &other);
    let (_, mut sql) = client_session(&tenant);
    assert!(lets_in(&mut sql, &tenant.key, &tenant.profile));
}

#[test]
fn a_right_key_with_a_profile_that_is_none_locks_nothing() {
    let (tenant, stranger) = (Tenant::new(), Tenant::new());
    let mistyped = format!("{} 1", tenant.profile);
    let request = list(&tenant, &tenant.key);
    let bare = request.clone().without("x-profile-id");
    let (_, mut sql) = client_session(&tenant);
    for _ in 0..=FAILURES {
        let foreign = bare.clone().header("x-profile-id", &stranger.profile);
        tenant.send(&foreign).refuses(401, "IR_01", UNAUTHENTICATED);
        let malformed = bare.clone().header("x-profile-id", &mistyped);
        assert_eq!(tenant.send(&malformed).status, 422);
        assert_eq!(tenant.send(&bare).status, 422);
        assert!(!lets_in(&mut sql, &tenant.key, &stranger.profile));
    }
    tenant.send(&request).ok();
    assert!(lets_in(&mut sql, &tenant.key, &tenant.profile));
}

#[test]
fn requests_without_a_key_lock_nobody() {
    let tenant = Tenant::new();
    let keyless = list(&tenant, "").without("api-key");
    for _ in 0..=FAILURES {
        tenant.send(&keyless).refuses(401, "IR_01", UNAUTHENTICATED);
    }
    served(&tenant.client, &tenant, &tenant.key);
}

#[test]
fn a_flood_by_sql_unlocks_nobody_turns_no_lock_off_and_locks_nobody_else() {
    // More than there are places to count in.
    const PREFIXES: i64 = 20_000;
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let attacker = stack.client();
    for _ in 0..FAILURES {
        refused(&attacker, &tenant, &guess(&tenant.key));
    }

    for _ in 0..4 {
        let mut sql = stack.session(&login_role(&stack, &["vault_client"]));
        sql.run(
            "create function pg_temp.fails(api_key text, profile_id text) returns boolean language plpgsql as
             $$ begin perform vault.authenticate(api_key, profile_id); return false;
                exception when invalid_authorization_specification then return true; end $$",
        )
        .unwrap();
        let failed: i64 = sql
            .value(
                "select count(*) from generate_series(1, $1::bigint) n
                 where pg_temp.fails('dev_' || lpad(n::text, 8, '0') || repeat('x', 56), $2)",
                &[&PREFIXES, &tenant.profile],
            )
            .unwrap();
        assert_eq!(failed, PREFIXES);
        assert!(!lets_in(&mut sql, &tenant.key, &tenant.profile));
    }

    refused(&attacker, &tenant, &tenant.key);
    let next = stack.client();
    for _ in 0..FAILURES {
        refused(&next, &tenant, &guess(&tenant.key));
    }
    refused(&next, &tenant, &tenant.key);
    served(&tenant.client, &tenant, &tenant.key);
    let (_, mut sql) = client_session(&tenant);
    assert!(lets_in(&mut sql, &tenant.key, &tenant.profile));

    tenant.admin().run("select vault.clear_lockouts()").unwrap();
    served(&attacker, &tenant, &tenant.key);
    let left: i64 = stack
        .superuser()
        .value("select count(*) from vault.lockouts", &[])
        .unwrap();
    assert_eq!(left, 0);
}

#[test]
fn administrators_and_auditors_see_what_is_counted_and_what_is_locked() {
    let tenant = Tenant::new();
    let attacker = tenant.stack.client();
    let (role, mut sql) = client_session(&tenant);
    for _ in 0..FAILURES {
        refused(&attacker, &tenant, &guess(&tenant.key));
    }
    assert!(!lets_in(&mut sql, &guess(&tenant.key), &tenant.profile));

    let prefix = &tenant.key[..PREFIX_LENGTH];
    let address = attacker.address.to_string();
    let expected = [
        format!("address http - {address} 10 false"),
        format!("pair http {prefix} {address} 10 true"),
        format!("pair sql {prefix} {role} 1 false"),
        format!("prefix http {prefix} - 10 false"),
        format!("prefix sql {prefix} - 1 false"),
        format!("role sql - {role} 1 false"),
    ];
    for reader in ["vault_dba", "vault_audit"] {
        let rows = tenant
            .stack
            .session(reader)
            .rows(
                "select concat_ws(' ', kind, way, coalesce(prefix, '-'), coalesce(source, '-'), failures,
                        coalesce(locked_until > now() and locked_until <= now() + interval '30 minutes', false)::text)
                 from vault.lockouts where prefix = $1 or source in ($2, $3) order by 1",
                &[&prefix, &address, &role],
            )
            .unwrap();
        let rows: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert_eq!(rows, expected, "{reader}");
    }
    let hidden = sql.rows("select * from vault.lockouts", &[]).unwrap_err();
    assert_eq!(hidden.sqlstate, "42501");
}

#[test]
fn a_lock_that_begins_is_on_record() {
    let tenant = Tenant::new();
    let attacker = tenant.stack.client();
    let (role, mut sql) = client_session(&tenant);
    for _ in 0..2 * FAILURES {
        refused(&attacker, &tenant, &guess(&tenant.key));
        assert!(!lets_in(&mut sql, &guess(&tenant.key), &tenant.profile));
    }
    let prefix = &tenant.key[..PREFIX_LENGTH];
    let mut auditor = tenant.stack.session("vault_audit");
    let mut locks = || -> Vec<String> {
        let rows = auditor
            .rows(
                "select concat_ws(' ', outcome, actor, client_address) from vault.audit_log
                 where event = 'authentication.lock' and object_id = $1 order by 1",
                &[&prefix],
            )
            .unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let expected = [
        format!("refused  {}", attacker.address),
        format!("refused {role}"),
    ];
    soon("both locks are on record", || locks().len() >= 2);
    assert_eq!(locks(), expected);
}
