-- Cards of one customer that ask for a token, in one transaction; prints when it has committed. The numbers end by Luhn's rule:
-- every second digit is doubled, and 9 less when that has two digits. Takes the number of cards, the customer and the connector
-- as variables.

SELECT trunc(random() * 10000)::integer * 10000 AS first \gset
SELECT count(vault.create_payment_method(jsonb_build_object(
           'payment_method_type', 'card', 'customer_id', :'customer',
           'payment_method_data', jsonb_build_object(
               'card', jsonb_build_object('card_number', number, 'card_exp_month', '03', 'card_exp_year', '2048')),
           'psp_tokenization', jsonb_build_object('tokenization_type', 'single_use', 'connector_id', :'connector')))) AS created
FROM (
    SELECT payload || (10 - sum(CASE WHEN position % 2 = 0 THEN digit ELSE 2 * digit - digit / 5 * 9 END) % 10) % 10 AS number
    FROM (SELECT '4111111' || lpad((:first + n)::text, 8, '0') AS payload FROM generate_series(1, :count) AS n) AS payloads,
         generate_series(1, 15) AS position,
         LATERAL (SELECT substr(payload, position, 1)::integer AS digit) AS digits
    GROUP BY payload
) AS cards \gset
SELECT clock_timestamp();
