//! Planted and changed rows of `vault.role_bindings`, and roles that have the name of an earlier one.

use vault_tests::stack::PrivateStack;
use vault_tests::tenant::login_role;
use vault_tests::{Session, Stack, Tenant};

use super::{is_listed, is_told_of, swap_macs};
use crate::backup::Backup;
use crate::support::soon_equal;

fn profile_of(stack: &Stack, role: &str) -> Option<String> {
    let mut session: Session = stack.session(role);
    let profile: Option<String> = session
        .value("select vault.current_profile()", &[])
        .unwrap();
    if profile.is_none() {
        let refused = session.call("list_customers()", &[]).unwrap_err();
        assert_eq!(refused.sqlstate, "28000", "{role}");
    }
    profile
}

fn bind(tenant: &Tenant, role: &str) {
    tenant
        .admin()
        .execute("select vault.bind_role($1, $2)", &[&role, &tenant.profile])
        .unwrap();
}

fn unbind(tenant: &Tenant, role: &str) {
    tenant
        .admin()
        .execute("select vault.unbind_role($1)", &[&role])
        .unwrap();
}

fn make_anew(stack: &Stack, role: &str) {
    stack
        .superuser()
        .run(&format!(
            "drop role {role}; create role {role} login in role vault_client"
        ))
        .unwrap();
}

#[test]
fn a_planted_binding_binds_nobody_and_makes_room_for_a_real_one() {
    let tenant = Tenant::new();
    let bound = tenant.role(&["vault_client"]);
    let role = login_role(&tenant.stack, &["vault_client"]);
    let plant = || {
        tenant
            .stack
            .superuser()
            .execute(
                "insert into vault.role_bindings (role_name, role_oid, system_identifier, profile_id, created_at, mac)
                 select $2, $2::text::regrole, system_identifier, profile_id, created_at, mac
                 from vault.role_bindings where role_name = $1",
                &[&bound, &role],
            )
            .unwrap();
    };
    plant();
    assert_eq!(profile_of(&tenant.stack, &role), None);
    is_told_of(&tenant.stack, "role_bindings", &role);

    bind(&tenant, &role);
    assert_eq!(
        profile_of(&tenant.stack, &role),
        Some(tenant.profile.clone())
    );

    unbind(&tenant, &role);
    plant();
    unbind(&tenant, &role);
    let rows: i64 = tenant
        .stack
        .superuser()
        .value(
            "select count(*) from vault.role_bindings where role_name = $1",
            &[&role],
        )
        .unwrap();
    assert_eq!(rows, 0);
}

#[test]
fn a_changed_binding_binds_nobody() {
    let (tenant, victim) = (Tenant::new(), Tenant::new());
    for change in [
        format!("profile_id = '{}'", victim.profile),
        "role_oid = 1".to_owned(),
        "system_identifier = 1".to_owned(),
        "system_identifier = 1, role_oid = 1".to_owned(),
        "created_at = created_at + interval '1 microsecond'".to_owned(),
        "mac = substr(mac, 1, 8) || sha256(mac)".to_owned(),
    ] {
        let role = tenant.role(&["vault_client"]);
        assert!(profile_of(&tenant.stack, &role).is_some());
        tenant
            .stack
            .superuser()
            .execute(
                &format!("update vault.role_bindings set {change} where role_name = $1"),
                &[&role],
            )
            .unwrap();
        assert_eq!(profile_of(&tenant.stack, &role), None, "{change}");
        is_told_of(&tenant.stack, "role_bindings", &role);
    }
    let roles = [
        tenant.role(&["vault_client"]),
        victim.role(&["vault_client"]),
    ];
    let names = [roles[0].as_str(), roles[1].as_str()];
    swap_macs(&tenant.stack, "role_bindings", "role_name", names);
    for role in names {
        assert_eq!(profile_of(&tenant.stack, role), None);
        is_listed(&tenant.stack, "role_bindings", role);
    }
}

#[test]
fn a_role_made_anew_with_an_old_name_is_not_bound() {
    let tenant = Tenant::new();
    let role = tenant.role(&["vault_client"]);
    make_anew(&tenant.stack, &role);
    assert_eq!(profile_of(&tenant.stack, &role), None);

    bind(&tenant, &role);
    assert!(profile_of(&tenant.stack, &role).is_some());
    let again = tenant
        .admin()
        .execute("select vault.bind_role($1, $2)", &[&role, &tenant.profile]);
    assert_eq!(
        again.unwrap_err().pair(),
        ("22023", "the role is already bound to a profile")
    );

    make_anew(&tenant.stack, &role);
    unbind(&tenant, &role);
    let again = tenant
        .admin()
        .execute("select vault.unbind_role($1)", &[&role]);
    assert_eq!(
        again.unwrap_err().pair(),
        ("42704", "the role is not bound to a profile")
    );
}

/// How many bindings are of another cluster than the one that they are in.
fn of_other_clusters(stack: &Stack) -> i64 {
    stack
        .superuser()
        .value(
            "select count(*) from vault.role_bindings
             where system_identifier <> (select system_identifier from pg_control_system())",
            &[],
        )
        .unwrap()
}

#[test]
fn the_worker_takes_the_bindings_of_a_restored_database_over() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let role = tenant.role(&["vault_client"]);
    let changed = tenant.role(&["vault_client"]);
    let gone = tenant.role(&["vault_client"]);
    let mut superuser = stack.superuser();
    superuser
        .execute(
            "update vault.role_bindings set role_oid = 1, system_identifier = 1 where role_name = $1",
            &[&changed],
        )
        .unwrap();
    superuser.run(&format!("drop role {gone}")).unwrap();
    assert_eq!(of_other_clusters(&stack), 1);
    drop(superuser);

    Backup::of(&stack).restore_into_a_new_cluster(&stack);
    assert_eq!(profile_of(&stack, &role), Some(tenant.profile.clone()));
    // One was changed, one is of a role that there is not.
    soon_equal("the bindings are this cluster's", &2, || {
        of_other_clusters(&stack)
    });
    assert_eq!(profile_of(&stack, &role), Some(tenant.profile.clone()));
    assert_eq!(profile_of(&stack, &changed), None);
    let on_record: i64 = stack
        .superuser()
        .value(
            "select count(*) from vault.audit_log
             where event = 'role.take_over' and object_id = $1 and profile_id = $2",
            &[&role, &tenant.profile],
        )
        .unwrap();
    assert_eq!(on_record, 1);

    make_anew(&stack, &role);
    assert_eq!(profile_of(&stack, &role), None);
    is_listed(&stack, "role_bindings", &changed);
}
