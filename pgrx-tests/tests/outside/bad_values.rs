//! Values that are damaged, cut short, somebody else's or of a later version, in text and in binary form; and values that
//! the caller may not open, or nobody any more.

use vault_tests::forms::shows;
use vault_tests::sql::Binary;
use vault_tests::tenant::login_role;
use vault_tests::{Card, Refused, Session, Tenant, random};

use crate::support::UNAUTHENTICATED;

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
    "A later version of the vault wrote it",
);
const SHUT: Error = ("XX001", DAMAGED, "A value opens only in the profile");
const OTHER_KEY: Error = (
    "XX001",
    "the value is sealed under a key that this profile does not have",
    "The key is another profile's, or destroyed",
);
const INPUT: &str = "Input takes the text form of a value of its type alone";
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

/// What a value fails with whose byte at `place` is another.
fn expected_of_a_changed_byte(kind: Kind, place: usize) -> &'static [Error] {
    match place.checked_sub(kind.label) {
        // Label: type and version, index key, blind index, and of a card number what it shows.
        None if place == 0 => &[LATER],
        None if place < 37 => &[SHUT],
        None => &[SHUT, NOT_SHOWN],
        // Envelope: version, key, and what is authenticated.
        Some(0) => &[LATER],
        Some(1..5) => &[OTHER_KEY],
        Some(_) => &[SHUT],
    }
}

#[test]
fn a_value_with_any_byte_changed_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let bytes = stored.bytes();
        for place in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[place] ^= 0b10;
            let expected = expected_of_a_changed_byte(kind, place);
            stored.bytes_fail(&format!("byte {place}"), changed, expected);
        }
        stored.is_kept();
    }
}

#[test]
fn a_value_cut_at_any_length_or_made_longer_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let bytes = stored.bytes();
        let shortest = kind.label + 45 + kind.shortest;
        for length in 0..bytes.len() {
            let expected = if length < shortest { TRUNCATED } else { SHUT };
            let what = format!("cut to {length}");
            stored.bytes_fail(&what, bytes[..length].to_vec(), &[expected]);
        }
        stored.bytes_fail("longer", [bytes, vec![0]].concat(), &[SHUT]);

        let text = stored.text();
        for length in 0..text.len() {
            let what = format!("text cut to {length}");
            stored.text_fails(&what, &text[..length], &[NO_VALUE, TRUNCATED, SHUT]);
        }
        stored.is_kept();
    }
}

#[test]
fn a_text_form_changed_by_hand_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let text = stored.text();
        let (front, body) = text.rsplit_once(':').unwrap();
        let (rest, key_id) = front.rsplit_once(':').unwrap();
        let first = if body.starts_with('A') { "B" } else { "A" };
        let plaintext = stored.secret.clone();
        for (changed, expected) in [
            (plaintext, NO_VALUE),
            (String::new(), NO_VALUE),
            (text.to_uppercase(), NO_VALUE),
            (format!("{text} "), NO_VALUE),
            (format!("{text}{text}"), NO_VALUE),
            (format!("{front}:{body}="), NO_VALUE),
            (
                format!("{front}:{}", body.replacen(&body[..1], "+", 1)),
                NO_VALUE,
            ),
            (format!("{rest}:0{key_id}:{body}"), NO_VALUE),
            (format!("{rest}:4294967296:{body}"), NO_VALUE),
            (format!("{rest}:2147483647:{body}"), OTHER_KEY),
            (format!("{front}:{first}{}", &body[1..]), SHUT),
            (text.replace("vault:1:", "vault:2:"), LATER),
            (text.replace("vault:1:", "vault:255:"), LATER),
        ] {
            stored.text_fails(&changed, &changed, &[expected]);
        }
        stored.is_kept();
    }
}

#[test]
fn a_value_of_another_type_profile_or_row_fails_clearly() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        for other in KINDS.into_iter().filter(|other| other.name != kind.name) {
            let mut foreign = Stored::new(other);
            let (bytes, text) = (foreign.bytes(), foreign.text());
            // The two without a label differ in what their envelopes are bound to, not in form.
            let alike = kind.label == 0 && other.label == 0;
            let expected = if alike { OTHER_KEY } else { OTHER_TYPE };
            stored.bytes_fail(other.name, bytes, &[expected]);
            stored.text_fails(other.name, &text, &[expected]);
        }
        let bytes = Stored::new(kind).bytes();
        stored.bytes_fail("another profile", bytes, &[OTHER_KEY]);
        let seal = format!("select {}", kind.seal);
        let Binary(bytes) = stored
            .sql
            .value(&seal, &[&stored.secret, &"row 2"])
            .unwrap();
        stored.bytes_fail("another row", bytes, &[SHUT]);
        stored.is_kept();
    }
}

