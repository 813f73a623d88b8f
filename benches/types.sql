-- What the types are compared with: plain text, and pgcrypto with a random IV in front of what it encrypts.

CREATE EXTENSION pgcrypto;
CREATE SCHEMA types;
GRANT ALL ON SCHEMA types TO vault_app;
SET ROLE vault_app;

CREATE FUNCTION types.key() RETURNS bytea LANGUAGE sql IMMUTABLE AS $$ SELECT decode(repeat('0f', 32), 'hex') $$;

-- Short texts.
CREATE TABLE types.plain AS
    SELECT format('{"card_number":"4111111111111111","card_holder_name":"joseph Doe %s"}', n) AS value
    FROM generate_series(1, 200000) AS n;
CREATE TABLE types.by_vault AS SELECT vault.encrypt(value) AS value FROM types.plain;
CREATE TABLE types.by_pgcrypto AS
    SELECT iv || encrypt_iv(convert_to(value, 'UTF8'), types.key(), iv, 'aes') AS value
    FROM (SELECT value, gen_random_bytes(16) AS iv FROM types.plain OFFSET 0) AS t;

-- A million card numbers: six digits count, the last one is by Luhn's rule (every second digit doubled, 9 less when that
-- has two digits; 15 is what the first nine digits add).
CREATE TABLE types.cards AS
    SELECT concat('411111000', a, b, c, d, e, f,
                  (1000 - 15 - a - (2 * b - b / 5 * 9) - c - (2 * d - d / 5 * 9) - e - (2 * f - f / 5 * 9)) % 10) AS number
    FROM generate_series(0, 9) AS a, generate_series(0, 9) AS b, generate_series(0, 9) AS c,
         generate_series(0, 9) AS d, generate_series(0, 9) AS e, generate_series(0, 9) AS f;

-- People by telephone number, and calls from these numbers in another order, at two sizes.
CREATE TABLE types.plain_1000000 AS
    SELECT n AS id, (15550000000 + n)::text AS phone FROM generate_series(1, 1000000) AS n;
CREATE TABLE types.vault_1000000 AS SELECT id, vault.searchable(phone) AS phone FROM types.plain_1000000;
CREATE TABLE types.plain_10000 AS SELECT * FROM types.plain_1000000 WHERE id <= 10000;
CREATE TABLE types.vault_10000 AS SELECT * FROM types.vault_1000000 WHERE id <= 10000;
CREATE TABLE types.plain_calls_1000000 AS SELECT phone FROM types.plain_1000000 ORDER BY md5(phone);
CREATE TABLE types.vault_calls_1000000 AS SELECT vault.searchable(phone) AS phone FROM types.plain_calls_1000000;
CREATE TABLE types.plain_calls_10000 AS SELECT phone FROM types.plain_10000 ORDER BY md5(phone);
CREATE TABLE types.vault_calls_10000 AS SELECT vault.searchable(phone) AS phone FROM types.plain_calls_10000;

RESET ROLE;
VACUUM ANALYZE;
