# shellcheck shell=bash
# How much room rows take: of customers, of payment methods with one card each, and of the audit log, with their indexes. And how
# much WAL a create writes. The rows are those of a profile of its own, in tables that are nearly empty before.

measure_sizes() {
    local count=${BENCH_ROWS:-20000}
    query -U postgres -f "$here/cards.sql" -f "$here/sizes.sql"
    table_of_rates 'room, and write-ahead log (WAL)' bytes/row
    rate 'WAL of the create of a customer, with its audit row' "$(wal_of_creates customer "$count")" ''
    rate 'WAL of the create of a payment method, with its audit row' "$(wal_of_creates card "$count")" ''
    local table
    for table in customers payment_methods audit_log; do
        rate "vault.$table" "$(bytes_of_a_row pg_table_size "$table")" ''
        rate "indexes of vault.$table" "$(bytes_of_a_row pg_indexes_size "$table")" ''
    done
}

# Each create is a transaction: customer|card COUNT
wal_of_creates() {
    local before
    before=$(query -U postgres -c 'ALTER SEQUENCE sizes.number RESTART' -c CHECKPOINT -c 'SELECT pg_current_wal_insert_lsn()')
    echo "SELECT sizes.make_$1(nextval('sizes.number'))" >"$work/create.pgbench"
    "$pgbench" -n -U vault_app -M prepared -c 2 -j 2 -t $(($2 / 2)) -f "$work/create.pgbench" >"$work/pgbench.log" 2>&1
    query -U postgres -c "SELECT ((pg_current_wal_insert_lsn() - '$before') / $2)::integer"
}

# The rows of a table with partitions lie in these.
bytes_of_a_row() {
    query -U postgres -c "SELECT sum($1(relid))::bigint / (SELECT count(*) FROM vault.$2)
        FROM (SELECT 'vault.$2'::regclass AS relid UNION SELECT relid FROM pg_partition_tree('vault.$2')) AS part"
}
