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

CREATE TYPE vault.searchable_text (
    INPUT = vault.searchable_text_in, OUTPUT = vault.searchable_text_out,
    RECEIVE = vault.searchable_text_recv, SEND = vault.searchable_text_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.searchable_text IS 'A text, sealed, with a blind index to find it by: vault.searchable(text), vault.decrypt(...)';

CREATE TYPE vault.card_number (
    INPUT = vault.card_number_in, OUTPUT = vault.card_number_out,
    RECEIVE = vault.card_number_recv, SEND = vault.card_number_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.card_number IS 'A card number, sealed, with a blind index to find it by: vault.card_number(text), vault.mask(...), vault.decrypt(...)';

-- PostgreSQL takes name_of_a_type(value) for a cast, here to the input function, which refuses plaintext, unless there is
-- a function for exactly the value's type. So there is one for each type that a number comes in: text, these, and
-- literals without a type. A parameter without one is asked for it: vault.card_number($1::text).
CREATE FUNCTION vault.card_number(pg_catalog.varchar) RETURNS vault.card_number
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'card_number_of_text_wrapper';
CREATE FUNCTION vault.card_number(pg_catalog.bpchar) RETURNS vault.card_number
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'card_number_of_text_wrapper';
CREATE FUNCTION vault.card_number(pg_catalog.unknown) RETURNS vault.card_number
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'card_number_of_literal_wrapper';
