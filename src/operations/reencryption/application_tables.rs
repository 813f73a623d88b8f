//! Values of encrypted types in tables of applications. Anybody who may write such a table can have put in anything that has
//! the form of a value. So a value that does not open is left as it is.
//!
//! While statements run as a table's owner, no profile is active: neither the one whose values are moved nor the caller's.

use std::borrow::Cow;

use vault_core::crypto::{ColumnType, KeyId};

use super::walk::{self, Batch, Resealed, Source};
use crate::error::{Failure, wrong_state};
use crate::keys::SealingKeys;
use crate::operations::application_values::type_named;
use crate::store::application_tables::{self, ApplicationTable, Held, TextRow};
use crate::store::owners_code::step;
use crate::tenancy::session;

/// How many rows a rotation of the index key moves at once.
const BATCH_SIZE: i32 = 1000;

/// Seals the table's next rows after `after` anew. Skips rows that another transaction has locked.
///
/// # Errors
/// As [`step`].
pub fn batch(
    keys: &SealingKeys,
    table: &ApplicationTable,
    after: Option<&str>,
    batch_size: i32,
) -> Result<Batch, Failure> {
    step(table.relation, || {
        move_rows(keys, table, after, batch_size, Held::Skipped)
    })
}

fn move_rows(
    keys: &SealingKeys,
    table: &ApplicationTable,
    after: Option<&str>,
    batch_size: i32,
    held: Held,
) -> Result<Batch, Failure> {
    let _acting = session::act_for_nobody();
    let mut source = ApplicationSource { keys, table, held };
    walk::batch(&mut source, after, batch_size)
}

/// Moves all values with a blind index to the current index key, because a column with indexes under two keys could neither find
/// nor compare its values. Locks writers out of their tables until the transaction ends. Leaves out tables of owners who do not
/// act for the profile.
pub fn reindex(keys: &SealingKeys) -> Result<(), Failure> {
    let profile_id = keys.profile_id();
    let tables = application_tables::searchable_out_of_reach(profile_id)?;
    if !tables.is_empty() {
        return Err(Failure::OutOfReach { tables });
    }
    let tables = application_tables::searchable(profile_id)?;
    for table in &tables {
        step(table.relation, || {
            let _acting = session::act_for_nobody();
            application_tables::lock(table)
        })?;
    }
    for table in &tables {
        step(table.relation, || move_all_rows(keys, table))?;
    }
    Ok(())
}

fn move_all_rows(keys: &SealingKeys, table: &ApplicationTable) -> Result<(), Failure> {
    let mut after = None;
    loop {
        let rows = move_rows(keys, table, after.as_deref(), BATCH_SIZE, Held::WaitedFor)?;
        if rows.last.is_none() {
            return Ok(());
        }
        after = rows.last;
    }
}

struct ApplicationSource<'a> {
    keys: &'a SealingKeys,
    table: &'a ApplicationTable,
    held: Held,
}

impl Source for ApplicationSource<'_> {
    type Value = Option<String>;

    fn outdated(&mut self, after: Option<&str>, limit: i32) -> Result<Vec<TextRow>, Failure> {
        let earlier: Vec<KeyId> = self.keys.retired().collect();
        if earlier.is_empty() {
            return Ok(Vec::new());
        }
        application_tables::outdated(self.table, after, &earlier, limit, self.held)
    }

    fn reseal(&self, row: &mut TextRow) -> Result<Resealed, Failure> {
        let mut resealed = Resealed::default();
        for (value, column) in row.values.iter_mut().zip(&self.table.columns) {
            let column_type = type_named(&column.encrypted_type)?;
            if let Some(text) = value {
                *text = self.values(column_type, text, &mut resealed)?;
            }
        }
        Ok(resealed)
    }

    fn replace(&self, rows: Vec<TextRow>) -> Result<usize, Failure> {
        let to_move = rows.len();
        let moved = application_tables::replace(self.table, rows)?;
        if moved == to_move {
            Ok(moved)
        } else {
            Err(wrong_state(
                "a trigger prevents values from being sealed anew",
                "Until the keys are changed, make it an ordinary trigger: ALTER TABLE ... ENABLE TRIGGER.",
            ))
        }
    }
}

impl ApplicationSource<'_> {
    /// The text of a value, or of an array of them, whose other parts begin otherwise and are kept.
    fn values(
        &self,
        column_type: ColumnType,
        text: &str,
        resealed: &mut Resealed,
    ) -> Result<String, Failure> {
        let mut new_text = String::with_capacity(text.len());
        for piece in text.split_inclusive(['{', ',', '}']) {
            let value = piece.trim_end_matches(['{', ',', '}']);
            let rest = piece.get(value.len()..).unwrap_or_default();
            let value = if value.starts_with("vault:") {
                self.value(column_type, value, resealed)?
            } else {
                Cow::Borrowed(value)
            };
            new_text.push_str(&value);
            new_text.push_str(rest);
        }
        Ok(new_text)
    }

    fn value<'t>(
        &self,
        column_type: ColumnType,
        text: &'t str,
        resealed: &mut Resealed,
    ) -> Result<Cow<'t, str>, Failure> {
        match self.reseal_text(column_type, text) {
            Ok(Some(text)) => {
                resealed.moved += 1;
                Ok(Cow::Owned(text))
            }
            Ok(None) => Ok(Cow::Borrowed(text)),
            Err(Failure::Envelope(_) | Failure::UnknownKey) => {
                resealed.damaged += 1;
                Ok(Cow::Borrowed(text))
            }
            Err(failure) => Err(failure),
        }
    }

    /// None if the value is under no retired key of the profile.
    fn reseal_text(&self, column_type: ColumnType, text: &str) -> Result<Option<String>, Failure> {
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
