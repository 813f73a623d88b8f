//! Storing the payment methods that a query of the caller's gives.

use pgrx::{FromDatum, IntoDatum};
use vault_core::contract::payment_method::PaymentMethodCreate;
use vault_core::contract::refusal::Refusal;
use vault_core::ids::ProfileId;

use super::create_many::{Outcome, TOGETHER, create_many, one_for_all};
use crate::error::{Failure, wrong_state};
use crate::store;
use crate::store::callers_query::CallersQuery;
use crate::tenancy::Caller;

/// An import that is under way.
pub struct Import {
    profile_id: ProfileId,
    query: CallersQuery,
    all_or_nothing: bool,
    /// How many rows were stored or refused.
    done: usize,
}

impl Import {
    /// Begins an import of what the query gives, for the profile that the session acts for by now. The query runs with the rights of
    /// the function that calls this, and [`Import::read`].
    ///
    /// # Errors
    /// Refuses a session that acts for no profile. PostgreSQL raises an error when the query cannot be run.
    pub fn begin(query: &str, all_or_nothing: bool) -> Result<Self, Failure> {
        Ok(Self {
            profile_id: Caller::of_session()?.profile_id,
            query: CallersQuery::begin(query)?,
            all_or_nothing,
            done: 0,
        })
    }

    /// The next rows, as many as one statement inserts. Without any, the query has ended, and cannot be read again.
    ///
    /// # Errors
    /// When the query has other columns.
    pub fn read<T: FromDatum + IntoDatum>(&self) -> Result<Vec<Option<T>>, Failure> {
        self.query.next(TOGETHER)
    }

    /// Stores what was read.
    ///
    /// # Errors
    /// When the session acts for another profile by now; [`Failure::ItemRefused`] when all rows are to be stored and one is refused.
    pub fn store(
        &mut self,
        requests: impl IntoIterator<Item = Result<PaymentMethodCreate, Refusal>>,
    ) -> Result<Vec<Outcome>, Failure> {
        let caller = Caller::of_session()?;
        if caller.profile_id != self.profile_id {
            return Err(wrong_state(
                "the transaction acts for another profile since the query ran",
                "Call vault.authenticate before the query, and not in it.",
            ));
        }
        let outcomes = store::as_operator(|| create_many(&caller, requests))?;
        if self.all_or_nothing {
            one_for_all(self.done, &outcomes)?;
        }
        self.done += outcomes.len();
        Ok(outcomes)
    }
}
