#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    use super::super::{Tenant, failure, plan, text};

    const NOT_ALLOWED: &str = "42501\nThe API key does not carry the `reveal` scope";
    const DID_NOT_OPEN: &str =
        "XX001\nencrypted value is damaged, or belongs to another profile, row, column or key";

    /// Has the rest of the transaction act as an application's role, with the vault's roles given.
    fn become_member_of(roles: &str) {
        Spi::run(&format!(
            "CREATE ROLE vault_test_app IN ROLE {roles}; SET LOCAL ROLE vault_test_app"
        ))
        .unwrap();
    }

    #[pg_test]
    fn a_number_shows_its_mask_last_four_and_network() {
        Tenant::authenticated();
        become_member_of("vault_client");
        assert_eq!(
            text(
                "SELECT concat_ws(' ', vault.mask(n), vault.last4(n), vault.network(n))
                 FROM (SELECT vault.card_number('4111 1111 4555 1142') n OFFSET 0) t",
                &[]
            ),
            "411111******1142 1142 Visa"
        );
        assert_eq!(
            text(
                "SELECT concat_ws(' ', vault.mask(n), vault.network(n) IS NULL)
                 FROM (SELECT vault.card_number('9999990000000006') n OFFSET 0) t",
                &[]
            ),
            "999999******0006 t"
        );
    }

    #[pg_test]
    fn a_short_number_hides_its_first_digits() {
        Tenant::authenticated();
        assert_eq!(
            text("SELECT vault.mask(vault.card_number('40000002'))", &[]),
            "****0002"
        );
        let shown = text("SELECT vault.card_number('40000002')::text", &[]);
        assert!(shown.contains(":******000201:"), "{shown}");
    }

    #[pg_test]
    fn the_number_is_for_members_of_vault_reveal() {
        Tenant::authenticated();
        become_member_of("vault_client, vault_reveal");
        assert_eq!(
            text(
                "SELECT vault.decrypt(vault.card_number('4111111145551142', 'row 1'), 'row 1')",
                &[]
            ),
            "4111111145551142"
        );
    }

    #[pg_test]
    fn the_number_is_for_nobody_else() {
        Tenant::authenticated();
        let value = text("SELECT vault.card_number('4111111145551142')::text", &[]);
        Spi::run("CREATE SCHEMA shop; GRANT CREATE, USAGE ON SCHEMA shop TO PUBLIC").unwrap();
        let definer = format!(
            "CREATE FUNCTION shop.number() RETURNS text SECURITY DEFINER LANGUAGE sql
             AS $$SELECT vault.decrypt('{value}'::vault.card_number)$$"
        );
        Spi::run(&definer).unwrap();
        become_member_of("vault_client");
        for call in [
            format!("SELECT vault.decrypt('{value}'::vault.card_number)"),
            format!("SELECT vault.decrypt('{value}'::vault.card_number, 'row 1')"),
            // Of a superuser: who calls counts, not whose function it is.
            "SELECT shop.number()".to_owned(),
        ] {
            let failure = failure(&call);
            assert!(failure.starts_with(NOT_ALLOWED), "{failure}");
        }
    }

    #[pg_test]
    fn a_number_opens_in_its_context_alone() {
        Tenant::authenticated();
        assert_eq!(
            failure(
                "SELECT vault.decrypt(vault.card_number('4111111145551142', 'row 1'), 'row 2')"
            ),
            DID_NOT_OPEN
        );
    }

    #[pg_test]
    fn a_number_is_taken_from_every_text_type_a_literal_and_a_parameter() {
        Tenant::authenticated();
        for number in [
            "'4111111145551142'",
            "'4111111145551142'::text",
            "'4111111145551142'::varchar",
            "'4111111145551142'::varchar(19)",
            "'4111111145551142'::char(19)",
            "(SELECT '4111111145551142')",
            "string_agg('4111111145551142', '')",
        ] {
            assert_eq!(
                text(
                    &format!("SELECT vault.last4(vault.card_number({number}))"),
                    &[]
                ),
                "1142",
                "{number}"
            );
        }
        assert_eq!(
            text(
                "SELECT vault.last4(vault.card_number($1))",
                &["4111111145551142"]
            ),
            "1142"
        );
        assert_eq!(
            text(
                "SELECT concat_ws(' ', vault.card_number(NULL) IS NULL, vault.mask(NULL) IS NULL)",
                &[]
            ),
            "t t"
        );
    }

    #[pg_test]
    fn a_parameter_without_a_type_is_asked_for_it() {
        Tenant::authenticated();
        assert_eq!(
            failure("PREPARE store AS SELECT vault.card_number($1)"),
            "42P18\ncould not determine data type of parameter $1"
        );
        assert_eq!(
            failure("PREPARE store AS SELECT vault.card_number($1::text)"),
            "none"
        );
    }

    #[pg_test]
    fn what_is_no_number_is_refused_without_being_repeated() {
        Tenant::authenticated();
        for number in ["4111111111111112", "4111-1111-4555-1142", "4111111", ""] {
            for call in [
                format!("SELECT vault.card_number('{number}')"),
                format!("SELECT vault.card_number('{number}'::text)"),
                format!("SELECT vault.card_number('{number}', 'row 1')"),
            ] {
                let failure = failure(&call);
                assert!(failure.starts_with("22023\n"), "{failure}");
                assert!(!failure.contains("4111"), "{failure}");
            }
        }
    }

    #[pg_test]
    fn numbers_are_unique_joined_and_found_by_index() {
        Tenant::authenticated();
        Spi::run(
            "CREATE TEMP TABLE cards (number vault.card_number UNIQUE);
             INSERT INTO cards VALUES (vault.card_number('4111111145551142')), (vault.card_number('4242424242424242')),
                                      (NULL), (NULL);
             SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off",
        )
        .unwrap();
        let look_up = "SELECT vault.mask(number) FROM cards WHERE number = vault.card_number('4242 4242 4242 4242')";
        let plan = plan(look_up);
        assert!(plan.contains("\"Index Only Scan\""), "{plan}");
        assert!(plan.contains("Index Cond"), "{plan}");
        assert_eq!(text(look_up, &[]), "424242******4242");
        assert_eq!(
            text(
                "SELECT count(*)::text FROM cards a JOIN cards b USING (number)",
                &[]
            ),
            "2"
        );
        let failure = failure("INSERT INTO cards VALUES (vault.card_number('4111111145551142'))");
        assert!(failure.starts_with("23505\n"), "{failure}");
        assert!(failure.contains("(number)=(vault:c1:"), "{failure}");
        assert!(!failure.contains("4111111145551142"), "{failure}");
    }

    #[pg_test]
    fn numbers_of_two_profiles_are_never_equal() {
        Tenant::authenticated();
        let foreign = text("SELECT vault.card_number('4111111145551142')::text", &[]);
        Tenant::authenticated();
        assert_eq!(
            text(
                "SELECT ($1::text::vault.card_number = vault.card_number('4111111145551142'))::text",
                &[&foreign]
            ),
            "false"
        );
        assert_eq!(
            failure(&format!(
                "SELECT vault.decrypt('{foreign}'::vault.card_number)"
            )),
            "XX001\nthe value is sealed under a key that this profile does not have"
        );
    }

    #[pg_test]
    fn a_number_with_other_shown_digits_does_not_open() {
        Tenant::authenticated();
        let value = text("SELECT vault.card_number('4111111145551142')::text", &[]);
        for shown in ["424242114201", "411111424201", "411111114202"] {
            let changed = value.replace("411111114201", shown);
            assert_eq!(
                failure(&format!(
                    "SELECT vault.decrypt('{changed}'::vault.card_number)"
                )),
                DID_NOT_OPEN
            );
        }
    }

    #[pg_test]
    fn only_a_sealed_number_is_cast_to_the_type() {
        Tenant::authenticated();
        let searchable = text("SELECT vault.searchable('4111111145551142')::text", &[]);
        assert_eq!(
            failure("SELECT '4111111145551142'::vault.card_number"),
            "22P02\nnot an encrypted value"
        );
        assert_eq!(
            failure(&format!("SELECT '{searchable}'::vault.card_number")),
            "22P02\nencrypted value of another type"
        );
        let value = text("SELECT vault.card_number('4111111145551142')::text", &[]);
        assert_eq!(
            text(
                "SELECT vault.decrypt($1::text::vault.card_number)",
                &[&value]
            ),
            "4111111145551142"
        );
    }
}
