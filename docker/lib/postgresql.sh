# shellcheck shell=bash
# PostgreSQL: a private copy with the extension, a cluster, and the demo's merchant in it.

# More options of initdb.
initdb_options=()

start_postgresql() {
    local bin=$state/postgresql/bin
    [ -d "$state/data" ] || make_cluster "$bin"
    pg_host=$run_directory/postgresql
    if is_running "$state/data/postmaster.pid" "$bin/postgres"; then
        pg_port=$(sed -n 4p "$state/data/postmaster.pid")
        return
    fi

    say "Starting PostgreSQL"
    for _ in 1 2 3; do
        pg_port=$(free_port)
        configure_postgresql
        as_user "$database_user" "$bin/pg_ctl" -D "$state/data" -l "$state/log/postgresql.log" -w -s start </dev/null && return
    done
    die "PostgreSQL did not start"
}

# A running server holds the extension that it was started with, so a new one needs a restart.
install_extension() {
    cmp -s "$(find "$extension" -name vault.so)" "$state/postgresql/lib/vault.so" && return
    stop_servers
    [ -e "$state/postgresql/bin" ] || copy_postgresql "$state/postgresql"
    cp -a "$extension/usr" "$state/postgresql/"
}

make_cluster() {
    say "Making a database cluster"
    local fresh=$state/data.new
    rm -rf "$fresh"
    mkdir "$fresh"
    own "$fresh" "$database_user"
    as_user "$database_user" "$1/initdb" -D "$fresh" -U postgres -A trust --encoding UTF8 --locale C.UTF-8 --data-checksums \
        "${initdb_options[@]}" >/dev/null
    # Before the first start, because the vault's worker looks for this database at once.
    echo 'CREATE DATABASE vault' \
        | as_user "$database_user" "$1/postgres" --single -j -c log_checkpoints=off -D "$fresh" postgres >/dev/null
    echo "include '$state/etc/stack.conf'" >>"$fresh/postgresql.conf"
    mv "$fresh" "$state/data"
}

configure_postgresql() {
    install -m 644 "$repository/docker/postgresql.conf" "$repository/docker/pg_hba.conf" "$state/etc/"
    cat >"$state/etc/stack.conf" <<CONF
include 'postgresql.conf'
hba_file = '$state/etc/pg_hba.conf'
port = $pg_port
unix_socket_directories = '$pg_host'
vault.root_key_command = 'cat "$state/root.key" "$state/destroyed-keys"'
vault.connector_hosts = '$provider_address, $token_service_address$further_connector_hosts'
vault.key_destruction_command = 'cat >>"$state/destroyed-keys" && sync "$state/destroyed-keys"'
CONF
}

# The extension, a merchant with a profile and keys, and PostgREST's password, once.
provision() {
    [ -e "$state/credentials" ] || make_merchant
    update_extension
    [ -e "$state/postgrest.pgpass" ] || make_password
}

make_merchant() {
    say "Making a merchant, a profile and two API keys"
    (
        umask 077
        as_superuser -d vault --single-transaction -f "$repository/docker/provision.sql" >"$state/credentials.new"
    )
    mv "$state/credentials.new" "$state/credentials"
}

# A state of an earlier release has its objects still. The database says for which rows somebody has to vouch.
update_extension() {
    echo 'SET client_min_messages = warning; ALTER EXTENSION vault UPDATE' \
        | PGOPTIONS="-c vault_upgrade.vouched_rows=${VAULT_VOUCHED_ROWS:-}" psql_as_superuser -d vault
}

# PostgREST cannot enter the directory of the database's socket, where every login is trusted. It logs in over TCP, with a password
# that nobody else can read.
make_password() {
    local password
    password=$(random_hexadecimal)
    echo "ALTER ROLE vault_authenticator PASSWORD '$password'" | psql_as_superuser -d vault
    make_file "$postgrest_user" "$state/postgrest.pgpass.new"
    echo "*:*:*:vault_authenticator:$password" >"$state/postgrest.pgpass.new"
    mv "$state/postgrest.pgpass.new" "$state/postgrest.pgpass"
}

as_superuser() { psql_as_superuser "$@" </dev/null; }

psql_as_superuser() { psql -X -q -At -v ON_ERROR_STOP=1 -h "$pg_host" -p "$pg_port" -U postgres "$@"; }
