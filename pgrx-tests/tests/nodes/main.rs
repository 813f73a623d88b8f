//! One vault on several nodes with Citus: `docker/test-nodes` runs them, and one nginx in front of all.
//!
//! Each profile is on one node, which does everything for it. Each module is a subject; each test's name is what it shows.

mod administration;
mod distribution;
mod http;
mod insiders;
mod kills;
mod life;
mod load;
mod moves;
mod nodes;
mod own_node;
mod plans;
mod root_keys;
mod spreading;
mod sql;
mod worker;
mod wrong_node;
