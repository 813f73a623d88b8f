//! A dump that somebody has edited: what was touched says so, everything else opens, and nothing is lost.

use vault_tests::stack::PrivateStack;
use vault_tests::{Refused, Session, Stack, Tenant};

const DAMAGED_VALUE: (&str, &str) = (
    "XX001",
    "encrypted value is damaged, or belongs to another profile, row, column or key",
);
const DAMAGED_KEY: (&str, &str) = (
    "XX001",
    "a data key of the profile is damaged, or belongs to another profile, purpose or version",
);
const NO_SUCH_KEY: (&str, &str) = (
    "XX001",
    "the value is sealed under a key that this profile does not have",
);

/// A profile with values in a table that all share.
struct Shop {
    tenant: Tenant,
    role: String,
}

impl Shop {
    fn within(stack: &Stack) -> Shop {
        let tenant = Tenant::within(stack);
        Shop {
            role: tenant.role(&["vault_client"]),
            tenant,
        }
    }

    /// Seals values for rows of these ids.
    fn keep(&self, ids: &[&str]) {
        let mut sql = self.tenant.stack.session(&self.role);
        for id in ids {
            sql.execute(
                "insert into public.kept values ($1, vault.encrypt('secret of ' || $1, $1))",
                &[id],
            )
            .unwrap();
        }
    }

    fn rotate(&self) {
        self.tenant
            .admin()
            .execute("select vault.rotate_data_key($1)", &[&self.tenant.profile])
            .unwrap();
    }

    fn open(&self, database: &Stack, id: &str) -> Result<String, Refused> {
        database.session(&self.role).value(
            "select vault.decrypt(value, id) from public.kept where id = $1",
            &[&id],
        )
    }

    #[track_caller]
    fn opens(&self, database: &Stack, ids: &[&str]) {
        for id in ids {
            assert_eq!(self.open(database, id), Ok(format!("secret of {id}")));
        }
    }

    #[track_caller]
    fn refuses(&self, database: &Stack, ids: &[&str], expected: (&str, &str)) {
        for id in ids {
            let refused = self.open(database, id).unwrap_err();
            assert_eq!(refused.pair(), expected, "{id}");
            assert!(!refused.rest.is_empty(), "{id}: no hint");
            assert!(!format!("{refused:?}").contains("secret of"), "{id}");
        }
    }

    /// Whether a line of a dump is this profile's data key of that version.
    fn is_data_key(&self, version: &str) -> impl Fn(&[&str]) -> bool {
        move |fields| {
            fields
                .get(..4)
                .is_some_and(|f| f[0] == self.tenant.profile && f[2..] == ["data", version])
        }
    }
}

/// The dump with the line changed whose fields are the ones.
fn edit(dump: &str, is_it: impl Fn(&[&str]) -> bool, change: impl Fn(&mut [String])) -> String {
    let mut edited = 0;
    let lines: Vec<String> = dump
        .lines()
        .map(|line| {
            let fields: Vec<&str> = line.split('\t').collect();
            if !is_it(&fields) {
                return line.to_owned();
            }
            edited += 1;
            let mut fields: Vec<String> = fields.into_iter().map(str::to_owned).collect();
            change(&mut fields);
            fields.join("\t")
        })
        .collect();
    assert_eq!(edited, 1, "lines to edit");
    lines.join("\n") + "\n"
}

fn is_row(id: &str) -> impl Fn(&[&str]) -> bool {
    move |fields| fields.len() == 2 && fields[0] == id
}

/// Puts another character in the place of one.
fn misspell(text: &mut String, place: usize) {
    let other = if &text[place..=place] == "0" {
        "1"
    } else {
        "0"
    };
    text.replace_range(place..=place, other);
}

fn restored(stack: &Stack, dump: &str) -> Stack {
    stack.superuser().run("create database restored").unwrap();
    let database = stack.database("restored");
    database.run_script(dump.as_bytes());
    database
}

fn wrapped(superuser: &mut Session, profile: &str) -> Vec<u8> {
    superuser
        .value(
            "select wrapped from vault.data_keys where profile_id = $1 and purpose = 'data' and version = 1",
            &[&profile],
        )
        .unwrap()
}

#[test]
fn what_was_edited_does_not_open_and_everything_else_does() {
    let stack = PrivateStack::start();
    stack
        .superuser()
        .run("create table public.kept (id text primary key, value vault.encrypted_text); grant all on public.kept to public")
        .unwrap();
    let [untouched, values, damaged, robbed, burdened] = [(); 5].map(|()| Shop::within(&stack));
    untouched.keep(&["u"]);
    values.keep(&["v1", "v2", "v3", "v4"]);
    damaged.keep(&["d1"]);
    damaged.rotate();
    damaged.keep(&["d2"]);
    robbed.keep(&["r1"]);
    robbed.rotate();
    robbed.keep(&["r2"]);
    robbed.rotate();
    robbed.keep(&["r3"]);
    burdened.keep(&["b"]);

    let dump = String::from_utf8(stack.dump()).unwrap();
    let value = |id: &str| -> String {
        let (_, line) = dump.split_once(&format!("\n{id}\t")).unwrap();
        line.lines().next().unwrap().to_owned()
    };
    let edited = edit(&dump, is_row("v1"), |row| {
        let last = row[1].len() - 10;
        misspell(&mut row[1], last);
    });
    let edited = edit(&edited, is_row("v2"), |row| row[1] = value("v3"));
    let edited = edit(&edited, is_row("v3"), |row| row[1] = value("v2"));
    let edited = edit(&edited, damaged.is_data_key("1"), |key| {
        let last = key[5].len() - 1;
        misspell(&mut key[5], last);
    });
    let edited = edit(&edited, robbed.is_data_key("2"), |key| {
        key[0].clone_from(&burdened.tenant.profile);
    });
    let database = restored(&stack, &edited);

    untouched.opens(&database, &["u"]);
    values.opens(&database, &["v4"]);
    values.refuses(&database, &["v1", "v2", "v3"], DAMAGED_VALUE);
    damaged.refuses(&database, &["d1"], DAMAGED_KEY);
    damaged.opens(&database, &["d2"]);
    robbed.opens(&database, &["r1", "r3"]);
    robbed.refuses(&database, &["r2"], NO_SUCH_KEY);
    burdened.opens(&database, &["b"]);

    // With the keys as they were before, everything under them opens.
    let mut superuser = database.superuser();
    let whole = wrapped(&mut stack.superuser(), &damaged.tenant.profile);
    superuser
        .execute(
            "update vault.data_keys set wrapped = $2 where profile_id = $1 and purpose = 'data' and version = 1",
            &[&damaged.tenant.profile, &whole],
        )
        .unwrap();
    superuser
        .execute(
            "update vault.data_keys set profile_id = $2 where profile_id = $1 and purpose = 'data' and version = 2",
            &[&burdened.tenant.profile, &robbed.tenant.profile],
        )
        .unwrap();
    damaged.opens(&database, &["d1", "d2"]);
    robbed.opens(&database, &["r1", "r2", "r3"]);
    burdened.opens(&database, &["b"]);
}
