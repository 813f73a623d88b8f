# shellcheck shell=bash
# Re-encryption after a rotation: of the vault's own payment methods, and of an application's table.

measure_keys() {
    query -U postgres -v profile="$VAULT_PROFILE_ID" -v api_key="$VAULT_API_KEY" -f "$here/keys.sql"
    table_of_rates 're-encrypted after a rotation' rows/s
    rate '20000 rows of vault.payment_methods, two values each' "$(rows_reencrypted_per_second payment_methods)" 20000
    rate "50000 rows of an application's table, two values each" "$(rows_reencrypted_per_second application)" 20000
}

# Of a profile that holds nothing else. What counts is what the new key has sealed in the end.
rows_reencrypted_per_second() {
    local profile round
    profile=$(query -c "SELECT $1 FROM keys.profiles")
    rm -f "$work/rates"
    for ((round = 0; round < rounds; round++)); do
        query -U vault_dba -c "SELECT vault.rotate_data_key('$profile')" -o /dev/null
        query -U vault_dba -c 'SET client_min_messages = warning' -c '\timing on' -c "CALL vault.reencrypt('$profile')" \
            | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' >"$work/milliseconds"
        query -U vault_dba -c "SELECT
            ((values_count + vault.count_application_values(key_id)) / 2 / ($(cat "$work/milliseconds") / 1000))::integer
            FROM vault.keys WHERE profile_id = '$profile' AND purpose = 'data' AND state = 'current'" >>"$work/rates"
    done
    median "$work/rates"
}
