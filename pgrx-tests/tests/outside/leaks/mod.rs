//! What is around a table with encrypted columns shows none of their plaintexts: plans, copies, errors, statistics, the
//! log, replication.
//!
//! Every row has a [`Planted`] marker in a column without encryption beside one secret of each type. A channel counts only
//! if it shows the marker.

mod copies;
mod errors;
mod log;
mod plans;
mod planted;
mod replication;
mod statistics;

use planted::Planted;
