-- Values are random to a compressor: kept out of line as they are.
CREATE TYPE vault.encrypted_text (
    INPUT = vault.encrypted_text_in, OUTPUT = vault.encrypted_text_out,
    RECEIVE = vault.encrypted_text_recv, SEND = vault.encrypted_text_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.encrypted_text IS 'A text, sealed under the data key of a profile: vault.encrypt(text), vault.decrypt(...)';

CREATE TYPE vault.encrypted_json (
    INPUT = vault.encrypted_json_in, OUTPUT = vault.encrypted_json_out,
    RECEIVE = vault.encrypted_json_recv, SEND = vault.encrypted_json_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.encrypted_json IS 'A JSON value, sealed under the data key of a profile: vault.encrypt(jsonb), vault.decrypt(...)';
