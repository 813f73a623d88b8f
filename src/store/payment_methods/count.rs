//! Table `vault.payment_method_counts`: how many active methods each profile has, as numbers to be added up.
//!
//! What changes the number inserts a row, in the same statement. So nobody waits for somebody else's count, and every snapshot sees
//! the number that goes with its payment methods. The worker puts one row in the place of many.

use vault_core::ids::ProfileId;

use crate::error::Failure;
use crate::store::statement::{id, statements};

statements! {
    Read ACTIVE(TEXTOID) =
        "SELECT COALESCE(pg_catalog.sum(active), 0)::bigint AS active FROM vault.payment_method_counts WHERE profile_id = $1";
    /// This is asked first, because even a delete that finds nothing takes a transaction id.
    Read PROFILES_TO_ADD_UP() =
        "/* all profiles: the worker adds up what operations have counted */ \
         SELECT profile_id FROM vault.payment_method_counts GROUP BY profile_id HAVING pg_catalog.count(*) > 1 LIMIT 1";
    Write ADD_UP() =
        "/* all profiles: the worker adds up what operations have counted */ \
         WITH added AS ( \
             DELETE FROM vault.payment_method_counts WHERE profile_id IN ( \
                 SELECT profile_id FROM vault.payment_method_counts GROUP BY profile_id HAVING pg_catalog.count(*) > 1) \
             RETURNING profile_id, active) \
         INSERT INTO vault.payment_method_counts (profile_id, active) \
         SELECT profile_id, pg_catalog.sum(active) FROM added GROUP BY profile_id";
}

/// How many active persistent methods the profile has.
pub fn count_active(profile_id: &ProfileId) -> Result<i64, Failure> {
    ACTIVE
        .with(|statement| statement.row(&[id(profile_id)], |row| row.required("active")))?
        .ok_or(Failure::UnexpectedNull)
}

/// Puts one row in the place of those of a profile, for all profiles. For the worker.
pub fn add_up() -> Result<(), Failure> {
    let profiles: Vec<String> = PROFILES_TO_ADD_UP
        .with(|statement| statement.rows(&[], |row| row.required("profile_id")))?;
    if !profiles.is_empty() {
        ADD_UP.with(|statement| statement.execute(&[]))?;
    }
    Ok(())
}
