//! Small events of which there may be millions in a statement. A backend counts them by itself, and adds them to the numbers of
//! the server when its transaction ends.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::postgres::shared_memory::{SharedNumbers, plain, reserve};
use crate::postgres::transaction::{End, Listener};

/// What happens.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    ValueSealed,
    ValueOpened,
    KeysCached,
    KeysLoaded,
    AuthenticationFailed,
    AuthenticationLocked,
    LockBegun,
    CardNumberLimitHit,
    AuditPlaceRefused,
    AuditRowsLost,
}

const KINDS: usize = Watched::AuditRowsLost as usize + 1;

struct Events([AtomicU64; KINDS]);

plain! {
    wrapper Events;
}

static EVENTS: SharedNumbers<Events> = SharedNumbers::named(c"vault_events");

thread_local! {
    static OWN: [Cell<u64>; KINDS] = const { [const { Cell::new(0) }; KINDS] };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(EVENTS = Events([const { AtomicU64::new(0) }; KINDS]));
}

/// Counts an event.
pub fn count(event: Watched) {
    count_several(event, 1);
}

/// Counts so many events.
pub fn count_several(event: Watched, events: u64) {
    OWN.with(|own| {
        if let Some(own) = own.get(event as usize) {
            own.set(own.get().saturating_add(events));
        }
    });
}

/// How many there were since the server started. The caller has checked that the library was loaded then.
pub fn total(event: Watched) -> u64 {
    let number = EVENTS.get().0.get(event as usize);
    number.map_or(0, |number| number.load(Relaxed))
}

/// Adds what this backend has counted to the numbers of the server, however the transaction ends.
pub struct CountEvents;

impl Listener for CountEvents {
    fn at_end(&self, _end: End) {
        OWN.with(|own| {
            for (own, shared) in own.iter().zip(&EVENTS.get().0) {
                let events = own.take();
                if events > 0 {
                    shared.fetch_add(events, Relaxed);
                }
            }
        });
    }
}
