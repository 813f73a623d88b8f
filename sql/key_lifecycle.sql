-- What a DBA does with keys. Procedures and functions here run with their caller's rights and call the operator's.

CREATE VIEW vault.keys AS
SELECT k.key_id, k.profile_id, k.purpose, k.version,
       CASE WHEN vault.is_destroyed(k.profile_id) THEN 'destroyed' ELSE k.state END AS state,
       CASE k.purpose WHEN 'data' THEN 'XAES-256-GCM' ELSE 'HMAC-SHA-256' END AS algorithm,
       k.created_at, k.retired_at, k.rotate_after,
       CASE k.purpose WHEN 'data' THEN vault.count_values(k.profile_id, k.key_id) END AS values_count
FROM vault.data_keys k;
COMMENT ON VIEW vault.keys IS 'The inventory of data keys, without material; values_count reads the tables';

CREATE FUNCTION vault.destroy_data_key(profile_id text, purpose text, version integer, force boolean DEFAULT false)
RETURNS void LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    key    vault.keys;
    needed bigint;
BEGIN
    IF NOT force THEN
        SELECT * INTO key FROM vault.keys k
        WHERE k.profile_id = destroy_data_key.profile_id AND k.purpose = destroy_data_key.purpose
          AND k.version = destroy_data_key.version;
        needed := key.values_count + vault.count_application_values(key.key_id);
        IF needed > 0 THEN
            RAISE EXCEPTION '% values need this key', needed
                USING ERRCODE = 'object_not_in_prerequisite_state',
                      HINT = 'CALL vault.reencrypt(profile_id) moves the vault''s own to the current key; columns of '
                             'applications are decrypted and encrypted again by them. force => true gives the values up.';
        END IF;
    END IF;
    PERFORM vault.overwrite_data_key(profile_id, purpose, version);
END
$$;

CREATE PROCEDURE vault.reencrypt(profile_id text, batch_size integer DEFAULT 1000)
LANGUAGE plpgsql AS $$
DECLARE
    table_name text;
    last_row   text;
    batch      bigint;
    in_pass    bigint;
    total      bigint := 0;
BEGIN
    -- A pass leaves rows that others hold; the next one comes back to them.
    LOOP
        in_pass := 0;
        FOREACH table_name IN ARRAY ARRAY['customers', 'payment_methods', 'connector_tokens'] LOOP
            last_row := '';
            LOOP
                SELECT b.last_row, b.moved INTO last_row, batch
                FROM vault.reencrypt_batch(profile_id, table_name, last_row, batch_size) b;
                COMMIT;
                EXIT WHEN last_row IS NULL;
                in_pass := in_pass OPERATOR(pg_catalog.+) batch;
                RAISE NOTICE 'vault.reencrypt: % rows of vault.% moved', batch, table_name;
            END LOOP;
        END LOOP;
        EXIT WHEN in_pass OPERATOR(pg_catalog.=) 0;
        total := total OPERATOR(pg_catalog.+) in_pass;
    END LOOP;
    RAISE NOTICE 'vault.reencrypt: done, % rows moved', total;
END
$$;
