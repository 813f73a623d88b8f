//! Tells the root key's source which profiles' keys are destroyed. Earlier dumps hold the wrapped keys, too, and every
//! database that is restored from one has to ask this source for the root key.

use std::cell::RefCell;

use pgrx::pg_sys::panic::ErrorReport;
use vault_core::crypto::RootKeyLine;

use super::destroyed_profiles;
use super::root_key::root_keys;
use crate::error::{Defect, Failure, Sealed, warn};
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
    id: String,
    /// The root key's source knows of the destruction.
    source_knows: bool,
}

/// Has the source told, when the transaction commits, that the profile's keys are destroyed. Not earlier, because what is
/// outside of the database cannot be rolled back. Not later, because the commit could not be refused any more.
///
/// # Errors
/// When the library was not loaded at the server's start, or the profile's id does not have the form of one.
pub fn tell_source_at_commit(profile_id: &str) -> Result<(), Failure> {
    match root_keys() {
        Ok(keys) if keys.know_as_destroyed(profile_id) => return Ok(()),
        Err(reason @ Sealed::NotPreloaded) => return Err(reason.into()),
        _ => {}
    }
    RootKeyLine::destroyed(profile_id).map_err(|_| Defect::UnwritableProfile)?;
    DESTROYED.with_borrow_mut(|profiles| {
        profiles.push(Profile {
            id: profile_id.to_owned(),
            source_knows: false,
        });
    });
    Ok(())
}

/// If the command is not set, nobody tells the source, and a warning says so.
fn tell_source(mut profiles: Vec<&mut Profile>) -> Result<(), Failure> {
    if profiles.is_empty() {
        return Ok(());
    }
    let mut lines = String::new();
    for profile in &profiles {
        lines += &RootKeyLine::destroyed(&profile.id).map_err(|_| Defect::UnwritableProfile)?;
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
    warn(
        "the destroyed keys can still be opened in earlier dumps and backups under this root key",
        format!(
            "Have vault.root_key_command print these lines after the keys, because vault.key_destruction_command is not set:\n{}",
            lines.trim_end()
        ),
    );
}

/// Tells the source before the commit, and the other backends at the commit.
pub struct TellOfDestruction;

impl Listener for TellOfDestruction {
    fn before_commit(&self) -> Result<(), ErrorReport> {
        // The profiles are taken out while the command runs. If the backend is terminated meanwhile, it rolls back from
        // within this function, and the rollback must not find them borrowed.
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
                .for_each(|profile| destroyed_profiles::insert(&profile.id));
        }
    }

    fn at_end_of_subtransaction(&self, end: SubtransactionEnd) {
        DESTROYED.with_borrow_mut(|profiles| profiles.end(end));
    }
}
