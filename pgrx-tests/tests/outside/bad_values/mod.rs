//! Values that are damaged, cut short, somebody else's or of a later version, in text and in binary form; and values that
//! the caller may not open, or nobody any more.

mod damaged;
mod shut;

use vault_tests::forms::shows;
use vault_tests::sql::Binary;
use vault_tests::{Card, Refused, Session, Tenant, random};

/// An encrypted type: its name, the function that seals a text with a context, how many bytes stand before the envelope,
/// and the shortest plaintext.
#[derive(Clone, Copy)]
struct Kind {
    name: &'static str,
    seal: &'static str,
    label: usize,
    shortest: usize,
}

const TEXT: Kind = kind("encrypted_text", "vault.encrypt($1::text, $2)", 0, 0);
const JSON: Kind = kind("encrypted_json", "vault.encrypt($1::text::jsonb, $2)", 0, 0);
const SEARCHABLE: Kind = kind("searchable_text", "vault.searchable($1::text, $2)", 37, 0);
const CARD: Kind = kind("card_number", "vault.card_number($1::text, $2)", 49, 8);
const KINDS: [Kind; 4] = [TEXT, JSON, SEARCHABLE, CARD];

const fn kind(name: &'static str, seal: &'static str, label: usize, shortest: usize) -> Kind {
    Kind {
        name,
        seal,
        label,
        shortest,
    }
}

/// SQLSTATE, message and the beginning of the hint.
type Error = (&'static str, &'static str, &'static str);

const NO_VALUE: Error = ("22P02", "not an encrypted value", INPUT);
const OTHER_TYPE: Error = ("22P02", "encrypted value of another type", INPUT);
const TRUNCATED: Error = ("22P02", "encrypted value is truncated", INPUT);
const NOT_SHOWN: Error = ("22P02", DAMAGED, INPUT);
const LATER: Error = (
    "22P02",
    "encrypted value of an unknown version",
    "A later version of the vault wrote the value",
);
const SHUT: Error = ("XX001", DAMAGED, "A value opens only in the profile");
const OTHER_KEY: Error = (
    "XX001",
    "the value is sealed under a key that this profile does not have",
    "The key belongs to another profile, or is destroyed",
);
const INPUT: &str = "Input takes only the text form of a value of its type";
const DAMAGED: &str =
    "encrypted value is damaged, or belongs to another profile, row, column or key";

/// A value in a table of its own, in row 1.
struct Stored {
    kind: Kind,
    tenant: Tenant,
    sql: Session,
    secret: String,
    table: String,
}

impl Stored {
    fn new(kind: Kind) -> Stored {
        let tenant = Tenant::new();
        let mut sql = tenant.revealing_sql();
        let secret = match kind.name {
            "card_number" => Card::new().number,
            _ => format!("\"{}\"", random::alphanumerics(20)),
        };
        let table = random::name("kept");
        sql.run(&format!(
            "create temporary table {table} (value vault.{})",
            kind.name
        ))
        .unwrap();
        sql.execute(
            &format!("insert into {table} select {}", kind.seal),
            &[&secret, &"row 1"],
        )
        .unwrap();
        Stored {
            kind,
            tenant,
            sql,
            secret,
            table,
        }
    }

    fn bytes(&mut self) -> Vec<u8> {
        let Binary(bytes) = self
            .sql
            .value(&format!("select value from {}", self.table), &[])
            .unwrap();
        bytes
    }

    fn text(&mut self) -> String {
        self.sql
            .value(&format!("select value::text from {}", self.table), &[])
            .unwrap()
    }

    /// A value in binary form is refused when it comes in or when it is opened.
    #[track_caller]
    fn bytes_fail(&mut self, what: &str, bytes: Vec<u8>, expected: &[Error]) {
        let open = open(self.kind, "");
        let refused = self
            .sql
            .value::<String>(&open, &[&Binary(bytes), &"row 1"])
            .unwrap_err();
        self.fails(what, &refused, expected);
    }

    /// The same of a value in text form.
    #[track_caller]
    fn text_fails(&mut self, what: &str, text: &str, expected: &[Error]) {
        let open = open(self.kind, "::text");
        let refused = self
            .sql
            .value::<String>(&open, &[&text, &"row 1"])
            .unwrap_err();
        self.fails(what, &refused, expected);
    }

    #[track_caller]
    fn fails(&self, what: &str, refused: &Refused, expected: &[Error]) {
        let clear = expected.iter().any(|(sqlstate, message, hint)| {
            refused.pair() == (sqlstate, message) && refused.rest.starts_with(hint)
        });
        let name = self.kind.name;
        assert!(clear, "{name}, {what}: {refused:?}");
        let shown = format!("{refused:?}");
        assert!(!shows(shown.as_bytes(), self.secret.trim_matches('"')));
    }

    /// The value in the table opens as ever.
    #[track_caller]
    fn is_kept(&mut self) {
        let opened: String = self
            .sql
            .value(
                &format!(
                    "select vault.decrypt(value, 'row 1')::text from {}",
                    self.table
                ),
                &[],
            )
            .unwrap();
        assert_eq!(opened, self.secret);
    }
}

/// A statement that opens its parameter, which comes in as it is or through another type.
fn open(kind: Kind, through: &str) -> String {
    format!(
        "select vault.decrypt($1{through}::vault.{}, $2)::text",
        kind.name
    )
}
