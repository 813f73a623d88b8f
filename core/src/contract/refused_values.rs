//! The refusals that a client gets for values which [`ids`](crate::ids) and [`card`](crate::card) did not take.

use super::refusal::Refusal;
use crate::ids::InvalidProfileId;

impl From<InvalidProfileId> for Refusal {
    fn from(_: InvalidProfileId) -> Self {
        Self::InvalidProfileHeader
    }
}
