//! Comparison of searchable values by their index parts. It reads nothing else of a datum, needs no key, and never fails.
//!
//! The order is that of random bytes. It serves B-trees, sorting and grouping, and tells nothing about plaintexts.
//! sql/types.sql declares each function for each type.

use std::cmp::Ordering;

use pgrx::callconv::{Arg, ArgAbi};
use pgrx::pgrx_sql_entity_graph::metadata::{
    ArgumentError, ReturnsError, ReturnsRef, SqlMappingRef, SqlTranslatable, TypeOrigin,
};
use pgrx::prelude::*;
use pgrx::varlena::{varatt_is_1b, varatt_is_1b_e, varatt_is_4b_u, varlena_to_byte_slice};
use pgrx::{FromDatum, pg_sys};
use vault_core::crypto::searchable::{self, COMPARED_LENGTH};

/// The part by which a value is compared. None stands for a datum that is too short, and comes first. Input and receive refuse
/// such a datum.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct IndexPart(Option<searchable::IndexPart>);

#[pg_extern(sql = false)]
fn index_part_eq(left: IndexPart, right: IndexPart) -> bool {
    left == right
}

#[pg_extern(sql = false)]
fn index_part_ne(left: IndexPart, right: IndexPart) -> bool {
    left != right
}

#[pg_extern(sql = false)]
fn index_part_lt(left: IndexPart, right: IndexPart) -> bool {
    left < right
}

#[pg_extern(sql = false)]
fn index_part_le(left: IndexPart, right: IndexPart) -> bool {
    left <= right
}

#[pg_extern(sql = false)]
fn index_part_gt(left: IndexPart, right: IndexPart) -> bool {
    left > right
}

#[pg_extern(sql = false)]
fn index_part_ge(left: IndexPart, right: IndexPart) -> bool {
    left >= right
}

#[pg_extern(sql = false)]
fn index_part_cmp(left: IndexPart, right: IndexPart) -> i32 {
    match left.cmp(&right) {
        Ordering::Less => -1,
        Ordering::Equal => 0,
        Ordering::Greater => 1,
    }
}

#[pg_extern(sql = false)]
fn index_part_hash(value: IndexPart) -> i32 {
    i32::from_be_bytes(value.last_bytes())
}

/// PostgreSQL requires that with the seed 0, the lower half is the hash above.
#[pg_extern(sql = false)]
fn index_part_hash_extended(value: IndexPart, seed: i64) -> i64 {
    i64::from_be_bytes(value.last_bytes()) ^ seed
}

impl IndexPart {
    /// The last bytes of the blind index. Bytes of an HMAC can serve as a hash without further work.
    fn last_bytes<const N: usize>(&self) -> [u8; N] {
        self.0
            .as_ref()
            .and_then(|part| part.last_chunk())
            .map_or([0; N], |bytes| *bytes)
    }
}

impl FromDatum for IndexPart {
    unsafe fn from_polymorphic_datum(
        datum: pg_sys::Datum,
        is_null: bool,
        _oid: pg_sys::Oid,
    ) -> Option<Self> {
        if is_null {
            return None;
        }
        // SAFETY: the caller vouches for a datum of a searchable type, which is a varlena.
        Some(Self(unsafe { read(datum.cast_mut_ptr()) }))
    }
}

// SAFETY: the datum is read by the implementation above.
unsafe impl<'fcx> ArgAbi<'fcx> for IndexPart {
    unsafe fn unbox_arg_unchecked(arg: Arg<'_, 'fcx>) -> Self {
        // SAFETY: the functions are declared for searchable types alone, as strict ones.
        unsafe { arg.unbox_arg_using_from_datum() }.unwrap_or(Self(None))
    }
}

// SAFETY: pgrx writes no SQL for a function with such an argument; sql/types.sql names the types.
unsafe impl SqlTranslatable for IndexPart {
    const TYPE_IDENT: &'static str = pgrx::pgrx_resolved_type!(IndexPart);
    const TYPE_ORIGIN: TypeOrigin = TypeOrigin::External;
    const ARGUMENT_SQL: Result<SqlMappingRef, ArgumentError> = Ok(SqlMappingRef::Skip);
    const RETURN_SQL: Result<ReturnsRef, ReturnsError> = Ok(ReturnsRef::One(SqlMappingRef::Skip));
}

/// Reads a value without a copy if possible, because an index compares thousands of them. If the value is stored out of line,
/// only its beginning is fetched.
///
/// # Safety
/// `value` points to a varlena.
unsafe fn read(value: *mut pg_sys::varlena) -> Option<searchable::IndexPart> {
    // SAFETY: promised by the caller; the slice ends before the copy that it may lie in is freed.
    unsafe {
        let in_place = varatt_is_4b_u(value) || (varatt_is_1b(value) && !varatt_is_1b_e(value));
        let inline = if in_place {
            value
        } else {
            pg_sys::pg_detoast_datum_slice(value, 0, i32::try_from(COMPARED_LENGTH).ok()?)
        };
        let part = searchable::index_part(varlena_to_byte_slice(inline)).copied();
        if !in_place {
            pg_sys::pfree(inline.cast());
        }
        part
    }
}
