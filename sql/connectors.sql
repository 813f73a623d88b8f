-- What administrators see of connector accounts and of the worker's jobs there. No view shows a credential or a token.

CREATE VIEW vault.connectors AS
SELECT a.connector_id, a.merchant_id, a.profile_id, a.kind, a.label, a.settings::pg_catalog.jsonb AS settings, a.enabled,
       a.created_at
FROM vault.connector_accounts a;
COMMENT ON VIEW vault.connectors IS 'The accounts at payment service providers and token services, without their credentials; without a profile_id an account serves every profile of its merchant';

CREATE VIEW vault.token_jobs AS
SELECT j.job_id, j.profile_id, j.payment_method_id, j.connector_id, j.action, j.state, j.attempts,
       CASE j.state WHEN 'waiting' THEN j.next_try_at END AS next_try_at, j.error, j.error_status, j.created_at, j.finished_at
FROM vault.jobs_of_node j;
COMMENT ON VIEW vault.token_jobs IS 'What the worker does, or has done in the last days, at connectors: waiting, sent (an answer is awaited), done, failed (for good) or cancelled; error is the kind of the last one';

CREATE VIEW vault.token_job_counts AS
SELECT j.connector_id, j.action, j.state, pg_catalog.count(*) AS jobs, pg_catalog.min(j.created_at) AS oldest_created_at,
       pg_catalog.date_part('epoch', pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) pg_catalog.min(j.created_at)) AS oldest_age_seconds
FROM vault.jobs_of_node j
GROUP BY j.connector_id, j.action, j.state;
COMMENT ON VIEW vault.token_job_counts IS 'For monitoring: how many jobs each connector has in which state, and the age of the oldest of them';
