# shellcheck shell=bash
# A physical standby of the running vault, a PostgREST for it, and nginx that sends reads there.

start_replica() {
    [ -r "$state/env" ] || die "no vault is running in $state"
    local primary_port replica_port
    run_directory=$(readlink -f "$state/run")
    primary_port=$(sed -n 4p "$state/data/postmaster.pid")
    [ -d "$state/replica" ] || copy_cluster
    start_standby
    stop TERM "$run_directory/postgrest/primary.pid" "$state/bin/postgrest"
    # The primary is whichever of the two takes writes, so the standby can be promoted.
    run_postgrest primary "127.0.0.1:$primary_port,127.0.0.1:$replica_port" target_session_attrs=read-write
    run_postgrest replica "127.0.0.1:$replica_port"
    reload_nginx
    wait_until_ready
}

copy_cluster() {
    say "Copying the database cluster"
    local fresh=$state/replica.new
    rm -rf "$fresh"
    mkdir "$fresh"
    own "$fresh" "$database_user"
    as_user "$database_user" "$state/postgresql/bin/pg_basebackup" -h "$run_directory/postgresql" -p "$primary_port" -U postgres \
        -c fast -X stream -R -D "$fresh"
    mv "$fresh" "$state/replica"
}

# Each start of the primary gives it another directory and port. The last line counts.
start_standby() {
    if ! is_running "$state/replica/postmaster.pid" "$state/postgresql/bin/postgres"; then
        [ -e "$state/replica/standby.signal" ] || die "the replica in $state/replica was promoted, so it follows no primary"
        say "Starting the standby"
        echo "primary_conninfo = 'user=postgres host=$run_directory/postgresql port=$primary_port'" >>"$state/replica/postgresql.auto.conf"
        as_user "$database_user" "$state/postgresql/bin/pg_ctl" -D "$state/replica" -l "$state/log/replica.log" -o "-p $(free_port)" -w -s start \
            </dev/null
    fi
    replica_port=$(sed -n 4p "$state/replica/postmaster.pid")
}

# From now on, the replica's socket is there, and reads go to it. Workers that know nothing of it end.
reload_nginx() {
    local pid_file=$run_directory/nginx/nginx.pid nginx workers worker
    until [ -S "$run_directory/postgrest/replica.sock" ]; do sleep 0.1; done
    http_port=$(cat "$state/http-port")
    metrics_port=$(cat "$state/metrics-port")
    configure_nginx
    nginx=$(cat "$pid_file")
    read -ra workers < <(cat "/proc/$nginx/task/$nginx/children" && echo)
    start-stop-daemon --stop --quiet --signal HUP --pidfile "$pid_file" --exec "$state/bin/nginx"
    for worker in "${workers[@]}"; do
        while [ -e "/proc/$worker" ]; do sleep 0.1; done
    done
}
