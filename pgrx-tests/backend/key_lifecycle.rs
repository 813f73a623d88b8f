#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;
    use serde_json::json;

    use super::super::{Tenant, by_id, call, card, customer, text};

    fn rotate(tenant: &Tenant) -> String {
        text(
            "SELECT vault.rotate_data_key($1)::text",
            &[&tenant.profile_id],
        )
    }

    fn states(tenant: &Tenant) -> String {
        text(
            "SELECT string_agg(version || ' ' || state || ' ' || values_count, ', ' ORDER BY version) \
             FROM vault.keys WHERE profile_id = $1 AND purpose = 'data'",
            &[&tenant.profile_id],
        )
    }

    fn reencrypt(tenant: &Tenant, table: &str) -> String {
        text(
            "SELECT moved::text FROM vault.reencrypt_batch($1, $2::text::regclass, NULL, 100)",
            &[&tenant.profile_id, table],
        )
    }

    #[pg_test]
    fn a_new_key_takes_over_and_the_old_one_still_opens() {
        let tenant = Tenant::authenticated();
        let customer = customer();
        assert_eq!(rotate(&tenant), "2");
        assert_eq!(states(&tenant), "1 retired 1, 2 current 0");
        assert_eq!(by_id("retrieve_customer", &customer)["name"], "John Doe");
    }

    #[pg_test]
    fn nothing_is_sealed_under_a_key_whose_rotation_was_rolled_back() {
        let tenant = Tenant::authenticated();
        let customer = customer();
        Spi::run_with_args(
            "SELECT set_config('test.profile', $1, true)",
            &[tenant.profile_id.as_str().into()],
        )
        .unwrap();
        Spi::run(
            "DO $$ BEGIN \
                PERFORM vault.rotate_data_key(current_setting('test.profile')); \
                PERFORM vault.reencrypt_batch(current_setting('test.profile'), 'vault.customers'::regclass, NULL, 10); \
                RAISE division_by_zero; \
             EXCEPTION WHEN division_by_zero THEN NULL; END $$",
        )
        .unwrap();
        let update = json!({"name": "Jane Doe"});
        call("update_customer", Some(&customer), update);
        assert_eq!(states(&tenant), "1 current 1");
        assert_eq!(by_id("retrieve_customer", &customer)["name"], "Jane Doe");
    }

    #[pg_test]
    fn two_rotations_leave_one_current_key() {
        let tenant = Tenant::authenticated();
        assert_eq!(rotate(&tenant), "2");
        assert_eq!(rotate(&tenant), "3");
        assert_eq!(states(&tenant), "1 retired 0, 2 retired 0, 3 current 0");
    }

    #[pg_test(error = "1 value needs this key")]
    fn a_key_that_values_need_is_not_destroyed() {
        let tenant = Tenant::authenticated();
        customer();
        rotate(&tenant);
        text(
            "SELECT vault.destroy_data_key($1, 'data', 1)::text",
            &[&tenant.profile_id],
        );
    }

    #[pg_test]
    fn a_value_under_an_id_that_no_key_can_have_does_not_stop_the_count() {
        let tenant = Tenant::authenticated();
        customer();
        Spi::run(
            "CREATE TABLE public.made_up (notes vault.encrypted_text); \
             INSERT INTO public.made_up SELECT regexp_replace(note::text, ':1:[0-9]+:', ':1:4294967295:') \
                ::vault.encrypted_text FROM vault.encrypt('one') note",
        )
        .unwrap();
        assert_eq!(states(&tenant), "1 current 1");
    }

    #[pg_test(error = "3 values need this key")]
    fn a_key_that_application_columns_need_is_not_destroyed() {
        let tenant = Tenant::authenticated();
        Spi::run(
            "CREATE TABLE public.people (email vault.searchable_text, notes vault.encrypted_text[]); \
             INSERT INTO public.people SELECT vault.searchable('a@b.c'), \
                ARRAY[vault.encrypt('one'), vault.encrypt('two')]",
        )
        .unwrap();
        rotate(&tenant);
        text(
            "SELECT vault.destroy_data_key($1, 'data', 1)::text",
            &[&tenant.profile_id],
        );
    }

    #[pg_test(error = "the key is the current one")]
    fn the_current_key_is_not_destroyed() {
        let tenant = Tenant::authenticated();
        text(
            "SELECT vault.destroy_data_key($1, 'data', 1)::text",
            &[&tenant.profile_id],
        );
    }

    #[pg_test(error = "there is no such profile")]
    fn only_the_keys_of_a_profile_can_be_rotated() {
        text("SELECT vault.rotate_data_key('pro_nobody')::text", &[]);
    }

    #[pg_test(error = "the purpose must be 'data' or 'index'")]
    fn a_purpose_is_data_or_index() {
        let tenant = Tenant::authenticated();
        text(
            "SELECT vault.rotate_data_key($1, 'everything')::text",
            &[&tenant.profile_id],
        );
    }

    #[pg_test]
    fn nothing_is_moved_that_is_under_the_current_key() {
        let tenant = Tenant::authenticated();
        call("create_payment_method", None, card(&customer()));
        for table in ["customers", "payment_methods", "connector_tokens"] {
            let table = format!("vault.{table}");
            assert_eq!(reencrypt(&tenant, &table), "0", "{table}");
        }
    }

    #[pg_test]
    fn a_table_without_encrypted_columns_is_left_alone() {
        let tenant = Tenant::authenticated();
        rotate(&tenant);
        for table in ["pg_catalog.pg_authid", "vault.data_keys"] {
            assert_eq!(reencrypt(&tenant, table), "0", "{table}");
        }
    }

    #[pg_test(error = "batch_size must be 1 or more")]
    fn a_batch_is_not_empty() {
        let tenant = Tenant::authenticated();
        text(
            "SELECT vault.reencrypt_batch($1, 'vault.customers'::regclass, NULL, 0)::text",
            &[&tenant.profile_id],
        );
    }

    #[pg_test]
    fn rewrapping_finds_nothing_to_do_under_the_same_root_key() {
        Tenant::authenticated();
        assert_eq!(text("SELECT vault.rewrap_data_keys()::text", &[]), "0");
    }

    #[pg_test]
    fn what_is_done_to_keys_is_on_record() {
        let tenant = Tenant::authenticated();
        rotate(&tenant);
        Spi::run_with_args(
            "SELECT vault.destroy_profile_keys($1)",
            &[tenant.profile_id.as_str().into()],
        )
        .unwrap();
        let events = text(
            "SELECT string_agg(event, ' ' ORDER BY occurred_at) FROM vault.audit_log \
             WHERE profile_id = $1",
            &[&tenant.profile_id],
        );
        assert_eq!(
            events,
            "profile.create data_key.rotate profile_keys.destroy"
        );
    }
}
