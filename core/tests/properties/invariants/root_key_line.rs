//! Of the lines that a root key command prints.

use vault_core::crypto::RootKeyLine;

/// A line is a key, names a profile in a form that is read the same again, or is refused without being repeated.
pub fn hold(bytes: &[u8]) {
    let Ok(line) = std::str::from_utf8(bytes) else {
        return;
    };
    match RootKeyLine::parse(line) {
        Ok(RootKeyLine::Key(key)) => {
            let spaced = RootKeyLine::parse(&format!(" {line}\r\n"));
            let Ok(RootKeyLine::Key(again)) = spaced else {
                panic!("white space around a key is ignored");
            };
            assert_eq!(key.check_value(), again.check_value());
            assert_eq!(format!("{key:?}"), "RootKey { .. }");
        }
        Ok(RootKeyLine::Destroyed(profile)) => {
            let written = RootKeyLine::destroyed(&profile).expect("a profile's id");
            assert_eq!(written.matches('\n').count(), 1);
            let Ok(RootKeyLine::Destroyed(again)) = RootKeyLine::parse(&written) else {
                panic!("what names a profile is read again");
            };
            assert_eq!(again, profile);
        }
        Err(error) => super::ids::assert_repeats_no_number(&error.to_string()),
    }
}
