# shellcheck shell=bash
# Sandboxes: programs that stand for a payment service provider and a token service. They belong to the tests (pgrx-tests/src/bin),
# and store nothing but the keys of the token service.

readonly SANDBOXES=(sandbox-provider sandbox-token-service)
sandbox_secret_key=sk_test_sandbox

# Sets `sandboxes` to the directory of the programs.
build_sandboxes() {
    sandboxes=${VAULT_SANDBOXES:-}
    [ -z "$sandboxes" ] || return 0
    prepare_pgrx
    (cd "$repository" && cargo build -q -p vault-tests --bins >&2)
    sandboxes=$target/debug
}

# Before PostgreSQL, whose configuration names their addresses.
start_sandboxes() {
    local name
    install -d -m 755 "$state/sandbox"
    [ -d "$state/sandbox/keys" ] || {
        mkdir "$state/sandbox/keys"
        own "$state/sandbox/keys" "$sandbox_user"
    }
    for name in "${SANDBOXES[@]}"; do
        start_sandbox "$name"
    done
    provider_address=127.0.0.1:$(cat "$state/sandbox/sandbox-provider.port")
    token_service_address=127.0.0.1:$(cat "$state/sandbox/sandbox-token-service.port")
}

# The first start takes any free port. Later starts take the same port again, because accounts in the database name it.
start_sandbox() {
    local port_file=$state/sandbox/$1.port pid_file=$run_directory/sandbox/$1.pid log=$state/log/$1.log
    local program=$state/bin/$1 options=() port=0
    is_running "$pid_file" "$program" && return
    [ "$1" = sandbox-provider ] || options=(--keys-dir "$state/sandbox/keys")
    [ ! -e "$port_file" ] || port=$(cat "$port_file")
    install -m 755 "$sandboxes/$1" "$program"
    as_user "$sandbox_user" "${IN_BACKGROUND[@]}" --pidfile "$pid_file" --exec "$program" -- \
        --listen "127.0.0.1:$port" "${options[@]}" </dev/null >"$log" 2>&1
    for _ in {1..300}; do
        port=$(sed -n 's/^listening on 127.0.0.1://p' "$log")
        if [ -n "$port" ]; then
            echo "$port" >"$port_file"
            return
        fi
        sleep 0.1
    done
    die "$1 did not start: if another program has its port, write another number into $port_file and update the account's settings"
}

# Accounts of the demo's profile at both sandboxes, made once.
provision_connectors() {
    grep -q '^VAULT_CONNECTOR_ID=' "$state/credentials" && return
    say "Making accounts at the sandboxes"
    as_superuser -d vault --single-transaction -f "$repository/docker/provision_connectors.sql" \
        -v profile_id="$(sed -n 's/^VAULT_PROFILE_ID=//p' "$state/credentials")" \
        -v provider="http://$provider_address" -v secret_key="$sandbox_secret_key" \
        -v token_service="$(cat "$state/sandbox/keys/settings.json")" \
        -v token_service_credentials="$(cat "$state/sandbox/keys/credentials.json")" >"$state/connectors.new"
    cat "$state/connectors.new" >>"$state/credentials"
    rm "$state/connectors.new"
}
