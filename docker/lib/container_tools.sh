# shellcheck shell=bash disable=SC2154 # docker/test sets scratch and url
# Words of docker/test.

times=()

# Runs a step, and notes how long it took: NAME COMMAND…
timed() {
    local start=$SECONDS
    say "$1"
    "${@:2}"
    times+=("$(printf '%-32s %5d' "$1" $((SECONDS - start)))")
}

# Says what holds, or that it does not and ends the run: SENTENCE COMMAND…
check() {
    if "${@:2}" >"$scratch/check" 2>&1; then
        printf '  ok: %s\n' "$1"
    else
        cat "$scratch/check" >&2
        die "this does not hold: $1"
    fi
}

# The opposite. The command must end, and with an error.
check_not() {
    local sentence=$1
    shift
    if timeout 60 "$@" >"$scratch/check" 2>&1; then
        cat "$scratch/check" >&2
        die "this does not hold: $sentence"
    fi
    printf '  ok: %s\n' "$sentence"
}

compose() { docker compose --progress quiet -f docker/compose.yaml "$@"; }

# Starts what does not run, and waits until the vault answers: [OPTION…]
come_up() {
    compose "$@" up --detach --wait || return
    eventually in_service nginx is-nginx-ready
}

with_tests() { compose -f docker/container/tests.yaml "$@"; }

# Runs a command in a container with the programs of the tests.
in_tests() { with_tests run --rm --no-deps -T tests "$@"; }

# Runs a command in the container of a service: SERVICE COMMAND…
in_service() { compose exec -T "$@"; }

container() { compose ps --all --quiet "$1"; }

# The blocks of documents behind a mark: MARK FILE…
blocks() { awk -v mark="<!-- $1 -->" '$0 == mark { wanted = 1 } /^```/ { if (inside) inside = wanted = 0; else inside = wanted; next } inside' "${@:2}"; }

# Whether a file has all these lines: FILE LINE…
has_lines() {
    local line
    for line in "${@:2}"; do
        grep -qF -- "$line" "$1" || { echo "without $line:"; cat "$1"; return 1; }
    done
}

# Sends a request as the demo's shop, and prints the status: PATH [OPTION…]
status_of() {
    curl -sS -o "$scratch/answer" -w '%{http_code}' "$url$1" -H "api-key: $VAULT_API_KEY" -H "x-profile-id: $VAULT_PROFILE_ID" "${@:2}"
}

# Whether a request has this status: STATUS PATH [OPTION…]
answers() {
    local status
    status=$(status_of "${@:2}")
    [ "$status" = "$1" ] || { echo "status $status:"; cat "$scratch/answer"; return 1; }
}

health_is() { [ "$(docker inspect --format '{{.State.Health.Status}}' "$(container "$1")")" = "$2" ]; }
