#![no_main]

use libfuzzer_sys::fuzz_target;
use vault_core_fuzz::invariants;

fuzz_target!(|bytes: &[u8]| invariants::card_number::hold(bytes));
