//! Everything that the extension has put into a database, as lines to compare.

use vault_tests::Stack;

/// The rights on an object, in a fixed order: of a column `acl`, the default for kind `d` of what `owner` owns.
macro_rules! rights {
    ($acl:literal, $kind:literal, $owner:literal) => {
        concat!(
            "array(select a::text from unnest(coalesce(",
            $acl,
            ", acldefault('",
            $kind,
            "', ",
            $owner,
            "))) a order by 1)"
        )
    };
}

/// A query for each kind of object. `member` are the extension's own objects, `ours` its schemas.
const KINDS: [(&str, &str); 17] = [
    (
        "member",
        "select pg_describe_object(classid, objid, 0) from member",
    ),
    (
        "comment",
        "select concat_ws(' ', pg_describe_object(d.classoid, d.objoid, d.objsubid), d.description)
         from pg_description d, pg_identify_object(d.classoid, d.objoid, d.objsubid) i
         where i.schema like 'vault%' or i.identity like '%vault%'",
    ),
    (
        "schema",
        concat!(
            "select concat_ws(' ', nspname, nspowner::regrole, ",
            rights!("nspacl", "n", "nspowner"),
            ") from pg_namespace where oid in (select oid from ours)"
        ),
    ),
    (
        "routine",
        concat!(
            "select concat_ws(' ', pg_get_functiondef(oid), proowner::regrole, ",
            rights!("proacl", "f", "proowner"),
            ") from pg_proc where pronamespace in (select oid from ours)"
        ),
    ),
    (
        "relation",
        concat!(
            "select concat_ws(' ', oid::regclass, relkind, relpersistence, relrowsecurity, relforcerowsecurity,
                              relreplident, reloptions, relowner::regrole, ",
            rights!("relacl", "r", "relowner"),
            ", case relkind when 'v' then pg_get_viewdef(oid) end)
             from pg_class where relnamespace in (select oid from ours)"
        ),
    ),
    (
        "column",
        "select concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
                          attcollation::regcollation, attidentity, attgenerated, attstorage, attstattarget,
                          -- Of its own accord PostgreSQL notes when a table was made.
                          array(select o from unnest(attoptions) o where o not like 'pg_attver=%' order by 1),
                          pg_get_expr(adbin, adrelid), array(select a::text from unnest(attacl) a order by 1))
         from pg_attribute join pg_class c on c.oid = attrelid
         left join pg_attrdef on adrelid = attrelid and adnum = attnum
         where relnamespace in (select oid from ours) and attnum > 0 and not attisdropped",
    ),
    (
        "constraint",
        "select concat_ws(' ', conrelid::regclass, conname, convalidated, pg_get_constraintdef(oid))
         from pg_constraint where connamespace in (select oid from ours)",
    ),
    (
        "index",
        "select concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, indisreplident, indisclustered)
         from pg_index join pg_class c on c.oid = indexrelid where relnamespace in (select oid from ours)",
    ),
    (
        "policy",
        "select p::text from pg_policies p where schemaname::regnamespace in (select oid from ours)",
    ),
    (
        "trigger",
        "select pg_get_triggerdef(t.oid) from pg_trigger t join pg_class c on c.oid = tgrelid
         where relnamespace in (select oid from ours) and not tgisinternal",
    ),
    (
        "sequence",
        "select concat_ws(' ', seqrelid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmax, seqmin, seqcache, seqcycle)
         from pg_sequence join pg_class c on c.oid = seqrelid where relnamespace in (select oid from ours)",
    ),
    (
        "type",
        concat!(
            "select concat_ws(' ', oid::regtype, typtype, typcategory, typlen, typbyval, typalign, typstorage, typdelim,
                              typinput, typoutput, typreceive, typsend, typmodin, typanalyze, typsubscript,
                              typowner::regrole, ",
            rights!("typacl", "T", "typowner"),
            ") from pg_type where typnamespace in (select oid from ours)"
        ),
    ),
    (
        "operator",
        "select concat_ws(' ', oid::regoperator, oprcode, oprrest, oprjoin, oprcom::regoperator, oprnegate::regoperator,
                          oprcanmerge, oprcanhash, oprowner::regrole)
         from pg_operator where oid in (select objid from member where classid = 'pg_operator'::regclass)",
    ),
    (
        "operator class",
        "select concat_ws(' ', pg_describe_object('pg_opclass'::regclass, oid, 0), opcdefault, opckeytype::regtype,
                          opcowner::regrole)
         from pg_opclass where oid in (select objid from member where classid = 'pg_opclass'::regclass)",
    ),
    (
        "member of an operator family",
        "select pg_describe_object('pg_amop'::regclass, a.oid, 0) from pg_amop a
         join member on classid = 'pg_opfamily'::regclass and objid = amopfamily
         union all
         select pg_describe_object('pg_amproc'::regclass, a.oid, 0) from pg_amproc a
         join member on classid = 'pg_opfamily'::regclass and objid = amprocfamily",
    ),
    (
        // The roles of the demo have no comment.
        "role",
        "select concat_ws(' ', rolname, rolsuper, rolinherit, rolcreaterole, rolcreatedb, rolcanlogin, rolreplication, rolbypassrls,
                          array(select unnest(setconfig) from pg_db_role_setting where setrole = r.oid order by 1),
                          array(select roleid::regrole::text from pg_auth_members m where m.member = r.oid order by 1),
                          shobj_description(oid, 'pg_authid'))
         from pg_roles r where rolname like 'vault%' and shobj_description(oid, 'pg_authid') is not null",
    ),
    (
        "table that a dump carries",
        "select concat_ws(' ', config::regclass, condition)
         from pg_extension, unnest(extconfig, extcondition) t (config, condition) where extname = 'vault'",
    ),
];

/// One line for each property of each object, sorted.
pub fn objects(database: &Stack) -> Vec<String> {
    let mut superuser = database.superuser();
    let mut objects = Vec::new();
    for (kind, query) in KINDS {
        let query = format!(
            "with ours as (select oid from pg_namespace where nspname in ('vault', 'vault_api')),
                  member as (select classid, objid from pg_depend
                             where refclassid = 'pg_extension'::regclass and deptype = 'e'
                               and refobjid = (select oid from pg_extension where extname = 'vault'))
             {query}"
        );
        let rows = superuser.rows(&query, &[]).unwrap();
        assert!(
            !rows.is_empty() || matches!(kind, "trigger" | "sequence"),
            "no {kind} is found"
        );
        objects.extend(
            rows.iter()
                .map(|row| format!("{kind} {}", row.get::<_, &str>(0))),
        );
    }
    // Partitions of months come and go with time. `from_0_1_0` tests that of an upgrade.
    objects.retain(|object| !object.contains("vault.audit_log_2"));
    objects.sort();
    objects
}
