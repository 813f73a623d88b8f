//! All rows with a MAC: lists the forged ones, and makes new MACs under a new root key.

use super::connector_accounts;
use crate::audit::{self, Event};
use crate::error::{self, Failure};
use crate::keys::row_macs::{self, Standing};
use crate::postgres::roles::outer_role_name;
use crate::store::Vouched;
use crate::store::api_keys::ApiKeyRow;
use crate::store::connector_accounts::ConnectorAccount;
use crate::store::merchants::Merchant;
use crate::store::profiles::Profile;
use crate::store::role_bindings::RoleBinding;
use crate::tenancy::session;

/// A row that is not believed.
pub struct ForgedRow {
    pub table: &'static str,
    pub id: String,
    pub reason: &'static str,
}

/// All rows that are not believed.
pub fn forged() -> Result<Vec<ForgedRow>, Failure> {
    let mut rows = Vec::new();
    add_forged::<Merchant>(&mut rows)?;
    add_forged::<Profile>(&mut rows)?;
    add_forged::<ApiKeyRow>(&mut rows)?;
    add_forged::<RoleBinding>(&mut rows)?;
    add_forged::<ConnectorAccount>(&mut rows)?;
    Ok(rows)
}

/// Makes a new MAC under the current root key for every row that an earlier root key vouches for. A forged row stays forged.
pub fn renew() -> Result<(), Failure> {
    renew_table::<Merchant>()?;
    renew_table::<Profile>()?;
    renew_table::<ApiKeyRow>()?;
    renew_table::<RoleBinding>()?;
    connector_accounts::renew_all()?;
    let forged = forged()?.len();
    if forged > 0 {
        warn_of_forged(forged);
    }
    Ok(())
}

/// Records that a row was not believed.
pub fn note_forged(table: &'static str, id: &str) {
    let object = format!("{table} {id}");
    audit::note(Event::RowForged, None, &outer_role_name(), None, &object);
}

fn add_forged<R: Vouched>(rows: &mut Vec<ForgedRow>) -> Result<(), Failure> {
    for row in R::all()? {
        let reason = match row_macs::standing(&row)? {
            Standing::Genuine => continue,
            Standing::Forged => "the row is not as the vault wrote it",
            Standing::OtherRootKey => "the server lacks the root key that made its MAC",
        };
        rows.push(ForgedRow {
            table: R::TABLE,
            id: row.id().to_owned(),
            reason,
        });
    }
    Ok(())
}

fn renew_table<R: Vouched>() -> Result<(), Failure> {
    for row in R::all()? {
        if row_macs::is_under_current_root_key(&row)? {
            continue;
        }
        let _acting = row.profile_id().map(session::act_for);
        // Another transaction may have written to the row in the meantime.
        if let Some(row) = row.lock_again()?
            && row_macs::standing(&row)? == Standing::Genuine
        {
            row_macs::vouched(row)?.write_mac()?;
        }
    }
    Ok(())
}

fn warn_of_forged(rows: usize) {
    let message = match rows {
        1 => "1 row was not written by the vault, and stays as it is".to_owned(),
        _ => format!("{rows} rows were not written by the vault, and stay as they are"),
    };
    error::warn(message, "vault.forged_rows() lists them.");
}
