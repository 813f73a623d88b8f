# shellcheck shell=bash disable=SC2154 # docker/test sets scratch and url
# What holds while the containers run.

readonly SERVERS=(postgres postgrest nginx)

# --- Who may do what ------------------------------------------------------------------------------------------------

check_separation() {
    local service
    for service in "${SERVERS[@]}"; do
        check "$service runs as a user of its own, who is not root" runs_as_one_user "$service"
        check "$service has no capability and can get none" has_no_capability "$service"
        check "$service has a read-only root file system" inspects "$service" '{{.HostConfig.ReadonlyRootfs}}' true
    done
    check "the three users differ" test "$(cat "$scratch"/user-* | sort -u | wc -l)" = 3
    check "PostgreSQL and PostgREST have no network" has_no_network
    check "nginx has no way out" nginx_has_no_way_out
    check "nginx sees no socket but PostgREST's" nginx_sees_one_socket
    check_not "nginx's user cannot reach the database's socket" as_user_number 8480 psql -U vault_authenticator -c 'SELECT 1'
    check "PostgREST's user may be vault_authenticator" as_user_number 5480 psql -U vault_authenticator -c 'SELECT 1'
    local role
    for role in postgres vault_dba vault_audit vault_app vault_app_reveal vault_api vault_operator; do
        check_not "PostgREST's user may not be $role" as_user_number 5480 psql -U "$role" -c 'SELECT 1'
    done
    check_not "PostgREST's user cannot read the root key" as_user_number 5480 cat /keys/root.key
    check "nobody else can read the root key's file" test "$(in_service postgres stat -c '%a %U' /keys/root.key)" = '600 postgres'
    check "no log has an API key" no_log_has_a_key
}

# The users of all processes, as the host sees them.
runs_as_one_user() {
    docker top "$(container "$1")" -eo pid,uid,gid | awk 'NR > 1 { print $2, $3 }' | sort -u >"$scratch/user-$1"
    [ "$(wc -l <"$scratch/user-$1")" = 1 ] && ! grep -qw 0 "$scratch/user-$1"
}

has_no_capability() {
    inspects "$1" '{{.HostConfig.CapDrop}} {{.HostConfig.SecurityOpt}}' '[ALL] [no-new-privileges:true]'
}

# Whether `docker inspect` prints a text: SERVICE FORMAT TEXT
inspects() { [ "$(docker inspect --format "$2" "$(container "$1")")" = "$3" ]; }

has_no_network() {
    local service
    for service in postgres postgrest; do
        inspects "$service" '{{.HostConfig.NetworkMode}}' none || return
    done
    [ "$(in_service postgres sh -c 'ls /sys/class/net')" = lo ]
}

# The host of the containers has an address outside of nginx's network, and a port there that is open.
nginx_has_no_way_out() {
    in_service nginx perl -MIO::Socket::INET -e '
        exit 1 if IO::Socket::INET->new(PeerAddr => "deb.debian.org:80", Timeout => 3);
        exit 1 if IO::Socket::INET->new(PeerAddr => "127.0.0.1:5432", Timeout => 3)'
}

nginx_sees_one_socket() {
    [ "$(in_service nginx sh -c 'find / -path /proc -prune -o -type s -print 2>/dev/null; true')" = /run/vault/postgrest.sock ]
}

# Runs a command of PostgreSQL's image as another user, with the volumes of the database's container: NUMBER COMMAND…
as_user_number() {
    local number=$1
    shift
    docker run --rm --network none --user "$number:$number" --volumes-from "$(container postgres)" \
        "$COMPOSE_PROJECT_NAME-postgres" "$@"
}

no_log_has_a_key() { ! compose logs | grep -E -e "$VAULT_API_KEY|$VAULT_REVEAL_API_KEY"; }

# --- Health and limits ----------------------------------------------------------------------------------------------

check_limits() {
    local service
    for service in "${SERVERS[@]}"; do
        check "the log of $service is bounded" inspects "$service" '{{.HostConfig.LogConfig.Type}} {{index .HostConfig.LogConfig.Config "max-size"}}' 'local 10m'
        check "$service has a limit of processes" inspects "$service" '{{.HostConfig.PidsLimit}}' 512
        check "$service leaves no core dump" inspects "$service" '{{range .HostConfig.Ulimits}}{{if eq .Name "core"}}{{.Hard}}{{end}}{{end}}' 0
        check "$service has a limit of memory" test "$(docker inspect --format '{{.HostConfig.Memory}}' "$(container "$service")")" -gt 0
    done
    check "the database is healthy" in_service postgres is-postgresql-ready
    check "the whole chain is healthy" in_service nginx is-nginx-ready
    check "vault.check() finds nothing" finds_nothing
    check "Prometheus gets its figures" curl -fsS "http://$VAULT_METRICS_LISTEN/metrics"
    check "PostgreSQL ends in good order" ends_in_good_order
    check "the vault answers after down and up" eventually answers 200 /v2/customers/list
    check "neither leaves a volume without a name" no_nameless_volume
}

finds_nothing() { [ -z "$(in_service postgres psql -XqAt -v ON_ERROR_STOP=1 -c 'SELECT * FROM vault.check()' | tee /dev/stderr)" ]; }

ends_in_good_order() {
    compose stop postgres && compose logs postgres | tail -n 3 | grep -q 'database system is shut down' \
        && compose down && come_up
}

no_nameless_volume() {
    ! compose ps --quiet | xargs docker inspect --format '{{range .Mounts}}{{println .Name}}{{end}}' | grep -E '^[0-9a-f]{64}$'
}

# --- Connectors -----------------------------------------------------------------------------------------------------

# The sandboxes come beside what runs already.
check_sandbox() {
    VAULT_CONNECTOR_HOSTS=127.0.0.1:8481,127.0.0.1:8482 compose --profile sandbox up --detach --wait \
        postgres postgrest nginx sandbox-provider sandbox-token-service
    VAULT_CONNECTOR_HOSTS=127.0.0.1:8481,127.0.0.1:8482 compose --profile sandbox up sandbox-accounts >/dev/null
    # shellcheck source=/dev/null
    source <(in_service postgres cat /keys/credentials)
    local customer method
    answers 200 /v2/customers --json '{"name": "Ada Byron", "email": "ada@example.com"}'
    customer=$(jq -r .id "$scratch/answer")
    check "a card is stored for a connector" answers 200 /v2/payment-methods --json "{\"payment_method_type\": \"card\",
        \"customer_id\": \"$customer\", \"payment_method_data\": {\"card\": {\"card_number\": \"4111111145551142\",
        \"card_exp_month\": \"10\", \"card_exp_year\": \"2099\", \"card_holder_name\": \"Ada Byron\"}},
        \"network_tokenization\": {\"enable\": \"Enable\"},
        \"psp_tokenization\": {\"tokenization_type\": \"multi_use\", \"connector_id\": \"$VAULT_CONNECTOR_ID\"}}"
    method=$(jq -r .id "$scratch/answer")
    check "the provider makes a token" eventually has_token "$method" '.connector_tokens[0].status == "active"'
    check "the token service makes a network token" eventually has_token "$method" '.network_token != null'
    check "an application gets the token" in_service postgres psql -XqAt -v ON_ERROR_STOP=1 -U vault_app \
        -c "SELECT vault.use_connector_token('$method', '$VAULT_CONNECTOR_ID') ->> 'token'"
    compose --profile sandbox rm --stop --force sandbox-provider sandbox-token-service sandbox-accounts
    come_up
}

has_token() { answers 200 "/v2/payment-methods/$1" && jq -e "$2" "$scratch/answer"; }
