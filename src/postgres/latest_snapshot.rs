//! Statements that see everything committed by now, whatever the transaction has seen so far, and the transaction's own writes.

use core::ffi::c_char;
use std::ffi::CString;

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use pgrx::spi::{SpiClient, SpiHeapTupleData};

use crate::error::{Defect, Failure};

/// A prepared SELECT that is kept for good. pgrx gives no snapshot to a statement that it has prepared.
#[derive(Clone, Copy)]
pub struct Plan(pg_sys::SPIPlanPtr);

impl Plan {
    /// Prepares the SELECT.
    ///
    /// # Errors
    /// When PostgreSQL does not prepare it; errors in the SQL are PostgreSQL's own.
    pub fn prepare(
        _connected: &SpiClient<'_>,
        sql: &str,
        parameters: &[pg_sys::Oid],
    ) -> Result<Self, Failure> {
        let sql = CString::new(sql).map_err(|_| Defect::ZeroByte)?;
        let number = i32::try_from(parameters.len()).map_err(|_| Defect::NumberTooLarge)?;
        let mut types = parameters.to_vec();
        // SAFETY: SPI is connected; the text is NUL-terminated, and there are as many types as the number says. The plan is
        // kept for good.
        unsafe {
            let plan = pg_sys::SPI_prepare(sql.as_ptr(), number, types.as_mut_ptr());
            if plan.is_null() || pg_sys::SPI_keepplan(plan) != 0 {
                return Err(Failure::UnexpectedNull);
            }
            Ok(Self(plan))
        }
    }

    /// Runs the statement with the latest snapshot. The snapshot is taken as PostgreSQL takes one for its catalogues, because
    /// the leader of a parallel query may not call `GetLatestSnapshot` and may be the first to need a key. There are as many
    /// `arguments` as parameters.
    ///
    /// # Errors
    /// When there is no result; errors of the statement are PostgreSQL's own.
    pub fn select<'conn>(
        self,
        _connected: &'conn SpiClient<'conn>,
        arguments: &[DatumWithOid<'_>],
    ) -> Result<Vec<SpiHeapTupleData<'conn>>, Failure> {
        let nulls = |argument: &DatumWithOid<'_>| match argument.datum() {
            Some(_) => b' ' as c_char,
            None => b'n' as c_char,
        };
        let nulls: Vec<c_char> = arguments.iter().map(nulls).collect();
        let mut values: Vec<pg_sys::Datum> = arguments
            .iter()
            .map(|argument| {
                argument
                    .datum()
                    .map_or(pg_sys::Datum::null(), |datum| datum.sans_lifetime())
            })
            .collect();
        // SAFETY: SPI is connected; there is a value and a mark for each parameter. The rows lie in SPI's memory until it is
        // disconnected, which is after they have been read.
        unsafe {
            let status = pg_sys::SPI_execute_snapshot(
                self.0,
                values.as_mut_ptr(),
                nulls.as_ptr(),
                pg_sys::GetCatalogSnapshot(pg_sys::InvalidOid),
                std::ptr::null_mut(),
                true,
                false,
                0,
            );
            let table = pg_sys::SPI_tuptable;
            if status != pg_sys::SPI_OK_SELECT as i32 || table.is_null() {
                return Err(Failure::UnexpectedNull);
            }
            rows(table)
        }
    }
}

/// # Safety
/// The table is SPI's, which stays connected for `'conn`.
unsafe fn rows<'conn>(
    table: *const pg_sys::SPITupleTable,
) -> Result<Vec<SpiHeapTupleData<'conn>>, Failure> {
    // SAFETY: promised by the caller; the table has as many rows as it says.
    unsafe {
        let number = usize::try_from((*table).numvals).map_err(|_| Defect::NumberTooLarge)?;
        if number == 0 {
            return Ok(Vec::new());
        }
        let rows = std::slice::from_raw_parts((*table).vals, number).iter();
        rows.map(|row| {
            SpiHeapTupleData::new((*table).tupdesc, *row)?.ok_or(Failure::UnexpectedNull)
        })
        .collect()
    }
}
