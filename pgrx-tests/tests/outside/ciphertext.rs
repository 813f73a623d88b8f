//! A ciphertext opens where it was sealed and nowhere else; and when it does not open, the vault says so.

use serde_json::{Value, json};
use vault_tests::{Card, Session, Tenant};

use crate::support::{overwrite, row, sealed};

/// Reads by both doors; both must fail as a damaged value, without a word of plaintext.
#[track_caller]
fn does_not_open(tenant: &Tenant, path: &str, operation: &str, id: &str) {
    let answer = tenant.send(&tenant.revealing("GET", path));
    answer.refuses(500, "HE_00", "Something went wrong");
    let refused = tenant.revealing_sql().call(operation, &[&id]).unwrap_err();
    assert_eq!(refused.sqlstate, "XX001", "{refused:?}");
    assert!(
        refused.message.contains("open") || refused.message.contains("key"),
        "not clear: {refused:?}"
    );
}

#[track_caller]
fn method_does_not_open(tenant: &Tenant, id: &str) {
    let path = format!("/v2/payment-methods/{id}?fetch_raw_detail=true");
    does_not_open(tenant, &path, "retrieve_payment_method($1, true)", id);
}

#[track_caller]
fn customer_does_not_open(tenant: &Tenant, id: &str) {
    does_not_open(
        tenant,
        &format!("/v2/customers/{id}"),
        "retrieve_customer($1)",
        id,
    );
}

fn copy(superuser: &mut Session, table: &str, from: (&str, &str), to: (&str, &str)) {
    let bytes = sealed(superuser, table, from.0, from.1).expect("a sealed value");
    overwrite(superuser, table, to.0, to.1, &bytes);
}

#[test]
fn a_payment_method_copied_to_another_row_does_not_open() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    for column in ["instrument", "summary"] {
        let customer = tenant.customer();
        let (one, two) = (
            tenant.store(&Card::new(), &customer),
            tenant.store(&Card::new(), &customer),
        );
        copy(
            &mut superuser,
            "payment_methods",
            (column, &one),
            (column, &two),
        );
        method_does_not_open(&tenant, &two);
        assert_eq!(tenant.get(&format!("/v2/payment-methods/{one}")).id(), one);
    }
}

#[test]
fn a_payment_method_copied_to_another_column_does_not_open() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    for (from, to) in [("instrument", "summary"), ("summary", "instrument")] {
        let id = tenant.store(&Card::new(), &tenant.customer());
        copy(&mut superuser, "payment_methods", (from, &id), (to, &id));
        method_does_not_open(&tenant, &id);
    }
}

#[test]
fn a_payment_method_copied_to_another_profile_does_not_open() {
    let one = Tenant::new();
    let two = one.sibling();
    let mut superuser = one.stack.superuser();
    for column in ["instrument", "summary"] {
        let mine = one.store(&Card::new(), &one.customer());
        let theirs = two.store(&Card::new(), &two.customer());
        copy(
            &mut superuser,
            "payment_methods",
            (column, &mine),
            (column, &theirs),
        );
        method_does_not_open(&two, &theirs);
    }
}

#[test]
fn a_whole_row_moved_to_another_profile_does_not_open() {
    let one = Tenant::new();
    let two = one.sibling();
    let mut superuser = one.stack.superuser();
    let id = one.customer();
    two.customer();
    superuser
        .execute(
            "update vault.customers set profile_id = $2 where customer_id = $1",
            &[&id, &two.profile],
        )
        .unwrap();
    customer_does_not_open(&two, &id);
}

#[test]
fn the_details_of_a_customer_copied_elsewhere_do_not_open() {
    let tenant = Tenant::new();
    let sibling = tenant.sibling();
    let mut superuser = tenant.stack.superuser();
    let (one, two, theirs) = (tenant.customer(), tenant.customer(), sibling.customer());
    copy(
        &mut superuser,
        "customers",
        ("details", &one),
        ("details", &two),
    );
    copy(
        &mut superuser,
        "customers",
        ("details", &one),
        ("details", &theirs),
    );
    customer_does_not_open(&tenant, &two);
    customer_does_not_open(&sibling, &theirs);
    assert_eq!(tenant.get(&format!("/v2/customers/{one}")).id(), one);

    let method = tenant.store(&Card::new(), &one);
    let details = sealed(&mut superuser, "customers", "details", &one).unwrap();
    overwrite(
        &mut superuser,
        "payment_methods",
        "summary",
        &method,
        &details,
    );
    method_does_not_open(&tenant, &method);
}

#[test]
fn a_data_key_copied_to_another_profile_does_not_open() {
    let one = Tenant::new();
    let two = one.sibling();
    let id = two.customer();
    let copied = two
        .stack
        .superuser()
        .execute(
            "update vault.data_keys t set (wrapped, check_value) = (select s.wrapped, s.check_value from vault.data_keys s
             where s.profile_id = $1 and s.purpose = 'data') where t.profile_id = $2 and t.purpose = 'data'",
            &[&one.profile, &two.profile],
        )
        .unwrap();
    assert_eq!(copied, 1);

    // A new session: backends keep the keys that they have unwrapped.
    let refused = two.sql().call("retrieve_customer($1)", &[&id]).unwrap_err();
    assert_eq!(refused.sqlstate, "XX001", "{refused:?}");
}

