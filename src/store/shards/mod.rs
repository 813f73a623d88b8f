//! The tables of a profile when Citus spreads the vault over several nodes.
//!
//! Citus keeps the rows of a profile in a *shard group*: for each table, one shard, which is an ordinary table of one node. The
//! vault's statements do not go through the planner of Citus. They name the shards of this node, and run as on any table, under
//! the same policies. A statement for a profile of another node is refused. A transaction that writes to a group holds it in its
//! place by the lock that Citus takes for a move. Otherwise, rows that were written during a move would be lost.

mod places;
mod text;

use places::{Place, Standing, groups_here, keep_undivided, keep_whole, place_of, standing};
use vault_core::ids::ProfileId;

use super::prepared::Access;
use crate::error::Failure;
use crate::postgres::invalidation::{changes, listen};
use crate::postgres::standby::is_on_standby;

pub use places::ShardGroup;
pub use text::{Reach, Tables};

/// Whether the tables are spread. Where they are not, statements run on them as they are, and the tables stay so until the
/// transaction ends.
pub fn are_in_use() -> Result<bool, Failure> {
    loop {
        match standing()? {
            Standing::WithoutCitus => return Ok(false),
            Standing::Spread(_) => return Ok(true),
            Standing::Whole => {
                keep_whole();
                if matches!(standing()?, Standing::Whole) {
                    return Ok(false);
                }
            }
        }
    }
}

/// A number that grows whenever profiles may have moved. None if the tables are not spread.
pub fn changes_of_places() -> Result<Option<u64>, Failure> {
    Ok(are_in_use()?.then(changes))
}

/// The group of a profile. It stays on this node until the transaction ends if the statement is to write.
///
/// # Errors
/// [`Failure::ProfileElsewhere`].
pub fn of_profile(profile_id: &ProfileId, access: Access) -> Result<ShardGroup, Failure> {
    if access != Access::Read {
        keep_undivided();
    }
    loop {
        let group = match place_of(profile_id)? {
            Place::Here(group) => group,
            Place::Elsewhere(node) => return Err(Failure::ProfileElsewhere(node)),
        };
        if access == Access::Read {
            return Ok(group);
        }
        hold(group)?;
        if place_of(profile_id)? == Place::Here(group) {
            return Ok(group);
        }
    }
}

/// Keeps the profile on this node until the transaction ends.
///
/// # Errors
/// [`Failure::ProfileElsewhere`].
pub fn hold_profile(profile_id: &ProfileId) -> Result<(), Failure> {
    if !is_on_standby() && are_in_use()? {
        of_profile(profile_id, Access::Write)?;
    }
    Ok(())
}

/// The groups of this node. They stay here until the transaction ends if the statement is to write.
pub fn all_here(access: Access) -> Result<Vec<ShardGroup>, Failure> {
    if access != Access::Read {
        keep_undivided();
    }
    loop {
        let groups = groups_here()?;
        if access == Access::Read {
            return Ok(groups);
        }
        for group in &groups {
            hold(*group)?;
        }
        if groups_here()? == groups {
            return Ok(groups);
        }
    }
}

/// Whether this is the node for a profile with this id.
pub fn is_here(profile_id: &ProfileId) -> Result<bool, Failure> {
    let is_here = || Ok(matches!(place_of(profile_id)?, Place::Here(_)));
    if are_in_use()? { is_here() } else { Ok(true) }
}

/// The statement on the tables of a group.
///
/// # Errors
/// [`Failure::MovedMeanwhile`] when there is no such group any more.
pub fn addressed(sql: &str, group: ShardGroup) -> Result<String, Failure> {
    Tables::of(group)?.in_place_of_names(sql)
}

/// Holds the group where it is, and hears of a move that was waited for.
fn hold(group: ShardGroup) -> Result<(), Failure> {
    if let Standing::Spread(lock) = standing()? {
        lock.share(group.0)?;
    }
    listen();
    Ok(())
}
