//! Letters and digits from random bytes, each of the 62 equally likely.

use zeroize::Zeroizing;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Appends `count` random letters and digits to `text`. `fill` fills the buffer it is given with random bytes.
///
/// # Errors
/// Those of `fill`.
pub(crate) fn push_alphanumerics<E>(
    text: &mut String,
    count: usize,
    mut fill: impl FnMut(&mut [u8]) -> Result<(), E>,
) -> Result<(), E> {
    let length = text.len() + count;
    let mut random = Zeroizing::new([0; 80]);
    while text.len() < length {
        fill(random.as_mut_slice())?;
        let missing = length - text.len();
        text.extend(
            random
                .iter()
                .filter_map(|byte| alphanumeric(*byte))
                .take(missing),
        );
    }
    Ok(())
}

/// The character for the low six bits of a random byte. Two of the 64 values have none: mapping them onto the others
/// would make those more likely.
fn alphanumeric(byte: u8) -> Option<char> {
    ALPHABET
        .get(usize::from(byte & 0b11_1111))
        .map(|character| char::from(*character))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn every_character_comes_from_the_same_number_of_byte_values() {
        let characters: Vec<char> = (0..=u8::MAX).filter_map(alphanumeric).collect();
        for expected in ALPHABET {
            let count = characters
                .iter()
                .filter(|character| **character == char::from(*expected))
                .count();
            assert_eq!(count, 4);
        }
        assert_eq!(characters.len(), 62 * 4);
    }

    #[test]
    fn bytes_without_a_character_are_replaced_by_further_ones() {
        let mut text = String::from("x_");
        let mut rounds = [0xff, 0x00].into_iter();
        push_alphanumerics(&mut text, 3, |bytes| {
            bytes.fill(rounds.next().unwrap());
            Ok::<_, Infallible>(())
        })
        .unwrap();
        assert_eq!(text, "x_000");
    }

    #[test]
    fn a_failed_source_of_randomness_is_passed_on() {
        let failed = push_alphanumerics(&mut String::new(), 1, |_| Err("no entropy"));
        assert_eq!(failed, Err("no entropy"));
    }
}
