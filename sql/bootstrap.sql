-- The installation must not adopt anything that somebody else has prepared. An object in the vault's schemas could catch a call
-- or an operator. A role that somebody else can act as would be past the vault's isolation.
DO $$
BEGIN
    IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'vault needs a database with the encoding UTF8'
            USING ERRCODE = 'feature_not_supported', HINT = 'Create the database with CREATE DATABASE ... ENCODING ''UTF8'' TEMPLATE template0.';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace n
               WHERE n.nspname = 'vault' AND n.nspowner <> (current_user::pg_catalog.regrole)::pg_catalog.oid)
       OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                    AND d.refobjid = pg_catalog.to_regnamespace('vault')::pg_catalog.oid
                    AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass) THEN
        RAISE EXCEPTION 'the schema vault belongs to another role, or is not empty'
            USING ERRCODE = 'duplicate_schema', HINT = 'Drop the schema. CREATE EXTENSION vault creates its own.';
    END IF;
END
$$;

-- Nobody may act as one of these five roles. Somebody who becomes one of them, or gives it a right, a setting or a way to log
-- in, is past the vault's isolation. The settings that this script makes are no findings. The two timeouts may have any value.
CREATE FUNCTION vault.role_findings(OUT role_name text, OUT finding text, OUT remedy text) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH own AS (
        SELECT r.*, r.rolname = 'vault_authenticator' AS is_login,
               -- Roles belong to all databases. So the server has Citus, and perhaps another database of it.
               r.rolname = 'vault_node' AND EXISTS (
                   SELECT FROM pg_catalog.pg_settings s
                   WHERE s.name = 'citus.recover_2pc_interval' AND s.context = 'sighup') AS is_login_of_nodes
        FROM pg_catalog.pg_roles r
        WHERE r.rolname IN ('vault_operator', 'vault_worker', 'vault_node', 'vault_api', 'vault_authenticator')
    ), membership AS (
        SELECT DISTINCT m.roleid, g.rolname AS role, m.member, u.rolname AS member_name
        FROM pg_catalog.pg_auth_members m
        JOIN pg_catalog.pg_roles g ON g.oid = m.roleid
        JOIN pg_catalog.pg_roles u ON u.oid = m.member
        WHERE NOT (g.rolname = 'vault_api' AND u.rolname = 'vault_authenticator')
    ), kept (name, value) AS (
        VALUES ('log_parameter_max_length', '0'), ('log_parameter_max_length_on_error', '0'),
               ('log_error_verbosity', 'terse'), ('lock_timeout', NULL), ('statement_timeout', NULL)
    ), setting AS (
        SELECT s.setrole, d.datname, split_part(c.setting, '=', 1) AS name, substr(c.setting, strpos(c.setting, '=') + 1) AS value
        FROM pg_catalog.pg_db_role_setting s
        LEFT JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
        CROSS JOIN LATERAL unnest(s.setconfig) c (setting)
    )
    SELECT o.rolname::text, format('has the member %I', m.member_name), format('REVOKE %I FROM %I', m.role, m.member_name)
    FROM own o JOIN membership m ON m.roleid = o.oid
    UNION ALL
    SELECT o.rolname::text, format('is a member of %I', m.role), format('REVOKE %I FROM %I', m.role, o.rolname)
    FROM own o JOIN membership m ON m.member = o.oid
    UNION ALL
    SELECT o.rolname::text, format('has the attribute %s', a.attribute), format('ALTER ROLE %I NO%s', o.rolname, a.attribute)
    FROM own o, LATERAL (VALUES
        ('SUPERUSER', o.rolsuper), ('CREATEROLE', o.rolcreaterole), ('CREATEDB', o.rolcreatedb),
        ('REPLICATION', o.rolreplication), ('BYPASSRLS', o.rolbypassrls), ('LOGIN', o.rolcanlogin AND NOT (o.is_login OR o.is_login_of_nodes))
    ) a (attribute, is_set)
    WHERE a.is_set
    UNION ALL
    SELECT o.rolname::text, format('has a setting of %s', s.name),
           format('ALTER ROLE %I %s', o.rolname,
                  CASE WHEN k.name IS NULL THEN format('%sRESET %s', 'IN DATABASE ' || quote_ident(s.datname) || ' ', s.name)
                       ELSE format('SET %s = %L', k.name, k.value) END)
    FROM own o JOIN setting s ON s.setrole = o.oid
    LEFT JOIN kept k ON o.is_login AND s.datname IS NULL AND k.name = s.name
    WHERE k.name IS NULL OR k.value <> s.value
    ORDER BY 1, 2
