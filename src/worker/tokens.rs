//! Carries out the jobs at connectors, in a process of its own: sessions wait for the worker, which therefore must not wait for
//! connectors.
//!
//! The thread of [`Outside`] makes the calls. This process takes the jobs, and writes their outcomes. It sends a job only once the
//! row says that it is sent, and that is committed.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgrx::bgworkers::{BackgroundWorker, BackgroundWorkerBuilder, SignalWakeFlags};
use pgrx::pg_sys;
use pgrx::prelude::*;

use super::{RESTART, START, in_transaction, is_to_stop, run};
use crate::connectors::{Answer, CallRules, Fault, Outside, Work};
use crate::operations::outside_calls;
use crate::operations::tokens::{self, Accounts, Sending};
use crate::postgres::latch::wait_readable;
use crate::postgres::subtransaction::attempt;
use crate::settings;
use crate::store::jobs::DueJob;

/// How often it looks for jobs while it has nothing else to do.
const PERIOD: Duration = Duration::from_millis(250);

/// How often it orders checks of network tokens and deletes old jobs.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// Calls of one connector at a time, and of all together: a provider that hangs leaves room for others.
const AT_ONCE_PER_CONNECTOR: usize = 16;
const AT_ONCE: usize = 256;

/// How many jobs are taken in one transaction.
const BATCH: usize = 32;

/// Must run while the postmaster loads its libraries.
pub fn register(database: &str, index: usize) {
    BackgroundWorkerBuilder::new(&format!("vault tokens for {database}"))
        .set_type("vault tokens")
        .set_library("vault")
        .set_function("vault_tokens_main")
        .set_argument(i32::try_from(index).ok().and_then(IntoDatum::into_datum))
        .set_start_time(START)
        .set_restart_time(Some(RESTART))
        .enable_spi_access()
        .load();
}

/// Runs until the server stops.
#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn vault_tokens_main(index: pg_sys::Datum) {
    BackgroundWorker::attach_signal_handlers(SignalWakeFlags::SIGHUP | SignalWakeFlags::SIGTERM);
    let databases = settings::databases();
    let Some(database) = databases.get(index.value()) else {
        return;
    };
    BackgroundWorker::connect_worker_to_spi(Some(database), None);
    match outside_calls::outside() {
        Ok(outside) => Desk::new(outside).work(),
        Err(failure) => pgrx::warning!("vault tokens: {failure}"),
    }
    // Who ends in good order is not started again, and somebody may have ended this process alone.
    // SAFETY: the last act, outside of any transaction.
    unsafe { pg_sys::proc_exit(1) }
}

/// The state of the process: what it has sent, and what it still has to write.
struct Desk {
    outside: &'static Outside,
    accounts: Accounts,
    under_way: HashMap<u64, UnderWay>,
    /// Outcomes that could not be written yet, because somebody else holds the payment method.
    held_up: VecDeque<(UnderWay, Result<Answer, Fault>)>,
    /// How many calls a connector may have at a time, where that is fewer than usual.
    shares: HashMap<String, usize>,
    last_id: u64,
    housekeeping: Option<Instant>,
}

/// A job that was handed to the thread.
struct UnderWay {
    job: DueJob,
    payment_method_id: String,
}

impl Desk {
    fn new(outside: &'static Outside) -> Self {
        Self {
            outside,
            accounts: Accounts::default(),
            under_way: HashMap::new(),
            held_up: VecDeque::new(),
            shares: HashMap::new(),
            last_id: 0,
            housekeeping: None,
        }
    }

    fn work(mut self) {
        run(|| {
            in_transaction(c"vault: taking up jobs", tokens::make_sent_due)?;
            Ok(false)
        });
        let mut pause = Duration::ZERO;
        while !is_to_stop() {
            wait_readable(self.outside.readiness(), pause);
            if BackgroundWorker::sighup_received() {
                // SAFETY: a background worker rereads the settings between two transactions, as a backend does.
                unsafe { pg_sys::ProcessConfigFile(pg_sys::GucContext::PGC_SIGHUP) };
            }
            self.receive();
            let sent = self.send();
            self.look_after();
            pause = if sent { Duration::ZERO } else { PERIOD };
        }
    }

    /// Writes what has come of calls.
    fn receive(&mut self) {
        for _ in 0..self.held_up.len() {
            if let Some((under_way, outcome)) = self.held_up.pop_front() {
                self.write(under_way, outcome);
            }
        }
        while let Some((id, outcome)) = self.outside.finished() {
            if let Some(under_way) = self.under_way.remove(&id) {
                self.adapt_share(&under_way.job.connector_id, &outcome);
                self.write(under_way, outcome);
            }
        }
    }

    /// Each outcome has a transaction of its own, so that it holds one payment method alone. A job whose outcome cannot be written
    /// is sent again later, with the same key, and the connector gives the same answer.
    fn write(&mut self, under_way: UnderWay, outcome: Result<Answer, Fault>) {
        let what = c"vault: writing what came of a job";
        let written = in_transaction(what, || {
            attempt(|| tokens::receive(&under_way.job, &under_way.payment_method_id, &outcome))
        });
        match written {
            Ok(Some(false)) => self.held_up.push_back((under_way, outcome)),
            Ok(_) => {}
            Err(failure) => pgrx::warning!("vault tokens: {failure}"),
        }
    }

