//! Statements on shards, without Citus.

use pgrx::prelude::*;

use crate::error::Failure;
use crate::store::shards::{Reach, Tables};

#[pg_schema]
mod tests {
    use super::*;

    fn tables() -> Tables {
        let names = [
            ("customers", "vault.customers_102040"),
            ("profiles", "vault.profiles_102009"),
        ];
        names
            .map(|(name, shard)| (name.to_owned(), shard.to_owned()))
            .into_iter()
            .collect()
    }

    #[pg_test]
    fn shards_stand_for_whole_names_of_tables_only() {
        let sql = "SELECT c.customer_id FROM vault.customers c JOIN vault.profiles p ON p.profile_id = c.profile_id \
                   LEFT JOIN vault.cvcs v ON vault.current_profile() = c.profile_id WHERE c.profile_id = $1";
        assert_eq!(
            tables().in_place_of_names(sql).unwrap(),
            "SELECT c.customer_id FROM vault.customers_102040 c JOIN vault.profiles_102009 p ON p.profile_id = c.profile_id \
             LEFT JOIN vault.cvcs v ON vault.current_profile() = c.profile_id WHERE c.profile_id = $1"
        );
    }

    #[pg_test]
    fn a_table_of_citus_without_its_shard_is_refused() {
        for sql in [
            "SELECT 1 FROM vault.customers JOIN vault.payment_methods ON true",
            "INSERT INTO vault.jobs (profile_id) VALUES ($1)",
            "SELECT 1 FROM vault.payment_methods_with_tokens",
            "SELECT 1 FROM vault.merchants",
        ] {
            let refused = tables().in_place_of_names(sql);
            assert!(matches!(refused, Err(Failure::MovedMeanwhile)), "{sql}");
        }
    }

    #[pg_test]
    fn a_statement_goes_where_the_rows_that_it_names_are() {
        for (sql, reach) in [
            (
                "SELECT 1 FROM vault.customers WHERE profile_id = $1",
                Reach::Profile,
            ),
            (
                "SELECT 1 FROM vault.payment_methods_with_tokens WHERE profile_id = $1",
                Reach::Profile,
            ),
            (
                "DELETE FROM vault.cvcs WHERE profile_id = $1",
                Reach::Profile,
            ),
            (
                "/* all profiles: reason */ DELETE FROM vault.jobs",
                Reach::AllProfiles,
            ),
            (
                "/* all profiles: reason */ DELETE FROM vault.cvcs",
                Reach::Plain,
            ),
            (
                "/* all profiles: reason */ SELECT * FROM vault.profiles",
                Reach::Shared,
            ),
            (
                "SELECT * FROM vault.api_keys WHERE key_id = $1",
                Reach::Shared,
            ),
            (
                "INSERT INTO vault.audit_log (profile_id) VALUES ($1)",
                Reach::Plain,
            ),
            ("SELECT role_name FROM vault.role_findings()", Reach::Plain),
        ] {
            assert!(Reach::of(sql) == reach, "{sql}");
        }
    }
}
