//! Dumps, standbys, and what they are worth without the root key.

use serde_json::Value;
use vault_tests::stack::{PrivateStack, Stack};
use vault_tests::tenant::ADMIN;
use vault_tests::{Card, Session, Tenant, random};

use crate::support::{http_answers, lasting_rows, long_unwritten, soon, tables};

/// A tenant with a customer and a card; the card came without a CVC, which no copy would have.
pub struct Shop {
    pub tenant: Tenant,
    pub role: String,
    pub customer: String,
    pub method: String,
    pub card: Card,
}

impl Shop {
    pub fn within(stack: &Stack) -> Shop {
        let tenant = Tenant::within(stack);
        let customer = tenant.customer();
        let card = Card::new();
        let mut create = card.create_for(&customer);
        create["payment_method_data"]["card"]
            .as_object_mut()
            .unwrap()
            .remove("card_cvc");
        Shop {
            role: tenant.role(&["vault_client", "vault_reveal"]),
            method: tenant.post("/v2/payment-methods", &create).id(),
            tenant,
            customer,
            card,
        }
    }

    /// What is answered without writing.
    fn reads(&self, sql: &mut Session) -> Vec<Value> {
        vec![
            sql.call("retrieve_customer($1)", &[&self.customer])
                .unwrap(),
            sql.call("list_customers()", &[]).unwrap(),
            sql.call("list_payment_methods($1)", &[&self.customer])
                .unwrap(),
            sql.call("retrieve_payment_method($1)", &[&self.method])
                .unwrap(),
        ]
    }

    fn reveal(&self, sql: &mut Session) -> Value {
        sql.call("retrieve_payment_method($1, true)", &[&self.method])
            .unwrap()
    }
}

/// A digest of each table of the vault, but for what the worker writes when it takes over the bindings of a restored database.
fn contents(stack: &Stack) -> Vec<(String, i64, Option<String>)> {
    let mut superuser = stack.superuser();
    // Not by month: the worker makes partitions when it needs them.
    tables(&mut superuser)
        .into_iter()
        .filter(|table| !table.starts_with("audit_log_"))
        .map(|table| {
            let digest = format!(
                "select count(*), md5(string_agg(t::text, ' ' order by t::text))
                 from {} r, lateral (select to_jsonb(r) - case '{table}' when 'role_bindings'
                     then '{{role_oid,system_identifier,mac}}'::text[] else '{{}}' end) t
                 where to_jsonb(r) ->> 'event' is distinct from 'role.take_over'",
                lasting_rows(&table)
            );
            let rows = superuser.rows(&digest, &[]).unwrap();
            (table, rows[0].get(0), rows[0].get(1))
        })
        .collect()
}

/// The row security of each table of the vault, with its policies.
fn policies(stack: &Stack) -> Vec<String> {
    stack
        .superuser()
        .rows(
            "select format('%s %s %s', c.relname, c.relrowsecurity, c.relforcerowsecurity) from pg_class c
             where c.relnamespace = 'vault'::regnamespace and c.relkind in ('r', 'p')
                   and c.relname !~ '^audit_log_[0-9]'
             union all select p::text from pg_policies p where p.schemaname = 'vault' order by 1",
            &[],
        )
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

/// Dumps of roles and database.
pub struct Backup {
    roles: Vec<u8>,
    database: Vec<u8>,
}

impl Backup {
    pub fn of(stack: &Stack) -> Backup {
        let roles = stack.dump_roles();
        Backup {
            roles: roles
                .split_inclusive(|byte| *byte == b'\n')
                .filter(|line| *line != b"CREATE ROLE postgres;\n")
                .flatten()
                .copied()
                .collect(),
            database: stack.dump(),
        }
    }

    /// Restores both into a new cluster of the same stack.
    pub fn restore_into_a_new_cluster(&self, stack: &PrivateStack) {
        stack.replace_cluster();
        let postgres = stack.database("postgres");
        postgres.run_script(&self.roles);
        postgres.superuser().run("create database vault").unwrap();
        stack.run_script(&self.database);
    }
}

#[test]
fn a_dump_restored_into_a_new_cluster_answers_as_before() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let mut sql = stack.session(&shop.role);
    let before = (shop.reads(&mut sql), shop.reveal(&mut sql));
    drop(sql);
    let (rows_before, policies_before) = (contents(&stack), policies(&stack));

    Backup::of(&stack).restore_into_a_new_cluster(&stack);

    assert_eq!(contents(&stack), rows_before);
    assert_eq!(policies(&stack), policies_before);
    let mut sql = stack.session(&shop.role);
    let after = (shop.reads(&mut sql), shop.reveal(&mut sql));
    assert_eq!(after, before);
    assert_eq!(
        after.1["raw_payment_method_data"]["card"]["card_number"],
        shop.card.number
    );
    let tenant = &shop.tenant;
    http_answers(tenant);
    assert_eq!(
        tenant
            .get(&format!("/v2/payment-methods/{}", shop.method))
            .ok(),
        before.0[3]
    );
    // The keys of a new profile are numbered on, and what they seal opens.
    let sibling = tenant.sibling();
    let customer = sibling.customer();
    sibling.store(&shop.card, &customer);
    assert_eq!(
        tenant.store(&shop.card, &shop.customer),
        shop.method,
        "a duplicate is still found"
    );
}

