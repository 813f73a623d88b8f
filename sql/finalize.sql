-- This file runs last, when all objects exist. It takes back every right that came with an object, and then gives each role its
-- rights. The comment on a function that Rust declares stands here as well, beside its grant. Other comments stand beside the
-- objects that they describe.

-- An object comes with rights: EXECUTE for PUBLIC, and those of ALTER DEFAULT PRIVILEGES.
DO $$
DECLARE
    granted record;
BEGIN
    FOR granted IN
        SELECT 'SCHEMA' AS kind, n.oid::pg_catalog.regnamespace::text AS name, n.nspacl AS acl, n.nspowner AS owner
        FROM pg_catalog.pg_namespace n WHERE n.nspname IN ('vault', 'vault_api')
        UNION ALL
        SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END, c.oid::pg_catalog.regclass::text, c.relacl, c.relowner
        FROM pg_catalog.pg_class c
        WHERE c.relnamespace IN ('vault'::pg_catalog.regnamespace, 'vault_api'::pg_catalog.regnamespace)
          AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
        UNION ALL
        SELECT 'ROUTINE', p.oid::pg_catalog.regprocedure::text,
               COALESCE(p.proacl, pg_catalog.acldefault('f', p.proowner)), p.proowner
        FROM pg_catalog.pg_proc p
        WHERE p.pronamespace IN ('vault'::pg_catalog.regnamespace, 'vault_api'::pg_catalog.regnamespace)
    LOOP
        EXECUTE COALESCE((
            SELECT pg_catalog.string_agg(pg_catalog.format('REVOKE ALL ON %s %s FROM %s', granted.kind, granted.name,
                CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END), '; ')
            FROM (SELECT DISTINCT grantee FROM pg_catalog.aclexplode(granted.acl)) a
            WHERE a.grantee <> granted.owner), 'SELECT');
    END LOOP;
END
$$;

-- A SECURITY DEFINER function runs with the rights of vault_operator, and never with those of the superuser who installed it.
DO $$
DECLARE
    definer pg_catalog.regprocedure;
BEGIN
    FOR definer IN
        SELECT p.oid FROM pg_catalog.pg_proc p
        WHERE p.pronamespace IN ('vault'::pg_catalog.regnamespace, 'vault_api'::pg_catalog.regnamespace) AND p.prosecdef
    LOOP
        EXECUTE pg_catalog.format('ALTER FUNCTION %s OWNER TO vault_operator', definer);
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA vault TO vault_operator, vault_client, vault_reveal, vault_admin, vault_auditor, PUBLIC;
GRANT USAGE ON SCHEMA vault_api TO vault_api;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA vault_api TO vault_api;

-- The operator gets the rights that the statements in src/store need, and no more.
GRANT SELECT, INSERT ON vault.root_keys TO vault_operator;
GRANT SELECT, INSERT, UPDATE (mac) ON vault.merchants, vault.profiles TO vault_operator;
GRANT UPDATE (network_tokenization_enabled) ON vault.profiles TO vault_operator;
GRANT SELECT, INSERT, UPDATE (label, settings, credentials, enabled, mac) ON vault.connector_accounts TO vault_operator;
GRANT SELECT, INSERT, UPDATE (revoked_at, mac) ON vault.api_keys TO vault_operator;
GRANT SELECT, INSERT, DELETE, UPDATE (role_oid, system_identifier, mac) ON vault.role_bindings TO vault_operator;
GRANT SELECT, INSERT, UPDATE (state, wrapped, root_key_check, retired_at) ON vault.data_keys
    TO vault_operator;
GRANT SELECT, INSERT, UPDATE ON vault.customers, vault.payment_methods TO vault_operator;
GRANT SELECT ON vault.payment_methods_with_tokens TO vault_operator;
GRANT SELECT, INSERT ON vault.payment_method_counts TO vault_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.connector_tokens, vault.connector_customers, vault.network_tokens
    TO vault_operator;
