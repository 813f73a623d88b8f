//! Finds card data and API keys in texts that PostgreSQL is about to log, and masks it.

use std::ops::{Range, RangeInclusive};

use zeroize::Zeroizing;

use crate::luhn::passes_luhn;

/// The shortest and the longest card number that is looked for. Shorter card numbers exist, but there are too many
/// other numbers of that length.
const NUMBER_LENGTH: RangeInclusive<usize> = 13..=19;

/// Members of a request whose digits are sensitive whatever their checksum.
const SENSITIVE_MEMBERS: [&[u8]; 3] = [b"card_cvc", b"card_number", b"account_number"];

/// What may stand between a member's name and its digits: quotes, escapes and white space around a separator.
const BETWEEN: &[u8] = b"\\\"' \t\r\n(";
const SEPARATORS: &[u8] = b":=,";

/// The longest such separator. Behind a longer one, the digits are not the member's value.
const MAX_BETWEEN: usize = 12;

/// The random part of an API key.
const API_KEY_LENGTH: usize = 64;

const MASK: u8 = b'*';

/// Replaces every digit of card data and every character of an API key with `*`, in place, and tells whether there was
/// any.
///
/// Card data are a run of 13 to 19 digits, possibly with single spaces or hyphens between them, that passes the Luhn
/// check; and the digits behind the name of a sensitive member.
pub fn mask_secrets(text: &mut [u8]) -> bool {
    let numbers = mask_card_numbers(text);
    let members = mask_sensitive_members(text);
    let keys = mask_api_keys(text);
    numbers || members || keys
}

/// Replaces every digit with `*`, in place. It serves a text that is cut out of a request at an arbitrary place.
pub fn mask_digits(text: &mut [u8]) {
    mask(text);
}

/// Whether a statement may hold credentials of a connector. Credentials have no form by which they could be found, so
/// the names of the functions that take them decide.
pub fn may_hold_credentials(statement: &[u8]) -> bool {
    let statement = Zeroizing::new(statement.to_ascii_lowercase());
    [b"create_connector".as_slice(), b"update_connector"]
        .iter()
        .any(|name| find(&statement, name, 0).is_some())
}

/// Masks, in place, everything from the first quote or dollar sign of a statement that may hold credentials. All
/// constants of the statement stand there.
pub fn mask_credentials(text: &mut [u8]) {
    if !may_hold_credentials(text) {
        return;
    }
    let constants = text.iter_mut().skip_while(|byte| !b"'$".contains(byte));
    for byte in constants.filter(|byte| !byte.is_ascii_whitespace()) {
        *byte = MASK;
    }
}

fn mask_card_numbers(text: &mut [u8]) -> bool {
    let mut found = false;
    let mut start = 0;
    while let Some(run) = next_run(text, start) {
        start = run.end;
        found |= text.get_mut(run).is_some_and(mask_card_numbers_in_run);
    }
    found
}

/// All card numbers are found before the first is masked, because a number may overlap with another, or with digits
/// that only look like one.
fn mask_card_numbers_in_run(run: &mut [u8]) -> bool {
    let numbers = card_numbers(run);
    for number in &numbers {
        if let Some(number) = run.get_mut(number.clone()) {
            mask(number);
        }
    }
    !numbers.is_empty()
}

/// A number may stand beside others. So all neighbouring groups of digits that make the length of a card number are
/// looked at.
fn card_numbers(run: &[u8]) -> Vec<Range<usize>> {
    let groups = groups(run);
    let mut numbers = Vec::new();
    for (first, from) in groups.iter().enumerate() {
        for to in groups.iter().skip(first).take(*NUMBER_LENGTH.end()) {
            let range = from.start..to.end;
            let candidate = run.get(range.clone()).unwrap_or_default();
            if NUMBER_LENGTH.contains(&digits(candidate).count()) && passes_luhn(digits(candidate))
            {
                numbers.push(range);
            }
        }
    }
    numbers
}

/// The groups of digits in a run.
fn groups(run: &[u8]) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (place, _) in run
        .iter()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_digit())
    {
        match groups.last_mut() {
            Some(last) if last.end == place => last.end = place + 1,
            _ => groups.push(place..place + 1),
        }
    }
    groups
}

fn mask_sensitive_members(text: &mut [u8]) -> bool {
    let mut found = false;
    for name in SENSITIVE_MEMBERS {
        let mut start = 0;
        while let Some(end) = find(text, name, start) {
            start = end;
            let run = digits_behind(text, end)
                .and_then(|first| next_run(text, first))
                .and_then(|run| text.get_mut(run));
            if let Some(run) = run {
                mask(run);
                found = true;
            }
        }
    }
    found
}

fn mask_api_keys(text: &mut [u8]) -> bool {
    let mut found = false;
    let mut start = 0;
    while let Some(secret) = find(text, b"_", start) {
        start = secret;
        let tail = text.get(secret..).unwrap_or_default();
        let length = tail
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        if length == API_KEY_LENGTH {
            if let Some(secret) = text.get_mut(secret..secret + length) {
                secret.fill(MASK);
            }
            found = true;
        }
    }
    found
}

/// The place where the digits of a member begin, whose name ends at `end`, if it has digits.
fn digits_behind(text: &[u8], end: usize) -> Option<usize> {
    let tail = text.get(end..)?;
    // Looks no further than a value can stand: a text of names alone would be read once for each name.
    let gap = tail
        .iter()
        .take(MAX_BETWEEN + 1)
        .position(u8::is_ascii_digit)?;
    let between = tail.get(..gap)?;
    let separators = between
        .iter()
        .filter(|byte| SEPARATORS.contains(byte))
        .count();
    let others = between.iter().filter(|byte| BETWEEN.contains(byte)).count();
    let is_value = separators == 1 && separators + others == gap;
    is_value.then_some(end + gap)
}

/// The next digits from `start` on, with the single separators between them.
fn next_run(text: &[u8], start: usize) -> Option<Range<usize>> {
    let tail = text.get(start..)?;
    let first = start + tail.iter().position(u8::is_ascii_digit)?;
    let mut end = first + 1;
    loop {
        let here = text.get(end);
        let next = text.get(end + 1);
        if here.is_some_and(u8::is_ascii_digit) {
            end += 1;
        } else if here.is_some_and(|byte| b" -".contains(byte))
            && next.is_some_and(u8::is_ascii_digit)
        {
            end += 2;
        } else {
            return Some(first..end);
        }
    }
}

/// Where the first `name` from `start` on ends.
fn find(text: &[u8], name: &[u8], start: usize) -> Option<usize> {
    let tail = text.get(start..)?;
    let place = tail.windows(name.len()).position(|window| window == name)?;
    Some(start + place + name.len())
}

fn mask(run: &mut [u8]) {
    for byte in run.iter_mut().filter(|byte| byte.is_ascii_digit()) {
        *byte = MASK;
    }
}

fn digits(run: &[u8]) -> impl DoubleEndedIterator<Item = u8> {
    run.iter().copied().filter(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests;
