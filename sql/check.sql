-- vault.check(): what is wrong with the settings, the roles and rights, the objects and the state of this vault. Each function here
-- finds one kind of thing, and the last one puts all together. A finding has a name that stays the same from release to release.

-- What a setting must be, for the server and for each role and database. A value is fit if it matches the pattern. Settings of an
-- extension that is not loaded are not there, so they are no findings.
CREATE FUNCTION vault.setting_findings(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH rule (name, fit, finding, severity, message, remedy) AS (VALUES
        ('log_parameter_max_length', '^0', 'parameters_logged', 'critical', 'bind parameters can reach the server log', '0'),
        ('log_parameter_max_length_on_error', '^0', 'parameters_logged', 'critical', 'bind parameters of failed statements can reach the server log', '0'),
        ('pgaudit.log_parameter', '^(off|false|no|0)$', 'parameters_logged', 'critical', 'bind parameters can reach the server log', 'off'),
        ('auto_explain.log_parameter_max_length', '^0', 'parameters_logged', 'critical', 'bind parameters can reach the server log', '0'),
        ('debug_print_parse', '^(off|false|no|0)$', 'statements_logged', 'critical', 'trees of statements with their literals reach the server log', 'off'),
        ('debug_print_rewritten', '^(off|false|no|0)$', 'statements_logged', 'critical', 'trees of statements with their literals reach the server log', 'off'),
        ('debug_print_plan', '^(off|false|no|0)$', 'statements_logged', 'critical', 'plans with their literals reach the server log', 'off'),
        ('log_statement', '^none$', 'statements_logged', 'warning', 'the texts of statements reach the server log, and literals with them', 'none'),
        ('log_min_duration_statement', '^-1$', 'statements_logged', 'warning', 'the texts of slow statements reach the server log, and literals with them', '-1'),
        ('log_min_duration_sample', '^-1$', 'statements_logged', 'warning', 'the texts of some statements reach the server log, and literals with them', '-1'),
        ('log_transaction_sample_rate', '^0(\.0*)?$', 'statements_logged', 'warning', 'the texts of some statements reach the server log, and literals with them', '0'),
        ('log_min_error_statement', '^panic$', 'statements_logged', 'warning', 'the texts of failed statements reach the server log, and literals with them', 'panic'),
        ('log_error_verbosity', '^terse$', 'statements_logged', 'warning', 'details of errors reach the server log, and quote rows', 'terse'),
        ('auto_explain.log_min_duration', '^-1$', 'statements_logged', 'warning', 'plans with their literals reach the server log', '-1'),
        ('pgaudit.log', '^(none)?$', 'statements_logged', 'warning', 'the texts of statements reach the server log, and literals with them', 'none'),
        ('pg_stat_statements.track_utility', '^(off|false|no|0)$', 'statements_kept', 'warning', 'pg_stat_statements keeps the texts of utility statements with their literals', 'off'),
        ('pg_qualstats.enabled', '^(off|false|no|0)$', 'statements_kept', 'warning', 'pg_qualstats keeps the constants of conditions', 'off'),
        ('pg_stat_monitor.pgsm_normalized_query', '^(on|true|yes|1)$', 'statements_kept', 'warning', 'pg_stat_monitor keeps the texts of statements with their literals', 'on'),
        ('fsync', '^(on|true|yes|1)$', 'not_durable', 'critical', 'a loss of power can destroy the database', 'on'),
        ('full_page_writes', '^(on|true|yes|1)$', 'not_durable', 'critical', 'a loss of power can destroy pages', 'on'),
        ('synchronous_commit', '^(on|local|remote_write|remote_apply|true|yes|1)$', 'not_durable', 'warning', 'a loss of power can lose changes that the vault has confirmed', 'on'),
        ('ignore_checksum_failure', '^(off|false|no|0)$', 'damage_unnoticed', 'warning', 'damaged pages are read as if they were sound', 'off'),
        ('zero_damaged_pages', '^(off|false|no|0)$', 'damage_unnoticed', 'warning', 'damaged pages are emptied', 'off'),
        ('password_encryption', '^scram-sha-256$', 'weak_passwords', 'warning', 'passwords are stored as hashes that are easy to break', 'scram-sha-256')
    ), place (name, value, object, command) AS (
        -- The session that asks may have a value of its own, and then this is not the server's.
        SELECT s.name, CASE WHEN s.source IN ('session', 'client') THEN s.reset_val ELSE s.setting END, s.name, 'ALTER SYSTEM SET '
        FROM pg_settings s WHERE s.source NOT IN ('global', 'user', 'database', 'database user')
        UNION ALL
        -- Superusers who have their own sessions logged are no applications.
        SELECT split_part(c.setting, '=', 1), substr(c.setting, strpos(c.setting, '=') + 1),
               concat_ws(' ', split_part(c.setting, '=', 1), CASE s.setrole WHEN 0 THEN 'of all roles' ELSE 'of role ' || quote_ident(r.rolname) END, 'in database ' || quote_ident(d.datname)),
               concat_ws(' ', 'ALTER ROLE', COALESCE(quote_ident(r.rolname), 'ALL'), 'IN DATABASE ' || quote_ident(d.datname), 'SET ')
        FROM pg_db_role_setting s
        CROSS JOIN LATERAL unnest(s.setconfig) c (setting)
        LEFT JOIN pg_roles r ON r.oid = s.setrole
        LEFT JOIN pg_database d ON d.oid = s.setdatabase
        WHERE (s.setdatabase = 0 OR d.datname = current_database()) AND NOT COALESCE(r.rolsuper, false)
    )
    SELECT r.finding, r.severity, p.object, r.message, format('%s%s = %L', p.command, r.name, r.remedy)
    FROM rule r JOIN place p ON p.name = r.name
    WHERE lower(p.value) !~ r.fit
    UNION ALL
    SELECT 'damage_unnoticed', 'warning', s.name, 'damage of the storage is not noticed, because pages have no checksums',
           'Stop the server, and run pg_checksums --enable.'
    FROM pg_settings s WHERE s.name = 'data_checksums' AND s.setting = 'off'
    UNION ALL
    SELECT 'network_in_clear', 'critical', s.name, 'card data cross the network in clear, because the server listens there without TLS',
           'Set ssl = on with a certificate, or listen_addresses to loopback addresses.'
    FROM pg_settings s
    WHERE s.name = 'listen_addresses' AND current_setting('ssl') = 'off'
      AND EXISTS (SELECT FROM regexp_split_to_table(s.setting, '\s*,\s*') a (address)
                  WHERE trim(a.address) !~ '^(|localhost|127(\.\d+){3}|::1)$')
$$;
COMMENT ON FUNCTION vault.setting_findings() IS 'Internal: the part of vault.check() about settings';

-- Roles that are past the vault's isolation, and rights that the installation did not give.
CREATE FUNCTION vault.right_findings(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    -- The first superuser has the oid 10. Lower oids than 16384 are PostgreSQL's own roles.
    WITH role AS (
        SELECT r.*, r.rolname::text AS name, quote_ident(r.rolname) AS quoted FROM pg_roles r
        WHERE r.oid >= 16384 AND r.rolname NOT IN ('vault_operator', 'vault_worker', 'vault_node', 'vault_api', 'vault_authenticator')
    ), object (classid, objid, objsubid, kind, name, columns, acl, owner) AS (
        SELECT 'pg_proc'::regclass, p.oid, 0, 'ROUTINE', p.oid::regprocedure::text, '', COALESCE(p.proacl, acldefault('f', p.proowner)), p.proowner
        FROM pg_proc p WHERE p.pronamespace IN ('vault'::regnamespace, 'vault_api'::regnamespace)
        UNION ALL
        SELECT 'pg_class'::regclass, c.oid, 0, 'TABLE', c.oid::regclass::text, '', c.relacl, c.relowner
        FROM pg_class c WHERE c.relnamespace IN ('vault'::regnamespace, 'vault_api'::regnamespace) AND c.relkind IN ('r', 'p', 'v', 'm')
        UNION ALL
        SELECT 'pg_class'::regclass, c.oid, a.attnum, 'TABLE', c.oid::regclass::text, format(' (%I)', a.attname), a.attacl, c.relowner
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = 'vault'::regnamespace AND a.attacl IS NOT NULL
        UNION ALL
        SELECT 'pg_namespace'::regclass, n.oid, 0, 'SCHEMA', n.nspname::text, '', n.nspacl, n.nspowner
        FROM pg_namespace n WHERE n.nspname IN ('vault', 'vault_api')
    ), added AS (
        SELECT o.kind, o.name, o.columns, a.grantee, a.privilege_type,
               CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE a.grantee::regrole::text END AS grantee_name
        FROM object o CROSS JOIN LATERAL aclexplode(o.acl) a
        WHERE a.grantee <> o.owner
          -- Objects of others are a finding of their own.
          AND (o.kind = 'SCHEMA' OR EXISTS (SELECT FROM pg_depend e WHERE e.classid = o.classid AND e.objid = o.objid AND e.deptype = 'e')
               OR EXISTS (SELECT FROM pg_inherits m WHERE m.inhrelid = o.objid AND m.inhparent = 'vault.audit_log'::regclass))
          AND NOT EXISTS (
            SELECT FROM pg_init_privs i CROSS JOIN LATERAL aclexplode(i.initprivs) b
            WHERE i.classoid = o.classid AND i.objoid = o.objid AND i.objsubid = o.objsubid
              AND b.grantee = a.grantee AND b.privilege_type = a.privilege_type)
    )
    SELECT 'own_role_unsafe', 'critical', f.role_name, format('the role %s %s', f.role_name, f.finding), f.remedy
    FROM vault.role_findings() f
    UNION ALL
    SELECT 'further_superuser', 'warning', r.name, 'the role is a superuser, who is past everything that the vault does',
           format('If nobody needs that: ALTER ROLE %s NOSUPERUSER', r.quoted)
    FROM role r WHERE r.rolsuper
    UNION ALL
    SELECT 'role_bypasses_policies', 'critical', r.name, 'no policy binds the role, so it may reach the rows of every profile',
           format('ALTER ROLE %s NOBYPASSRLS', r.quoted)
    FROM role r WHERE r.rolbypassrls AND NOT r.rolsuper
    UNION ALL
    SELECT 'role_makes_roles', 'critical', r.name, 'the role may be able to make itself a member of the vault''s roles',
           format('ALTER ROLE %s NOCREATEROLE', r.quoted)
    FROM role r WHERE r.rolcreaterole AND NOT r.rolsuper
    UNION ALL
    SELECT g.finding, g.severity, r.name, format('as a member of %s, the role %s', g.name, g.message), format('REVOKE %s FROM %s', g.name, r.quoted)
    FROM role r, (VALUES
        ('pg_write_all_data', 'role_writes_tables', 'critical', 'may write to all tables of the vault'),
        ('pg_read_all_data', 'role_reads_tables', 'warning', 'reads merchants, hashes of API keys, and the ciphertext of applications'),
        ('pg_read_server_files', 'role_uses_server', 'critical', 'reads files as the server does, and perhaps the root key'),
        ('pg_write_server_files', 'role_uses_server', 'critical', 'writes files as the server does'),
        ('pg_execute_server_program', 'role_uses_server', 'critical', 'runs programs as the server does, and can run the root key command')
    ) g (name, finding, severity, message)
    WHERE NOT r.rolsuper AND pg_has_role(r.oid, g.name, 'MEMBER')
    UNION ALL
    SELECT CASE a.grantee WHEN 0 THEN 'right_of_public' ELSE 'right_added' END, CASE a.grantee WHEN 0 THEN 'critical' ELSE 'warning' END,
           a.name || a.columns, format('%s has the right %s, which the installation did not give', a.grantee_name, a.privilege_type),
           format('REVOKE %s%s ON %s %s FROM %s', a.privilege_type, a.columns, a.kind, a.name, a.grantee_name)
    FROM added a
    UNION ALL
    SELECT 'api_role_has_more', 'critical', pg_describe_object(d.classid, d.objid, d.objsubid),
           format('%s %s it, although the role needs the functions of vault_api alone', d.refobjid::regrole,
                  CASE d.deptype WHEN 'o' THEN 'owns' ELSE 'has rights on' END),
           CASE d.deptype WHEN 'o' THEN 'Give it another owner.' ELSE format('REVOKE the rights of %s on it.', d.refobjid::regrole) END
    FROM pg_shdepend d
    WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid IN (to_regrole('vault_api'), to_regrole('vault_authenticator'))
      AND d.deptype IN ('o', 'a') AND d.dbid = (SELECT b.oid FROM pg_database b WHERE b.datname = current_database())
      AND NOT (d.deptype = 'a' AND (d.classid, d.objid) IN (SELECT o.classid, o.objid FROM object o))
$$;
COMMENT ON FUNCTION vault.right_findings() IS 'Internal: the part of vault.check() about roles and rights';

-- A function by itself, because Citus would plan a statement with catalogues and a table that all nodes share.
CREATE FUNCTION vault.has_merchants() RETURNS boolean
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM vault.merchants m WHERE m.created_at < now() - INTERVAL '10 seconds')
$$;
COMMENT ON FUNCTION vault.has_merchants() IS 'Internal: whether the vault has been in use for some seconds';

-- Objects of the vault that are not as they were installed, objects of others among them, and tables that the vault cannot read.
CREATE FUNCTION vault.object_findings(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
RETURNS SETOF record LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT 'policies_off', 'critical', c.oid::regclass::text, 'the policies of the table do not bind everybody',
           format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', c.oid::regclass)
    FROM pg_class c
    WHERE c.relnamespace = 'vault'::regnamespace AND c.relkind IN ('r', 'p') AND NOT (c.relrowsecurity AND c.relforcerowsecurity)
      AND (EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
           OR EXISTS (SELECT FROM pg_inherits m WHERE m.inhrelid = c.oid AND m.inhparent = 'vault.audit_log'::regclass))
    UNION ALL
    SELECT 'policies_off', 'critical', s.shard::text, 'the policies of the table do not bind everybody',
           format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', s.shard)
    FROM vault.shards() s WHERE s.is_unprotected
    UNION ALL
    SELECT 'citus_open', 'critical', f.function::text, 'everybody may execute the function of Citus, by which the nodes of the vault can be changed or reached',
           'Call vault.distribute() on the coordinator.'
    FROM vault.open_functions_of_citus() f WHERE EXISTS (SELECT FROM vault.shards())
    UNION ALL
    SELECT 'function_changed', 'critical', p.oid::regprocedure::text, 'the function runs with other rights, or on another search_path, than it was installed with',
           'Restore the function from the extension''s script.'
    FROM pg_proc p
    WHERE p.pronamespace IN ('vault'::regnamespace, 'vault_api'::regnamespace) AND p.prosecdef
      AND (p.proowner <> 'vault_operator'::regrole OR p.proconfig IS DISTINCT FROM ARRAY['search_path=pg_catalog, pg_temp'])
    UNION ALL
    SELECT 'object_of_others', 'critical', pg_describe_object(d.classid, d.objid, 0), 'somebody has put the object into a schema of the vault',
           'Drop the object, or move it into a schema of its own.'
    FROM pg_depend d
    WHERE d.refclassid = 'pg_namespace'::regclass AND d.refobjid IN ('vault'::regnamespace, 'vault_api'::regnamespace) AND d.deptype = 'n'
      AND d.classid <> 'pg_extension'::regclass
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classid AND e.objid = d.objid AND e.deptype = 'e'
                                               AND e.refclassid = 'pg_extension'::regclass)
      -- The worker makes the partitions of the audit log. Only its owner can attach one.
      AND NOT EXISTS (SELECT FROM pg_inherits i WHERE i.inhrelid = d.objid AND d.classid = 'pg_class'::regclass
                                                  AND i.inhparent = 'vault.audit_log'::regclass)
      AND NOT (d.classid = 'pg_class'::regclass AND d.objid IN (SELECT s.shard FROM vault.shards() s))
    UNION ALL
    SELECT 'object_of_others', 'critical', pg_describe_object('pg_trigger'::regclass, t.oid, 0),
           'somebody has put the trigger on a table of the vault, and its code runs with the vault''s rights',
           format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass)
    FROM pg_trigger t
    WHERE (t.tgrelid IN (SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'vault'::regnamespace)
           OR t.tgrelid IN (SELECT s.shard FROM vault.shards() s))
      AND NOT t.tgisinternal AND t.tgfoid <> 'vault.tell_of_change'::regproc
    UNION ALL
    SELECT 'audit_month_missing', 'warning', 'vault.audit_log', 'the audit log has no partition for this month, so its rows lie in vault.audit_log_default and are not dropped',
           'The server''s log says why the vault worker cannot make the partition.'
    -- The worker makes it within seconds of the first merchant.
    WHERE vault.has_merchants()
      AND NOT EXISTS (SELECT FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
                      WHERE i.inhparent = 'vault.audit_log'::regclass AND c.relname = 'audit_log_' || to_char(now() AT TIME ZONE 'UTC', 'YYYY_MM'))
    UNION ALL
    SELECT DISTINCT 'table_out_of_reach', 'warning', c.relation::text, 'key management cannot read the table, so no key that it may need can be destroyed',
           CASE c.out_of_reach WHEN 'policies' THEN format('ALTER TABLE %s NO FORCE ROW LEVEL SECURITY, until the keys are changed', c.relation)
                               ELSE format('GRANT its owner %s the privileges on the table and its schema.', c.owner) END
    FROM vault.application_columns c WHERE c.out_of_reach IS NOT NULL
    UNION ALL
    SELECT 'collation_changed', 'warning', d.datname::text, 'the operating system sorts texts in another way than when the database was made, so indexes may be wrong',
           format('REINDEX DATABASE %I, then ALTER DATABASE %I REFRESH COLLATION VERSION', d.datname, d.datname)
    FROM pg_database d
    WHERE d.datname = current_database() AND d.datcollversion IS NOT NULL
      AND d.datcollversion IS DISTINCT FROM pg_database_collation_actual_version(d.oid)
$$;
COMMENT ON FUNCTION vault.object_findings() IS 'Internal: the part of vault.check() about objects';

COMMENT ON FUNCTION vault.state_findings() IS 'Internal: the part of vault.check() about keys, rows and background processes';

CREATE FUNCTION vault.check(OUT finding text, OUT severity text, OUT object text, OUT message text, OUT hint text)
RETURNS SETOF record LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT f.* FROM (
        SELECT * FROM vault.state_findings()
        UNION ALL SELECT * FROM vault.setting_findings()
        UNION ALL SELECT * FROM vault.right_findings()
        UNION ALL SELECT * FROM vault.object_findings()
    ) f (finding, severity, object, message, hint)
    ORDER BY f.severity, f.finding, f.object
$$;
COMMENT ON FUNCTION vault.check() IS 'What is wrong with this vault: settings, roles and rights, objects, keys, background processes. Each finding has a severity (critical or warning), an object, and a hint what to do. It should return no rows';
