COMMENT ON FUNCTION vault.current_profile() IS 'The profile that this transaction acts for, by vault.authenticate or vault.bind_role. NULL if there is none';

-- Every table with a profile_id has row-level security, even for its owner. Tables with ciphertext of a profile show and take only
-- rows of the current profile. The statements of src/store also name the profile, so that PostgreSQL can find the rows by it.
DO $$
DECLARE
    table_name text;
BEGIN
    FOREACH table_name IN ARRAY ARRAY[
        'profiles', 'role_bindings', 'connector_accounts', 'data_keys', 'customers', 'payment_methods', 'payment_method_counts',
        'connector_tokens', 'connector_customers', 'network_tokens', 'jobs', 'audit_log', 'volatile_payment_methods', 'cvcs'
    ] LOOP
        EXECUTE pg_catalog.format('ALTER TABLE vault.%I ENABLE ROW LEVEL SECURITY', table_name);
        EXECUTE pg_catalog.format('ALTER TABLE vault.%I FORCE ROW LEVEL SECURITY', table_name);
    END LOOP;
    FOREACH table_name IN ARRAY ARRAY[
        'data_keys', 'customers', 'payment_methods', 'payment_method_counts', 'connector_tokens', 'connector_customers',
        'network_tokens', 'jobs', 'volatile_payment_methods', 'cvcs'
    ] LOOP
        EXECUTE pg_catalog.format(
            'CREATE POLICY of_current_profile ON vault.%I USING (profile_id = vault.current_profile())', table_name);
    END LOOP;
END
$$;

-- An API key or a role binding leads to a profile before that profile is the current one. These two tables hold no card data.
-- Only the vault's own statements read them, and administrators (see below).
CREATE POLICY found_before_current ON vault.profiles FOR SELECT TO vault_operator USING (true);
CREATE POLICY of_current_profile ON vault.profiles FOR INSERT TO vault_operator
    WITH CHECK (profile_id = vault.current_profile());
-- This allows SELECT … FOR NO KEY UPDATE, by which changes of a profile's keys wait for each other, and the update of a MAC.
CREATE POLICY locked_before_current ON vault.profiles FOR UPDATE TO vault_operator
    USING (true) WITH CHECK (profile_id = vault.current_profile());
CREATE POLICY found_before_current ON vault.role_bindings FOR SELECT TO vault_operator USING (true);
CREATE POLICY of_current_profile ON vault.role_bindings FOR INSERT TO vault_operator
    WITH CHECK (profile_id = vault.current_profile());
CREATE POLICY renewed_for_current_profile ON vault.role_bindings FOR UPDATE TO vault_operator
    USING (profile_id = vault.current_profile());
CREATE POLICY of_current_profile_only ON vault.role_bindings FOR DELETE TO vault_operator
    USING (profile_id = vault.current_profile());

-- An account of a merchant serves all profiles of the merchant, so the policy cannot name the current profile. The statements that
-- look an account up name it, and the row's MAC keeps the owner of the account from being changed.
CREATE POLICY of_merchant_or_profile ON vault.connector_accounts TO vault_operator USING (true) WITH CHECK (true);

-- Each node of a vault that is spread over several writes these rows on all the others, where the profile is not the current one.
CREATE POLICY written_by_nodes ON vault.profiles TO vault_node USING (true) WITH CHECK (true);
CREATE POLICY written_by_nodes ON vault.connector_accounts TO vault_node USING (true) WITH CHECK (true);

-- Administrators see which profiles and bindings there are.
CREATE POLICY seen_by_administrators ON vault.profiles FOR SELECT TO vault_admin USING (true);
CREATE POLICY seen_by_administrators ON vault.role_bindings FOR SELECT TO vault_admin USING (true);

CREATE POLICY written_by_operations ON vault.audit_log FOR INSERT TO vault_operator
    WITH CHECK (profile_id IN ('', vault.current_profile()));
-- vault.check() tells of lost rows.
CREATE POLICY losses_found_by_operations ON vault.audit_log FOR SELECT TO vault_operator
    USING (profile_id = '' AND event = 'audit.lost');
CREATE POLICY read_by_auditors ON vault.audit_log FOR SELECT TO vault_auditor USING (true);

-- The worker deletes expired rows in all profiles at once. Its role may lock and delete these rows and write none. Its grants
-- leave out the envelopes.
CREATE POLICY deleted_by_worker ON vault.volatile_payment_methods TO vault_worker USING (true) WITH CHECK (false);
CREATE POLICY deleted_by_worker ON vault.cvcs TO vault_worker USING (true) WITH CHECK (false);
CREATE POLICY deleted_by_worker ON vault.connector_tokens TO vault_worker USING (true) WITH CHECK (false);

-- The worker finds due jobs in all profiles at once, and then acts for the profile of each job. As vault_worker it can only change
-- when a job or a check of a network token is due, and delete old jobs. Administrators of several nodes see keys and jobs by this
-- role. Its grants leave out everything else.
CREATE POLICY found_by_worker ON vault.jobs TO vault_worker USING (true) WITH CHECK (true);
CREATE POLICY found_by_worker ON vault.data_keys FOR SELECT TO vault_worker USING (true);
CREATE POLICY found_by_worker ON vault.network_tokens TO vault_worker USING (true) WITH CHECK (true);

-- The worker adds up the counts of all profiles.
CREATE POLICY added_up_by_worker ON vault.payment_method_counts TO vault_worker USING (true) WITH CHECK (true);

-- Backends remember rows of these tables, and the policies trust what they remember of bindings and profiles. The triggers are
-- ALWAYS triggers, so that they also fire under session_replication_role = replica.
COMMENT ON FUNCTION vault.tell_of_change() IS 'Internal: makes every backend read the rows of a table again that it remembers';
CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vault.role_bindings
    FOR EACH STATEMENT EXECUTE FUNCTION vault.tell_of_change();
CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vault.profiles
    FOR EACH STATEMENT EXECUTE FUNCTION vault.tell_of_change();
CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vault.api_keys
    FOR EACH STATEMENT EXECUTE FUNCTION vault.tell_of_change();
CREATE TRIGGER tell_of_change AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON vault.card_bins
    FOR EACH STATEMENT EXECUTE FUNCTION vault.tell_of_change();
ALTER TABLE vault.role_bindings ENABLE ALWAYS TRIGGER tell_of_change;
ALTER TABLE vault.profiles ENABLE ALWAYS TRIGGER tell_of_change;
ALTER TABLE vault.api_keys ENABLE ALWAYS TRIGGER tell_of_change;
ALTER TABLE vault.card_bins ENABLE ALWAYS TRIGGER tell_of_change;
