//! What the files of a database server hold.

use std::fs;
use std::io;
use std::path::Path;

/// The sizes that PostgreSQL gives to a page of the WAL, to the header of a segment's first page and to those of the others.
const PAGE: usize = 8192;
const FIRST_HEADER: usize = 40;
const HEADER: usize = 24;

/// The bytes of a file, to be searched. Of a segment of the WAL, they are its records: a page's header may stand in the middle of one.
///
/// # Errors
/// When the file cannot be read. The server may remove it at any time.
pub fn read(file: &Path) -> io::Result<Vec<u8>> {
    let bytes = fs::read(file)?;
    let is_wal = file
        .parent()
        .is_some_and(|directory| directory.ends_with("pg_wal"));
    Ok(if is_wal { records(&bytes) } else { bytes })
}

fn records(segment: &[u8]) -> Vec<u8> {
    let pages = segment.chunks(PAGE).enumerate();
    let records =
        pages.map(|(number, page)| page.get(if number == 0 { FIRST_HEADER } else { HEADER }..));
    records.flatten().flatten().copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_goes_on_on_the_next_page_is_found_in_one_piece() {
        let mut segment = vec![0; 3 * PAGE];
        segment[PAGE - 2..PAGE].copy_from_slice(b"ca");
        segment[PAGE + HEADER..PAGE + HEADER + 2].copy_from_slice(b"rd");
        segment[FIRST_HEADER] = b'!';

        let records = records(&segment);

        assert_eq!(records.len(), 3 * PAGE - FIRST_HEADER - 2 * HEADER);
        assert_eq!(records[0], b'!');
        assert!(records.windows(4).any(|bytes| bytes == b"card"));
    }
}