GRANT SELECT, INSERT, UPDATE ON vault.jobs TO vault_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.cvcs TO vault_operator;
GRANT SELECT, INSERT, DELETE ON vault.volatile_payment_methods TO vault_operator;
GRANT SELECT ON vault.card_bins TO vault_operator;
GRANT INSERT, SELECT (profile_id, audit_id, occurred_at, event, occurrences) ON vault.audit_log TO vault_operator;
GRANT EXECUTE ON FUNCTION vault.current_profile(), vault.role_findings() TO vault_operator;
GRANT EXECUTE ON FUNCTION
    vault.shared_metrics(), vault.metrics_text(),
    vault.state_findings(), vault.setting_findings(), vault.right_findings(), vault.object_findings(), vault.has_merchants(),
    vault.shards(), vault.open_functions_of_citus()
TO vault_operator;

-- The nodes of a vault write as this role what all of them have.
GRANT USAGE ON SCHEMA vault TO vault_node;
GRANT SELECT, INSERT ON vault.root_keys, vault.merchants, vault.profiles, vault.connector_accounts, vault.api_keys TO vault_node;
-- Nothing updates it. Citus asks for UPDATE where an INSERT has ON CONFLICT.
GRANT UPDATE (first_used_at) ON vault.root_keys TO vault_node;
GRANT UPDATE (mac) ON vault.merchants TO vault_node;
GRANT UPDATE (network_tokenization_enabled, mac) ON vault.profiles TO vault_node;
GRANT UPDATE (label, settings, credentials, enabled, mac) ON vault.connector_accounts TO vault_node;
GRANT UPDATE (revoked_at, mac) ON vault.api_keys TO vault_node;

-- The worker deletes what has expired. PostgreSQL asks for UPDATE to lock rows; the policies let the worker change none.
GRANT SELECT (profile_id, payment_method_id, memory_key, expires_at), UPDATE (expires_at), DELETE
    ON vault.cvcs, vault.volatile_payment_methods TO vault_worker;
GRANT SELECT (profile_id, payment_method_id, position, expires_at), UPDATE (expires_at), DELETE
    ON vault.connector_tokens TO vault_worker;
GRANT SELECT, INSERT, DELETE, UPDATE (active) ON vault.payment_method_counts TO vault_worker;
-- It also decides when jobs and checks of network tokens are due, and deletes old jobs.
GRANT SELECT (profile_id, job_id, connector_id, state, next_try_at, finished_at), UPDATE (next_try_at), DELETE
    ON vault.jobs TO vault_worker;
-- Its role lists keys and jobs for administrators, without key material and envelopes.
GRANT SELECT (profile_id, key_id, purpose, version, state, created_at, retired_at, rotate_after) ON vault.data_keys TO vault_worker;
GRANT SELECT (payment_method_id, action, attempts, error, error_status, created_at) ON vault.jobs TO vault_worker;
GRANT SELECT (profile_id, payment_method_id, connector_id, check_after), UPDATE (check_after)
    ON vault.network_tokens TO vault_worker;

-- Whether a value can be stored here is no secret, and load balancers ask it with any role.
COMMENT ON FUNCTION vault.ready() IS 'True if this server can seal and store a value. Otherwise an error that says why not: the vault is sealed, or the server is a standby';
GRANT EXECUTE ON FUNCTION vault.ready() TO PUBLIC;

-- Applications act for a profile.
COMMENT ON FUNCTION vault.authenticate(text, text) IS 'Makes the transaction (or subtransaction) act for the profile until it ends, by an API key of the profile''s merchant';
GRANT EXECUTE ON FUNCTION vault.authenticate(text, text), vault.current_profile() TO vault_client;

