//! Whole values that the caller may not open, or nobody any more.

use vault_tests::sql::Binary;
use vault_tests::tenant::login_role;
use vault_tests::{Refused, Session};

use super::{KINDS, OTHER_KEY, Stored, open};
use crate::support::{UNAUTHENTICATED, soon};

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
                "In SQL, only members of the role vault_reveal see full numbers.",
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
        soon("no older transaction is running", || {
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
            "the keys of this profile are destroyed",
            "Nothing that the profile has sealed can be opened again",
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
