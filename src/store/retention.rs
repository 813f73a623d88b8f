//! Deletes what expires, in all profiles at once: rows of `vault.cvcs` and `vault.volatile_payment_methods`, and connectors'
//! tokens for one use. It runs as the worker, which sees only whose the rows are and when they expire.

use vault_core::ids::{PaymentMethodId, ProfileId};
use vault_core::time::Timestamp;

use super::statement::{id, statements, timestamptz};
use crate::error::Failure;

// Each statement deletes a batch of rows, the oldest first. A row that another session has locked is left for the next time,
// so that no batch waits.
statements! {
    /// This is asked first, because even a delete that finds nothing takes a transaction id.
    Read ANY_EXPIRED(TIMESTAMPTZOID) =
        "/* all profiles: the worker deletes what has expired */ \
         SELECT EXISTS (SELECT FROM vault.cvcs WHERE expires_at <= $1) \
             OR EXISTS (SELECT FROM vault.volatile_payment_methods WHERE expires_at <= $1) \
             OR EXISTS (SELECT FROM vault.connector_tokens WHERE expires_at <= $1) AS any_expired";
    Write DELETE_EXPIRED_CVCS(TIMESTAMPTZOID, INT8OID) =
        "/* all profiles: the worker deletes what has expired */ \
         DELETE FROM vault.cvcs WHERE (profile_id, payment_method_id) IN ( \
             SELECT profile_id, payment_method_id FROM vault.cvcs WHERE expires_at <= $1 \
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    Write DELETE_EXPIRED_METHODS(TIMESTAMPTZOID, INT8OID) =
        "/* all profiles: the worker deletes what has expired */ \
         DELETE FROM vault.volatile_payment_methods WHERE (profile_id, payment_method_id) IN ( \
             SELECT profile_id, payment_method_id FROM vault.volatile_payment_methods WHERE expires_at <= $1 \
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    Write DELETE_EXPIRED_TOKENS(TIMESTAMPTZOID, INT8OID) =
        "/* all profiles: the worker deletes what has expired */ \
         DELETE FROM vault.connector_tokens WHERE (profile_id, payment_method_id, position) IN ( \
             SELECT profile_id, payment_method_id, position FROM vault.connector_tokens WHERE expires_at <= $1 \
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    Write DELETE_USED_CVC(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "DELETE FROM vault.cvcs \
         WHERE profile_id = $1 AND payment_method_id IN ( \
             SELECT payment_method_id FROM vault.cvcs \
             WHERE profile_id = $1 AND payment_method_id = $2 AND expires_at <= $3 FOR UPDATE SKIP LOCKED)";
    Read USED_CVC_STAYS(TEXTOID, TEXTOID, TIMESTAMPTZOID) =
        "SELECT EXISTS (SELECT FROM vault.cvcs \
                        WHERE profile_id = $1 AND payment_method_id = $2 AND expires_at <= $3) AS stays";
    Write DELETE_DEAD_CVCS(BYTEAOID, INT8OID) =
        "/* all profiles: the worker deletes what an earlier server has left */ \
         DELETE FROM vault.cvcs WHERE (profile_id, payment_method_id) IN ( \
             SELECT profile_id, payment_method_id FROM vault.cvcs WHERE memory_key <> $1 \
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
    Write DELETE_DEAD_METHODS(BYTEAOID, INT8OID) =
        "/* all profiles: the worker deletes what an earlier server has left */ \
         DELETE FROM vault.volatile_payment_methods WHERE (profile_id, payment_method_id) IN ( \
             SELECT profile_id, payment_method_id FROM vault.volatile_payment_methods WHERE memory_key <> $1 \
             ORDER BY expires_at LIMIT $2 FOR UPDATE SKIP LOCKED)";
}

/// Deletes what ends by `now`, up to `limit` rows of each table; tells how many.
pub fn delete_expired(now: Timestamp, limit: i64) -> Result<usize, Failure> {
    // A row for each group of shards, if the vault is spread over several nodes.
    let any_expired = ANY_EXPIRED.with(|statement| {
        statement.rows(&[timestamptz(now).into()], |row| {
            row.required("any_expired")
        })
    })?;
    if !any_expired.contains(&true) {
        return Ok(0);
    }
    let arguments = [timestamptz(now).into(), limit.into()];
    let cvcs = DELETE_EXPIRED_CVCS.with(|statement| statement.execute(&arguments))?;
    let methods = DELETE_EXPIRED_METHODS.with(|statement| statement.execute(&arguments))?;
    let tokens = DELETE_EXPIRED_TOKENS.with(|statement| statement.execute(&arguments))?;
    Ok(cvcs + methods + tokens)
}

/// Deletes the CVC of a payment method, unless it ends later than `end`: then it is a newer one. Returns whether it
/// is gone, which it is not if another session has locked the row.
pub fn delete_used_cvc(
    profile_id: &ProfileId,
    payment_method_id: &PaymentMethodId,
    end: Timestamp,
) -> Result<bool, Failure> {
    let arguments = [
        id(profile_id),
        id(payment_method_id),
        timestamptz(end).into(),
    ];
    DELETE_USED_CVC.with(|statement| statement.execute(&arguments))?;
    let stays = USED_CVC_STAYS
        .with(|statement| statement.row(&arguments, |row| row.required::<bool>("stays")))?;
    Ok(stays != Some(true))
}

/// Deletes what was sealed under another memory key than this one, up to `limit` rows of each table; tells how many.
pub fn delete_dead(memory_key: &[u8], limit: i64) -> Result<usize, Failure> {
    let arguments = [memory_key.into(), limit.into()];
    let cvcs = DELETE_DEAD_CVCS.with(|statement| statement.execute(&arguments))?;
    let methods = DELETE_DEAD_METHODS.with(|statement| statement.execute(&arguments))?;
    Ok(cvcs + methods)
}
