//! Tells the root key's source whose keys are destroyed: the wrapped keys are in earlier dumps, too, and what prints the
//! root key is what every database restored from one has to ask.

use std::cell::RefCell;

use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::RootKeyLine;

use super::command;
use super::root_key::root_keys;
use crate::error::Failure;
use crate::settings;

thread_local! {
    /// Lines that the source does not have yet, with the subtransactions that destroyed the keys.
    static LINES: RefCell<Vec<(pg_sys::SubTransactionId, String)>> = const { RefCell::new(Vec::new()) };
}

/// Must run when the library is loaded.
pub fn register_callbacks() {
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
/// When the profile's id does not have the form of one.
pub fn tell_source_at_commit(profile_id: &str) -> Result<(), Failure> {
    if root_keys().is_ok_and(|keys| keys.know_as_destroyed(profile_id)) {
        return Ok(());
    }
    let line = RootKeyLine::destroyed(profile_id).map_err(|_| Failure::Malformed)?;
    // SAFETY: reads the backend's state.
    let subtransaction = unsafe { pg_sys::GetCurrentSubTransactionId() };
    LINES.with_borrow_mut(|lines| lines.push((subtransaction, line)));
    Ok(())
}

fn tell_source(lines: &str) -> Result<(), Failure> {
    let Some(command) = settings::key_destruction_command() else {
        warn_of_earlier_dumps(lines);
        return Ok(());
    };
    command::run(&command, lines, settings::root_key_timeout()).map_err(Failure::NotDestroyed)?;
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
            let lines: String = LINES.take().into_iter().map(|(_, line)| line).collect();
            if !lines.is_empty()
                && let Err(failure) = tell_source(&lines)
            {
                ErrorReport::from(failure).report(PgLogLevel::ERROR);
            }
        }
        XACT_EVENT_ABORT => LINES.with_borrow_mut(Vec::clear),
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
    LINES.with_borrow_mut(|lines| match event {
        SUBXACT_EVENT_ABORT_SUB => lines.retain(|(owner, _)| *owner != subtransaction),
        SUBXACT_EVENT_COMMIT_SUB => {
            for (owner, _) in lines
                .iter_mut()
                .filter(|(owner, _)| *owner == subtransaction)
            {
                *owner = parent;
            }
        }
        _ => {}
    });
}
