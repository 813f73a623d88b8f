-- Creates of customers and of cards.

CREATE SCHEMA sizes;
CREATE SEQUENCE sizes.number;
CREATE TABLE sizes.customers (number bigint PRIMARY KEY, customer_id text NOT NULL);

CREATE FUNCTION sizes.make_customer(bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO sizes.customers SELECT $1, vault.create_customer(
        jsonb_build_object('name', 'John Doe', 'email', 'guest' || $1 || '@example.com')) ->> 'id'
$$;

CREATE FUNCTION sizes.make_card(bigint) RETURNS void LANGUAGE sql AS $$
    SELECT vault.create_payment_method(bench.card($1, customer_id))
    FROM sizes.customers WHERE number = $1
$$;

GRANT USAGE ON SCHEMA sizes TO vault_app;
GRANT ALL ON sizes.number, sizes.customers TO vault_app;
