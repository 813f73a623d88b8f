//! The background processes of each database: whether they run, and when they last looked for work.

use std::sync::atomic::{AtomicI64, AtomicU32, Ordering::Relaxed};

use crate::postgres::shared_memory::{SharedNumbers, plain, reserve};
use crate::postgres::{clock, process};

/// How many databases have processes: as many as can have a worker.
const DATABASES: usize = 64;

/// The processes that each database has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Worker,
    Tokens,
    Vacuum,
}

/// All of them.
pub const KINDS: [Kind; 3] = [Kind::Worker, Kind::Tokens, Kind::Vacuum];

/// 0 is none and never.
struct Process {
    id: AtomicU32,
    ran_at: AtomicI64,
}

struct Processes([[Process; KINDS.len()]; DATABASES]);

plain! {
    wrapper Processes;
    record Process { id, ran_at };
}

static PROCESSES: SharedNumbers<Processes> = SharedNumbers::named(c"vault_processes");

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(
        PROCESSES = Processes([const { [const { Process::none() }; KINDS.len()] }; DATABASES])
    );
}

/// Notes that this process is the one of this kind for a database, by its place in `vault.databases`.
pub fn started(kind: Kind, database: usize) {
    if let Some(process) = find(kind, database) {
        process.id.store(process::own_id().cast_unsigned(), Relaxed);
    }
}

/// Notes that it has looked for work now.
pub fn ran(kind: Kind, database: usize) {
    if let Some(process) = find(kind, database) {
        process.ran_at.store(clock::now_micros(), Relaxed);
    }
}

/// Whether it runs.
pub fn is_running(kind: Kind, database: usize) -> bool {
    find(kind, database).is_some_and(|process| {
        let id = process.id.load(Relaxed).cast_signed();
        id != 0 && process::is_alive(id)
    })
}

/// When it last looked for work, in microseconds since the Unix epoch. None if it never did.
pub fn last_run(kind: Kind, database: usize) -> Option<i64> {
    let ran_at = find(kind, database)?.ran_at.load(Relaxed);
    (ran_at != 0).then_some(ran_at)
}

fn find(kind: Kind, database: usize) -> Option<&'static Process> {
    PROCESSES.get().0.get(database)?.get(kind as usize)
}

impl Kind {
    /// As `pg_stat_activity` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Worker => "vault worker",
            Self::Tokens => "vault tokens",
            Self::Vacuum => "vault vacuum",
        }
    }
}

impl Process {
    const fn none() -> Self {
        Self {
            id: AtomicU32::new(0),
            ran_at: AtomicI64::new(0),
        }
    }
}
