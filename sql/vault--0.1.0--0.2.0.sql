\echo Use "ALTER EXTENSION vault UPDATE" to load this file. \quit

-- From 0.1.0 to 0.2.0. docs/operations.md says what to do before. The script runs in one transaction: if anything in it fails, the
-- database stays at 0.1.0 as it was.

-- Roles belong to the cluster, so another database may have made the three new ones already. Their attributes are set every time,
-- but vault.distribute of another database may let vault_node log in.
DO $$
DECLARE
    role_name text;
BEGIN
    FOREACH role_name IN ARRAY ARRAY['vault_bulk', 'vault_table_owner'] LOOP
        IF pg_catalog.to_regrole(role_name) IS NULL THEN
            EXECUTE pg_catalog.format('CREATE ROLE %I', role_name);
        END IF;
        EXECUTE pg_catalog.format(
            'ALTER ROLE %I NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS NOLOGIN', role_name);
    END LOOP;
    IF pg_catalog.to_regrole('vault_node') IS NULL THEN
        CREATE ROLE vault_node;
    END IF;
    ALTER ROLE vault_node NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS;
    -- 0.1.0 let a call wait for a lock for five seconds. A time that somebody else has set stays.
    IF EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s
               WHERE s.setrole = 'vault_authenticator'::pg_catalog.regrole AND s.setdatabase = 0
                 AND 'lock_timeout=5s' = ANY (s.setconfig)) THEN
        ALTER ROLE vault_authenticator SET lock_timeout = '1s';
    END IF;
END
$$;

COMMENT ON ROLE vault_operator IS 'Internal: the operations of the vault run as this role. It cannot log in, owns no table and bypasses no policy';
COMMENT ON ROLE vault_worker IS 'Internal: the background processes delete what has expired, find due jobs and add up counts, in all profiles, as this role. It cannot read an envelope';
COMMENT ON ROLE vault_node IS 'Internal: the nodes of a vault that is spread over several write what all of them have as this role. Only vault.distribute lets it log in';
COMMENT ON ROLE vault_authenticator IS 'Login of PostgREST. It may become vault_api and nothing else';
COMMENT ON ROLE vault_bulk IS 'Granted beside vault_client: may compute any number of blind indexes, to load cards in bulk';
COMMENT ON ROLE vault_admin IS 'Manages merchants, profiles, API keys, role bindings, keys, lock-outs, connectors and the BIN table; sees no card data';
COMMENT ON ROLE vault_auditor IS 'Reads the audit log, the lock-outs, the connectors and their jobs, and what is wrong with rows and roles';
COMMENT ON ROLE vault_table_owner IS 'Granted to owners of tables that hold values of any profile: key management includes their tables, and waits for their code within vault.table_timeout';

-- Rows that decide who may do what have a MAC from now on. The end of this script makes it for the rows that are there.
ALTER TABLE vault.merchants ALTER COLUMN created_at DROP DEFAULT, ADD COLUMN mac bytea NOT NULL DEFAULT '';
ALTER TABLE vault.merchants ALTER COLUMN mac DROP DEFAULT;
ALTER TABLE vault.profiles
    ALTER COLUMN created_at DROP DEFAULT,
    ADD COLUMN network_tokenization_enabled boolean NOT NULL DEFAULT false,
    ADD COLUMN mac bytea NOT NULL DEFAULT '';
ALTER TABLE vault.profiles ALTER COLUMN mac DROP DEFAULT;
ALTER TABLE vault.api_keys ALTER COLUMN created_at DROP DEFAULT, ADD COLUMN mac bytea NOT NULL DEFAULT '';
ALTER TABLE vault.api_keys ALTER COLUMN mac DROP DEFAULT;
ALTER TABLE vault.role_bindings
    ALTER COLUMN created_at DROP DEFAULT,
    ADD COLUMN role_oid oid NOT NULL DEFAULT 0,
    ADD COLUMN system_identifier bigint NOT NULL DEFAULT 0,
    ADD COLUMN mac bytea NOT NULL DEFAULT '';
ALTER TABLE vault.role_bindings
    ALTER COLUMN role_oid DROP DEFAULT, ALTER COLUMN system_identifier DROP DEFAULT, ALTER COLUMN mac DROP DEFAULT;

-- A binding was to a name, and is to a role now. A name that no role has stays bound to no role.
UPDATE vault.role_bindings b
SET role_oid = COALESCE((SELECT r.oid FROM pg_catalog.pg_roles r WHERE r.rolname = b.role_name), 0),
    system_identifier = (SELECT c.system_identifier FROM pg_catalog.pg_control_system() c);

-- A key's id was a number of a sequence, and is a random number now. The keys that are there keep theirs, because every value under
-- a key contains it.
ALTER EXTENSION vault DROP SEQUENCE vault.data_keys_key_id_seq;
ALTER TABLE vault.data_keys ALTER COLUMN key_id DROP IDENTITY;
ALTER TABLE vault.data_keys
    DROP COLUMN retired_by,
    DROP CONSTRAINT data_keys_pkey,
    DROP CONSTRAINT data_keys_key_id_key,
    ADD PRIMARY KEY (profile_id, key_id),
    ADD UNIQUE (profile_id, purpose, version),
    ADD CHECK (key_id > 0);

ALTER TABLE vault.connector_tokens ADD COLUMN expires_at timestamptz;
CREATE INDEX connector_tokens_by_expiry ON vault.connector_tokens (expires_at) WHERE expires_at IS NOT NULL;

ALTER TABLE vault.audit_log
    DROP CONSTRAINT audit_log_outcome_check,
    ADD COLUMN occurrences bigint NOT NULL DEFAULT 1,
    ADD COLUMN first_occurred_at timestamptz;

-- The audit log has a partition for each month from now on. The table that is there becomes the first of them, with all rows.
DO $$
DECLARE
    month     timestamp := pg_catalog.date_trunc('month', pg_catalog.now() AT TIME ZONE 'UTC');
    ends_at   timestamptz := (month + INTERVAL '1 month') AT TIME ZONE 'UTC';
    -- As text, because DateStyle may be any.
    bound     text := pg_catalog.to_char(month + INTERVAL '1 month', 'YYYY-MM-DD 00:00:00+00');
    grantee   text;
    partition text := 'audit_log_' || pg_catalog.to_char(month, 'YYYY_MM');
BEGIN
    DROP POLICY written_by_operations ON vault.audit_log;
    DROP POLICY read_by_auditors ON vault.audit_log;
    FOR grantee IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END
        FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
        WHERE c.oid = 'vault.audit_log'::pg_catalog.regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON vault.audit_log FROM %s', grantee);
    END LOOP;
    ALTER EXTENSION vault DROP TABLE vault.audit_log;
    COMMENT ON TABLE vault.audit_log IS 'Internal: rows of the audit log for one month';
    EXECUTE pg_catalog.format('ALTER TABLE vault.audit_log RENAME CONSTRAINT audit_log_pkey TO %I', partition || '_pkey');
    EXECUTE pg_catalog.format('ALTER TABLE vault.audit_log RENAME TO %I', partition);
    EXECUTE pg_catalog.format(
        'CREATE TABLE vault.audit_log (LIKE vault.%I INCLUDING DEFAULTS) PARTITION BY RANGE (occurred_at)', partition);
    CREATE TABLE vault.audit_log_default PARTITION OF vault.audit_log (PRIMARY KEY (profile_id, audit_id)) DEFAULT;
    -- A clock may have been wrong.
    EXECUTE pg_catalog.format(
        'WITH moved AS (DELETE FROM vault.%I WHERE occurred_at >= $1 RETURNING *) INSERT INTO vault.audit_log_default SELECT * FROM moved',
        partition) USING ends_at;
    EXECUTE pg_catalog.format('ALTER TABLE vault.audit_log ATTACH PARTITION vault.%I FOR VALUES FROM (MINVALUE) TO (%L)', partition, bound);
END
$$;
ALTER TABLE vault.audit_log ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE vault.audit_log_default ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('vault.audit_log_default', '');

-- An account of a merchant serves all its profiles. The root key seals the credentials, because no profile's data key could.
CREATE TABLE vault.connector_accounts (
    connector_id text COLLATE "C" PRIMARY KEY,
    merchant_id  text COLLATE "C" NOT NULL REFERENCES vault.merchants,
    profile_id   text COLLATE "C" REFERENCES vault.profiles,
    kind         text COLLATE "C" NOT NULL,
    label        text NOT NULL,
    settings     text NOT NULL,
    credentials  bytea NOT NULL,
    enabled      boolean NOT NULL,
    created_at   timestamptz NOT NULL,
    mac          bytea NOT NULL
);
CREATE INDEX connector_accounts_by_merchant ON vault.connector_accounts (merchant_id);

CREATE TABLE vault.connector_customers (
    profile_id   text COLLATE "C" NOT NULL,
    customer_id  text COLLATE "C" NOT NULL,
    connector_id text COLLATE "C" NOT NULL,
    details      bytea NOT NULL,
    PRIMARY KEY (profile_id, customer_id, connector_id),
    FOREIGN KEY (profile_id, customer_id) REFERENCES vault.customers
);

CREATE TABLE vault.network_tokens (
    profile_id        text COLLATE "C" NOT NULL,
    payment_method_id text COLLATE "C" NOT NULL,
    connector_id      text COLLATE "C" NOT NULL,
    summary           bytea NOT NULL,
    check_after       timestamptz NOT NULL,
    PRIMARY KEY (profile_id, payment_method_id),
    FOREIGN KEY (profile_id, payment_method_id) REFERENCES vault.payment_methods
);
CREATE INDEX network_tokens_to_check ON vault.network_tokens (check_after);

CREATE TABLE vault.jobs (
    profile_id        text COLLATE "C" NOT NULL,
    job_id            text COLLATE "C" NOT NULL,
    payment_method_id text COLLATE "C" NOT NULL,
    connector_id      text COLLATE "C" NOT NULL,
    action            text COLLATE "C" NOT NULL CHECK (action IN (
        'make_single_use_token', 'make_multi_use_token', 'delete_token',
        'make_network_token', 'check_network_token', 'delete_network_token')),
    state             text COLLATE "C" NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sent', 'done', 'failed', 'cancelled')),
    attempts          integer NOT NULL DEFAULT 0,
    next_try_at       timestamptz NOT NULL,
    error             text COLLATE "C",
    error_status      integer,
    subject           bytea,
    created_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    PRIMARY KEY (profile_id, job_id),
    FOREIGN KEY (profile_id, payment_method_id) REFERENCES vault.payment_methods,
    CHECK ((finished_at IS NULL) = (state IN ('waiting', 'sent')))
);
CREATE INDEX jobs_open ON vault.jobs (connector_id, next_try_at) WHERE state IN ('waiting', 'sent');
CREATE INDEX jobs_finished ON vault.jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_once ON vault.jobs (profile_id, payment_method_id, connector_id, action)
    WHERE state IN ('waiting', 'sent') AND action NOT IN ('delete_token', 'delete_network_token');

-- A create locks its customer, and no role may delete one, so PostgreSQL need not look for it a second time.
ALTER TABLE vault.payment_methods DROP CONSTRAINT payment_methods_profile_id_customer_id_fkey;

