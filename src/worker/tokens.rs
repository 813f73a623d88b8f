//! Carries out the jobs at connectors, in a process of its own. Sessions wait for the worker, so the worker must not wait for
//! connectors.
//!
//! The thread of [`Outside`] makes the calls. This process takes the jobs, and writes their outcomes. It sends a job only once the
//! row says that it is sent, and that is committed.

use std::collections::{HashMap, HashSet};
use std::ffi::CStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vault_core::ids::PaymentMethodId;

use super::transaction::in_transaction;
use crate::connectors::{Answer, CallRules, Fault, Outside, Work};
use crate::error::Failure;
use crate::metrics::processes::{self, Kind};
use crate::operations::outside_calls;
use crate::operations::tokens::{self, Accounts, Sending};
use crate::postgres::background_worker::{
    self, connect, end_to_start_again, is_to_stop, reload_settings, worker_function,
};
use crate::postgres::guc::set_for_process;
use crate::postgres::latch::wait_readable;
use crate::postgres::subtransaction::attempt;
use crate::settings;
use crate::store::jobs::DueJob;

/// How often it looks for jobs while it has nothing else to do.
const PERIOD: Duration = Duration::from_millis(250);

/// How often it orders checks of network tokens and deletes old jobs.
const HOUSEKEEPING: Duration = Duration::from_secs(10);

/// Calls of one connector at a time, and of all together. A provider that hangs leaves room for others.
const AT_ONCE_PER_CONNECTOR: usize = 16;
const AT_ONCE: usize = 256;

/// How many jobs are taken in one transaction, and how many answers written.
const BATCH: usize = 32;

/// Must run while the postmaster loads its libraries.
pub fn register(database: &str, index: usize) {
    background_worker::register("vault tokens", "vault_tokens_main", database, index);
}

worker_function! {
    /// Runs until the server stops.
    vault_tokens_main runs main
}

fn main(index: usize) {
    let databases = settings::databases();
    let Some(database) = databases.get(index) else {
        return;
    };
    connect(database);
    processes::started(Kind::Tokens, index);
    match outside_calls::outside() {
        Ok(outside) => Desk::new(outside).work(index),
        Err(failure) => pgrx::warning!("vault tokens: {failure}"),
    }
    end_to_start_again()
}

/// The state of the process: what it has sent, and what it still has to write.
struct Desk {
    outside: &'static Outside,
    accounts: Accounts,
    under_way: HashMap<u64, UnderWay>,
    /// Outcomes that could not be written yet, because somebody else holds the payment method.
    held_up: Vec<Received>,
    /// When the worker last tried to write them.
    retried: Instant,
    /// How many calls a connector may have at a time, where that is fewer than usual.
    shares: HashMap<String, usize>,
    last_id: u64,
    housekeeping: Option<Instant>,
}

/// A job that was handed to the thread.
struct UnderWay {
    job: DueJob,
    payment_method_id: PaymentMethodId,
    sent: Instant,
}

/// A job with what came of its call.
struct Received {
    under_way: UnderWay,
    outcome: Result<Answer, Fault>,
}

impl Desk {
    fn new(outside: &'static Outside) -> Self {
        Self {
            outside,
            accounts: Accounts::default(),
            under_way: HashMap::new(),
            held_up: Vec::new(),
            retried: Instant::now(),
            shares: HashMap::new(),
            last_id: 0,
            housekeeping: None,
        }
    }

    fn work(mut self, index: usize) {
        prepare_session();
        attempt_in_transaction(c"vault: taking up jobs", tokens::make_sent_due);
        let mut pause = Duration::ZERO;
        while !is_to_stop() {
            wait_readable(self.outside.readiness(), pause);
            reload_settings();
            self.receive();
            let sent = self.send();
            self.look_after();
            processes::ran(Kind::Tokens, index);
            pause = if sent { Duration::ZERO } else { PERIOD };
        }
    }

    /// Writes what has come of calls, and what could not be written before.
    fn receive(&mut self) {
        let mut received = Vec::new();
        if self.retried.elapsed() >= PERIOD {
            self.retried = Instant::now();
            received.extend(std::mem::take(&mut self.held_up));
        }
        while received.len() < BATCH
            && let Some((id, outcome)) = self.outside.finished()
        {
            if let Some(under_way) = self.under_way.remove(&id) {
                self.adapt_share(&under_way, &outcome);
                received.push(Received { under_way, outcome });
            }
        }
        if !received.is_empty() {
            self.write(received);
        }
    }

    /// One commit writes all outcomes, because each commit waits for the disk. No outcome waits for a lock, so none of them keeps the
    /// payment method of another locked for long. A job whose outcome cannot be written in time is sent again, with the same key, and
    /// the connector gives the same answer.
    fn write(&mut self, received: Vec<Received>) {
        let what = c"vault: writing the outcomes of jobs";
        let written = in_transaction(what, || {
            Ok(received.iter().map(write_one).collect::<Vec<_>>())
        });
        let written = written.unwrap_or_else(|failure| {
            pgrx::warning!("vault tokens: {failure}");
            None
        });
        // If the extension is gone, nobody waits for the outcomes any more.
        let written = written.unwrap_or_else(|| vec![true; received.len()]);
        for (received, is_written) in received.into_iter().zip(written) {
            if !is_written && received.under_way.sent.elapsed() < tokens::patience() {
                self.held_up.push(received);
            }
        }
    }

