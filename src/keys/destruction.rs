//! Tells the root key's source whose keys are destroyed: the wrapped keys are in earlier dumps, too, and what prints the
//! root key is what every database restored from one has to ask.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::RootKeyLine;

use super::destroyed;
use super::root_key::root_keys;
use crate::error::{Failure, Sealed};
use crate::postgres::child_process;
use crate::settings;

thread_local! {
    /// Profiles whose keys this transaction has destroyed.
    static DESTROYED: RefCell<Vec<Profile>> = const { RefCell::new(Vec::new()) };
}

struct Profile {
    id: String,
    /// Whose rollback gives the keys back.
    subtransaction: pg_sys::SubTransactionId,
    /// Where the root key comes from, too.
    source_knows: bool,
}

/// Must run while the postmaster loads its libraries, after the epoch's: what is registered later is called earlier, and
/// whoever follows the epoch must find the profiles already.
pub fn reserve_shared_memory() {
    destroyed::reserve_shared_memory();
    // SAFETY: both callbacks are guarded and live as long as the library.
    unsafe {
        pg_sys::RegisterXactCallback(Some(at_end_of_transaction), std::ptr::null_mut());
        pg_sys::RegisterSubXactCallback(Some(at_end_of_subtransaction), std::ptr::null_mut());
    }
}

/// Has the source learn that the profile's keys are destroyed when the transaction commits, and neither before, for what is
/// outside of the database cannot be rolled back, nor after, when it could not be refused any more.
///
/// # Errors
/// When the library was not loaded at the server's start, or the profile's id does not have the form of one.
pub fn tell_source_at_commit(profile_id: &str) -> Result<(), Failure> {
    match root_keys() {
        Ok(keys) if keys.know_as_destroyed(profile_id) => return Ok(()),
        Err(reason @ Sealed::NotPreloaded) => return Err(reason.into()),
        _ => {}
    }
    RootKeyLine::destroyed(profile_id).map_err(|_| Failure::Malformed)?;
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    DESTROYED.with_borrow_mut(|profiles| {
        profiles.push(Profile {
            id: profile_id.to_owned(),
            subtransaction,
            source_knows: false,
        });
    });
    Ok(())
}

/// Without the command the source does not hear of it.
fn tell_source(profiles: &mut [Profile]) -> Result<(), Failure> {
    let mut lines = String::new();
    for profile in &*profiles {
        lines += &RootKeyLine::destroyed(&profile.id).map_err(|_| Failure::Malformed)?;
    }
    let Some(command) = settings::key_destruction_command() else {
        warn_of_earlier_dumps(&lines);
        return Ok(());
    };
    child_process::run(&command, &lines, settings::root_key_timeout())
        .map_err(Failure::NotDestroyed)?;
    for profile in profiles {
        profile.source_knows = true;
    }
    Ok(())
}

fn warn_of_earlier_dumps(lines: &str) {
    ErrorReport::new(
        PgSqlErrorCode::ERRCODE_WARNING,
        "in earlier dumps and backups the destroyed keys still open under this root key",
        "vault",
    )
    .set_hint(format!(
        "Have vault.root_key_command print, after the keys, what vault.key_destruction_command would have been given:\n{}",
        lines.trim_end()
    ))
    .report(PgLogLevel::WARNING);
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_transaction(
    event: pg_sys::XactEvent::Type,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::XactEvent::*;
    match event {
        XACT_EVENT_PRE_COMMIT => {
            let mut profiles = DESTROYED.take();
            if !profiles.is_empty()
                && let Err(failure) = tell_source(&mut profiles)
            {
                ErrorReport::from(failure).report(PgLogLevel::ERROR);
            }
            DESTROYED.set(profiles);
        }
        XACT_EVENT_COMMIT => {
            for profile in DESTROYED.take() {
                if profile.source_knows {
                    destroyed::insert(&profile.id);
                }
            }
        }
        XACT_EVENT_ABORT => DESTROYED.with_borrow_mut(Vec::clear),
        _ => {}
    }
}

#[pg_guard]
unsafe extern "C-unwind" fn at_end_of_subtransaction(
    event: pg_sys::SubXactEvent::Type,
    subtransaction: pg_sys::SubTransactionId,
    parent: pg_sys::SubTransactionId,
    _argument: *mut core::ffi::c_void,
) {
    use pg_sys::SubXactEvent::*;
    DESTROYED.with_borrow_mut(|profiles| match event {
        SUBXACT_EVENT_ABORT_SUB => {
            profiles.retain(|profile| profile.subtransaction != subtransaction);
        }
        SUBXACT_EVENT_COMMIT_SUB => {
            for profile in profiles
                .iter_mut()
                .filter(|profile| profile.subtransaction == subtransaction)
            {
                profile.subtransaction = parent;
            }
        }
        _ => {}
    });
}
