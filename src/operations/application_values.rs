//! How many values of encrypted types tables of applications hold, and under which keys. No code of the tables' owners runs.

use std::collections::BTreeMap;

use vault_core::crypto::KeyId;

use super::reencryption::Form;
use crate::error::Failure;
use crate::keys::ProfileKeys;
use crate::store::application_values::{Countable, countable, visit};
use crate::store::data_keys::to_sql;

/// How many values say that they are under which key. A table that cannot be read in time is left out, with a warning.
pub fn count() -> Result<Vec<(i32, i64)>, Failure> {
    let mut counts = BTreeMap::new();
    for table in countable("")? {
        let mut of_table = BTreeMap::new();
        let counted = visit(&table, |encrypted_type, value| {
            let Ok((data_key, index_key)) = Form::named(encrypted_type)?.key_ids(value) else {
                return Ok(());
            };
            for KeyId(key_id) in std::iter::once(data_key).chain(index_key) {
                *of_table.entry(key_id).or_insert(0) += 1;
            }
            Ok(())
        });
        if unless_unreadable(&table, counted)?.is_some() {
            for (key_id, values) in of_table {
                *counts.entry(key_id).or_insert(0) += values;
            }
        }
    }
    let counts = counts.into_iter();
    counts
        .map(|(key_id, values)| Ok((to_sql(KeyId(key_id))?, values)))
        .collect()
}

/// The tables whose owners do not act for the profile, and that hold values under one of these of its keys, with how many.
pub fn of_strangers(keys: &ProfileKeys, of: &[KeyId]) -> Result<Vec<(String, i64)>, Failure> {
    let mut found = Vec::new();
    for table in countable(keys.profile_id())? {
        if table.acts_for_profile {
            continue;
        }
        let counted = count_under(&table, keys, of);
        match unless_unreadable(&table, counted)? {
            None | Some(0) => {}
            Some(values) => found.push((table.name, values)),
        }
    }
    Ok(found)
}

/// How many values need the key to be opened or found, and the tables that hold them. A value that does not open was made
/// up, or is lost already: it needs no key.
///
/// # Errors
/// When a table of an owner who acts for the profile cannot be read in time. Any other such table is left out, with a
/// warning: nobody else's table keeps a key alive.
pub fn needing(keys: &ProfileKeys, key_id: KeyId) -> Result<(i64, Vec<String>), Failure> {
    let mut needing = 0;
    let mut tables = Vec::new();
    for table in countable(keys.profile_id())? {
        let counted = count_under(&table, keys, &[key_id]);
        let values = if table.acts_for_profile {
            counted?
        } else {
            unless_unreadable(&table, counted)?.unwrap_or_default()
        };
        if values > 0 {
            needing += values;
            tables.push(table.name);
        }
    }
    Ok((needing, tables))
}

fn count_under(table: &Countable, keys: &ProfileKeys, of: &[KeyId]) -> Result<i64, Failure> {
    let mut values = 0;
    visit(table, |encrypted_type, value| {
        let form = Form::named(encrypted_type)?;
        let Ok((data_key, index_key)) = form.key_ids(value) else {
            return Ok(());
        };
        let is_under = of.contains(&data_key) || index_key.is_some_and(|key| of.contains(&key));
        if is_under && (keys.has_damaged(data_key) || form.opens(keys, value)) {
            values += 1;
        }
        Ok(())
    })?;
    Ok(values)
}

/// None, and a warning, when the table could not be read.
fn unless_unreadable<T>(
    table: &Countable,
    result: Result<T, Failure>,
) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Failure::TableFailed { .. } | Failure::TableTimedOut { .. }) => {
            pgrx::warning!(
                "vault: the table {} could not be read, so its values are not counted",
                table.name
            );
            Ok(None)
        }
        Err(failure) => Err(failure),
    }
}
