-- audit_id is a UUID version 7 with the microsecond in it, so the order of ids is the order of time. A row without a profile (an
-- unknown API key, an action on a merchant) has an empty profile_id, because a primary key has no NULL. There are no
-- CHECK constraints: PostgreSQL reads their expressions again for every statement, which would take a twentieth of a create. Types in
-- src/audit keep the values right.
CREATE TABLE vault.audit_log (
    profile_id     text COLLATE "C" NOT NULL DEFAULT '',
    audit_id       uuid NOT NULL,
    occurred_at    timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    actor          text NOT NULL,
    request_id     text,
    client_address text,
    event          text NOT NULL,
    object_id      text,
    outcome        text NOT NULL,
    occurrences       bigint NOT NULL DEFAULT 1,
    first_occurred_at timestamptz
) PARTITION BY RANGE (occurred_at);
COMMENT ON TABLE vault.audit_log IS 'Who did what to which object, and when; append-only, without card data';
COMMENT ON COLUMN vault.audit_log.occurred_at IS 'When the event happened. For a row of merged events, when the last one happened';
COMMENT ON COLUMN vault.audit_log.request_id IS 'The id of the HTTP request. For a row of merged events, that of the first event, or none';
COMMENT ON COLUMN vault.audit_log.object_id IS 'The object. various stands for further objects of the same actor, counted together, and others for objects of any actor';
COMMENT ON COLUMN vault.audit_log.outcome IS 'success, refused, or what became of the transaction that did it: rolled back, prepared. For a reveal, success means that it was allowed; the row was written before';
COMMENT ON COLUMN vault.audit_log.occurrences IS 'How many events the row stands for. Equal events within a minute (refused, rolled back, or a card number indexed) are merged';
COMMENT ON COLUMN vault.audit_log.first_occurred_at IS 'For a row of merged events, when the first one happened';

-- Rows that come before the worker has made a partition for their month. The table has no primary key, and each partition has one:
-- a dump attaches the partitions first and makes their keys later, and both would make one otherwise.
CREATE TABLE vault.audit_log_default PARTITION OF vault.audit_log (PRIMARY KEY (profile_id, audit_id)) DEFAULT;
COMMENT ON TABLE vault.audit_log_default IS 'Internal: rows of the audit log for whose month there is no partition yet';
ALTER TABLE vault.audit_log_default ENABLE ROW LEVEL SECURITY;
ALTER TABLE vault.audit_log_default FORCE ROW LEVEL SECURITY;
SELECT pg_catalog.pg_extension_config_dump('vault.audit_log_default', '');

-- The partitions of months do not belong to the extension, so a dump contains them as they are. The locks are held until the end of
-- the transaction. `most_moved` bounds the work that is done under them.
CREATE FUNCTION vault.make_audit_month(month timestamp, most_moved bigint) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    partition text := 'audit_log_' || pg_catalog.to_char(month, 'YYYY_MM');
    months    text[] := ARRAY(SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
                              WHERE i.inhparent = 'vault.audit_log'::pg_catalog.regclass AND c.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$'
                              ORDER BY c.relname);
    starts_at timestamptz := CASE WHEN months = '{}' THEN '-infinity' ELSE month END;
    ends_at   timestamptz := month + INTERVAL '1 month';
    grantee   text;
