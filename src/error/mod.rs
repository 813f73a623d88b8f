//! Why an operation gives no answer, and how PostgreSQL hears of it. Only `sqlstate.rs` names SQLSTATEs of PostgreSQL.
//!
//! No variant carries a value of a caller's, because messages may reach a log.

mod failure;
mod hint;
mod reason;
mod report;
mod sqlstate;

pub use failure::{Failure, Node, invalid, missing, wrong_state};
pub use reason::{CommandError, Defect, Sealed, Unrecorded};
pub use report::{internal_error, warn};
pub use sqlstate::{is_cancellation, is_shutdown, is_unreadable_text, passes_through_http};
