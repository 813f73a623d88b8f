//! Locks on tables and other objects of the database. They end with the transaction. A prepared transaction keeps them.

use pgrx::pg_sys;

/// The lock modes of PostgreSQL that the vault uses. PostgreSQL's documentation ("Table-Level Locks") says which modes
/// conflict.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Conflicts with `AccessExclusive` alone.
    AccessShare,
    /// Conflicts with `Share` and stronger modes.
    RowExclusive,
    /// Conflicts with writers.
    Share,
    /// Conflicts with all but `AccessShare`.
    Exclusive,
    /// Conflicts with all.
    AccessExclusive,
}

/// Locks a table, and waits for conflicting locks. The table need not exist.
pub fn lock_table(table: pg_sys::Oid, mode: Mode) {
    // SAFETY: takes a lock that ends with the transaction.
    unsafe { pg_sys::LockRelationOid(table, mode.number()) };
}

/// Locks an object, which is named by the table of its kind and a number of its own. Waits for conflicting locks. The object
/// need not exist.
pub fn lock(kind: pg_sys::Oid, object: u32, mode: Mode) {
    // SAFETY: as above.
    unsafe { pg_sys::LockDatabaseObject(kind, pg_sys::Oid::from(object), 0, mode.number()) };
}

/// The same without waiting: takes no lock if a conflicting one is held.
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
