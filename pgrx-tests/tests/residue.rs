//! After every other test: none of the secrets that they gave to the vault lies anywhere it should not.
//!
//! The search is proven by canaries, which it must find in the same places.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use regex::bytes::Regex;
use vault_tests::forms::forms;
use vault_tests::ledger::{self, Kind};
use vault_tests::server_files;
use vault_tests::{Card, Session, Stack};
use walkdir::WalkDir;

/// Something to be searched: its name and its bytes.
struct Place {
    name: String,
    bytes: Vec<u8>,
}

/// Read by those who make a dump, and written by who drops a table: a dump fails when one goes that it has listed.
static TABLES: RwLock<()> = RwLock::new(());

/// Every file of the stack but for its programs, the API's reference and the ledger, what the running server shows of statements, and
/// a dump.
fn places(stack: &Stack, superuser: &mut Session) -> Vec<Place> {
    let mut places: Vec<Place> = files(stack, superuser)
        .iter()
        .filter_map(|path| read(path))
        .collect();
    for view in ["pg_stat_activity", "pg_stat_statements"] {
        let rows = superuser
            .rows(&format!("select t::text from {view} t"), &[])
            .unwrap();
        let text: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        assert!(!text.is_empty(), "{view} shows something");
        places.push(Place {
            name: view.to_owned(),
            bytes: text.join("\n").into_bytes(),
        });
    }
    let _all_tables_stay = TABLES.read().unwrap_or_else(PoisonError::into_inner);
    places.push(Place {
        name: "pg_dump".to_owned(),
        bytes: stack.dump(),
    });
    places
}

fn files(stack: &Stack, superuser: &mut Session) -> BTreeSet<PathBuf> {
    let data: String = superuser
        .value("select current_setting('data_directory')", &[])
        .unwrap();
    let roots = [
        stack.state.as_path(),
        stack.socket_directory(),
        Path::new(&data),
    ];
    // The reference is a copy of what the repository publishes, with the cards of its examples.
    let left_out = ["postgresql", "reference"].map(|name| stack.state.join(name));
    roots
        .iter()
        .map(|root| fs::canonicalize(root).expect("a directory of the stack"))
        .flat_map(|root| WalkDir::new(root).into_iter())
        .map(|entry| entry.expect("a file that can be looked at"))
        .filter(|entry| entry.file_type().is_file())
        .map(walkdir::DirEntry::into_path)
        .filter(|path| {
            !left_out.iter().any(|directory| path.starts_with(directory)) && *path != ledger::path()
        })
        .collect()
}

/// None for a file that has gone since it was listed: the server removes its temporary files.
fn read(path: &Path) -> Option<Place> {
    match server_files::read(path) {
        Ok(bytes) => Some(Place {
            name: path.display().to_string(),
            bytes,
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => panic!("{}: {error}", path.display()),
    }
}

/// What was found, as `secret in place`, without the secrets themselves but for the last digits.
fn search<'a>(
    places: impl IntoIterator<Item = &'a Place>,
    secrets: &[(Kind, String)],
) -> BTreeSet<String> {
    let long: Vec<&String> = secrets
        .iter()
        .filter(|(kind, _)| *kind != Kind::Cvc)
        .map(|(_, secret)| secret)
        .collect();
    let (owners, patterns): (Vec<&String>, Vec<Vec<u8>>) = long
        .iter()
        .flat_map(|secret| forms(secret).into_iter().map(move |form| (*secret, form)))
        .unzip();
    let searcher = AhoCorasick::new(&patterns).expect("patterns");
    let cvcs = cvc_searcher(secrets);

    let mut found = BTreeSet::new();
    for place in places {
        for hit in searcher.find_overlapping_iter(&place.bytes) {
            let secret = owners[hit.pattern().as_usize()];
            found.insert(format!(
                "…{} in {}",
                &secret[secret.len() - 4..],
                place.name
            ));
        }
        for hit in cvcs.iter().flat_map(|cvcs| cvcs.find_iter(&place.bytes)) {
            found.insert(format!(
                "{:?} in {}",
                String::from_utf8_lossy(hit.as_bytes()),
                place.name
            ));
        }
    }
    found
}

/// Three digits alone are everywhere: a CVC counts when it stands next to its name.
fn cvc_searcher(secrets: &[(Kind, String)]) -> Option<Regex> {
    let cvcs: BTreeSet<&str> = secrets
        .iter()
        .filter(|(kind, _)| *kind == Kind::Cvc)
        .map(|(_, cvc)| cvc.as_str())
        .collect();
    let cvcs: Vec<&str> = cvcs.into_iter().collect();
    // A long ciphertext at the end of a dump's row may end in these letters by chance, and the next row begin with digits. So only
    // a name of at most 27 letters counts when the digits are on the next line.
    let expression = format!(
        r"(?i-u)(?:cvc[^0-9a-z\n]{{1,8}}|(?:^|[^0-9a-z_-])[0-9a-z_-]{{0,24}}cvc[^0-9a-z\n]{{0,7}}\n[^0-9a-z]{{0,7}})(?:{})(?:[^0-9]|$)",
        cvcs.join("|")
    );
    (!cvcs.is_empty()).then(|| Regex::new(&expression).expect("a regular expression"))
}

#[test]
fn no_secret_of_any_test_lies_in_data_wal_logs_or_statistics() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    let secrets = ledger::entries();
    for kind in [Kind::Pan, Kind::Cvc, Kind::Account, Kind::Key] {
        let count = secrets.iter().filter(|(k, _)| *k == kind).count();
        assert!(
            count >= 10,
            "{count} secrets of kind {kind:?}: run the test `outside` first, in this stack"
        );
    }
    superuser.run("checkpoint").unwrap();

    let found = search(&places(&stack, &mut superuser), &secrets);

    assert!(found.is_empty(), "{found:#?}");
}

