-- Two more profiles of the demo's merchant: one has payment methods, the other has values in a table of an application.
-- Takes the merchant's API key and profile as variables.

CREATE SCHEMA keys;
GRANT ALL ON SCHEMA keys TO vault_app;
-- It is bound to another profile than the one whose values its table will hold.
GRANT vault_table_owner TO vault_app;

SET ROLE vault_dba;
SELECT merchant_id FROM vault.profiles WHERE profile_id = :'profile' \gset
SELECT vault.create_profile(:'merchant_id', 'with payment methods') AS payment_methods,
       vault.create_profile(:'merchant_id', 'with a table') AS application \gset

SET ROLE vault_app;
CREATE TABLE keys.profiles AS SELECT :'payment_methods' AS payment_methods, :'application' AS application;

-- Card numbers by Luhn's rule: every second digit doubled, 9 less when that has two digits; 15 is what the first nine add.
CREATE TABLE keys.cards AS
    SELECT concat('41111100000', c, d, e, f,
                  (1000 - 15 - c - (2 * d - d / 5 * 9) - e - (2 * f - f / 5 * 9)) % 10) AS number
    FROM generate_series(0, 9) AS c, generate_series(0, 9) AS d, generate_series(0, 9) AS e, generate_series(0, 9) AS f;

BEGIN;
SELECT vault.authenticate(:'api_key', :'payment_methods') AS authenticated \gset
SELECT count(vault.create_payment_method(jsonb_build_object(
           'payment_method_type', 'card', 'customer_id', customer ->> 'id', 'payment_method_data', jsonb_build_object(
               'card', jsonb_build_object('card_number', number, 'card_exp_month', '03', 'card_exp_year', '2048'))))) AS created
FROM keys.cards, (
    SELECT vault.create_customer(format('{"name":"John Doe","email":"guest%s@example.com"}', n)::jsonb) AS customer
    FROM generate_series(1, 2) AS n OFFSET 0
) AS customers \gset
COMMIT;

BEGIN;
SELECT vault.authenticate(:'api_key', :'application') AS authenticated \gset
CREATE TABLE keys.people AS
    SELECT n AS id, vault.encrypt('John Doe ' || n) AS name, vault.searchable(format('guest%s@example.com', n)) AS email
    FROM generate_series(1, 50000) AS n;
COMMIT;

ALTER TABLE keys.people ADD PRIMARY KEY (id);
CREATE INDEX ON keys.people (email);
RESET ROLE;
VACUUM ANALYZE;
