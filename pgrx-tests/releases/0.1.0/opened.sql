-- Everything that 0.1.0 held, opened: what psql prints of this is the same before the upgrade and after it.
\set ON_ERROR_STOP on
\set QUIET on
\pset format unaligned
\pset tuples_only on
BEGIN;
SET LOCAL search_path = pg_catalog;

CREATE TEMPORARY VIEW methods AS SELECT profile_id, payment_method_id AS id FROM vault.payment_methods WHERE status = 'active';
CREATE TEMPORARY VIEW people AS SELECT profile_id, customer_id AS id FROM vault.customers WHERE redacted_at IS NULL;
GRANT SELECT ON methods, people TO vault_app_reveal, second_app;

SET ROLE vault_app_reveal;
SELECT 'card or account', id, opened #> '{raw_payment_method_data,card,card_number}', opened #> '{raw_payment_method_data,card,card_exp_year}',
       opened #> '{raw_payment_method_data,bank_debit,ach,account_number}', opened #> '{payment_method_data,card,nick_name}',
       opened #> '{payment_method_data,card,card_issuer}', opened #> '{payment_method_data,card,card_holder_name}',
       opened #> '{connector_tokens,0,token}'
FROM methods, LATERAL vault.retrieve_payment_method(id, fetch_raw_detail => true) opened
WHERE profile_id = vault.current_profile() ORDER BY id;
SELECT 'customer', id, opened -> 'name', opened -> 'email', opened -> 'phone', opened -> 'default_billing_address', opened -> 'default_payment_method_id'
FROM people, LATERAL vault.retrieve_customer(id) opened WHERE profile_id = vault.current_profile() ORDER BY id;
RESET ROLE;

GRANT USAGE ON SCHEMA shop TO vault_app_reveal;
GRANT SELECT ON shop.people, shop.cards, shop.emails TO vault_app_reveal;
SET ROLE vault_app_reveal;
SELECT 'columns', id, vault.decrypt(email), vault.decrypt(card), CASE id WHEN 1 THEN vault.decrypt(name, 'people.name/1') ELSE vault.decrypt(name) END,
       vault.decrypt(notes, 'people.notes/1'), vault.decrypt(note), vault.decrypt(earlier[1]), vault.decrypt(earlier[2]), last4
FROM shop.people ORDER BY id;
SELECT 'views', id, masked, keys FROM shop.cards ORDER BY id;
SELECT 'materialized', id, vault.decrypt(email) FROM shop.emails;
SELECT 'found by email', id FROM shop.people WHERE email = vault.searchable('bob@example.com');
SELECT 'found by card', id, shop.find(vault.decrypt(card)) FROM shop.people WHERE card IS NOT NULL ORDER BY id;
RESET ROLE;

SET ROLE second_app;
SELECT 'second shop', id, opened #> '{raw_payment_method_data,card,card_number}'
FROM methods, LATERAL vault.retrieve_payment_method(id, true) opened WHERE profile_id = vault.current_profile() ORDER BY id;
SELECT 'second shop', id, opened -> 'name' FROM people, LATERAL vault.retrieve_customer(id) opened
WHERE profile_id = vault.current_profile() ORDER BY id;
RESET ROLE;

SELECT 'key', key_id, profile_id, purpose, version, state, values_count FROM vault.keys ORDER BY profile_id, key_id;
SELECT 'binding', role_name, profile_id FROM vault.role_bindings ORDER BY role_name;
SELECT 'API key', key_id, merchant_id, name, prefix, key_hash, scopes, extract(epoch FROM revoked_at) FROM vault.api_keys ORDER BY key_id;
SELECT 'BIN', * FROM vault.card_bins ORDER BY bin;
ROLLBACK;
