//! Keeps keys out of core dumps.

use std::ops::Range;

/// Excludes the pages that a key lies on from core dumps. Its neighbours on the same pages are excluded with it, which
/// costs nobody anything.
pub fn exclude_from_core_dumps(key: Range<*const u8>) {
    // SAFETY: asks for the page size.
    let page = match usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }) {
        Ok(page) if page.is_power_of_two() => page,
        _ => return,
    };
    let start = key.start.addr() & !(page - 1);
    let length = key.end.addr() - start;
    // SAFETY: the range lies within mapped memory, as the key does, and the advice changes nothing for the program
    // itself. Where the kernel does not know it, nothing is lost but the precaution.
    unsafe {
        libc::madvise(
            key.start.with_addr(start).cast_mut().cast(),
            length,
            libc::MADV_DONTDUMP,
        )
    };
}
