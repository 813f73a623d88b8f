//! The forms in which a secret might lie somewhere.

use aho_corasick::AhoCorasick;
use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// As it is, in hexadecimal, in UTF-16, in base64, and as PostgreSQL prints the bytes of a constant in a plan.
pub fn forms(secret: &str) -> Vec<Vec<u8>> {
    let hex: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
    let mut forms = vec![
        secret.as_bytes().to_vec(),
        hex.to_uppercase().into_bytes(),
        hex.into_bytes(),
        secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        in_decimal(secret),
    ];
    forms.extend((0..3).map(|shift| base64_at(secret, shift)));
    forms
}

/// Whether a secret lies there in any form.
pub fn shows(place: &[u8], secret: &str) -> bool {
    AhoCorasick::new(forms(secret))
        .expect("patterns")
        .is_match(place)
}

fn in_decimal(secret: &str) -> Vec<u8> {
    let bytes: Vec<String> = secret.bytes().map(|byte| byte.to_string()).collect();
    bytes.join(" ").into_bytes()
}

/// The middle of the base64 form of a longer text that has the secret `shift` bytes after a multiple of three: the
/// characters that depend on the secret alone.
fn base64_at(secret: &str, shift: usize) -> Vec<u8> {
    let padded = [vec![0; shift], secret.as_bytes().to_vec()].concat();
    let encoded = STANDARD_NO_PAD.encode(&padded).into_bytes();
    let start = (shift * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    encoded[start..end].to_vec()
}
