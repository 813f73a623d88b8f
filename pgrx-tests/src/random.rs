//! Values that no other test uses.

use std::iter::repeat_with;
use std::net::Ipv4Addr;

/// `length` decimal digits, the first one not zero.
pub fn digits(length: usize) -> String {
    let rest = repeat_with(|| fastrand::u8(b'0'..=b'9')).map(char::from);
    std::iter::once(char::from(fastrand::u8(b'1'..=b'9')))
        .chain(rest)
        .take(length)
        .collect()
}

/// `length` ASCII letters and digits.
pub fn alphanumerics(length: usize) -> String {
    repeat_with(fastrand::alphanumeric).take(length).collect()
}

/// A name that is a lower-case SQL identifier and a valid reference id: `stem_<12 characters>`.
pub fn name(stem: &str) -> String {
    format!("{stem}_{}", alphanumerics(12).to_lowercase())
}

/// A loopback address to send from. Authentication failures lock an address, so every client has its own.
pub fn address() -> Ipv4Addr {
    Ipv4Addr::new(
        127,
        fastrand::u8(1..=254),
        fastrand::u8(..),
        fastrand::u8(1..=254),
    )
}
