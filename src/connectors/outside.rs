//! The thread that makes the calls, and the queues to it and from it.

use std::cell::RefCell;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, RawFd};
use std::os::unix::net::UnixStream;
use std::rc::Rc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};

use nix::sys::signal::{SigSet, SigmaskHow};
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, LocalSet, spawn_local};
use tokio::time::timeout;
use vault_core::ids::CustomerId;
use zeroize::Zeroizing;

use super::account::Account;
use super::call_rules::CallRules;
use super::connection::Clients;
use super::fault::{Fault, FaultKind};
use super::http::Http;
use super::network_token::{
    FetchedNetworkToken, NetworkToken, NetworkTokenCheck, NetworkTokenOrder, NetworkTokenProvider,
};
use super::provider::{MadeToken, PaymentProvider, TokenOrder};

/// What is asked of an account. The first two are for payment service providers, the others for token services.
pub enum Call {
    /// A token of a card.
    MakeToken(TokenOrder),
    /// That a token is deleted. `reference` is the idempotency key.
    DeleteToken {
        token: Zeroizing<String>,
        reference: String,
    },
    /// A network token for a card.
    MakeNetworkToken(NetworkTokenOrder),
    /// A network token in full, with a cryptogram for one payment.
    FetchNetworkToken {
        customer_id: CustomerId,
        requestor_reference: String,
    },
    /// Whether a network token can be used, and until when.
    CheckNetworkToken {
        customer_id: CustomerId,
        requestor_reference: String,
    },
    /// That a network token is deleted.
    DeleteNetworkToken {
        customer_id: CustomerId,
        requestor_reference: String,
    },
    /// Whether cards with these first digits can have network tokens.
    CheckEligibility { card_bin: String },
}

/// The answer to a [`Call`] that went well, in the order of the calls.
pub enum Answer {
    TokenMade(MadeToken),
    TokenDeleted,
    NetworkTokenMade(NetworkToken),
    NetworkTokenFetched(FetchedNetworkToken),
    NetworkTokenChecked(NetworkTokenCheck),
    NetworkTokenDeleted,
    Eligibility(bool),
}

/// One call to be made.
pub struct Work {
    /// Comes back with the answer.
    pub id: u64,
    /// Who is called.
    pub account: Arc<Account>,
    /// What is asked.
    pub call: Call,
    /// Which hosts may be called, and for how long.
    pub rules: Arc<CallRules>,
}

/// The task that makes one call.
type CallTask = tokio::task::JoinHandle<Result<Answer, Fault>>;

/// A message to the thread.
enum Task {
    Make(Work),
    Cancel(u64),
}

/// A thread that makes calls, many at a time. It ends when this value is dropped or told to stop, and abandons the calls that are
/// under way.
///
/// Each process starts its own, because a fork does not have the threads of its parent.
pub struct Outside {
    /// None once it has stopped.
    works: RefCell<Option<UnboundedSender<Task>>>,
    results: Arc<Results>,
    thread: RefCell<Option<JoinHandle<()>>>,
}

impl Outside {
    /// Starts the thread, in which all signals are masked: they are for PostgreSQL's own thread.
    ///
    /// # Errors
    /// When the operating system gives no thread or no descriptor.
    pub fn start() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            // The runtime looks at sockets and timers after each step, so that one busy connection delays no time-out of another.
            .event_interval(1)
            .thread_name("vault lookup")
            .build()?;
        let (works, received) = unbounded_channel();
        let results = Arc::new(Results::new()?);
        let for_thread = Arc::clone(&results);
        let thread = with_signals_masked(|| {
            thread::Builder::new()
                .name("vault outside".to_owned())
                .spawn(move || run(runtime, received, &for_thread))
        })?;
        Ok(Self {
            works: RefCell::new(Some(works)),
            results,
            thread: RefCell::new(Some(thread)),
        })
    }

    /// Hands a call to the thread. Each call brings one answer or fault, in no certain order.
    pub fn submit(&self, work: Work) {
        let id = work.id;
        let works = self.works.borrow();
        let task = Task::Make(work);
        let is_sent = works.as_ref().is_some_and(|works| works.send(task).is_ok());
        // The thread is gone and will make no call, so this fault stands for its answer.
        if !is_sent {
            self.results
                .push(id, Err(Fault::new(FaultKind::Unreachable)));
        }
    }

    /// Ends a call whose answer nobody awaits any more. The call brings no answer then.
    pub fn cancel(&self, id: u64) {
        if let Some(works) = &*self.works.borrow() {
            // A thread that is gone makes no call anyway.
            let _ = works.send(Task::Cancel(id));
        }
    }

    /// The id and the outcome of a call that has ended, each call once. None when there is no further one yet.
    pub fn finished(&self) -> Option<(u64, Result<Answer, Fault>)> {
        self.results.pop()
    }

    /// A descriptor that is readable while [`Self::finished`] has something to give.
    pub fn readiness(&self) -> RawFd {
        self.results.readable.as_raw_fd()
    }

    /// Ends the thread, and waits until it has ended. The process must not end earlier: at its end, libraries free what the thread
    /// still uses.
    pub fn stop(&self) {
        self.works.replace(None);
        if let Some(thread) = self.thread.replace(None) {
            // A thread that panicked has ended as well.
            let _ = thread.join();
        }
    }
}

