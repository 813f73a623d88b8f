//! What the vault does, seen from outside. Each module is a subject; each test's name is what it shows.

mod application_columns;
mod audit;
mod backup;
mod bad_input;
mod bad_values;
mod catalogue;
mod ciphertext;
mod concurrency;
mod customers;
mod docs;
mod durability;
mod edge;
mod edited_dump;
mod installation;
mod interruption;
mod key_rotation;
mod leaks;
mod payment_methods;
mod refusals;
mod routes;
mod seeds;
mod server_log;
mod support;
mod tenancy;
mod upgrade;
mod volatile;
