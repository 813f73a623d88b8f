# shellcheck shell=bash
# The state directory, and what is written there for others to find the stack.
#
#   postgresql/  PostgreSQL with the extension    etc/  configuration      run  -> unix sockets, pid files
#   data/        the database; replica/ its standby   log/  of all servers     env  how to reach the stack
#   root.key     current root key, and earlier ones after it                credentials  of the demo's merchant
#   postgrest.pgpass  PostgREST's password
#   sandbox/     the counterparts of the demo's connectors
#   destroyed-keys  the profiles whose keys are destroyed; the root key command prints them

make_state() {
    [ -e "$state" ] || reachable_directory "$state"
    state=$(readlink -f "$state")
    chmod 711 "$state"
    install -d -m 755 "$state/bin" "$state/etc"
    install -d -m 711 -o "$database_user" "$state/log"
    make_file "$postgrest_user" "$state/log/postgrest.log"
    make_file "$nginx_user" "$state/log/nginx-error.log"
    make_file "$nginx_user" "$state/log/nginx-access.log"
    [ -e "$state/root.key" ] || make_root_key
    make_file "$database_user" "$state/destroyed-keys"
}

# Makes a directory that the servers' users can reach. If they cannot reach the clone's directory (in root's home, say), makes
# a link to one elsewhere.
reachable_directory() {
    [ -d "$1" ] && return
    mkdir -p "$(dirname "$1")"
    if as_user "$nginx_user" test -x "$(dirname "$1")"; then
        mkdir -p "$1"
    else
        local elsewhere
        elsewhere=$(mktemp -d /var/tmp/vault.XXXXXX)
        chmod 755 "$elsewhere"
        ln -sfn "$elsewhere" "$1"
    fi
}

# Gives a directory to one of the users, for nobody else to enter.
own() { chmod 700 "$1" && chown -R "$2:" "$1"; }

# An empty file that only its user can read, unless it is there.
make_file() { [ -e "$2" ] || install -m 600 -o "$1" /dev/null "$2"; }

make_root_key() {
    (
        umask 077
        random_hexadecimal >"$state/root.key"
    )
    chown "$database_user:" "$state/root.key"
}

# Prints 256 random bits as a line.
random_hexadecimal() {
    od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'
    echo
}

lock_state() {
    exec 9>"$state/lock"
    flock 9
}

# A directory for each server: the database's socket for its own user and root, PostgREST's for nginx's user, too.
# Sockets need a short path. In memory where there is some, because nginx keeps a body there in the rare case that it
# does not fit its buffer.
make_run_directory() {
    run_directory=$(readlink -f "$state/run" || true)
    [ -d "$run_directory" ] && return
    local parent=/tmp
    [ -d /dev/shm ] && [ -w /dev/shm ] && parent=/dev/shm
    run_directory=$(mktemp -d "$parent/vault.XXXXXX")
    chmod 711 "$run_directory"
    install -d -m 700 -o "$database_user" "$run_directory/postgresql"
    install -d -m 700 -o "$nginx_user" "$run_directory/nginx"
    # Set-group-ID: the socket belongs to nginx's group.
    install -d -m 2750 -o "$postgrest_user" -g "$(id -gn "$nginx_user")" "$run_directory/postgrest"
    install -d -m 700 -o "$sandbox_user" "$run_directory/sandbox"
    ln -sfn "$run_directory" "$state/run"
}

stop_servers() {
    stop TERM "$state/run/nginx/nginx.pid" "$state/bin/nginx"
    local server
    for server in primary replica; do stop TERM "$state/run/postgrest/$server.pid" "$state/bin/postgrest"; done
    for server in data replica; do stop INT "$state/$server/postmaster.pid" "$state/postgresql/bin/postgres"; done
    stop TERM "$state/run/sandbox/sandbox-provider.pid" "$state/bin/sandbox-provider"
    stop TERM "$state/run/sandbox/sandbox-token-service.pid" "$state/bin/sandbox-token-service"
    if [ -L "$state/run" ]; then
        rm -rf "$(readlink "$state/run")" "$state/run"
    fi
    rm -f "$state/env"
}

# Ends the process of a pid file: SIGNAL PID-FILE PROGRAM. The program is this state's own copy, and no other process is ended:
# the pid may belong to somebody else by now.
stop() {
    [ -e "$3" ] || return 0
    start-stop-daemon --stop --quiet --oknodo --retry "$1/30/KILL/5" --pidfile "$2" --exec "$3" || say "$3 does not end"
}

# Tells whether the process of a pid file runs the program: PID-FILE PROGRAM
is_running() { [ -e "$2" ] && start-stop-daemon --status --pidfile "$1" --exec "$2"; }

show_logs() {
    local log
    for log in "$state"/log/*.log; do
        [ -s "$log" ] || continue
        say "The end of $log"
        tail -n 20 "$log" >&2
    done
}
