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

-- The partitions of months do not belong to the extension, so a dump contains them as they are.
CREATE FUNCTION vault.make_audit_month(month timestamp) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' AS $$
DECLARE
    partition text := pg_catalog.format('vault.audit_log_%s', pg_catalog.to_char(month, 'YYYY_MM'));
    -- The first month also takes what is older.
    is_first  boolean := NOT EXISTS (SELECT FROM pg_catalog.pg_inherits i
                                     WHERE i.inhparent = 'vault.audit_log'::pg_catalog.regclass
                                       AND i.inhrelid <> 'vault.audit_log_default'::pg_catalog.regclass);
    starts_at timestamptz := CASE WHEN is_first THEN '-infinity' ELSE month END;
    ends_at   timestamptz := month + INTERVAL '1 month';
BEGIN
    IF pg_catalog.to_regclass(partition) IS NOT NULL THEN
        RETURN;
    END IF;
    -- A row that is written meanwhile would go to the default partition, which is about to refuse it.
    IF starts_at <= pg_catalog.now() THEN
        LOCK TABLE vault.audit_log IN SHARE ROW EXCLUSIVE MODE;
    END IF;
    LOCK TABLE vault.audit_log_default IN ACCESS EXCLUSIVE MODE;
    EXECUTE pg_catalog.format(
        'CREATE TABLE %s (LIKE vault.audit_log INCLUDING DEFAULTS, PRIMARY KEY (profile_id, audit_id))', partition);
    EXECUTE pg_catalog.format('COMMENT ON TABLE %s IS %L', partition, 'Internal: rows of the audit log for one month');
    EXECUTE pg_catalog.format('ALTER TABLE %s OWNER TO %s, ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', partition,
        (SELECT c.relowner::pg_catalog.regrole FROM pg_catalog.pg_class c WHERE c.oid = 'vault.audit_log'::pg_catalog.regclass));
    EXECUTE pg_catalog.format(
        'WITH moved AS (DELETE FROM vault.audit_log_default WHERE occurred_at >= $1 AND occurred_at < $2 RETURNING *)
         INSERT INTO %s SELECT * FROM moved', partition) USING starts_at, ends_at;
    EXECUTE pg_catalog.format('ALTER TABLE vault.audit_log ATTACH PARTITION %s FOR VALUES FROM (%s) TO (%L)',
        partition, CASE WHEN is_first THEN 'MINVALUE' ELSE pg_catalog.quote_literal(starts_at) END, ends_at);
END
$$;
COMMENT ON FUNCTION vault.make_audit_month(timestamp) IS 'Internal: makes the partition of the audit log for the month that begins then, if there is none';

CREATE FUNCTION vault.drop_audit_months(before timestamp) RETURNS SETOF text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    partition text;
BEGIN
    FOR partition IN
        SELECT c.relname FROM pg_catalog.pg_inherits i JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'vault.audit_log'::pg_catalog.regclass
          AND c.relname ~ '^audit_log_[0-9]{4}_[0-9]{2}$' AND c.relname < 'audit_log_' || pg_catalog.to_char(before, 'YYYY_MM')
        ORDER BY c.relname
    LOOP
        EXECUTE pg_catalog.format('DROP TABLE vault.%I', partition);
        RETURN NEXT pg_catalog.translate(pg_catalog.substr(partition, 11), '_', '-');
    END LOOP;
END
$$;
COMMENT ON FUNCTION vault.drop_audit_months(timestamp) IS 'Internal: drops the partitions of the audit log for the months before that time, and returns the months';
