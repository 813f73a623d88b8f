# shellcheck shell=bash
# The state directory, and what is written there for others to find the stack.
#
#   postgresql/  PostgreSQL with the extension    etc/  configuration      run  -> unix sockets, pid files
#   data/        the database                     log/  of all servers     env  how to reach the stack
#   root.key     current root key, and earlier ones after it                credentials  of the demo's merchant
#   destroyed-keys  the profiles whose keys are destroyed, in earlier dumps, too

make_state() {
    [ -e "$state" ] || reachable_directory "$state"
    state=$(readlink -f "$state")
    chmod 711 "$state"
    mkdir -p "$state/bin" "$state/etc" "$state/log"
    own "$state/log"
    [ -e "$state/root.key" ] || make_root_key
    [ -e "$state/destroyed-keys" ] || install -m 600 -o "$(server_user)" /dev/null "$state/destroyed-keys"
}

# Makes a directory that the servers' user can reach; when the clone lies where it cannot (in root's home, say), a link
# to one elsewhere.
reachable_directory() {
    [ -d "$1" ] && return
    mkdir -p "$(dirname "$1")"
    if as_server_user test -x "$(dirname "$1")"; then
        mkdir -p "$1"
    else
        local elsewhere
        elsewhere=$(mktemp -d /var/tmp/vault.XXXXXX)
        chmod 755 "$elsewhere"
        ln -sfn "$elsewhere" "$1"
    fi
}

own() { chmod 700 "$1" && chown -R "$(server_user):" "$1"; }

make_root_key() {
    (
        umask 077
        od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n' >"$state/root.key"
        echo >>"$state/root.key"
    )
    chown "$(server_user):" "$state/root.key"
}

lock_state() {
    exec 9>"$state/lock"
    flock 9
}

# Sockets need a short path. In memory where there is some, because nginx keeps a body there in the rare case that it
# does not fit its buffer.
make_run_directory() {
    run_directory=$(readlink -f "$state/run" || true)
    [ -d "$run_directory" ] && return
    local parent=/tmp
    [ -d /dev/shm ] && [ -w /dev/shm ] && parent=/dev/shm
    run_directory=$(mktemp -d "$parent/vault.XXXXXX")
    own "$run_directory"
    ln -sfn "$run_directory" "$state/run"
}

stop_servers() {
    stop TERM "$state/run/nginx.pid"
    stop TERM "$state/run/postgrest.pid"
    stop INT "$state/data/postmaster.pid"
    if [ -L "$state/run" ]; then
        rm -rf "$(readlink "$state/run")" "$state/run"
    fi
    rm -f "$state/env"
}

# Ends the process of a pid file. Only one that names this state: the pid may be somebody else's by now.
stop() {
    local pid
    pid=$(pid_in "$2") && kill -s "$1" "$pid" || return 0
    for _ in {1..300}; do
        is_running "$2" || return 0
        sleep 0.1
    done
    kill -s KILL "$pid"
}

is_running() { pid_in "$1" >/dev/null; }

pid_in() {
    local pid
    pid=$(head -n 1 "$1" 2>/dev/null) || return 1
    tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null | grep -qF "$state/" && echo "$pid"
}

write_environment() {
    local url=http://127.0.0.1:$http_port
    (
        umask 077
        cat >"$state/env" <<ENV
VAULT_URL=$url
$(cat "$state/credentials")
VAULT_STATE=$state
VAULT_PG_LOG=$state/log/postgresql.log
PGHOST=$pg_host
PGPORT=$pg_port
PGUSER=vault_app
PGDATABASE=vault
export VAULT_URL VAULT_API_KEY VAULT_REVEAL_API_KEY VAULT_PROFILE_ID VAULT_STATE VAULT_PG_LOG PGHOST PGPORT PGUSER PGDATABASE
ENV
    )
}

export_environment() {
    [ -r "$state/env" ] || die "no vault is running in $state"
    # shellcheck source=/dev/null
    source "$state/env"
}

show_logs() {
    local log
    for log in "$state"/log/*.log; do
        [ -s "$log" ] || continue
        say "The end of $log"
        tail -n 20 "$log" >&2
    done
}
