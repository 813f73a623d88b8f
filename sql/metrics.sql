-- What those see who watch the vault: vault.metrics, and the same in Prometheus' text format. No figure is of one profile, key or
-- object, because whoever sees such a count learns what others do.

COMMENT ON FUNCTION vault.shared_metrics() IS 'Internal: the figures of vault.metrics that stand in shared memory';

CREATE VIEW vault.metrics AS
SELECT m.name, m.labels::pg_catalog.jsonb AS labels, m.value, m.kind, m.help FROM vault.shared_metrics() m
UNION ALL
SELECT 'vault_keys', pg_catalog.jsonb_build_object('purpose', k.purpose, 'state', k.state), pg_catalog.count(*), 'gauge',
       'Data keys and index keys of all profiles'
FROM vault.keys_of_node k GROUP BY k.purpose, k.state
UNION ALL
SELECT 'vault_oldest_key_age_seconds', pg_catalog.jsonb_build_object('purpose', k.purpose),
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.min(k.created_at)), 'gauge',
       'The age of the oldest current key'
FROM vault.keys_of_node k WHERE k.state OPERATOR(pg_catalog.=) 'current' GROUP BY k.purpose
UNION ALL
SELECT 'vault_keys_due', '{}', pg_catalog.count(*), 'gauge', 'Current keys that should have been rotated by now'
FROM vault.keys_of_node k
WHERE k.state OPERATOR(pg_catalog.=) 'current' AND k.rotate_after OPERATOR(pg_catalog.<) pg_catalog.clock_timestamp()
UNION ALL
SELECT 'vault_token_jobs', pg_catalog.jsonb_build_object('state', s.state),
       COALESCE((SELECT pg_catalog.sum(j.jobs) FROM vault.token_job_counts j WHERE j.state OPERATOR(pg_catalog.=) s.state), 0), 'gauge',
       'Jobs at connectors. Those that are over are forgotten after some days'
FROM (VALUES ('waiting'), ('sent'), ('done'), ('failed'), ('cancelled')) s (state)
UNION ALL
SELECT 'vault_oldest_open_token_job_seconds', '{}', COALESCE(pg_catalog.max(j.oldest_age_seconds), 0), 'gauge',
       'The age of the oldest job at a connector that is not over'
FROM vault.token_job_counts j WHERE j.state OPERATOR(pg_catalog.=) ANY (ARRAY['waiting', 'sent']);
COMMENT ON VIEW vault.metrics IS 'Figures for those who watch the vault: calls, durations, values, keys, jobs, limits, lock-outs, background processes. Counters are those of the whole server and begin at its start; figures of keys, jobs and background processes are those of this database';

-- https://prometheus.io/docs/instrumenting/exposition_formats/ has the format: the lines of a family stand together, behind its
-- help and its type.
CREATE FUNCTION vault.metrics_text() RETURNS text LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH figure AS (
        SELECT m.*, row_number() OVER () AS place,
               CASE m.kind WHEN 'histogram' THEN regexp_replace(m.name, '_(bucket|sum|count)$', '') ELSE m.name END AS family
        FROM vault.metrics m
    ), line AS (
        SELECT f.family, f.place, format('%s%s %s', f.name, '{' || l.labels || '}', f.value) AS text
        FROM figure f, LATERAL (
            SELECT string_agg(format('%s="%s"', e.key, replace(replace(replace(e.value, '\', '\\'), '"', '\"'), E'\n', '\n')), ',') AS labels
            FROM jsonb_each_text(f.labels) e
        ) l
        UNION ALL
        SELECT f.family, 0, format(E'# HELP %s %s\n# TYPE %s %s', f.family, min(f.help), f.family, min(f.kind)) FROM figure f GROUP BY f.family
    )
    SELECT string_agg(l.text, E'\n' ORDER BY l.family, l.place) || E'\n' FROM line l
$$;
COMMENT ON FUNCTION vault.metrics_text() IS 'vault.metrics in the text format of Prometheus';
