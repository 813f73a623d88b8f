# shellcheck shell=bash
# Whether calls stay as fast as a profile grows: BENCH_CARDS says to how many payment methods, in steps.

# What reads comes first, because a create makes lists longer.
readonly GROWTH=(
    "retrieve a payment method|SELECT vault.retrieve_payment_method((SELECT payment_method_id FROM bench.sample WHERE number = :n))"
    "list the 100 payment methods of a customer|SELECT vault.list_payment_methods((SELECT customer_id FROM bench.sample WHERE number = :n))"
    "create a card that is stored|SELECT vault.create_payment_method((SELECT card FROM bench.stored WHERE number = :n))"
    "create a card|SELECT bench.create()"
    "insert a row of the same size without a vault|SELECT bench.insert_plain(:n)"
)
readonly WITHOUT_VAULT=$((${#GROWTH[@]} - 1))

measure_growth() {
    local cards step call
    read -ra steps <<<"${BENCH_CARDS:-10000 1000000 10000000}"
    give_memory
    query -U postgres -f "$here/cards.sql" -f "$here/growth.sql"
    for step in "${!steps[@]}"; do
        cards=${steps[step]}
        grow_to "$cards"
        for call in "${!GROWTH[@]}"; do
            [ "$call" != "$WITHOUT_VAULT" ] || copy_without_vault
            measure_call "$call" "$step"
        done
        query -U postgres -c 'TRUNCATE bench.plain'
    done
    print_growth
}

grow_to() {
    local there
    there=$(query -U postgres -c "SELECT count(*) FROM bench.customers")
    say "Growing to $1 payment methods"
    repeat 'SELECT bench.grow_customers()' $((($1 / 100 - there) / 10))
    repeat 'SELECT bench.grow()' $((($1 - there * 100) / 1000))
    # The load has left other things in memory than the calls need, and a disk would be measured.
    query -U postgres -c "SELECT bench.take_sample($1)" -c 'VACUUM ANALYZE' -c CHECKPOINT \
        -c "SELECT pg_prewarm(oid, 'read') FROM pg_class WHERE relnamespace = 'vault'::regnamespace
            AND relname ~ '^(customers|payment_methods)' AND relkind IN ('r', 'i')" >/dev/null
}

# The copy takes the vault's place in the machine's memory, so it comes after all measurements of the vault.
copy_without_vault() {
    query -U postgres -c 'INSERT INTO bench.plain SELECT * FROM vault.payment_methods' -c 'VACUUM ANALYZE bench.plain' -c CHECKPOINT >/dev/null
}

# Carries out a statement so often, in two sessions.
repeat() {
    echo "$1;" >"$work/repeat.pgbench"
    "$pgbench" -n -M prepared -c 2 -j 2 -t $(($2 / 2)) -f "$work/repeat.pgbench" >"$work/repeat.log" 2>&1 || { cat "$work/repeat.log" >&2; exit 1; }
}

# CALL STEP
measure_call() {
    local round
    printf '\\set n random(1, 10000)\n%s;\n' "${GROWTH[$1]#*|}" >"$work/growth.pgbench"
    for ((round = 0; round < rounds; round++)); do
        transactions_per_second "$work/growth.pgbench" 8 -T "$seconds"
    done | median >"$work/growth.$1.$2"
}

print_growth() {
    local call step values
    printf '\n%-50s' 'operations per second, 8 clients, by payment methods'
    printf ' %10d' "${steps[@]}"
    printf ' %10s\n' last/first
    for call in "${!GROWTH[@]}"; do
        values=()
        for step in "${!steps[@]}"; do values+=("$(cat "$work/growth.$call.$step")"); done
        printf '%-50s' "${GROWTH[call]%%|*}"
        printf ' %10.0f' "${values[@]}"
        awk -v first="${values[0]}" -v last="${values[-1]}" 'BEGIN { printf " %10.2f\n", last / first }'
    done
}
