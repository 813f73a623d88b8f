//! What PostgreSQL gives, made safe: subtransactions, time limits, scans of tables, advisory locks, and the seed of
//! hashes in shared memory.

pub mod advisory_locks;
pub mod hash_seed;
pub mod latch;
pub mod process;
pub mod subtransaction;
pub mod table_scan;
pub mod time_limit;
