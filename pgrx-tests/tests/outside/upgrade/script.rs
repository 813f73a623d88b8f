//! The part of an upgrade script that follows from two catalogues: routines, views, policies, rights and comments.
//!
//! The part before it is written by hand. It changes the tables. Where both have run, the catalogue is that of an installation.

use std::collections::BTreeMap;
use std::fmt::Write;

use vault_tests::{Session, Stack};

const BEGIN: &str = "-- BEGIN of what `make upgrade-script` writes: the routines, views, policies, rights and comments that differ.\n";
const END: &str = "-- END of what `make upgrade-script` writes.\n";

/// What stands before the generated part of a script.
pub fn before(script: &str) -> &str {
    split(script).0
}

/// The script with another generated part.
pub fn with_part(script: &str, part: &str) -> String {
    let (before, after) = split(script);
    format!("{before}{BEGIN}{part}{END}{after}")
}

fn split(script: &str) -> (&str, &str) {
    let (before, rest) = script
        .split_once(BEGIN)
        .expect("a script with a generated part");
    let (_, after) = rest.split_once(END).expect("the generated part has an end");
    (before, after)
}

/// What a database has, by name. What it is compared by, or the statement that makes it, is the value.
#[derive(Default)]
pub struct Catalogue {
    routines: BTreeMap<String, String>,
    owners: BTreeMap<String, String>,
    views: BTreeMap<String, String>,
    policies: BTreeMap<String, String>,
    /// By kind, object, grantee and privilege.
    rights: BTreeMap<String, String>,
    comments: BTreeMap<String, String>,
    /// Every object that can have rights.
    objects: BTreeMap<String, String>,
}

const OURS: &str = "in ('vault'::regnamespace, 'vault_api'::regnamespace)";

impl Catalogue {
    pub fn of(database: &Stack) -> Catalogue {
        let mut superuser = database.superuser();
        superuser.run("set search_path = ''").unwrap();
        let mut read = |query: &str| named(&mut superuser, &query.replace("{OURS}", OURS));
        Catalogue {
            routines: read(ROUTINES),
            owners: read(OWNERS),
            views: read(VIEWS),
            policies: read(POLICIES),
            rights: read(RIGHTS),
            comments: read(COMMENTS),
            objects: read(OBJECTS),
        }
    }
}

