//! From 0.1.0, whose rows had no MACs.

use std::thread;

use serde_json::json;
use vault_tests::stack::PrivateStack;
use vault_tests::{Answer, Card, Session, Stack, tenant};

use super::fixture::{Fixture, digest, update_vouching, update_with};
use super::objects::objects;
use super::present_version;
use crate::support::{soon, soon_equal};

/// The digest that a first attempt shows.
fn attempt(superuser: &mut Session) -> (String, String) {
    let refused = superuser.run("alter extension vault update").unwrap_err();
    assert_eq!(
        refused.pair(),
        (
            "55000",
            "vault 0.2.0 believes merchants, profiles, API keys and role bindings only if somebody vouches for them"
        )
    );
    (digest(&refused), refused.rest)
}

/// The tables of the database, with a digest of what each holds.
fn contents(stack: &Stack) -> Vec<(String, String)> {
    let mut superuser = stack.superuser();
    let tables = superuser
        .rows("select oid::regclass::text from pg_class where relnamespace = 'vault'::regnamespace and relkind = 'r' order by 1", &[])
        .unwrap();
    tables
        .iter()
        .map(|table| {
            let table: String = table.get(0);
            let select = format!(
                "select coalesce(md5(string_agg(t::text, ' ' order by t::text)), '') from {table} t"
            );
            let digest = superuser.value(&select, &[]).unwrap();
            (table, digest)
        })
        .collect()
}

/// Before the upgrade, the library serves nobody: it believes no row, and opens nothing.
fn nobody_is_served(stack: &PrivateStack, planted: &str) {
    let mut sql = stack.session("vault_app");
    for call in [
        "select vault.list_customers()::text",
        "select vault.encrypt('a text')::text",
        "select vault.decrypt(email) from shop.people where id = 2",
    ] {
        let refused = sql.value::<String>(call, &[]).unwrap_err();
        assert_eq!(refused.pair(), NOT_UPGRADED, "{call}");
    }
    let authenticate = "select vault.authenticate($1, profile_id)::text from vault.profiles";
    let refused = stack.superuser().value::<String>(authenticate, &[&planted]);
    assert_eq!(refused.unwrap_err().pair(), NOT_UPGRADED);
    let warning = format!("WARNING:  {}", NOT_UPGRADED.1);
    soon("the worker warns", || stack.log().contains(&warning));
}

const NOT_UPGRADED: (&str, &str) = (
    "55000",
    "the vault of this database waits for its upgrade, and serves nobody until then",
);

fn plant_api_key(superuser: &mut Session, key_id: &str, key: &str) {
    superuser
        .execute(
            "insert into vault.api_keys (key_id, merchant_id, name, prefix, key_hash, scopes)
             select $1, merchant_id, 'planted', left($2, 12), sha256(convert_to($2, 'UTF8')), '{reveal}' from vault.merchants",
            &[&key_id, &key],
        )
        .unwrap();
}

#[test]
fn nothing_of_0_1_0_counts_before_somebody_has_vouched_for_just_what_is_there() {
    let stack = PrivateStack::start();
    let release = Fixture::of("0.1.0");
    release.restore(&stack);
    // A worker that started before the extension was there does not warn.
    stack.stop();
    stack.restart();
    let mut superuser = stack.superuser();
    let planted = tenant::unknown_key();
    plant_api_key(&mut superuser, "dev_planted1", &planted);
    nobody_is_served(&stack, &planted);
    let before = (objects(&stack), contents(&stack));

    let (first, rest) = attempt(&mut superuser);
    assert!(
        rest.contains("API keys: 5, of which not revoked: 4, of which with the scope reveal: 2")
            && rest.contains("Not in the audit log as made: API key dev_planted1."),
        "{rest}"
    );
    let (again, _) = attempt(&mut superuser);
    assert_eq!(again, first);

    // Somebody is faster than the administrator who has looked.
    plant_api_key(&mut superuser, "dev_planted2", &tenant::unknown_key());
    let refused = update_with(&mut superuser, &first).unwrap_err();
    assert_eq!(refused.sqlstate, "55000");
    superuser
        .run("delete from vault.api_keys where key_id = 'dev_planted2'")
        .unwrap();
    assert_eq!(present_version(&stack), "0.1.0");
    assert!((objects(&stack), contents(&stack)) == before);

    superuser
        .run("delete from vault.api_keys where key_id = 'dev_planted1'")
        .unwrap();
    let refused = update_with(&mut superuser, &first).unwrap_err();
    let vouched = digest(&refused);
    assert_ne!(vouched, first);
    update_with(&mut superuser, &vouched).unwrap();
    assert_eq!(
        superuser
            .value::<String>(
                "select object_id from vault.audit_log where event = 'rows.vouch' and actor = 'postgres'",
                &[]
            )
            .unwrap(),
        vouched
    );
    assert!(
        superuser
            .rows("select * from vault.forged_rows()", &[])
            .unwrap()
            .is_empty()
    );
}