#[test]
fn a_restore_without_its_root_key_is_sealed_and_writes_nothing() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    Backup::of(&stack).restore_into_a_new_cluster(&stack);
    stack.restart_with_root_keys(&format!("{}\n", random::digits(64)));
    let before = contents(&stack);

    let mut sql = stack.session(&shop.role);
    let create = Card::new().create_for(&shop.customer);
    let person = vault_tests::tenant::customer();
    let refused = [
        sql.call("retrieve_customer($1)", &[&shop.customer]),
        sql.call("list_customers()", &[]),
        sql.call("list_payment_methods($1)", &[&shop.customer]),
        sql.call("retrieve_payment_method($1)", &[&shop.method]),
        sql.call("retrieve_payment_method($1, true)", &[&shop.method]),
        sql.call("create_customer($1)", &[&person]),
        sql.call("update_customer($1, $2)", &[&shop.customer, &person]),
        sql.call("create_payment_method($1)", &[&create]),
    ]
    .map(|answer| answer.unwrap_err());
    let mut admin = stack.session(ADMIN);
    let administration = [
        ("create_profile($1, 'another')", &shop.tenant.merchant),
        ("rotate_data_key($1)::text", &shop.tenant.profile),
    ]
    .map(|(call, argument)| {
        admin
            .value::<String>(&format!("select vault.{call}"), &[argument])
            .unwrap_err()
    });
    for refused in refused.iter().chain(&administration) {
        assert_eq!(refused.sqlstate, "55000", "{refused:?}");
        assert!(
            refused.message.starts_with("vault is sealed"),
            "{refused:?}"
        );
    }
    assert_eq!(contents(&stack), before);
}

#[test]
fn a_standby_answers_retrieves_and_lists_and_refuses_writes() {
    let stack = PrivateStack::start();
    let shop = Shop::within(&stack);
    let mut primary = stack.session(&shop.role);
    long_unwritten(&stack, &shop.method);
    let before = shop.reads(&mut primary);
    let number: String = primary
        .value(
            "select vault.card_number($1::text)::text",
            &[&shop.card.number],
        )
        .unwrap();
    drop(primary);
    let standby = stack.standby();

    let mut sql = standby.session(&shop.role);
    assert_eq!(shop.reads(&mut sql), before);
    let create = Card::new().create_for(&shop.customer);
    let person = vault_tests::tenant::customer();
    for refused in [
        sql.call("create_customer($1)", &[&person]),
        sql.call("update_customer($1, $2)", &[&shop.customer, &person]),
        sql.call("create_payment_method($1)", &[&create]),
        sql.call("delete_payment_method($1)", &[&shop.method]),
        sql.call("delete_customer($1)", &[&shop.customer]),
        sql.call("retrieve_payment_method($1, true)", &[&shop.method]),
        sql.value(
            "select to_jsonb(vault.decrypt($1::text::vault.card_number))",
            &[&number],
        ),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(
            refused.pair(),
            (
                "25006",
                "the vault cannot be written to: the server is a standby"
            )
        );
        assert!(refused.rest.contains("Call the primary"), "{refused:?}");
    }
    assert_eq!(shop.reads(&mut sql), before);

    // What is written to the primary, and keys that are new there, come over.
    let mut admin = stack.session(ADMIN);
    let rotated: i32 = admin
        .value("select vault.rotate_data_key($1)", &[&shop.tenant.profile])
        .unwrap();
    assert_eq!(rotated, 2);
    let newer = stack
        .session(&shop.role)
        .call("create_customer($1)", &[&person])
        .unwrap();
    soon("the new customer is on the standby", || {
        sql.call("retrieve_customer($1)", &[&newer["id"].as_str()])
            .is_ok_and(|customer| customer == newer)
    });

    // A role that is unbound there is unbound here, in a session that has used its binding, too.
    admin
        .execute("select vault.unbind_role($1)", &[&shop.role])
        .unwrap();
    soon("the role is unbound on the standby", || {
        sql.call("retrieve_customer($1)", &[&shop.customer])
            .is_err_and(|refused| refused.sqlstate == "28000")
    });
}
