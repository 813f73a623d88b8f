//! Rules that the whole catalogue keeps, so that a new object cannot break them unnoticed.

use postgres::Row;
use vault_tests::{Session, Stack};

/// Checks that no object breaks a rule. The query gives the name of each object and whether it breaks the rule. A query that
/// finds no object fails, because it would keep no rule.
#[track_caller]
fn none(superuser: &mut Session, rule: &str, query: &str) {
    let rows = superuser.rows(query, &[]).unwrap();
    assert!(!rows.is_empty(), "{rule}: there is no object to look at");
    let breaks_it = |row: &&Row| row.get::<_, Option<bool>>(1) != Some(false);
    let offenders: Vec<String> = rows
        .iter()
        .filter(breaks_it)
        .map(|row| row.get(0))
        .collect();
    assert!(offenders.is_empty(), "{rule}: {offenders:#?}");
}

fn lines(superuser: &mut Session, query: &str) -> Vec<String> {
    superuser
        .rows(query, &[])
        .unwrap()
        .iter()
        .map(|row| row.get(0))
        .collect()
}

const FUNCTIONS: &str =
    "pg_proc p where p.pronamespace in ('vault'::regnamespace, 'vault_api'::regnamespace)";

const ROLES: &str = "pg_roles r where r.rolname in ('vault_operator', 'vault_worker', 'vault_node', 'vault_authenticator', 'vault_api',
                     'vault_client', 'vault_reveal', 'vault_bulk', 'vault_admin', 'vault_auditor', 'vault_table_owner')";

#[test]
fn functions_are_executable_by_those_they_are_for_and_not_by_public() {
    let mut superuser = Stack::shared().superuser();
    // Input, output, send and receive move ciphertext only, and comparison reads nothing else; pg_dump and every owner of a
    // column need them. Whether the vault is ready is for everybody who watches it.
    none(
        &mut superuser,
        "executable by PUBLIC",
        &format!(
            "select p.oid::regprocedure::text, has_function_privilege('public', p.oid, 'execute') from {FUNCTIONS}
             and p.proname !~ '^(encrypted_text|encrypted_json|searchable_text|card_number)_(in|out|recv|send)$'
             and p.proname not in ('key_ids', 'ready')
             and p.proname !~ '^(searchable_text|card_number)_(lt|le|eq|ne|ge|gt|cmp|hash|hash_extended)$'"
        ),
    );
}

#[test]
fn functions_that_run_as_their_owner_pin_the_search_path_and_run_as_the_operator() {
    let mut superuser = Stack::shared().superuser();
    let definers = lines(
        &mut superuser,
        &format!("select p.oid::regprocedure::text from {FUNCTIONS} and p.prosecdef"),
    );
    assert!(definers.len() >= 30, "{definers:?}");
    none(
        &mut superuser,
        "SECURITY DEFINER without a pinned search_path",
        &format!(
            "select p.oid::regprocedure::text, not coalesce(p.proconfig @> array['search_path=pg_catalog, pg_temp'], false)
             from {FUNCTIONS} and p.prosecdef"
        ),
    );
    none(
        &mut superuser,
        "SECURITY DEFINER of another owner than the operator",
        &format!(
            "select p.oid::regprocedure::text, p.proowner <> 'vault_operator'::regrole from {FUNCTIONS} and p.prosecdef"
        ),
    );
}

#[test]
fn tables_with_a_profile_are_guarded_by_policies_even_against_their_owner() {
    let mut superuser = Stack::shared().superuser();
    // An account at a connector may be that of a merchant. It is what administrators write, not what a profile has.
    let with_profile = "pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'profile_id' and not a.attisdropped
                        where c.relnamespace = 'vault'::regnamespace and c.relkind in ('r', 'p') and c.relname <> 'connector_accounts'";
    let tables = lines(
        &mut superuser,
        &format!("select c.relname::text from {with_profile}"),
    );
    assert!(tables.len() >= 6, "{tables:?}");
    none(
        &mut superuser,
        "row security is not enabled and forced",
        &format!(
            "select c.relname::text, not (c.relrowsecurity and c.relforcerowsecurity) from {with_profile}"
        ),
    );
    none(
        &mut superuser,
        "no policy",
        &format!(
            "select c.relname::text, not exists (select from pg_policy where polrelid = c.oid)
             from {with_profile} and not c.relispartition"
        ),
    );
    none(
        &mut superuser,
        "a partition that others than its owner reach by itself",
        &format!(
            "select c.relname::text, exists (select from pg_policy where polrelid = c.oid)
                 or exists (select from aclexplode(c.relacl) where grantee <> c.relowner)
             from {with_profile} and c.relispartition"
        ),
    );
    none(
        &mut superuser,
        "the primary key does not begin with profile_id",
        &format!(
            "select c.relname::text, not exists (
                 select from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indkey[0] = a.attnum)
             from {with_profile} and c.relkind = 'r' and c.relname not in ('profiles', 'role_bindings', 'connector_accounts')"
        ),
    );
}