impl Drop for Outside {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The outcomes of calls that nobody has taken yet. While there are any, one byte can be read.
struct Results {
    waiting: Mutex<VecDeque<(u64, Result<Answer, Fault>)>>,
    readable: UnixStream,
    writable: UnixStream,
}

impl Results {
    fn new() -> io::Result<Self> {
        let (readable, writable) = UnixStream::pair()?;
        readable.set_nonblocking(true)?;
        writable.set_nonblocking(true)?;
        Ok(Self {
            waiting: Mutex::default(),
            readable,
            writable,
        })
    }

    fn push(&self, id: u64, result: Result<Answer, Fault>) {
        let mut waiting = self.lock();
        if waiting.is_empty() {
            // There is always room for the one byte.
            let _ = (&self.writable).write(&[0]);
        }
        waiting.push_back((id, result));
    }

    fn pop(&self) -> Option<(u64, Result<Answer, Fault>)> {
        let mut waiting = self.lock();
        let first = waiting.pop_front()?;
        if waiting.is_empty() {
            let _ = (&self.readable).read(&mut [0]);
        }
        Some(first)
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(u64, Result<Answer, Fault>)>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Runs `start` with all signals masked. A thread that it starts inherits the mask, from its first instruction on.
fn with_signals_masked<T>(start: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let before = SigSet::all().thread_swap_mask(SigmaskHow::SIG_SETMASK)?;
    let started = start();
    before.thread_set_mask()?;
    started
}

/// The body of the thread. It takes work until [`Outside`] stops, and then abandons the calls that are under way.
fn run(runtime: Runtime, works: UnboundedReceiver<Task>, results: &Arc<Results>) {
    let tasks = LocalSet::new();
    tasks.block_on(&runtime, take_works(works, results));
    drop(tasks);
    // Does not wait for names that are being looked up: the operating system's call cannot be interrupted.
    runtime.shutdown_background();
}

/// The calls that are under way.
type Calls = Rc<RefCell<HashMap<u64, AbortHandle>>>;

async fn take_works(mut works: UnboundedReceiver<Task>, results: &Arc<Results>) {
    let clients = Rc::default();
    let calls = Calls::default();
    while let Some(task) = works.recv().await {
        match task {
            Task::Make(work) => begin(work, &clients, &calls, results),
            Task::Cancel(id) => {
                if let Some(call) = calls.borrow_mut().remove(&id) {
                    call.abort();
                }
            }
        }
    }
}

/// Starts a call. Each call is a task of its own, so that a panic ends only this one.
fn begin(work: Work, clients: &Rc<RefCell<Clients>>, calls: &Calls, results: &Arc<Results>) {
    let id = work.id;
    let clients = Rc::clone(clients);
    let call = spawn_local(async move {
        let client = clients.borrow_mut().get(&work.rules)?;
        let http = Http::new(client, Arc::clone(&work.rules));
        // Some calls are several requests.
        timeout(work.rules.whole_timeout(), make(&http, &work))
            .await
            .unwrap_or(Err(Fault::new(FaultKind::TimedOut)))
    });
    calls.borrow_mut().insert(id, call.abort_handle());
    spawn_local(finish(id, call, Rc::clone(calls), Arc::clone(results)));
}

/// Passes the outcome of a call on. A panic is taken for an unexpected answer.
async fn finish(id: u64, call: CallTask, calls: Calls, results: Arc<Results>) {
    let result = match call.await {
        Ok(result) => result,
        Err(ended) if ended.is_cancelled() => return,
        Err(_) => Err(Fault::new(FaultKind::UnexpectedAnswer)),
    };
    calls.borrow_mut().remove(&id);
    results.push(id, result);
}

async fn make(http: &Http, work: &Work) -> Result<Answer, Fault> {
    match &*work.account {
        Account::Stripe(stripe) => ask_provider(stripe, http, &work.call).await,
        Account::HttpTemplate(template) => ask_provider(&**template, http, &work.call).await,
        Account::TokenService(service) => ask_token_service(service, http, &work.call).await,
    }
}

async fn ask_provider(
    provider: &impl PaymentProvider,
    http: &Http,
    call: &Call,
) -> Result<Answer, Fault> {
    match call {
        Call::MakeToken(order) => {
            let made = provider.make_token(http, order).await?;
            Ok(Answer::TokenMade(made))
        }
        Call::DeleteToken { token, reference } => {
            provider.delete_token(http, token, reference).await?;
            Ok(Answer::TokenDeleted)
        }
        _ => Err(Fault::new(FaultKind::Misconfigured)),
    }
}

async fn ask_token_service(
    service: &impl NetworkTokenProvider,
    http: &Http,
    call: &Call,
) -> Result<Answer, Fault> {
    Ok(match call {
        Call::MakeNetworkToken(order) => Answer::NetworkTokenMade(service.make(http, order).await?),
        Call::FetchNetworkToken {
            customer_id,
            requestor_reference,
        } => {
            let fetched = service.fetch(http, customer_id, requestor_reference);
            Answer::NetworkTokenFetched(fetched.await?)
        }
        Call::CheckNetworkToken {
            customer_id,
            requestor_reference,
        } => {
            let checked = service.check(http, customer_id, requestor_reference);
            Answer::NetworkTokenChecked(checked.await?)
        }
        Call::DeleteNetworkToken {
            customer_id,
            requestor_reference,
        } => {
            let deleted = service.delete(http, customer_id, requestor_reference);
            deleted.await.map(|()| Answer::NetworkTokenDeleted)?
        }
        Call::CheckEligibility { card_bin } => {
            Answer::Eligibility(service.is_eligible(http, card_bin).await?)
        }
        Call::MakeToken(_) | Call::DeleteToken { .. } => {
            return Err(Fault::new(FaultKind::Misconfigured));
        }
    })
}
