-- What was put into the demo of 0.1.0 before it was dumped. psql runs this as the superuser of a demo that `docker/stack up` has just
-- made. No card in it is real.
\set ON_ERROR_STOP on
\set QUIET on

-- The shop of the demo, with data under a key that is current, one that is retired and one that is destroyed.
CREATE ROLE second_app LOGIN IN ROLE vault_client, vault_reveal;
CREATE ROLE closed_app LOGIN IN ROLE vault_client, vault_reveal;
CREATE ROLE gone_app LOGIN IN ROLE vault_client;
CREATE SCHEMA shop AUTHORIZATION vault_app;

SELECT merchant_id AS merchant, profile_id AS profile FROM vault.profiles \gset

SET ROLE vault_dba;
SELECT vault.create_profile(:'merchant', 'Second shop') AS second \gset
SELECT vault.create_profile(:'merchant', 'Closed shop') AS closed \gset
SELECT vault.bind_role('second_app', :'second') AS bound, vault.bind_role('closed_app', :'closed') AS bound,
       vault.bind_role('gone_app', :'second') AS bound \gset
SELECT key_id AS revoked FROM vault.create_api_key(:'merchant', 'an earlier shop', ARRAY['reveal']) \gset
SELECT vault.revoke_api_key(:'revoked') AS revoked \gset
SELECT key_id FROM vault.create_api_key(:'merchant', 'for a day', '{}', now() + interval '1 day') \gset
INSERT INTO vault.card_bins VALUES ('411111', 'Visa', 'Bank of Upgrades', 'credit', 'FR');
RESET ROLE;
DROP ROLE gone_app;

SET ROLE vault_app;
SELECT vault.create_customer('{"merchant_reference_id": "ada", "name": "Ada Byron", "email": "ada@example.com", "phone": "999999999",
    "phone_country_code": "+65", "default_billing_address": {"line1": "1467", "city": "London", "country": "GB"}}') ->> 'id' AS ada \gset
SELECT vault.create_customer('{"merchant_reference_id": "bob", "name": "Bob", "email": "bob@example.com"}') ->> 'id' AS bob \gset
SELECT vault.create_customer('{"merchant_reference_id": "eve", "name": "Eve", "email": "eve@example.com"}') ->> 'id' AS eve \gset

CREATE FUNCTION pg_temp.card(customer text, number text, year text, more jsonb DEFAULT '{}') RETURNS text LANGUAGE sql AS $$
    SELECT vault.create_payment_method(jsonb_build_object('customer_id', customer, 'payment_method_type', 'card',
        'payment_method_subtype', 'credit', 'payment_method_data', jsonb_build_object('card', jsonb_build_object(
            'card_number', number, 'card_exp_month', '11', 'card_exp_year', year, 'card_holder_name', 'Ada Byron') || more))) ->> 'id'
$$;
SELECT pg_temp.card(:'ada', '4111110000000112', '2090', '{"card_cvc": "731", "nick_name": "Work"}') AS first \gset
SELECT pg_temp.card(:'ada', '5555550000000119', '2091') AS second_card \gset
SELECT pg_temp.card(:'bob', '378282000000115', '2092') AS amex \gset
SELECT pg_temp.card(:'eve', '6011110000000118', '2093') AS deleted_card \gset
SELECT vault.set_default_payment_method(:'ada', :'first') AS done \gset
SELECT vault.update_payment_method(:'first', '{"connector_token_details": {"connector_id": "mca_1", "token_type": "multi_use",
    "status": "active", "token": "tok_upgrade_1", "connector_token_request_reference_id": "ref_1"}}') AS done \gset
RESET ROLE;