#[test]
fn every_object_that_somebody_may_use_has_a_comment() {
    let mut superuser = Stack::shared().superuser();
    let objects = [
        format!(
            "select 'function ' || p.oid::regprocedure::text, obj_description(p.oid, 'pg_proc') is null from {FUNCTIONS}"
        ),
        "select 'relation ' || c.oid::regclass::text, obj_description(c.oid, 'pg_class') is null from pg_class c
         where c.relnamespace = 'vault'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')"
            .to_owned(),
        "select 'type ' || t.oid::regtype::text, obj_description(t.oid, 'pg_type') is null from pg_type t
         where t.typnamespace = 'vault'::regnamespace and t.typtype = 'b' and t.typelem = 0"
            .to_owned(),
        "select 'schema ' || n.nspname::text, obj_description(n.oid, 'pg_namespace') is null from pg_namespace n
         where n.nspname in ('vault', 'vault_api')"
            .to_owned(),
        format!(
            "select 'role ' || r.rolname::text, shobj_description(r.oid, 'pg_authid') is null from {ROLES}"
        ),
    ];
    for query in objects {
        none(&mut superuser, "no comment", &query);
    }
}

#[test]
fn the_roles_can_do_no_more_than_they_are_for() {
    let mut superuser = Stack::shared().superuser();
    assert_eq!(
        lines(
            &mut superuser,
            &format!("select r.rolname::text from {ROLES}")
        )
        .len(),
        11
    );
    none(
        &mut superuser,
        "an attribute too many",
        &format!(
            "select r.rolname::text, rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls from {ROLES}"
        ),
    );
    let login = lines(
        &mut superuser,
        &format!("select r.rolname::text from {ROLES} and rolcanlogin"),
    );
    assert_eq!(login, ["vault_authenticator"]);
    let memberships = lines(
        &mut superuser,
        "select m.member::regrole || ' in ' || m.roleid::regrole from pg_auth_members m
         where m.member in (select oid from pg_roles where rolname ~ '^vault_(operator|worker|authenticator|api|client|reveal|bulk|admin|auditor|table_owner)$')",
    );
    assert_eq!(memberships, ["vault_authenticator in vault_api"]);
    none(
        &mut superuser,
        "owned by the operator",
        "select c.relname::text, c.relowner = 'vault_operator'::regrole from pg_class c",
    );
}

#[test]
fn the_api_has_one_function_for_each_call_and_no_other_role_executes_it() {
    let mut superuser = Stack::shared().superuser();
    let functions = lines(
        &mut superuser,
        "select proname || '(' || pg_get_function_identity_arguments(oid) || ') ' || prorettype::regtype
         from pg_proc where pronamespace = 'vault_api'::regnamespace order by proname",
    );
    let expected = [
        "check_network_token_status",
        "count_payment_methods",
        "create_customer",
        "create_payment_method",
        "create_payment_methods",
        "delete_customer",
        "delete_payment_method",
        "get_network_token",
        "get_network_token_eligibility",
        "list_customers",
        "list_customers_with_count",
        "list_payment_methods",
        "metrics",
        "ready",
        "retrieve_customer",
        "retrieve_customer_by_reference",
        "retrieve_payment_method",
        "retrieve_payment_method_details",
        "set_default_payment_method",
        "update_customer",
        "update_payment_method",
    ];
    assert_eq!(
        functions,
        expected.map(|name| format!("{name}(bytea) json"))
    );
    none(
        &mut superuser,
        "executable by another role",
        "select p.oid::regprocedure || ' by ' || r.rolname, has_function_privilege(r.oid, p.oid, 'execute')
         from pg_proc p, pg_roles r
         where p.pronamespace = 'vault_api'::regnamespace and not r.rolsuper
           and r.rolname not in ('vault_api', 'vault_operator', 'vault_authenticator')",
    );
}

