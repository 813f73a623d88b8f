//! Roles that are bound to a profile.

use vault_tests::tenant::login_role;
use vault_tests::{Session, Tenant};

use super::Owner;

#[test]
fn a_role_that_is_unbound_acts_for_nobody() {
    let b = Owner::new();
    let role = b.tenant.role(&["vault_client"]);
    let mut session = b.tenant.stack.session(&role);
    session
        .call("retrieve_customer($1)", &[&b.customer])
        .unwrap();

    b.tenant
        .admin()
        .execute("select vault.unbind_role($1)", &[&role])
        .unwrap();

    assert_eq!(
        session
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}

fn current_profile(session: &mut Session) -> Option<String> {
    session
        .value("select vault.current_profile()", &[])
        .unwrap()
}

#[test]
fn a_role_follows_its_binding_whoever_changes_it() {
    let a = Tenant::new();
    let role = a.role(&["vault_client"]);
    let mut session = a.stack.session(&role);
    let mut superuser = a.stack.superuser();
    let mut profile = || current_profile(&mut session);
    assert_eq!(profile(), Some(a.profile.clone()));

    for (change, expected) in [
        ("+ interval '1 second'", None),
        ("- interval '1 second'", Some(a.profile.clone())),
    ] {
        superuser
            .execute(
                &format!("update vault.role_bindings set created_at = created_at {change} where role_name = $1"),
                &[&role],
            )
            .unwrap();
        assert_eq!(profile(), expected, "{change}");
    }
    superuser
        .execute(
            "delete from vault.role_bindings where role_name = $1",
            &[&role],
        )
        .unwrap();
    assert_eq!(profile(), None);
    a.admin()
        .execute("select vault.bind_role($1, $2)", &[&role, &a.profile])
        .unwrap();
    assert_eq!(profile(), Some(a.profile));
    superuser
        .run(&format!("alter role {role} rename to {role}_renamed"))
        .unwrap();
    assert_eq!(profile(), None);
}

#[test]
fn a_binding_that_is_rolled_back_binds_nobody() {
    let tenant = Tenant::new();
    let role = login_role(&tenant.stack, &["vault_client", "vault_admin"]);
    let mut session = tenant.stack.session(&role);
    for (begin, roll_back) in [
        ("begin; savepoint s", "rollback to s"),
        ("rollback; begin", "rollback"),
    ] {
        session.run(begin).unwrap();
        session
            .execute("select vault.bind_role($1, $2)", &[&role, &tenant.profile])
            .unwrap();
        assert_eq!(
            current_profile(&mut session),
            Some(tenant.profile.clone()),
            "{begin}"
        );
        session.run(roll_back).unwrap();
        assert_eq!(current_profile(&mut session), None, "{roll_back}");
    }
}

#[test]
fn a_parallel_query_may_be_the_first_to_need_binding_and_keys() {
    let mut session = Tenant::new().sql();
    session
        .run(
            "set min_parallel_table_scan_size = 0; set parallel_setup_cost = 0; set parallel_tuple_cost = 0",
        )
        .unwrap();
    let query = "select count(vault.searchable(relname::text)) from pg_class";
    let plan = session.rows(&format!("explain {query}"), &[]).unwrap();
    assert!(
        plan.iter()
            .any(|line| line.get::<_, &str>(0).contains("Gather")),
        "{plan:?}"
    );
    assert!(session.value::<i64>(query, &[]).unwrap() > 0);
}

#[test]
fn a_members_group_that_is_bound_binds_nobody_else() {
    let b = Owner::new();
    let group = b.tenant.role(&["vault_client"]);
    let member = login_role(&b.tenant.stack, &[&group]);
    let mut session = b.tenant.stack.session(&member);
    assert_eq!(
        session
            .call("retrieve_customer($1)", &[&b.customer])
            .unwrap_err()
            .sqlstate,
        "28000"
    );
}
