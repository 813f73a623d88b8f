//! Table `vault.payment_method_counts`: how many active methods each profile has, as numbers to be added up.
//!
//! What changes the number inserts a row, in the same statement. So nobody waits for somebody else's count, and every snapshot sees
//! the number that goes with its payment methods. The worker adds these rows to the profile's total, which is the row with the nil
//! UUID.

use vault_core::ids::ProfileId;

use crate::error::Failure;
use crate::store::statement::{id, statements};

// None of these joins the table with itself. A plan for a table with many pages and one row would take the square of the time.
statements! {
    Read ACTIVE(TEXTOID) =
        "SELECT COALESCE(pg_catalog.sum(active), 0)::bigint AS active FROM vault.payment_method_counts WHERE profile_id = $1";
    /// This is asked first, because even a delete that finds nothing takes a transaction id.
    Read ANY_TO_ADD() =
        "/* all profiles: the worker adds up what operations have counted */ \
         SELECT EXISTS (SELECT FROM vault.payment_method_counts \
                        WHERE count_id <> '00000000-0000-0000-0000-000000000000') AS any_to_add";
    Write ADD_UP(INT8OID) =
        "/* all profiles: the worker adds up what operations have counted */ \
         WITH added AS ( \
             DELETE FROM vault.payment_method_counts WHERE ctid = ANY (ARRAY( \
                 SELECT ctid FROM vault.payment_method_counts \
                 WHERE count_id <> '00000000-0000-0000-0000-000000000000' LIMIT $1)) \
             RETURNING profile_id, active), \
         total AS ( \
             INSERT INTO vault.payment_method_counts AS total (profile_id, count_id, active) \
             SELECT profile_id, '00000000-0000-0000-0000-000000000000'::uuid, pg_catalog.sum(active) FROM added GROUP BY profile_id \
             ON CONFLICT (profile_id, count_id) DO UPDATE SET active = total.active + EXCLUDED.active) \
         SELECT 1 FROM added";
}

/// How many active persistent methods the profile has.
pub fn count_active(profile_id: &ProfileId) -> Result<i64, Failure> {
    ACTIVE
        .with(|statement| statement.row(&[id(profile_id)], |row| row.required("active")))?
        .ok_or(Failure::UnexpectedNull)
}

/// Adds a batch of what operations have counted to the totals of all profiles, and tells how many rows that were. For the worker.
pub fn add_up(limit: i64) -> Result<usize, Failure> {
    // A row for each group of shards, if the vault is spread over several nodes.
    let any_to_add =
        ANY_TO_ADD.with(|statement| statement.rows(&[], |row| row.required("any_to_add")))?;
    if !any_to_add.contains(&true) {
        return Ok(0);
    }
    ADD_UP.with(|statement| statement.execute(&[limit.into()]))
}