/// A card number and a CVC that are no secrets, to be found in one place.
struct Canary {
    number: String,
    cvc: String,
}

impl Canary {
    /// Not written to the ledger: the search above must not find it when it runs again in the same stack.
    fn new() -> Canary {
        Canary {
            number: vault_tests::random::digits(16),
            // No CVC of the ledger begins with a zero.
            cvc: format!("0{}", vault_tests::random::digits(3)),
        }
    }

    /// How careless code would write it.
    fn text(&self) -> String {
        format!(
            r#"{{"card_number":"{}","card_cvc":"{}"}}"#,
            self.number, self.cvc
        )
    }

    fn secrets(&self) -> Vec<(Kind, String)> {
        vec![
            (Kind::Pan, self.number.clone()),
            (Kind::Cvc, self.cvc.clone()),
        ]
    }

    #[track_caller]
    fn is_found_in(&self, places: &[Place], part: &str) {
        let found = search(
            places.iter().filter(|place| place.name.contains(part)),
            &self.secrets(),
        );
        for start in [&self.last_digits(), r#""cvc"#] {
            let hit = found.iter().any(|hit| hit.starts_with(start));
            assert!(
                hit,
                "the search does not find a canary ({start}) in {part}: {found:#?}"
            );
        }
    }

    fn last_digits(&self) -> String {
        format!("…{} in ", &self.number[12..])
    }
}

#[test]
fn the_search_finds_canaries_in_heap_wal_and_dump() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    let canary = Canary::new();
    superuser
        .run("create table public.canary (value text)")
        .unwrap();
    superuser
        .execute("insert into public.canary values ($1)", &[&canary.text()])
        .unwrap();
    superuser.run("checkpoint").unwrap();

    let places = places(&stack, &mut superuser);
    let nobody_dumps = TABLES.write().unwrap_or_else(PoisonError::into_inner);
    superuser.run("drop table public.canary").unwrap();
    drop(nobody_dumps);

    for part in ["/base/", "/pg_wal/", "pg_dump"] {
        canary.is_found_in(&places, part);
    }
}

#[test]
fn the_search_finds_canaries_in_every_form() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    let encodings = [
        "encode(convert_to($1, 'UTF8'), 'hex')",
        "upper(encode(convert_to($1, 'UTF8'), 'hex'))",
        "replace(encode(convert_to($1, 'UTF8'), 'base64'), e'\\n', '')",
        "replace(encode(convert_to('x' || $1, 'UTF8'), 'base64'), e'\\n', '')",
        "replace(encode(convert_to('xy' || $1, 'UTF8'), 'base64'), e'\\n', '')",
    ];
    for encoding in encodings {
        let canary = Canary::new();
        let encoded: String = superuser
            .value(
                &format!("select {encoding}"),
                &[&format!("{}!", canary.number)],
            )
            .unwrap();
        let place = Place {
            name: encoding.to_owned(),
            bytes: encoded.into_bytes(),
        };
        assert_eq!(search(&[place], &canary.secrets()).len(), 1, "{encoding}");
    }
    let canary = Canary::new();
    let wide = canary
        .text()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(
        search(
            &[Place {
                name: "UTF-16".into(),
                bytes: wide
            }],
            &canary.secrets()
        )
        .len(),
        1
    );
}

