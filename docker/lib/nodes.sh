# shellcheck shell=bash
# Several PostgreSQLs with Citus and the vault, which share the profiles of one vault. Node 1 is the coordinator, and has profiles, too.
#
#   1/data, 1/etc/stack.conf, …  each node's own    etc/nodes/  what nginx knows of the nodes    log/node-1.log, …

readonly NODES=(1 2 3)
declare -A node_ports

make_nodes() {
    local node
    install -m 644 "$repository/docker/postgresql.conf" "$state/etc/"
    # The nodes call each other by TCP, as whoever may administer all of them.
    {
        echo 'host all postgres,vault_node 127.0.0.1/32 trust'
        cat "$repository/docker/pg_hba.conf"
    } | install -m 644 /dev/stdin "$state/etc/pg_hba.conf"
    pg_host=$run_directory/postgresql
    for node in "${NODES[@]}"; do make_node "$node"; done
    for node in "${NODES[@]}"; do echo "${node_ports[$node]}"; done >"$state/node-ports"
}

# Finds what make_nodes has made.
find_nodes() {
    local node ports
    [ -r "$state/node-ports" ] || die "no nodes are in $state: docker/test-nodes up"
    run_directory=$(readlink -f "$state/run")
    pg_host=$run_directory/postgresql
    mapfile -t ports <"$state/node-ports"
    for node in "${NODES[@]}"; do node_ports[$node]=${ports[node - 1]}; done
}

make_node() {
    say "Making node $1"
    install -d -m 711 "$state/$1" "$state/$1/etc"
    make_cluster_in "$state/$1" "$state/postgresql/bin"
    for _ in 1 2 3; do
        node_ports[$1]=$(free_port)
        configure_node "$1"
        run_node "$1" && return
    done
    die "node $1 did not start"
}

make_cluster_in() {
    local state=$1
    make_cluster "$2"
}

configure_node() {
    cat >"$state/$1/etc/stack.conf" <<CONF
include '$state/etc/postgresql.conf'
shared_preload_libraries = 'citus,vault,pg_stat_statements'
wal_level = logical
max_prepared_transactions = 150
citus.node_conninfo = 'sslmode=prefer'
hba_file = '$state/etc/pg_hba.conf'
port = ${node_ports[$1]}
# The clients of the tests store more cards than an API key may in a minute.
vault.card_numbers_per_minute = 0
unix_socket_directories = '$pg_host'
vault.root_key_command = 'cat "$state/root.key" "$state/destroyed-keys"'
vault.key_destruction_command = 'cat >>"$state/destroyed-keys" && sync "$state/destroyed-keys"'
CONF
}

# Starts a node, also one that was killed: until its old processes have noticed that, it does not start.
run_node() {
    as_user "$database_user" "$state/postgresql/bin/pg_ctl" -D "$state/$1/data" -l "$state/log/node-$1.log" -w -s start </dev/null
}

# Whether its PostgREST has found the node again: it refuses whoever has no key.
answers_over_http() {
    local socket
    socket=$(socket_of "$1")
    [ ! -S "$socket" ] || [ "$(curl -s -o /dev/null -w '%{http_code}' --unix-socket "$socket" -X POST http://vault/rpc/list_customers)" = 401 ]
}

# Of its PostgREST. What stands before the sockets calls node 1 the primary.
socket_of() {
    local name=node-$1
    [ "$1" != 1 ] || name=primary
    echo "$run_directory/postgrest/$name.sock"
}

# As by a loss of power.
kill_node() {
    local pid_file=$state/$1/data/postmaster.pid
    is_running "$pid_file" "$state/postgresql/bin/postgres" || die "node $1 does not run"
    kill -9 "$(head -n 1 "$pid_file")"
}

# As when its machine stands still. It goes on where it was.
freeze_node() { signal_node STOP "$1"; }
thaw_node() { signal_node CONT "$1"; }

signal_node() {
    local postmaster children
    postmaster=$(head -n 1 "$state/$2/data/postmaster.pid")
    read -ra children <"/proc/$postmaster/task/$postmaster/children" || true
    kill "-$1" "$postmaster" "${children[@]}"
}

# A copy that has everything which the node acknowledges from then on.
standby_node() {
    local standby=$state/$1/standby
    say "Making a standby of node $1"
    stop INT "$standby/postmaster.pid" "$state/postgresql/bin/postgres"
    rm -rf "$standby"
    on_node "$1" -c "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = 'standby'" \
        -c 'ALTER SYSTEM RESET synchronous_standby_names' -c 'SELECT pg_reload_conf()' >/dev/null
    install -d -m 700 "$standby"
    own "$standby" "$database_user"
    as_user "$database_user" "$state/postgresql/bin/pg_basebackup" -h "$pg_host" -p "${node_ports[$1]}" -U postgres \
        -c fast -X stream -R -C -S standby -D "$standby"
    as_user "$database_user" "$state/postgresql/bin/pg_ctl" -D "$standby" -l "$state/log/standby-$1.log" -o "-p $(free_port)" -w -s start </dev/null
    on_node "$1" -c "ALTER SYSTEM SET synchronous_standby_names = '*'" -c 'SELECT pg_reload_conf()' >/dev/null
    eventually has_standby "$1" || die "the standby does not follow node $1"
}

