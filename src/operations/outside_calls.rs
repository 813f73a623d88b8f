//! Calls to a token service for which a caller waits. Only few callers in the whole server may wait at a time, so that a service
//! that hangs takes up few of the server's connections.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use vault_core::contract::refusal::Refusal;
use vault_core::limits::ShortText;

use super::connector_accounts;
use super::tokens::call_rules;
use crate::connectors::{Answer, Call, Fault, FaultKind, Outside, Work};
use crate::error::Failure;
use crate::postgres::latch::wait_readable;
use crate::postgres::process;
use crate::postgres::shared_memory::{SharedTable, plain, reserve};
use crate::store::connector_accounts::ConnectorAccount;

/// How many callers may wait at a time, and how many of them for one account.
const PLACES: usize = 24;
const PLACES_OF_ACCOUNT: usize = 8;

/// How long a caller waits: less than `statement_timeout` of `vault_authenticator`.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a caller that waits looks whether it was cancelled.
const GLANCE: Duration = Duration::from_millis(500);

static CALLERS: SharedTable<Callers> = SharedTable::named(c"vault_outside_calls");

#[derive(Clone, Copy, Default)]
struct Callers([CallUnderWay; PLACES]);

#[derive(Clone, Copy)]
struct CallUnderWay {
    /// The process that waits for it; 0 is none.
    caller: i32,
    account: AccountName,
}

impl Default for CallUnderWay {
    fn default() -> Self {
        Self {
            caller: 0,
            account: AccountName::EMPTY,
        }
    }
}

/// The id of an account is shorter.
type AccountName = ShortText<32>;

plain! {
    wrapper Callers;
    record CallUnderWay { caller, account };
}

thread_local! {
    static OUTSIDE: OnceCell<&'static Outside> = const { OnceCell::new() };
}

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(CALLERS = Callers::default());
}

/// Makes a call and waits for what comes of it.
///
/// # Errors
/// A [`Failure`] when the account cannot be opened or no thread can be started. The inner result is a [`Fault`] when the call
/// fails, takes too long, or too many callers wait already.
pub fn call(account: &ConnectorAccount, call: Call) -> Result<Result<Answer, Fault>, Failure> {
    let _place = Place::take(&account.connector_id).ok_or(Refusal::TokenServiceBusy)?;
    let account = Arc::new(connector_accounts::open(account)?);
    let rules = Arc::new(call_rules());
    let end = Instant::now() + PATIENCE;
    let outside = outside()?;
    let id = next_id();
    let _waiting = Waiting { outside, id };
    outside.submit(Work {
        id,
        account,
        call,
        rules,
    });
    while Instant::now() < end {
        // Nobody waits any more for the answer to an earlier call that was cancelled.
        while let Some((answered, outcome)) = outside.finished() {
            if answered == id {
                return Ok(outcome);
            }
        }
        wait_readable(outside.readiness(), GLANCE);
        pgrx::check_for_interrupts!();
    }
    Ok(Err(Fault::new(FaultKind::TimedOut)))
}

/// Cancels the call when its caller stops waiting.
struct Waiting {
    outside: &'static Outside,
    id: u64,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        self.outside.cancel(self.id);
    }
}

/// The thread that makes this process's calls. The first use starts it, and it ends before the process does.
pub fn outside() -> Result<&'static Outside, Failure> {
    OUTSIDE.with(|outside| {
        if let Some(outside) = outside.get() {
            return Ok(*outside);
        }
        let started = Outside::start().map_err(|_| Failure::NoThread)?;
        process::at_exit(stop);
        Ok(*outside.get_or_init(|| Box::leak(Box::new(started))))
    })
}

fn stop() {
    if let Some(outside) = OUTSIDE.with(|outside| outside.get().copied()) {
        outside.stop();
    }
}

fn next_id() -> u64 {
    thread_local! {
        static LAST: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
    }
    LAST.set(LAST.get() + 1);
    LAST.get()
}

/// A place among the callers that may wait. The place of a process that has ended without giving it back is free.
struct Place(usize);

impl Place {
    /// None when the account, or all together, have as many calls under way as they may.
    fn take(connector_id: &str) -> Option<Self> {
        let account = AccountName::from(connector_id);
        let mut callers = CALLERS.exclusive();
        let is_taken = |call: &CallUnderWay| call.caller != 0 && process::is_alive(call.caller);
        let of_account = callers.0.iter().filter(|call| call.account == account);
        if of_account.filter(|call| is_taken(call)).count() >= PLACES_OF_ACCOUNT {
            return None;
        }
        let mut places = callers.0.iter_mut().enumerate();
        let (index, place) = places.find(|(_, call)| !is_taken(call))?;
        *place = CallUnderWay {
            caller: process::own_id(),
            account,
        };
        Some(Self(index))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some(place) = CALLERS.exclusive().0.get_mut(self.0) {
            *place = CallUnderWay::default();
        }
    }
}
