//! A card vault inside PostgreSQL: customers and payment methods, encrypted and isolated per profile.
//!
//! The rooms, lowest first. Each uses only rooms before it in this list, and `core`:
//!
//! - [`connectors`]: what the vault says to payment service providers and token services
//! - [`error`]: every failure, with its SQLSTATE and hint
//! - [`postgres`]: what PostgreSQL gives, made safe
//! - [`metrics`]: what is counted for those who watch the vault
//! - [`settings`]: every setting
//! - [`store`]: the SQL statements
//! - [`keys`]: root key, data keys, MACs of rows
//! - [`tenancy`]: who is calling
//! - [`audit`]: what goes into the log
//! - [`authentication`]: API keys, lock-outs, limits, the right to reveal
//! - [`types`]: the encrypted column types; [`operations`]: what the vault does
//! - [`surface`]: the functions that PostgreSQL sees; [`worker`]: the background processes
//! - [`schema`]: the SQL files of the extension
//!
//! A request passes [`surface`], [`authentication`], [`operations`], [`keys`], [`store`] and [`audit`], in this order.

#![deny(
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use pgrx::prelude::*;

#[cfg(not(panic = "unwind"))]
compile_error!("a panic must unwind: it becomes an error of PostgreSQL, and drops what holds keys");

mod audit;
mod authentication;
mod connectors;
mod error;
mod keys;
mod metrics;
mod operations;
#[expect(unsafe_code, reason = "what PostgreSQL gives is made safe here")]
mod postgres;
mod schema;
mod settings;
mod store;
mod surface;
mod tenancy;
#[expect(unsafe_code, reason = "datums are read and written here")]
mod types;
mod worker;

#[cfg(any(test, feature = "pg_test"))]
#[expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test that finds nothing fails"
)]
#[path = "../pgrx-tests/backend/mod.rs"]
mod backend_tests;

use postgres::transaction::{Listeners, call_at_end};

::pgrx::pg_module_magic!(name, version);

/// What is called at the end of a transaction, and of a subtransaction, in this order.
const AT_END_OF_TRANSACTION: Listeners = &[
    &audit::CountIndexed,
    &audit::CountRolledBack,
    &audit::SettlePlaces,
    &metrics::CountEvents,
    // This comes before the epoch, because a backend that follows the epoch must find the destroyed profiles already.
    &keys::destruction::TellOfDestruction,
    &keys::epoch::AdvanceEpoch,
    &tenancy::session::ForgetTenants,
];

/// The same where the library was not loaded when the server started. The other listeners need shared memory.
const AT_END_WITHOUT_SHARED_MEMORY: Listeners = &[&tenancy::session::ForgetTenants];

/// Called when the library is loaded: by the postmaster if it is preloaded, otherwise by one backend.
#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    let preloading = postgres::preload::remember();
    settings::register(preloading);
    call_at_end(if preloading {
        AT_END_OF_TRANSACTION
    } else {
        AT_END_WITHOUT_SHARED_MEMORY
    });
    postgres::invalidation::watch();
    keys::row_macs::tell_of_forged_rows(operations::row_macs::note_forged);
    if preloading {
        postgres::log_guard::install();
        postgres::hash_seed::make_at_server_start();
        metrics::reserve_shared_memory();
        keys::epoch::reserve_shared_memory();
        keys::destroyed_profiles::reserve_shared_memory();
        authentication::lockout::reserve_shared_memory();
        authentication::card_number_limit::reserve_shared_memory();
        audit::reserve_shared_memory();
        keys::root_key::load_at_server_start();
        keys::memory_key::make_at_server_start();
        operations::outside_calls::reserve_shared_memory();
        worker::register();
    }
}

/// What `cargo pgrx test` expects of the crate.
#[cfg(test)]
pub mod pg_test {
    /// Runs once before the tests.
    pub fn setup(_options: Vec<&str>) {}

    /// The server that the tests run in.
    #[must_use]
    pub fn postgresql_conf_options() -> Vec<&'static str> {
        vec![
            "shared_preload_libraries = 'vault'",
            "vault.root_key_command = 'printf %064d 7'",
            "vault.databases = 'pgrx_tests'",
        ]
    }
}
