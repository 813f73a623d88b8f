//! Values of encrypted types in tables of applications. Anybody who may write such a table can have put anything into it
//! that has the form of a value, so one that does not open is left as it is.
//!
//! While statements run as a table's owner, no profile is there: neither the one whose values are moved nor the caller's.

use std::borrow::Cow;

use vault_core::crypto::{ColumnType, KeyId};

use super::Batch;
use crate::error::{Failure, wrong_state};
use crate::keys::SealingKeys;
use crate::operations::application_values::type_named;
use crate::store::application_columns::{self, Held, Table};
use crate::store::owners_code::step;
use crate::tenancy::session;

/// How many rows a rotation of the index key moves at once.
const BATCH_SIZE: i32 = 1000;

/// Seals the table's next rows behind `after` anew, and leaves those that somebody else holds.
///
/// # Errors
/// As [`step`].
pub fn batch(
    keys: &SealingKeys,
    table: &Table,
    after: Option<&str>,
    batch_size: i32,
) -> Result<Batch, Failure> {
    step(table.relation, || {
        move_rows(keys, table, after, batch_size, Held::Skipped)
    })
}

fn move_rows(
    keys: &SealingKeys,
    table: &Table,
    after: Option<&str>,
    batch_size: i32,
    held: Held,
) -> Result<Batch, Failure> {
    let outdated: Vec<KeyId> = keys.retired().collect();
    if outdated.is_empty() {
        return Ok(Batch::default());
    }
    let _acting = session::act_for_nobody();
    let rows = application_columns::outdated(table, after, &outdated, batch_size, held)?;
    let mut batch = Batch {
        last: rows.last().map(|row| row.row_id.clone()),
        ..Batch::default()
    };
    let mut resealed = Vec::with_capacity(rows.len());
    for mut row in rows {
        let mut reseal = Reseal::new(keys);
        for (value, column) in row.values.iter_mut().zip(&table.columns) {
            let column_type = type_named(&column.encrypted_type)?;
            if let Some(text) = value {
                *text = reseal.values(column_type, text)?;
            }
        }
        batch.damaged += reseal.damaged;
        if reseal.moved > 0 {
            resealed.push(row);
        }
    }
    let to_move = resealed.len();
    batch.moved = application_columns::replace(table, resealed)?;
    if batch.moved == to_move {
        Ok(batch)
    } else {
        Err(wrong_state(
            "a trigger prevents values from being sealed anew",
            "Until the keys are changed, make it an ordinary trigger: ALTER TABLE ... ENABLE TRIGGER.",
        ))
    }
}

/// Gives all values that have a blind index one under the current key, and keeps writers out of their tables until the
/// transaction ends: a column that had both would neither find nor compare its values. Tables of owners who do not act for
/// the profile are not among them.
pub fn reindex(keys: &SealingKeys) -> Result<(), Failure> {
    let profile_id = keys.profile_id();
    let tables = application_columns::searchable_out_of_reach(profile_id)?;
    if !tables.is_empty() {
        return Err(Failure::OutOfReach { tables });
    }
    let tables = application_columns::searchable(profile_id)?;
    for table in &tables {
        step(table.relation, || {
            let _acting = session::act_for_nobody();
            application_columns::lock(table)
        })?;
    }
    for table in &tables {
        step(table.relation, || move_all_rows(keys, table))?;
    }
    Ok(())
}

fn move_all_rows(keys: &SealingKeys, table: &Table) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let rows = move_rows(keys, table, after.as_deref(), BATCH_SIZE, Held::WaitedFor)?;
        if rows.last.is_none() {
            return Ok(());
        }
        after = rows.last;
    }
}

/// Seals the values of a row anew.
struct Reseal<'a> {
    keys: &'a SealingKeys,
    moved: usize,
    damaged: usize,
}

impl<'a> Reseal<'a> {
    fn new(keys: &'a SealingKeys) -> Self {
        Self {
            keys,
            moved: 0,
            damaged: 0,
        }
    }

    /// The text of a value, or of an array of them, whose other parts begin otherwise and are kept.
    fn values(&mut self, column_type: ColumnType, text: &str) -> Result<String, Failure> {
        let mut resealed = String::with_capacity(text.len());
        for piece in text.split_inclusive(['{', ',', '}']) {
            let value = piece.trim_end_matches(['{', ',', '}']);
            let rest = piece.get(value.len()..).unwrap_or_default();
            let value = if value.starts_with("vault:") {
                self.value(column_type, value)?
            } else {
                Cow::Borrowed(value)
            };
            resealed.push_str(&value);
            resealed.push_str(rest);
        }
        Ok(resealed)
    }

    fn value<'t>(
        &mut self,
        column_type: ColumnType,
        text: &'t str,
    ) -> Result<Cow<'t, str>, Failure> {
        match self.resealed(column_type, text) {
            Ok(Some(text)) => {
                self.moved += 1;
                Ok(Cow::Owned(text))
            }
            Ok(None) => Ok(Cow::Borrowed(text)),
            Err(Failure::Envelope(_) | Failure::UnknownKey) => {
                self.damaged += 1;
                Ok(Cow::Borrowed(text))
            }
            Err(failure) => Err(failure),
        }
    }

    /// None when none of its keys is a retired one of the profile.
    fn resealed(&self, column_type: ColumnType, text: &str) -> Result<Option<String>, Failure> {
        let bytes = column_type.from_text(text)?;
        let value = column_type.parse(&bytes)?;
        let (data_key, index_key) = value.key_ids();
        if !self.is_outdated(data_key) && !index_key.is_some_and(|key| self.is_outdated(key)) {
            return Ok(None);
        }
        let (binding, plaintext) = self
            .keys
            .open_value_to_reseal(value.slot(), value.sealed())?;
        let index_key = self.keys.current_index_key();
        let resealed = value.reseal(index_key, &plaintext, |slot| {
            self.keys.seal_value(slot, &binding, &plaintext)
        })?;
        Ok(Some(column_type.parse(&resealed)?.to_text()))
    }

    fn is_outdated(&self, key_id: KeyId) -> bool {
        self.keys.retired().any(|retired| retired == key_id)
    }
}