has_standby() { [ "$(on_node "$1" -c "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")" = 1 ]; }

# Kills a node. Its standby is promoted, and has the node's address from then on.
failover_node() {
    local node=$state/$1 bin=$state/postgresql/bin
    [ -d "$node/standby" ] || die "node $1 has no standby"
    kill_node "$1"
    as_user "$database_user" "$bin/pg_ctl" -D "$node/standby" -w -s promote
    as_user "$database_user" "$bin/pg_ctl" -D "$node/standby" -w -s stop
    mv "$node/data" "$node/killed"
    mv "$node/standby" "$node/data"
    start_node "$1"
    rm -rf "$node/killed"
}

stop_nodes() {
    local node
    for node in "${NODES[@]}"; do
        stop INT "$state/$node/standby/postmaster.pid" "$state/postgresql/bin/postgres"
        stop INT "$state/$node/data/postmaster.pid" "$state/postgresql/bin/postgres"
    done
}

# Runs psql on a node, as the superuser: NODE [ARG…]
on_node() {
    local pg_port=${node_ports[$1]}
    as_superuser -d vault "${@:2}"
}

# One vault of them all. What the first node has already is spread over the others.
join_nodes() {
    local node
    pg_port=${node_ports[1]}
    for node in "${NODES[@]}"; do on_node "$node" -c 'CREATE EXTENSION citus'; done
    make_merchant
    for node in "${NODES[@]:1}"; do on_node "$node" -c 'CREATE EXTENSION vault' -c 'CREATE EXTENSION pg_stat_statements'; done
    say "Joining the nodes"
    on_node 1 -c "SELECT citus_set_coordinator_host('127.0.0.1', ${node_ports[1]})" >/dev/null
    for node in "${NODES[@]:1}"; do on_node 1 -c "SELECT citus_add_node('127.0.0.1', ${node_ports[$node]})" >/dev/null; done
    on_node 1 -c "SELECT citus_set_node_property('127.0.0.1', ${node_ports[1]}, 'shouldhaveshards', true)" >/dev/null
    on_node 1 -c 'SELECT vault.distribute()' >&2
    # The tests look at what is behind this line. A background process may have failed at the moment of the distribution.
    for node in "${NODES[@]}"; do on_node "$node" -c "DO \$\$ BEGIN RAISE LOG 'the vault is distributed'; END \$\$"; done
    make_passwords
}

# PostgREST has one password for all nodes. Citus does not know the roles that an extension makes, so it copies no password.
make_passwords() {
    local node pg_port verifier
    pg_port=${node_ports[1]}
    make_password
    verifier=$(on_node 1 -c "SELECT rolpassword FROM pg_authid WHERE rolname = 'vault_authenticator'")
    for node in "${NODES[@]:1}"; do
        pg_port=${node_ports[$node]}
        echo "ALTER ROLE vault_authenticator PASSWORD '$verifier'" | psql_as_superuser -d vault
    done
}

# A PostgREST for each node, and one nginx for all. Node 1 has the requests that name no profile which nginx knows.
start_edge() {
    local node
    install -m 755 "$postgrest" "$state/bin/postgrest"
    install -m 644 "$repository/docker/postgrest.conf" "$state/etc/"
    install -d -m 755 "$state/etc/nodes"
    run_postgrest primary "127.0.0.1:${node_ports[1]}"
    for node in "${NODES[@]:1}"; do run_postgrest "node-$node" "127.0.0.1:${node_ports[$node]}"; done
    for node in "${NODES[@]}"; do write_upstream "$node"; done >"$state/etc/nodes/upstreams.conf"
    for node in "${NODES[@]}"; do echo "node-${node_ports[$node]} node-${node_ports[$node]};"; done >"$state/etc/nodes/upstreams.names"
    write_profiles
    start_nginx
    wait_until_ready
}

# As nginx.conf has it for the primary. The name is the port, which vault.nodes() knows the node by.
write_upstream() {
    local socket
    socket=$(socket_of "$1")
    eventually test -S "$socket"
    cat <<CONF
upstream node-${node_ports[$1]} {
    server unix:$socket;
    keepalive 64;
    keepalive_requests 100000;
    keepalive_timeout 20s;
}
CONF
}

# Which node has which profile, as any node that answers knows it.
write_profiles() {
    local node map=$state/etc/nodes/profiles.map
    for node in "${NODES[@]}"; do
        if on_node "$node" -c "SELECT format('%s node-%s;', profile_id, port) FROM vault.nodes()" >"$map.new"; then
            mv "$map.new" "$map"
            return
        fi
    done
    die "no node says where the profiles are"
}
