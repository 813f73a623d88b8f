//! The background processes: three for each database in `vault.databases`.

mod housekeeping;
mod tokens;
mod transaction;
mod vacuum;

use crate::settings;

/// Must run while the postmaster loads its libraries.
pub fn register() {
    for (index, database) in settings::databases().iter().enumerate() {
        housekeeping::register(database, index);
        vacuum::register(database, index);
        tokens::register(database, index);
    }
}
