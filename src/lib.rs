//! A card vault inside PostgreSQL: customers and payment methods, encrypted and isolated per profile.
//!
//! The way of a request, top to bottom: [`surface`], [`authentication`] and [`tenancy`], [`operations`], [`audit`],
//! [`keys`], [`store`].

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
mod operations;
#[expect(unsafe_code, reason = "what PostgreSQL gives is made safe here")]
mod postgres;
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
use types::card_number::*;
use types::encrypted_json::*;
use types::encrypted_text::*;
use types::searchable_text::*;

::pgrx::pg_module_magic!(name, version);

extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
extension_sql_file!(
    "../sql/tables.sql",
    name = "tables",
    requires = ["bootstrap"]
);
extension_sql_file!(
    "../sql/types.sql",
    name = "types",
    creates = [
        Type(EncryptedText),
        Type(EncryptedJson),
        Type(SearchableText),
        Type(CardNumber),
    ],
    requires = [
        encrypted_text_in,
        encrypted_text_out,
        encrypted_text_recv,
        encrypted_text_send,
        encrypted_json_in,
        encrypted_json_out,
        encrypted_json_recv,
        encrypted_json_send,
        searchable_text_in,
        searchable_text_out,
        searchable_text_recv,
        searchable_text_send,
        card_number_in,
        card_number_out,
        card_number_recv,
        card_number_send,
    ]
);
extension_sql_file!(
    "../sql/policies.sql",
    name = "policies",
    requires = [
        "tables",
        surface::sql::current_profile,
        surface::sql::role_bindings_changed,
    ]
);
extension_sql_file!(
    "../sql/key_lifecycle.sql",
    name = "key_lifecycle",
    requires = [
        "policies",
        "types",
        surface::keys::acts_for,
        surface::keys::count_application_values,
        surface::keys::count_values,
        surface::keys::is_destroyed,
        surface::keys::reencrypt_batch,
        surface::keys::values_of_strangers,
    ]
);
extension_sql_file!(
    "../sql/lockouts.sql",
    name = "lockouts",
    requires = ["bootstrap", surface::lockouts::counted_failures]
);
extension_sql_file!(
    "../sql/connectors.sql",
    name = "connectors",
    requires = ["tables"]
);
extension_sql_file!("../sql/api.sql", name = "api", requires = ["bootstrap"]);
extension_sql_file!("../sql/finalize.sql", name = "finalize", finalize);

// Cargo does not see what the macro above reads: with these, a change of the SQL makes it build again.
const _: [&str; 9] = [
    include_str!("../sql/bootstrap.sql"),
    include_str!("../sql/tables.sql"),
    include_str!("../sql/types.sql"),
    include_str!("../sql/policies.sql"),
    include_str!("../sql/key_lifecycle.sql"),
    include_str!("../sql/lockouts.sql"),
    include_str!("../sql/connectors.sql"),
    include_str!("../sql/api.sql"),
    include_str!("../sql/finalize.sql"),
];

/// What happens at the end of a transaction, and of a subtransaction, in this order.
const AT_END_OF_TRANSACTION: Listeners = &[
    &audit::CountIndexed,
    &audit::CountRolledBack,
    &audit::SettlePlaces,
    // Before the epoch: whoever follows it must find the destroyed profiles already.
    &keys::destruction::TellOfDestruction,
    &keys::epoch::AdvanceEpoch,
    &tenancy::session::ForgetTenants,
];

/// The same where the library was not loaded when the server started: the others work on shared memory, which there is not.
const AT_END_WITHOUT_SHARED_MEMORY: Listeners = &[&tenancy::session::ForgetTenants];

/// Called when the library is loaded: by the postmaster when it is preloaded, else by one backend.
#[pg_guard]
pub extern "C-unwind" fn _PG_init() {
    let preloading = postgres::preload::remember();
    settings::register(preloading);
    call_at_end(if preloading {
        AT_END_OF_TRANSACTION
    } else {
        AT_END_WITHOUT_SHARED_MEMORY
    });
    tenancy::bindings::forget_on_change();
    keys::row_macs::tell_of_forged_rows(operations::row_macs::note_forged);
    if preloading {
        postgres::log_guard::install();
        postgres::hash_seed::make_at_server_start();
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

/// What `cargo pgrx test` asks of the crate.
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