#[test]
fn one_changed_bit_anywhere_keeps_a_value_shut() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let mut sql = tenant.revealing_sql();
    let id = tenant.store(&Card::new(), &tenant.customer());
    let whole = sealed(&mut superuser, "payment_methods", "instrument", &id).unwrap();
    for place in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[place] ^= 1 << (place % 8);
        overwrite(
            &mut superuser,
            "payment_methods",
            "instrument",
            &id,
            &damaged,
        );
        let refused = sql
            .call("retrieve_payment_method($1, true)", &[&id])
            .unwrap_err();
        assert_eq!(refused.sqlstate, "XX001", "byte {place}: {refused:?}");
    }
    for length in [0, 1, 4, 28, 44, 45, whole.len() - 1] {
        overwrite(
            &mut superuser,
            "payment_methods",
            "instrument",
            &id,
            &whole[..length.min(whole.len())],
        );
        let refused = sql
            .call("retrieve_payment_method($1, true)", &[&id])
            .unwrap_err();
        assert_eq!(refused.sqlstate, "XX001", "cut to {length}: {refused:?}");
    }
    overwrite(&mut superuser, "payment_methods", "instrument", &id, &whole);
    sql.call("retrieve_payment_method($1, true)", &[&id])
        .unwrap();
}

#[test]
fn the_same_card_is_sealed_differently_each_time() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let card = Card::new();
    let ids = [tenant.customer(), tenant.customer()].map(|customer| tenant.store(&card, &customer));
    let [one, two] =
        ids.map(|id| sealed(&mut superuser, "payment_methods", "instrument", &id).unwrap());
    assert_ne!(one, two);
}

#[test]
fn rows_show_neither_card_nor_person() {
    let tenant = Tenant::new();
    let mut superuser = tenant.stack.superuser();
    let card = Card::new();
    let person =
        json!({"name": "Grace Visible", "email": "grace@visible.example", "phone": "555000111"});
    let customer = tenant.post("/v2/customers", &person).id();
    let mut request = card.create_for(&customer);
    request["payment_method_data"]["card"]["card_holder_name"] = json!("Grace Visible");
    request["billing"] = json!({"email": "grace@visible.example"});
    request["metadata"] = json!({"note": "Grace Visible"});
    let method = tenant.post("/v2/payment-methods", &request).id();

    for text in [
        row(&mut superuser, "customers", &customer),
        row(&mut superuser, "payment_methods", &method),
    ] {
        for secret in [
            "Grace",
            "grace@",
            "555000111",
            &card.number,
            card.first_six(),
        ] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
    }
}

fn encrypt(session: &mut Session, text: &str) -> String {
    session
        .value("select vault.encrypt($1::text)::text", &[&text])
        .unwrap()
}

const DECRYPT: &str = "select vault.decrypt($1::text::vault.encrypted_text)";

#[test]
fn an_encrypted_text_opens_for_its_profile_only() {
    let one = Tenant::new();
    let two = one.sibling();
    let value = encrypt(&mut one.sql(), "a secret");

    assert_eq!(
        one.sql().value::<String>(DECRYPT, &[&value]).unwrap(),
        "a secret"
    );
    let refused = two.sql().value::<String>(DECRYPT, &[&value]).unwrap_err();
    assert_eq!(refused.sqlstate, "XX001", "{refused:?}");
    assert!(!format!("{refused:?}").contains("a secret"));
}

#[test]
fn an_encrypted_json_value_opens_for_its_profile_only() {
    let one = Tenant::new();
    let value: String = one
        .sql()
        .value("select vault.encrypt($1::jsonb)::text", &[&json!({"a": 1})])
        .unwrap();
    let decrypt = "select vault.decrypt($1::text::vault.encrypted_json)";

    assert_eq!(
        one.sql().value::<Value>(decrypt, &[&value]).unwrap(),
        json!({"a": 1})
    );
    assert_eq!(
        one.sibling()
            .sql()
            .value::<Value>(decrypt, &[&value])
            .unwrap_err()
            .sqlstate,
        "XX001"
    );
    let as_text = one.sql().value::<String>(DECRYPT, &[&value]).unwrap_err();
    assert_eq!(as_text.sqlstate, "XX001", "a JSON value is no text");
}

#[test]
fn an_encrypted_text_opens_in_its_context_only() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    let value: String = sql
        .value(
            "select vault.encrypt($1::text, 'orders.note')::text",
            &[&"a secret"],
        )
        .unwrap();
    let open = "select vault.decrypt($1::text::vault.encrypted_text, $2)";

    assert_eq!(
        sql.value::<String>(open, &[&value, &"orders.note"])
            .unwrap(),
        "a secret"
    );
    assert_eq!(
        sql.value::<String>(open, &[&value, &"orders.other"])
            .unwrap_err()
            .sqlstate,
        "XX001"
    );
    assert_eq!(
        sql.value::<String>(DECRYPT, &[&value])
            .unwrap_err()
            .sqlstate,
        "XX001"
    );
}

#[test]
fn an_encrypted_column_keeps_ciphertext_in_the_applications_own_table() {
    let tenant = Tenant::new();
    let mut sql = tenant.sql();
    sql.run("create temporary table notes (id int, note vault.encrypted_text)")
        .unwrap();
    sql.execute(
        "insert into notes values (1, vault.encrypt($1::text))",
        &[&"a secret"],
    )
    .unwrap();

    let shown: String = sql.value("select note::text from notes", &[]).unwrap();
    assert!(
        shown.starts_with("vault:1:") && !shown.contains("secret"),
        "{shown}"
    );
    assert_eq!(
        sql.value::<String>("select vault.decrypt(note) from notes", &[])
            .unwrap(),
        "a secret"
    );
    let plain = sql
        .execute(
            "insert into notes values (2, $1::text::vault.encrypted_text)",
            &[&"plain-text"],
        )
        .unwrap_err();
    assert!(!format!("{plain:?}").contains("plain-text"), "{plain:?}");
}
