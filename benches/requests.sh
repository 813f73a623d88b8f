# shellcheck shell=bash
# Creates and retrieves, by SQL and over HTTP.

measure_requests() {
    prepare_requests
    trap stop_servers EXIT
    start_plain_http
    table_of_ratios
    local clients
    for clients in 8 32; do
        compare 'SQL create / plain-text insert, same table' 0.75 "$clients" sql_create
        compare 'HTTP create / PostgREST function, one plain insert' 0.95 "$clients" over_http create.lua
        compare 'HTTP retrieve / PostgREST no-op' 0.85 "$clients" over_http retrieve.lua
        PLAIN_SUFFIX=/details compare 'HTTP retrieve / PostgREST function, one row by its key' 0.95 "$clients" over_http retrieve.lua
        compare 'HTTP reveal / HTTP retrieve' 0.80 "$clients" reveal
    done
    compare 'cards of HTTP batches of 100 / HTTP creates' 10 1 batch
    table_of_rates 'many at once'
    rate 'cards of vault.create_payment_methods, arrays of 1000, one session' "$(sql_batches)/s" 20000/s
    stop_servers
    trap - EXIT
}

# 16 customers and methods, and the plain-text side.
prepare_requests() {
    CUSTOMERS=$(query -c "SELECT string_agg(vault.create_customer(format(
        '{\"name\":\"John Doe\",\"email\":\"guest%s@example.com\"}', n)::jsonb) ->> 'id', ',') FROM generate_series(1, 16) AS n")
    METHODS=$(query -c "SELECT string_agg(vault.create_payment_method(jsonb_build_object(
        'payment_method_type', 'card', 'customer_id', id, 'payment_method_data',
        '{\"card\":{\"card_number\":\"4111111111111111\",\"card_exp_month\":\"03\",\"card_exp_year\":\"2048\"}}'::jsonb)) ->> 'id', ',')
        FROM unnest(string_to_array('$CUSTOMERS', ',')) AS id")
    export CUSTOMERS METHODS
    query -U postgres -f "$here/cards.sql" -f "$here/requests.sql"
    query -U postgres -c "VACUUM ANALYZE"
    local side
    for side in vault plain; do
        cat "$here/card.pgbench" "$here/$side.pgbench" >"$work/$side.pgbench"
    done
}

# The plain side over HTTP: PostgREST and nginx by the same configuration, with another schema and another port.
start_plain_http() {
    state=$work pg_port=$PGPORT postgrest_passfile=$VAULT_STATE/postgrest.pgpass preferred_http_port=''
    postgrest_settings=(PGRST_DB_SCHEMAS=plain PGRST_DB_ANON_ROLE=plain_api)
    make_state
    make_run_directory
    start_postgrest
    start_nginx
    plain_url=http://127.0.0.1:$http_port
    until curl -sf -o /dev/null "$plain_url/v2/payment-methods/x"; do sleep 0.2; done
}

sql_create() {
    transactions_per_second "$work/$1.pgbench" "$2" -T "$seconds" \
        -D profile="$VAULT_PROFILE_ID" -D customers="{$CUSTOMERS}"
}

over_http() {
    local url=$VAULT_URL suffix=''
    [ "$1" = vault ] || url=$plain_url suffix=${PLAIN_SUFFIX:-}
    SUFFIX=$suffix requests_per_second "$2" "$3" "$url"
}

# Both sides are the vault.
reveal() {
    if [ "$1" = vault ]; then
        VAULT_API_KEY=$VAULT_REVEAL_API_KEY SUFFIX='?fetch_raw_detail=true' requests_per_second "$2" retrieve.lua "$VAULT_URL"
    else
        SUFFIX='' requests_per_second "$2" retrieve.lua "$VAULT_URL"
    fi
}

batch() {
    if [ "$1" = vault ]; then
        BATCH=100 requests_per_second "$2" create.lua "$VAULT_URL" | awk '{ print $1 * 100 }'
    else
        requests_per_second "$2" create.lua "$VAULT_URL"
    fi
}

# The batches are made before, so that only the vault's part is measured.
sql_batches() {
    local count=50
    query -U postgres -c "INSERT INTO plain.batches SELECT number, bench.batch(number * 1000, string_to_array('$CUSTOMERS', ','))
        FROM generate_series(500000, $((500000 + count * rounds - 1))) AS number" -c 'VACUUM ANALYZE plain.batches' \
        -c 'ALTER SEQUENCE bench.number RESTART 500000 INCREMENT 1'
    echo "SELECT count(*) FROM vault.create_payment_methods(
        (SELECT items FROM plain.batches WHERE number = (SELECT nextval('bench.number'))));" | tr -d '\n' >"$work/batches.pgbench"
    local round
    for ((round = 0; round < rounds; round++)); do
        transactions_per_second "$work/batches.pgbench" 1 -t "$count" | awk '{ print $1 * 1000 }'
    done | median | sed 's/\..*//'
}
