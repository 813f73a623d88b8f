-- A vault that grows: a customer for every hundred cards, and a sample of the cards to retrieve.

CREATE SEQUENCE bench.customer;
CREATE TABLE bench.customers (number bigint PRIMARY KEY, customer_id text NOT NULL);
CREATE TABLE bench.sample (number bigint PRIMARY KEY, payment_method_id text NOT NULL, customer_id text NOT NULL);
CREATE TABLE bench.stored (number bigint PRIMARY KEY, card jsonb NOT NULL);

CREATE FUNCTION bench.grow_customers() RETURNS void LANGUAGE sql AS $$
    INSERT INTO bench.customers SELECT n, vault.create_customer(
        jsonb_build_object('name', 'John Doe', 'email', 'guest' || n || '@example.com')) ->> 'id'
    FROM (SELECT nextval('bench.customer') AS n FROM generate_series(1, 10) OFFSET 0) AS numbers
$$;

-- A thousand cards of ten customers.
CREATE FUNCTION bench.grow() RETURNS bigint LANGUAGE sql AS $$
    SELECT count(*) FILTER (WHERE outcome = 'created')
    FROM nextval('bench.number') AS first,
         vault.create_payment_methods(bench.batch(first, ARRAY(
             SELECT customer_id FROM bench.customers WHERE number > first / 100 AND number <= first / 100 + 10 ORDER BY number)))
$$;

-- A new card of a customer that there is.
CREATE SEQUENCE bench.single START 900000000;
CREATE FUNCTION bench.create() RETURNS void LANGUAGE sql AS $$
    SELECT vault.create_payment_method(bench.card(n, customer_id))
    FROM nextval('bench.single') AS n, bench.sample AS s WHERE s.number = 1 + n % 10000
$$;

-- Ten thousand of the cards, by their ids, and as they are created again.
CREATE FUNCTION bench.take_sample(cards bigint) RETURNS void LANGUAGE sql AS $$
    TRUNCATE bench.sample, bench.stored;
    INSERT INTO bench.sample SELECT row_number() OVER (), payment_method_id, customer_id
    FROM (SELECT * FROM vault.payment_methods WHERE status = 'active' AND random() < 20000.0 / cards LIMIT 10000) AS methods;
    INSERT INTO bench.stored SELECT row_number() OVER (), bench.card(n, customer_id)
    FROM (SELECT floor(random() * cards)::bigint AS n FROM generate_series(1, 10000) OFFSET 0) AS numbers
    JOIN bench.customers ON number = n / 1000 * 10 + 1 + n % 10;
$$;

GRANT ALL ON ALL SEQUENCES IN SCHEMA bench TO vault_app;
GRANT ALL ON ALL TABLES IN SCHEMA bench TO vault_app;
