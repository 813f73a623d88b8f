//! Planted and changed rows of `vault.api_keys`.

use vault_tests::Tenant;

use super::{Planted, is_listed, is_told_of, is_unknown, opens, swap_macs};

#[test]
fn a_planted_key_opens_nothing_whatever_mac_it_has() {
    let tenant = Tenant::new();
    let (genuine, _) = tenant.new_key(&["reveal"]);
    let of_genuine = format!("(select mac from vault.api_keys where key_id = '{genuine}')");
    let right_root_key =
        format!("substr({of_genuine}, 1, 8) || sha256(gen_random_uuid()::text::bytea)");
    for mac in [
        of_genuine.as_str(),
        &right_root_key,
        "sha256(gen_random_uuid()::text::bytea) || '\\x0102030405060708'",
        &format!("substr({of_genuine}, 1, 39)"),
        &format!("{of_genuine} || '\\x00'"),
        "''",
    ] {
        let planted = Planted::new();
        planted.plant(&tenant, mac);
        is_unknown(&tenant, &planted.key);
        is_told_of(&tenant.stack, "api_keys", &planted.key_id);
    }
}

#[test]
fn a_changed_key_opens_nothing_until_it_is_as_it_was() {
    let tenant = Tenant::new();
    let other = Tenant::new();
    let merchant = format!("merchant_id = '{}'", other.merchant);
    for (change, undo) in [
        ("scopes = '{reveal}'", "scopes = '{}'"),
        ("expires_at = now() + interval '1 day'", "expires_at = null"),
        ("expires_at = 'infinity'", "expires_at = null"),
        ("name = name || '.'", "name = rtrim(name, '.')"),
        ("prefix = prefix || '.'", "prefix = rtrim(prefix, '.')"),
        (
            "created_at = created_at + interval '1 microsecond'",
            "created_at = created_at - interval '1 microsecond'",
        ),
        (merchant.as_str(), ""),
    ] {
        let (key_id, key) = tenant.new_key(&[]);
        let mut superuser = tenant.stack.superuser();
        let mut update = |assignment: &str| {
            let update = format!("update vault.api_keys set {assignment} where key_id = $1");
            assert_eq!(superuser.execute(&update, &[&key_id]).unwrap(), 1);
        };
        opens(&tenant, &key);

        update(change);

        is_unknown(&tenant, &key);
        is_unknown(&other, &key);
        is_told_of(&tenant.stack, "api_keys", &key_id);
        if !undo.is_empty() {
            update(undo);
            opens(&tenant, &key);
        }
    }
}

#[test]
fn a_key_that_has_ended_is_not_brought_back() {
    let tenant = Tenant::new();
    let (revoked, revoked_key) = tenant.new_key(&[]);
    let mut admin = tenant.admin();
    admin
        .execute("select vault.revoke_api_key($1)", &[&revoked])
        .unwrap();
    let expired = admin
        .rows(
            "select key_id, api_key from vault.create_api_key($1, 'short', '{}', now() - interval '1 hour')",
            &[&tenant.merchant],
        )
        .unwrap();
    let (expired, expired_key): (String, String) = (expired[0].get(0), expired[0].get(1));
    is_unknown(&tenant, &revoked_key);
    is_unknown(&tenant, &expired_key);

    tenant
        .stack
        .superuser()
        .execute(
            "update vault.api_keys set revoked_at = null, expires_at = null where key_id in ($1, $2)",
            &[&revoked, &expired],
        )
        .unwrap();

    for (key_id, key) in [(&revoked, &revoked_key), (&expired, &expired_key)] {
        is_unknown(&tenant, key);
        is_told_of(&tenant.stack, "api_keys", key_id);
    }
    let again = admin.execute("select vault.revoke_api_key($1)", &[&revoked]);
    assert_eq!(
        again.unwrap_err().pair(),
        (
            "42704",
            "there is no such API key, or it is already revoked"
        )
    );
}

#[test]
fn the_hash_of_another_key_opens_nothing_with_it() {
    let tenant = Tenant::new();
    let planted = Planted::new();
    let (key_id, key) = tenant.new_key(&["reveal"]);
    tenant
        .stack
        .superuser()
        .execute(
            "update vault.api_keys set key_hash = sha256($2::text::bytea) where key_id = $1",
            &[&key_id, &planted.key],
        )
        .unwrap();
    is_unknown(&tenant, &planted.key);
    is_unknown(&tenant, &key);
    is_told_of(&tenant.stack, "api_keys", &key_id);
}

#[test]
fn keys_that_have_exchanged_their_macs_open_nothing() {
    let tenant = Tenant::new();
    let [one, two] = [tenant.new_key(&[]), tenant.new_key(&["reveal"])];
    swap_macs(&tenant.stack, "api_keys", "key_id", [&one.0, &two.0]);
    for (key_id, key) in [&one, &two] {
        is_unknown(&tenant, key);
        is_listed(&tenant.stack, "api_keys", key_id);
    }
    swap_macs(&tenant.stack, "api_keys", "key_id", [&one.0, &two.0]);
    opens(&tenant, &one.1);
    opens(&tenant, &two.1);
}

#[test]
fn a_key_that_never_expires_is_believed() {
    let tenant = Tenant::new();
    let key: String = tenant
        .admin()
        .value(
            "select api_key from vault.create_api_key($1, 'for good', '{reveal}', 'infinity')",
            &[&tenant.merchant],
        )
        .unwrap();
    opens(&tenant, &key);
}