    /// Takes due jobs for which there is room, and has their calls made. Tells whether there may be more.
    fn send(&mut self) -> bool {
        let room = AT_ONCE.saturating_sub(self.under_way.len() + self.held_up.len());
        if room == 0 {
            return false;
        }
        let busy = self.busy();
        let limit = room.min(BATCH);
        let due = in_transaction(c"vault: looking for jobs", || {
            tokens::due(busy, i64::try_from(limit).unwrap_or(1))
        });
        let due = match due {
            Ok(due) => due.unwrap_or_default(),
            Err(failure) => {
                pgrx::warning!("vault tokens: {failure}");
                return false;
            }
        };
        let is_full = due.len() == limit;
        let fitting = self.fitting(due);
        let took_any = !fitting.is_empty();
        self.take(fitting);
        is_full && took_any
    }

    /// The connectors that have as many calls as they may have at a time.
    fn busy(&self) -> Vec<String> {
        let counts = self.counts();
        let counts = counts.into_iter();
        counts
            .filter(|(connector_id, calls)| *calls >= self.share(connector_id))
            .map(|(connector_id, _)| connector_id.to_owned())
            .collect()
    }

    /// Leaves out jobs that exceed what their connectors may have at a time.
    fn fitting(&self, due: Vec<DueJob>) -> Vec<DueJob> {
        let mut counts: HashMap<String, usize> = self
            .counts()
            .into_iter()
            .map(|(connector_id, calls)| (connector_id.to_owned(), calls))
            .collect();
        due.into_iter()
            .filter(|job| {
                let calls = counts.entry(job.connector_id.clone()).or_default();
                *calls += 1;
                *calls <= self.share(&job.connector_id)
            })
            .collect()
    }

    /// How many calls each connector has. Outcomes that are held up count, too: whoever holds very many payment methods takes up
    /// the room of their connectors alone.
    fn counts(&self) -> HashMap<&str, usize> {
        let mut counts = HashMap::new();
        let held_up = self.held_up.iter().map(|(under_way, _)| under_way);
        for under_way in self.under_way.values().chain(held_up) {
            *counts
                .entry(under_way.job.connector_id.as_str())
                .or_default() += 1;
        }
        counts
    }

    fn share(&self, connector_id: &str) -> usize {
        let share = self.shares.get(connector_id).copied();
        share.unwrap_or(AT_ONCE_PER_CONNECTOR)
    }

    /// A connector that lets a call time out gets one call at a time, and one more with each call that goes well.
    fn adapt_share(&mut self, connector_id: &str, outcome: &Result<Answer, Fault>) {
        let share = match outcome {
            Err(fault) if fault.is_slow() => 1,
            Ok(_) => (self.share(connector_id) + 1).min(AT_ONCE_PER_CONNECTOR),
            Err(_) => return,
        };
        if share == AT_ONCE_PER_CONNECTOR {
            self.shares.remove(connector_id);
        } else {
            self.shares.insert(connector_id.to_owned(), share);
        }
    }

    fn take(&mut self, due: Vec<DueJob>) {
        if due.is_empty() {
            return;
        }
        let accounts = &mut self.accounts;
        let taken = in_transaction(c"vault: taking jobs", || {
            Ok(due
                .iter()
                .filter_map(|job| take_one(job, accounts))
                .collect::<Vec<_>>())
        });
        let rules = Arc::new(tokens::call_rules());
        match taken {
            Ok(taken) => {
                for sending in taken.unwrap_or_default() {
                    self.submit(sending, &rules);
                }
            }
            Err(failure) => pgrx::warning!("vault tokens: {failure}"),
        }
    }

    fn submit(&mut self, sending: Sending, rules: &Arc<CallRules>) {
        self.last_id += 1;
        let id = self.last_id;
        let under_way = UnderWay {
            job: sending.job,
            payment_method_id: sending.payment_method_id,
        };
        self.under_way.insert(id, under_way);
        self.outside.submit(Work {
            id,
            account: sending.account,
            call: sending.call,
            rules: Arc::clone(rules),
        });
    }

    fn look_after(&mut self) {
        let is_due = self
            .housekeeping
            .is_none_or(|last| last.elapsed() >= HOUSEKEEPING);
        if !is_due {
            return;
        }
        self.housekeeping = Some(Instant::now());
        run(|| {
            in_transaction(
                c"vault: ordering checks of network tokens",
                tokens::order_checks,
            )?;
            in_transaction(c"vault: forgetting old jobs", tokens::delete_finished)?;
            Ok(false)
        });
    }
}

/// Takes one job in a subtransaction, so that its failure does not keep the others from being taken. A job that fails waits: the
/// cause may be gone by then.
fn take_one(job: &DueJob, accounts: &mut Accounts) -> Option<Sending> {
    let taken = attempt(|| tokens::send(job, accounts));
    taken.unwrap_or_else(|failure| {
        pgrx::warning!("vault tokens: {failure}");
        if let Err(failure) = attempt(|| tokens::put_off(job)) {
            pgrx::warning!("vault tokens: {failure}");
        }
        None
    })
}
