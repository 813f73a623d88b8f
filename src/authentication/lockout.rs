//! The lock-out: failed authentications, counted in shared memory, where a rollback does not reach them and every backend
//! finds them. They are forgotten when the server restarts. [`vault_core::limits::failures`] has the rules, and what a flood
//! can do.
//!
//! SQL and HTTP have separate tables, so that failures by one way neither lock nor fill the other. A session without an address
//! counts under the role that it has logged in with, so it can lock nobody but itself.

use vault_core::limits::failures::{Counted, Prefix, Rule};
use vault_core::limits::{Failures, Source, Subject};

use crate::audit::{self, Event};
use crate::metrics::events::{Watched, count};
use crate::postgres::clock;
use crate::postgres::hash_seed::seed;
use crate::postgres::roles::{outer_role_name, session_role_name};
use crate::postgres::shared_memory::{SharedTable, plain, reserve};
use crate::settings;
use crate::tenancy::Origin;

static OF_HTTP: SharedTable<Lockouts> = SharedTable::named(c"vault_lockouts_http");
static OF_SQL: SharedTable<Lockouts> = SharedTable::named(c"vault_lockouts_sql");

#[derive(Clone, Copy)]
pub struct Lockouts(Failures);

plain! {
    wrapper Lockouts;
}

/// The way by which a client has come.
#[derive(Clone, Copy)]
pub enum Way {
    Sql,
    Http,
}

/// An attempt to authenticate, as failures are counted for it.
pub struct Attempt<'a> {
    way: Way,
    pair: Subject,
    /// The subjects of the attempt. A key without a prefix leaves out the subjects that need one.
    subjects: Vec<Subject>,
    origin: &'a Origin,
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(OF_HTTP = Lockouts(Failures::NONE));
    reserve!(OF_SQL = Lockouts(Failures::NONE));
}

/// What is counted at the moment.
pub fn counted(way: Way) -> Vec<Counted> {
    way.table().share().0.counted(&rule())
}

/// Forgets everything.
pub fn clear() {
    for way in [Way::Sql, Way::Http] {
        way.table().exclusive().0.clear();
    }
}

impl<'a> Attempt<'a> {
    /// An attempt with a key of this prefix. The prefix is empty if the text does not have the form of a key.
    pub fn new(prefix: &str, origin: &'a Origin) -> Self {
        let prefix = Prefix::from(prefix);
        let (way, source) = match (origin, origin.client_address()) {
            (Origin::Request { .. }, address) => {
                (Way::Http, Source::of_address(address.unwrap_or_default()))
            }
            (Origin::Session { .. }, Some(address)) => (Way::Sql, Source::of_address(address)),
            (Origin::Session { .. }, None) => (Way::Sql, Source::of_role(&session_role_name())),
        };
        let pair = Subject::Pair(prefix, source);
        let of_prefix = (prefix != Prefix::EMPTY).then_some(Subject::Prefix(prefix));
        let subjects = [Some(pair), of_prefix, Some(Subject::Source(source))];
        Self {
            way,
            pair,
            subjects: subjects.into_iter().flatten().collect(),
            origin,
        }
    }

    /// Whether one of its subjects is locked now.
    pub fn is_locked(&self) -> bool {
        let (seed, rule) = (seed(), rule());
        let table = self.way.table().share();
        let mut subjects = self.subjects.iter();
        subjects.any(|subject| table.0.is_locked(seed, &rule, subject))
    }

    /// Counts a failure for each of its subjects, and puts every lock that begins on record.
    pub fn failed(&self) {
        for subject in self.count_failure() {
            self.note_lock(&subject);
        }
    }

    /// Forgets the failures in a row of this key from this source. The failures of the source with other keys stay, so that
    /// somebody who has one key cannot try others without end. The lock for writing is taken only if there are failures.
    pub fn succeeded(&self) {
        let seed = seed();
        if self.way.table().share().0.knows(seed, &self.pair) {
            self.way.table().exclusive().0.forget(seed, &self.pair);
        }
    }

    fn count_failure(&self) -> Vec<Subject> {
        let (seed, rule) = (seed(), rule());
        let mut table = self.way.table().exclusive();
        let begun = self.subjects.iter();
        begun
            .filter(|subject| table.0.fail(seed, &rule, subject))
            .copied()
            .collect()
    }

    /// The object of the audit row says what is locked: a prefix for this address or role, a prefix for everybody, or all keys
    /// for this address or role.
    fn note_lock(&self, subject: &Subject) {
        count(Watched::LockBegun);
        let object = match subject {
            Subject::Pair(prefix, _) => prefix.as_str().to_owned(),
            Subject::Prefix(prefix) => format!("{} from anywhere", prefix.as_str()),
            Subject::Source(_) => "any key".to_owned(),
        };
        let actor = match self.way {
            Way::Sql => outer_role_name(),
            Way::Http => String::new(),
        };
        let address = self.origin.client_address();
        audit::note(Event::AuthenticationLocked, None, &actor, address, &object);
    }
}

impl Way {
    fn table(self) -> &'static SharedTable<Lockouts> {
        match self {
            Self::Sql => &OF_SQL,
            Self::Http => &OF_HTTP,
        }
    }
}

fn rule() -> Rule {
    Rule {
        now: clock::now_micros(),
        duration: i64::try_from(settings::lockout_duration().as_micros()).unwrap_or(i64::MAX),
        failures: settings::lockout_failures(),
        total: settings::lockout_failures_total(),
    }
}
