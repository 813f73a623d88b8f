-- Nothing that somebody else has put in the way may be taken for the vault's own: no object in its schemas, which a call
-- or an operator could resolve to, and no member of the roles that its isolation rests on.
DO $$
BEGIN
    IF pg_catalog.current_setting('server_encoding') <> 'UTF8' THEN
        RAISE EXCEPTION 'vault needs a database with the encoding UTF8'
            USING ERRCODE = 'feature_not_supported', HINT = 'CREATE DATABASE … ENCODING ''UTF8'' TEMPLATE template0';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_namespace n
               WHERE n.nspname = 'vault' AND n.nspowner <> (current_user::pg_catalog.regrole)::pg_catalog.oid)
       OR EXISTS (SELECT FROM pg_catalog.pg_depend d
                  WHERE d.refclassid = 'pg_catalog.pg_namespace'::pg_catalog.regclass
                    AND d.refobjid = pg_catalog.to_regnamespace('vault')::pg_catalog.oid
                    AND d.classid <> 'pg_catalog.pg_extension'::pg_catalog.regclass) THEN
        RAISE EXCEPTION 'the schema vault is somebody else''s, or not empty'
            USING ERRCODE = 'duplicate_schema', HINT = 'Drop it: CREATE EXTENSION vault makes its own.';
    END IF;
    IF EXISTS (SELECT FROM pg_catalog.pg_auth_members m
               WHERE m.roleid IN (pg_catalog.to_regrole('vault_operator')::pg_catalog.oid)) THEN
        RAISE EXCEPTION 'the role vault_operator has members'
            USING ERRCODE = 'duplicate_object', HINT = 'Revoke it from everybody: nobody may become the operator.';
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
        'vault_operator', 'vault_worker', 'vault_authenticator', 'vault_api', 'vault_client', 'vault_reveal',
        'vault_admin', 'vault_auditor'
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
ALTER ROLE vault_admin NOLOGIN;
ALTER ROLE vault_auditor NOLOGIN;
ALTER ROLE vault_authenticator LOGIN NOINHERIT;
GRANT vault_api TO vault_authenticator;

-- A request's body is a bind value: it must not reach the log, not even with an error.
ALTER ROLE vault_authenticator SET log_parameter_max_length = 0;
ALTER ROLE vault_authenticator SET log_parameter_max_length_on_error = 0;
ALTER ROLE vault_authenticator SET log_error_verbosity = 'terse';

-- Below the time that nginx waits: what a client hears to have failed has not been done. Whoever waits for a lock holds a
-- connection of PostgREST's, and they are few.
ALTER ROLE vault_authenticator SET lock_timeout = '1s';
ALTER ROLE vault_authenticator SET statement_timeout = '15s';

COMMENT ON ROLE vault_operator IS 'Runs the operations of the vault; owns no table, logs in nowhere, bypasses no policy';
COMMENT ON ROLE vault_worker IS 'Runs what the background worker does in all profiles: deletes what has expired, and sees no envelope';
COMMENT ON ROLE vault_authenticator IS 'Login of PostgREST; may become vault_api and nothing else';
COMMENT ON ROLE vault_api IS 'Executes the functions of schema vault_api';
COMMENT ON ROLE vault_client IS 'Granted to application roles: executes the operations and the functions of the encrypted types';
COMMENT ON ROLE vault_reveal IS 'Granted beside vault_client: sees full card and account numbers by SQL';
COMMENT ON ROLE vault_admin IS 'Manages merchants, profiles, API keys and keys; sees no card data';
COMMENT ON ROLE vault_auditor IS 'Reads the audit log';

CREATE TYPE vault.encrypted_text;
CREATE TYPE vault.encrypted_json;
CREATE TYPE vault.searchable_text;
CREATE TYPE vault.card_number;

COMMENT ON SCHEMA vault IS 'The vault: operations, encrypted types, keys, profiles and the audit log';
CREATE SCHEMA vault_api;
COMMENT ON SCHEMA vault_api IS 'The HTTP API, published by PostgREST';