-- Customers and payment methods.
COMMENT ON FUNCTION vault.create_customer(jsonb) IS 'Creates a customer of the current profile';
COMMENT ON FUNCTION vault.retrieve_customer(text) IS 'Returns a customer, by id';
COMMENT ON FUNCTION vault.retrieve_customer_by_reference(text) IS 'Returns a customer, by merchant_reference_id';
COMMENT ON FUNCTION vault.update_customer(text, jsonb) IS 'Changes those members of a customer that are given';
COMMENT ON FUNCTION vault.delete_customer(text) IS 'Redacts a customer and deletes its payment methods';
COMMENT ON FUNCTION vault.list_customers(integer, integer, text) IS 'Lists customers, oldest first; limit is 1 to 100';
COMMENT ON FUNCTION vault.create_payment_method(jsonb) IS 'Stores a payment method. If the customer has it already, that one keeps its id and is refreshed';
COMMENT ON FUNCTION vault.create_payment_methods(jsonb[], boolean) IS 'Stores many payment methods, and returns for each whether it was created, refreshed or refused. With all_or_nothing, the first refusal is an error';
COMMENT ON FUNCTION vault.import_payment_methods(text, boolean) IS 'Stores the payment methods that a query gives, as create_payment_methods does. The query has one column, of type jsonb, and runs with the caller''s rights';
COMMENT ON FUNCTION vault.retrieve_payment_method(text, boolean) IS 'Returns a payment method, masked. With fetch_raw_detail it is shown in full, to members of vault_reveal';
COMMENT ON FUNCTION vault.retrieve_payment_methods(text[], boolean) IS 'Returns many payment methods as retrieve_payment_method does, and NULL for an id that has none';
COMMENT ON FUNCTION vault.update_payment_method(text, jsonb) IS 'Changes names, tokens or status of a payment method';
COMMENT ON FUNCTION vault.delete_payment_method(text) IS 'Deletes a payment method: removes its ciphertext from the row. The earlier version of the row stays until a vacuum';
COMMENT ON FUNCTION vault.list_payment_methods(text, integer, text) IS 'Lists the active payment methods of a customer, last used first; limit is 1 to 1000';
COMMENT ON FUNCTION vault.set_default_payment_method(text, text) IS 'Makes a payment method its customer''s default';
COMMENT ON FUNCTION vault.use_cvc(text) IS 'Returns the CVC of a payment method to a member of vault_reveal, and deletes it';
GRANT EXECUTE ON FUNCTION
    vault.create_customer(jsonb), vault.retrieve_customer(text), vault.retrieve_customer_by_reference(text),
    vault.update_customer(text, jsonb), vault.delete_customer(text), vault.list_customers(integer, integer, text),
    vault.create_payment_method(jsonb), vault.create_payment_methods(jsonb[], boolean), vault.import_payment_methods(text, boolean),
    vault.retrieve_payment_method(text, boolean), vault.retrieve_payment_methods(text[], boolean),
    vault.update_payment_method(text, jsonb), vault.delete_payment_method(text), vault.list_payment_methods(text, integer, text),
    vault.set_default_payment_method(text, text), vault.use_cvc(text)
TO vault_client;
COMMENT ON FUNCTION vault.delete_expired(timestamptz) IS 'Deletes the CVCs, volatile payment methods and tokens for one use that expire by the given time, as the worker does by itself. Returns how many';

-- Tokens of connectors and of networks.
COMMENT ON FUNCTION vault.use_connector_token(text, text) IS 'Returns the token that a connector has made for a payment method. A token for one use is returned once';
COMMENT ON FUNCTION vault.check_network_token_status(text) IS 'Asks the token service for the state of a payment method''s network token';
COMMENT ON FUNCTION vault.get_network_token(text) IS 'Returns a payment method''s network token, with a cryptogram for one payment, to a member of vault_reveal';
COMMENT ON FUNCTION vault.get_network_token_eligibility(text) IS 'Asks the token service whether cards with these first 6 to 8 digits can have network tokens';
GRANT EXECUTE ON FUNCTION
    vault.use_connector_token(text, text), vault.check_network_token_status(text), vault.get_network_token(text),
    vault.get_network_token_eligibility(text)
TO vault_client;