-- The number of a profile's active payment methods. The table of these is locked since the last statement.
CREATE TABLE vault.payment_method_counts (
    profile_id text COLLATE "C" NOT NULL,
    count_id   uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    active     bigint NOT NULL,
    PRIMARY KEY (profile_id, count_id)
);
INSERT INTO vault.payment_method_counts (profile_id, count_id, active)
SELECT profile_id, '00000000-0000-0000-0000-000000000000', pg_catalog.count(*) FROM vault.payment_methods WHERE status = 'active' GROUP BY profile_id;

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['payment_method_counts', 'connector_accounts', 'connector_customers', 'network_tokens', 'jobs'] LOOP
        EXECUTE pg_catalog.format('ALTER TABLE vault.%I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE pg_catalog.format('ALTER TABLE vault.%I FORCE ROW LEVEL SECURITY', table_name);
        PERFORM pg_catalog.pg_extension_config_dump(pg_catalog.format('vault.%I', table_name)::pg_catalog.regclass, '');
    END LOOP;
END
$$;

ALTER FUNCTION vault.role_bindings_changed() RENAME TO tell_of_change;
ALTER TRIGGER role_bindings_changed ON vault.role_bindings RENAME TO tell_of_change;
CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vault.profiles
    FOR EACH STATEMENT EXECUTE FUNCTION vault.tell_of_change();
CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vault.api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION vault.tell_of_change();
CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vault.card_bins
    FOR EACH STATEMENT EXECUTE FUNCTION vault.tell_of_change();
ALTER TABLE vault.profiles ENABLE ALWAYS TRIGGER tell_of_change;
ALTER TABLE vault.api_keys ENABLE ALWAYS TRIGGER tell_of_change;
ALTER TABLE vault.card_bins ENABLE ALWAYS TRIGGER tell_of_change;

-- BEGIN of what `make upgrade-script` writes: the routines, views, policies, rights and comments that differ.
DROP POLICY locked_never_changed ON vault.profiles;
DROP POLICY of_current_profile ON vault.connector_tokens;
DROP POLICY of_current_profile ON vault.customers;
DROP POLICY of_current_profile ON vault.cvcs;
DROP POLICY of_current_profile ON vault.data_keys;
DROP POLICY of_current_profile ON vault.payment_methods;
DROP POLICY of_current_profile ON vault.profiles;
DROP POLICY of_current_profile ON vault.role_bindings;
DROP POLICY of_current_profile ON vault.volatile_payment_methods;
DROP POLICY of_current_profile_only ON vault.role_bindings;
DROP ROUTINE vault.destroy_data_key(text,text,integer,boolean);
DROP ROUTINE vault.list_payment_methods(text);
CREATE FUNCTION vault."check"(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT f.* FROM (
        SELECT * FROM vault.state_findings()
        UNION ALL SELECT * FROM vault.setting_findings()
        UNION ALL SELECT * FROM vault.right_findings()
        UNION ALL SELECT * FROM vault.object_findings()
    ) f (finding, severity, object, message, hint)
    ORDER BY f.severity, f.finding, f.object
$function$;
CREATE FUNCTION vault.acts_for(owner oid, profile_id text)
 RETURNS boolean
 LANGUAGE c
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$acts_for_wrapper$function$;
CREATE FUNCTION vault.check_network_token_status(payment_method_id text)
 RETURNS jsonb
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$check_network_token_status_wrapper$function$;
CREATE FUNCTION vault.connectors_on_shards()
 RETURNS SETOF text
 LANGUAGE c
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$connectors_on_shards_wrapper$function$;
CREATE FUNCTION vault.counted_failures(way text)
 RETURNS TABLE(kind text, prefix text, source text, failures bigint, locked_until timestamp with time zone)
 LANGUAGE c
 PARALLEL RESTRICTED STRICT
AS 'MODULE_PATHNAME', $function$counted_failures_wrapper$function$;
CREATE FUNCTION vault.create_connector(owner_id text, kind text, label text, settings jsonb, credentials text)
 RETURNS text
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$create_connector_wrapper$function$;
CREATE FUNCTION vault.create_payment_methods(payment_methods jsonb[], all_or_nothing boolean DEFAULT false)
 RETURNS TABLE(item integer, outcome text, payment_method_id text, code text, message text)
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$create_payment_methods_wrapper$function$;
CREATE FUNCTION vault.destroy_data_key(profile_id text, purpose text, version integer, force boolean DEFAULT false, left_out oid[] DEFAULT '{}'::oid[])
 RETURNS void
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$destroy_data_key_wrapper$function$;
CREATE FUNCTION vault.disable_connector(connector_id text)
 RETURNS void
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$disable_connector_wrapper$function$;
CREATE FUNCTION vault.distribute(shards integer DEFAULT 32)
 RETURNS SETOF text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET client_min_messages TO 'warning'
 SET row_security TO 'off'
AS $function$
DECLARE
    shared     CONSTANT text[] := ARRAY['merchants', 'profiles', 'api_keys', 'root_keys', 'card_bins', 'connector_accounts'];
    spread     CONSTANT text[] := ARRAY['data_keys', 'customers', 'payment_methods', 'payment_method_counts', 'connector_tokens',
        'connector_customers', 'network_tokens', 'jobs'];
    of_a_node  CONSTANT text[] := ARRAY['role_bindings', 'volatile_payment_methods'];
    -- Tables of one node cannot refer to others on a node that is not the coordinator.
    drop_keys  CONSTANT text := format($drop$
        DO $do$
        DECLARE
            key record;
        BEGIN
            SET LOCAL citus.enable_ddl_propagation = off;
            FOR key IN
                SELECT k.conrelid::regclass AS relation, k.conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
                WHERE k.contype = 'f' AND c.relnamespace = 'vault'::regnamespace AND c.relname = ANY (%L::text[])
                  AND NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = k.conrelid)
            LOOP
                EXECUTE format('ALTER TABLE %%s DROP CONSTRAINT %%I', key.relation, key.conname);
            END LOOP;
        END
        $do$
    $drop$, shared || spread || of_a_node);
    -- Citus lets anybody change its catalogues who sets application_name, and lets anybody reach other servers. What is left to
    -- everybody are the functions that find shards, and those by which Citus hides shards in the catalogues.
    revoke_all CONSTANT text := $revoke$
        DO $do$
        DECLARE
            function record;
        BEGIN
            SET LOCAL citus.enable_ddl_propagation = off;
            FOR function IN SELECT f.function, f.kind FROM vault.open_functions_of_citus() f LOOP
                EXECUTE format('REVOKE EXECUTE ON %s %s FROM PUBLIC', function.kind, function.function);
            END LOOP;
            REVOKE USAGE ON SCHEMA citus_internal FROM PUBLIC;
            -- By these, Citus begins a write on all nodes.
            GRANT EXECUTE ON FUNCTION assign_distributed_transaction_id(integer, bigint, timestamptz),
                lock_shard_resources(integer, bigint[]) TO vault_node;
        END
        $do$
    $revoke$;
    show_nodes CONSTANT text := $show$
        DO $do$
        BEGIN
            SET LOCAL citus.enable_ddl_propagation = off;
            CREATE OR REPLACE VIEW vault.keys_of_node AS
                SELECT k.* FROM vault.keys_on_shards() row, json_to_record(row::json) AS k (profile_id text COLLATE "C", key_id integer,
                    purpose text, version integer, state text, created_at timestamptz, retired_at timestamptz,
                    rotate_after timestamptz);
            CREATE OR REPLACE VIEW vault.jobs_of_node AS
                SELECT j.* FROM vault.jobs_on_shards() row, json_to_record(row::json) AS j (profile_id text COLLATE "C",
                    job_id text COLLATE "C", payment_method_id text COLLATE "C", connector_id text COLLATE "C",
                    action text COLLATE "C", state text COLLATE "C", attempts integer, next_try_at timestamptz,
                    error text COLLATE "C", error_status integer, created_at timestamptz, finished_at timestamptz);
            CREATE OR REPLACE VIEW vault.connectors AS
                SELECT c.* FROM vault.connectors_on_shards() row, json_to_record(row::json) AS c (connector_id text COLLATE "C",
                    merchant_id text COLLATE "C", profile_id text COLLATE "C", kind text COLLATE "C", label text, settings jsonb,
                    enabled boolean, created_at timestamptz);
        END
        $do$
    $show$;
    to_do      text[];
    keys       text[];
    name       text;
    node       record;
BEGIN
    IF NOT (SELECT r.rolsuper FROM pg_roles r WHERE r.rolname = current_user) THEN
        RAISE EXCEPTION 'vault.distribute needs a superuser' USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF to_regclass('pg_catalog.pg_dist_partition') IS NULL THEN
        RAISE EXCEPTION 'Citus is not installed in this database' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'docs/scaling.md describes how to set up the nodes.';
    END IF;
    IF NOT citus_is_coordinator() OR NOT EXISTS (SELECT FROM pg_dist_node WHERE groupid = 0) THEN
        RAISE EXCEPTION 'vault.distribute runs on the coordinator' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'If this is the coordinator, call citus_set_coordinator_host(host, port) first.';
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('vault.distribute', 0));
    PERFORM set_config('citus.enable_unsafe_triggers', 'on', true);
    PERFORM set_config('citus.multi_shard_modify_mode', 'sequential', true);

    FOR node IN
        SELECT n.nodename, n.nodeport FROM run_command_on_workers($remote$
            SELECT e.extversion FROM pg_catalog.pg_extension e WHERE e.extname = 'vault' $remote$) n
        WHERE NOT n.success OR n.result IS DISTINCT FROM (SELECT e.extversion FROM pg_extension e WHERE e.extname = 'vault')
    LOOP
        RAISE EXCEPTION 'the node %:% does not have this version of the vault', node.nodename, node.nodeport
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Call CREATE EXTENSION vault there, or ALTER EXTENSION vault UPDATE.';
    END LOOP;
    PERFORM vault.refuse_default_privileges();

    SELECT array_agg(t.name) INTO to_do FROM unnest(shared || spread) t (name)
    WHERE NOT EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = to_regclass('vault.' || t.name));
    -- A row that another node has already would become invisible.
    FOREACH name IN ARRAY COALESCE(to_do, '{}') LOOP
        FOR node IN
            SELECT n.nodename, n.nodeport FROM run_command_on_workers(format('SELECT EXISTS (SELECT FROM vault.%I)', name)) n
            WHERE NOT n.success OR n.result <> 'f'
        LOOP
            RAISE EXCEPTION 'the table vault.% of the node %:% is not empty', name, node.nodename, node.nodeport
                USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'Only the coordinator may have rows yet. Drop and create the extension on the other nodes.';
        END LOOP;
    END LOOP;
    -- Every statement of the vault locks this table first where Citus is installed. So each of them either ends before the tables
    -- are spread, or finds them spread. Citus' planner, which would take over in between, crashes the server.
    IF 'data_keys' = ANY (to_do) THEN
        LOCK TABLE vault.data_keys IN ACCESS EXCLUSIVE MODE;
    END IF;
    FOREACH name IN ARRAY COALESCE(to_do, '{}') LOOP
        EXECUTE format('LOCK TABLE vault.%I IN ACCESS EXCLUSIVE MODE', name);
    END LOOP;

    -- Such tables stay here, and their profiles may not.
    IF 'data_keys' = ANY (to_do) AND vault.has_application_values() THEN
        RAISE EXCEPTION 'tables of applications have values under keys of the vault'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'A vault can be spread before applications have such values. The view vault.application_columns shows the columns.';
    END IF;
    -- Foreign keys go first, on the other nodes for good at once. Citus makes them anew everywhere, but for those from tables that
    -- are spread to shared ones: each drop of a shard would lock the shared table for everybody. Nobody may delete rows there.
    SELECT array_agg(format('ALTER TABLE %s ADD CONSTRAINT %I %s', k.conrelid::regclass, k.conname, pg_get_constraintdef(k.oid))
                     ORDER BY k.conname)
    INTO keys
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
    WHERE k.contype = 'f' AND c.relnamespace = 'vault'::regnamespace AND c.relname = ANY (to_do)
      AND NOT (c.relname = ANY (spread) AND EXISTS (SELECT FROM pg_class r WHERE r.oid = k.confrelid AND r.relname = ANY (shared)));
    FOR node IN SELECT n.nodename, n.nodeport, n.result FROM run_command_on_workers(drop_keys) n WHERE NOT n.success LOOP
        RAISE EXCEPTION 'the foreign keys of the node %:% could not be dropped: %', node.nodename, node.nodeport, node.result;
    END LOOP;
    EXECUTE drop_keys;

    FOREACH name IN ARRAY COALESCE(to_do, '{}') LOOP
        IF name = ANY (shared) THEN
            PERFORM create_reference_table(format('vault.%I', name)::regclass);
            RETURN NEXT 'shared: vault.' || name;
        ELSIF name = 'data_keys' THEN
            PERFORM create_distributed_table('vault.data_keys'::regclass, 'profile_id', colocate_with => 'none', shard_count => shards);
            RETURN NEXT 'spread: vault.' || name;
        ELSE
            PERFORM create_distributed_table(format('vault.%I', name)::regclass, 'profile_id', colocate_with => 'vault.data_keys');
            RETURN NEXT 'spread: vault.' || name;
        END IF;
        -- Citus has copied the rows. What it copied would stay on this disk, where no deletion reaches it.
        PERFORM truncate_local_data_after_distributing_table(format('vault.%I', name)::regclass);
    END LOOP;
    FOREACH name IN ARRAY COALESCE(keys, '{}') LOOP
        EXECUTE name;
    END LOOP;
    RETURN QUERY SELECT 'foreign keys: ' || cardinality(keys) WHERE keys IS NOT NULL;
    -- For a node that has joined since.
    PERFORM replicate_reference_tables('block_writes');

    ALTER ROLE vault_node LOGIN;
    FOR node IN
        SELECT n.nodename, n.nodeport, r.result
        FROM unnest(ARRAY[revoke_all, show_nodes]) command, run_command_on_all_nodes(command) r
        JOIN pg_dist_node n ON n.nodeid = r.nodeid WHERE NOT r.success
    LOOP
        RAISE EXCEPTION 'the node %:% could not be changed: %', node.nodename, node.nodeport, node.result;
    END LOOP;
END
$function$;
CREATE FUNCTION vault.drop_audit_month(months_kept integer)
 RETURNS text
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    present   timestamp := pg_catalog.date_trunc('month', pg_catalog.now() AT TIME ZONE 'UTC');
    partition text := (
        SELECT m.name FROM (
            SELECT c.relname::text AS name, pg_catalog.row_number() OVER (ORDER BY c.relname DESC) AS place,
                   c.relrowsecurity AND EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisprimary) AS is_complete
            FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'vault.audit_log'::pg_catalog.regclass AND c.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$'
        ) m
        WHERE m.name < 'audit_log_' || pg_catalog.to_char(present - pg_catalog.make_interval(months => months_kept), 'YYYY_MM')
          AND m.place > months_kept + 2 AND m.is_complete
        ORDER BY m.name LIMIT 1);
BEGIN
    IF partition IS NULL THEN
        RETURN NULL;
    END IF;
    -- Anybody may make a view of a table without a right on it. Such a view keeps no month.
    EXECUTE pg_catalog.format('DROP TABLE vault.%I CASCADE', partition);
    RETURN pg_catalog.translate(pg_catalog.substr(partition, 11), '_', '-');
