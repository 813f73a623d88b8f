# shellcheck shell=bash
# Building the extension.

target=$(realpath -m "${CARGO_TARGET_DIR:-$repository/target}")

# A PostgreSQL of our own to build and test against, so that the system's is never written to. Every build goes through
# this one: pgrx binds the headers of the pg_config that it is shown first, and another would mean binding them anew.
prepare_pgrx() {
    reachable_directory "$target/pgrx"
    PGRX_HOME=$(readlink -f "$target/pgrx")/$PG_MAJOR
    export PGRX_HOME
    postgresql=$PGRX_HOME/postgresql
    # Without the lock, which a build holds for as long as it takes.
    if ! [ -s "$PGRX_HOME/config.toml" ]; then
        mkdir -p "$PGRX_HOME"
        (
            flock 8
            [ -d "$postgresql" ] || copy_postgresql "$postgresql"
            printf '[configs]\npg%s = "%s"\n' "$PG_MAJOR" "$(readlink -f "$postgresql/bin")/pg_config" >"$PGRX_HOME/config.toml.new"
            mv "$PGRX_HOME/config.toml.new" "$PGRX_HOME/config.toml"
        ) 8>"$PGRX_HOME/lock"
    fi
    pg_config=$(sed -n 's/^pg.* = "\(.*\)"$/\1/p' "$PGRX_HOME/config.toml")
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
        cp sql/vault--*.sql "$package$("$pg_config" --sharedir)/extension/"
    ) 8>"$PGRX_HOME/lock"
    # cargo-pgrx repeats the whole path of the PostgreSQL that it packages for.
    extension=$package$postgresql
}

# Lints the extension for every version in Cargo.toml. `make lint` does it for the one that is built, with its true headers.
check_versions() {
    local versions version
    mapfile -t versions < <(sed -n 's/^pg\([0-9]*\) = .*/\1/p' "$repository/Cargo.toml")
    for version in "${versions[@]}"; do
        [ "$version" != "$PG_MAJOR" ] || continue
        say "Checking for PostgreSQL $version"
        DOCS_RS=1 RUSTC_WRAPPER=$repository/docker/lib/rustc-without-headers \
            cargo clippy --lib --no-default-features --features "pg$version pg_test" -- -D warnings
    done
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
    cargo pgrx test "pg$PG_MAJOR" --no-default-features --pgdata "$state" "${identity[@]}"
}
