//! Which group of shards has a profile, and which node has the group. A backend remembers both until Citus changes them.

use std::cell::Cell;

use pgrx::pg_sys;
use vault_core::ids::ProfileId;

use crate::error::{Failure, Node};
use crate::postgres::catalog;
use crate::postgres::citus::MoveLock;
use crate::postgres::invalidation::changes;
use crate::postgres::object_locks::{Mode, lock_table};
use crate::postgres::remembered::{Remembered, before_reading};
use crate::store::operator::relation;
use crate::store::prepared::lookups;
use crate::store::row::id;

lookups! {
    MOVE_LOCK(OIDOID) =
        "SELECT 'pg_catalog.lock_shard_metadata(integer, bigint[])'::regprocedure::oid AS function, c.relowner AS owner \
         FROM pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid WHERE p.logicalrelid = $1";
    /// The shards of `vault.data_keys` stand for their groups.
    PLACE(OIDOID, TEXTOID) =
        "SELECT s.shardid AS shard_group, p.groupid = here.groupid AS is_here, n.nodename AS host, n.nodeport AS port \
         FROM pg_catalog.pg_dist_shard s \
         JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid \
         JOIN pg_catalog.pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary' \
         CROSS JOIN pg_catalog.pg_dist_local_group here \
         WHERE s.logicalrelid = $1 \
           AND pg_catalog.worker_hash($2) BETWEEN s.shardminvalue::integer AND s.shardmaxvalue::integer";
    GROUPS_HERE(OIDOID) =
        "SELECT s.shardid AS shard_group \
         FROM pg_catalog.pg_dist_shard s \
         JOIN pg_catalog.pg_dist_placement p ON p.shardid = s.shardid \
         JOIN pg_catalog.pg_dist_local_group here ON here.groupid = p.groupid \
         WHERE s.logicalrelid = $1 ORDER BY s.shardid";
}

thread_local! {
    static STANDING: Cell<Option<(u64, Standing)>> = const { Cell::new(None) };
    static PLACES: Remembered<ProfileId, Place> = Remembered::default();
    static HERE: Remembered<(), Vec<ShardGroup>> = Remembered::default();
}

/// A group of shards, by the number of the one with the data keys.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardGroup(pub(super) i64);

impl ShardGroup {
    /// Stands for the tables that every node has whole.
    pub const NONE: Self = Self(0);
}

/// Where a profile is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Place {
    Here(ShardGroup),
    Elsewhere(Node),
}

/// What has become of the vault's tables.
#[derive(Clone, Copy)]
pub(super) enum Standing {
    /// The database has no Citus.
    WithoutCitus,
    /// It has, and may spread the tables at any moment.
    Whole,
    /// The tables are spread. This is the lock for moves.
    Spread(MoveLock),
}

/// Asked before every statement, so the answer for a database without Citus must cost next to nothing.
pub(super) fn standing() -> Result<Standing, Failure> {
    if let Some((then, standing)) = STANDING.get()
        && then == changes()
    {
        return Ok(standing);
    }
    let then = changes();
    let standing = find_standing()?;
    STANDING.set(Some((then, standing)));
    Ok(standing)
}

fn find_standing() -> Result<Standing, Failure> {
    if catalog::table(c"pg_catalog", c"pg_dist_partition").is_none() {
        return Ok(Standing::WithoutCitus);
    }
    let found = MOVE_LOCK.with(|lookup| {
        lookup.rows_of_snapshot(&[data_keys().into()], |row| {
            Ok(MoveLock {
                function: row.required("function")?,
                owner: row.required("owner")?,
            })
        })
    })?;
    let lock = found.into_iter().next();
    Ok(lock.map_or(Standing::Whole, Standing::Spread))
}

/// Keeps `vault.distribute()` from spreading the tables until the transaction ends. It locks this table first.
pub(super) fn keep_whole() {
    lock_table(data_keys(), Mode::AccessShare);
}

/// Keeps every shard group from being divided until the transaction ends. Citus numbers the groups for its lock, and a division
/// changes the numbers of other groups, too.
pub(super) fn keep_undivided() {
    if let Some(shards) = catalog::table(c"pg_catalog", c"pg_dist_shard") {
        lock_table(shards, Mode::Share);
    }
}

/// Where the profile is by now.
///
/// # Errors
/// [`Failure::MovedMeanwhile`] when the transaction's snapshot is older than that.
pub(super) fn place_of(profile_id: &ProfileId) -> Result<Place, Failure> {
    if let Some(place) = PLACES.with(|places| places.get(profile_id)) {
        return Ok(place);
    }
    let before = before_reading();
    let found = PLACE.with(|lookup| {
        lookup.rows_of_snapshot(&[data_keys().into(), id(profile_id)], |row| {
            let is_here: bool = row.required("is_here")?;
            Ok(if is_here {
                Place::Here(ShardGroup(row.required("shard_group")?))
            } else {
                let port: i32 = row.required("port")?;
                Place::Elsewhere(Node {
                    host: row.required("host")?,
                    port,
                })
            })
        })
    })?;
    let place = found.into_iter().next().ok_or(Failure::UnexpectedNull)?;
    PLACES.with(|places| places.keep(before, profile_id.clone(), place.clone()));
    Ok(place)
}

/// The groups of this node by now.
pub(super) fn groups_here() -> Result<Vec<ShardGroup>, Failure> {
    if let Some(groups) = HERE.with(|here| here.get(&())) {
        return Ok(groups);
    }
    let before = before_reading();
    let groups = GROUPS_HERE.with(|lookup| {
        lookup.rows_now(&[data_keys().into()], |row| {
            Ok(ShardGroup(row.required("shard_group")?))
        })
    })?;
    HERE.with(|here| here.keep(before, (), groups.clone()));
    Ok(groups)
}

fn data_keys() -> pg_sys::Oid {
    relation(c"data_keys")
}
