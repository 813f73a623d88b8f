//! A parameter of a statement.

use pgrx::datum::DatumWithOid;
use pgrx::{FromDatum, pg_sys};

/// The text of a parameter. None if it is NULL, or of another type.
pub fn text(parameter: &DatumWithOid<'_>) -> Option<String> {
    let datum = parameter.datum()?;
    let is_text = parameter.oid() == pg_sys::TEXTOID;
    // SAFETY: the datum is not NULL, and of the type that the oid names.
    is_text
        .then(|| unsafe { String::from_datum(datum.sans_lifetime(), false) })
        .flatten()
}
