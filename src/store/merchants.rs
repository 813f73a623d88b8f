//! Table `vault.merchants`.

use pgrx::datum::TimestampWithTimeZone;
use vault_core::crypto::Column;
use vault_core::ids::MerchantId;

use super::statement::{Row, id, statements};
use super::vouched::{Vouched, VouchedStatements};
use crate::error::Failure;

statements! {
    WriteEverywhere INSERT(TEXTOID, TEXTOID, TIMESTAMPTZOID, BYTEAOID) =
        "INSERT INTO vault.merchants (merchant_id, name, created_at, mac) VALUES ($1, $2, $3, $4)";
    Read FIND(TEXTOID) =
        "SELECT * FROM vault.merchants WHERE merchant_id = $1";
    Read ALL() = "SELECT * FROM vault.merchants ORDER BY merchant_id";
    Write LOCK(TEXTOID) =
        "SELECT * FROM vault.merchants WHERE merchant_id = $1 FOR NO KEY UPDATE";
    WriteEverywhere WRITE_MAC(TEXTOID, BYTEAOID) = "UPDATE vault.merchants SET mac = $2 WHERE merchant_id = $1";
}

/// A row.
pub struct Merchant {
    pub merchant_id: MerchantId,
    pub name: String,
    pub created_at: TimestampWithTimeZone,
    pub mac: Vec<u8>,
}

pub fn insert(merchant: &Merchant) -> Result<(), Failure> {
    INSERT.with(|statement| {
        statement.execute(&[
            id(&merchant.merchant_id),
            merchant.name.as_str().into(),
            merchant.created_at.into(),
            merchant.mac.as_slice().into(),
        ])
    })?;
    Ok(())
}

pub fn find(merchant_id: &MerchantId) -> Result<Option<Merchant>, Failure> {
    FIND.with(|statement| statement.row(&[id(merchant_id)], Merchant::read))
}

impl Vouched for Merchant {
    const TABLE: &'static str = "merchants";

    const STATEMENTS: VouchedStatements = VouchedStatements {
        all: &ALL,
        lock: &LOCK,
        write_mac: &WRITE_MAC,
    };

    fn read(row: &Row<'_>) -> Result<Self, Failure> {
        Ok(Self {
            merchant_id: row.id("merchant_id")?,
            name: row.required("name")?,
            created_at: row.required("created_at")?,
            mac: row.optional("mac")?.unwrap_or_default(),
        })
    }

    fn id(&self) -> &str {
        self.merchant_id.as_str()
    }

    fn columns(&self) -> Vec<Column<'_>> {
        vec![
            Column::Text(self.merchant_id.as_str()),
            Column::Text(&self.name),
            Column::Number(self.created_at.into_inner()),
        ]
    }

    fn mac(&self) -> &[u8] {
        &self.mac
    }

    fn set_mac(&mut self, mac: Vec<u8>) {
        self.mac = mac;
    }
}
