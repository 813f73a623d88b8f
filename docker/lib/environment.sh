# shellcheck shell=bash
# How others reach the stack: $state/env.

write_environment() {
    local url=http://127.0.0.1:$http_port
    (
        umask 077
        cat >"$state/env" <<ENV
VAULT_URL=$url
VAULT_METRICS_URL=http://127.0.0.1:$metrics_port/metrics
$(cat "$state/credentials")
VAULT_STATE=$state
VAULT_PG_LOG=$state/log/postgresql.log
PGHOST=$pg_host
PGPORT=$pg_port
PGUSER=vault_app
PGDATABASE=vault
VAULT_SANDBOX_PROVIDER=$provider_address
VAULT_SANDBOX_TOKEN_SERVICE=$token_service_address
export VAULT_SANDBOX_PROVIDER VAULT_SANDBOX_TOKEN_SERVICE
export VAULT_URL VAULT_METRICS_URL VAULT_API_KEY VAULT_REVEAL_API_KEY VAULT_PROFILE_ID VAULT_CONNECTOR_ID VAULT_STATE VAULT_PG_LOG PGHOST PGPORT PGUSER PGDATABASE
ENV
    )
}

export_environment() {
    [ -r "$state/env" ] || die "no vault is running in $state"
    # shellcheck source=/dev/null
    source "$state/env"
}
