-- Accounts of the demo's profile at the two sandboxes. Prints the id of the account at the provider as a KEY=VALUE line.

SELECT vault.create_connector(:'profile_id', 'stripe', 'Sandbox provider', jsonb_build_object('api_base', :'provider'), :'secret_key')
    AS connector_id \gset
SELECT vault.create_connector(:'profile_id', 'token_service', 'Sandbox token service', :'token_service', :'token_service_credentials')
    AS made \gset
SELECT vault.set_network_tokenization(:'profile_id', true) AS done \gset

\echo VAULT_CONNECTOR_ID=:connector_id
