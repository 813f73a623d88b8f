//! What holds of any bytes at all: nothing panics, what is read is written the same, and no refusal repeats its input.

pub mod card_number;
pub mod envelope;
pub mod ids;
pub mod json;
pub mod redaction;
pub mod root_key_line;
pub mod searchable;