END
$function$;
CREATE FUNCTION vault.enable_connector(connector_id text)
 RETURNS void
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$enable_connector_wrapper$function$;
CREATE FUNCTION vault.forged_rows()
 RETURNS TABLE(table_name text, row_id text, reason text)
 LANGUAGE c
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$forged_rows_wrapper$function$;
CREATE FUNCTION vault.get_network_token(payment_method_id text)
 RETURNS jsonb
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$get_network_token_wrapper$function$;
CREATE FUNCTION vault.get_network_token_eligibility(card_bin text)
 RETURNS jsonb
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$get_network_token_eligibility_wrapper$function$;
CREATE FUNCTION vault.has_application_values(key_ids integer[] DEFAULT NULL::integer[])
 RETURNS boolean
 LANGUAGE c
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$has_application_values_wrapper$function$;
CREATE FUNCTION vault.has_merchants()
 RETURNS boolean
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT EXISTS (SELECT FROM vault.merchants m WHERE m.created_at < now() - INTERVAL '10 seconds')
$function$;
CREATE FUNCTION vault.import_payment_methods(query text, all_or_nothing boolean DEFAULT false)
 RETURNS TABLE(item bigint, outcome text, payment_method_id text, code text, message text)
 LANGUAGE c
 STRICT
AS 'MODULE_PATHNAME', $function$import_payment_methods_wrapper$function$;
CREATE FUNCTION vault.jobs_on_shards()
 RETURNS SETOF text
 LANGUAGE c
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$jobs_on_shards_wrapper$function$;
CREATE FUNCTION vault.keys_on_shards()
 RETURNS SETOF text
 LANGUAGE c
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$keys_on_shards_wrapper$function$;
CREATE FUNCTION vault.list_payment_methods(customer_id text, "limit" integer DEFAULT 1000, starting_after text DEFAULT ''::text)
 RETURNS jsonb
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$list_payment_methods_wrapper$function$;
CREATE FUNCTION vault.make_audit_month(month timestamp without time zone, most_moved bigint)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
 SET "TimeZone" TO 'UTC'
AS $function$
DECLARE
    partition text := 'audit_log_' || pg_catalog.to_char(month, 'YYYY_MM');
    months    text[] := ARRAY(SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
                              WHERE i.inhparent = 'vault.audit_log'::pg_catalog.regclass AND c.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$'
                              ORDER BY c.relname);
    starts_at timestamptz := CASE WHEN months = '{}' THEN '-infinity' ELSE month END;
    ends_at   timestamptz := month + INTERVAL '1 month';
    grantee   text;
