# shellcheck shell=bash
# A physical standby of the running vault, a PostgREST for it, and nginx that sends reads there.

start_replica() {
    [ -r "$state/env" ] || die "no vault is running in $state"
    local replica_port
    exec 9>"$state/replica.lock"
    flock 9
    run_directory=$(readlink -f "$state/run")
    pg_host=$run_directory/postgresql
    pg_port=$(sed -n 4p "$state/data/postmaster.pid")
    [ -d "$state/replica" ] || copy_cluster
    start_standby
    stop TERM "$run_directory/postgrest/primary.pid" "$state/bin/postgrest"
    stop TERM "$run_directory/postgrest/replica.pid" "$state/bin/postgrest"
    # The primary is whichever of the two takes writes, so the standby can be promoted.
    run_postgrest primary "127.0.0.1:$pg_port,127.0.0.1:$replica_port" target_session_attrs=read-write
    run_postgrest_of_replicas "127.0.0.1:$replica_port"
    wait_until_replica_answers
    reload_nginx
    wait_until_ready
}

# The slot keeps the WAL that the standby has not got yet, also while it is away.
copy_cluster() {
    say "Copying the database cluster"
    local fresh=$state/replica.new
    rm -rf "$fresh"
    mkdir "$fresh"
    own "$fresh" "$database_user"
    as_superuser -d vault -c "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'replica'"
    as_user "$database_user" "$state/postgresql/bin/pg_basebackup" -h "$pg_host" -p "$pg_port" -U postgres \
        -c fast -X stream -R -C -S replica -D "$fresh"
    mv "$fresh" "$state/replica"
}

# Each start of the primary gives it another directory and port. The last line counts.
start_standby() {
    [ -e "$state/replica/standby.signal" ] || die "the replica in $state/replica was promoted, so it follows no primary"
    if ! is_running "$state/replica/postmaster.pid" "$state/postgresql/bin/postgres"; then
        say "Starting the standby"
        echo "primary_conninfo = 'user=postgres host=$run_directory/postgresql port=$pg_port'" >>"$state/replica/postgresql.auto.conf"
        as_user "$database_user" "$state/postgresql/bin/pg_ctl" -D "$state/replica" -l "$state/log/replica.log" -o "-p $(free_port)" -w -s start \
            </dev/null
    fi
    replica_port=$(sed -n 4p "$state/replica/postmaster.pid")
    eventually is_streaming || die "the standby in $state/replica does not follow the primary: remove it, and it is copied anew"
}

is_streaming() {
    [ "$(as_superuser -d postgres -c "SELECT count(*) FROM pg_replication_slots WHERE slot_name = 'replica' AND active")" = 1 ]
}

# It refuses whoever has no key.
wait_until_replica_answers() { eventually replica_answers || die "the replica does not answer"; }

replica_answers() {
    [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$run_directory/postgrest/replica.sock" http://vault/rpc/list_customers)" = 401 ]
}

# From now on, the replica's socket is there, and reads go to it. Workers that know nothing of it end.
reload_nginx() {
    local pid_file=$run_directory/nginx/nginx.pid nginx workers
    http_port=$(cat "$state/http-port")
    metrics_port=$(cat "$state/metrics-port")
    requests_per_second=$(cat "$state/requests-per-second")
    configure_nginx
    nginx=$(cat "$pid_file")
    read -ra workers < <(cat "/proc/$nginx/task/$nginx/children" && echo)
    start-stop-daemon --stop --quiet --signal HUP --pidfile "$pid_file" --exec "$state/bin/nginx"
    eventually have_ended "${workers[@]}" || die "workers of nginx do not end"
}

have_ended() {
    local process
    for process; do [ ! -e "/proc/$process" ] || return 1; done
}
