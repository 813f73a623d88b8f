//! Keeps keys out of core dumps.

use std::ops::Range;

use rustix::mm::{Advice, madvise};

/// Excludes the pages that a key lies on from core dumps. Other data on the same pages are excluded as well, which does no
/// harm.
pub fn exclude_from_core_dumps(key: Range<*const u8>) {
    let page = rustix::param::page_size();
    let start = key.start.addr() & !(page - 1);
    let length = key.end.addr() - start;
    // SAFETY: the range lies within mapped memory, as the key does, and the advice changes nothing for the program
    // itself. Where the kernel does not know it, nothing is lost but the precaution.
    let _ = unsafe {
        madvise(
            key.start.with_addr(start).cast_mut().cast(),
            length,
            Advice::LinuxDontDump,
        )
    };
}
