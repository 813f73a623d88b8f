-- Comparison of the searchable types, the same for each: of a value it reads the index part alone, so it needs no key.
--
-- The operators stand in pg_catalog, where every session finds them: operators are looked up by search_path, and IN,
-- NULLIF and IS DISTINCT FROM cannot name a schema. They take the vault's own types, so no other query means anything new.
-- Equal values have different bytes, so there is no equalimage function: a B-tree must not store one for the other.

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
