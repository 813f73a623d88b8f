-- The vault on several nodes of Citus. Tables that are shared are whole on every node (reference tables of Citus). Tables that are
-- spread have the rows of each profile on one node, in shards. The lists are those of src/store/shards/text.rs. Every node has
-- tables of its own for what is sealed under its memory key, for role bindings, and for the audit log.

CREATE FUNCTION vault.refuse_default_privileges() RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $$
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
$$;
COMMENT ON FUNCTION vault.refuse_default_privileges() IS 'Internal: fails if shards, which are made anew by each move, would get rights that the vault did not give';

CREATE FUNCTION vault.open_functions_of_citus(OUT function regprocedure, OUT kind text) RETURNS SETOF record
LANGUAGE sql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
    SELECT p.oid::regprocedure, CASE p.prokind WHEN 'p' THEN 'PROCEDURE' ELSE 'FUNCTION' END
    FROM pg_proc p
    JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
    JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'citus'
    WHERE p.proname NOT IN ('worker_hash', 'shard_name', 'relation_is_a_known_shard', 'citus_table_is_visible')
      AND EXISTS (SELECT FROM aclexplode(COALESCE(p.proacl, acldefault('f', p.proowner))) a WHERE a.grantee = 0)
$$;
COMMENT ON FUNCTION vault.open_functions_of_citus() IS 'Internal: functions that Citus leaves to everybody and the vault does not';

CREATE FUNCTION vault.distribute(shards integer DEFAULT 32) RETURNS SETOF text
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
SET row_security = off
AS $$
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
$$;
COMMENT ON FUNCTION vault.distribute(integer) IS 'Spreads the vault over the nodes of Citus, on the coordinator. Does what is not done yet, and says what it did';

CREATE FUNCTION vault.shards(OUT shard regclass, OUT is_unprotected boolean) RETURNS SETOF record
LANGUAGE plpgsql STABLE
SET search_path = pg_catalog, pg_temp
AS $$
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
$$;
COMMENT ON FUNCTION vault.shards() IS 'Internal: the shards of the vault''s tables on this node, and whether the policies of one do not bind everybody';

CREATE FUNCTION vault.nodes(OUT profile_id text, OUT host text, OUT port integer, OUT is_here boolean) RETURNS SETOF record
LANGUAGE plpgsql STABLE SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $$
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
$$;
COMMENT ON FUNCTION vault.nodes() IS 'Which node has which profile. Without Citus, host and port are NULL';

CREATE PROCEDURE vault.move_profile(profile_id text, host text, port integer DEFAULT 5432)
LANGUAGE plpgsql AS $$
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
$$;
COMMENT ON PROCEDURE vault.move_profile(text, text, integer) IS 'Moves a profile to another node of Citus, on the coordinator. Its writes wait meanwhile, and are refused on the node that it has left';
