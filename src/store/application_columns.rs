//! Columns of encrypted types in tables that are not the vault's.

use pgrx::pg_sys;
use pgrx::spi::Spi;

use super::operator::as_owner;
use super::statement::statements;
use crate::error::Failure;

statements! {
    /// Of every table and materialised view, but other sessions' temporary ones: its owner, and the statement that counts.
    Read COUNTS() =
        "SELECT c.relowner, pg_catalog.format( \
                    CASE t.typcategory \
                        WHEN 'A' THEN 'SELECT pg_catalog.count(*) FROM ONLY %s, pg_catalog.unnest(%I) AS value \
                                       WHERE vault.key_id(value) OPERATOR(pg_catalog.=) $1' \
                        ELSE 'SELECT pg_catalog.count(*) FROM ONLY %s WHERE vault.key_id(%I) OPERATOR(pg_catalog.=) $1' \
                    END, c.oid::pg_catalog.regclass, a.attname) \
         FROM pg_catalog.pg_attribute a \
         JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relkind IN ('r', 'm') \
          AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace) \
         JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
         WHERE a.attnum > 0 AND NOT a.attisdropped \
           AND CASE t.typcategory WHEN 'A' THEN t.typelem ELSE t.oid END IN ( \
               'vault.encrypted_text'::pg_catalog.regtype, 'vault.encrypted_json'::pg_catalog.regtype, \
               'vault.searchable_text'::pg_catalog.regtype, 'vault.card_number'::pg_catalog.regtype)";
}

/// How many values of all applications are under the data key.
pub fn count(key_id: i32) -> Result<i64, Failure> {
    let counts = COUNTS.with(|statement| {
        statement.rows(&[], |row| {
            Ok((row.required::<pg_sys::Oid>(1)?, row.required::<String>(2)?))
        })
    })?;
    let mut total = 0;
    for (owner, statement) in counts {
        total += as_owner(owner, || count_column(&statement, key_id))?;
    }
    Ok(total)
}

/// A statement of its own for each column, so none is kept.
fn count_column(statement: &str, key_id: i32) -> Result<i64, Failure> {
    Spi::connect(|client| {
        let counted = client.select(statement, None, &[key_id.into()])?;
        counted.first().get_one()?.ok_or(Failure::UnexpectedNull)
    })
}
