# shellcheck shell=bash
# What the subjects of the benchmarks share: questions to the database, and comparisons.

query() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# How many operations a second pgbench does with a script: FILE CLIENTS [ARG…]
transactions_per_second() {
    local script=$1 clients=$2
    shift 2
    "$pgbench" -n -M prepared -c "$clients" -j $((clients < 2 ? 1 : 2)) -f "$script" "$@" | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

# How many requests a second wrk makes with a script: CLIENTS SCRIPT URL
requests_per_second() {
    wrk -t $(($1 < 2 ? 1 : 2)) -c "$1" -d "${seconds}s" -s "$here/$2" "$3" >"$work/wrk.log"
    ! grep -E 'Non-2xx|Socket errors' "$work/wrk.log" >&2 || exit 1
    sed -n 's|^Requests/sec: *||p' "$work/wrk.log"
}

# How many rows a second a statement handles on one core; what it leaves is undone: ROWS STATEMENT [STATEMENT BEFORE]
rows_per_second() {
    query -c 'SET max_parallel_workers_per_gather = 0' -c 'SET jit = off' -c 'BEGIN' -c "${3:-SELECT}" \
        -c "EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) $2" -c 'ROLLBACK' \
        | jq "$1 / (.[0][\"Execution Time\"] / 1000)"
}

table_of_ratios() {
    printf '\n%-62s %7s %10s %10s %8s %8s\n' 'operations per second, medians' clients vault other ratio aim
}

table_of_latencies() {
    printf '\n%-62s %7s %10s %10s %8s %8s\n' 'milliseconds, medians' clients vault other ratio aim
}

# Both sides take turns, and each calls FUNCTION, which prints operations per second, or milliseconds if `decimals` says how
# many of them to show: TITLE AIM CLIENTS FUNCTION [ARG…]
# The ratio is the median of the rounds' ratios: what slows the machine down for a while slows both sides of a round.
compare() {
    local title=$1 aim=$2 clients=$3 measure=$4 side round
    shift 4
    rm -f "$work/vault" "$work/plain"
    for ((round = 0; round < rounds; round++)); do
        for side in vault plain; do
            "$measure" "$side" "$clients" "$@" >>"$work/$side"
        done
    done
    printf "%-62s %7d %10.${decimals:-0}f %10.${decimals:-0}f %8.2f %8s\n" "$title" "$clients" "$(median "$work/vault")" "$(median "$work/plain")" \
        "$(paste "$work/vault" "$work/plain" | awk '{ print $1 / $2 }' | median)" "$aim"
}

table_of_rates() { printf '\n%-62s %10s %8s\n' "$1" "${2:-measured}" aim; }

# TITLE VALUE AIM
rate() { printf '%-62s %10s %8s\n' "$1" "$2" "$3"; }

median() { sort -g "$@" | awk '{ value[NR] = $1 } END { print value[int((NR + 1) / 2)] }'; }
