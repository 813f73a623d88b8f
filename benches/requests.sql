-- What the vault is compared with: the same table in plain text, and PostgREST functions of the simplest kind over it.
-- Its URLs are the vault's, so that it runs behind the same nginx and PostgREST configuration.

CREATE SCHEMA plain;
CREATE ROLE plain_api;
GRANT plain_api TO vault_authenticator;

CREATE TABLE plain.customers (LIKE vault.customers INCLUDING ALL);
CREATE TABLE plain.payment_methods (LIKE vault.payment_methods INCLUDING ALL);
ALTER TABLE plain.payment_methods
    ALTER instrument TYPE text USING NULL,
    ALTER summary TYPE text USING NULL,
    ALTER duplicate_index TYPE text USING NULL,
    ADD FOREIGN KEY (profile_id, customer_id) REFERENCES plain.customers;
INSERT INTO plain.customers SELECT * FROM vault.customers;

-- One insert, as an application would write it that keeps card data in plain text.
CREATE FUNCTION plain.create_payment_method(bytea) RETURNS json LANGUAGE plpgsql AS $$
DECLARE
    request json := convert_from($1, 'UTF8')::json;
    card json := request -> 'payment_method_data' -> 'card';
    id text := '12345_pm_' || bench.id();
BEGIN
    INSERT INTO plain.payment_methods
        (profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype,
         instrument, summary, duplicate_index, created_at, modified_at, last_used_at)
    VALUES
        (current_setting('request.headers')::json ->> 'x-profile-id', id, request ->> 'customer_id',
         request ->> 'payment_method_type', request ->> 'payment_method_subtype',
         card::text, card::text, concat(card ->> 'card_number', card ->> 'card_exp_month', card ->> 'card_exp_year'),
         now(), now(), now())
    ON CONFLICT (profile_id, customer_id, duplicate_index) DO NOTHING;
    RETURN json_build_object('id', id);
END
$$;

CREATE FUNCTION plain.retrieve_payment_method(bytea) RETURNS json LANGUAGE sql AS $$ SELECT '{}'::json $$;

-- One row by its key.
INSERT INTO plain.payment_methods
SELECT profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype, status,
       '{"card_number":"4111111111111111"}', '{"card_exp_month":"03","card_exp_year":"2048","card_holder_name":"joseph Doe"}', payment_method_id,
       created_at, modified_at, last_used_at
FROM vault.payment_methods;
CREATE FUNCTION plain.retrieve_payment_method_details(bytea) RETURNS json LANGUAGE sql STABLE AS $$
    SELECT json_build_object('id', payment_method_id, 'customer_id', customer_id, 'payment_method_type', payment_method_type,
                             'created', created_at, 'payment_method_data', summary::json)
    FROM plain.payment_methods, (SELECT current_setting('request.headers')::json AS sent) AS headers
    WHERE profile_id = sent ->> 'x-profile-id' AND payment_method_id = sent ->> 'x-vault-payment-method-id'
$$;

-- A batch of new cards for each number.
CREATE TABLE plain.batches (number bigint PRIMARY KEY, items jsonb[] NOT NULL);

GRANT USAGE ON SCHEMA plain TO vault_app, plain_api;
GRANT USAGE ON SCHEMA bench TO plain_api;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA plain TO vault_app, plain_api;