/// The vault masks what looks like card data in the server's log, so the canary goes there in disguise.
#[test]
fn the_search_finds_canaries_in_the_log() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    let canary = Canary::new();
    let disguised = STANDARD_NO_PAD.encode(canary.text());
    superuser
        .run(&format!("do $$ begin raise log '%', '{disguised}'; end $$"))
        .unwrap();

    let mut logs = places(&stack, &mut superuser);
    logs.retain(|place| place.name.ends_with("/postgresql.log"));

    let found = search(&logs, &canary.secrets());
    assert!(
        found
            .iter()
            .any(|hit| hit.starts_with(&canary.last_digits())),
        "{found:#?}"
    );
}

#[test]
fn the_search_finds_canaries_in_the_statistics_of_statements() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    let canary = Canary::new();
    let mut careless = stack.superuser();
    careless
        .run("set pg_stat_statements.track_utility = on")
        .unwrap();
    careless
        .run(&format!("do $$ begin perform '{}'; end $$", canary.text()))
        .unwrap();
    canary.is_found_in(&places(&stack, &mut superuser), "pg_stat_statements");

    let canary = Canary::new();
    careless
        .run(&format!("select '{}'", canary.text()))
        .unwrap();
    canary.is_found_in(&places(&stack, &mut superuser), "pg_stat_activity");
}

#[test]
fn the_search_finds_canaries_in_the_directories_of_state_and_sockets() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    for directory in [stack.state.as_path(), stack.socket_directory()] {
        let canary = Canary::new();
        let file = directory.join("canary");
        fs::write(&file, canary.text()).unwrap();
        let places = places(&stack, &mut superuser);
        fs::remove_file(&file).unwrap();
        canary.is_found_in(&places, "canary");
    }
}

#[test]
fn the_root_key_is_nowhere_in_the_database() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    superuser.run("checkpoint").unwrap();
    let keys = fs::read_to_string(stack.state.join("root.key")).expect("the stack's root key");
    let keys: Vec<(Kind, String)> = keys
        .lines()
        .map(|line| (Kind::Key, line.trim().to_owned()))
        .collect();
    assert!(keys.iter().all(|(_, key)| key.len() == 64) && !keys.is_empty());

    let found: Vec<String> = search(&places(&stack, &mut superuser), &keys)
        .into_iter()
        .filter(|hit| !hit.ends_with("/root.key"))
        .collect();

    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn a_stored_card_can_be_revealed_and_its_number_lies_nowhere() {
    let stack = Stack::shared();
    let mut superuser = stack.superuser();
    let tenant = vault_tests::Tenant::new();
    let card = Card::new();
    let id = tenant.store(&card, &tenant.customer());
    superuser.run("checkpoint").unwrap();

    let places = places(&stack, &mut superuser);
    let dump = places.iter().find(|place| place.name == "pg_dump").unwrap();
    assert!(
        String::from_utf8_lossy(&dump.bytes).contains(&id),
        "a dump carries the payment method"
    );
    let found = search(
        &places,
        &[(Kind::Pan, card.number.clone()), (Kind::Cvc, card.cvc)],
    );

    let revealed = tenant
        .send(&tenant.revealing(
            "GET",
            &format!("/v2/payment-methods/{id}?fetch_raw_detail=true"),
        ))
        .ok();
    assert_eq!(
        revealed["raw_payment_method_data"]["card"]["card_number"],
        card.number
    );
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_numbers_of_active_payment_methods_are_those_of_the_rows() {
    let numbers = Stack::shared()
        .superuser()
        .rows(
            "select profile_id, rows.n is not distinct from nullif(counts.n, 0) from
                 (select profile_id, count(*) as n from vault.payment_methods where status = 'active' group by 1) rows
             full join (select profile_id, sum(active) as n from vault.payment_method_counts group by 1) counts using (profile_id)",
            &[],
        )
        .unwrap();
    let wrong: Vec<String> = numbers
        .iter()
        .filter(|row| !row.get::<_, bool>(1))
        .map(|row| row.get(0))
        .collect();
    assert!(numbers.len() > 100, "many tests have stored something");
    assert_eq!(wrong, [""; 0]);
}

/// No foreign key keeps it so.
#[test]
fn every_payment_method_has_its_customer() {
    let sql = "select count(*) filter (where c.customer_id is null) as orphans, count(*) as methods
               from vault.payment_methods m left join vault.customers c using (profile_id, customer_id)";
    let rows = Stack::shared().superuser().rows(sql, &[]).unwrap();
    let (orphans, methods): (i64, i64) = (rows[0].get("orphans"), rows[0].get("methods"));
    assert!(methods > 100, "many tests have stored something");
    assert_eq!(orphans, 0);
}
