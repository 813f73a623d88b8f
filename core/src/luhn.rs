//! The check digit of card numbers.

/// Whether ASCII digits end in the check digit of ISO/IEC 7812-1. Every second digit from the right counts double, and
/// the sum of all digits must be a multiple of ten.
pub(crate) fn passes_luhn(digits: impl DoubleEndedIterator<Item = u8>) -> bool {
    let sum: u32 = digits
        .rev()
        .map(|byte| u32::from(byte - b'0'))
        .enumerate()
        .map(|(place, digit)| match digit {
            _ if place % 2 == 0 => digit,
            0..=4 => digit * 2,
            _ => digit * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}