-- An application's table, with a value of each type, and what an application makes of them.
SET ROLE vault_app;
CREATE DOMAIN shop.note AS vault.encrypted_text;
CREATE TABLE shop.people (
    id      integer PRIMARY KEY,
    email   vault.searchable_text NOT NULL UNIQUE,
    card    vault.card_number,
    name    vault.encrypted_text DEFAULT vault.encrypt('nobody'),
    notes   vault.encrypted_json,
    note    shop.note,
    earlier vault.card_number[],
    last4   text GENERATED ALWAYS AS (vault.last4(card)) STORED,
    CONSTRAINT known_network CHECK (card IS NULL OR vault.network(card) IS NOT NULL)
);
CREATE UNIQUE INDEX people_by_card ON shop.people (card);
CREATE INDEX people_by_card_hash ON shop.people USING hash (card);
CREATE VIEW shop.cards AS SELECT id, vault.mask(card) AS masked, vault.key_ids(card) AS keys FROM shop.people WHERE card IS NOT NULL;
CREATE MATERIALIZED VIEW shop.emails AS SELECT id, email FROM shop.people;
CREATE FUNCTION shop.find(number text) RETURNS integer LANGUAGE sql STABLE
    RETURN (SELECT p.id FROM shop.people p WHERE p.card = vault.card_number(number));
INSERT INTO shop.people (id, email, card, name, notes, note, earlier) VALUES
    (1, vault.searchable('ada@example.com'), vault.card_number('4111110000000211'), vault.encrypt('Ada', 'people.name/1'),
     vault.encrypt('{"likes": "tea"}'::jsonb, 'people.notes/1'), vault.encrypt('first'),
     ARRAY[vault.card_number('4111110000000310'), vault.card_number('4111110000000419')]);
RESET ROLE;

SET ROLE vault_dba;
SELECT vault.rotate_data_key(:'profile') AS done, vault.rotate_data_key(:'profile', 'index') AS done \gset
RESET ROLE;
SET ROLE vault_dba;
CALL vault.reencrypt(:'profile');
SELECT vault.destroy_data_key(:'profile', 'data', 1) AS done \gset
RESET ROLE;

SET ROLE vault_app;
SELECT pg_temp.card(:'bob', '3056930000000112', '2094') AS diners \gset
SELECT vault.create_payment_method(jsonb_build_object('customer_id', :'bob', 'payment_method_type', 'bank_debit',
    'payment_method_subtype', 'ach', 'payment_method_data', '{"bank_debit": {"ach": {"account_number": "000123456789",
    "routing_number": "110000000", "bank_account_holder_name": "Bob"}}}'::jsonb)) ->> 'id' AS ach \gset
SELECT vault.update_payment_method(:'second_card', '{"acknowledgement_status": "failed"}') AS done \gset
SELECT vault.create_payment_method(jsonb_build_object('storage_type', 'volatile', 'customer_id', :'bob', 'payment_method_type', 'card',
    'payment_method_data', '{"card": {"card_number": "4111110000000518", "card_exp_month": "01", "card_exp_year": "2095"}}'::jsonb))
    AS done \gset
SELECT vault.delete_payment_method(:'deleted_card') AS done \gset
SELECT vault.delete_customer(:'eve') AS done \gset
INSERT INTO shop.people (id, email, card) VALUES
    (2, vault.searchable('bob@example.com'), vault.card_number('5555550000000218')), (3, vault.searchable('eve@example.com'), NULL);
REFRESH MATERIALIZED VIEW shop.emails;
RESET ROLE;

-- Values under a retired key that stay there.
SET ROLE vault_dba;
SELECT vault.rotate_data_key(:'profile') AS done \gset
RESET ROLE;
SET ROLE vault_app;
SELECT pg_temp.card(:'bob', '4111110000000617', '2096') AS latest \gset
SELECT vault.retrieve_payment_method(:'latest') AS done \gset
RESET ROLE;

-- Another profile, with the same customer and card, and one whose keys are destroyed.
SET ROLE second_app;
SELECT vault.create_customer('{"merchant_reference_id": "ada", "name": "Ada of the second shop", "email": "ada@example.com"}') ->> 'id' AS ada2 \gset
SELECT pg_temp.card(:'ada2', '4111110000000112', '2090') AS other \gset
SELECT vault.retrieve_payment_method(:'other', true) AS done \gset
RESET ROLE;
SET ROLE closed_app;
SELECT vault.create_customer('{"merchant_reference_id": "zoe", "name": "Zoe", "email": "zoe@example.com"}') ->> 'id' AS zoe \gset
SELECT pg_temp.card(:'zoe', '4111110000000716', '2097') AS closed_card \gset
RESET ROLE;
SET ROLE vault_dba;
SELECT vault.destroy_profile_keys(:'closed') AS done \gset
RESET ROLE;