-- Values of the encrypted types.
COMMENT ON FUNCTION vault.encrypt(text) IS 'Seals a text under the current profile''s data key';
COMMENT ON FUNCTION vault.encrypt(text, text) IS 'Seals a text so that it opens only with the same context';
COMMENT ON FUNCTION vault.encrypt(jsonb) IS 'Seals a JSON value under the current profile''s data key';
COMMENT ON FUNCTION vault.encrypt(jsonb, text) IS 'Seals a JSON value so that it opens only with the same context';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_text) IS 'Opens a text of the current profile';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_text, text) IS 'Opens a text that was sealed with this context';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_json) IS 'Opens a JSON value of the current profile';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_json, text) IS 'Opens a JSON value that was sealed with this context';
COMMENT ON FUNCTION vault.searchable(text) IS 'Seals a text under the current profile''s data key, with its blind index. Equal texts of a profile are =';
COMMENT ON FUNCTION vault.searchable(text, text) IS 'Seals a text so that it opens only with the same context. The text is found without the context';
COMMENT ON FUNCTION vault.decrypt(vault.searchable_text) IS 'Opens a text of the current profile';
COMMENT ON FUNCTION vault.decrypt(vault.searchable_text, text) IS 'Opens a text that was sealed with this context';
COMMENT ON FUNCTION vault.card_number(text) IS 'Checks and seals a card number, with its blind index. A bind parameter needs its type: vault.card_number($1::text)';
COMMENT ON FUNCTION vault.card_number(text, text) IS 'Checks and seals a card number so that it opens only with the same context. The number is found without the context';
COMMENT ON FUNCTION vault.decrypt(vault.card_number) IS 'Opens a card number of the current profile, for members of vault_reveal';
COMMENT ON FUNCTION vault.decrypt(vault.card_number, text) IS 'Opens a card number that was sealed with this context, for members of vault_reveal';
COMMENT ON FUNCTION vault.mask(vault.card_number) IS 'First six and last four digits, with an asterisk for each other digit. A number of fewer than 14 digits shows the last four only';
COMMENT ON FUNCTION vault.last4(vault.card_number) IS 'The last four digits';
COMMENT ON FUNCTION vault.network(vault.card_number) IS 'The card network. NULL if the first digits do not tell it';
GRANT EXECUTE ON FUNCTION
    vault.encrypt(text), vault.encrypt(jsonb), vault.encrypt(text, text), vault.encrypt(jsonb, text),
    vault.decrypt(vault.encrypted_text), vault.decrypt(vault.encrypted_json),
    vault.decrypt(vault.encrypted_text, text), vault.decrypt(vault.encrypted_json, text),
    vault.searchable(text), vault.searchable(text, text),
    vault.decrypt(vault.searchable_text), vault.decrypt(vault.searchable_text, text),
    vault.card_number(text), vault.card_number(varchar), vault.card_number(bpchar), vault.card_number(unknown),
    vault.card_number(text, text), vault.decrypt(vault.card_number), vault.decrypt(vault.card_number, text),
    vault.mask(vault.card_number), vault.last4(vault.card_number), vault.network(vault.card_number)
TO vault_client;

