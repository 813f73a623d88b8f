COMMENT ON FUNCTION vault.authenticate(text, text) IS 'Acts for the profile until the end of the transaction (or of the subtransaction), by an API key of its merchant';
COMMENT ON FUNCTION vault.current_profile() IS 'The profile that this transaction acts for, by vault.authenticate or by vault.bind_role; NULL is none';

COMMENT ON FUNCTION vault.create_customer(jsonb) IS 'Creates a customer of the current profile';
COMMENT ON FUNCTION vault.retrieve_customer(text) IS 'A customer, by id';
COMMENT ON FUNCTION vault.retrieve_customer_by_reference(text) IS 'A customer, by merchant_reference_id';
COMMENT ON FUNCTION vault.update_customer(text, jsonb) IS 'Changes the members that are given';
COMMENT ON FUNCTION vault.delete_customer(text) IS 'Redacts a customer and deletes its payment methods';
COMMENT ON FUNCTION vault.list_customers(integer, integer, text) IS 'Customers, oldest first; limit is 1 to 100';
COMMENT ON FUNCTION vault.create_payment_method(jsonb) IS 'Stores a payment method; the same card of the same customer keeps its id';
COMMENT ON FUNCTION vault.retrieve_payment_method(text, boolean) IS 'A payment method, masked; with fetch_raw_detail in full, for members of vault_reveal';
COMMENT ON FUNCTION vault.update_payment_method(text, jsonb) IS 'Changes names, tokens or status of a payment method';
COMMENT ON FUNCTION vault.delete_payment_method(text) IS 'Deletes a payment method: its ciphertext is overwritten';
COMMENT ON FUNCTION vault.list_payment_methods(text) IS 'The active payment methods of a customer, last used first';
COMMENT ON FUNCTION vault.set_default_payment_method(text, text) IS 'Makes a payment method its customer''s default';

COMMENT ON FUNCTION vault.encrypt(text) IS 'Seals a text under the current profile''s data key';
COMMENT ON FUNCTION vault.encrypt(text, text) IS 'Seals a text so that it opens only with the same context';
COMMENT ON FUNCTION vault.encrypt(jsonb) IS 'Seals a JSON value under the current profile''s data key';
COMMENT ON FUNCTION vault.encrypt(jsonb, text) IS 'Seals a JSON value so that it opens only with the same context';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_text) IS 'Opens a text of the current profile';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_text, text) IS 'Opens a text that was sealed with this context';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_json) IS 'Opens a JSON value of the current profile';
COMMENT ON FUNCTION vault.decrypt(vault.encrypted_json, text) IS 'Opens a JSON value that was sealed with this context';

COMMENT ON FUNCTION vault.create_merchant(text) IS 'Makes a merchant; returns its id';
COMMENT ON FUNCTION vault.create_profile(text, text) IS 'Makes a profile of a merchant, with its keys; returns its id';
COMMENT ON FUNCTION vault.create_api_key(text, text, text[], timestamptz) IS 'Makes an API key of a merchant; the key is shown this once';
COMMENT ON FUNCTION vault.revoke_api_key(text) IS 'Ends an API key, by its key_id';
COMMENT ON FUNCTION vault.bind_role(text, text) IS 'Has a database role act for a profile without an API key';
COMMENT ON FUNCTION vault.unbind_role(text) IS 'Ends what vault.bind_role began';
COMMENT ON FUNCTION vault.clear_lockouts() IS 'Forgets failed authentications, and the locks they led to';

COMMENT ON FUNCTION vault.encrypted_text_in(cstring) IS 'Input: the text form of an envelope, nothing else';
COMMENT ON FUNCTION vault.encrypted_text_out(vault.encrypted_text) IS 'Output: the text form of the envelope';
COMMENT ON FUNCTION vault.encrypted_text_recv(internal) IS 'Binary input: an envelope';
COMMENT ON FUNCTION vault.encrypted_text_send(vault.encrypted_text) IS 'Binary output: the envelope';
COMMENT ON FUNCTION vault.encrypted_json_in(cstring) IS 'Input: the text form of an envelope, nothing else';
COMMENT ON FUNCTION vault.encrypted_json_out(vault.encrypted_json) IS 'Output: the text form of the envelope';
COMMENT ON FUNCTION vault.encrypted_json_recv(internal) IS 'Binary input: an envelope';
COMMENT ON FUNCTION vault.encrypted_json_send(vault.encrypted_json) IS 'Binary output: the envelope';
