//! Planted and changed rows of `vault.profiles` and `vault.merchants`.

use vault_tests::{Refused, Tenant, random};

use super::{is_listed, is_told_of, is_unknown, opens, swap_macs};

const NO_PROFILE: (&str, &str) = ("42704", "there is no such profile");

/// Everything that an administrator does to a profile.
fn administer(tenant: &Tenant) -> Vec<Result<u64, Refused>> {
    [
        "select vault.rotate_data_key($1)",
        "select vault.rotate_data_key($1, 'index')",
        "select vault.destroy_data_key($1, 'data', 1)",
        "call vault.reencrypt($1)",
        "select vault.destroy_profile_keys($1)",
        "select vault.bind_role('vault_reveal', $1)",
    ]
    .map(|call| tenant.admin().execute(call, &[&tenant.profile]))
    .into()
}

#[test]
fn a_profile_that_was_moved_to_another_merchant_opens_for_nobody() {
    let (tenant, thief) = (Tenant::new(), Tenant::new());
    let role = tenant.role(&["vault_client"]);
    let mut superuser = tenant.stack.superuser();
    let mut give_to = |merchant: &str| {
        superuser
            .execute(
                "update vault.profiles set merchant_id = $1 where profile_id = $2",
                &[&merchant, &tenant.profile],
            )
            .unwrap();
    };
    opens(&tenant, &tenant.key);
    let mut connected = tenant.stack.session(&role);
    connected.call("list_customers()", &[]).unwrap();

    give_to(&thief.merchant);
    is_unknown(&tenant, &thief.key);
    is_unknown(&tenant, &thief.reveal_key);
    is_unknown(&tenant, &tenant.key);
    for mut bound in [connected, tenant.stack.session(&role)] {
        let refused = bound.call("list_customers()", &[]).unwrap_err();
        assert_eq!(refused.sqlstate, "28000");
    }
    for refused in administer(&tenant) {
        assert_eq!(refused.unwrap_err().pair(), NO_PROFILE);
    }
    is_told_of(&tenant.stack, "profiles", &tenant.profile);
    // The inventory of keys still shows them all.
    let keys: i64 = tenant
        .admin()
        .value(
            "select count(*) from vault.keys where profile_id = $1",
            &[&tenant.profile],
        )
        .unwrap();
    assert_eq!(keys, 2);

    give_to(&tenant.merchant);
    opens(&tenant, &tenant.key);
}

#[test]
fn profiles_that_have_exchanged_their_macs_or_names_open_for_nobody() {
    let tenant = Tenant::new();
    let sibling = tenant.sibling();
    let ids = [tenant.profile.as_str(), sibling.profile.as_str()];
    swap_macs(&tenant.stack, "profiles", "profile_id", ids);
    for profile in [&tenant, &sibling] {
        is_unknown(profile, &tenant.key);
        is_listed(&tenant.stack, "profiles", &profile.profile);
    }
    swap_macs(&tenant.stack, "profiles", "profile_id", ids);
    opens(&tenant, &tenant.key);
    tenant
        .stack
        .superuser()
        .execute(
            "update vault.profiles set name = 'another' where profile_id = $1",
            &[&sibling.profile],
        )
        .unwrap();
    is_unknown(&sibling, &tenant.key);
    opens(&tenant, &tenant.key);
}

#[test]
fn a_planted_or_changed_merchant_gets_no_profile_and_no_key() {
    const NO_MERCHANT: (&str, &str) = ("42704", "there is no such merchant");
    let tenant = Tenant::new();
    let planted = random::name("mer");
    let mut superuser = tenant.stack.superuser();
    superuser
        .execute(
            "insert into vault.merchants (merchant_id, name, created_at, mac)
             select $2, name, created_at, mac from vault.merchants where merchant_id = $1",
            &[&tenant.merchant, &planted],
        )
        .unwrap();
    superuser
        .execute(
            "update vault.merchants set name = 'another' where merchant_id = $1",
            &[&tenant.merchant],
        )
        .unwrap();
    for merchant in [&planted, &tenant.merchant] {
        for call in [
            "select vault.create_profile($1, 'Web')",
            "select vault.create_api_key($1, 'server', '{reveal}')",
        ] {
            let refused = tenant.admin().execute(call, &[merchant]).unwrap_err();
            assert_eq!(refused.pair(), NO_MERCHANT, "{call}");
        }
        is_told_of(&tenant.stack, "merchants", merchant);
    }
}
