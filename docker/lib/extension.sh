# shellcheck shell=bash
# Building the extension.

target=$(realpath -m "${CARGO_TARGET_DIR:-$repository/target}")

# A PostgreSQL of our own to build and test against, so that the system's is never written to. Every build goes through
# this one: pgrx binds the headers of the pg_config that it is shown first, and another would mean binding them anew.
prepare_pgrx() {
    reachable_directory "$target/pgrx"
    PGRX_HOME=$(readlink -f "$target/pgrx")
    export PGRX_HOME
    pg_config=$PGRX_HOME/postgresql/usr/lib/postgresql/$PG_MAJOR/bin/pg_config
    # Without the lock, which a build holds for as long as it takes.
    [ -x "$pg_config" ] && [ -s "$PGRX_HOME/config.toml" ] && return
    (
        flock 8
        [ -x "$pg_config" ] || copy_postgresql "$PGRX_HOME/postgresql"
        [ -f "$PGRX_HOME/config.toml" ] || printf '[configs]\npg%s = "%s"\n' "$PG_MAJOR" "$pg_config" >"$PGRX_HOME/config.toml"
    ) 8>"$PGRX_HOME/lock"
}

# Sets `extension` to a directory that holds usr/lib/… and usr/share/… of the extension.
build_extension() {
    extension=${VAULT_EXTENSION:-}
    [ -z "$extension" ] || return 0
    say "Building the extension ($1)"
    prepare_pgrx
    local package=$PGRX_HOME/package-$1 flags=()
    [ "$1" = release ] || flags=(--debug)
    (
        flock 8
        cd "$repository" || exit
        cargo pgrx package "${flags[@]}" --pg-config "$pg_config" --out-dir "$package" >&2
        # cargo-pgrx leaves out the install scripts of earlier releases, which a restore of their dumps needs.
        cp sql/vault--*.sql "$package$PGRX_HOME/postgresql/usr/share/postgresql/$PG_MAJOR/extension/"
    ) 8>"$PGRX_HOME/lock"
    # cargo-pgrx repeats the whole path of the PostgreSQL that it packages for.
    extension=$package$PGRX_HOME/postgresql
}

# The tests inside PostgreSQL, in a cluster of their own.
test_backend() {
    state=$(mktemp -d /var/tmp/vault.XXXXXX)
    own "$state" "$database_user"
    trap 'stop INT "$state"/*/postmaster.pid "${pg_config%/*}/postgres"; rm -rf "$state"' EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
    local identity=()
    ! is_root || identity=(--runas "$database_user")
    cargo pgrx test "pg$PG_MAJOR" --pgdata "$state" "${identity[@]}"
}

# PostgreSQL finds everything relative to its executables, so a copy is complete and independent.
# The bitcode would only serve to inline PostgreSQL's own functions into compiled queries.
# The links are for callers that do not know the version: bin/postgres, lib/vault.so, share/extension.
copy_postgresql() {
    local fresh=$1.new
    rm -rf "$fresh"
    mkdir -p "$fresh"
    tar -C / -c --exclude bitcode "usr/lib/postgresql/$PG_MAJOR" "usr/share/postgresql/$PG_MAJOR" usr/include/postgresql \
        | tar -C "$fresh" -x
    ln -s "usr/lib/postgresql/$PG_MAJOR/bin" "usr/lib/postgresql/$PG_MAJOR/lib" "$fresh"
    ln -s "usr/share/postgresql/$PG_MAJOR" "$fresh/share"
    rm -rf "$1"
    mv -T "$fresh" "$1"
}
