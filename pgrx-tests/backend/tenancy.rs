#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    use super::super::{Tenant, text};

    const CURRENT_PROFILE: &str = "SELECT vault.current_profile()";

    #[pg_test]
    fn a_transaction_has_no_profile_of_its_own() {
        assert_eq!(text(CURRENT_PROFILE, &[]), "");
    }

    #[pg_test]
    fn an_api_key_opens_its_profile() {
        let tenant = Tenant::authenticated();
        assert_eq!(text(CURRENT_PROFILE, &[]), tenant.profile_id);
    }

    #[pg_test]
    fn a_profile_is_dropped_with_the_block_that_authenticated() {
        let tenant = Tenant::new();
        Spi::run_with_args(
            "SELECT set_config('test.key', $1, true), set_config('test.profile', $2, true)",
            &[
                tenant.api_key.as_str().into(),
                tenant.profile_id.as_str().into(),
            ],
        )
        .unwrap();
        Spi::run(
            "DO $$ BEGIN \
                BEGIN \
                    PERFORM vault.authenticate(current_setting('test.key'), current_setting('test.profile')); \
                    PERFORM set_config('test.inside', vault.current_profile(), true); \
                EXCEPTION WHEN division_by_zero THEN NULL; \
                END; \
             END $$",
        )
        .unwrap();
        assert_eq!(
            text("SELECT current_setting('test.inside')", &[]),
            tenant.profile_id
        );
        assert_eq!(text(CURRENT_PROFILE, &[]), "");
    }

    #[pg_test]
    fn a_savepoint_gives_back_the_profile_that_was_before() {
        let outer = Tenant::authenticated();
        let inner = Tenant::new();
        Spi::run_with_args(
            "SELECT set_config('test.key', $1, true), set_config('test.profile', $2, true)",
            &[
                inner.api_key.as_str().into(),
                inner.profile_id.as_str().into(),
            ],
        )
        .unwrap();
        Spi::run(
            "DO $$ BEGIN \
                PERFORM vault.authenticate(current_setting('test.key'), current_setting('test.profile')); \
                RAISE division_by_zero; \
             EXCEPTION WHEN division_by_zero THEN NULL; END $$",
        )
        .unwrap();
        assert_eq!(text(CURRENT_PROFILE, &[]), outer.profile_id);
    }

    #[pg_test(error = "API key not provided or invalid API key used")]
    fn a_profile_of_another_merchant_is_refused() {
        let tenant = Tenant::new();
        let stranger = Tenant::new();
        text(
            "SELECT vault.authenticate($1, $2)::text",
            &[&tenant.api_key, &stranger.profile_id],
        );
    }

    #[pg_test(error = "API key not provided or invalid API key used")]
    fn a_revoked_key_is_refused() {
        let tenant = Tenant::new();
        Spi::run("SELECT vault.revoke_api_key(key_id) FROM vault.api_keys ORDER BY created_at DESC LIMIT 1")
            .unwrap();
        tenant.authenticate();
    }

    #[pg_test(error = "unknown scope")]
    fn a_key_has_known_scopes_only() {
        let merchant = text("SELECT vault.create_merchant('Shop')", &[]);
        text(
            "SELECT api_key FROM vault.create_api_key($1, 'server', '{everything}')",
            &[&merchant],
        );
    }

    #[pg_test(error = "there is no such role")]
    fn only_a_role_can_be_bound() {
        let tenant = Tenant::new();
        text(
            "SELECT vault.bind_role('nobody at all', $1)::text",
            &[&tenant.profile_id],
        );
    }

    #[pg_test]
    fn a_bound_role_needs_no_key() {
        let tenant = Tenant::new();
        text(
            "SELECT vault.bind_role('postgres', $1)::text",
            &[&tenant.profile_id],
        );
        assert_eq!(text(CURRENT_PROFILE, &[]), tenant.profile_id);
    }
}
