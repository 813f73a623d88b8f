//! What PostgreSQL gives, made safe: subtransactions, time limits, scans of tables, advisory locks.

pub mod advisory_locks;
pub mod subtransaction;
pub mod table_scan;
pub mod time_limit;
