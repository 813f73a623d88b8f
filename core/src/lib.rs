//! The pure parts of the vault.
