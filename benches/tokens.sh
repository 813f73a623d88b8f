# shellcheck shell=bash
# Tokens at a provider that answers after 50 ms, and what it costs a create to ask for one.

measure_tokens() {
    prepare_tokens
    table_of_rates 'tokens at a provider that answers after 50 ms, 16 calls at a time' tokens/s
    rate "$jobs jobs that wait at once" "$(tokens_per_second)" 200
    # As many creates as the connector has tokens for.
    table_of_latencies
    local decimals=2
    compare 'SQL create with psp_tokenization / without, 40/s' 1.20 1 sql_latency
    compare 'HTTP create with psp_tokenization / without, 40/s' 1.20 1 http_latency
    # As many creates as there can be: jobs pile up, and the worker takes its share of the machine.
    table_of_ratios
    decimals=0
    compare 'SQL create with psp_tokenization / without' '' 8 sql_creates
    compare 'HTTP create with psp_tokenization / without' '' 8 http_creates
    behave null
}

jobs=2000

prepare_tokens() {
    CUSTOMERS=$(query -c "SELECT string_agg(vault.create_customer(format(
        '{\"name\":\"John Doe\",\"email\":\"guest%s@example.com\"}', n)::jsonb) ->> 'id', ',') FROM generate_series(1, 16) AS n")
    export CUSTOMERS
    cat "$here/card.pgbench" "$here/vault.pgbench" >"$work/plain.pgbench"
    sed "s/}}}'/}},\"psp_tokenization\":{\"tokenization_type\":\"single_use\",\"connector_id\":\"$VAULT_CONNECTOR_ID\"}}'/" \
        "$work/plain.pgbench" >"$work/vault.pgbench"
    local side
    for side in vault plain; do
        { echo '\sleep 25 ms' && cat "$work/$side.pgbench"; } >"$work/paused_$side.pgbench"
    done
    behave '{"delay_ms": 50}'
}

# What the provider's sandbox does from now on.
behave() { curl -sS --fail --json "$1" "http://$VAULT_SANDBOX_PROVIDER/_sandbox/behaviour"; }

# From the commit of the jobs until the last of their tokens is there.
tokens_per_second() {
    local round
    rm -f "$work/rates"
    for ((round = 0; round < rounds; round++)); do
        without_jobs
        store_cards
        until [ "$(jobs_that_wait)" = 0 ]; do sleep 0.5; done
        query -U vault_dba -c "SELECT CASE WHEN count(*) = $jobs AND bool_and(state = 'done')
                THEN round($jobs / extract(epoch FROM max(finished_at) - '$stored_at'::timestamptz)) END FROM vault.token_jobs" \
            | grep . >>"$work/rates" || die 'not every job has made its token'
    done
    median "$work/rates"
}

# Cards with a job each, committed together. Sets `stored_at`.
store_cards() {
    stored_at=$(query -v customer="${CUSTOMERS%%,*}" -v connector="$VAULT_CONNECTOR_ID" -v count="$jobs" -f "$here/tokens.sql")
}

# Neither those that wait from an earlier measurement, nor what they have left in the table.
without_jobs() {
    query -U postgres -c "DELETE FROM vault.jobs WHERE state <> 'sent'"
    until [ "$(jobs_that_wait)" = 0 ]; do sleep 0.1; done
    query -U postgres -c 'DELETE FROM vault.jobs' -c 'VACUUM ANALYZE vault.jobs'
}

jobs_that_wait() {
    query -U vault_dba -c "SELECT coalesce(sum(jobs), 0) FROM vault.token_job_counts WHERE state IN ('waiting', 'sent')"
}

sql_latency() {
    without_jobs
    "$pgbench" -n -M prepared -r -c "$2" -T "$seconds" -D customers="{$CUSTOMERS}" -f "$work/paused_$1.pgbench" \
        | sed -n 's/^ *\([0-9.]*\) .*SELECT vault.create_payment_method.*/\1/p'
}

http_latency() {
    without_jobs
    PAUSE=25 CONNECTOR=$(connector_of "$1") requests_per_second "$2" create.lua "$VAULT_URL" >/dev/null
    sed -n 's/^latency //p' "$work/wrk.log"
}

# Only the side that asks for tokens has the worker busy.
sql_creates() {
    without_jobs
    transactions_per_second "$work/$1.pgbench" "$2" -T "$seconds" -D customers="{$CUSTOMERS}"
}

http_creates() {
    without_jobs
    CONNECTOR=$(connector_of "$1") requests_per_second "$2" create.lua "$VAULT_URL"
}

# The side that is compared with asks for no token.
connector_of() { [ "$1" = plain ] || echo "$VAULT_CONNECTOR_ID"; }
