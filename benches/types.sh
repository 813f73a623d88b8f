# shellcheck shell=bash
# The encrypted column types, by SQL, and what a backend keeps of a million values.

measure_types() {
    give_memory
    query -U postgres -f "$here/types.sql"
    table_of_ratios
    compare 'encrypt / pgcrypto encrypt_iv, random IV' 2.00 1 encrypt
    compare 'decrypt / pgcrypto decrypt_iv' 2.00 1 decrypt
    compare 'searchable (blind index and envelope) / pgcrypto hmac' '' 1 searchable hmac
    compare 'searchable / pgcrypto hmac and encrypt_iv, random IV' '' 1 searchable hmac_and_encrypt
    compare 'INSERT of encrypted_text / of text' '' 1 insert encrypted_text vault.encrypt
    compare 'INSERT of searchable_text / of text' '' 1 insert searchable_text vault.searchable
    compare 'INSERT of a million card_number / of text' 100000/s 1 insert_cards
    local method rows
    for method in btree hash; do
        index_phones "$method"
        for rows in 10000 1000000; do
            compare "look-up by searchable_text / by text, $method, $rows rows" 0.83 1 look_up "$rows"
            compare "join of two searchable_text / of two text, $method, $rows rows" 0.83 1 join_calls "$rows"
        done
    done
    memory
    query -U postgres -c 'SET client_min_messages = warning' -c 'DROP SCHEMA types CASCADE'
}

# Tables, indexes and joins of both sides take place in memory, as on a server that is sized for them: PostgreSQL's defaults
# are for the smallest machines.
give_memory() {
    query -U postgres -c "ALTER SYSTEM SET shared_buffers = '1GB'" -c "ALTER SYSTEM SET work_mem = '256MB'" \
        -c "ALTER SYSTEM SET max_wal_size = '8GB'"
    as_user "$database_user" "$bin/pg_ctl" -D "$VAULT_STATE/data" -l "$VAULT_STATE/log/postgresql.log" -w -s restart </dev/null
}

# pgcrypto's side. OFFSET 0 keeps the planner from drawing a second IV.
with_iv='(SELECT value, gen_random_bytes(16) AS iv FROM types.plain OFFSET 0) AS t'
encrypted="encrypt_iv(convert_to(value, 'UTF8'), types.key(), iv, 'aes')"
hmac="hmac(convert_to(value, 'UTF8'), types.key(), 'sha256')"

encrypt() {
    case $1 in
        vault) rows_per_second 200000 'SELECT count(vault.encrypt(value)) FROM types.plain' ;;
        plain) rows_per_second 200000 "SELECT count(iv || $encrypted) FROM $with_iv" ;;
    esac
}

decrypt() {
    case $1 in
        vault) rows_per_second 200000 'SELECT count(vault.decrypt(value)) FROM types.by_vault' ;;
        plain) rows_per_second 200000 "SELECT count(convert_from(
            decrypt_iv(substr(value, 17), types.key(), substr(value, 1, 16), 'aes'), 'UTF8')) FROM types.by_pgcrypto" ;;
    esac
}

searchable() {
    case $1/$3 in
        vault/*) rows_per_second 200000 'SELECT count(vault.searchable(value)) FROM types.plain' ;;
        plain/hmac) rows_per_second 200000 "SELECT count($hmac) FROM types.plain" ;;
        plain/hmac_and_encrypt) rows_per_second 200000 "SELECT count($hmac || iv || $encrypted) FROM $with_iv" ;;
    esac
}

# Into an empty table: SIDE CLIENTS TYPE FUNCTION
insert() {
    case $1 in
        vault) insert_into "vault.$3" 200000 "$4(value) FROM types.plain" ;;
        plain) insert_into text 200000 'value FROM types.plain' ;;
    esac
}

insert_cards() {
    case $1 in
        vault) insert_into vault.card_number 1000000 'vault.card_number(number) FROM types.cards' ;;
        plain) insert_into text 1000000 'number FROM types.cards' ;;
    esac
}

# TYPE ROWS SELECTED
insert_into() { rows_per_second "$2" "INSERT INTO types.copy SELECT $3" "CREATE TABLE types.copy (value $1)"; }

index_phones() {
    local table
    for table in {plain,vault}_{,calls_}{10000,1000000}; do
        query -c 'SET client_min_messages = warning' -c "DROP INDEX IF EXISTS types.${table}_phone_idx" \
            -c "CREATE INDEX ON types.$table USING $1 (phone)" -c "VACUUM ANALYZE types.$table"
    done
}

# A prepared statement with one parameter, each in a transaction of its own. There are many of these, so each takes half as
# long as a request's.
look_up() {
    local parameter=:phone
    [ "$1" = plain ] || parameter='vault.searchable(:phone)'
    printf '%s\n' "\\set phone 15550000000 + random(1, $3)" \
        "SELECT id FROM types.$1_$3 WHERE phone = $parameter;" >"$work/look_up.pgbench"
    transactions_per_second "$work/look_up.pgbench" "$2" -T $(((seconds + 1) / 2))
}

join_calls() {
    rows_per_second "$3" "SELECT count(*) FROM types.$1_$3 JOIN types.$1_calls_$3 USING (phone)"
}

# Of one session, after each number of values that it encrypted, indexed, and decrypted.
memory() {
    local count
    table_of_rates 'memory of a backend' MiB
    {
        echo 'SELECT pg_backend_pid() AS pid \gset'
        echo '\setenv PID :pid'
        for count in 1000 100000 1000000; do
            echo "SELECT count(vault.decrypt(vault.encrypt(number)) || vault.decrypt(vault.searchable(number)))
                  FROM (SELECT number FROM types.cards LIMIT $count) AS t \\g /dev/null"
            echo "\\! awk '/^RssAnon/ { print \$2 / 1024 }' /proc/\$PID/status"
        done
    } | query -f - >"$work/memory"
    paste <(printf '%s\n' 1000 100000 1000000) "$work/memory" | while read -r count mebibytes; do
        rate "after $count values encrypted, indexed and decrypted" "$mebibytes" flat
    done
}