#[test]
fn an_upgrade_without_the_root_key_or_with_a_member_of_the_vaults_roles_is_refused() {
    let stack = PrivateStack::start();
    Fixture::of("0.1.0").restore(&stack);
    let before = contents(&stack);
    let mut superuser = stack.superuser();
    superuser.run("grant vault_worker to vault_app").unwrap();
    let refused = update_vouching(&mut superuser).unwrap_err();
    assert_eq!(
        refused.pair(),
        ("42710", "the role vault_worker has the member vault_app")
    );
    superuser.run("revoke vault_worker from vault_app").unwrap();

    let root_key = stack.root_keys();
    stack.restart_with_root_keys(&format!("{}\n", "07".repeat(32)));
    let mut superuser = stack.superuser();
    let refused = superuser.run("alter extension vault update").unwrap_err();
    assert!(
        refused.message.starts_with("vault is sealed"),
        "{refused:?}"
    );
    assert_eq!(present_version(&stack), "0.1.0");
    assert_eq!(contents(&stack), before);

    stack.restart_with_root_keys(&root_key);
    update_vouching(&mut stack.superuser()).unwrap();
}

#[test]
fn an_upgrade_that_a_crash_interrupts_leaves_0_1_0_as_it_was() {
    let stack = PrivateStack::start();
    let release = Fixture::of("0.1.0");
    release.restore(&stack);
    let before = (objects(&stack), contents(&stack));
    let (digest, _) = attempt(&mut stack.superuser());

    // The script changes this table after most others.
    let mut holder = stack.superuser();
    holder
        .run("begin; lock table vault.audit_log in access exclusive mode")
        .unwrap();
    let mut upgrading = stack.superuser();
    upgrading
        .run(&format!("set vault_upgrade.vouched_rows = '{digest}'"))
        .unwrap();
    thread::scope(|scope| {
        let _upgrade = scope.spawn(|| {
            // The connection breaks.
            let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                upgrading.run("alter extension vault update")
            }));
        });
        let mut observer = stack.superuser();
        soon("the upgrade waits", || {
            observer
                .value::<bool>(
                    "select exists (select from pg_locks where not granted and relation = 'vault.audit_log'::regclass)",
                    &[],
                )
                .unwrap()
        });
        stack.crash();
    });
    stack.restart();

    assert_eq!(present_version(&stack), "0.1.0");
    assert!((objects(&stack), contents(&stack)) == before);
    update_with(&mut stack.superuser(), &digest).unwrap();
    assert_eq!(release.opened(&stack), release.expected());
}

/// What an application has made of the vault's types and functions.
fn applications_objects(stack: &Stack) -> (String, Vec<String>) {
    let dump = String::from_utf8(stack.dump_with(&["--schema-only", "-n", "shop"])).unwrap();
    let files = stack
        .superuser()
        .rows(
            "select concat_ws(' ', oid, oid::regclass, relfilenode, relhasindex) from pg_class
             where relnamespace = 'shop'::regnamespace order by oid",
            &[],
        )
        .unwrap();
    (
        // Each dump begins and ends with a random text of its own.
        dump.lines()
            .filter(|line| !line.contains("restrict"))
            .collect(),
        files.iter().map(|row| row.get(0)).collect(),
    )
}

#[test]
fn applications_of_0_1_0_go_on_after_the_upgrade() {
    let stack = PrivateStack::start();
    let release = Fixture::of("0.1.0");
    let (beside, (before, log)) = release.restore_beside(&stack, |beside| {
        (applications_objects(beside), audit_log(beside))
    });
    assert_eq!(present_version(&beside), present_version(&stack));
    Fixture::put_in_place(&stack);

    assert_eq!(applications_objects(&stack), before);
    assert!(audit_log(&stack).starts_with(&log));
    let mut app = stack.session("vault_app");
    assert!(plan(&mut app).contains("people_by_card"));
    payment_methods_are_counted(&stack);
    let method = ada_s_card_over_http(&stack, &release);
    keys_go_on(&stack, &release, &method);
    roles_are_bound_as_before(&stack);
    the_log_goes_on_by_month(&stack);
}

/// 0.1.0 counted the rows at each call.
fn payment_methods_are_counted(stack: &Stack) {
    let mut superuser = stack.superuser();
    let mut numbers = |query: &str| -> Vec<String> {
        let rows = superuser.rows(query, &[]).unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    };
    let active = numbers(
        "select concat_ws(' ', profile_id, count(*)) from vault.payment_methods where status = 'active' group by profile_id order by 1",
    );
    assert!(!active.is_empty());
    let counted = numbers(
        "select concat_ws(' ', profile_id, active) from vault.payment_method_counts order by 1",
    );
    assert_eq!(counted, active);
}

/// The log of 0.1.0 is the partition of this month, and is like the one that the worker makes for the next month.
fn the_log_goes_on_by_month(stack: &Stack) {
    let mut superuser = stack.superuser();
    let mut shapes = || -> Vec<String> {
        let partitions = superuser.rows(PARTITIONS, &[]).unwrap();
        partitions.iter().map(|row| row.get(0)).collect()
    };
    soon_equal("there are partitions", &2, || shapes().len());
    let shapes = shapes();
    assert!(shapes[0].contains("PRIMARY KEY"), "{shapes:?}");
    assert_eq!(shapes[0], shapes[1]);
}

