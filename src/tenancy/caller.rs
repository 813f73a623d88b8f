//! The caller of an operation.

use vault_core::contract::refusal::Refusal;
use vault_core::ids::{MerchantId, ProfileId};

use super::session;
use crate::error::Failure;
use crate::postgres::client;
use crate::postgres::roles::{outer_role_has_privileges_of, outer_role_name};
use crate::postgres::run_as::is_restricted;

/// Where a call comes from, for the audit log and the lock-out.
#[derive(Debug, Clone)]
pub enum Origin {
    /// An HTTP request: its refusal is an answer, and the transaction commits.
    Request {
        request_id: String,
        client_address: Option<String>,
    },
    /// A SQL session: its refusal is an error, and the transaction rolls back.
    Session { client_address: Option<String> },
}

/// Somebody who acts for a profile.
#[derive(Debug, Clone)]
pub struct Caller {
    pub profile_id: ProfileId,
    pub merchant_id: MerchantId,
    /// The id of the API key, or the name of the database role.
    pub actor: String,
    /// May see full card and account numbers.
    pub may_reveal: bool,
    pub origin: Origin,
}

impl Origin {
    /// The origin of a SQL call.
    pub fn of_session() -> Self {
        Self::Session {
            client_address: client::address(),
        }
    }

    pub fn request_id(&self) -> Option<&str> {
        match self {
            Self::Request { request_id, .. } => Some(request_id),
            Self::Session { .. } => None,
        }
    }

    pub fn client_address(&self) -> Option<&str> {
        let (Self::Request { client_address, .. } | Self::Session { client_address }) = self;
        client_address.as_deref()
    }
}

impl Caller {
    /// The worker that calls a connector for a profile. The connector is the one that sees the card.
    pub fn of_worker(profile_id: ProfileId, merchant_id: MerchantId, connector_id: &str) -> Self {
        Self {
            profile_id,
            merchant_id,
            actor: connector_id.to_owned(),
            may_reveal: false,
            origin: Origin::Session {
                client_address: None,
            },
        }
    }

    /// The caller of a SQL function: authenticated in this transaction, or a role that is bound to a profile.
    ///
    /// # Errors
    /// Refuses a session that is neither of these.
    pub fn of_session() -> Result<Self, Failure> {
        let tenant = session::current_tenant()?.ok_or(Refusal::Unauthenticated)?;
        Ok(Self {
            profile_id: tenant.profile_id.clone(),
            merchant_id: tenant.merchant_id.clone(),
            actor: tenant.key_id.clone().unwrap_or_else(outer_role_name),
            may_reveal: outer_role_may_reveal(),
            origin: Origin::of_session(),
        })
    }
}

/// Whether the outer role may see full card and account numbers. Code that PostgreSQL runs for somebody else may not.
pub fn outer_role_may_reveal() -> bool {
    !is_restricted() && outer_role_has_privileges_of(c"vault_reveal")
}

/// Whether the outer role may have any number of card numbers indexed: either it is a member of vault_bulk, or it may see
/// full numbers anyway.
pub fn outer_role_may_index_in_bulk() -> bool {
    outer_role_has_privileges_of(c"vault_bulk") || outer_role_may_reveal()
}
