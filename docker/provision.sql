-- What the demo and the tests need in a new database. Prints the credentials as KEY=VALUE lines.

CREATE EXTENSION vault;
CREATE EXTENSION pg_stat_statements;

-- One role of each kind.
CREATE ROLE vault_app LOGIN IN ROLE vault_client;
CREATE ROLE vault_app_reveal LOGIN IN ROLE vault_client, vault_reveal;
CREATE ROLE vault_dba LOGIN IN ROLE vault_admin;
CREATE ROLE vault_audit LOGIN IN ROLE vault_auditor;

SELECT vault.create_merchant('Demo merchant') AS merchant_id \gset
SELECT vault.create_profile(:'merchant_id', 'Demo shop') AS profile_id \gset
SELECT api_key FROM vault.create_api_key(:'merchant_id', 'shop') \gset
SELECT api_key AS reveal_api_key FROM vault.create_api_key(:'merchant_id', 'shop, with reveal', ARRAY['reveal']) \gset
SELECT vault.bind_role('vault_app', :'profile_id') AS bound, vault.bind_role('vault_app_reveal', :'profile_id') AS bound \gset

\echo VAULT_API_KEY=:api_key
\echo VAULT_REVEAL_API_KEY=:reveal_api_key
\echo VAULT_PROFILE_ID=:profile_id