fn named(superuser: &mut Session, query: &str) -> BTreeMap<String, String> {
    let rows = superuser.rows(query, &[]).unwrap();
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

const ROUTINES: &str = "select oid::regprocedure::text, pg_get_functiondef(oid) from pg_proc where pronamespace {OURS}";

/// The installation gives some routines to another role than the one that installs.
const OWNERS: &str = "select oid::regprocedure::text, proowner::regrole::text from pg_proc
    where pronamespace {OURS} and proowner <> (select extowner from pg_extension where extname = 'vault')";

const VIEWS: &str =
    "select oid::regclass::text, concat(reloptions, pg_get_viewdef(oid)) from pg_class
    where relnamespace {OURS} and relkind = 'v'";

const POLICIES: &str = "select format('%I ON %I.%I', policyname, schemaname, tablename),
        concat_ws(' ', 'FOR', cmd, 'TO', array_to_string(roles, ', '),
                  'USING (' || qual || ')', 'WITH CHECK (' || with_check || ')')
    from pg_policies where schemaname in ('vault', 'vault_api')";

const RIGHTS: &str = "
    with granted (kind, object, owner, acl) as (
        select 'SCHEMA', oid::regnamespace::text, nspowner, coalesce(nspacl, acldefault('n', nspowner)) from pg_namespace
        where oid {OURS}
        union all
        select 'TABLE', oid::regclass::text, relowner, coalesce(relacl, acldefault('r', relowner)) from pg_class
        where relnamespace {OURS} and relkind in ('r', 'p', 'v') and relname !~ '^audit_log_[0-9]'
        union all
        select 'ROUTINE', oid::regprocedure::text, proowner, coalesce(proacl, acldefault('f', proowner)) from pg_proc
        where pronamespace {OURS}
    ), of_columns as (
        select attrelid::regclass::text as object, a.grantee, a.privilege_type,
               string_agg(quote_ident(attname), ', ' order by attname) as columns
        from pg_attribute join pg_class c on c.oid = attrelid, aclexplode(attacl) a
        where relnamespace {OURS} and not attisdropped group by 1, 2, 3
    ), privilege as (
        select kind, object, a.grantee, a.privilege_type::text as privilege from granted, aclexplode(acl) a
        where a.grantee <> owner
        union all
        select 'TABLE', object, grantee, format('%s (%s)', privilege_type, columns) from of_columns
    )
    select concat_ws(E'\\t', kind, object, case grantee when 0 then 'PUBLIC' else grantee::regrole::text end, privilege), ''
    from privilege";

const COMMENTS: &str = "
    with object (classid, objid, objsubid, name) as (
        select 'pg_proc'::regclass, oid, 0, 'ROUTINE ' || oid::regprocedure from pg_proc where pronamespace {OURS}
        union all
        select 'pg_class'::regclass, oid, 0, case relkind when 'v' then 'VIEW ' else 'TABLE ' end || oid::regclass
        from pg_class where relnamespace {OURS} and relkind in ('r', 'p', 'v') and relname !~ '^audit_log_[0-9]'
        union all
        select 'pg_class'::regclass, attrelid, attnum, format('COLUMN %s.%I', attrelid::regclass, attname)
        from pg_attribute join pg_class c on c.oid = attrelid where relnamespace {OURS} and not attisdropped and relname !~ '^audit_log_[0-9]'
        union all
        select 'pg_namespace'::regclass, oid, 0, 'SCHEMA ' || oid::regnamespace from pg_namespace where oid {OURS}
        union all
        select 'pg_type'::regclass, oid, 0, 'TYPE ' || oid::regtype from pg_type where typnamespace {OURS}
    )
    select name, quote_literal(description) from object join pg_description d
    on d.classoid = classid and d.objoid = objid and d.objsubid = object.objsubid";

const OBJECTS: &str = "
    select 'TABLE ' || oid::regclass, relkind::text from pg_class where relnamespace {OURS} and relkind in ('r', 'p', 'v') and relname !~ '^audit_log_[0-9]'
    union all select 'ROUTINE ' || oid::regprocedure, '' from pg_proc where pronamespace {OURS}";

/// The generated part: `released` is the catalogue of the release, `present` is that of an installation, and `changed` is that of
/// the release after what is written by hand. `install` is the present install script.
pub fn generated(
    released: &Catalogue,
    changed: &Catalogue,
    present: &Catalogue,
    install: &str,
) -> String {
    let mut part = String::new();
    for name in gone_or_other(&changed.policies, &present.policies) {
        line(&mut part, &format!("DROP POLICY {name}"));
    }
    for name in changed
        .routines
        .keys()
        .filter(|name| !present.routines.contains_key(*name))
    {
        line(&mut part, &format!("DROP ROUTINE {name}"));
    }
    for (name, definition) in new_or_other(&changed.routines, &present.routines) {
        let definition = definition.replace("AS 'vault', ", "AS 'MODULE_PATHNAME', ");
        let definition = match changed.routines.contains_key(name) {
            true => definition,
            false => definition.replacen("CREATE OR REPLACE ", "CREATE ", 1),
        };
        line(&mut part, definition.trim_end());
    }
    for (name, owner) in new_or_other(&changed.owners, &present.owners) {
        line(&mut part, &format!("ALTER ROUTINE {name} OWNER TO {owner}"));
    }
    // One view may read another, so they keep the order of the installation.
    let mut views = new_or_other(&changed.views, &present.views);
    views.sort_by_key(|(name, _)| install.find(&format!("CREATE VIEW {name} ")));
    for (name, _) in views {
        let text = view(install, name);
        let verb = if changed.views.contains_key(name) {
            "CREATE OR REPLACE VIEW"
        } else {
            "CREATE VIEW"
        };
        line(&mut part, &format!("{verb} {text}"));
    }
    for (name, rule) in new_or_other(&changed.policies, &present.policies) {
        line(&mut part, &format!("CREATE POLICY {name} {rule}"));
    }
    take_back(&mut part, released, present);
    let kept = rights_on(&changed.rights, &present.objects);
    rights(&mut part, "REVOKE", "FROM", gone(&kept, &present.rights));
    let kept = rights_on(&kept, &released.objects);
    rights(&mut part, "GRANT", "TO", gone(&present.rights, &kept));
    for (name, text) in new_or_other(&changed.comments, &present.comments) {
        line(&mut part, &format!("COMMENT ON {name} IS {text}"));
    }
    part
}

fn line(part: &mut String, statement: &str) {
    writeln!(part, "{statement};").unwrap();
}

/// A view as the installation makes it, without the verb.
fn view(install: &str, name: &str) -> String {
    let start = format!("CREATE VIEW {name} ");
    let (_, rest) = install
        .split_once(&start)
        .expect("a view of the installation");
    let (text, _) = rest.split_once(";\n").expect("a view has an end");
    format!("{name} {text}")
}

fn gone<'a>(from: &'a BTreeMap<String, String>, to: &BTreeMap<String, String>) -> Vec<&'a str> {
    from.keys()
        .filter(|name| !to.contains_key(*name))
        .map(String::as_str)
        .collect()
}