COMMENT ON FUNCTION vault.key_ids(vault.encrypted_text) IS 'The data key that the value is under: key_id of vault.keys';
COMMENT ON FUNCTION vault.key_ids(vault.encrypted_json) IS 'The data key that the value is under: key_id of vault.keys';
COMMENT ON FUNCTION vault.key_ids(vault.searchable_text) IS 'The keys that the value is under, the data key and the index key: key_id of vault.keys';
COMMENT ON FUNCTION vault.key_ids(vault.card_number) IS 'The keys that the value is under, the data key and the index key: key_id of vault.keys';
-- Input, output, send and receive only move ciphertext, and comparison reads nothing else. Like the types themselves, these
-- functions are for everybody who sees the column.
GRANT EXECUTE ON FUNCTION
    vault.key_ids(vault.encrypted_text), vault.key_ids(vault.encrypted_json),
    vault.key_ids(vault.searchable_text), vault.key_ids(vault.card_number),
    vault.encrypted_text_in(cstring), vault.encrypted_text_out(vault.encrypted_text),
    vault.encrypted_text_recv(internal), vault.encrypted_text_send(vault.encrypted_text),
    vault.encrypted_json_in(cstring), vault.encrypted_json_out(vault.encrypted_json),
    vault.encrypted_json_recv(internal), vault.encrypted_json_send(vault.encrypted_json),
    vault.searchable_text_in(cstring), vault.searchable_text_out(vault.searchable_text),
    vault.searchable_text_recv(internal), vault.searchable_text_send(vault.searchable_text),
    vault.searchable_text_lt(vault.searchable_text, vault.searchable_text), vault.searchable_text_le(vault.searchable_text, vault.searchable_text),
    vault.searchable_text_eq(vault.searchable_text, vault.searchable_text), vault.searchable_text_ne(vault.searchable_text, vault.searchable_text),
    vault.searchable_text_ge(vault.searchable_text, vault.searchable_text), vault.searchable_text_gt(vault.searchable_text, vault.searchable_text),
    vault.searchable_text_cmp(vault.searchable_text, vault.searchable_text), vault.searchable_text_hash(vault.searchable_text),
    vault.searchable_text_hash_extended(vault.searchable_text, bigint),
    vault.card_number_in(cstring), vault.card_number_out(vault.card_number),
    vault.card_number_recv(internal), vault.card_number_send(vault.card_number),
    vault.card_number_lt(vault.card_number, vault.card_number), vault.card_number_le(vault.card_number, vault.card_number),
    vault.card_number_eq(vault.card_number, vault.card_number), vault.card_number_ne(vault.card_number, vault.card_number),
    vault.card_number_ge(vault.card_number, vault.card_number), vault.card_number_gt(vault.card_number, vault.card_number),
    vault.card_number_cmp(vault.card_number, vault.card_number), vault.card_number_hash(vault.card_number),
    vault.card_number_hash_extended(vault.card_number, bigint)
TO PUBLIC;

-- Merchants, profiles, API keys and role bindings.
COMMENT ON FUNCTION vault.create_merchant(text) IS 'Makes a merchant, and returns its id';
COMMENT ON FUNCTION vault.create_profile(text, text) IS 'Makes a profile of a merchant, with its keys, and returns its id';
COMMENT ON FUNCTION vault.create_api_key(text, text, text[], timestamptz) IS 'Makes an API key of a merchant. The key is shown only now';
COMMENT ON FUNCTION vault.revoke_api_key(text) IS 'Revokes an API key, by its key_id';
COMMENT ON FUNCTION vault.bind_role(text, text) IS 'Binds a database role to a profile. The role then acts for the profile without an API key';
COMMENT ON FUNCTION vault.unbind_role(text) IS 'Ends the binding of a database role to a profile';
COMMENT ON FUNCTION vault.forged_rows() IS 'Lists the rows of merchants, profiles, API keys, role bindings and connectors that are not believed, because the vault did not write them as they are, with the reason';
COMMENT ON FUNCTION vault.clear_lockouts() IS 'Forgets all failed authentications, and ends all locks';
GRANT EXECUTE ON FUNCTION
    vault.create_merchant(text), vault.create_profile(text, text),
    vault.create_api_key(text, text, text[], timestamptz), vault.revoke_api_key(text),
    vault.bind_role(text, text), vault.unbind_role(text), vault.clear_lockouts()
TO vault_admin;
GRANT SELECT ON vault.merchants, vault.profiles, vault.role_bindings TO vault_admin;
GRANT SELECT (key_id, merchant_id, name, prefix, scopes, created_at, expires_at, revoked_at) ON vault.api_keys
    TO vault_admin;
GRANT EXECUTE ON FUNCTION vault.check(), vault.forged_rows(), vault.role_findings() TO vault_admin, vault_auditor;
GRANT EXECUTE ON FUNCTION vault.counted_failures(text) TO vault_admin, vault_auditor;
GRANT EXECUTE ON FUNCTION vault.shared_metrics(), vault.metrics_text() TO vault_admin, vault_auditor;
GRANT SELECT ON vault.metrics TO vault_operator, vault_admin, vault_auditor;
GRANT SELECT ON vault.lockouts TO vault_admin, vault_auditor;