#[test]
fn each_role_executes_the_functions_of_its_task_and_no_others() {
    let mut superuser = Stack::shared().superuser();
    let mut names = |role: &str| {
        lines(
            &mut superuser,
            &format!(
                "select distinct p.proname::text from pg_proc p, aclexplode(p.proacl) a
                 where p.pronamespace = 'vault'::regnamespace and a.grantee = '{role}'::regrole order by 1"
            ),
        )
    };
    assert_eq!(
        names("vault_client"),
        [
            "authenticate",
            "card_number",
            "check_network_token_status",
            "create_customer",
            "create_payment_method",
            "create_payment_methods",
            "current_profile",
            "decrypt",
            "delete_customer",
            "delete_payment_method",
            "encrypt",
            "get_network_token",
            "get_network_token_eligibility",
            "import_payment_methods",
            "last4",
            "list_customers",
            "list_payment_methods",
            "mask",
            "network",
            "retrieve_customer",
            "retrieve_customer_by_reference",
            "retrieve_payment_method",
            "retrieve_payment_methods",
            "searchable",
            "set_default_payment_method",
            "update_customer",
            "update_payment_method",
            "use_connector_token",
            "use_cvc",
        ]
    );
    assert_eq!(
        names("vault_admin"),
        [
            "acts_for",
            "bind_role",
            "check",
            "clear_lockouts",
            "connectors_on_shards",
            "count_application_values",
            "count_values",
            "counted_failures",
            "create_api_key",
            "create_connector",
            "create_merchant",
            "create_profile",
            "destroy_data_key",
            "destroy_profile_keys",
            "disable_connector",
            "enable_connector",
            "forged_rows",
            "is_destroyed",
            "jobs_on_shards",
            "keys_on_shards",
            "metrics_text",
            "nodes",
            "reencrypt",
            "reencrypt_batch",
            "retry_token_job",
            "revoke_api_key",
            "rewrap_data_keys",
            "role_findings",
            "rotate_data_key",
            "set_network_tokenization",
            "shared_metrics",
            "unbind_role",
            "update_connector",
            "values_of_strangers",
        ]
    );
    assert_eq!(
        names("vault_auditor"),
        [
            "acts_for",
            "check",
            "connectors_on_shards",
            "counted_failures",
            "forged_rows",
            "jobs_on_shards",
            "keys_on_shards",
            "metrics_text",
            "role_findings",
            "shared_metrics",
        ]
    );
    for role in [
        "vault_worker",
        "vault_node",
        "vault_reveal",
        "vault_bulk",
        "vault_table_owner",
        "vault_authenticator",
        "vault_api",
    ] {
        assert_eq!(names(role), [""; 0], "{role}");
    }
}

#[test]
fn tables_are_granted_as_the_design_says() {
    let mut superuser = Stack::shared().superuser();
    let grants = lines(
        &mut superuser,
        "select c.relname || ' to ' || coalesce(nullif(a.grantee, 0)::regrole::text, 'PUBLIC') || ': '
                || string_agg(a.privilege_type, ', ' order by a.privilege_type)
         from pg_class c, aclexplode(c.relacl) a
         where c.relnamespace = 'vault'::regnamespace and a.grantee <> c.relowner and a.grantee <> 'vault_operator'::regrole
         group by c.relname, a.grantee order by 1",
    );
    assert_eq!(
        grants,
        [
            "api_keys to vault_node: INSERT, SELECT",
            "application_columns to vault_admin: SELECT",
            "application_columns to vault_auditor: SELECT",
            "audit_log to vault_auditor: SELECT",
            "card_bins to vault_admin: DELETE, INSERT, SELECT, UPDATE",
            "connector_accounts to vault_node: INSERT, SELECT",
            "connector_tokens to vault_worker: DELETE",
            "connectors to vault_admin: SELECT",
            "connectors to vault_auditor: SELECT",
            "cvcs to vault_worker: DELETE",
            "jobs to vault_worker: DELETE",
            "keys to vault_admin: SELECT",
            "lockouts to vault_admin: SELECT",
            "lockouts to vault_auditor: SELECT",
            "merchants to vault_admin: SELECT",
            "merchants to vault_node: INSERT, SELECT",
            "metrics to vault_admin: SELECT",
            "metrics to vault_auditor: SELECT",
            "payment_method_counts to vault_worker: DELETE, INSERT, SELECT",
            "profiles to vault_admin: SELECT",
            "profiles to vault_node: INSERT, SELECT",
            "role_bindings to vault_admin: SELECT",
            "root_keys to vault_node: INSERT, SELECT",
            "token_job_counts to vault_admin: SELECT",
            "token_job_counts to vault_auditor: SELECT",
            "token_jobs to vault_admin: SELECT",
            "token_jobs to vault_auditor: SELECT",
            "volatile_payment_methods to vault_worker: DELETE",
        ]
    );
    none(
        &mut superuser,
        "the operator may rewrite the log",
        "select privilege, has_table_privilege('vault_operator', 'vault.audit_log', privilege)
         from unnest(array['update', 'delete', 'truncate']) privilege",
    );
}

#[test]
fn no_function_that_decrypts_can_be_folded_into_a_plan_or_pushed_below_a_policy() {
    let mut superuser = Stack::shared().superuser();
    none(
        &mut superuser,
        "leakproof",
        &format!("select p.oid::regprocedure::text, p.proleakproof from {FUNCTIONS}"),
    );
    none(
        &mut superuser,
        "immutable",
        &format!(
            "select p.oid::regprocedure::text, p.provolatile = 'i' from {FUNCTIONS}
             and p.proname in ('decrypt', 'encrypt', 'searchable', 'card_number')"
        ),
    );
    none(
        &mut superuser,
        "a cast encrypts or decrypts",
        "select castsource::regtype || ' as ' || casttarget::regtype,
                'vault'::regnamespace in (select typnamespace from pg_type where oid in (castsource, casttarget))
         from pg_cast",
    );
}

#[test]
fn the_extension_can_be_installed_by_superusers_only_and_not_be_moved() {
    let mut superuser = Stack::shared().superuser();
    let control = lines(
        &mut superuser,
        "select concat_ws(' ', superuser, trusted, relocatable, schema) from pg_available_extension_versions
         where name = 'vault' and installed",
    );
    assert_eq!(control, ["t f f vault"]);
}
