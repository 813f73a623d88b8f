//! Storing many payment methods with few statements.
//!
//! What can be inserted together is: new cards and accounts of customers that there are. Everything else is stored, or refused, one
//! by one, by the way of a single create.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use vault_core::contract::payment_method::{PaymentMethod, PaymentMethodCreate, Storage};
use vault_core::contract::refusal::Refusal;
use vault_core::crypto::searchable::IndexPart;
use vault_core::ids::CustomerId;
use vault_core::time::Timestamp;

use super::create::{Create, Stored};
use crate::audit::creation;
use crate::error::Failure;
use crate::postgres::clock;
use crate::store;
use crate::tenancy::Caller;

/// How many are inserted by one statement.
const TOGETHER: usize = 1000;

/// Stores payment methods. Each is stored or refused by itself, in the order of the requests. What is refused leaves nothing behind.
/// A request that could not be read comes as the refusal that it gets.
pub fn create_many(
    caller: &Caller,
    requests: impl IntoIterator<Item = Result<PaymentMethodCreate, Refusal>>,
) -> Result<Vec<Result<Stored, Refusal>>, Failure> {
    let now = clock::now()?;
    let mut requests = requests.into_iter();
    let mut outcomes = Vec::new();
    loop {
        let checked: Vec<_> = requests
            .by_ref()
            .take(TOGETHER)
            .map(|request| {
                unless_refused(
                    request
                        .map_err(Failure::from)
                        .and_then(|request| Create::checked(caller, request, now)),
                )
            })
            .collect::<Result<_, Failure>>()?;
        if checked.is_empty() {
            return Ok(outcomes);
        }
        let mut inserted = insert_together(caller, &checked, now)?;
        for (place, create) in checked.iter().enumerate() {
            outcomes.push(outcome(create, inserted.remove(&place))?);
        }
    }
}

fn outcome(
    create: &Result<Create<'_>, Refusal>,
    inserted: Option<PaymentMethod>,
) -> Result<Result<Stored, Refusal>, Failure> {
    match (create, inserted) {
        (Err(refusal), _) => Ok(Err(refusal.clone())),
        (Ok(create), Some(method)) => unless_refused(create.created(method)),
        (Ok(create), None) => unless_refused(create.alone()),
    }
}

/// Inserts what can be inserted together, and gives it by its place. What is not inserted leaves nothing behind.
fn insert_together(
    caller: &Caller,
    creates: &[Result<Create<'_>, Refusal>],
    now: Timestamp,
) -> Result<HashMap<usize, PaymentMethod>, Failure> {
    let mut candidates = candidates(creates);
    if candidates.len() < 2 {
        return Ok(HashMap::new());
    }
    let customers: BTreeSet<_> = candidates.keys().map(|(customer, _)| customer).collect();
    let customers: Vec<_> = customers.into_iter().cloned().collect();
    let held = store::customers::hold_all(&caller.profile_id, &customers)?;
    candidates.retain(|(customer, _), _| held.contains(customer));
    let sealed = candidates
        .iter()
        .map(|((customer, _), (_, create))| create.sealed(customer))
        .collect::<Result<Vec<_>, Failure>>()?;
    let rows: Vec<_> = sealed
        .iter()
        .zip(candidates.keys())
        .map(|(method, (customer, duplicate_index))| method.row(customer, duplicate_index))
        .collect();
    let audit = creation(caller)?;
    let inserted = store::payment_methods::insert_all(&caller.profile_id, now, &rows, &audit)?;
    Ok(sealed
        .into_iter()
        .zip(candidates.values())
        .filter(|(sealed, _)| inserted.contains(&sealed.method.id))
        .map(|(sealed, (place, _))| (*place, sealed.method))
        .collect())
}

/// The first of each card or account that a customer is to get, in the order of the unique index, so that two that insert the same
/// cards do not wait for each other.
type Candidates<'a> = BTreeMap<(CustomerId, IndexPart), (usize, &'a Create<'a>)>;

fn candidates<'a>(creates: &'a [Result<Create<'a>, Refusal>]) -> Candidates<'a> {
    let mut candidates = Candidates::new();
    for (place, create) in creates.iter().enumerate() {
        let Ok(create) = create else { continue };
        let Storage::Persistent(customer) = &create.new.storage else {
            continue;
        };
        // The unique index does not find rows that are still under an earlier index key.
        let (duplicate_index, earlier) = create.duplicate_indexes();
        if earlier.is_empty() {
            candidates
                .entry((customer.clone(), duplicate_index))
                .or_insert((place, create));
        }
    }
    candidates
}

/// Lets a refusal be an outcome, and any other failure end the call.
fn unless_refused<T>(result: Result<T, Failure>) -> Result<Result<T, Refusal>, Failure> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(failure) => Err(failure),
    }
}
