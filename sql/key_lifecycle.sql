-- Key management for administrators. Procedures and functions here run with their caller's rights, and call functions that
-- run with the operator's.

COMMENT ON FUNCTION vault.reencrypt_batch(text, oid, text, integer) IS 'Internal: one step of vault.reencrypt';
COMMENT ON FUNCTION vault.count_application_values() IS 'Internal: how many values of application columns are under which key';
COMMENT ON FUNCTION vault.has_application_values(integer[]) IS 'Internal: whether values of application columns are under one of these keys, or under any if none are given';
COMMENT ON FUNCTION vault.acts_for(oid, text) IS 'Whether key management of a profile includes the tables of an owner. It does if the owner can become a role that is bound to the profile, is a member of vault_table_owner, or is a superuser';
COMMENT ON FUNCTION vault.values_of_strangers(text) IS 'Internal: tables that vault.reencrypt leaves alone, because their owners do not act for the profile, with the number of values under its retired keys';
COMMENT ON FUNCTION vault.count_values(text, integer) IS 'Internal: how many of the vault''s own values are under a key';
COMMENT ON FUNCTION vault.is_destroyed(text) IS 'Internal: whether the source of the root key says that a profile''s keys are destroyed';

-- The encrypted type behind a column: the column has the type itself, an array or a domain of it, an array of a domain, and
-- so on. Arrays of arrays, which a domain can make, are left out. Generated columns follow those that they are generated from.
CREATE VIEW vault.application_columns AS
WITH RECURSIVE encrypted (type, base, in_array) AS (
    SELECT t.oid, t.typname, false FROM pg_catalog.pg_type t
    WHERE t.oid IN ('vault.encrypted_text'::pg_catalog.regtype, 'vault.encrypted_json'::pg_catalog.regtype,
                    'vault.searchable_text'::pg_catalog.regtype, 'vault.card_number'::pg_catalog.regtype)
    UNION ALL
    SELECT t.oid, e.base, e.in_array OR t.typtype <> 'd'
    FROM encrypted e JOIN pg_catalog.pg_type t
      ON t.typtype = 'd' AND t.typbasetype = e.type
      OR t.typcategory = 'A' AND t.typelem = e.type AND NOT e.in_array
)
SELECT c.oid::pg_catalog.regclass AS relation, c.relkind AS kind, a.attname AS column_name,
       pg_catalog.format_type(a.atttypid, a.atttypmod) AS type_name, e.base AS encrypted_type, e.in_array,
       c.relowner::pg_catalog.regrole AS owner,
       CASE WHEN c.relrowsecurity AND c.relforcerowsecurity AND NOT (o.rolsuper OR o.rolbypassrls) THEN 'policies'
            WHEN NOT pg_catalog.has_schema_privilege(o.oid, c.relnamespace, 'USAGE')
              OR NOT pg_catalog.has_table_privilege(o.oid, c.oid, 'SELECT')
              OR c.relkind <> 'm' AND NOT pg_catalog.has_table_privilege(o.oid, c.oid, 'UPDATE') THEN 'privileges'
       END AS out_of_reach
FROM encrypted e
JOIN pg_catalog.pg_attribute a ON a.atttypid = e.type AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid AND c.relispopulated AND c.relkind IN ('r', 'm', 'p')
 AND NOT pg_catalog.pg_is_other_temp_schema(c.relnamespace)
 AND NOT (c.relpersistence = 'u' AND pg_catalog.pg_is_in_recovery())
JOIN pg_catalog.pg_roles o ON o.oid = c.relowner;
COMMENT ON VIEW vault.application_columns IS 'The columns of tables (kind r, partitioned p) and materialized views (m) of this database that hold values of the encrypted types; out_of_reach says what keeps their owner, and so the vault, from them';

-- vault.distribute makes these two views show the rows of the node's shards.
CREATE VIEW vault.keys_of_node AS
SELECT k.profile_id, k.key_id, k.purpose, k.version, k.state, k.created_at, k.retired_at, k.rotate_after FROM vault.data_keys k;
COMMENT ON VIEW vault.keys_of_node IS 'Internal: the data keys of the profiles of this node, without key material';

CREATE VIEW vault.jobs_of_node AS
SELECT j.profile_id, j.job_id, j.payment_method_id, j.connector_id, j.action, j.state, j.attempts, j.next_try_at, j.error,
       j.error_status, j.created_at, j.finished_at
FROM vault.jobs j;
COMMENT ON VIEW vault.jobs_of_node IS 'Internal: the jobs of the profiles of this node, without their envelopes';

CREATE VIEW vault.keys AS
WITH application AS MATERIALIZED (SELECT * FROM vault.count_application_values())
SELECT k.key_id, k.profile_id, k.purpose, k.version,
       CASE WHEN vault.is_destroyed(k.profile_id) THEN 'destroyed' ELSE k.state END AS state,
       CASE k.purpose WHEN 'data' THEN 'XAES-256-GCM' ELSE 'HMAC-SHA-256' END AS algorithm,
       k.created_at, k.retired_at, k.rotate_after,
       vault.count_values(k.profile_id, k.key_id)
           + COALESCE((SELECT pg_catalog.sum(a.values_count)::bigint FROM application a WHERE a.key_id = k.key_id), 0)
           AS values_count
FROM vault.keys_of_node k;
COMMENT ON VIEW vault.keys IS 'The inventory of data keys, without key material. values_count says how many values of the vault''s and the applications'' tables name the key';

CREATE PROCEDURE vault.reencrypt(profile_id text, batch_size integer DEFAULT 1000)
LANGUAGE plpgsql AS $$
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
$$;
COMMENT ON PROCEDURE vault.reencrypt(text, integer) IS 'Seals values under earlier keys anew, in the tables of the vault and of applications, in batches that commit. It may be stopped, and goes on when it is called again';
