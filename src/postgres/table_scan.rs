//! Reads the values of a table directly from its pages. Neither planner nor executor takes part, so no code of the table's
//! owner runs: no index expression, no policy, no constraint.

use pgrx::memcxt::PgMemoryContexts;
use pgrx::pg_sys;
use pgrx::varlena::varlena_to_byte_slice;

use crate::error::Failure;

/// After this many elements of an array, the scan can be cancelled.
const INTERRUPTIBLE: usize = 1_000;

/// A column to read.
#[derive(Clone, Copy)]
pub struct ScannedColumn {
    /// The column's number in the table, from 1.
    pub number: i16,
    /// Whether its values are arrays of encrypted values.
    pub in_array: bool,
}

/// Calls `visit` for each value of the columns, with the column's index in `columns` and the bytes of the value. Visits all rows
/// that are committed by now or that this transaction has written. The caller holds a lock on the table, and has begun a
/// subtransaction that cleans up after an error.
///
/// # Errors
/// The first error that `visit` returns.
pub fn scan(
    relation: pg_sys::Oid,
    columns: &[ScannedColumn],
    mut visit: impl FnMut(usize, &[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // SAFETY: the table is locked, so that it stays as it is; what is opened here is closed below, or by the rollback
    // of the subtransaction.
    unsafe {
        let table = pg_sys::table_open(relation, pg_sys::NoLock as pg_sys::LOCKMODE);
        let snapshot = pg_sys::RegisterSnapshot(pg_sys::GetLatestSnapshot());
        let scan = pg_sys::systable_beginscan(
            table,
            pg_sys::InvalidOid,
            false,
            snapshot,
            0,
            std::ptr::null_mut(),
        );
        let mut row = Row::of((*table).rd_att);
        let mut memory = PgMemoryContexts::new("row of a table with encrypted values");
        let mut result = Ok(());
        while result.is_ok() {
            pgrx::check_for_interrupts!();
            let tuple = pg_sys::systable_getnext(scan);
            if tuple.is_null() {
                break;
            }
            result = memory.switch_to(|_| row.visit(tuple, columns, &mut visit));
            memory.reset();
        }
        pg_sys::systable_endscan(scan);
        pg_sys::UnregisterSnapshot(snapshot);
        pg_sys::table_close(table, pg_sys::NoLock as pg_sys::LOCKMODE);
        result
    }
}

/// The values of one row.
struct Row {
    descriptor: pg_sys::TupleDesc,
    values: Vec<pg_sys::Datum>,
    nulls: Vec<bool>,
}

impl Row {
    /// # Safety
    /// The descriptor is an open table's.
    unsafe fn of(descriptor: pg_sys::TupleDesc) -> Self {
        // SAFETY: promised by the caller.
        let number = usize::try_from(unsafe { (*descriptor).natts }).unwrap_or_default();
        Self {
            descriptor,
            values: vec![pg_sys::Datum::null(); number],
            nulls: vec![true; number],
        }
    }

    /// # Safety
    /// The tuple is one of the table's, and the columns hold encrypted values, or arrays of such.
    unsafe fn visit(
        &mut self,
        tuple: pg_sys::HeapTuple,
        columns: &[ScannedColumn],
        visit: &mut impl FnMut(usize, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        // SAFETY: both arrays have a place for each column.
        unsafe {
            pg_sys::heap_deform_tuple(
                tuple,
                self.descriptor,
                self.values.as_mut_ptr(),
                self.nulls.as_mut_ptr(),
            );
        }
        for (place, column) in columns.iter().enumerate() {
            let index = usize::try_from(column.number - 1).unwrap_or(usize::MAX);
            let (Some(value), Some(false)) = (self.values.get(index), self.nulls.get(index)) else {
                continue;
            };
            // SAFETY: promised by the caller.
            unsafe {
                if column.in_array {
                    visit_elements(*value, |bytes| visit(place, bytes))?;
                } else {
                    visit(place, bytes(*value))?;
                }
            }
        }
        Ok(())
    }
}

/// # Safety
/// The datum is an array of encrypted values.
unsafe fn visit_elements(
    array: pg_sys::Datum,
    mut visit: impl FnMut(&[u8]) -> Result<(), Failure>,
) -> Result<(), Failure> {
    // SAFETY: promised by the caller. The iterator is freed with the row's memory after an error.
    unsafe {
        let array: *mut pg_sys::ArrayType = pg_sys::pg_detoast_datum(array.cast_mut_ptr()).cast();
        let elements = pg_sys::array_create_iterator(array, 0, std::ptr::null_mut());
        let mut element = pg_sys::Datum::null();
        let mut is_null = false;
        let mut visited = 0_usize;
        while pg_sys::array_iterate(elements, &mut element, &mut is_null) {
            visited += 1;
            // An array may have millions of elements, and the caller may not want to wait for all of them.
            if visited.is_multiple_of(INTERRUPTIBLE) {
                pgrx::check_for_interrupts!();
            }
            if !is_null {
                visit(bytes(element))?;
            }
        }
        pg_sys::array_free_iterator(elements);
    }
    Ok(())
}

/// # Safety
/// The datum is a varlena; the bytes live as long as the current memory context.
unsafe fn bytes<'a>(value: pg_sys::Datum) -> &'a [u8] {
    // SAFETY: promised by the caller.
    unsafe { varlena_to_byte_slice(pg_sys::pg_detoast_datum_packed(value.cast_mut_ptr())) }
}
