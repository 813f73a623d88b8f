//! Keys that change, or end, while jobs wait.

use serde_json::json;
use vault_tests::Stack;

use super::{Shop, path};
use crate::key_rotation::{REENCRYPT, destroy_retired, outdated, rotate_purpose};
use crate::support::{soon, soon_equal};

/// Stores a card whose job waits a while for its second try.
fn waiting(shop: &Shop, seconds: u64) -> String {
    shop.provider
        .behave(&json!({"status": 503, "retry_after": seconds}));
    let method = shop.store("multi_use");
    soon("the first try is over", || {
        shop.jobs(&method)[0].error.is_some()
    });
    method
}

#[test]
fn jobs_that_wait_fail_when_the_keys_of_their_profile_are_destroyed() {
    let shop = Shop::new();
    let made = shop.store("multi_use");
    shop.token(&made);
    let method = waiting(&shop, 2);
    shop.admin("destroy_profile_keys", &shop.tenant.profile);
    shop.provider.behave_well();
    let job = shop.ended_job(&method);
    assert_eq!(
        (job.state.as_str(), job.error.as_deref()),
        ("failed", Some("keys_destroyed"))
    );
    assert_eq!(shop.provider.state()["tokens_made"], 1);
    // The worker goes on with others.
    let other = Shop::new();
    let method = other.store("single_use");
    other.token(&method);
}

#[test]
fn data_keys_rotate_while_jobs_wait() {
    let shop = Shop::new();
    let made = shop.store("multi_use");
    let token = shop.token(&made);
    let deleted = shop.store("multi_use");
    shop.token(&deleted);
    let method = waiting(&shop, 4);
    // Its job has the token's name sealed in it.
    shop.tenant.delete(&path(&deleted)).ok();

    let mut admin = shop.tenant.admin();
    let profile = &shop.tenant.profile;
    for purpose in ["data", "index"] {
        rotate_purpose(&mut admin, profile, purpose);
    }
    admin.execute(REENCRYPT, &[profile, &10_i32]).unwrap();
    assert_eq!(outdated(&mut admin, profile), 0);
    destroy_retired(&mut admin, profile);
    shop.provider.behave_well();

    assert_eq!(shop.token(&made), token);
    let customer = shop.token(&method)["connector_customer_id"].clone();
    assert_eq!(customer, token["connector_customer_id"]);
    soon_equal("the token is deleted at the provider", &1, || {
        shop.provider.state()["deleted"].clone()
    });
    shop.has_one_token_per_order();
}

#[test]
fn the_list_of_hosts_takes_no_other_text() {
    let mut superuser = Stack::shared().superuser();
    for wrong in ["http://a", "a b", "10.0.0.0/33", "a:99999", "*.*.com"] {
        let set = format!("alter system set vault.connector_hosts = '{wrong}'");
        let refused = superuser.run(&set).unwrap_err();
        assert_eq!(refused.sqlstate, "22023", "{wrong}");
    }
}
