-- What PostgREST calls: one unnamed bytea parameter takes the request's body as it came, so that no JSON parser but the
-- vault's sees it. Headers and path are in the setting request.headers.
DO $$
DECLARE
    function_name text;
    description   text;
BEGIN
    FOR function_name, description IN VALUES
        ('create_customer',                 'POST /customers'),
        ('retrieve_customer',               'GET /customers/{id}'),
        ('retrieve_customer_by_reference',  'GET /customers/reference/{merchant_reference_id}'),
        ('update_customer',                 'PUT, PATCH or POST /customers/{id}'),
        ('delete_customer',                 'DELETE /customers/{id}'),
        ('list_customers',                  'GET /customers/list'),
        ('list_customers_with_count',       'GET /customers/list_with_count'),
        ('count_payment_methods',           'GET /customers/total-payment-methods'),
        ('list_payment_methods',            'GET /customers/{id}/saved-payment-methods'),
        ('set_default_payment_method',      'POST /customers/{id}/payment-methods/{id}/default'),
        ('create_payment_method',           'POST /payment-methods'),
        ('retrieve_payment_method',         'GET or POST /payment-methods/{id}'),
        ('retrieve_payment_method_details', 'GET /payment-methods/{id}/details'),
        ('update_payment_method',           'PUT or PATCH /payment-methods/{id}/update-saved-payment-method'),
        ('delete_payment_method',           'DELETE /payment-methods/{id}'),
        ('check_network_token_status',      'GET /payment-methods/{id}/check-network-token-status'),
        ('get_network_token',               'GET or POST /payment-methods/{id}/get-token'),
        ('get_network_token_eligibility',   'GET /payment-methods/get-network-token-eligibility')
    LOOP
        EXECUTE pg_catalog.format(
            'CREATE FUNCTION vault_api.%I(bytea) RETURNS json LANGUAGE c VOLATILE STRICT SECURITY DEFINER '
            'SET search_path = pg_catalog, pg_temp AS %L, %L',
            function_name, 'MODULE_PATHNAME', 'http_' || function_name || '_wrapper');
        EXECUTE pg_catalog.format('COMMENT ON FUNCTION vault_api.%I(bytea) IS %L', function_name, description);
    END LOOP;
END
$$;
