//! Calls of operations: how many, how they ended, and how long they took.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use vault_core::contract::refusal::{CODES, Refusal};

use crate::error::Failure;
use crate::postgres::preload::is_preloaded;
use crate::postgres::shared_memory::{SharedNumbers, plain, reserve};

/// The upper bounds of the buckets, in microseconds. The last bucket has none.
pub const BOUNDS: [u64; 12] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 1_000_000, 10_000_000,
];
const BUCKETS: usize = BOUNDS.len() + 1;

/// How calls end: they succeed, are refused with one of the codes, or fail.
const OUTCOMES: usize = CODES.len() + 2;
const SUCCEEDED: usize = CODES.len();
const FAILED: usize = CODES.len() + 1;

macro_rules! operations {
    ($($operation:ident $name:literal,)+) => {
        /// What callers call.
        #[derive(Clone, Copy)]
        pub enum Operation {
            $(#[doc = $name] $operation,)+
        }

        /// The names of the operations, which are those of the functions, in the order of [`Operation`].
        const NAMES: &[&str] = &[$($name,)+];
    };
}

operations! {
    CreateCustomer "create_customer",
    RetrieveCustomer "retrieve_customer",
    RetrieveCustomerByReference "retrieve_customer_by_reference",
    UpdateCustomer "update_customer",
    DeleteCustomer "delete_customer",
    ListCustomers "list_customers",
    ListCustomersWithCount "list_customers_with_count",
    CountPaymentMethods "count_payment_methods",
    ListPaymentMethods "list_payment_methods",
    SetDefaultPaymentMethod "set_default_payment_method",
    CreatePaymentMethod "create_payment_method",
    CreatePaymentMethods "create_payment_methods",
    RetrievePaymentMethod "retrieve_payment_method",
    RetrievePaymentMethods "retrieve_payment_methods",
    RetrievePaymentMethodDetails "retrieve_payment_method_details",
    UpdatePaymentMethod "update_payment_method",
    DeletePaymentMethod "delete_payment_method",
    UseCvc "use_cvc",
    UseConnectorToken "use_connector_token",
    CheckNetworkTokenStatus "check_network_token_status",
    GetNetworkToken "get_network_token",
    GetNetworkTokenEligibility "get_network_token_eligibility",
    Authenticate "authenticate",
}

/// The way by which a call has come.
#[derive(Clone, Copy)]
pub enum Way {
    Http,
    Sql,
}

const WAYS: [&str; 2] = ["http", "sql"];

/// What is counted of one operation by one way.
struct Counts {
    outcomes: [AtomicU64; OUTCOMES],
    buckets: [AtomicU64; BUCKETS],
    micros: AtomicU64,
}

struct Calls([[Counts; NAMES.len()]; WAYS.len()]);

plain! {
    wrapper Calls;
    record Counts { outcomes, buckets, micros };
}

static CALLS: SharedNumbers<Calls> = SharedNumbers::named(c"vault_calls");

/// Must run while the postmaster loads its libraries.
pub fn reserve_shared_memory() {
    reserve!(CALLS = Calls([const { [const { Counts::none() }; NAMES.len()] }; WAYS.len()]));
}

/// Runs a call, and counts it by its outcome. An error of PostgreSQL leaves as a panic, and counts as a failure.
///
/// # Errors
/// Those of `call`.
pub fn counted<T>(
    way: Way,
    operation: Operation,
    call: impl FnOnce() -> Result<T, Failure>,
) -> Result<T, Failure> {
    let mut under_way = UnderWay {
        way,
        operation,
        began: Instant::now(),
        outcome: FAILED,
    };
    let result = call();
    under_way.outcome = match &result {
        Ok(_) => SUCCEEDED,
        Err(Failure::Refused(refusal) | Failure::ItemRefused { refusal, .. }) => {
            of_refusal(refusal)
        }
        Err(_) => FAILED,
    };
    result
}

/// A call that is counted when this is dropped.
struct UnderWay {
    way: Way,
    operation: Operation,
    began: Instant,
    outcome: usize,
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Some(counts) = counts(self.way as usize, self.operation as usize) else {
            return;
        };
        let micros = u64::try_from(self.began.elapsed().as_micros()).unwrap_or(u64::MAX);
        let bucket = BOUNDS.iter().position(|bound| micros <= *bound);
        add(counts.outcomes.get(self.outcome), 1);
        add(counts.buckets.get(bucket.unwrap_or(BOUNDS.len())), 1);
        add(Some(&counts.micros), micros);
    }
}

fn counts(way: usize, operation: usize) -> Option<&'static Counts> {
    if !is_preloaded() {
        return None;
    }
    CALLS.get().0.get(way)?.get(operation)
}

fn add(number: Option<&AtomicU64>, more: u64) {
    if let Some(number) = number {
        number.fetch_add(more, Relaxed);
    }
}

fn of_refusal(refusal: &Refusal) -> usize {
    let code = refusal.code();
    CODES
        .iter()
        .position(|known| *known == code)
        .unwrap_or(FAILED)
}

/// The calls of one operation by one way.
pub struct Figures {
    pub operation: &'static str,
    pub way: &'static str,
    /// Outcome (`ok`, `refused`, `failed`), code of the refusal or the empty text, and number of calls.
    pub outcomes: Vec<(&'static str, &'static str, u64)>,
    /// For each of [`BOUNDS`], how many calls took as long or less.
    pub within: Vec<u64>,
    /// All calls.
    pub count: u64,
    /// How long they took together.
    pub time: Duration,
}

/// The calls of every operation that was called at all.
pub fn figures() -> Vec<Figures> {
    let ways = WAYS.iter().enumerate();
    let figures = ways.flat_map(|(way, way_name)| {
        let operations = NAMES.iter().enumerate();
        operations.filter_map(move |(operation, name)| {
            Some(counts(way, operation)?.figures(name, way_name))
        })
    });
    figures.filter(|figures| figures.count > 0).collect()
}

impl Counts {
    const fn none() -> Self {
        Self {
            outcomes: [const { AtomicU64::new(0) }; OUTCOMES],
            buckets: [const { AtomicU64::new(0) }; BUCKETS],
            micros: AtomicU64::new(0),
        }
    }

    fn figures(&self, operation: &'static str, way: &'static str) -> Figures {
        let mut count = 0;
        let mut within: Vec<u64> = Vec::with_capacity(BUCKETS);
        for bucket in &self.buckets {
            count += bucket.load(Relaxed);
            within.push(count);
        }
        within.truncate(BOUNDS.len());
        let outcomes = self.outcomes.iter().enumerate();
        Figures {
            operation,
            way,
            outcomes: outcomes
                .map(|(index, calls)| (index, calls.load(Relaxed)))
                .map(|(index, calls)| {
                    let (outcome, code) = outcome(index);
                    (outcome, code, calls)
                })
                // A first failure is only seen as one if there was a zero before it.
                .filter(|(_, code, calls)| *calls > 0 || code.is_empty())
                .collect(),
            within,
            count,
            time: Duration::from_micros(self.micros.load(Relaxed)),
        }
    }
}

fn outcome(index: usize) -> (&'static str, &'static str) {
    match (CODES.get(index), index) {
        (Some(code), _) => ("refused", code),
        (None, SUCCEEDED) => ("ok", ""),
        (None, _) => ("failed", ""),
    }
}
