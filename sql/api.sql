-- The functions that PostgREST calls. One unnamed bytea parameter takes the request's body as it came, so that only the
-- vault's own JSON parser sees it. Headers and path are in the setting request.headers. The body of a read is empty if PostgREST
-- calls the function for a GET, as it has to on a standby: only a GET gets a read-only transaction.

CREATE FUNCTION vault_api.create_customer(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_create_customer_wrapper';
COMMENT ON FUNCTION vault_api.create_customer(bytea) IS 'POST /customers';

CREATE FUNCTION vault_api.retrieve_customer(bytea DEFAULT '') RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_retrieve_customer_wrapper';
COMMENT ON FUNCTION vault_api.retrieve_customer(bytea) IS 'GET /customers/{id}';

CREATE FUNCTION vault_api.retrieve_customer_by_reference(bytea DEFAULT '') RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_retrieve_customer_by_reference_wrapper';
COMMENT ON FUNCTION vault_api.retrieve_customer_by_reference(bytea) IS 'GET /customers/reference/{merchant_reference_id}';

CREATE FUNCTION vault_api.update_customer(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_update_customer_wrapper';
COMMENT ON FUNCTION vault_api.update_customer(bytea) IS 'PUT, PATCH or POST /customers/{id}';

CREATE FUNCTION vault_api.delete_customer(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_delete_customer_wrapper';
COMMENT ON FUNCTION vault_api.delete_customer(bytea) IS 'DELETE /customers/{id}';

CREATE FUNCTION vault_api.list_customers(bytea DEFAULT '') RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_list_customers_wrapper';
COMMENT ON FUNCTION vault_api.list_customers(bytea) IS 'GET /customers/list';

CREATE FUNCTION vault_api.list_customers_with_count(bytea DEFAULT '') RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_list_customers_with_count_wrapper';
COMMENT ON FUNCTION vault_api.list_customers_with_count(bytea) IS 'GET /customers/list_with_count';

CREATE FUNCTION vault_api.count_payment_methods(bytea DEFAULT '') RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_count_payment_methods_wrapper';
COMMENT ON FUNCTION vault_api.count_payment_methods(bytea) IS 'GET /customers/total-payment-methods';

CREATE FUNCTION vault_api.list_payment_methods(bytea DEFAULT '') RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_list_payment_methods_wrapper';
COMMENT ON FUNCTION vault_api.list_payment_methods(bytea) IS 'GET /customers/{id}/saved-payment-methods';

CREATE FUNCTION vault_api.set_default_payment_method(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_set_default_payment_method_wrapper';
COMMENT ON FUNCTION vault_api.set_default_payment_method(bytea) IS 'POST /customers/{id}/payment-methods/{id}/default';

CREATE FUNCTION vault_api.create_payment_method(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_create_payment_method_wrapper';
COMMENT ON FUNCTION vault_api.create_payment_method(bytea) IS 'POST /payment-methods';

CREATE FUNCTION vault_api.create_payment_methods(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_create_payment_methods_wrapper';
COMMENT ON FUNCTION vault_api.create_payment_methods(bytea) IS 'POST /payment-methods/batch';

CREATE FUNCTION vault_api.retrieve_payment_method(bytea DEFAULT '') RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_retrieve_payment_method_wrapper';
COMMENT ON FUNCTION vault_api.retrieve_payment_method(bytea) IS 'GET or POST /payment-methods/{id}';

CREATE FUNCTION vault_api.retrieve_payment_method_details(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_retrieve_payment_method_details_wrapper';
COMMENT ON FUNCTION vault_api.retrieve_payment_method_details(bytea) IS 'GET /payment-methods/{id}/details';

CREATE FUNCTION vault_api.update_payment_method(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_update_payment_method_wrapper';
COMMENT ON FUNCTION vault_api.update_payment_method(bytea) IS 'PUT or PATCH /payment-methods/{id}/update-saved-payment-method';

CREATE FUNCTION vault_api.delete_payment_method(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_delete_payment_method_wrapper';
COMMENT ON FUNCTION vault_api.delete_payment_method(bytea) IS 'DELETE /payment-methods/{id}';

CREATE FUNCTION vault_api.check_network_token_status(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_check_network_token_status_wrapper';
COMMENT ON FUNCTION vault_api.check_network_token_status(bytea) IS 'GET /payment-methods/{id}/check-network-token-status';

CREATE FUNCTION vault_api.get_network_token(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_get_network_token_wrapper';
COMMENT ON FUNCTION vault_api.get_network_token(bytea) IS 'GET or POST /payment-methods/{id}/get-token';

CREATE FUNCTION vault_api.get_network_token_eligibility(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_get_network_token_eligibility_wrapper';
COMMENT ON FUNCTION vault_api.get_network_token_eligibility(bytea) IS 'GET /payment-methods/get-network-token-eligibility';

CREATE FUNCTION vault_api.ready(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'MODULE_PATHNAME', 'http_ready_wrapper';
COMMENT ON FUNCTION vault_api.ready(bytea) IS 'GET /ready, without an API key. The status is 200 if a value can be stored, and otherwise 500';

-- A JSON string, because PostgREST gives out JSON. nginx unpacks it.
CREATE FUNCTION vault_api.metrics(bytea) RETURNS json LANGUAGE sql STABLE STRICT SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS 'SELECT to_json(vault.metrics_text())';
COMMENT ON FUNCTION vault_api.metrics(bytea) IS 'GET /metrics, which nginx serves at an address of its own';