$$;
COMMENT ON FUNCTION vault.role_findings() IS 'What lets somebody else act as one of the vault''s own roles, or gives such a role too many rights, and the command that fixes it. It should return no rows';

DO $$
DECLARE
    findings text[] := ARRAY(SELECT pg_catalog.format('%s %s: %s', f.role_name, f.finding, f.remedy)
                             FROM vault.role_findings() f);
    first    text;
BEGIN
    SELECT pg_catalog.format('the role %s %s', f.role_name, f.finding) INTO first FROM vault.role_findings() f LIMIT 1;
    IF first IS NOT NULL THEN
        RAISE EXCEPTION '%', first
            USING ERRCODE = 'duplicate_object', DETAIL = pg_catalog.array_to_string(findings, E'\n'),
                  HINT = 'No other role may act as one of the vault''s own roles. Each line of the detail ends with the command that fixes it.';
    END IF;
END
$$;

-- The roles come first: policies and grants name them. Roles belong to the whole cluster, so a second database that
-- installs the extension finds them there; their attributes are set every time, because the isolation rests on them.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY[
        'vault_operator', 'vault_worker', 'vault_node', 'vault_authenticator', 'vault_api', 'vault_client', 'vault_reveal',
        'vault_bulk', 'vault_admin', 'vault_auditor', 'vault_table_owner'
    ] LOOP
        IF pg_catalog.to_regrole(role_name) IS NULL THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I', role_name);
        END IF;
        EXECUTE pg_catalog.format(
            'ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS', role_name);
    END LOOP;
END
$$;

ALTER ROLE vault_operator NOLOGIN;
ALTER ROLE vault_worker NOLOGIN;
ALTER ROLE vault_api NOLOGIN;
ALTER ROLE vault_client NOLOGIN;
ALTER ROLE vault_reveal NOLOGIN;
ALTER ROLE vault_bulk NOLOGIN;
ALTER ROLE vault_admin NOLOGIN;
ALTER ROLE vault_auditor NOLOGIN;
ALTER ROLE vault_table_owner NOLOGIN;
ALTER ROLE vault_authenticator LOGIN NOINHERIT;
GRANT vault_api TO vault_authenticator;

-- A request's body is a bind value. It must not reach the log, not even with an error.
ALTER ROLE vault_authenticator SET log_parameter_max_length = 0;
ALTER ROLE vault_authenticator SET log_parameter_max_length_on_error = 0;
ALTER ROLE vault_authenticator SET log_error_verbosity = 'terse';

-- Both are shorter than nginx waits, so that a call which the client sees fail has not been carried out. A call that waits for a
-- lock holds one of PostgREST's few connections.
ALTER ROLE vault_authenticator SET lock_timeout = '1s';
ALTER ROLE vault_authenticator SET statement_timeout = '15s';

COMMENT ON ROLE vault_operator IS 'Internal: the operations of the vault run as this role. It cannot log in, owns no table and bypasses no policy';
COMMENT ON ROLE vault_worker IS 'Internal: the background processes delete what has expired, find due jobs and add up counts, in all profiles, as this role. It cannot read an envelope';
COMMENT ON ROLE vault_node IS 'Internal: the nodes of a vault that is spread over several write what all of them have as this role. Only vault.distribute lets it log in';
COMMENT ON ROLE vault_authenticator IS 'Login of PostgREST. It may become vault_api and nothing else';
COMMENT ON ROLE vault_api IS 'Executes the functions of schema vault_api';
COMMENT ON ROLE vault_client IS 'Granted to application roles: executes the operations and the functions of the encrypted types';
COMMENT ON ROLE vault_reveal IS 'Granted beside vault_client: sees full card and account numbers by SQL';
COMMENT ON ROLE vault_bulk IS 'Granted beside vault_client: may compute any number of blind indexes, to load cards in bulk';
COMMENT ON ROLE vault_admin IS 'Manages merchants, profiles, API keys, role bindings, keys, lock-outs, connectors and the BIN table; sees no card data';
COMMENT ON ROLE vault_auditor IS 'Reads the audit log, the lock-outs, the connectors and their jobs, and what is wrong with rows and roles';
COMMENT ON ROLE vault_table_owner IS 'Granted to owners of tables that hold values of any profile: key management includes their tables, and waits for their code within vault.table_timeout';

CREATE TYPE vault.encrypted_text;
CREATE TYPE vault.encrypted_json;
CREATE TYPE vault.searchable_text;
CREATE TYPE vault.card_number;

COMMENT ON SCHEMA vault IS 'The vault: operations, encrypted types, keys, profiles and the audit log';
CREATE SCHEMA vault_api;
COMMENT ON SCHEMA vault_api IS 'The HTTP API, published by PostgREST';
