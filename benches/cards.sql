-- Cards whose numbers are made from a counter, with their check digit.

CREATE SCHEMA IF NOT EXISTS bench;
CREATE SEQUENCE IF NOT EXISTS bench.number INCREMENT 1000 MINVALUE 0 START 0;

CREATE OR REPLACE FUNCTION bench.card_number(body text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT body || (10 - sum(CASE WHEN place % 2 = 1 THEN digit * 2 / 10 + digit * 2 % 10 ELSE digit END) % 10) % 10
    FROM string_to_table(reverse(body), NULL) WITH ORDINALITY AS digits (text, place), CAST(text AS integer) AS digit
$$;

CREATE OR REPLACE FUNCTION bench.card(number bigint, customer_id text) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_build_object(
        'customer_id', customer_id, 'payment_method_type', 'card',
        'payment_method_data', jsonb_build_object('card', jsonb_build_object(
            'card_number', bench.card_number('411111' || lpad(number::text, 9, '0')),
            'card_exp_month', '10', 'card_exp_year', '2048', 'card_holder_name', 'John Doe')))
$$;

-- A thousand new cards of these customers.
CREATE OR REPLACE FUNCTION bench.batch(first bigint, customers text[]) RETURNS jsonb[] LANGUAGE sql AS $$
    SELECT array_agg(bench.card(first + n, customers[1 + n % cardinality(customers)])) FROM generate_series(0, 999) AS n
$$;

-- The end of an id of the plain side. It is in the order of time, like the vault's ids: random ones would slow the index down.
CREATE OR REPLACE FUNCTION bench.id() RETURNS text LANGUAGE sql AS $$
    SELECT lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::bigint), 12, '0')
        || substr(replace(gen_random_uuid()::text, '-', ''), 13)
$$;

GRANT USAGE ON SCHEMA bench TO vault_app;
GRANT ALL ON SEQUENCE bench.number TO vault_app;
