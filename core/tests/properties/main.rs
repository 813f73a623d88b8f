//! What holds of every input, tried with inputs that nobody chose.
//!
//! [`invariants`] hold of any bytes; core/fuzz tries them, too. The other modules, one for each subject, make inputs that
//! mean something, and change them.

mod invariants;

mod api_key;
mod card;
mod column_value;
mod envelope;
mod ids;
mod inputs;
mod json;
mod redaction;
mod root_key_line;
mod searchable;
mod time;
mod wrapped_key;

use proptest::test_runner::Config;

/// 256 cases, unless `PROPTEST_CASES` says otherwise. A case that fails is printed in full, and written nowhere.
fn config() -> Config {
    Config {
        failure_persistence: None,
        ..Config::default()
    }
}
