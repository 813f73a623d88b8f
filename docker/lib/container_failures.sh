# shellcheck shell=bash disable=SC2154 # docker/test sets scratch and url
# What holds when something is killed, lost, attacked or set up otherwise.

# --- Kills under load -----------------------------------------------------------------------------------------------

# The program that makes the load says when there is something to lose: pgrx-tests/tests/kills.rs.
check_load() {
    local load number
    load=$(with_tests run --detach --no-deps -T tests kills --nocapture)
    for ((number = 1; number <= VAULT_KILLS; number++)); do
        eventually says "$load" "load $number"
        docker kill "$(container postgres)" >/dev/null
        docker start "$(container postgres)" >/dev/null
    done
    check "what was acknowledged is there after $VAULT_KILLS kills of the database's container" ends_well "$load"
    docker logs "$load" 2>/dev/null | grep -E '^[0-9]+ (kills|reads|payment)'
    docker rm "$load" >/dev/null
    eventually health_is nginx healthy
}

says() { docker logs "$1" 2>&1 | grep -qx "$2"; }

ends_well() { [ "$(docker wait "$1")" = 0 ] || { docker logs "$1"; return 1; }; }

# --- TLS and proxies ------------------------------------------------------------------------------------------------

check_edge() {
    local VAULT_API_KEY
    VAULT_API_KEY=$(new_key)
    check "ten wrong keys of one address lock it" lock_out 10.77.0.1
    check "without a proxy to believe, X-Forwarded-For changes nothing" is_locked_out 10.77.0.2
    VAULT_TRUSTED_PROXIES=gateway come_up
    check "behind a proxy, ten wrong keys of one client lock it" lock_out 10.77.0.3
    check "and they lock no other client" answers 200 /v2/customers/list -H 'X-Forwarded-For: 10.77.0.4'
    check "what a client itself adds to X-Forwarded-For changes nothing" is_locked_out '10.77.0.4, 10.77.0.3'
    make_certificate
    VAULT_TLS=$scratch/tls VAULT_TRUSTED_PROXIES=gateway come_up
    local plain=$url url=https://$VAULT_LISTEN own=(--cacert "$scratch/tls/fullchain.pem" -H 'X-Forwarded-For: 10.77.0.5')
    check "with a certificate, it answers by TLS 1.2" answers 200 /v2/customers/list "${own[@]}" --tls-max 1.2
    check "and by TLS 1.3" answers 200 /v2/customers/list "${own[@]}" --tlsv1.3 -D "$scratch/head"
    check "and tells clients to stay with TLS" grep -qi '^strict-transport-security: max-age=31536000' "$scratch/head"
    check_not "not by TLS 1.1" curl -sS "${own[@]}" --ciphers 'DEFAULT:@SECLEVEL=0' --tls-max 1.1 "$url/v2/customers/list"
    url=$plain check "and plain HTTP is refused" answers 400 /v2/customers/list
    rm "$scratch/tls/privkey.pem"
    check_not "a key that is missing is noticed" env VAULT_TLS="$scratch/tls" docker compose -f docker/compose.yaml run --rm --no-deps -T nginx
    come_up
}

# Another key of the demo's shop, because the locks outlast this step.
new_key() {
    in_service postgres psql -XqAt -U vault_dba -v ON_ERROR_STOP=1 -c \
        "SELECT api_key FROM vault.profiles, vault.create_api_key(merchant_id, 'another') WHERE profile_id = '$VAULT_PROFILE_ID'"
}

# Ten failures of an address, with the beginning of a right key.
lock_out() {
    local wrong=${VAULT_API_KEY:0:12}${VAULT_REVEAL_API_KEY:12}
    for _ in {1..10}; do
        VAULT_API_KEY=$wrong answers 401 /v2/customers/list -H "X-Forwarded-For: $1" || return
    done
    is_locked_out "$1"
}

is_locked_out() { answers 401 /v2/customers/list -H "X-Forwarded-For: $1"; }

# Readable for nginx's user, whatever the umask is.
make_certificate() {
    mkdir "$scratch/tls"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$scratch/tls/privkey.pem" -out "$scratch/tls/fullchain.pem" 2>/dev/null
    chmod 755 "$scratch/tls"
    chmod 644 "$scratch/tls"/*
}

# --- Keys -----------------------------------------------------------------------------------------------------------

check_keys() {
    in_service postgres cat /keys/root.key >"$scratch/root.key"
    with_keys 'rm /keys/root.key'
    compose stop postgres
    compose start postgres
    check "without its root key, the database does not start" eventually refuses_to_start
    check "and no other key is made" with_keys '[ ! -e /keys/root.key ]'
    with_keys "printf '%064d\\n' 7 >/keys/root.key"
    compose up --detach postgres
    eventually running postgres
    check "with another key, it is not healthy" eventually is_sealed
    # As docs/operations.md says.
    compose run --rm --no-deps -T postgres sh -c 'cat >/keys/root.key && chmod 600 /keys/root.key' <"$scratch/root.key"
    compose stop postgres
    come_up
    check "with the copy put back, it is healthy and has its data" answers 200 /v2/customers/list
}

# Runs a command where the keys are, beside the database.
with_keys() { docker run --rm --network none --volumes-from "$(container postgres)" "$COMPOSE_PROJECT_NAME-postgres" sh -c "$1"; }

refuses_to_start() { docker logs --tail 3 "$(container postgres)" 2>&1 | grep -q 'There are data, but no root key'; }

running() { in_service "$1" true; }

is_sealed() { ! in_service postgres is-postgresql-ready 2>"$scratch/reason" && grep -q sealed "$scratch/reason"; }

# --- First starts ---------------------------------------------------------------------------------------------------

# Each is killed when it says that it has come to a step, or soon after, and then started again.
check_first_starts() {
    local step
    for step in 'Making a root key' 'Making a database cluster' 'Making the vault' 'checkpoint starting' 'The first start is finished'; do
        check "a first start that is killed at \"$step\" is finished by the next" heals_after "$step"
    done
    for step in 1 2 3; do
        check "a first start that is killed at some moment is finished by the next" heals_after ''
    done
    compose down --volumes --timeout 1
    compose up --no-start postgres
    with_keys ': >/keys/root.key'
    check "an empty root key of an interrupted start is made anew" database_becomes_healthy
}

# An empty step is a moment of the first four seconds.
heals_after() {
    compose down --volumes --timeout 1
    compose up --detach --no-deps postgres
    if [ -n "$1" ]; then
        eventually logs_have "$1"
    else
        sleep "$((RANDOM % 4)).$((RANDOM % 10))"
    fi
    docker kill "$(container postgres)"
    database_becomes_healthy
}

logs_have() { docker logs "$(container postgres)" 2>&1 | grep -qF "$1"; }

# Healthy is a vault that knows the key which stands among the credentials.
database_becomes_healthy() {
    compose up --detach --wait --no-deps postgres || return
    # shellcheck source=/dev/null
    source <(in_service postgres cat /keys/credentials)
    in_service postgres psql -XqAt -v ON_ERROR_STOP=1 -U vault_app -c "SELECT vault.authenticate('$VAULT_API_KEY', '$VAULT_PROFILE_ID')"
}
