//! Storing many payment methods with few statements.
//!
//! New cards and accounts of existing customers are inserted together. Everything else goes the way of a single create, which stores
//! or refuses it.

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
pub(super) const TOGETHER: usize = 1000;

/// What became of one of the requests.
pub type Outcome = Result<Stored, Refusal>;

/// Stores payment methods. Each is stored or refused by itself, and has its outcome in the order of the requests. What is refused
/// leaves nothing behind. A request that could not be read comes as the refusal that it gets.
pub fn create_many(
    caller: &Caller,
    requests: impl IntoIterator<Item = Result<PaymentMethodCreate, Refusal>>,
) -> Result<Vec<Outcome>, Failure> {
    let now = clock::now()?;
    let mut outcomes = BTreeMap::new();
    let mut queue = Queue::default();
    for (place, request) in requests.into_iter().enumerate() {
        let create = request.map_err(Failure::from);
        let create = create.and_then(|request| Create::checked(caller, request, now));
        match unless_refused(create)? {
            Ok(create) => queue.add(place, create),
            Err(refusal) => drop(outcomes.insert(place, Err(refusal))),
        }
    }
    let mut inserted = queue.insert_together(caller, now)?;
    for (place, create) in queue.in_order() {
        let stored = match inserted.remove(place) {
            Some(method) => create.created(method),
            None => create.alone(),
        };
        outcomes.insert(*place, unless_refused(stored)?);
    }
    Ok(outcomes.into_values().collect())
}

/// Fails when one of the outcomes is a refusal. Before the first of them, there were `before` others.
///
/// # Errors
/// [`Failure::ItemRefused`].
pub fn one_for_all(before: usize, outcomes: &[Outcome]) -> Result<(), Failure> {
    let mut items = (before + 1..).zip(outcomes);
    items.try_for_each(|(item, outcome)| match outcome {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Failure::ItemRefused {
            item,
            refusal: refusal.clone(),
        }),
    })
}

/// The creates by the places of their requests. Those for customers are in the order of the unique index, whatever the order of the
/// requests, so that two calls for the same cards wait for each other and not in a circle.
#[derive(Default)]
struct Queue<'a> {
    persistent: BTreeMap<(CustomerId, IndexPart), Vec<(usize, Create<'a>)>>,
    volatile: Vec<(usize, Create<'a>)>,
    /// The unique index does not find rows that are still under an earlier index key.
    index_key_is_rotated: bool,
}

impl<'a> Queue<'a> {
    fn add(&mut self, place: usize, create: Create<'a>) {
        let Storage::Persistent(customer) = &create.new.storage else {
            return self.volatile.push((place, create));
        };
        let (duplicate_index, earlier) = create.duplicate_indexes();
        self.index_key_is_rotated |= !earlier.is_empty();
        let of_index = self.persistent.entry((customer.clone(), duplicate_index));
        of_index.or_default().push((place, create));
    }

    fn in_order(&self) -> impl Iterator<Item = &(usize, Create<'a>)> {
        self.persistent.values().flatten().chain(&self.volatile)
    }

    /// Inserts what can be inserted together, the first of each card or account of a customer, and gives it by its place. What is
    /// not inserted leaves nothing behind.
    fn insert_together(
        &self,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<HashMap<usize, PaymentMethod>, Failure> {
        let mut inserted = HashMap::new();
        if self.index_key_is_rotated || self.persistent.len() < 2 {
            return Ok(inserted);
        }
        let customers: BTreeSet<_> = self.persistent.keys().map(|(owner, _)| owner).collect();
        let customers: Vec<_> = customers.into_iter().cloned().collect();
        let held = store::customers::hold_all(&caller.profile_id, &customers)?;
        let firsts = self
            .persistent
            .iter()
            .filter_map(|((owner, index), creates)| {
                let (place, create) = creates.first()?;
                held.contains(owner)
                    .then_some((owner, index, *place, create))
            });
        let firsts: Vec<_> = firsts.collect();
        for firsts in firsts.chunks(TOGETHER) {
            let sealed = firsts
                .iter()
                .map(|(owner, _, _, create)| create.sealed(owner));
            let sealed = sealed.collect::<Result<Vec<_>, Failure>>()?;
            let rows = sealed.iter().zip(firsts);
            let rows: Vec<_> = rows
                .map(|(method, (owner, index, ..))| method.row(owner, index))
                .collect();
            let audit = creation(caller)?;
            let ids = store::payment_methods::insert_all(&caller.profile_id, now, &rows, &audit)?;
            let methods = sealed.into_iter().map(|sealed| sealed.method).zip(firsts);
            let new = methods.filter(|(method, _)| ids.contains(&method.id));
            inserted.extend(new.map(|(method, (_, _, place, _))| (*place, method)));
        }
        Ok(inserted)
    }
}

/// Lets a refusal be an outcome, and any other failure end the call.
fn unless_refused<T>(result: Result<T, Failure>) -> Result<Result<T, Refusal>, Failure> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(Failure::Refused(refusal)) => Ok(Err(refusal)),
        Err(failure) => Err(failure),
    }
}