BEGIN
    -- The first month also has what is older: it may have been made when the clock was ahead.
    IF partition = ANY (months) OR partition < months[1] THEN
        RETURN;
    END IF;
    -- A row that is written meanwhile would go to the default partition, which is about to refuse it.
    IF starts_at <= pg_catalog.clock_timestamp() + INTERVAL '1 minute' THEN
        LOCK TABLE ONLY vault.audit_log IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    LOCK TABLE ONLY vault.audit_log_default IN ACCESS EXCLUSIVE MODE;
    IF (SELECT pg_catalog.count(*) FROM (SELECT FROM vault.audit_log_default LIMIT most_moved + 1) AS few) > most_moved THEN
        -- The worker's warning has the message alone.
        RAISE EXCEPTION 'vault.audit_log_default has more than % rows. In a quiet hour: SELECT vault.make_audit_month(''%'', 1000000000)', most_moved, month
            USING ERRCODE = 'program_limit_exceeded';
    END IF;
    EXECUTE pg_catalog.format(
        'CREATE TABLE vault.%I (LIKE vault.audit_log INCLUDING DEFAULTS, PRIMARY KEY (profile_id, audit_id))', partition);
    EXECUTE pg_catalog.format('COMMENT ON TABLE vault.%I IS %L', partition, 'Internal: rows of the audit log for one month');
    EXECUTE pg_catalog.format('ALTER TABLE vault.%I OWNER TO %s, ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition,
        (SELECT c.relowner::pg_catalog.regrole FROM pg_catalog.pg_class c WHERE c.oid = 'vault.audit_log'::pg_catalog.regclass));
    -- A table comes with the rights of ALTER DEFAULT PRIVILEGES.
    FOR grantee IN
        SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::pg_catalog.regrole::text END
        FROM pg_catalog.pg_class c CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) a
        WHERE c.oid = ('vault.' || partition)::pg_catalog.regclass AND a.grantee <> c.relowner
    LOOP
        EXECUTE pg_catalog.format('REVOKE ALL ON vault.%I FROM %s', partition, grantee);
    END LOOP;
    EXECUTE pg_catalog.format(
        'WITH moved AS (DELETE FROM vault.audit_log_default WHERE occurred_at >= $1 AND occurred_at < $2 RETURNING *)
         INSERT INTO vault.%I SELECT * FROM moved', partition) USING starts_at, ends_at;
    EXECUTE pg_catalog.format('ALTER TABLE vault.audit_log ATTACH PARTITION vault.%I FOR VALUES FROM (%s) TO (%L)',
        partition, CASE WHEN months = '{}' THEN 'MINVALUE' ELSE pg_catalog.quote_literal(starts_at) END, ends_at);
END
$$;
COMMENT ON FUNCTION vault.make_audit_month(timestamp, bigint) IS 'Internal: makes the partition of the audit log for the month that begins then, if there is none. Refuses if more rows than that lie in the default partition';

-- A month is dropped only if the months after it are there as partitions: those that are kept, the present one and the next one. So a
-- clock that jumps ahead costs two months, and not the log. In a dump, row security and keys come after the rows.
CREATE FUNCTION vault.drop_audit_month(months_kept integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    present   timestamp := pg_catalog.date_trunc('month', pg_catalog.now() AT TIME ZONE 'UTC');
    partition text := (
        SELECT m.name FROM (
            SELECT c.relname::text AS name, pg_catalog.row_number() OVER (ORDER BY c.relname DESC) AS place,
                   c.relrowsecurity AND EXISTS (SELECT FROM pg_catalog.pg_index x WHERE x.indrelid = c.oid AND x.indisprimary) AS is_complete
            FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
            WHERE i.inhparent = 'vault.audit_log'::pg_catalog.regclass AND c.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$'
        ) m
        WHERE m.name < 'audit_log_' || pg_catalog.to_char(present - pg_catalog.make_interval(months => months_kept), 'YYYY_MM')
          AND m.place > months_kept + 2 AND m.is_complete
        ORDER BY m.name LIMIT 1);
BEGIN
    IF partition IS NULL THEN
        RETURN NULL;
    END IF;
    -- Anybody may make a view of a table without a right on it. Such a view keeps no month.
    EXECUTE pg_catalog.format('DROP TABLE vault.%I CASCADE', partition);
    RETURN pg_catalog.translate(pg_catalog.substr(partition, 11), '_', '-');
END
$$;
COMMENT ON FUNCTION vault.drop_audit_month(integer) IS 'Internal: drops the oldest partition of the audit log whose month is no longer kept, and returns its month, or NULL if there is none';