BEGIN
    -- The first month also has what is older: it may have been made when the clock was ahead.
    IF partition = ANY (months) OR partition < months[1] THEN
        RETURN;
    END IF;
    -- A row that is written meanwhile would go to the default partition, which is about to refuse it.
    IF starts_at <= pg_catalog.clock_timestamp() + INTERVAL '1 minute' THEN
        LOCK TABLE ONLY vault.audit_log IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    LOCK TABLE ONLY vault.audit_log_default IN ACCESS EXCLUSIVE MODE;
    IF (SELECT pg_catalog.count(*) FROM (SELECT FROM vault.audit_log_default LIMIT most_moved + 1) AS few) > most_moved THEN
        -- The worker's warning has the message alone.
        RAISE EXCEPTION 'vault.audit_log_default has more than % rows. In a quiet hour: SELECT vault.make_audit_month(''%'', 1000000000)', most_moved, month
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    EXECUTE pg_catalog.format(
        'CREATE TABLE vault.%I (LIKE vault.audit_log INCLUDING DEFAULTS, PRIMARY KEY (profile_id, audit_id))', partition);
    EXECUTE pg_catalog.format('COMMENT ON TABLE vault.%I IS %L', partition, 'Internal: rows of the audit log for one month');
    EXECUTE pg_catalog.format('ALTER TABLE vault.%I OWNER TO %s, ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition,
        (SELECT c.relowner::pg_catalog.regrole FROM pg_catalog.pg_class c WHERE c.oid = 'vault.audit_log'::pg_catalog.regclass));
    -- A table comes with the rights of ALTER DEFAULT PRIVILEGES.
    FOR grantee IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END
        FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
        WHERE c.oid = ('vault.' || partition)::pg_catalog.regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON vault.%I FROM %s', partition, grantee);
    END LOOP;
    EXECUTE pg_catalog.format(
        'WITH moved AS (DELETE FROM vault.audit_log_default WHERE occurred_at >= $1 AND occurred_at < $2 RETURNING *)
         INSERT INTO vault.%I SELECT * FROM moved', partition) USING starts_at, ends_at;
    EXECUTE pg_catalog.format('ALTER TABLE vault.audit_log ATTACH PARTITION vault.%I FOR VALUES FROM (%s) TO (%L)',
        partition, CASE WHEN months = '{}' THEN 'MINVALUE' ELSE pg_catalog.quote_literal(starts_at) END, ends_at);
END
$function$;
CREATE FUNCTION vault.metrics_text()
 RETURNS text
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    WITH figure AS (
        SELECT m.*, row_number() OVER () AS place,
               CASE m.kind WHEN 'histogram' THEN regexp_replace(m.name, '_(bucket|sum|count)$', '') ELSE m.name END AS family
        FROM vault.metrics m
    ), line AS (
        SELECT f.family, f.place, format('%s%s %s', f.name, '{' || l.labels || '}', f.value) AS text
        FROM figure f, LATERAL (
            SELECT string_agg(format('%s="%s"', e.key, replace(replace(replace(e.value, '\', '\\'), '"', '\"'), E'\n', '\n')), ',') AS labels
            FROM jsonb_each_text(f.labels) e
        ) l
        UNION ALL
        SELECT f.family, 0, format(E'# HELP %s %s\n# TYPE %s %s', f.family, min(f.help), f.family, min(f.kind)) FROM figure f GROUP BY f.family
    )
    SELECT string_agg(l.text, E'\n' ORDER BY l.family, l.place) || E'\n' FROM line l
$function$;
CREATE PROCEDURE vault.move_profile(IN profile_id text, IN host text, IN port integer DEFAULT 5432)
 LANGUAGE plpgsql
AS $procedure$
DECLARE
    place record;
    shard bigint;
    -- CVCs and volatile payment methods stay behind. If the profile came back within a quarter of an hour, they would count again.
    leave CONSTANT text := pg_catalog.format($remote$
        WITH cvcs AS (
            DELETE FROM vault.cvcs WHERE profile_id OPERATOR(pg_catalog.=) %1$L
            AND NOT EXISTS (SELECT FROM vault.nodes() n WHERE n.profile_id OPERATOR(pg_catalog.=) %1$L AND n.is_here))
        DELETE FROM vault.volatile_payment_methods WHERE profile_id OPERATOR(pg_catalog.=) %1$L
        AND NOT EXISTS (SELECT FROM vault.nodes() n WHERE n.profile_id OPERATOR(pg_catalog.=) %1$L AND n.is_here) $remote$,
        move_profile.profile_id);
    turn  CONSTANT bigint := pg_catalog.hashtextextended('vault.move_profile', 0);
BEGIN
    IF pg_catalog.to_regclass('pg_catalog.pg_dist_shard') IS NULL THEN
        RAISE EXCEPTION 'the vault is not spread over several nodes' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'docs/scaling.md describes how to set up the nodes.';
    END IF;
    IF NOT EXISTS (SELECT FROM vault.profiles p WHERE p.profile_id OPERATOR(pg_catalog.=) move_profile.profile_id) THEN
        RAISE EXCEPTION 'there is no such profile' USING ERRCODE = 'undefined_object',
            HINT = 'The table vault.profiles shows the profiles.';
    END IF;
    -- Citus moves no shard from here in a transaction that has read a table here.
    COMMIT;
    PERFORM vault.refuse_default_privileges();
    -- Citus refuses to divide shards twice at the same time.
    PERFORM pg_catalog.pg_advisory_xact_lock(turn);
    -- While the move waits for an open transaction, other writes wait behind it, on all nodes.
    SET LOCAL citus.propagate_set_commands = 'local';
    SET LOCAL lock_timeout = '10s';
    SELECT s.shardid, s.shardminvalue OPERATOR(pg_catalog.=) s.shardmaxvalue AS is_alone, n.nodename, n.nodeport, n.groupid INTO place
    FROM pg_catalog.pg_dist_shard s
    JOIN pg_catalog.pg_dist_placement p ON p.shardid OPERATOR(pg_catalog.=) s.shardid
    JOIN pg_catalog.pg_dist_node n ON n.groupid OPERATOR(pg_catalog.=) p.groupid AND n.noderole OPERATOR(pg_catalog.=) 'primary'
    WHERE s.logicalrelid OPERATOR(pg_catalog.=) 'vault.data_keys'::pg_catalog.regclass
      AND pg_catalog.worker_hash(move_profile.profile_id) OPERATOR(pg_catalog.>=) s.shardminvalue::integer
      AND pg_catalog.worker_hash(move_profile.profile_id) OPERATOR(pg_catalog.<=) s.shardmaxvalue::integer;
    IF place IS NULL THEN
        RAISE EXCEPTION 'the vault is not spread over several nodes' USING ERRCODE = 'object_not_in_prerequisite_state',
            HINT = 'Call vault.distribute() first.';
    END IF;
    shard := place.shardid;
    IF NOT place.is_alone THEN
        shard := pg_catalog.isolate_tenant_to_new_shard('vault.data_keys', move_profile.profile_id, 'CASCADE', 'block_writes');
        COMMIT;
        PERFORM pg_catalog.pg_advisory_xact_lock(turn);
        SET LOCAL citus.propagate_set_commands = 'local';
        SET LOCAL lock_timeout = '10s';
    END IF;
    IF place.nodename OPERATOR(pg_catalog.=) host AND place.nodeport OPERATOR(pg_catalog.=) port THEN
        RETURN;
    END IF;
    IF EXISTS (
        SELECT FROM pg_catalog.run_command_on_all_nodes(leave) r
        JOIN pg_catalog.pg_dist_node n ON n.nodeid OPERATOR(pg_catalog.=) r.nodeid
        WHERE n.nodename OPERATOR(pg_catalog.=) host AND n.nodeport OPERATOR(pg_catalog.=) port AND NOT r.success
    ) THEN
        RAISE EXCEPTION 'what the profile left on the node %:% could not be deleted', host, port
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Try again when the node answers.';
    END IF;
    -- Citus cannot copy tables with row-level security while it lets others write.
    PERFORM pg_catalog.citus_move_shard_placement(shard, place.nodename, place.nodeport, host, port, 'block_writes');
    -- Nobody can seal a value for the profile any more until this transaction ends. The other nodes are not asked to look.
    IF EXISTS (
        SELECT FROM pg_catalog.run_command_on_all_nodes(pg_catalog.format($remote$
            SELECT CASE WHEN (SELECT g.groupid FROM pg_catalog.pg_dist_local_group g) OPERATOR(pg_catalog.=) %s
                THEN vault.has_application_values(ARRAY(
                    SELECT k.key_id FROM vault.data_keys k WHERE k.profile_id OPERATOR(pg_catalog.=) %L))
                ELSE false END $remote$, place.groupid, move_profile.profile_id)) r
        JOIN pg_catalog.pg_dist_node n ON n.nodeid OPERATOR(pg_catalog.=) r.nodeid
        WHERE n.nodename OPERATOR(pg_catalog.=) place.nodename AND n.nodeport OPERATOR(pg_catalog.=) place.nodeport
          AND (NOT r.success OR r.result OPERATOR(pg_catalog.<>) 'f')
    ) THEN
        RAISE EXCEPTION 'tables of applications on the node of the profile have values under its keys, or cannot be read'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                HINT = 'These tables cannot move with the profile. The view vault.keys of that node counts the values, and warns of tables that it cannot read.';
    END IF;
    COMMIT;
    -- A node that is away now is asked again before the profile comes back.
    PERFORM pg_catalog.run_command_on_all_nodes(leave);
END
$procedure$;
CREATE FUNCTION vault.nodes(OUT profile_id text, OUT host text, OUT port integer, OUT is_here boolean)
 RETURNS SETOF record
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    IF to_regclass('pg_catalog.pg_dist_partition') IS NOT NULL THEN
        RETURN QUERY
            SELECT f.profile_id, n.nodename, n.nodeport, n.groupid = here.groupid
            FROM vault.profiles f
            JOIN pg_dist_shard s ON s.logicalrelid = 'vault.data_keys'::regclass
             AND worker_hash(f.profile_id) BETWEEN s.shardminvalue::integer AND s.shardmaxvalue::integer
            JOIN pg_dist_placement p ON p.shardid = s.shardid
            JOIN pg_dist_node n ON n.groupid = p.groupid AND n.noderole = 'primary'
            CROSS JOIN pg_dist_local_group here;
    END IF;
    -- The vault is not spread.
    IF NOT FOUND THEN
        RETURN QUERY SELECT f.profile_id, NULL::text, NULL::integer, true FROM vault.profiles f;
    END IF;
END
$function$;
CREATE FUNCTION vault.object_findings(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT 'policies_off', 'critical', c.oid::regclass::text, 'the policies of the table do not bind everybody',
           format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', c.oid::regclass)
    FROM pg_class c
    WHERE c.relnamespace = 'vault'::regnamespace AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
      AND (EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
           OR EXISTS (SELECT FROM pg_inherits m WHERE m.inhrelid = c.oid AND m.inhparent = 'vault.audit_log'::regclass))
    UNION ALL
    SELECT 'policies_off', 'critical', s.shard::text, 'the policies of the table do not bind everybody',
           format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', s.shard)
    FROM vault.shards() s WHERE s.is_unprotected
    UNION ALL
    SELECT 'citus_open', 'critical', f.function::text, 'everybody may execute the function of Citus, by which the nodes of the vault can be changed or reached',
           'Call vault.distribute() on the coordinator.'
    FROM vault.open_functions_of_citus() f WHERE EXISTS (SELECT FROM vault.shards())
    UNION ALL
    SELECT 'function_changed', 'critical', p.oid::regprocedure::text, 'the function runs with other rights, or on another search_path, than it was installed with',
           'Restore the function from the extension''s script.'
    FROM pg_proc p
    WHERE p.pronamespace IN ('vault'::regnamespace, 'vault_api'::regnamespace) AND p.prosecdef
      AND (p.proowner <> 'vault_operator'::regrole OR p.proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp'])
    UNION ALL
    SELECT 'object_of_others', 'critical', pg_describe_object(d.classid, d.objid, 0), 'somebody has put the object into a schema of the vault',
           'Drop the object, or move it into a schema of its own.'
    FROM pg_depend d
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid IN ('vault'::regnamespace, 'vault_api'::regnamespace) AND d.deptype = 'n'
      AND d.classid <> 'pg_extension'::regclass
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'
                                               AND e.refclassid = 'pg_extension'::regclass)
      -- The worker makes the partitions of the audit log. Only its owner can attach one.
      AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = d.objid AND d.classid = 'pg_class'::regclass
                                                  AND i.inhparent = 'vault.audit_log'::regclass)
      AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT s.shard FROM vault.shards() s))
    UNION ALL
    SELECT 'object_of_others', 'critical', pg_describe_object('pg_trigger'::regclass, t.oid, 0),
           'somebody has put the trigger on a table of the vault, and its code runs with the vault''s rights',
           format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger t
    WHERE (t.tgrelid IN (SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'vault'::regnamespace)
           OR t.tgrelid IN (SELECT s.shard FROM vault.shards() s))
      AND NOT t.tgisinternal AND t.tgfoid <> 'vault.tell_of_change'::regproc
    UNION ALL
    SELECT 'audit_month_missing', 'warning', 'vault.audit_log', 'the audit log has no partition for this month, so its rows lie in vault.audit_log_default and are not dropped',
           'The server''s log says why the vault worker cannot make the partition.'
    -- The worker makes it within seconds of the first merchant.
    WHERE vault.has_merchants()
      AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                      WHERE i.inhparent = 'vault.audit_log'::regclass AND c.relname = 'audit_log_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'))
    UNION ALL
    SELECT DISTINCT 'table_out_of_reach', 'warning', c.relation::text, 'key management cannot read the table, so no key that it may need can be destroyed',
           CASE c.out_of_reach WHEN 'policies' THEN format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, until the keys are changed', c.relation)
                               ELSE format('GRANT its owner %s the privileges on the table and its schema.', c.owner) END
    FROM vault.application_columns c WHERE c.out_of_reach IS NOT NULL
    UNION ALL
    SELECT 'collation_changed', 'warning', d.datname::text, 'the operating system sorts texts in another way than when the database was made, so indexes may be wrong',
           format('REINDEX DATABASE %I, then ALTER DATABASE %I REFRESH COLLATION VERSION', d.datname, d.datname)
    FROM pg_database d
    WHERE d.datname = current_database() AND d.datcollversion IS NOT NULL
      AND d.datcollversion IS DISTINCT FROM pg_database_collation_actual_version(d.oid)
$function$;
CREATE FUNCTION vault.open_functions_of_citus(OUT function regprocedure, OUT kind text)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    SELECT p.oid::regprocedure, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END
    FROM pg_proc p
    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'citus'
    WHERE p.proname NOT IN ('worker_hash', 'shard_name', 'relation_is_a_known_shard', 'citus_table_is_visible')
      AND EXISTS (SELECT FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
$function$;
CREATE FUNCTION vault.ready()
 RETURNS boolean
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$ready_wrapper$function$;
CREATE OR REPLACE PROCEDURE vault.reencrypt(IN profile_id text, IN batch_size integer DEFAULT 1000)
 LANGUAGE plpgsql
AS $procedure$
DECLARE
    own       CONSTANT pg_catalog.regclass[] := ARRAY['vault.customers', 'vault.payment_methods',
        'vault.connector_tokens', 'vault.connector_customers', 'vault.network_tokens', 'vault.jobs']::pg_catalog.regclass[];
    relations pg_catalog.regclass[];
    relation  pg_catalog.regclass;
    last_row  text;
    batch     record;
    stranger  record;
    in_pass   bigint;
    damaged   bigint;
    total     bigint := 0;
    before    bigint := 9223372036854775807;
    without_progress integer := 0;
BEGIN
    relations := own OPERATOR(pg_catalog.||)
        ARRAY(SELECT DISTINCT c.relation FROM vault.application_columns c
              WHERE c.kind OPERATOR(pg_catalog.=) 'r' AND c.out_of_reach IS NULL AND vault.acts_for(c.owner, profile_id)
              ORDER BY c.relation);
    -- A pass skips rows that others have locked. The next pass comes back to them.
    LOOP
        in_pass := 0;
        FOREACH relation IN ARRAY relations LOOP
            damaged := 0;
            last_row := NULL;
            LOOP
                SELECT NULL::text AS last_row, 0 AS moved, 0 AS damaged INTO batch;
                -- An error in one table must not keep another from being moved.
                BEGIN
                    SELECT b.* INTO batch
                    FROM vault.reencrypt_batch(COALESCE(profile_id, ''), relation, last_row, COALESCE(batch_size, 0)) b;
                EXCEPTION WHEN OTHERS THEN
                    IF NOT relation OPERATOR(pg_catalog.=) ANY (own) THEN
                        RAISE WARNING 'vault.reencrypt: the values of % stay as they are: %', relation, SQLERRM
                            USING ERRCODE = SQLSTATE;
                    ELSE
                        RAISE;
                    END IF;
                END;
                COMMIT;
                last_row := batch.last_row;
                EXIT WHEN last_row IS NULL;
                in_pass := in_pass OPERATOR(pg_catalog.+) batch.moved;
                damaged := damaged OPERATOR(pg_catalog.+) batch.damaged;
                RAISE NOTICE 'vault.reencrypt: rows of % moved: %', relation, batch.moved;
            END LOOP;
            IF damaged OPERATOR(pg_catalog.>) 0 THEN
                RAISE WARNING 'vault.reencrypt: values of % that do not open, and stay as they are: %', relation, damaged;
            END IF;
        END LOOP;
        EXIT WHEN in_pass OPERATOR(pg_catalog.=) 0;
        total := total OPERATOR(pg_catalog.+) in_pass;
        -- If a trigger puts the old value back each time, no pass would ever be the last one.
        IF in_pass OPERATOR(pg_catalog.>=) before THEN
            without_progress := without_progress OPERATOR(pg_catalog.+) 1;
        END IF;
        IF without_progress OPERATOR(pg_catalog.=) 3 THEN
            RAISE WARNING 'vault.reencrypt: gave up, because each pass moves as many rows as the one before'
                USING HINT = 'Triggers that ALWAYS fire may put old values back. If other sessions were writing meanwhile, call it again.';
            EXIT;
        END IF;
        before := in_pass;
    END LOOP;
    FOR relation IN SELECT DISTINCT c.relation FROM vault.application_columns c
                    WHERE c.kind OPERATOR(pg_catalog.=) 'r' AND c.out_of_reach IS NOT NULL
                      AND vault.acts_for(c.owner, profile_id) LOOP
        RAISE WARNING 'vault.reencrypt: % is out of reach, so its values stay as they are', relation
            USING HINT = 'vault.application_columns says why.';
    END LOOP;
    FOR stranger IN SELECT * FROM vault.values_of_strangers(COALESCE(profile_id, '')) LOOP
        RAISE WARNING 'vault.reencrypt: the owner of % does not act for the profile, so the values in it stay as they are (values: %)',
            stranger.relation, COALESCE(stranger.values_count::text, 'not counted')
            USING HINT = 'If the values belong to the profile, have a superuser GRANT vault_table_owner TO the owner of the table, then call this again.';
    END LOOP;
    RAISE NOTICE 'vault.reencrypt: done, rows moved: %', total;
END
$procedure$;
CREATE FUNCTION vault.refuse_default_privileges()
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    node record;
BEGIN
    FOR node IN
        SELECT n.nodename, n.nodeport FROM run_command_on_all_nodes($remote$
            SELECT EXISTS (
                SELECT FROM pg_catalog.pg_default_acl d
                JOIN pg_catalog.pg_class t ON t.oid = 'vault.data_keys'::pg_catalog.regclass AND t.relowner = d.defaclrole
                WHERE d.defaclobjtype = 'r' AND d.defaclnamespace IN (0, t.relnamespace)) $remote$) r
        JOIN pg_dist_node n ON n.nodeid = r.nodeid WHERE NOT r.success OR r.result <> 'f'
    LOOP
        RAISE EXCEPTION 'ALTER DEFAULT PRIVILEGES gives rights to tables of the node %:%', node.nodename, node.nodeport
            USING ERRCODE = 'object_not_in_prerequisite_state', HINT = 'Revoke them there. They would give rights to the vault''s rows.';
    END LOOP;
END
$function$;
CREATE FUNCTION vault.retrieve_payment_methods(ids text[], fetch_raw_detail boolean DEFAULT false)
 RETURNS TABLE(item integer, payment_method_id text, payment_method jsonb)
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$retrieve_payment_methods_wrapper$function$;
CREATE FUNCTION vault.retry_token_job(job_id text)
 RETURNS void
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$retry_token_job_wrapper$function$;
CREATE FUNCTION vault.right_findings(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    -- The first superuser has the oid 10. Lower oids than 16384 are PostgreSQL's own roles.
    WITH role AS (
        SELECT r.*, r.rolname::text AS name, quote_ident(r.rolname) AS quoted FROM pg_roles r
        WHERE r.oid >= 16384 AND r.rolname NOT IN ('vault_operator', 'vault_worker', 'vault_node', 'vault_api', 'vault_authenticator')
    ), object (classid, objid, objsubid, kind, name, columns, acl, owner) AS (
        SELECT 'pg_proc'::regclass, p.oid, 0, 'ROUTINE', p.oid::regprocedure::text, '', COALESCE(p.proacl, acldefault('f', p.proowner)), p.proowner
        FROM pg_proc p WHERE p.pronamespace IN ('vault'::regnamespace, 'vault_api'::regnamespace)
        UNION ALL
        SELECT 'pg_class'::regclass, c.oid, 0, 'TABLE', c.oid::regclass::text, '', c.relacl, c.relowner
        FROM pg_class c WHERE c.relnamespace IN ('vault'::regnamespace, 'vault_api'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm')
        UNION ALL
        SELECT 'pg_class'::regclass, c.oid, a.attnum, 'TABLE', c.oid::regclass::text, format(' (%I)', a.attname), a.attacl, c.relowner
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'vault'::regnamespace AND a.attacl IS NOT NULL
        UNION ALL
        SELECT 'pg_namespace'::regclass, n.oid, 0, 'SCHEMA', n.nspname::text, '', n.nspacl, n.nspowner
        FROM pg_namespace n WHERE n.nspname IN ('vault', 'vault_api')
    ), added AS (
        SELECT o.kind, o.name, o.columns, a.grantee, a.privilege_type,
               CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee_name
        FROM object o CROSS JOIN LATERAL aclexplode(o.acl) a
        WHERE a.grantee <> o.owner
          -- Objects of others are a finding of their own.
          AND (o.kind = 'SCHEMA' OR EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype = 'e')
               OR EXISTS (SELECT FROM pg_inherits m WHERE m.inhrelid = o.objid AND m.inhparent = 'vault.audit_log'::regclass))
          AND NOT EXISTS (
            SELECT FROM pg_init_privs i CROSS JOIN LATERAL aclexplode(i.initprivs) b
            WHERE i.classoid = o.classid AND i.objoid = o.objid AND i.objsubid = o.objsubid
              AND b.grantee = a.grantee AND b.privilege_type = a.privilege_type)
    )
    SELECT 'own_role_unsafe', 'critical', f.role_name, format('the role %s %s', f.role_name, f.finding), f.remedy
    FROM vault.role_findings() f
    UNION ALL
    SELECT 'further_superuser', 'warning', r.name, 'the role is a superuser, who is past everything that the vault does',
           format('If nobody needs that: ALTER ROLE %s NOSUPERUSER', r.quoted)
    FROM role r WHERE r.rolsuper
    UNION ALL
    SELECT 'role_bypasses_policies', 'critical', r.name, 'no policy binds the role, so it may reach the rows of every profile',
           format('ALTER ROLE %s NOBYPASSRLS', r.quoted)
    FROM role r WHERE r.rolbypassrls AND NOT r.rolsuper
    UNION ALL
    SELECT 'role_makes_roles', 'critical', r.name, 'the role may be able to make itself a member of the vault''s roles',
           format('ALTER ROLE %s NOCREATEROLE', r.quoted)
    FROM role r WHERE r.rolcreaterole AND NOT r.rolsuper
    UNION ALL
    SELECT g.finding, g.severity, r.name, format('as a member of %s, the role %s', g.name, g.message), format('REVOKE %s FROM %s', g.name, r.quoted)
    FROM role r, (VALUES
        ('pg_write_all_data', 'role_writes_tables', 'critical', 'may write to all tables of the vault'),
        ('pg_read_all_data', 'role_reads_tables', 'warning', 'reads merchants, hashes of API keys, and the ciphertext of applications'),
        ('pg_read_server_files', 'role_uses_server', 'critical', 'reads files as the server does, and perhaps the root key'),
        ('pg_write_server_files', 'role_uses_server', 'critical', 'writes files as the server does'),
        ('pg_execute_server_program', 'role_uses_server', 'critical', 'runs programs as the server does, and can run the root key command')
    ) g (name, finding, severity, message)
    WHERE NOT r.rolsuper AND pg_has_role(r.oid, g.name, 'MEMBER')
    UNION ALL
    SELECT CASE a.grantee WHEN 0 THEN 'right_of_public' ELSE 'right_added' END, CASE a.grantee WHEN 0 THEN 'critical' ELSE 'warning' END,
           a.name || a.columns, format('%s has the right %s, which the installation did not give', a.grantee_name, a.privilege_type),
           format('REVOKE %s%s ON %s %s FROM %s', a.privilege_type, a.columns, a.kind, a.name, a.grantee_name)
    FROM added a
    UNION ALL
    SELECT 'api_role_has_more', 'critical', pg_describe_object(d.classid, d.objid, d.objsubid),
           format('%s %s it, although the role needs the functions of vault_api alone', d.refobjid::regrole,
                  CASE d.deptype WHEN 'o' THEN 'owns' ELSE 'has rights on' END),
           CASE d.deptype WHEN 'o' THEN 'Give it another owner.' ELSE format('REVOKE the rights of %s on it.', d.refobjid::regrole) END
    FROM pg_shdepend d
    WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid IN (to_regrole('vault_api'), to_regrole('vault_authenticator'))
      AND d.deptype IN ('o', 'a') AND d.dbid = (SELECT b.oid FROM pg_database b WHERE b.datname = current_database())
      AND NOT (d.deptype = 'a' AND (d.classid, d.objid) IN (SELECT o.classid, o.objid FROM object o))
$function$;
CREATE FUNCTION vault.role_findings(OUT role_name text, OUT finding text, OUT remedy text)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
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
$function$;
CREATE FUNCTION vault.set_network_tokenization(profile_id text, enabled boolean)
 RETURNS void
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$set_network_tokenization_wrapper$function$;
CREATE FUNCTION vault.setting_findings(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
 RETURNS SETOF record
 LANGUAGE sql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
    WITH rule (name, fit, finding, severity, message, remedy) AS (VALUES
        ('log_parameter_max_length', '^0', 'parameters_logged', 'critical', 'bind parameters can reach the server log', '0'),
        ('log_parameter_max_length_on_error', '^0', 'parameters_logged', 'critical', 'bind parameters of failed statements can reach the server log', '0'),
        ('pgaudit.log_parameter', '^(off|false|no|0)$', 'parameters_logged', 'critical', 'bind parameters can reach the server log', 'off'),
        ('auto_explain.log_parameter_max_length', '^0', 'parameters_logged', 'critical', 'bind parameters can reach the server log', '0'),
        ('debug_print_parse', '^(off|false|no|0)$', 'statements_logged', 'critical', 'trees of statements with their literals reach the server log', 'off'),
        ('debug_print_rewritten', '^(off|false|no|0)$', 'statements_logged', 'critical', 'trees of statements with their literals reach the server log', 'off'),
        ('debug_print_plan', '^(off|false|no|0)$', 'statements_logged', 'critical', 'plans with their literals reach the server log', 'off'),
        ('log_statement', '^none$', 'statements_logged', 'warning', 'the texts of statements reach the server log, and literals with them', 'none'),
        ('log_min_duration_statement', '^-1$', 'statements_logged', 'warning', 'the texts of slow statements reach the server log, and literals with them', '-1'),
        ('log_min_duration_sample', '^-1$', 'statements_logged', 'warning', 'the texts of some statements reach the server log, and literals with them', '-1'),
        ('log_transaction_sample_rate', '^0(\.0*)?$', 'statements_logged', 'warning', 'the texts of some statements reach the server log, and literals with them', '0'),
        ('log_min_error_statement', '^panic$', 'statements_logged', 'warning', 'the texts of failed statements reach the server log, and literals with them', 'panic'),
        ('log_error_verbosity', '^terse$', 'statements_logged', 'warning', 'details of errors reach the server log, and quote rows', 'terse'),
        ('auto_explain.log_min_duration', '^-1$', 'statements_logged', 'warning', 'plans with their literals reach the server log', '-1'),
        ('pgaudit.log', '^(none)?$', 'statements_logged', 'warning', 'the texts of statements reach the server log, and literals with them', 'none'),
        ('pg_stat_statements.track_utility', '^(off|false|no|0)$', 'statements_kept', 'warning', 'pg_stat_statements keeps the texts of utility statements with their literals', 'off'),
        ('pg_qualstats.enabled', '^(off|false|no|0)$', 'statements_kept', 'warning', 'pg_qualstats keeps the constants of conditions', 'off'),
        ('pg_stat_monitor.pgsm_normalized_query', '^(on|true|yes|1)$', 'statements_kept', 'warning', 'pg_stat_monitor keeps the texts of statements with their literals', 'on'),
        ('fsync', '^(on|true|yes|1)$', 'not_durable', 'critical', 'a loss of power can destroy the database', 'on'),
        ('full_page_writes', '^(on|true|yes|1)$', 'not_durable', 'critical', 'a loss of power can destroy pages', 'on'),
        ('synchronous_commit', '^(on|local|remote_write|remote_apply|true|yes|1)$', 'not_durable', 'warning', 'a loss of power can lose changes that the vault has confirmed', 'on'),
        ('ignore_checksum_failure', '^(off|false|no|0)$', 'damage_unnoticed', 'warning', 'damaged pages are read as if they were sound', 'off'),
        ('zero_damaged_pages', '^(off|false|no|0)$', 'damage_unnoticed', 'warning', 'damaged pages are emptied', 'off'),
        ('password_encryption', '^scram-sha-256$', 'weak_passwords', 'warning', 'passwords are stored as hashes that are easy to break', 'scram-sha-256')
    ), place (name, value, object, command) AS (
        -- The session that asks may have a value of its own, and then this is not the server's.
        SELECT s.name, CASE WHEN s.source IN ('session', 'client') THEN s.reset_val ELSE s.setting END, s.name, 'ALTER SYSTEM SET '
        FROM pg_settings s WHERE s.source NOT IN ('global', 'user', 'database', 'database user')
        UNION ALL
        -- Superusers who have their own sessions logged are no applications.
        SELECT split_part(c.setting, '=', 1), substr(c.setting, strpos(c.setting, '=') + 1),
               concat_ws(' ', split_part(c.setting, '=', 1), CASE s.setrole WHEN 0 THEN 'of all roles' ELSE 'of role ' || quote_ident(r.rolname) END, 'in database ' || quote_ident(d.datname)),
               concat_ws(' ', 'ALTER ROLE', COALESCE(quote_ident(r.rolname), 'ALL'), 'IN DATABASE ' || quote_ident(d.datname), 'SET ')
        FROM pg_db_role_setting s
        CROSS JOIN LATERAL unnest(s.setconfig) c (setting)
        LEFT JOIN pg_roles r ON r.oid = s.setrole
        LEFT JOIN pg_database d ON d.oid = s.setdatabase
        WHERE (s.setdatabase = 0 OR d.datname = current_database()) AND NOT COALESCE(r.rolsuper, false)
    )
    SELECT r.finding, r.severity, p.object, r.message, format('%s%s = %L', p.command, r.name, r.remedy)
    FROM rule r JOIN place p ON p.name = r.name
    WHERE lower(p.value) !~ r.fit
    UNION ALL
    SELECT 'damage_unnoticed', 'warning', s.name, 'damage of the storage is not noticed, because pages have no checksums',
           'Stop the server, and run pg_checksums --enable.'
    FROM pg_settings s WHERE s.name = 'data_checksums' AND s.setting = 'off'
    UNION ALL
    SELECT 'network_in_clear', 'critical', s.name, 'card data cross the network in clear, because the server listens there without TLS',
           'Set ssl = on with a certificate, or listen_addresses to loopback addresses.'
    FROM pg_settings s
    WHERE s.name = 'listen_addresses' AND current_setting('ssl') = 'off'
      AND EXISTS (SELECT FROM regexp_split_to_table(s.setting, '\s*,\s*') a (address)
                  WHERE trim(a.address) !~ '^(|localhost|127(\.\d+){3}|::1)$')
$function$;
CREATE FUNCTION vault.shards(OUT shard regclass, OUT is_unprotected boolean)
 RETURNS SETOF record
 LANGUAGE plpgsql
 STABLE
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
    visible text := current_setting('citus.override_table_visibility', true);
BEGIN
    IF to_regclass('pg_catalog.pg_dist_shard') IS NULL THEN
        RETURN;
    END IF;
    -- Citus hides shards in the catalogues.
    PERFORM set_config('citus.override_table_visibility', 'off', true);
    -- By their names, because a shard that has moved stays here for a while. Nobody else can make a table with this owner.
    RETURN QUERY
        SELECT c.oid::regclass, EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)
                                AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
        FROM pg_class t
        JOIN pg_class c ON c.relnamespace = t.relnamespace AND c.relowner = t.relowner AND c.relkind = 'r'
         AND c.relname ~ ('^' || t.relname || '_[0-9]+$')
        WHERE t.relnamespace = 'vault'::regnamespace
          AND EXISTS (SELECT FROM pg_dist_partition p WHERE p.logicalrelid = t.oid);
    PERFORM set_config('citus.override_table_visibility', visible, true);
END
$function$;
CREATE FUNCTION vault.shared_metrics()
 RETURNS TABLE(name text, labels text, value double precision, kind text, help text)
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$shared_metrics_wrapper$function$;
CREATE FUNCTION vault.state_findings()
 RETURNS TABLE(finding text, severity text, object text, message text, hint text)
 LANGUAGE c
 STABLE STRICT
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$state_findings_wrapper$function$;
CREATE OR REPLACE FUNCTION vault.tell_of_change()
 RETURNS trigger
 LANGUAGE c
AS 'MODULE_PATHNAME', $function$tell_of_change_wrapper$function$;
CREATE FUNCTION vault.update_connector(connector_id text, label text DEFAULT NULL::text, settings jsonb DEFAULT NULL::jsonb, credentials text DEFAULT NULL::text)
 RETURNS void
 LANGUAGE c
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$update_connector_wrapper$function$;
CREATE FUNCTION vault.use_connector_token(payment_method_id text, connector_id text)
 RETURNS jsonb
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$use_connector_token_wrapper$function$;
CREATE FUNCTION vault.values_of_strangers(profile_id text)
 RETURNS TABLE(relation text, values_count bigint)
 LANGUAGE c
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$values_of_strangers_wrapper$function$;
CREATE OR REPLACE FUNCTION vault_api.count_payment_methods(bytea DEFAULT '\x'::bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_count_payment_methods_wrapper$function$;
CREATE FUNCTION vault_api.create_payment_methods(bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_create_payment_methods_wrapper$function$;
CREATE FUNCTION vault_api.get_network_token_eligibility(bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_get_network_token_eligibility_wrapper$function$;
CREATE OR REPLACE FUNCTION vault_api.list_customers(bytea DEFAULT '\x'::bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_list_customers_wrapper$function$;
CREATE OR REPLACE FUNCTION vault_api.list_customers_with_count(bytea DEFAULT '\x'::bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_list_customers_with_count_wrapper$function$;
CREATE OR REPLACE FUNCTION vault_api.list_payment_methods(bytea DEFAULT '\x'::bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_list_payment_methods_wrapper$function$;
CREATE FUNCTION vault_api.metrics(bytea)
 RETURNS json
 LANGUAGE sql
 STABLE STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$SELECT to_json(vault.metrics_text())$function$;
CREATE FUNCTION vault_api.ready(bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_ready_wrapper$function$;
CREATE OR REPLACE FUNCTION vault_api.retrieve_customer(bytea DEFAULT '\x'::bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_retrieve_customer_wrapper$function$;
CREATE OR REPLACE FUNCTION vault_api.retrieve_customer_by_reference(bytea DEFAULT '\x'::bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_retrieve_customer_by_reference_wrapper$function$;
CREATE OR REPLACE FUNCTION vault_api.retrieve_payment_method(bytea DEFAULT '\x'::bytea)
 RETURNS json
 LANGUAGE c
 STRICT SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS 'MODULE_PATHNAME', $function$http_retrieve_payment_method_wrapper$function$;
ALTER ROUTINE vault."check"() OWNER TO vault_operator;
ALTER ROUTINE vault.acts_for(oid,text) OWNER TO vault_operator;
ALTER ROUTINE vault.check_network_token_status(text) OWNER TO vault_operator;
ALTER ROUTINE vault.connectors_on_shards() OWNER TO vault_operator;
ALTER ROUTINE vault.create_connector(text,text,text,jsonb,text) OWNER TO vault_operator;
ALTER ROUTINE vault.create_payment_methods(jsonb[],boolean) OWNER TO vault_operator;
ALTER ROUTINE vault.destroy_data_key(text,text,integer,boolean,oid[]) OWNER TO vault_operator;
ALTER ROUTINE vault.disable_connector(text) OWNER TO vault_operator;
ALTER ROUTINE vault.enable_connector(text) OWNER TO vault_operator;
ALTER ROUTINE vault.forged_rows() OWNER TO vault_operator;
ALTER ROUTINE vault.get_network_token(text) OWNER TO vault_operator;
ALTER ROUTINE vault.get_network_token_eligibility(text) OWNER TO vault_operator;
ALTER ROUTINE vault.has_application_values(integer[]) OWNER TO vault_operator;
ALTER ROUTINE vault.jobs_on_shards() OWNER TO vault_operator;
ALTER ROUTINE vault.keys_on_shards() OWNER TO vault_operator;
ALTER ROUTINE vault.list_payment_methods(text,integer,text) OWNER TO vault_operator;
ALTER ROUTINE vault.nodes() OWNER TO vault_operator;
ALTER ROUTINE vault.ready() OWNER TO vault_operator;
ALTER ROUTINE vault.retrieve_payment_methods(text[],boolean) OWNER TO vault_operator;
ALTER ROUTINE vault.retry_token_job(text) OWNER TO vault_operator;
ALTER ROUTINE vault.set_network_tokenization(text,boolean) OWNER TO vault_operator;
ALTER ROUTINE vault.shared_metrics() OWNER TO vault_operator;
ALTER ROUTINE vault.update_connector(text,text,jsonb,text) OWNER TO vault_operator;
ALTER ROUTINE vault.use_connector_token(text,text) OWNER TO vault_operator;
ALTER ROUTINE vault.values_of_strangers(text) OWNER TO vault_operator;
ALTER ROUTINE vault_api.create_payment_methods(bytea) OWNER TO vault_operator;
ALTER ROUTINE vault_api.get_network_token_eligibility(bytea) OWNER TO vault_operator;
ALTER ROUTINE vault_api.metrics(bytea) OWNER TO vault_operator;
ALTER ROUTINE vault_api.ready(bytea) OWNER TO vault_operator;
CREATE VIEW vault.payment_methods_with_tokens WITH (security_invoker = true) AS
SELECT p.profile_id, p.payment_method_id, p.customer_id, p.payment_method_type, p.payment_method_subtype, p.status,
       p.instrument, p.summary, p.duplicate_index, p.created_at, p.modified_at, p.last_used_at,
       t.position AS token_position, t.details AS token_details,
       n.connector_id AS network_token_connector_id, n.summary AS network_token_summary
FROM vault.payment_methods p
LEFT JOIN vault.connector_tokens t
  ON t.profile_id = p.profile_id AND t.payment_method_id = p.payment_method_id
 AND (t.expires_at IS NULL OR t.expires_at > pg_catalog.clock_timestamp())
LEFT JOIN vault.network_tokens n
  ON n.profile_id = p.profile_id AND n.payment_method_id = p.payment_method_id;
CREATE VIEW vault.lockouts AS
SELECT f.kind, w.way, NULLIF(f.prefix, '') AS prefix, NULLIF(f.source, '') AS source, f.failures, f.locked_until
FROM (VALUES ('sql'), ('http')) w (way), vault.counted_failures(w.way) f;
CREATE VIEW vault.keys_of_node AS
SELECT k.profile_id, k.key_id, k.purpose, k.version, k.state, k.created_at, k.retired_at, k.rotate_after FROM vault.data_keys k;
CREATE VIEW vault.jobs_of_node AS
SELECT j.profile_id, j.job_id, j.payment_method_id, j.connector_id, j.action, j.state, j.attempts, j.next_try_at, j.error,
       j.error_status, j.created_at, j.finished_at
FROM vault.jobs j;
CREATE OR REPLACE VIEW vault.keys AS
WITH application AS MATERIALIZED (SELECT * FROM vault.count_application_values())
SELECT k.key_id, k.profile_id, k.purpose, k.version,
       CASE WHEN vault.is_destroyed(k.profile_id) THEN 'destroyed' ELSE k.state END AS state,
       CASE k.purpose WHEN 'data' THEN 'XAES-256-GCM' ELSE 'HMAC-SHA-256' END AS algorithm,
       k.created_at, k.retired_at, k.rotate_after,
       vault.count_values(k.profile_id, k.key_id)
           + COALESCE((SELECT pg_catalog.sum(a.values_count)::bigint FROM application a WHERE a.key_id = k.key_id), 0)
           AS values_count
FROM vault.keys_of_node k;
CREATE VIEW vault.connectors AS
SELECT a.connector_id, a.merchant_id, a.profile_id, a.kind, a.label, a.settings::pg_catalog.jsonb AS settings, a.enabled,
       a.created_at
FROM vault.connector_accounts a;
CREATE VIEW vault.token_jobs AS
SELECT j.job_id, j.profile_id, j.payment_method_id, j.connector_id, j.action, j.state, j.attempts,
       CASE j.state WHEN 'waiting' THEN j.next_try_at END AS next_try_at, j.error, j.error_status, j.created_at, j.finished_at
FROM vault.jobs_of_node j;
CREATE VIEW vault.token_job_counts AS
SELECT j.connector_id, j.action, j.state, pg_catalog.count(*) AS jobs, pg_catalog.min(j.created_at) AS oldest_created_at,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.min(j.created_at)) AS oldest_age_seconds
FROM vault.jobs_of_node j
GROUP BY j.connector_id, j.action, j.state;
CREATE VIEW vault.metrics AS
SELECT m.name, m.labels::pg_catalog.jsonb AS labels, m.value, m.kind, m.help FROM vault.shared_metrics() m
UNION ALL
SELECT 'vault_keys', pg_catalog.jsonb_build_object('purpose', k.purpose, 'state', k.state), pg_catalog.count(*), 'gauge',
       'Data keys and index keys of all profiles'
FROM vault.keys_of_node k GROUP BY k.purpose, k.state
UNION ALL
SELECT 'vault_oldest_key_age_seconds', pg_catalog.jsonb_build_object('purpose', k.purpose),
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.min(k.created_at)), 'gauge',
       'The age of the oldest current key'
FROM vault.keys_of_node k WHERE k.state OPERATOR(pg_catalog.=) 'current' GROUP BY k.purpose
UNION ALL
SELECT 'vault_keys_due', '{}', pg_catalog.count(*), 'gauge', 'Current keys that should have been rotated by now'
FROM vault.keys_of_node k
WHERE k.state OPERATOR(pg_catalog.=) 'current' AND k.rotate_after OPERATOR(pg_catalog.<) pg_catalog.clock_timestamp()
UNION ALL
SELECT 'vault_token_jobs', pg_catalog.jsonb_build_object('state', s.state),
       COALESCE((SELECT pg_catalog.sum(j.jobs) FROM vault.token_job_counts j WHERE j.state OPERATOR(pg_catalog.=) s.state), 0), 'gauge',
       'Jobs at connectors. Those that are over are forgotten after some days'
FROM (VALUES ('waiting'), ('sent'), ('done'), ('failed'), ('cancelled')) s (state)
UNION ALL
SELECT 'vault_oldest_open_token_job_seconds', '{}', COALESCE(pg_catalog.max(j.oldest_age_seconds), 0), 'gauge',
       'The age of the oldest job at a connector that is not over'
FROM vault.token_job_counts j WHERE j.state OPERATOR(pg_catalog.=) ANY (ARRAY['waiting', 'sent']);
CREATE POLICY added_up_by_worker ON vault.payment_method_counts FOR ALL TO vault_worker USING (true) WITH CHECK (true);
CREATE POLICY deleted_by_worker ON vault.connector_tokens FOR ALL TO vault_worker USING (true) WITH CHECK (false);
CREATE POLICY found_by_worker ON vault.data_keys FOR SELECT TO vault_worker USING (true);
CREATE POLICY found_by_worker ON vault.jobs FOR ALL TO vault_worker USING (true) WITH CHECK (true);
CREATE POLICY found_by_worker ON vault.network_tokens FOR ALL TO vault_worker USING (true) WITH CHECK (true);
CREATE POLICY locked_before_current ON vault.profiles FOR UPDATE TO vault_operator USING (true) WITH CHECK ((profile_id = vault.current_profile()));
CREATE POLICY losses_found_by_operations ON vault.audit_log FOR SELECT TO vault_operator USING (((profile_id = ''::text) AND (event = 'audit.lost'::text)));
CREATE POLICY of_current_profile ON vault.connector_customers FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.connector_tokens FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.customers FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.cvcs FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.data_keys FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.jobs FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.network_tokens FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.payment_method_counts FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.payment_methods FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.profiles FOR INSERT TO vault_operator WITH CHECK ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.role_bindings FOR INSERT TO vault_operator WITH CHECK ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile ON vault.volatile_payment_methods FOR ALL TO public USING ((profile_id = vault.current_profile()));
CREATE POLICY of_current_profile_only ON vault.role_bindings FOR DELETE TO vault_operator USING ((profile_id = vault.current_profile()));
CREATE POLICY of_merchant_or_profile ON vault.connector_accounts FOR ALL TO vault_operator USING (true) WITH CHECK (true);
CREATE POLICY read_by_auditors ON vault.audit_log FOR SELECT TO vault_auditor USING (true);
CREATE POLICY renewed_for_current_profile ON vault.role_bindings FOR UPDATE TO vault_operator USING ((profile_id = vault.current_profile()));
CREATE POLICY written_by_nodes ON vault.connector_accounts FOR ALL TO vault_node USING (true) WITH CHECK (true);
CREATE POLICY written_by_nodes ON vault.profiles FOR ALL TO vault_node USING (true) WITH CHECK (true);
CREATE POLICY written_by_operations ON vault.audit_log FOR INSERT TO vault_operator WITH CHECK ((profile_id = ANY (ARRAY[''::text, vault.current_profile()])));
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT 'TABLE' AS kind, c.oid::pg_catalog.regclass::text AS name, c.relacl AS acl, c.relowner AS owner
        FROM pg_catalog.pg_class c WHERE c.oid = ANY (ARRAY[
        'vault.audit_log',
        'vault.audit_log_default',
        'vault.connector_accounts',
        'vault.connector_customers',
        'vault.connectors',
        'vault.jobs',
        'vault.jobs_of_node',
        'vault.keys_of_node',
        'vault.lockouts',
        'vault.metrics',
        'vault.network_tokens',
        'vault.payment_method_counts',
        'vault.payment_methods_with_tokens',
        'vault.token_job_counts',
        'vault.token_jobs'
        ]::pg_catalog.regclass[])
        UNION ALL
        SELECT 'ROUTINE', p.oid::pg_catalog.regprocedure::text,
               COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
        FROM pg_catalog.pg_proc p WHERE p.oid = ANY (ARRAY[
        'vault."check"()',
        'vault.acts_for(oid,text)',
        'vault.check_network_token_status(text)',
        'vault.connectors_on_shards()',
        'vault.counted_failures(text)',
        'vault.create_connector(text,text,text,jsonb,text)',
        'vault.create_payment_methods(jsonb[],boolean)',
        'vault.destroy_data_key(text,text,integer,boolean,oid[])',
        'vault.disable_connector(text)',
        'vault.distribute(integer)',
        'vault.drop_audit_month(integer)',
        'vault.enable_connector(text)',
        'vault.forged_rows()',
        'vault.get_network_token(text)',
        'vault.get_network_token_eligibility(text)',
        'vault.has_application_values(integer[])',
        'vault.has_merchants()',
        'vault.import_payment_methods(text,boolean)',
        'vault.jobs_on_shards()',
        'vault.keys_on_shards()',
        'vault.list_payment_methods(text,integer,text)',
        'vault.make_audit_month(timestamp without time zone,bigint)',
        'vault.metrics_text()',
        'vault.move_profile(text,text,integer)',
        'vault.nodes()',
        'vault.object_findings()',
        'vault.open_functions_of_citus()',
        'vault.ready()',
        'vault.refuse_default_privileges()',
        'vault.retrieve_payment_methods(text[],boolean)',
        'vault.retry_token_job(text)',
        'vault.right_findings()',
        'vault.role_findings()',
        'vault.set_network_tokenization(text,boolean)',
        'vault.setting_findings()',
        'vault.shards()',
        'vault.shared_metrics()',
        'vault.state_findings()',
        'vault.tell_of_change()',
        'vault.update_connector(text,text,jsonb,text)',
        'vault.use_connector_token(text,text)',
        'vault.values_of_strangers(text)',
        'vault_api.create_payment_methods(bytea)',
        'vault_api.get_network_token_eligibility(bytea)',
        'vault_api.metrics(bytea)',
        'vault_api.ready(bytea)'
        ]::pg_catalog.regprocedure[])
    LOOP
        EXECUTE COALESCE((
            SELECT pg_catalog.string_agg(pg_catalog.format('REVOKE ALL ON %s %s FROM %s', granted.kind, granted.name,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END), '; ')
            FROM (SELECT DISTINCT grantee FROM pg_catalog.aclexplode(granted.acl)) a
            WHERE a.grantee <> granted.owner), 'SELECT');
    END LOOP;
END
$$;
REVOKE UPDATE (name) ON TABLE
    vault.profiles
FROM vault_operator;
REVOKE UPDATE (revoked_at) ON TABLE
    vault.api_keys
FROM vault_operator;
GRANT EXECUTE ON ROUTINE
    vault.ready()
TO PUBLIC;
GRANT EXECUTE ON ROUTINE
    vault."check"(),
    vault.acts_for(oid,text),
    vault.connectors_on_shards(),
    vault.counted_failures(text),
    vault.create_connector(text,text,text,jsonb,text),
    vault.destroy_data_key(text,text,integer,boolean,oid[]),
    vault.disable_connector(text),
    vault.enable_connector(text),
    vault.forged_rows(),
    vault.jobs_on_shards(),
    vault.keys_on_shards(),
    vault.metrics_text(),
    vault.nodes(),
    vault.retry_token_job(text),
    vault.role_findings(),
    vault.set_network_tokenization(text,boolean),
    vault.shared_metrics(),
    vault.update_connector(text,text,jsonb,text),
    vault.values_of_strangers(text)
TO vault_admin;
GRANT EXECUTE ON ROUTINE
    vault_api.create_payment_methods(bytea),
    vault_api.get_network_token_eligibility(bytea),
    vault_api.metrics(bytea),
    vault_api.ready(bytea)
TO vault_api;
GRANT EXECUTE ON ROUTINE
    vault."check"(),
    vault.acts_for(oid,text),
    vault.connectors_on_shards(),
    vault.counted_failures(text),
    vault.forged_rows(),
    vault.jobs_on_shards(),
    vault.keys_on_shards(),
    vault.metrics_text(),
    vault.role_findings(),
    vault.shared_metrics()
TO vault_auditor;
GRANT EXECUTE ON ROUTINE
    vault.check_network_token_status(text),
    vault.create_payment_methods(jsonb[],boolean),
    vault.get_network_token(text),
    vault.get_network_token_eligibility(text),
    vault.import_payment_methods(text,boolean),
    vault.list_payment_methods(text,integer,text),
    vault.retrieve_payment_methods(text[],boolean),
    vault.use_connector_token(text,text)
TO vault_client;
GRANT EXECUTE ON ROUTINE
    vault.has_merchants(),
    vault.metrics_text(),
    vault.object_findings(),
    vault.open_functions_of_citus(),
    vault.right_findings(),
    vault.role_findings(),
    vault.setting_findings(),
    vault.shards(),
    vault.state_findings()
TO vault_operator;
GRANT USAGE ON SCHEMA
    vault
TO vault_node;
GRANT SELECT ON TABLE
    vault.connectors,
    vault.lockouts,
    vault.metrics,
    vault.token_job_counts,
    vault.token_jobs
TO vault_admin;
GRANT SELECT ON TABLE
    vault.audit_log,
    vault.connectors,
    vault.lockouts,
    vault.metrics,
    vault.token_job_counts,
    vault.token_jobs
TO vault_auditor;
GRANT INSERT, SELECT, UPDATE (credentials, enabled, label, mac, settings) ON TABLE
    vault.connector_accounts
TO vault_node;
GRANT INSERT, SELECT, UPDATE (first_used_at) ON TABLE
    vault.root_keys
TO vault_node;
GRANT INSERT, SELECT, UPDATE (mac) ON TABLE
    vault.merchants
TO vault_node;
GRANT INSERT, SELECT, UPDATE (mac, network_tokenization_enabled) ON TABLE
    vault.profiles
TO vault_node;
GRANT INSERT, SELECT, UPDATE (mac, revoked_at) ON TABLE
    vault.api_keys
TO vault_node;
GRANT DELETE, INSERT, SELECT, UPDATE ON TABLE
    vault.connector_customers,
    vault.network_tokens
TO vault_operator;
GRANT INSERT, SELECT ON TABLE
    vault.payment_method_counts
TO vault_operator;
GRANT INSERT, SELECT (audit_id, event, occurred_at, occurrences, profile_id) ON TABLE
    vault.audit_log
TO vault_operator;
GRANT INSERT, SELECT, UPDATE ON TABLE
    vault.jobs
TO vault_operator;
GRANT INSERT, SELECT, UPDATE (credentials, enabled, label, mac, settings) ON TABLE
    vault.connector_accounts
TO vault_operator;
GRANT SELECT ON TABLE
    vault.metrics,
    vault.payment_methods_with_tokens
TO vault_operator;
GRANT UPDATE (mac) ON TABLE
    vault.merchants
TO vault_operator;
GRANT UPDATE (mac, network_tokenization_enabled) ON TABLE
    vault.profiles
TO vault_operator;
GRANT UPDATE (mac, revoked_at) ON TABLE
    vault.api_keys
TO vault_operator;
GRANT UPDATE (mac, role_oid, system_identifier) ON TABLE
    vault.role_bindings
TO vault_operator;
GRANT DELETE, INSERT, SELECT, UPDATE (active) ON TABLE
    vault.payment_method_counts
TO vault_worker;
GRANT DELETE, SELECT (action, attempts, connector_id, created_at, error, error_status, finished_at, job_id, next_try_at, payment_method_id, profile_id, state), UPDATE (next_try_at) ON TABLE
    vault.jobs
TO vault_worker;
GRANT DELETE, SELECT (expires_at, payment_method_id, "position", profile_id), UPDATE (expires_at) ON TABLE
    vault.connector_tokens
TO vault_worker;
GRANT SELECT (check_after, connector_id, payment_method_id, profile_id), UPDATE (check_after) ON TABLE
    vault.network_tokens
TO vault_worker;
GRANT SELECT (created_at, key_id, profile_id, purpose, retired_at, rotate_after, state, version) ON TABLE
    vault.data_keys
TO vault_worker;
COMMENT ON COLUMN vault.api_keys.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
COMMENT ON COLUMN vault.audit_log.first_occurred_at IS 'For a row of merged events, when the first one happened';
COMMENT ON COLUMN vault.audit_log.object_id IS 'The object. various stands for further objects of the same actor, counted together, and others for objects of any actor';
COMMENT ON COLUMN vault.audit_log.occurred_at IS 'When the event happened. For a row of merged events, when the last one happened';
COMMENT ON COLUMN vault.audit_log.occurrences IS 'How many events the row stands for. Equal events within a minute (refused, rolled back, or a card number indexed) are merged';
COMMENT ON COLUMN vault.audit_log.outcome IS 'success, refused, or what became of the transaction that did it: rolled back, prepared. For a reveal, success means that it was allowed; the row was written before';
COMMENT ON COLUMN vault.audit_log.request_id IS 'The id of the HTTP request. For a row of merged events, that of the first event, or none';
COMMENT ON COLUMN vault.connector_accounts.credentials IS 'Sealed by the root key, bound to the account';
COMMENT ON COLUMN vault.connector_accounts.enabled IS 'Whether the account may be called';
COMMENT ON COLUMN vault.connector_accounts.kind IS 'What speaks at the other end: stripe, http_template or token_service';
COMMENT ON COLUMN vault.connector_accounts.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
COMMENT ON COLUMN vault.connector_accounts.profile_id IS 'The profile that the account serves; NULL is every profile of the merchant';
COMMENT ON COLUMN vault.connector_accounts.settings IS 'A JSON object, as the kind of account has it';
COMMENT ON COLUMN vault.connector_customers.details IS 'Envelope under the data key of the profile, bound to this row and column';
COMMENT ON COLUMN vault.connector_tokens.details IS 'Envelope under the data key of the profile, bound to this row and column';
COMMENT ON COLUMN vault.connector_tokens.expires_at IS 'When a token for one use expires; NULL is never';
COMMENT ON COLUMN vault.data_keys.key_id IS 'A random number, unique within the profile. Every value under the key contains it';
COMMENT ON COLUMN vault.jobs.action IS 'What is to be done at the connector';
COMMENT ON COLUMN vault.jobs.attempts IS 'How often the job was sent';
COMMENT ON COLUMN vault.jobs.error IS 'The kind of the last error. It contains nothing that the other side said';
COMMENT ON COLUMN vault.jobs.next_try_at IS 'When a waiting job is due, or when the answer to a sent job is no longer expected';
COMMENT ON COLUMN vault.jobs.state IS 'waiting, sent (its answer is awaited), done, failed (for good) or cancelled';
COMMENT ON COLUMN vault.jobs.subject IS 'Envelope of the token that is to be deleted';
COMMENT ON COLUMN vault.merchants.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
COMMENT ON COLUMN vault.network_tokens.check_after IS 'When the worker asks the service whether the token is still good; infinity is never';
COMMENT ON COLUMN vault.network_tokens.connector_id IS 'The account at the token service';
COMMENT ON COLUMN vault.network_tokens.summary IS 'Envelope of what an ordinary answer shows, and of the reference by which the service knows the token';
COMMENT ON COLUMN vault.payment_methods.duplicate_index IS 'Id of the index key, then the blind index of number and expiry. A customer has one payment method for each';
COMMENT ON COLUMN vault.profiles.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
COMMENT ON COLUMN vault.profiles.network_tokenization_enabled IS 'Whether cards of the profile may get network tokens';
COMMENT ON COLUMN vault.role_bindings.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
COMMENT ON COLUMN vault.role_bindings.role_oid IS 'The role. Another role of the same name is not bound';
COMMENT ON COLUMN vault.role_bindings.system_identifier IS 'The cluster of the role. If the database was restored in another cluster, the role''s name counts until the worker takes the binding over';
COMMENT ON ROUTINE vault."check"() IS 'What is wrong with this vault: settings, roles and rights, objects, keys, background processes. Each finding has a severity (critical or warning), an object, and a hint what to do. It should return no rows';
COMMENT ON ROUTINE vault.acts_for(oid,text) IS 'Whether key management of a profile includes the tables of an owner. It does if the owner can become a role that is bound to the profile, is a member of vault_table_owner, or is a superuser';
COMMENT ON ROUTINE vault.authenticate(text,text) IS 'Makes the transaction (or subtransaction) act for the profile until it ends, by an API key of the profile''s merchant';
COMMENT ON ROUTINE vault.bind_role(text,text) IS 'Binds a database role to a profile. The role then acts for the profile without an API key';
COMMENT ON ROUTINE vault.card_number(text) IS 'Checks and seals a card number, with its blind index. A bind parameter needs its type: vault.card_number($1::text)';
COMMENT ON ROUTINE vault.card_number(text,text) IS 'Checks and seals a card number so that it opens only with the same context. The number is found without the context';
COMMENT ON ROUTINE vault.check_network_token_status(text) IS 'Asks the token service for the state of a payment method''s network token';
COMMENT ON ROUTINE vault.clear_lockouts() IS 'Forgets all failed authentications, and ends all locks';
COMMENT ON ROUTINE vault.connectors_on_shards() IS 'Internal: the rows of vault.connectors when the vault is spread over several nodes';
COMMENT ON ROUTINE vault.counted_failures(text) IS 'What the view vault.lockouts shows';
COMMENT ON ROUTINE vault.create_api_key(text,text,text[],timestamp with time zone) IS 'Makes an API key of a merchant. The key is shown only now';
COMMENT ON ROUTINE vault.create_connector(text,text,text,jsonb,text) IS 'Makes an account at a payment service provider or a token service, and returns its id. The owner is a merchant (the account serves every profile) or a profile';
COMMENT ON ROUTINE vault.create_merchant(text) IS 'Makes a merchant, and returns its id';
COMMENT ON ROUTINE vault.create_payment_method(jsonb) IS 'Stores a payment method. If the customer has it already, that one keeps its id and is refreshed';
COMMENT ON ROUTINE vault.create_payment_methods(jsonb[],boolean) IS 'Stores many payment methods, and returns for each whether it was created, refreshed or refused. With all_or_nothing, the first refusal is an error';
COMMENT ON ROUTINE vault.create_profile(text,text) IS 'Makes a profile of a merchant, with its keys, and returns its id';
COMMENT ON ROUTINE vault.current_profile() IS 'The profile that this transaction acts for, by vault.authenticate or vault.bind_role. NULL if there is none';
COMMENT ON ROUTINE vault.delete_expired(timestamp with time zone) IS 'Deletes the CVCs, volatile payment methods and tokens for one use that expire by the given time, as the worker does by itself. Returns how many';
COMMENT ON ROUTINE vault.delete_payment_method(text) IS 'Deletes a payment method: removes its ciphertext from the row. The earlier version of the row stays until a vacuum';
COMMENT ON ROUTINE vault.destroy_data_key(text,text,integer,boolean,oid[]) IS 'Removes a retired key from its row. Refuses if values need the key, unless force gives them up, or if a table that may hold such values cannot be read, unless left_out names it';
COMMENT ON ROUTINE vault.destroy_profile_keys(text) IS 'Removes all keys of a profile from their rows, and tells the source of the root key (vault.key_destruction_command). Nothing that the profile has sealed opens again. Earlier dumps stay closed once the source knows of it';
COMMENT ON ROUTINE vault.disable_connector(text) IS 'Takes an account out of service: creates that name it are refused, and its jobs fail';
COMMENT ON ROUTINE vault.distribute(integer) IS 'Spreads the vault over the nodes of Citus, on the coordinator. Does what is not done yet, and says what it did';
COMMENT ON ROUTINE vault.drop_audit_month(integer) IS 'Internal: drops the oldest partition of the audit log whose month is no longer kept, and returns its month, or NULL if there is none';
COMMENT ON ROUTINE vault.enable_connector(text) IS 'Takes an account into service again';
COMMENT ON ROUTINE vault.forged_rows() IS 'Lists the rows of merchants, profiles, API keys, role bindings and connectors that are not believed, because the vault did not write them as they are, with the reason';
COMMENT ON ROUTINE vault.get_network_token(text) IS 'Returns a payment method''s network token, with a cryptogram for one payment, to a member of vault_reveal';
COMMENT ON ROUTINE vault.get_network_token_eligibility(text) IS 'Asks the token service whether cards with these first 6 to 8 digits can have network tokens';
COMMENT ON ROUTINE vault.has_application_values(integer[]) IS 'Internal: whether values of application columns are under one of these keys, or under any if none are given';
COMMENT ON ROUTINE vault.has_merchants() IS 'Internal: whether the vault has been in use for some seconds';
COMMENT ON ROUTINE vault.import_payment_methods(text,boolean) IS 'Stores the payment methods that a query gives, as create_payment_methods does. The query has one column, of type jsonb, and runs with the caller''s rights';
COMMENT ON ROUTINE vault.jobs_on_shards() IS 'Internal: the rows of vault.jobs_of_node when the vault is spread over several nodes';
COMMENT ON ROUTINE vault.keys_on_shards() IS 'Internal: the rows of vault.keys_of_node when the vault is spread over several nodes';
COMMENT ON ROUTINE vault.list_customers(integer,integer,text) IS 'Lists customers, oldest first; limit is 1 to 100';
COMMENT ON ROUTINE vault.list_payment_methods(text,integer,text) IS 'Lists the active payment methods of a customer, last used first; limit is 1 to 1000';
COMMENT ON ROUTINE vault.make_audit_month(timestamp without time zone,bigint) IS 'Internal: makes the partition of the audit log for the month that begins then, if there is none. Refuses if more rows than that lie in the default partition';
COMMENT ON ROUTINE vault.mask(vault.card_number) IS 'First six and last four digits, with an asterisk for each other digit. A number of fewer than 14 digits shows the last four only';
COMMENT ON ROUTINE vault.metrics_text() IS 'vault.metrics in the text format of Prometheus';
COMMENT ON ROUTINE vault.move_profile(text,text,integer) IS 'Moves a profile to another node of Citus, on the coordinator. Its writes wait meanwhile, and are refused on the node that it has left';
COMMENT ON ROUTINE vault.network(vault.card_number) IS 'The card network. NULL if the first digits do not tell it';
COMMENT ON ROUTINE vault.nodes() IS 'Which node has which profile. Without Citus, host and port are NULL';
COMMENT ON ROUTINE vault.object_findings() IS 'Internal: the part of vault.check() about objects';
COMMENT ON ROUTINE vault.open_functions_of_citus() IS 'Internal: functions that Citus leaves to everybody and the vault does not';
COMMENT ON ROUTINE vault.ready() IS 'True if this server can seal and store a value. Otherwise an error that says why not: the vault is sealed, or the server is a standby';
COMMENT ON ROUTINE vault.reencrypt(text,integer) IS 'Seals values under earlier keys anew, in the tables of the vault and of applications, in batches that commit. It may be stopped, and goes on when it is called again';
COMMENT ON ROUTINE vault.refuse_default_privileges() IS 'Internal: fails if shards, which are made anew by each move, would get rights that the vault did not give';
COMMENT ON ROUTINE vault.retrieve_customer(text) IS 'Returns a customer, by id';
COMMENT ON ROUTINE vault.retrieve_customer_by_reference(text) IS 'Returns a customer, by merchant_reference_id';
COMMENT ON ROUTINE vault.retrieve_payment_method(text,boolean) IS 'Returns a payment method, masked. With fetch_raw_detail it is shown in full, to members of vault_reveal';
COMMENT ON ROUTINE vault.retrieve_payment_methods(text[],boolean) IS 'Returns many payment methods as retrieve_payment_method does, and NULL for an id that has none';
COMMENT ON ROUTINE vault.retry_token_job(text) IS 'Makes a failed job due again, with all its tries';
COMMENT ON ROUTINE vault.revoke_api_key(text) IS 'Revokes an API key, by its key_id';
COMMENT ON ROUTINE vault.rewrap_data_keys() IS 'For use after a change of the root key: wraps all data keys under the current root key, and makes new MACs. Returns how many data keys an earlier root key had wrapped';
COMMENT ON ROUTINE vault.right_findings() IS 'Internal: the part of vault.check() about roles and rights';
COMMENT ON ROUTINE vault.role_findings() IS 'What lets somebody else act as one of the vault''s own roles, or gives such a role too many rights, and the command that fixes it. It should return no rows';
COMMENT ON ROUTINE vault.rotate_data_key(text,text) IS 'Replaces a profile''s current key (data or index). Until it is destroyed, the old key still opens the values that it has sealed, or finds the values that it has indexed';
COMMENT ON ROUTINE vault.searchable(text) IS 'Seals a text under the current profile''s data key, with its blind index. Equal texts of a profile are =';
COMMENT ON ROUTINE vault.searchable(text,text) IS 'Seals a text so that it opens only with the same context. The text is found without the context';
COMMENT ON ROUTINE vault.set_network_tokenization(text,boolean) IS 'Switches network tokens on or off for a profile';
COMMENT ON ROUTINE vault.setting_findings() IS 'Internal: the part of vault.check() about settings';
COMMENT ON ROUTINE vault.shards() IS 'Internal: the shards of the vault''s tables on this node, and whether the policies of one do not bind everybody';
COMMENT ON ROUTINE vault.shared_metrics() IS 'Internal: the figures of vault.metrics that stand in shared memory';
COMMENT ON ROUTINE vault.state_findings() IS 'Internal: the part of vault.check() about keys, rows and background processes';
COMMENT ON ROUTINE vault.tell_of_change() IS 'Internal: makes every backend read the rows of a table again that it remembers';
COMMENT ON ROUTINE vault.unbind_role(text) IS 'Ends the binding of a database role to a profile';
COMMENT ON ROUTINE vault.update_connector(text,text,jsonb,text) IS 'Changes the label, settings or credentials of an account. An argument that is NULL changes nothing';
COMMENT ON ROUTINE vault.update_customer(text,jsonb) IS 'Changes those members of a customer that are given';
COMMENT ON ROUTINE vault.use_connector_token(text,text) IS 'Returns the token that a connector has made for a payment method. A token for one use is returned once';
COMMENT ON ROUTINE vault.use_cvc(text) IS 'Returns the CVC of a payment method to a member of vault_reveal, and deletes it';
COMMENT ON ROUTINE vault.values_of_strangers(text) IS 'Internal: tables that vault.reencrypt leaves alone, because their owners do not act for the profile, with the number of values under its retired keys';
COMMENT ON ROUTINE vault_api.create_payment_methods(bytea) IS 'POST /payment-methods/batch';
COMMENT ON ROUTINE vault_api.get_network_token_eligibility(bytea) IS 'GET /payment-methods/get-network-token-eligibility';
COMMENT ON ROUTINE vault_api.metrics(bytea) IS 'GET /metrics, which nginx serves at an address of its own';
COMMENT ON ROUTINE vault_api.ready(bytea) IS 'GET /ready, without an API key. The status is 200 if a value can be stored, and otherwise 500';
COMMENT ON TABLE vault.audit_log IS 'Who did what to which object, and when; append-only, without card data';
COMMENT ON TABLE vault.audit_log_default IS 'Internal: rows of the audit log for whose month there is no partition yet';
COMMENT ON TABLE vault.card_bins IS 'BIN table, loaded by a member of vault_admin. It fills in what the caller of a create leaves out';
COMMENT ON TABLE vault.connector_accounts IS 'Accounts at payment service providers and token services';
COMMENT ON TABLE vault.connector_customers IS 'The ids by which connectors know a customer, each an envelope';
COMMENT ON TABLE vault.customers IS 'Customers. details is the envelope of the personal data, and NULL after a redaction';
COMMENT ON TABLE vault.cvcs IS 'CVCs of payment methods, kept for 15 minutes or until they are used';
COMMENT ON TABLE vault.jobs IS 'Jobs at connectors. The view vault.token_jobs shows them';
COMMENT ON TABLE vault.network_tokens IS 'Network tokens of payment methods. The token itself stays with the token service, and is fetched for each payment';
COMMENT ON TABLE vault.payment_method_counts IS 'How many active payment methods each profile has: the sum of its rows. The worker adds the others to the one with the nil UUID';
COMMENT ON TABLE vault.payment_methods IS 'Payment methods. The instrument and its masked summary are two envelopes';
COMMENT ON TABLE vault.profiles IS 'Profiles, the unit of isolation: one profile cannot reach the data of another';
COMMENT ON TABLE vault.root_keys IS 'Check values of the root keys that wrapped data keys of this database, or made MACs; no key material';
COMMENT ON VIEW vault.connectors IS 'The accounts at payment service providers and token services, without their credentials; without a profile_id an account serves every profile of its merchant';
COMMENT ON VIEW vault.jobs_of_node IS 'Internal: the jobs of the profiles of this node, without their envelopes';
COMMENT ON VIEW vault.keys IS 'The inventory of data keys, without key material. values_count says how many values of the vault''s and the applications'' tables name the key';
COMMENT ON VIEW vault.keys_of_node IS 'Internal: the data keys of the profiles of this node, without key material';
COMMENT ON VIEW vault.lockouts IS 'Failed authentications that are counted at the moment, by SQL and over HTTP, of each kind: pair (a key''s prefix and the address or role that tried it), prefix (from anywhere), address or role (with any key). What has locked_until is locked. IPv6 addresses are counted by their /64';
COMMENT ON VIEW vault.metrics IS 'Figures for those who watch the vault: calls, durations, values, keys, jobs, limits, lock-outs, background processes. Counters are those of the whole server and begin at its start; figures of keys, jobs and background processes are those of this database';
COMMENT ON VIEW vault.payment_methods_with_tokens IS 'Internal: payment methods as the operations read them, with the tokens that can be used';
COMMENT ON VIEW vault.token_job_counts IS 'For monitoring: how many jobs each connector has in which state, and the age of the oldest of them';
COMMENT ON VIEW vault.token_jobs IS 'What the worker does, or has done in the last days, at connectors: waiting, sent (an answer is awaited), done, failed (for good) or cancelled; error is the kind of the last one';
-- END of what `make upgrade-script` writes.

-- Nobody may act as one of the vault's own roles. 0.1.0 looked at one of them only.
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

-- Somebody who could write to the tables of 0.1.0 could make himself an API key or a binding. Nothing in the rows tells. So they get
-- their MACs only if the administrator has passed the digest of exactly these rows, which the first attempt shows.
CREATE FUNCTION vault.vouch_for_rows(digest text) RETURNS text LANGUAGE c VOLATILE STRICT
    AS 'MODULE_PATHNAME', 'vouch_for_rows_wrapper';
DO $$
DECLARE
    digest   text := vault.vouch_for_rows(COALESCE(pg_catalog.current_setting('vault_upgrade.vouched_rows', true), ''));
    counts   text;
    unknown  text;
    unbound  record;
BEGIN
    IF digest IS NOT NULL THEN
        SELECT pg_catalog.format('merchants: %s, profiles: %s, API keys: %s, of which not revoked: %s, of which with the scope reveal: %s, role bindings: %s',
                   (SELECT pg_catalog.count(*) FROM vault.merchants), (SELECT pg_catalog.count(*) FROM vault.profiles),
                   pg_catalog.count(*), pg_catalog.count(*) FILTER (WHERE k.revoked_at IS NULL),
                   pg_catalog.count(*) FILTER (WHERE k.revoked_at IS NULL AND 'reveal' = ANY (k.scopes)),
                   (SELECT pg_catalog.count(*) FROM vault.role_bindings))
        INTO counts FROM vault.api_keys k;
        WITH made (kind, id, event) AS (
            SELECT 'merchant', m.merchant_id, 'merchant.create' FROM vault.merchants m
            UNION ALL SELECT 'profile', p.profile_id, 'profile.create' FROM vault.profiles p
            UNION ALL SELECT 'API key', k.key_id,
                CASE k.scopes WHEN '{}' THEN 'api_key.create' ELSE 'api_key.create_with_reveal' END FROM vault.api_keys k
            UNION ALL SELECT 'role binding', b.role_name, 'role.bind' FROM vault.role_bindings b
        )
        SELECT pg_catalog.string_agg(pg_catalog.format('%s %s', m.kind, m.id), ', ' ORDER BY m.kind, m.id) INTO unknown
        FROM made m
        WHERE NOT EXISTS (SELECT FROM vault.audit_log a
                          WHERE a.event = m.event AND a.object_id = m.id AND a.outcome = 'success');
        RAISE EXCEPTION 'vault 0.2.0 believes merchants, profiles, API keys and role bindings only if somebody vouches for them'
            USING ERRCODE = 'object_not_in_prerequisite_state',
                  DETAIL = pg_catalog.format(E'%s.\nNot in the audit log as made: %s.', counts, COALESCE(unknown, 'none')),
                  HINT = pg_catalog.format('Look at vault.merchants, vault.profiles, vault.api_keys and vault.role_bindings, and delete what is not yours. '
                      'If these rows are as they should be: SET vault_upgrade.vouched_rows = %L, and update again in the same session.', digest);
    END IF;
    FOR unbound IN SELECT b.role_name FROM vault.role_bindings b WHERE b.role_oid = 0 LOOP
        RAISE WARNING 'the role % does not exist, so its binding binds nobody', unbound.role_name
            USING HINT = 'Call vault.unbind_role, or make the role and call vault.bind_role.';
    END LOOP;
END
$$;
DROP FUNCTION vault.vouch_for_rows(text);
