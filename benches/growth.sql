-- A vault that grows: a customer for every hundred cards, and a sample of the cards to retrieve.

CREATE EXTENSION pg_prewarm;

CREATE SEQUENCE bench.customer;
CREATE TABLE bench.customers (number bigint PRIMARY KEY, customer_id text NOT NULL);
CREATE TABLE bench.sample (number bigint PRIMARY KEY, LIKE vault.payment_methods);
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
    INSERT INTO bench.sample SELECT row_number() OVER (), methods.*
    FROM (SELECT * FROM vault.payment_methods WHERE status = 'active' AND random() < 20000.0 / cards LIMIT 10000) AS methods;
    INSERT INTO bench.stored SELECT row_number() OVER (), bench.card(n, customer_id)
    FROM (SELECT floor(random() * cards)::bigint AS n FROM generate_series(1, 10000) OFFSET 0) AS numbers
    JOIN bench.customers ON number = n / 1000 * 10 + 1 + n % 10;
$$;

-- What it is compared with: as many rows of the same size, with the same indexes, and no vault.
CREATE TABLE bench.plain (LIKE vault.payment_methods INCLUDING ALL);
CREATE FUNCTION bench.insert_plain(sample bigint) RETURNS void LANGUAGE sql AS $$
    INSERT INTO bench.plain
        (profile_id, payment_method_id, customer_id, payment_method_type, instrument, summary, duplicate_index,
         created_at, modified_at, last_used_at)
    SELECT profile_id, '12345_pm_' || bench.id(), customer_id, 'card', instrument, summary,
           substr(duplicate_index, 1, 4) || sha256(uuid_send(gen_random_uuid())), now(), now(), now()
    FROM bench.sample WHERE number = $1
    ON CONFLICT (profile_id, customer_id, duplicate_index) DO NOTHING
$$;

GRANT ALL ON ALL SEQUENCES IN SCHEMA bench TO vault_app;
GRANT ALL ON ALL TABLES IN SCHEMA bench TO vault_app;
