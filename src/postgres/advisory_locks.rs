//! Advisory locks of the session. They survive the rollback of the code that took them, and nothing keeps the code of a
//! table's owner from taking some.

use core::ffi::c_int;

use pgrx::pg_sys;

/// When dropped, releases the locks that the session has taken since this value was made.
pub struct Leftovers {
    before: Vec<Held>,
}

/// An advisory lock, and a mode in which this session holds it.
type Held = (pg_sys::LOCKTAG, c_int);

/// How often a lock is released that was taken several times.
const TIMES: usize = 10_000;

impl Leftovers {
    /// Remembers what the session holds now.
    pub fn watch() -> Self {
        Self { before: held() }
    }

    fn was_held(&self, (tag, mode): &Held) -> bool {
        self.before.iter().any(|(held, held_mode)| {
            held_mode == mode
                && held.locktag_field1 == tag.locktag_field1
                && held.locktag_field2 == tag.locktag_field2
                && held.locktag_field3 == tag.locktag_field3
                && held.locktag_field4 == tag.locktag_field4
        })
    }
}

impl Drop for Leftovers {
    fn drop(&mut self) {
        for lock in held() {
            if !self.was_held(&lock) {
                release(&lock);
            }
        }
    }
}

fn release((tag, mode): &Held) {
    for _ in 0..TIMES {
        // SAFETY: the tag is one of the lock table's. A lock of the transaction, which ends with it, is none of the
        // session's: PostgreSQL warns of it and says no.
        if !unsafe { pg_sys::LockRelease(tag, *mode, true) } {
            break;
        }
    }
}

fn held() -> Vec<Held> {
    let mut held = Vec::new();
    // SAFETY: a copy of the lock table in the current memory context, with as many entries as it says.
    unsafe {
        let data = pg_sys::GetLockStatusData();
        let number = usize::try_from((*data).nelements).unwrap_or_default();
        let locks = std::slice::from_raw_parts((*data).locks, number);
        let own = locks.iter().filter(|lock| {
            lock.pid == pg_sys::MyProcPid
                && u32::from(lock.locktag.locktag_type) == pg_sys::LockTagType::LOCKTAG_ADVISORY
        });
        for lock in own {
            let modes =
                (1..=pg_sys::MaxLockMode as c_int).filter(|mode| lock.holdMask & (1 << mode) != 0);
            held.extend(modes.map(|mode| (lock.locktag, mode)));
        }
    }
    held
}