    /// Takes due jobs for which there is room, and hands over their calls. Returns whether there may be more.
    fn send(&mut self) -> bool {
        let room = AT_ONCE.saturating_sub(self.under_way.len());
        if room == 0 {
            return false;
        }
        let busy = self.busy();
        let limit = room.min(BATCH);
        let due = attempt_in_transaction(c"vault: looking for jobs", || {
            tokens::due(busy, i64::try_from(limit).unwrap_or(1))
        });
        let due = due.unwrap_or_default();
        let is_full = due.len() == limit;
        let fitting = self.fitting(due);
        let took_any = self.take(fitting);
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

    /// Leaves out jobs that exceed what their connectors may have at a time, and those whose calls are not over yet.
    fn fitting(&self, due: Vec<DueJob>) -> Vec<DueJob> {
        let mut counts: HashMap<String, usize> = self
            .counts()
            .into_iter()
            .map(|(connector_id, calls)| (connector_id.to_owned(), calls))
            .collect();
        let under_way: HashSet<&str> = self.all().map(|job| job.job.job_id.as_str()).collect();
        due.into_iter()
            .filter(|job| !under_way.contains(job.job_id.as_str()))
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
        for job in self.all() {
            *counts.entry(job.job.connector_id.as_str()).or_default() += 1;
        }
        counts
    }

    /// The jobs whose calls are under way, or whose outcomes are held up.
    fn all(&self) -> impl Iterator<Item = &UnderWay> {
        let held_up = self.held_up.iter().map(|held_up| &held_up.under_way);
        self.under_way.values().chain(held_up)
    }

    fn share(&self, connector_id: &str) -> usize {
        let share = self.shares.get(connector_id).copied();
        share.unwrap_or(AT_ONCE_PER_CONNECTOR)
    }

    /// A connector that keeps a call waiting gets one call at a time, and one more with each call that it answers soon.
    fn adapt_share(&mut self, under_way: &UnderWay, outcome: &Result<Answer, Fault>) {
        let connector_id = &under_way.job.connector_id;
        let timed_out = matches!(outcome, Err(fault) if fault.is_slow());
        let share = if timed_out || under_way.sent.elapsed() > settings::connector_timeout() / 2 {
            1
        } else {
            (self.share(connector_id) + 1).min(AT_ONCE_PER_CONNECTOR)
        };
        if share == AT_ONCE_PER_CONNECTOR {
            self.shares.remove(connector_id);
        } else {
            self.shares.insert(connector_id.clone(), share);
        }
    }

    /// Puts on record what is about to be sent, and sends it. Returns whether there was anything to send.
    fn take(&mut self, due: Vec<DueJob>) -> bool {
        if due.is_empty() {
            return false;
        }
        let accounts = &mut self.accounts;
        let taken = in_transaction(c"vault: taking jobs", || {
            Ok(due
                .iter()
                .filter_map(|job| take_one(job, accounts))
                .collect::<Vec<_>>())
        });
        let taken = taken.unwrap_or_else(|failure| {
            pgrx::warning!("vault tokens: {failure}");
            None
        });
        let taken = taken.unwrap_or_default();
        let took_any = !taken.is_empty();
        let rules = Arc::new(tokens::call_rules());
        for sending in taken {
            self.submit(sending, &rules);
        }
        took_any
    }

    fn submit(&mut self, sending: Sending, rules: &Arc<CallRules>) {
        self.last_id += 1;
        let id = self.last_id;
        let under_way = UnderWay {
            job: sending.job,
            payment_method_id: sending.payment_method_id,
            sent: Instant::now(),
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
        let checks = c"vault: ordering checks of network tokens";
        let more_checks = attempt_in_transaction(checks, tokens::order_checks);
        let forgetting = c"vault: forgetting old jobs";
        let more_to_forget = attempt_in_transaction(forgetting, tokens::delete_finished);
        let is_done = more_checks != Some(true) && more_to_forget != Some(true);
        self.housekeeping = is_done.then(Instant::now);
    }
}

/// Makes settings for the whole process. A session that holds a lock for long must not stop everybody's jobs. And the planner
/// must not scan the whole table of jobs because the table was empty when its statistics were made.
fn prepare_session() {
    for (name, value) in [(c"lock_timeout", c"100ms"), (c"enable_seqscan", c"off")] {
        set_for_process(name, value);
    }
}

/// Does the work in a transaction of its own. None when the work failed, which the log says, or the extension is not installed.
fn attempt_in_transaction<T>(
    what: &'static CStr,
    work: impl FnOnce() -> Result<T, Failure>,
) -> Option<T> {
    in_transaction(what, || attempt(work)).unwrap_or_else(|failure| {
        pgrx::warning!("vault tokens: {failure}");
        None
    })
}

/// Writes the outcome of one job in a subtransaction. False when it is to be written later.
fn write_one(received: &Received) -> bool {
    let Received { under_way, outcome } = received;
    let written =
        attempt(|| tokens::receive(&under_way.job, &under_way.payment_method_id, outcome));
    written.unwrap_or_else(|failure| {
        pgrx::warning!("vault tokens: {failure}");
        false
    })
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
