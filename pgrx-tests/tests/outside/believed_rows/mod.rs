//! Rows that decide who may do what, written by somebody who has every right on the tables and not the root key: they are
//! as if they were not there, and it is told.

mod api_keys;
mod profiles;
mod role_bindings;
mod root_key;

use vault_tests::http::Request;
use vault_tests::tenant::unknown_key;
use vault_tests::{Refused, Session, Stack, Tenant};

use crate::support::{UNAUTHENTICATED, soon};

/// An API key that the vault has not made, with its row to be.
struct Planted {
    key: String,
    key_id: String,
}

impl Planted {
    fn new() -> Planted {
        let key = unknown_key();
        Planted {
            key_id: format!("ak_{}", &key[key.len() - 20..]),
            key,
        }
    }

    /// Writes the row, with the scope `reveal`. The MAC is an expression of SQL.
    fn plant(&self, tenant: &Tenant, mac: &str) {
        let insert = format!(
            "insert into vault.api_keys (key_id, merchant_id, name, prefix, key_hash, scopes, created_at, mac)
             values ($1, $2, 'planted', left($3, 12), sha256($3::text::bytea), '{{reveal}}', now(), {mac})"
        );
        tenant
            .stack
            .superuser()
            .execute(&insert, &[&self.key_id, &tenant.merchant, &self.key])
            .unwrap();
    }
}

/// A request with this key, from an address of its own: no lock of another test's refuses it.
fn list_with(tenant: &Tenant, key: &str) -> (u16, String) {
    let list: Request = tenant.request("GET", "/v2/customers/list");
    let request = list.without("api-key").header("api-key", key);
    let answer = tenant.stack.client().send(&request);
    (answer.status, answer.text)
}

fn authenticate(tenant: &Tenant, key: &str) -> Result<u64, Refused> {
    tenant.stack.session("vault_app").execute(
        "select vault.authenticate($1, $2)",
        &[&key, &tenant.profile],
    )
}

/// The key opens the tenant's profile both ways.
#[track_caller]
fn opens(tenant: &Tenant, key: &str) {
    assert_eq!(list_with(tenant, key).0, 200);
    authenticate(tenant, key).unwrap();
}

/// The key gets the answers that one gets which was never made.
#[track_caller]
fn is_unknown(tenant: &Tenant, key: &str) {
    let unknown = list_with(tenant, &unknown_key());
    assert_eq!(unknown.0, 401);
    assert_eq!(list_with(tenant, key), unknown);
    let refused = authenticate(tenant, key).unwrap_err();
    assert_eq!(refused.pair(), ("28000", UNAUTHENTICATED));
}

/// What `vault.forged_rows()` says of a row.
fn forged(session: &mut Session, table: &str, id: &str) -> Option<String> {
    session
        .rows(
            "select reason from vault.forged_rows() where table_name = $1 and row_id = $2",
            &[&table, &id],
        )
        .unwrap()
        .first()
        .map(|row| row.get(0))
}

/// Both ways to hear of a row that is not believed: the list, and the audit log once the row was used.
#[track_caller]
pub fn is_told_of(stack: &Stack, table: &str, id: &str) {
    is_listed(stack, table, id);
    let object = format!("{table} {id}");
    soon(&format!("{object} is in the audit log"), || {
        stack
            .session("vault_audit")
            .value::<bool>(
                "select exists (select from vault.audit_log where event = 'row.forged' and object_id = $1)",
                &[&object],
            )
            .unwrap()
    });
}

#[track_caller]
pub fn is_listed(stack: &Stack, table: &str, id: &str) {
    for role in ["vault_dba", "vault_audit"] {
        let reason = forged(&mut stack.session(role), table, id);
        assert_eq!(
            reason.as_deref(),
            Some("the row is not as the vault wrote it"),
            "{table} {id}"
        );
    }
}

/// Exchanges the MACs of two rows of a table.
fn swap_macs(stack: &Stack, table: &str, column: &str, ids: [&str; 2]) {
    let swap = format!(
        "update vault.{table} t set mac = o.mac from vault.{table} o
         where t.{column} in ($1, $2) and o.{column} in ($1, $2) and t.{column} <> o.{column}"
    );
    let swapped = stack.superuser().execute(&swap, &[&ids[0], &ids[1]]);
    assert_eq!(swapped.unwrap(), 2);
}