-- Connectors.
COMMENT ON FUNCTION vault.create_connector(text, text, text, jsonb, text) IS 'Makes an account at a payment service provider or a token service, and returns its id. The owner is a merchant (the account serves every profile) or a profile';
COMMENT ON FUNCTION vault.update_connector(text, text, jsonb, text) IS 'Changes the label, settings or credentials of an account. An argument that is NULL changes nothing';
COMMENT ON FUNCTION vault.enable_connector(text) IS 'Takes an account into service again';
COMMENT ON FUNCTION vault.disable_connector(text) IS 'Takes an account out of service: creates that name it are refused, and its jobs fail';
COMMENT ON FUNCTION vault.set_network_tokenization(text, boolean) IS 'Switches network tokens on or off for a profile';
COMMENT ON FUNCTION vault.retry_token_job(text) IS 'Makes a failed job due again, with all its tries';
GRANT EXECUTE ON FUNCTION
    vault.create_connector(text, text, text, jsonb, text), vault.update_connector(text, text, jsonb, text),
    vault.enable_connector(text), vault.disable_connector(text), vault.set_network_tokenization(text, boolean),
    vault.retry_token_job(text)
TO vault_admin;
GRANT SELECT ON vault.connectors, vault.token_jobs, vault.token_job_counts TO vault_admin, vault_auditor;
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.card_bins TO vault_admin;

-- Keys.
COMMENT ON FUNCTION vault.rotate_data_key(text, text) IS 'Replaces a profile''s current key (data or index). Until it is destroyed, the old key still opens the values that it has sealed, or finds the values that it has indexed';
COMMENT ON FUNCTION vault.rewrap_data_keys() IS 'For use after a change of the root key: wraps all data keys under the current root key, and makes new MACs. Returns how many data keys an earlier root key had wrapped';
COMMENT ON FUNCTION vault.destroy_data_key(text, text, integer, boolean, oid[]) IS 'Removes a retired key from its row. Refuses if values need the key, unless force gives them up, or if a table that may hold such values cannot be read, unless left_out names it';
COMMENT ON FUNCTION vault.destroy_profile_keys(text) IS 'Removes all keys of a profile from their rows, and tells the source of the root key (vault.key_destruction_command). Nothing that the profile has sealed opens again. Earlier dumps stay closed once the source knows of it';
GRANT EXECUTE ON FUNCTION
    vault.rotate_data_key(text, text), vault.rewrap_data_keys(),
    vault.destroy_data_key(text, text, integer, boolean, oid[]), vault.destroy_profile_keys(text),
    vault.reencrypt_batch(text, oid, text, integer),
    vault.count_values(text, integer), vault.count_application_values(), vault.is_destroyed(text),
    vault.acts_for(oid, text), vault.values_of_strangers(text)
TO vault_admin;
GRANT EXECUTE ON PROCEDURE vault.reencrypt(text, integer) TO vault_admin;
GRANT SELECT ON vault.keys, vault.application_columns TO vault_admin;
GRANT SELECT ON vault.application_columns TO vault_operator, vault_auditor;
GRANT EXECUTE ON FUNCTION vault.acts_for(oid, text) TO vault_auditor;

-- Several nodes.
COMMENT ON FUNCTION vault.keys_on_shards() IS 'Internal: the rows of vault.keys_of_node when the vault is spread over several nodes';
COMMENT ON FUNCTION vault.jobs_on_shards() IS 'Internal: the rows of vault.jobs_of_node when the vault is spread over several nodes';
GRANT EXECUTE ON FUNCTION vault.nodes() TO vault_admin;
COMMENT ON FUNCTION vault.connectors_on_shards() IS 'Internal: the rows of vault.connectors when the vault is spread over several nodes';
GRANT EXECUTE ON FUNCTION vault.keys_on_shards(), vault.jobs_on_shards(), vault.connectors_on_shards() TO vault_operator, vault_admin, vault_auditor;

-- The audit log.
GRANT SELECT ON vault.audit_log TO vault_auditor;
