//! Counters that hold somebody back: failed authentications, and how often something may be done in a minute. Both are
//! tables of a fixed size, for memory that processes share. Times and hashes are arguments.

pub mod failures;
pub mod per_minute;
mod short_text;
pub mod source;

pub use failures::{Failures, Subject};
pub use per_minute::PerMinute;
pub use short_text::ShortText;
pub use source::Source;
