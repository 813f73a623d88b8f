# shellcheck shell=bash
# Changes of keys: re-encryption of the vault's own payment methods and of an application's table, new blind indexes of the
# latter.

measure_keys() {
    query -U postgres -v profile="$VAULT_PROFILE_ID" -v api_key="$VAULT_API_KEY" -f "$here/keys.sql"
    table_of_rates 'moved to a new key' rows/s
    rate '20000 rows of vault.payment_methods, two values each' "$(reencrypted_per_second payment_methods 2)" 20000
    rate "50000 rows of an application's table, two values each" "$(reencrypted_per_second application 2)" 20000
    rate "50000 rows of an application's table, by rotating the index key" "$(reindexed_per_second application 1)" ''
}

# Each takes a profile, which holds nothing else, and how many of its values a row has under a key of the kind.
reencrypted_per_second() {
    rows_moved_per_second "$1" "$2" data "SELECT vault.rotate_data_key('%s')" "CALL vault.reencrypt('%s')"
}

reindexed_per_second() {
    rows_moved_per_second "$1" "$2" index SELECT "SELECT vault.rotate_data_key('%s', 'index')"
}

# What counts is what the new key has in the end: PROFILE VALUES PURPOSE STATEMENT-BEFORE STATEMENT
rows_moved_per_second() {
    local profile round milliseconds
    profile=$(query -c "SELECT $1 FROM keys.profiles")
    rm -f "$work/rates"
    for ((round = 0; round < rounds; round++)); do
        # shellcheck disable=SC2059 # the statements are formats
        milliseconds=$(query -U vault_dba -c 'SET client_min_messages = warning' -c "$(printf "$4" "$profile")" \
            -c '\timing on' -c "$(printf "$5" "$profile")" | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p')
        query -U vault_dba -c "SELECT (values_count / $2 / ($milliseconds / 1000))::integer FROM vault.keys
            WHERE profile_id = '$profile' AND purpose = '$3' AND state = 'current'" >>"$work/rates"
    done
    median "$work/rates"
}
