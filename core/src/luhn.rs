//! The check digit of card numbers.

/// The check digit of ISO/IEC 7812-1: from the right, every second digit counts double, and the sum of all digits is a
/// multiple of ten. Takes ASCII digits.
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
