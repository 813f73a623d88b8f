-- Creates of customers and of cards. The number of a card is made from a counter, with its check digit.

CREATE SCHEMA sizes;
CREATE SEQUENCE sizes.number;
CREATE TABLE sizes.customers (number bigint PRIMARY KEY, customer_id text NOT NULL);

CREATE FUNCTION sizes.card_number(body text) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT body || (10 - sum(CASE WHEN place % 2 = 1 THEN digit * 2 / 10 + digit * 2 % 10 ELSE digit END) % 10) % 10
    FROM string_to_table(reverse(body), NULL) WITH ORDINALITY AS digits (text, place), CAST(text AS integer) AS digit
$$;

CREATE FUNCTION sizes.make_customer(bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO sizes.customers SELECT $1, vault.create_customer(
        jsonb_build_object('name', 'John Doe', 'email', 'guest' || $1 || '@example.com')) ->> 'id'
$$;

CREATE FUNCTION sizes.make_card(bigint) RETURNS void LANGUAGE sql AS $$
    SELECT vault.create_payment_method(jsonb_build_object(
        'customer_id', customer_id, 'payment_method_type', 'card',
        'payment_method_data', jsonb_build_object('card', jsonb_build_object(
            'card_number', sizes.card_number('411111' || lpad($1::text, 9, '0')),
            'card_exp_month', '10', 'card_exp_year', '2048', 'card_holder_name', 'John Doe'))))
    FROM sizes.customers WHERE number = $1
$$;

GRANT USAGE ON SCHEMA sizes TO vault_app;
GRANT ALL ON sizes.number, sizes.customers TO vault_app;
