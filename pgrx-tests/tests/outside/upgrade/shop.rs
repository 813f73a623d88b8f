//! A database in use: rows in the vault's tables and in an application's, written by the functions that it has.

use serde_json::{Value, json};
use vault_tests::tenant::customer;
use vault_tests::{Card, Session, Stack, Tenant, random};

pub struct Shop {
    tenant: Tenant,
    role: String,
    card: Card,
    customer: String,
    method: String,
}

impl Shop {
    pub fn within(database: &Stack) -> Shop {
        let tenant = Tenant::within(database);
        let role = tenant.role(&["vault_client", "vault_reveal"]);
        let schema = random::name("shop");
        database
            .superuser()
            .run(&format!(
                "create schema {schema} authorization {role}; alter role {role} set search_path = {schema}"
            ))
            .unwrap();
        let mut sql = database.session(&role);
        let card = Card::new();
        let customer = id(&sql.call("create_customer($1)", &[&customer()]).unwrap());
        let mut shop = Shop {
            method: String::new(),
            tenant,
            role,
            card,
            customer,
        };
        shop.method = shop.store(&mut sql);
        shop.rotate();
        sql.run(
            "create table people (id integer primary key, text vault.encrypted_text, json vault.encrypted_json,
                                  searchable vault.searchable_text unique, card vault.card_number unique)",
        )
        .unwrap();
        sql.execute(
            "insert into people select 1, vault.encrypt('a text'), vault.encrypt('{\"a\": 1}'::jsonb),
                                       vault.searchable('a@example.com'), vault.card_number($1::text)",
            &[&shop.card.number],
        )
        .unwrap();
        shop
    }

    /// Everything, opened.
    pub fn opened(&self) -> Vec<Value> {
        let mut sql = self.tenant.stack.session(&self.role);
        vec![
            sql.call("retrieve_customer($1)", &[&self.customer]).unwrap(),
            sql.call("retrieve_payment_method($1, true)", &[&self.method])
                .unwrap(),
            sql.value(
                "select jsonb_build_array(vault.decrypt(text), vault.decrypt(json), vault.decrypt(searchable),
                                          vault.decrypt(card))
                 from people where searchable = vault.searchable('a@example.com') and card = vault.card_number($1::text)",
                &[&self.card.number],
            )
            .unwrap(),
        ]
    }

    /// Duplicates are found as before, and keys go on.
    pub fn goes_on(&self) {
        let mut sql = self.tenant.stack.session(&self.role);
        assert_eq!(self.store(&mut sql), self.method);
        self.rotate();
        self.tenant
            .admin()
            .execute("call vault.reencrypt($1)", &[&self.tenant.profile])
            .unwrap();
        assert_eq!(
            sql.call("retrieve_customer($1)", &[&self.customer])
                .unwrap()["id"],
            json!(self.customer)
        );
    }

    fn store(&self, sql: &mut Session) -> String {
        let create = self.card.create_for(&self.customer);
        id(&sql.call("create_payment_method($1)", &[&create]).unwrap())
    }

    fn rotate(&self) {
        self.tenant
            .admin()
            .execute("select vault.rotate_data_key($1)", &[&self.tenant.profile])
            .unwrap();
    }
}

fn id(created: &Value) -> String {
    created["id"].as_str().unwrap().to_owned()
}
