-- Failed authentications are counted in shared memory, for all databases of the server together.
CREATE VIEW vault.lockouts AS
SELECT f.kind, f.way, f.prefix, f.address, f.role, f.failures, f.locked_until FROM vault.counted_failures() f;
COMMENT ON VIEW vault.lockouts IS 'Failed authentications that are counted at the moment: for a pair of a key''s prefix and an address or role, for a prefix from anywhere, for an address or role with any key; by SQL (way sql) and over HTTP (http). Locked is what has locked_until. IPv6 addresses are counted by their /64';
