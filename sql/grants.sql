-- EXECUTE is PUBLIC by default: take it back from everything, then give each role what it is for.
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA vault, vault_api FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA vault FROM PUBLIC;
REVOKE ALL ON SCHEMA vault, vault_api FROM PUBLIC;

-- What runs with its owner's rights must run with the operator's, never with the superuser's who installed it.
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

GRANT USAGE ON SCHEMA vault TO vault_operator, vault_client, vault_reveal, vault_admin, vault_auditor;
GRANT USAGE ON SCHEMA vault_api TO vault_api;

-- The operator: what the statements in src/store do, no more.
GRANT SELECT, INSERT ON vault.merchants, vault.profiles, vault.root_keys TO vault_operator;
GRANT SELECT, INSERT, UPDATE (revoked_at) ON vault.api_keys TO vault_operator;
GRANT SELECT, INSERT, UPDATE (profile_id), DELETE ON vault.role_bindings TO vault_operator;
GRANT SELECT, INSERT ON vault.data_keys TO vault_operator;
GRANT SELECT, INSERT, UPDATE ON vault.customers, vault.payment_methods TO vault_operator;
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.connector_tokens TO vault_operator;
GRANT SELECT ON vault.card_bins TO vault_operator;
GRANT INSERT ON vault.audit_log TO vault_operator;
GRANT EXECUTE ON FUNCTION vault.current_profile() TO vault_operator;

GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA vault_api TO vault_api;

GRANT EXECUTE ON FUNCTION
    vault.authenticate(text, text), vault.current_profile(),
    vault.create_customer(jsonb), vault.retrieve_customer(text), vault.retrieve_customer_by_reference(text),
    vault.update_customer(text, jsonb), vault.delete_customer(text), vault.list_customers(integer, integer, text),
    vault.create_payment_method(jsonb), vault.retrieve_payment_method(text, boolean),
    vault.update_payment_method(text, jsonb), vault.delete_payment_method(text), vault.list_payment_methods(text),
    vault.set_default_payment_method(text, text),
    vault.encrypt(text), vault.encrypt(jsonb), vault.encrypt(text, text), vault.encrypt(jsonb, text),
    vault.decrypt(vault.encrypted_text), vault.decrypt(vault.encrypted_json),
    vault.decrypt(vault.encrypted_text, text), vault.decrypt(vault.encrypted_json, text)
TO vault_client;

GRANT EXECUTE ON FUNCTION
    vault.create_merchant(text), vault.create_profile(text, text),
    vault.create_api_key(text, text, text[], timestamptz), vault.revoke_api_key(text),
    vault.bind_role(text, text), vault.unbind_role(text), vault.clear_lockouts()
TO vault_admin;
GRANT SELECT, INSERT, UPDATE, DELETE ON vault.card_bins TO vault_admin;
GRANT SELECT ON vault.merchants TO vault_admin;

GRANT SELECT ON vault.audit_log TO vault_auditor;

-- Input, output, send and receive only move ciphertext: like the types themselves they are for whoever sees the column.
GRANT USAGE ON SCHEMA vault TO PUBLIC;
GRANT EXECUTE ON FUNCTION
    vault.encrypted_text_in(cstring), vault.encrypted_text_out(vault.encrypted_text),
    vault.encrypted_text_recv(internal), vault.encrypted_text_send(vault.encrypted_text),
    vault.encrypted_json_in(cstring), vault.encrypted_json_out(vault.encrypted_json),
    vault.encrypted_json_recv(internal), vault.encrypted_json_send(vault.encrypted_json)
TO PUBLIC;
