//! Tells the root key's source whose keys are destroyed: the wrapped keys are in earlier dumps, too, and what prints the
//! root key is what every database restored from one has to ask.

use std::cell::RefCell;

use pgrx::pg_sys::panic::ErrorReport;
use pgrx::prelude::*;
use vault_core::crypto::RootKeyLine;
use vault_core::ids::ProfileId;

use super::destroyed;
use super::root_key::root_keys;
use crate::error::{Failure, Sealed};
use crate::postgres::child_process;
use crate::postgres::per_subtransaction::PerSubtransaction;
use crate::postgres::transaction::{End, Listener, SubtransactionEnd};
use crate::settings;

thread_local! {
    /// Profiles whose keys this transaction has destroyed. A rollback gives the keys back.
    static DESTROYED: RefCell<PerSubtransaction<Profile>> =
        const { RefCell::new(PerSubtransaction::new()) };
}

struct Profile {
    id: ProfileId,
    /// Where the root key comes from, too.
    source_knows: bool,
}

/// Has the source learn that the profile's keys are destroyed when the transaction commits, and neither before, for what is
/// outside of the database cannot be rolled back, nor after, when it could not be refused any more.
///
/// # Errors
/// When the library was not loaded at the server's start, or the profile's id does not have the form of one.
pub fn tell_source_at_commit(profile_id: &ProfileId) -> Result<(), Failure> {
    match root_keys() {
        Ok(keys) if keys.know_as_destroyed(profile_id) => return Ok(()),
        Err(reason @ Sealed::NotPreloaded) => return Err(reason.into()),
        _ => {}
    }
    RootKeyLine::destroyed(profile_id).map_err(|_| Failure::Malformed)?;
    DESTROYED.with_borrow_mut(|profiles| {
        profiles.push(Profile {
            id: profile_id.clone(),
            source_knows: false,
        });
    });
    Ok(())
}

/// Without the command the source does not hear of it.
fn tell_source(mut profiles: Vec<&mut Profile>) -> Result<(), Failure> {
    if profiles.is_empty() {
        return Ok(());
    }
    let mut lines = String::new();
    for profile in &profiles {
        lines += &RootKeyLine::destroyed(&profile.id).map_err(|_| Failure::Malformed)?;
    }
    let Some(command) = settings::key_destruction_command() else {
        warn_of_earlier_dumps(&lines);
        return Ok(());
    };
    child_process::run(&command, &lines, settings::root_key_timeout())
        .map_err(Failure::NotDestroyed)?;
    for profile in &mut profiles {
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

/// Has the source told before the commit, and the other backends by the commit.
pub struct TellOfDestruction;

impl Listener for TellOfDestruction {
    fn before_commit(&self) -> Result<(), ErrorReport> {
        // Taken out while the command runs: who ends the backend meanwhile has it roll back from within the command, and
        // the rollback must not find them borrowed.
        let mut profiles = DESTROYED.take();
        let told = tell_source(profiles.iter_mut().collect());
        DESTROYED.set(profiles);
        Ok(told?)
    }

    fn at_end(&self, end: End) {
        let destroyed = DESTROYED.take().into_values();
        if end == End::Committed {
            destroyed
                .filter(|profile| profile.source_knows)
                .for_each(|profile| destroyed::insert(&profile.id));
        }
    }

    fn at_end_of_subtransaction(&self, end: SubtransactionEnd) {
        DESTROYED.with_borrow_mut(|profiles| profiles.end(end));
    }
}
