#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    use super::super::{Tenant, text};

    #[pg_test]
    fn a_text_comes_back() {
        Tenant::authenticated();
        assert_eq!(
            text("SELECT vault.decrypt(vault.encrypt('Grüße'))", &[]),
            "Grüße"
        );
    }

    #[pg_test]
    fn a_json_value_comes_back() {
        Tenant::authenticated();
        let value = r#"{"a": [1, null, "x"]}"#;
        assert_eq!(
            text(
                "SELECT vault.decrypt(vault.encrypt($1::text::jsonb))::text",
                &[value]
            ),
            value
        );
    }

    #[pg_test]
    fn the_numbers_of_a_json_value_stay_as_they_were() {
        Tenant::authenticated();
        let value = r#"{"n": 12345678901234567890123.10}"#;
        assert_eq!(
            text(
                "SELECT vault.decrypt(vault.encrypt($1::text::jsonb))::text",
                &[value]
            ),
            value
        );
    }

    #[pg_test]
    fn output_is_ciphertext_that_input_takes_back() {
        Tenant::authenticated();
        let sealed = text("SELECT vault.encrypt('secret')::text", &[]);
        assert!(sealed.starts_with("vault:1:"), "{sealed}");
        let opened = text(
            "SELECT vault.decrypt($1::text::vault.encrypted_text)",
            &[&sealed],
        );
        assert_eq!(opened, "secret");
    }

    #[pg_test]
    fn one_value_has_a_new_ciphertext_each_time() {
        Tenant::authenticated();
        let same = text(
            "SELECT (vault.encrypt('secret')::text = vault.encrypt('secret')::text)::text",
            &[],
        );
        assert_eq!(same, "false");
    }

    #[pg_test]
    fn null_stays_null() {
        Tenant::authenticated();
        assert_eq!(
            text("SELECT (vault.encrypt(NULL::text) IS NULL)::text", &[]),
            "true"
        );
    }

    #[pg_test(error = "not an encrypted value")]
    fn input_takes_no_plaintext() {
        text("SELECT 'secret'::vault.encrypted_text::text", &[]);
    }

    #[pg_test(
        error = "encrypted value is damaged, or belongs to another profile, row, column or key"
    )]
    fn another_context_does_not_open_a_value() {
        Tenant::authenticated();
        text(
            "SELECT vault.decrypt(vault.encrypt('secret', 'row 1'), 'row 2')",
            &[],
        );
    }

    #[pg_test(
        error = "encrypted value is damaged, or belongs to another profile, row, column or key"
    )]
    fn a_json_value_does_not_open_as_a_text() {
        Tenant::authenticated();
        text(
            "SELECT vault.decrypt(vault.encrypt('{}'::jsonb)::text::vault.encrypted_text)",
            &[],
        );
    }

    #[pg_test(error = "the value is sealed under a key that this profile does not have")]
    fn a_value_of_another_profile_does_not_open() {
        Tenant::authenticated();
        let sealed = text("SELECT vault.encrypt('secret')::text", &[]);
        Tenant::authenticated();
        text(
            "SELECT vault.decrypt($1::text::vault.encrypted_text)",
            &[&sealed],
        );
    }

    #[pg_test(error = "API key not provided or invalid API key used")]
    fn nothing_is_sealed_without_a_profile() {
        text("SELECT vault.encrypt('secret')::text", &[]);
    }
}
