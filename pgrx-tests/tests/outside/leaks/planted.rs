//! An application's table with a column of each encrypted type.

use serde_json::{Value, json};
use vault_tests::forms::shows;
use vault_tests::sql::Parameter;
use vault_tests::{Card, Refused, Session, Stack, Tenant, random};

/// A table `people` in a schema of its own, and what its rows hold.
pub struct Planted {
    pub stack: Stack,
    /// The table's owner: bound to a profile, allowed to see card numbers.
    pub role: String,
    /// The schema, which is the role's whole search path.
    pub schema: String,
    /// What the rows show in clear.
    pub marker: String,
    pub text: String,
    pub json: Value,
    pub searchable: String,
    pub card: Card,
}

/// Seals the planted values: `$1` to `$4`.
pub const SEALED: &str = "vault.encrypt($1::text), vault.encrypt($2::jsonb), vault.searchable($3::text), vault.card_number($4::text)";

impl Planted {
    /// The table, without rows.
    pub fn within(stack: &Stack) -> Planted {
        let role = Tenant::within(stack).role(&["vault_client", "vault_reveal"]);
        let schema = random::name("leaks");
        let mut superuser = stack.superuser();
        superuser
            .run(&format!(
                "create schema {schema} authorization {role}; alter role {role} set search_path = {schema}"
            ))
            .unwrap();
        let planted = Planted {
            stack: stack.clone(),
            role,
            schema,
            marker: random::name("marker"),
            text: secret(),
            json: json!({"kept": secret()}),
            searchable: format!("{}@example.com", secret()),
            card: Card::new(),
        };
        planted
            .sql()
            .run(
                "create table people (id integer primary key, marker text not null, text vault.encrypted_text,
                                      json vault.encrypted_json, searchable vault.searchable_text, card vault.card_number)",
            )
            .unwrap();
        planted
    }

    /// The table with one row, number 1.
    pub fn new() -> Planted {
        let planted = Planted::within(&Stack::shared());
        planted.insert(1);
        planted
    }

    /// A session of the table's owner.
    pub fn sql(&self) -> Session {
        self.stack.session(&self.role)
    }

    /// Adds a row by a statement that names the marker and has the secrets as parameters.
    pub fn insert(&self, id: i32) {
        self.try_insert(&mut self.sql(), "people", id).unwrap();
    }

    pub fn try_insert(&self, sql: &mut Session, table: &str, id: i32) -> Result<u64, Refused> {
        let insert = format!(
            "insert into {table} select {id}, '{}', {SEALED}",
            self.marker
        );
        sql.execute(&insert, &self.parameters())
    }

    /// The secrets, in the order of [`SEALED`].
    pub fn parameters(&self) -> [Parameter<'_>; 4] {
        [&self.text, &self.json, &self.searchable, &self.card.number]
    }

    /// The types of columns, each with its secret.
    fn secrets(&self) -> [(&'static str, &str); 4] {
        [
            ("encrypted_text", &self.text),
            ("encrypted_json", self.json["kept"].as_str().unwrap()),
            ("searchable_text", &self.searchable),
            ("card_number", &self.card.number),
        ]
    }

    /// The types whose secrets are shown.
    pub fn shown_in(&self, place: &[u8]) -> Vec<&'static str> {
        self.secrets()
            .into_iter()
            .filter(|(_, secret)| shows(place, secret))
            .map(|(kind, _)| kind)
            .collect()
    }

    /// The channel shows the row, and no secret of it.
    #[track_caller]
    pub fn hidden_in(&self, channel: &str, place: impl AsRef<[u8]>) {
        let place = place.as_ref();
        assert!(
            shows(place, &self.marker),
            "{channel} does not show the row: {}",
            String::from_utf8_lossy(place)
        );
        let shown = self.shown_in(place);
        assert!(shown.is_empty(), "{channel} shows plaintext of {shown:?}");
    }
}

fn secret() -> String {
    random::alphanumerics(24)
}
