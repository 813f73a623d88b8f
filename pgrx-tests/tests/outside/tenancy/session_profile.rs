//! The profile that a session acts for: how long it lasts, and who has it.

use std::thread;

use serde_json::Value;
use vault_tests::tenant::{login_role, unknown_key};
use vault_tests::{Session, random};

use super::Owner;
use crate::support::NO_PAYMENT_METHOD;

#[test]
fn an_authenticated_profile_ends_with_its_transaction() {
    let b = Owner::new();
    let mut client = b.client();
    for end in ["commit", "rollback"] {
        client.run("begin").unwrap();
        b.authenticate(&mut client);
        assert_eq!(
            client
                .call("retrieve_customer($1)", &[&b.customer])
                .unwrap()["id"],
            b.customer
        );
        client.run(end).unwrap();
        let refused = client
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err();
        assert_eq!(refused.sqlstate, "28000", "after {end}");
        assert_eq!(
            client
                .value::<Option<String>>("select vault.current_profile()", &[])
                .unwrap(),
            None
        );
    }
}

#[test]
fn an_authenticated_profile_ends_with_its_savepoint() {
    let b = Owner::new();
    let mut client = b.client();
    for end in ["rollback to inner_one", "release inner_one"] {
        client.run("begin; savepoint inner_one").unwrap();
        b.authenticate(&mut client);
        client
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap();
        client.run(end).unwrap();
        assert_eq!(
            client
                .value::<Option<String>>("select vault.current_profile()", &[])
                .unwrap(),
            None,
            "{end}"
        );
        assert_eq!(
            client
                .call("retrieve_customer($1)", &[&b.customer])
                .unwrap_err()
                .sqlstate,
            "28000",
            "{end}"
        );
        client.run("rollback").unwrap();
    }
}

#[test]
fn the_end_of_a_savepoint_gives_back_the_profile_from_before() {
    let a = Owner::new();
    let b = Owner::of(a.tenant.sibling());
    let mut client = a.client();
    let acts_for = |client: &mut Session, owner: &Owner| {
        let current: Option<String> = client.value("select vault.current_profile()", &[]).unwrap();
        assert_eq!(current.as_ref(), Some(&owner.tenant.profile));
        let list = client.call("list_customers()", &[]).unwrap();
        assert_eq!(list[0]["id"], owner.customer);
        assert_eq!(list.as_array().unwrap().len(), 1);
    };
    for end in ["rollback to inner_one", "release inner_one"] {
        client.run("begin").unwrap();
        a.authenticate(&mut client);
        client.run("savepoint inner_one").unwrap();
        acts_for(&mut client, &a);
        b.authenticate(&mut client);
        acts_for(&mut client, &b);
        client.run(end).unwrap();
        acts_for(&mut client, &a);
        client.run("rollback").unwrap();
    }
}

#[test]
fn one_session_serves_many_profiles_in_turn() {
    let a = Owner::new();
    let b = Owner::of(a.tenant.sibling());
    let mut client = a.client();
    // Often enough for PostgreSQL to keep plans that no longer depend on their parameters.
    for _ in 0..10 {
        for (own, other) in [(&a, &b), (&b, &a)] {
            client.run("begin").unwrap();
            own.authenticate(&mut client);
            assert_eq!(
                client
                    .call("retrieve_customer($1)", &[&own.customer])
                    .unwrap()["id"],
                own.customer
            );
            assert_eq!(
                client
                    .call("list_customers()", &[])
                    .unwrap()
                    .as_array()
                    .unwrap()
                    .len(),
                1
            );
            let refused = client
                .call("retrieve_payment_method($1)", &[&other.method])
                .unwrap_err();
            assert_eq!(refused.pair(), ("P0002", NO_PAYMENT_METHOD));
            client.run("rollback").unwrap();
        }
    }
}

#[test]
fn profiles_that_call_at_once_over_pooled_connections_are_not_mixed_up() {
    let one = Owner::new();
    let owners = [Owner::of(one.tenant.sibling()), Owner::new(), one];
    thread::scope(|scope| {
        for owner in owners.iter().cycle().take(12) {
            scope.spawn(|| {
                for _ in 0..20 {
                    let list = owner.tenant.get("/v2/customers/list").ok();
                    let ids: Vec<&Value> = list
                        .as_array()
                        .unwrap()
                        .iter()
                        .map(|customer| &customer["id"])
                        .collect();
                    assert_eq!(ids, [&owner.customer]);
                    let method = owner
                        .tenant
                        .get(&format!("/v2/payment-methods/{}", owner.method))
                        .ok();
                    assert_eq!(
                        method["payment_method_data"]["card"]["last4_digits"],
                        owner.card.last_four()
                    );
                }
            });
        }
    });
}

#[test]
fn a_failed_authentication_does_not_keep_the_profile_of_one_before() {
    let b = Owner::new();
    let mut client = b.client();
    client.run("begin").unwrap();
    b.authenticate(&mut client);
    let failed = client.execute(
        "select vault.authenticate($1, $2)",
        &[&unknown_key(), &b.tenant.profile],
    );
    assert_eq!(failed.unwrap_err().sqlstate, "28000");
    client.run("rollback").unwrap();
    assert_eq!(
        client
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}

#[test]
fn a_function_of_another_owner_acts_for_its_caller() {
    let b = Owner::new();
    let a = Owner::of(b.tenant.sibling());
    let owner = b.tenant.role(&["vault_client", "vault_reveal"]);
    let caller = a.tenant.role(&["vault_client"]);
    let wrapper = random::name("wrapper");
    let mut superuser = a.tenant.stack.superuser();
    for owner in [owner.as_str(), "postgres"] {
        superuser
            .run(&format!(
                "create or replace function public.{wrapper}(id text, raw boolean) returns jsonb language sql security definer
                 as 'select vault.retrieve_payment_method(id, raw)';
                 alter function public.{wrapper} owner to {owner};
                 grant execute on function public.{wrapper} to public"
            ))
            .unwrap();
        let mut role = a.tenant.stack.session(&caller);
        let call = format!("select public.{wrapper}($1, $2)");
        let theirs = role
            .value::<Value>(&call, &[&b.method, &false])
            .unwrap_err();
        assert_eq!(theirs.pair(), ("P0002", NO_PAYMENT_METHOD), "owner {owner}");
        assert_eq!(
            role.value::<Value>(&call, &[&a.method, &false]).unwrap()["id"],
            a.method,
            "owner {owner}"
        );
        let revealed = role.value::<Value>(&call, &[&a.method, &true]).unwrap_err();
        assert_eq!(revealed.sqlstate, "42501", "owner {owner}");
    }
    let mut stranger = a.tenant.stack.session(&login_role(&a.tenant.stack, &[]));
    let refused = stranger
        .value::<Value>(&format!("select public.{wrapper}($1, false)"), &[&b.method])
        .unwrap_err();
    assert_eq!(refused.sqlstate, "28000");
    superuser
        .run(&format!("drop function public.{wrapper}"))
        .unwrap();
}
