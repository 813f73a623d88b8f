//! A payment method as the tables have it.

use vault_core::contract::payment_method::{PaymentMethodType, StorageType};
use vault_core::ids::{CustomerId, PaymentMethodId};
use vault_core::time::Timestamp;

use crate::error::Failure;
use crate::store::connector_tokens::StoredToken;
use crate::store::network_tokens::StoredNetworkToken;
use crate::store::statement::Row;

/// Where a method stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It can be used.
    Active,
    /// It takes only what makes it active again.
    Inactive,
    /// It was deleted: its envelopes are gone.
    Redacted,
}

/// A row of a profile, with its tokens.
pub struct StoredPaymentMethod {
    pub payment_method_id: PaymentMethodId,
    pub storage_type: StorageType,
    /// Every persistent one has a customer.
    pub customer_id: Option<CustomerId>,
    pub payment_method_type: PaymentMethodType,
    pub payment_method_subtype: Option<String>,
    pub status: Status,
    /// Envelope; none once the method is redacted.
    pub summary: Option<Vec<u8>>,
    pub created_at: Timestamp,
    pub last_used_at: Timestamp,
    pub cvc_expires_at: Option<Timestamp>,
    pub tokens: Vec<StoredToken>,
    pub network_token: Option<StoredNetworkToken>,
}

/// A row with what only a reveal opens.
pub struct WithInstrument {
    pub method: StoredPaymentMethod,
    /// Envelope; none once the method is redacted.
    pub instrument: Option<Vec<u8>>,
}

/// One row of `vault.payment_methods_with_tokens`: a method, and one of its tokens if it has any.
pub(super) type MethodAndToken = (StoredPaymentMethod, Option<StoredToken>);

impl Status {
    /// Its name in the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Redacted => "redacted",
        }
    }

    /// What the number of the profile's active methods grows by when a method with the earlier status gets this one.
    pub(super) fn change_of_count(self, earlier: Self) -> i64 {
        i64::from(self == Self::Active) - i64::from(earlier == Self::Active)
    }

    fn parse(text: &str) -> Result<Self, Failure> {
        match text {
            "active" => Ok(Self::Active),
            "inactive" => Ok(Self::Inactive),
            "redacted" => Ok(Self::Redacted),
            _ => Err(Failure::DamagedRow),
        }
    }
}

/// Reads a row of `vault.payment_methods_with_tokens`, joined with the end of the method's CVC.
pub(super) fn method_and_token(row: &Row<'_>) -> Result<MethodAndToken, Failure> {
    let method = StoredPaymentMethod {
        payment_method_id: row.id("payment_method_id")?,
        storage_type: StorageType::Persistent,
        customer_id: row.optional_id("customer_id")?,
        payment_method_type: payment_method_type(row)?,
        payment_method_subtype: row.optional("payment_method_subtype")?,
        status: Status::parse(&row.required::<String>("status")?)?,
        summary: row.optional("summary")?,
        created_at: row.timestamp("created_at")?,
        last_used_at: row.timestamp("last_used_at")?,
        cvc_expires_at: row.optional_timestamp("cvc_expires_at")?,
        tokens: Vec::new(),
        network_token: match row.optional("network_token_connector_id")? {
            Some(connector_id) => Some(StoredNetworkToken {
                connector_id,
                summary: row.required("network_token_summary")?,
            }),
            None => None,
        },
    };
    let token = match row.optional("token_position")? {
        Some(position) => Some(StoredToken {
            position,
            details: row.required("token_details")?,
        }),
        None => None,
    };
    Ok((method, token))
}

/// The column `payment_method_type`.
pub(in crate::store) fn payment_method_type(row: &Row<'_>) -> Result<PaymentMethodType, Failure> {
    let name: String = row.required("payment_method_type")?;
    PaymentMethodType::from_name(&name).ok_or(Failure::DamagedRow)
}

/// Joins the rows of each method, which follow one another.
pub(super) fn fold(rows: impl IntoIterator<Item = MethodAndToken>) -> Vec<StoredPaymentMethod> {
    let mut methods: Vec<StoredPaymentMethod> = Vec::new();
    for (method, token) in rows {
        let same = methods
            .last()
            .is_some_and(|last| last.payment_method_id == method.payment_method_id);
        if !same {
            methods.push(method);
        }
        if let Some(last) = methods.last_mut() {
            last.tokens.extend(token);
        }
    }
    for method in &mut methods {
        method.tokens.sort_by_key(|token| token.position);
    }
    methods
}
