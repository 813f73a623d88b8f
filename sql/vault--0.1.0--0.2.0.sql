\echo Use "ALTER EXTENSION vault UPDATE" to load this file. \quit

-- From 0.1.0 to 0.2.0. docs/operations.md says what to do before. The script runs in one transaction: if anything in it fails, the
-- database stays at 0.1.0 as it was.

-- Roles belong to the cluster, so another database may have made the two new ones already. Their attributes are set every time.
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
    -- 0.1.0 let a call wait for a lock for five seconds. A time that somebody else has set stays.
    IF EXISTS (SELECT FROM pg_catalog.pg_db_role_setting s
               WHERE s.setrole = 'vault_authenticator'::pg_catalog.regrole AND s.setdatabase = 0
                 AND 'lock_timeout=5s' = ANY (s.setconfig)) THEN
        ALTER ROLE vault_authenticator SET lock_timeout = '1s';
    END IF;
END
$$;

COMMENT ON ROLE vault_operator IS 'Internal: the operations of the vault run as this role. It cannot log in, owns no table and bypasses no policy';
COMMENT ON ROLE vault_worker IS 'Internal: the background processes delete what has expired and find due jobs, in all profiles, as this role. It cannot read an envelope';
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
    ADD CHECK (outcome IN ('success', 'refused', 'rolled back', 'prepared')),
    ADD COLUMN occurrences bigint NOT NULL DEFAULT 1 CHECK (occurrences > 0),
    ADD COLUMN first_occurred_at timestamptz;

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

DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY['connector_accounts', 'connector_customers', 'network_tokens', 'jobs'] LOOP
        EXECUTE pg_catalog.format('ALTER TABLE vault.%I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE pg_catalog.format('ALTER TABLE vault.%I FORCE ROW LEVEL SECURITY', table_name);
        PERFORM pg_catalog.pg_extension_config_dump(pg_catalog.format('vault.%I', table_name)::pg_catalog.regclass, '');
    END LOOP;
END
$$;

CREATE TRIGGER role_bindings_changed AFTER UPDATE OR DELETE OR TRUNCATE ON vault.profiles
    FOR EACH STATEMENT EXECUTE FUNCTION vault.role_bindings_changed();
ALTER TABLE vault.profiles ENABLE ALWAYS TRIGGER role_bindings_changed;

-- BEGIN of what `make upgrade-script` writes: the routines, views, policies, rights and comments that differ.
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
