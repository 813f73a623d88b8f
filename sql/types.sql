-- The encrypted types, one after another.
--
-- A compressor cannot shrink ciphertext, so large values are stored out of line as they are.
--
-- Comparison is the same for each searchable type. It reads only the index part of a value, so it needs no key.
-- The operators stand in pg_catalog, where every session finds them: operators are looked up by search_path, and IN,
-- NULLIF and IS DISTINCT FROM cannot name a schema. They take the vault's own types, so no other query changes its meaning.
-- Equal values have different bytes, so there is no equalimage function: a B-tree must not store one for the other.

CREATE TYPE vault.encrypted_text (
    INPUT = vault.encrypted_text_in, OUTPUT = vault.encrypted_text_out,
    RECEIVE = vault.encrypted_text_recv, SEND = vault.encrypted_text_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.encrypted_text IS 'A text, sealed under the data key of a profile: vault.encrypt(text), vault.decrypt(...)';
COMMENT ON FUNCTION vault.encrypted_text_in(cstring) IS 'Input: the text form of an envelope, nothing else';
COMMENT ON FUNCTION vault.encrypted_text_out(vault.encrypted_text) IS 'Output: the text form of the envelope';
COMMENT ON FUNCTION vault.encrypted_text_recv(internal) IS 'Binary input: an envelope';
COMMENT ON FUNCTION vault.encrypted_text_send(vault.encrypted_text) IS 'Binary output: the envelope';

CREATE TYPE vault.encrypted_json (
    INPUT = vault.encrypted_json_in, OUTPUT = vault.encrypted_json_out,
    RECEIVE = vault.encrypted_json_recv, SEND = vault.encrypted_json_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.encrypted_json IS 'A JSON value, sealed under the data key of a profile: vault.encrypt(jsonb), vault.decrypt(...)';
COMMENT ON FUNCTION vault.encrypted_json_in(cstring) IS 'Input: the text form of an envelope, nothing else';
COMMENT ON FUNCTION vault.encrypted_json_out(vault.encrypted_json) IS 'Output: the text form of the envelope';
COMMENT ON FUNCTION vault.encrypted_json_recv(internal) IS 'Binary input: an envelope';
COMMENT ON FUNCTION vault.encrypted_json_send(vault.encrypted_json) IS 'Binary output: the envelope';

CREATE TYPE vault.searchable_text (
    INPUT = vault.searchable_text_in, OUTPUT = vault.searchable_text_out,
    RECEIVE = vault.searchable_text_recv, SEND = vault.searchable_text_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.searchable_text IS 'A text, sealed, with a blind index to find it by: vault.searchable(text), vault.decrypt(...)';
COMMENT ON FUNCTION vault.searchable_text_in(cstring) IS 'Input: the text form of a sealed value, nothing else';
COMMENT ON FUNCTION vault.searchable_text_out(vault.searchable_text) IS 'Output: the text form of the sealed value';
COMMENT ON FUNCTION vault.searchable_text_recv(internal) IS 'Binary input: a sealed value';
COMMENT ON FUNCTION vault.searchable_text_send(vault.searchable_text) IS 'Binary output: the sealed value';

CREATE FUNCTION vault.searchable_text_lt(vault.searchable_text, vault.searchable_text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_lt_wrapper';
CREATE FUNCTION vault.searchable_text_le(vault.searchable_text, vault.searchable_text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_le_wrapper';
CREATE FUNCTION vault.searchable_text_eq(vault.searchable_text, vault.searchable_text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_eq_wrapper';
CREATE FUNCTION vault.searchable_text_ne(vault.searchable_text, vault.searchable_text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_ne_wrapper';
CREATE FUNCTION vault.searchable_text_ge(vault.searchable_text, vault.searchable_text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_ge_wrapper';
CREATE FUNCTION vault.searchable_text_gt(vault.searchable_text, vault.searchable_text) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_gt_wrapper';
CREATE FUNCTION vault.searchable_text_cmp(vault.searchable_text, vault.searchable_text) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_cmp_wrapper';
CREATE FUNCTION vault.searchable_text_hash(vault.searchable_text) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_hash_wrapper';
CREATE FUNCTION vault.searchable_text_hash_extended(vault.searchable_text, bigint) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_hash_extended_wrapper';
-- These comments say little, but the rule that every function has one then needs no exception.
COMMENT ON FUNCTION vault.searchable_text_lt(vault.searchable_text, vault.searchable_text) IS 'Implements <';
COMMENT ON FUNCTION vault.searchable_text_le(vault.searchable_text, vault.searchable_text) IS 'Implements <=';
COMMENT ON FUNCTION vault.searchable_text_eq(vault.searchable_text, vault.searchable_text) IS 'Implements =';
COMMENT ON FUNCTION vault.searchable_text_ne(vault.searchable_text, vault.searchable_text) IS 'Implements <>';
COMMENT ON FUNCTION vault.searchable_text_ge(vault.searchable_text, vault.searchable_text) IS 'Implements >=';
COMMENT ON FUNCTION vault.searchable_text_gt(vault.searchable_text, vault.searchable_text) IS 'Implements >';
COMMENT ON FUNCTION vault.searchable_text_cmp(vault.searchable_text, vault.searchable_text) IS 'Orders two values by their index parts, for B-trees';
COMMENT ON FUNCTION vault.searchable_text_hash(vault.searchable_text) IS 'Hash of the index part';
COMMENT ON FUNCTION vault.searchable_text_hash_extended(vault.searchable_text, bigint) IS 'Hash of the index part, with a seed';

CREATE OPERATOR pg_catalog.< (
    LEFTARG = vault.searchable_text, RIGHTARG = vault.searchable_text, FUNCTION = vault.searchable_text_lt,
    COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR pg_catalog.<= (
    LEFTARG = vault.searchable_text, RIGHTARG = vault.searchable_text, FUNCTION = vault.searchable_text_le,
    COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR pg_catalog.= (
    LEFTARG = vault.searchable_text, RIGHTARG = vault.searchable_text, FUNCTION = vault.searchable_text_eq,
    COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR pg_catalog.<> (
    LEFTARG = vault.searchable_text, RIGHTARG = vault.searchable_text, FUNCTION = vault.searchable_text_ne,
    COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=), RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR pg_catalog.>= (
    LEFTARG = vault.searchable_text, RIGHTARG = vault.searchable_text, FUNCTION = vault.searchable_text_ge,
    COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<), RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR pg_catalog.> (
    LEFTARG = vault.searchable_text, RIGHTARG = vault.searchable_text, FUNCTION = vault.searchable_text_gt,
    COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

COMMENT ON OPERATOR pg_catalog.< (vault.searchable_text, vault.searchable_text) IS 'Before, in the order of the index part, which tells nothing of the plaintext';
COMMENT ON OPERATOR pg_catalog.<= (vault.searchable_text, vault.searchable_text) IS 'Not after, in the order of the index part';
COMMENT ON OPERATOR pg_catalog.= (vault.searchable_text, vault.searchable_text) IS 'The same plaintext, by the index part';
COMMENT ON OPERATOR pg_catalog.<> (vault.searchable_text, vault.searchable_text) IS 'Another plaintext, profile or index key, by the index part';
COMMENT ON OPERATOR pg_catalog.>= (vault.searchable_text, vault.searchable_text) IS 'Not before, in the order of the index part';
COMMENT ON OPERATOR pg_catalog.> (vault.searchable_text, vault.searchable_text) IS 'After, in the order of the index part';

CREATE OPERATOR CLASS vault.searchable_text_ops DEFAULT FOR TYPE vault.searchable_text USING btree AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 1 vault.searchable_text_cmp(vault.searchable_text, vault.searchable_text);
CREATE OPERATOR CLASS vault.searchable_text_ops DEFAULT FOR TYPE vault.searchable_text USING hash AS
    OPERATOR 1 pg_catalog.=, FUNCTION 1 vault.searchable_text_hash(vault.searchable_text),
    FUNCTION 2 vault.searchable_text_hash_extended(vault.searchable_text, bigint);
COMMENT ON OPERATOR CLASS vault.searchable_text_ops USING btree IS 'For UNIQUE, joins, grouping and sorting, by the index part';
COMMENT ON OPERATOR CLASS vault.searchable_text_ops USING hash IS 'For equality and joins, by the index part; its entries are smaller than those of a B-tree';

CREATE TYPE vault.card_number (
    INPUT = vault.card_number_in, OUTPUT = vault.card_number_out,
    RECEIVE = vault.card_number_recv, SEND = vault.card_number_send,
    INTERNALLENGTH = variable, STORAGE = external
);
COMMENT ON TYPE vault.card_number IS 'A card number, sealed, with a blind index to find it by: vault.card_number(text), vault.mask(...), vault.decrypt(...)';
COMMENT ON FUNCTION vault.card_number_in(cstring) IS 'Input: the text form of a sealed value, nothing else';
COMMENT ON FUNCTION vault.card_number_out(vault.card_number) IS 'Output: the text form of the sealed value';
COMMENT ON FUNCTION vault.card_number_recv(internal) IS 'Binary input: a sealed value';
COMMENT ON FUNCTION vault.card_number_send(vault.card_number) IS 'Binary output: the sealed value';

-- PostgreSQL takes name_of_a_type(value) for a cast, here to the input function, which refuses plaintext, unless there is
-- a function for exactly the value's type. So there is one for each type that a number comes in: text, these, and
-- literals without a type. A parameter without a type needs a cast: vault.card_number($1::text).
CREATE FUNCTION vault.card_number(pg_catalog.varchar) RETURNS vault.card_number
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'card_number_of_text_wrapper';
CREATE FUNCTION vault.card_number(pg_catalog.bpchar) RETURNS vault.card_number
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'card_number_of_text_wrapper';
CREATE FUNCTION vault.card_number(pg_catalog.unknown) RETURNS vault.card_number
    LANGUAGE c STABLE STRICT PARALLEL RESTRICTED AS 'MODULE_PATHNAME', 'card_number_of_literal_wrapper';
COMMENT ON FUNCTION vault.card_number(varchar) IS 'Checks and seals a card number; as of a text';
COMMENT ON FUNCTION vault.card_number(bpchar) IS 'Checks and seals a card number; as of a text';
COMMENT ON FUNCTION vault.card_number(unknown) IS 'Checks and seals a card number; as of a text';

CREATE FUNCTION vault.card_number_lt(vault.card_number, vault.card_number) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_lt_wrapper';
CREATE FUNCTION vault.card_number_le(vault.card_number, vault.card_number) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_le_wrapper';
CREATE FUNCTION vault.card_number_eq(vault.card_number, vault.card_number) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_eq_wrapper';
CREATE FUNCTION vault.card_number_ne(vault.card_number, vault.card_number) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_ne_wrapper';
CREATE FUNCTION vault.card_number_ge(vault.card_number, vault.card_number) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_ge_wrapper';
CREATE FUNCTION vault.card_number_gt(vault.card_number, vault.card_number) RETURNS boolean
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_gt_wrapper';
CREATE FUNCTION vault.card_number_cmp(vault.card_number, vault.card_number) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_cmp_wrapper';
CREATE FUNCTION vault.card_number_hash(vault.card_number) RETURNS integer
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_hash_wrapper';
CREATE FUNCTION vault.card_number_hash_extended(vault.card_number, bigint) RETURNS bigint
    LANGUAGE c IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', 'index_part_hash_extended_wrapper';
COMMENT ON FUNCTION vault.card_number_lt(vault.card_number, vault.card_number) IS 'Implements <';
COMMENT ON FUNCTION vault.card_number_le(vault.card_number, vault.card_number) IS 'Implements <=';
COMMENT ON FUNCTION vault.card_number_eq(vault.card_number, vault.card_number) IS 'Implements =';
COMMENT ON FUNCTION vault.card_number_ne(vault.card_number, vault.card_number) IS 'Implements <>';
COMMENT ON FUNCTION vault.card_number_ge(vault.card_number, vault.card_number) IS 'Implements >=';
COMMENT ON FUNCTION vault.card_number_gt(vault.card_number, vault.card_number) IS 'Implements >';
COMMENT ON FUNCTION vault.card_number_cmp(vault.card_number, vault.card_number) IS 'Orders two values by their index parts, for B-trees';
COMMENT ON FUNCTION vault.card_number_hash(vault.card_number) IS 'Hash of the index part';
COMMENT ON FUNCTION vault.card_number_hash_extended(vault.card_number, bigint) IS 'Hash of the index part, with a seed';

CREATE OPERATOR pg_catalog.< (
    LEFTARG = vault.card_number, RIGHTARG = vault.card_number, FUNCTION = vault.card_number_lt,
    COMMUTATOR = OPERATOR(pg_catalog.>), NEGATOR = OPERATOR(pg_catalog.>=), RESTRICT = scalarltsel, JOIN = scalarltjoinsel
);
CREATE OPERATOR pg_catalog.<= (
    LEFTARG = vault.card_number, RIGHTARG = vault.card_number, FUNCTION = vault.card_number_le,
    COMMUTATOR = OPERATOR(pg_catalog.>=), NEGATOR = OPERATOR(pg_catalog.>), RESTRICT = scalarlesel, JOIN = scalarlejoinsel
);
CREATE OPERATOR pg_catalog.= (
    LEFTARG = vault.card_number, RIGHTARG = vault.card_number, FUNCTION = vault.card_number_eq,
    COMMUTATOR = OPERATOR(pg_catalog.=), NEGATOR = OPERATOR(pg_catalog.<>), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES
);
CREATE OPERATOR pg_catalog.<> (
    LEFTARG = vault.card_number, RIGHTARG = vault.card_number, FUNCTION = vault.card_number_ne,
    COMMUTATOR = OPERATOR(pg_catalog.<>), NEGATOR = OPERATOR(pg_catalog.=), RESTRICT = neqsel, JOIN = neqjoinsel
);
CREATE OPERATOR pg_catalog.>= (
    LEFTARG = vault.card_number, RIGHTARG = vault.card_number, FUNCTION = vault.card_number_ge,
    COMMUTATOR = OPERATOR(pg_catalog.<=), NEGATOR = OPERATOR(pg_catalog.<), RESTRICT = scalargesel, JOIN = scalargejoinsel
);
CREATE OPERATOR pg_catalog.> (
    LEFTARG = vault.card_number, RIGHTARG = vault.card_number, FUNCTION = vault.card_number_gt,
    COMMUTATOR = OPERATOR(pg_catalog.<), NEGATOR = OPERATOR(pg_catalog.<=), RESTRICT = scalargtsel, JOIN = scalargtjoinsel
);

COMMENT ON OPERATOR pg_catalog.< (vault.card_number, vault.card_number) IS 'Before, in the order of the index part, which tells nothing of the plaintext';
COMMENT ON OPERATOR pg_catalog.<= (vault.card_number, vault.card_number) IS 'Not after, in the order of the index part';
COMMENT ON OPERATOR pg_catalog.= (vault.card_number, vault.card_number) IS 'The same plaintext, by the index part';
COMMENT ON OPERATOR pg_catalog.<> (vault.card_number, vault.card_number) IS 'Another plaintext, profile or index key, by the index part';
COMMENT ON OPERATOR pg_catalog.>= (vault.card_number, vault.card_number) IS 'Not before, in the order of the index part';
COMMENT ON OPERATOR pg_catalog.> (vault.card_number, vault.card_number) IS 'After, in the order of the index part';

CREATE OPERATOR CLASS vault.card_number_ops DEFAULT FOR TYPE vault.card_number USING btree AS
    OPERATOR 1 pg_catalog.<, OPERATOR 2 pg_catalog.<=, OPERATOR 3 pg_catalog.=, OPERATOR 4 pg_catalog.>=,
    OPERATOR 5 pg_catalog.>, FUNCTION 1 vault.card_number_cmp(vault.card_number, vault.card_number);
CREATE OPERATOR CLASS vault.card_number_ops DEFAULT FOR TYPE vault.card_number USING hash AS
    OPERATOR 1 pg_catalog.=, FUNCTION 1 vault.card_number_hash(vault.card_number),
    FUNCTION 2 vault.card_number_hash_extended(vault.card_number, bigint);
COMMENT ON OPERATOR CLASS vault.card_number_ops USING btree IS 'For UNIQUE, joins, grouping and sorting, by the index part';
COMMENT ON OPERATOR CLASS vault.card_number_ops USING hash IS 'For equality and joins, by the index part; its entries are smaller than those of a B-tree';
