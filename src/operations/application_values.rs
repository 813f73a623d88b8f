//! Counts the values of encrypted types in tables of applications, by their keys. No code of the tables' owners runs.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pgrx::pg_sys;
use vault_core::crypto::{ColumnType, ColumnValue, KeyId};

use crate::error::Failure;
use crate::keys::ProfileKeys;
use crate::settings;
use crate::store::application_values::{Countable, Reading, countable, visit};
use crate::store::data_keys::to_sql;

/// How many values name each key, whether or not they open under it. A table that cannot be read in time is left out, with a
/// warning.
pub fn count() -> Result<Vec<(i32, i64)>, Failure> {
    let mut counts = BTreeMap::new();
    let mut time = Time::for_all();
    for table in countable(None)? {
        let Some(of_table) = count_by_key(&table, &mut time)? else {
            pgrx::warning!(
                "vault: the table {} could not be read in time, so its values are not counted",
                table.name
            );
            continue;
        };
        for (key_id, values) in of_table {
            *counts.entry(key_id).or_insert(0) += values;
        }
    }
    // Anybody can make up a value under an id that no key can have. Such a value counts for no key.
    Ok(counts
        .into_iter()
        .filter_map(|(key_id, values)| Some((to_sql(KeyId(key_id)).ok()?, values)))
        .collect())
}

/// Whether a value names one of these keys, or any key if none are given. The value need not open.
///
/// # Errors
/// [`Failure::Unread`] when a table cannot be read in time.
pub fn exist(under: Option<&[i32]>) -> Result<bool, Failure> {
    let is_asked_for = |key_id: &u32| {
        under.is_none_or(|keys| keys.iter().any(|key| i64::from(*key) == i64::from(*key_id)))
    };
    let mut time = Time::for_all();
    for table in countable(None)? {
        let Some(of_table) = count_by_key(&table, &mut time)? else {
            return Err(Failure::Unread {
                tables: vec![table.name],
            });
        };
        if of_table.keys().any(is_asked_for) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// How many values of the table name each key. None if it could not be read in time.
fn count_by_key(table: &Countable, time: &mut Time) -> Result<Option<BTreeMap<u32, i64>>, Failure> {
    let mut counts = BTreeMap::new();
    let counted = time.spend(|reading| {
        visit(table, reading, |encrypted_type, value| {
            let Ok(value) = type_named(encrypted_type)?.parse(value) else {
                return Ok(());
            };
            let (data_key, index_key) = value.key_ids();
            for KeyId(key_id) in std::iter::once(data_key).chain(index_key) {
                *counts.entry(key_id).or_insert(0) += 1;
            }
            Ok(())
        })
    });
    Ok(unless_unreadable(counted)?.map(|()| counts))
}

/// The tables whose owners do not act for the profile and that hold values under one of these keys, each with the number of such
/// values. The number is None if the table cannot be read in time.
pub fn of_strangers(
    keys: &ProfileKeys,
    of: &[KeyId],
) -> Result<Vec<(String, Option<i64>)>, Failure> {
    let mut found = Vec::new();
    let mut time = Time::for_all();
    for table in countable(Some(keys.profile_id()))? {
        if table.acts_for_profile {
            continue;
        }
        let mut values = 0;
        let counted = time.spend(|reading| count_under(&table, reading, keys, of, &mut values));
        let values = unless_unreadable(counted)?.map(|()| values);
        if values != Some(0) {
            found.push((table.name, values));
        }
    }
    Ok(found)
}

/// Values of applications that need a key.
#[derive(Default)]
pub struct Needing {
    pub values: i64,
    /// The tables that hold them.
    pub tables: Vec<String>,
    /// Tables of owners who do not act for the profile that could not be read completely in time.
    pub unread: Vec<String>,
}

/// How many values need the key to be opened or found, and which tables hold them, without the tables that are left out. A value
/// that does not open needs no key, because it was made up or is lost already. From here until the transaction ends, nobody
/// else can write to tables of owners who act for the profile.
///
/// # Errors
/// When a table of an owner who acts for the profile cannot be read in time.
pub fn needing(
    keys: &ProfileKeys,
    key_id: KeyId,
    left_out: &[pg_sys::Oid],
) -> Result<Needing, Failure> {
    let mut needing = Needing::default();
    let mut time = Time::for_all();
    for table in countable(Some(keys.profile_id()))? {
        if left_out.contains(&table.relation) {
            continue;
        }
        let mut values = 0;
        if table.acts_for_profile {
            let reading = Reading::WithoutWriters;
            count_under(&table, reading, keys, &[key_id], &mut values)?;
        } else {
            let counted =
                time.spend(|reading| count_under(&table, reading, keys, &[key_id], &mut values));
            if unless_unreadable(counted)?.is_none() {
                needing.unread.push(table.name.clone());
            }
        }
        needing.values += values;
        if values > 0 {
            needing.tables.push(table.name);
        }
    }
    Ok(needing)
}

/// The time that all tables of other owners may take together, so that many such tables cannot delay an administrator for long.
struct Time {
    /// None if there is no limit.
    left: Option<Duration>,
}

impl Time {
    fn for_all() -> Self {
        Self {
            left: Some(settings::table_timeout()).filter(|time| !time.is_zero()),
        }
    }

    fn spend<T>(&mut self, read: impl FnOnce(Reading) -> Result<T, Failure>) -> Result<T, Failure> {
        // The rest is never zero, because zero would be no limit. So each table is at least begun.
        let limit = self.left.map(|left| left.max(Duration::from_millis(10)));
        let begun = Instant::now();
        let result = read(Reading::Within(limit.unwrap_or_default()));
        self.left = self.left.map(|left| left.saturating_sub(begun.elapsed()));
        result
    }
}

/// Counts values of a table under these keys. Adds each to `values` at once, so that an interrupted count is not lost.
fn count_under(
    table: &Countable,
    reading: Reading,
    keys: &ProfileKeys,
    of: &[KeyId],
    values: &mut i64,
) -> Result<(), Failure> {
    visit(table, reading, |encrypted_type, value| {
        let Ok(value) = type_named(encrypted_type)?.parse(value) else {
            return Ok(());
        };
        let (data_key, index_key) = value.key_ids();
        let is_under = of.contains(&data_key) || index_key.is_some_and(|key| of.contains(&key));
        if is_under && (keys.has_damaged(data_key) || opens(keys, &value)) {
            *values += 1;
        }
        Ok(())
    })
}

/// The encrypted type of a column, by the name that PostgreSQL's catalogue has for it.
pub(super) fn type_named(encrypted_type: &str) -> Result<ColumnType, Failure> {
    ColumnType::from_name(encrypted_type).ok_or(Failure::DamagedRow)
}

/// Whether a value opens under the keys. Somebody who may write to a column can have made a value up.
fn opens(keys: &ProfileKeys, value: &ColumnValue<'_>) -> bool {
    keys.open_value_to_reseal(value.slot(), value.sealed())
        .is_ok()
}

/// None if the table could not be read.
fn unless_unreadable<T>(result: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(Failure::TableFailed { .. } | Failure::TableTimedOut { .. }) => Ok(None),
        Err(failure) => Err(failure),
    }
}
