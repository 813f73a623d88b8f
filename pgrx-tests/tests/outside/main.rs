//! What the vault does, seen from outside. Each module is a subject; each test's name is what it shows.

mod audit;
mod backup;
mod bad_input;
mod catalogue;
mod ciphertext;
mod concurrency;
mod customers;
mod docs;
mod durability;
mod edge;
mod installation;
mod key_destruction;
mod key_rotation;
mod payment_methods;
mod refusals;
mod root_key;
mod routes;
mod seeds;
mod server_log;
mod support;
mod tenancy;
mod volatile;