fn gone_or_other<'a>(
    from: &'a BTreeMap<String, String>,
    to: &BTreeMap<String, String>,
) -> Vec<&'a str> {
    let other = |(name, value): &(&'a String, &String)| to.get(*name) != Some(*value);
    from.iter()
        .filter(other)
        .map(|(name, _)| name.as_str())
        .collect()
}

fn new_or_other<'a>(
    from: &BTreeMap<String, String>,
    to: &'a BTreeMap<String, String>,
) -> Vec<(&'a str, &'a str)> {
    to.iter()
        .filter(|(name, value)| from.get(*name) != Some(*value))
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect()
}

/// An object comes with rights: EXECUTE for PUBLIC, and those of ALTER DEFAULT PRIVILEGES.
fn take_back(part: &mut String, released: &Catalogue, present: &Catalogue) {
    let new: Vec<&str> = new_or_other(&released.objects, &present.objects)
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    if new.is_empty() {
        return;
    }
    let of = |kind: &str| -> String {
        let names: Vec<String> = new
            .iter()
            .filter_map(|name| name.strip_prefix(kind))
            .map(|name| format!("        '{name}'"))
            .collect();
        names.join(",\n")
    };
    writeln!(
        part,
        "{}",
        TAKE_BACK
            .replace("{TABLES}", &of("TABLE "))
            .replace("{ROUTINES}", &of("ROUTINE "))
    )
    .unwrap();
}

const TAKE_BACK: &str = "DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT 'TABLE' AS kind, c.oid::pg_catalog.regclass::text AS name, c.relacl AS acl, c.relowner AS owner
        FROM pg_catalog.pg_class c WHERE c.oid = ANY (ARRAY[
{TABLES}
        ]::pg_catalog.regclass[])
        UNION ALL
        SELECT 'ROUTINE', p.oid::pg_catalog.regprocedure::text,
               COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
        FROM pg_catalog.pg_proc p WHERE p.oid = ANY (ARRAY[
{ROUTINES}
        ]::pg_catalog.regprocedure[])
    LOOP
        EXECUTE COALESCE((
            SELECT pg_catalog.string_agg(pg_catalog.format('REVOKE ALL ON %s %s FROM %s', granted.kind, granted.name,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END), '; ')
            FROM (SELECT DISTINCT grantee FROM pg_catalog.aclexplode(granted.acl)) a
            WHERE a.grantee <> granted.owner), 'SELECT');
    END LOOP;
END
$$;";

/// Those of the rights that are on one of the objects, or on a schema.
fn rights_on(
    rights: &BTreeMap<String, String>,
    objects: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let is_on_one = |right: &&String| {
        let mut parts = right.split('\t');
        let (kind, object) = (parts.next().unwrap(), parts.next().unwrap());
        kind == "SCHEMA" || objects.contains_key(&format!("{kind} {object}"))
    };
    let on_them = rights.keys().filter(is_on_one);
    on_them
        .map(|right| (right.clone(), String::new()))
        .collect()
}

/// One statement for each kind of object, grantee and set of privileges.
fn rights(part: &mut String, verb: &str, preposition: &str, rights: Vec<&str>) {
    let mut by_object: BTreeMap<(&str, &str, &str), Vec<&str>> = BTreeMap::new();
    for right in rights {
        let [kind, object, grantee, privilege] = right
            .split('\t')
            .collect::<Vec<_>>()
            .try_into()
            .expect("four parts of a right");
        by_object
            .entry((kind, grantee, object))
            .or_default()
            .push(privilege);
    }
    let mut by_privileges: BTreeMap<(&str, &str, String), Vec<&str>> = BTreeMap::new();
    for ((kind, grantee, object), privileges) in by_object {
        let key = (kind, grantee, privileges.join(", "));
        by_privileges.entry(key).or_default().push(object);
    }
    for ((kind, grantee, privileges), objects) in by_privileges {
        let objects = objects.join(",\n    ");
        line(
            part,
            &format!("{verb} {privileges} ON {kind}\n    {objects}\n{preposition} {grantee}"),
        );
    }
}
