//! Rows of the release 0.1.0, which had no MACs. Nobody can tell whether the vault wrote such a row. So the administrator looks at
//! them before the upgrade, and passes the digest of what is there. The upgrade makes their MACs if the digest is right.

use crate::audit::{Event, record_administration};
use crate::error::Failure;
use crate::keys::row_macs::{digest, vouched};
use crate::store::api_keys::ApiKeyRow;
use crate::store::merchants::Merchant;
use crate::store::profiles::Profile;
use crate::store::role_bindings::RoleBinding;
use crate::store::{self, Vouched};
use crate::tenancy::session;

/// Makes MACs for the rows that have none, if `expected` is their digest. Otherwise changes nothing, and returns their digest.
///
/// # Errors
/// When the vault is sealed, or the root key is not the one of this database.
pub fn vouch(expected: &str) -> Result<Option<String>, Failure> {
    store::as_operator(|| {
        let mut rows = Rows::default();
        rows.add::<Merchant>()?;
        rows.add::<Profile>()?;
        rows.add::<ApiKeyRow>()?;
        rows.add::<RoleBinding>()?;
        if rows.macs.is_empty() {
            return Ok(None);
        }
        let digest = digest(&rows.macs)?;
        if digest != expected {
            return Ok(Some(digest));
        }
        for write in rows.writes {
            write()?;
        }
        record_administration(None, Event::RowsVouchedFor, Some(&digest))?;
        Ok(None)
    })
}

/// The rows without a MAC.
#[derive(Default)]
struct Rows {
    /// The MACs that they are to have, in the order of the tables and of their keys.
    macs: Vec<Vec<u8>>,
    /// Each writes one of them.
    writes: Vec<Box<dyn FnOnce() -> Result<(), Failure>>>,
}

impl Rows {
    fn add<R: Vouched + 'static>(&mut self) -> Result<(), Failure> {
        for row in R::all()? {
            if !row.mac().is_empty() {
                continue;
            }
            let row = vouched(row)?;
            self.macs.push(row.mac().to_vec());
            self.writes.push(Box::new(move || {
                let _acting = row.profile_id().map(session::act_for);
                row.write_mac()
            }));
        }
        Ok(())
    }
}
