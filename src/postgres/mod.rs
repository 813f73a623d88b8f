//! What PostgreSQL and the operating system give, made safe. It asks nobody above it.

pub mod advisory_locks;
pub mod catalog;
pub mod child_process;
pub mod client;
pub mod clock;
pub mod compat;
pub mod core_dumps;
pub mod hash_seed;
pub mod invalidation;
pub mod latch;
pub mod local_settings;
pub mod log_guard;
pub mod object_locks;
pub mod owners_code;
pub mod per_subtransaction;
pub mod preload;
pub mod process;
pub mod random;
pub mod roles;
pub mod run_as;
pub mod snapshot;
pub mod standby;
pub mod subtransaction;
pub mod table_scan;
pub mod time_limit;
pub mod transaction;
