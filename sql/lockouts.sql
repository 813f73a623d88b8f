-- Failed authentications are counted in shared memory, for all databases of the server together.
COMMENT ON FUNCTION vault.counted_failures(text) IS 'What the view vault.lockouts shows';
CREATE VIEW vault.lockouts AS
SELECT f.kind, w.way, NULLIF(f.prefix, '') AS prefix, NULLIF(f.source, '') AS source, f.failures, f.locked_until
FROM (VALUES ('sql'), ('http')) w (way), vault.counted_failures(w.way) f;
COMMENT ON VIEW vault.lockouts IS 'Failed authentications that are counted at the moment, by SQL and over HTTP, of each kind: pair (a key''s prefix and the address or role that tried it), prefix (from anywhere), address or role (with any key). What has locked_until is locked. IPv6 addresses are counted by their /64';