#[test]
fn a_refused_value_leaves_the_column_as_it_was() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let bytes = stored.bytes();
        for statement in [
            "insert into TABLE values ($1)",
            "update TABLE set value = $1",
        ] {
            let statement = statement.replace("TABLE", &stored.table);
            let refused = stored
                .sql
                .execute(&statement, &[&Binary(bytes[..40].to_vec())])
                .unwrap_err();
            stored.fails(&statement, &refused, &[TRUNCATED]);
        }
        stored.is_kept();
    }
}

#[test]
fn a_value_is_neither_made_nor_opened_without_a_profile_or_the_right() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let bytes = Binary(stored.bytes());
        let stack = &stored.tenant.stack;
        let mut nobody = stack.session(&login_role(stack, &["vault_client", "vault_reveal"]));
        let mut stranger = stack.session(&login_role(stack, &[]));
        let seal = format!("select ({})::text", kind.seal);
        let open = open(kind, "");
        let both = |sql: &mut Session| -> [Refused; 2] {
            [
                sql.value::<String>(&seal, &[&stored.secret, &"row 1"]),
                sql.value::<String>(&open, &[&bytes, &"row 1"]),
            ]
            .map(Result::unwrap_err)
        };
        for refused in both(&mut nobody) {
            let expected = ("28000", UNAUTHENTICATED, "Call vault.authenticate(");
            stored.fails("no profile", &refused, &[expected]);
        }
        for refused in both(&mut stranger) {
            assert_eq!(refused.sqlstate, "42501", "{refused:?}");
            assert!(
                refused
                    .message
                    .starts_with("permission denied for function ")
            );
        }
        if kind.name == "card_number" {
            let refused = stored
                .tenant
                .sql()
                .value::<String>(&open, &[&bytes, &"row 1"])
                .unwrap_err();
            let expected = (
                "42501",
                "The API key does not carry the `reveal` scope",
                "By SQL, a role sees full numbers as a member of vault_reveal.",
            );
            stored.fails("no reveal", &refused, &[expected]);
        }
    }
}

#[test]
fn a_value_under_a_destroyed_key_says_so_and_what_needs_no_key_works_on() {
    for kind in KINDS {
        let mut stored = Stored::new(kind);
        let mut admin = stored.tenant.admin();
        let profile = stored.tenant.profile.clone();
        let (bytes, text) = (stored.bytes(), stored.text());

        admin
            .execute("select vault.rotate_data_key($1)", &[&profile])
            .unwrap();
        stored.is_kept();
        crate::support::soon("no older transaction is running", || {
            admin
                .execute(
                    "select vault.destroy_data_key($1, 'data', 1, true)",
                    &[&profile],
                )
                .is_ok()
        });
        stored.bytes_fail("a destroyed data key", bytes.clone(), &[OTHER_KEY]);
        assert_eq!(stored.text(), text);
        let update = format!("update {} set value = {}", stored.table, kind.seal);
        stored
            .sql
            .execute(&update, &[&stored.secret, &"row 1"])
            .unwrap();
        stored.is_kept();

        admin
            .execute("select vault.destroy_profile_keys($1)", &[&profile])
            .unwrap();
        let expected = (
            "55000",
            "the profile has no current key",
            "The profile's keys are destroyed",
        );
        stored.bytes_fail("all keys destroyed", bytes, &[expected]);
        let seal = format!("select ({})::text", kind.seal);
        let refused = stored
            .sql
            .value::<String>(&seal, &[&stored.secret, &"row 1"])
            .unwrap_err();
        stored.fails("all keys destroyed", &refused, &[expected]);
        if kind.label > 0 {
            let equal = format!(
                "select count(*) from {t} a join {t} b using (value)",
                t = stored.table
            );
            assert_eq!(stored.sql.value::<i64>(&equal, &[]), Ok(1));
        }
    }
}