/// What the partitions of months are like.
const PARTITIONS: &str = "
    select concat_ws(E'\n', relkind, relrowsecurity, relforcerowsecurity, relowner, obj_description(p.oid),
        array(select concat_ws(' ', attnum, attname, format_type(atttypid, atttypmod), attnotnull, pg_get_expr(adbin, adrelid))
              from pg_attribute left join pg_attrdef on adrelid = attrelid and adnum = attnum
              where attrelid = p.oid and attnum > 0 order by attnum),
        array(select pg_get_constraintdef(c.oid) from pg_constraint c where conrelid = p.oid order by 1),
        array(select grantee from aclexplode(relacl) where grantee <> relowner),
        array(select polname from pg_policy where polrelid = p.oid),
        array(select classid from pg_depend where objid = p.oid and deptype = 'e'))
    from pg_class p join pg_inherits on inhrelid = p.oid
    where inhparent = 'vault.audit_log'::regclass and relname <> 'audit_log_default' order by relname";

/// The log in the order of time, with the columns of 0.1.0.
fn audit_log(stack: &Stack) -> String {
    stack
        .superuser()
        .value(
            "select string_agg(concat_ws(' ', profile_id, audit_id, occurred_at, actor, event, object_id, outcome), E'\\n' order by audit_id)
             from vault.audit_log",
            &[],
        )
        .unwrap()
}

fn plan(sql: &mut Session) -> String {
    sql.run("set enable_seqscan = off").unwrap();
    let rows = sql
        .rows(
            "explain select id from shop.people where card = vault.card_number('4111110000000211'::text)",
            &[],
        )
        .unwrap();
    rows.iter()
        .map(|row| row.get::<_, String>(0) + "\n")
        .collect()
}

/// Reads and reveals a card with the API keys of 0.1.0, and stores it again: it is the same payment method.
fn ada_s_card_over_http(stack: &Stack, release: &Fixture) -> String {
    let client = stack.client();
    let send = |request| -> Answer { client.send(&request) };
    soon_equal("the HTTP interface is connected again", &200, || {
        send(release.request("VAULT_API_KEY", "GET", "/v2/customers/list")).status
    });
    let ada = send(release.request("VAULT_API_KEY", "GET", "/v2/customers/reference/ada"));
    let ada = ada.json()["id"].as_str().unwrap().to_owned();
    let card = Card {
        number: "4111110000000112".to_owned(),
        month: "11".to_owned(),
        year: "2090".to_owned(),
        cvc: "731".to_owned(),
    };
    let create = release
        .request("VAULT_API_KEY", "POST", "/v2/payment-methods")
        .json(&card.create_for(&ada));
    let method = send(create).id();
    assert!(release.expected().contains(&method), "the card is known");
    let path = format!("/v2/payment-methods/{method}?fetch_raw_detail=true");
    let revealed = send(release.request("VAULT_REVEAL_API_KEY", "GET", &path));
    assert_eq!(
        revealed.json()["raw_payment_method_data"]["card"]["card_number"],
        json!(card.number)
    );
    assert_eq!(
        send(release.request("VAULT_API_KEY", "GET", &path)).status,
        403
    );
    method
}

/// The keys of 0.1.0 are rotated, the values under them are moved, and one of them is destroyed.
fn keys_go_on(stack: &Stack, release: &Fixture, method: &str) {
    let profile = release.variable("VAULT_PROFILE_ID");
    let mut admin = stack.session(tenant::ADMIN);
    for purpose in ["data", "index"] {
        admin
            .execute(
                "select vault.rotate_data_key($1, $2)",
                &[&profile, &purpose],
            )
            .unwrap();
    }
    admin
        .execute("call vault.reencrypt($1)", &[&profile])
        .unwrap();
    let mut app = stack.session("vault_app");
    app.run("refresh materialized view shop.emails").unwrap();
    admin
        .execute("select vault.destroy_data_key($1, 'data', 2)", &[&profile])
        .unwrap();
    let revealed = stack
        .session("vault_app_reveal")
        .call("retrieve_payment_method($1, true)", &[&method])
        .unwrap();
    assert_eq!(
        revealed["raw_payment_method_data"]["card"]["card_number"],
        json!("4111110000000112")
    );
}

fn roles_are_bound_as_before(stack: &Stack) {
    let mut closed = stack.session("closed_app");
    let refused = closed.call("list_customers()", &[]).unwrap_err();
    assert!(refused.message.contains("destroyed"), "{refused:?}");
    // The binding of 0.1.0 was to a role that has gone. Another one of its name does not get it.
    let mut superuser = stack.superuser();
    superuser
        .run("create role gone_app login in role vault_client")
        .unwrap();
    let mut gone = stack.session("gone_app");
    assert_eq!(
        gone.value::<Option<String>>("select vault.current_profile()", &[])
            .unwrap(),
        None
    );
}
