//! Locks on tables and other objects of the database. They end with the transaction; prepared transactions keep them.

use pgrx::pg_sys;

/// PostgreSQL's modes, as far as the vault uses them. Which conflict with which stands in its documentation ("Table-Level
/// Locks").
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Conflicts with `AccessExclusive` alone.
    AccessShare,
    /// Conflicts with `Share` and stronger modes.
    RowExclusive,
    /// Conflicts with those who write.
    Share,
    /// Conflicts with all but `AccessShare`.
    Exclusive,
    /// Conflicts with all.
    AccessExclusive,
}

/// Locks a table, and waits for who is in the way. There need not be such a table.
pub fn lock_table(table: pg_sys::Oid, mode: Mode) {
    // SAFETY: takes a lock that ends with the transaction.
    unsafe { pg_sys::LockRelationOid(table, mode.number()) };
}

/// Locks an object by the table of its kind and a number of its own, and waits for who is in the way. There need not be such
/// an object.
pub fn lock(kind: pg_sys::Oid, object: u32, mode: Mode) {
    // SAFETY: as above.
    unsafe { pg_sys::LockDatabaseObject(kind, pg_sys::Oid::from(object), 0, mode.number()) };
}

/// The same, unless somebody is in the way.
pub fn try_lock(kind: pg_sys::Oid, object: u32, mode: Mode) -> bool {
    // SAFETY: as above.
    unsafe {
        pg_sys::ConditionalLockDatabaseObject(kind, pg_sys::Oid::from(object), 0, mode.number())
    }
}

impl Mode {
    fn number(self) -> pg_sys::LOCKMODE {
        let number = match self {
            Self::AccessShare => pg_sys::AccessShareLock,
            Self::RowExclusive => pg_sys::RowExclusiveLock,
            Self::Share => pg_sys::ShareLock,
            Self::Exclusive => pg_sys::ExclusiveLock,
            Self::AccessExclusive => pg_sys::AccessExclusiveLock,
        };
        number as pg_sys::LOCKMODE
    }
}
