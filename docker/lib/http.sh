# shellcheck shell=bash
# PostgREST and nginx.

# More settings of PostgREST, as environment variables.
postgrest_settings=()

requests_per_second=${VAULT_REQUESTS_PER_SECOND:-1000}

start_http() {
    start_postgrest
    start_nginx
    wait_until_ready
}

start_postgrest() {
    is_running "$run_directory/postgrest/primary.pid" "$state/bin/postgrest" && return
    install -m 755 "$postgrest" "$state/bin/postgrest"
    install -m 644 "$repository/docker/postgrest.conf" "$state/etc/"
    run_postgrest primary "127.0.0.1:$pg_port"
}

# One PostgREST, which connects to the first server that it may have: NAME HOST:PORT[,HOST:PORT…] [PARAMETER]
run_postgrest() {
    say "Starting PostgREST for the $1"
    as_user "$postgrest_user" "${postgrest_settings[@]}" \
        PGRST_DB_URI="postgresql://vault_authenticator@$2/vault?passfile=${postgrest_passfile:-$state/postgrest.pgpass}${3:+&$3}" \
        PGRST_SERVER_UNIX_SOCKET="$run_directory/postgrest/$1.sock" \
        "${IN_BACKGROUND[@]}" --pidfile "$run_directory/postgrest/$1.pid" --exec "$state/bin/postgrest" -- "$state/etc/postgrest.conf" \
        </dev/null >>"$state/log/postgrest.log" 2>&1
}

# One that asks standbys alone. A connection to a standby that was promoted does not stay for long: HOST:PORT[,HOST:PORT…]
run_postgrest_of_replicas() {
    local postgrest_settings=("${postgrest_settings[@]}" PGRST_DB_POOL_MAX_LIFETIME=60)
    run_postgrest replica "$1" target_session_attrs=standby
}

start_nginx() {
    local program=$state/bin/nginx
    if is_running "$run_directory/nginx/nginx.pid" "$program"; then
        http_port=$(cat "$state/http-port")
        metrics_port=$(cat "$state/metrics-port")
        return
    fi
    say "Starting nginx"
    install -m 755 "$(command -v nginx)" "$program"
    install -m 644 "$repository/docker/vault.js" "$state/etc/"
    install_reference
    [ ! -e "$state/http-port" ] || preferred_http_port=$(cat "$state/http-port")
    [ ! -e "$state/metrics-port" ] || preferred_metrics_port=$(cat "$state/metrics-port")
    for _ in 1 2 3; do
        http_port=$(free_port ${preferred_http_port:+"$preferred_http_port"})
        metrics_port=$(free_port ${preferred_metrics_port:+"$preferred_metrics_port"})
        configure_nginx
        as_user "$nginx_user" "$program" -e "$state/log/nginx-error.log" -c "$state/etc/nginx.conf" </dev/null && return
    done
    die "nginx did not start"
}

# What nginx serves as it is: the API's description, and a reader for it.
install_reference() {
    local reference=$state/reference
    install -d -m 755 "$reference" "$reference/docs"
    install -m 644 "$repository/docs/openapi.json" "$reference/"
    install -m 644 "$repository/docker/docs/"* "$tool_cache/$VIEWER/"* "$reference/docs/"
}

configure_nginx() {
    echo "$http_port" >"$state/http-port"
    echo "$metrics_port" >"$state/metrics-port"
    echo "$requests_per_second" >"$state/requests-per-second"
    local replicas=$run_directory/postgrest/replica.sock
    [ -S "$replicas" ] || replicas=$run_directory/postgrest/primary.sock
    sed -e "s|@RUN@|$run_directory/nginx|" -e "s|@POSTGREST@|$run_directory/postgrest/primary.sock|" -e "s|@REPLICAS@|$replicas|" \
        -e "s|@LISTEN@|127.0.0.1:$http_port|" -e "s|@METRICS@|127.0.0.1:$metrics_port|" -e "s|@REQUESTS_PER_SECOND@|$requests_per_second|" \
        -e "s|@ERROR_LOG@|$state/log/nginx-error.log|" -e "s|@ACCESS_LOG@|$state/log/nginx-access.log|" \
        -e "s|@REFERENCE@|$state/reference|" \
        "$repository/docker/nginx.conf" | install -m 644 /dev/stdin "$state/etc/nginx.conf"
}

# The stack is ready when a request goes all the way to a table and back.
wait_until_ready() {
    local status
    for _ in {1..150}; do
        status=$(
            # shellcheck source=/dev/null
            source "$state/credentials"
            curl -s -o /dev/null -w '%{http_code}' -H "api-key: $VAULT_API_KEY" -H "x-profile-id: $VAULT_PROFILE_ID" \
                "http://127.0.0.1:$http_port/v2/customers/list"
        ) || true
        [ "$status" = 200 ] && return
        sleep 0.2
    done
    die "the vault is not ready: it answered with the status $status"
}
