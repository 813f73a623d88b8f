#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    use super::super::{Tenant, failure, plan, text};

    const DID_NOT_OPEN: &str =
        "XX001\nencrypted value is damaged, or belongs to another profile, row, column or key";

    /// A table `people` with a unique e-mail: `guest1@example.com` to `guest100@example.com`.
    fn people() {
        Tenant::authenticated();
        Spi::run(
            "CREATE TEMP TABLE people (id integer PRIMARY KEY, email vault.searchable_text UNIQUE);
             INSERT INTO people SELECT n, vault.searchable('guest' || n || '@example.com') FROM generate_series(1, 100) n;
             ANALYZE people",
        )
        .unwrap();
    }

    fn settings(settings: &[&str]) {
        for setting in settings {
            Spi::run(&format!("SET LOCAL {setting}")).unwrap();
        }
    }

    #[pg_test]
    fn a_searchable_text_comes_back() {
        Tenant::authenticated();
        assert_eq!(
            text("SELECT vault.decrypt(vault.searchable('Grüße'))", &[]),
            "Grüße"
        );
        assert_eq!(
            text(
                "SELECT vault.decrypt(vault.searchable('', 'row 1'), 'row 1') || '.'",
                &[]
            ),
            "."
        );
    }

    #[pg_test]
    fn a_text_opens_in_its_context_alone_and_is_found_from_any() {
        Tenant::authenticated();
        assert_eq!(
            failure("SELECT vault.decrypt(vault.searchable('secret', 'row 1'), 'row 2')"),
            DID_NOT_OPEN
        );
        assert_eq!(
            text(
                "SELECT (vault.searchable('secret', 'row 1') = vault.searchable('secret'))::text",
                &[]
            ),
            "true"
        );
    }

    #[pg_test]
    fn equal_texts_are_equal_under_different_ciphertexts() {
        Tenant::authenticated();
        let compared = text(
            "SELECT concat_ws(' ', a = b, a <> b, a < b, a <= b, a >= b, a > b, a = c, a <> c, a::text = b::text)
             FROM (SELECT vault.searchable('a') a, vault.searchable('a') b, vault.searchable('A') c OFFSET 0) v",
            &[],
        );
        assert_eq!(compared, "t f f t t f f t f");
    }

    #[pg_test]
    fn the_operators_are_found_without_a_search_path_and_by_every_construct() {
        people();
        settings(&["search_path = ''"]);
        assert_eq!(
            text(
                "SELECT concat_ws(' ',
                     (SELECT id FROM pg_temp.people WHERE email = vault.searchable('guest7@example.com')),
                     (SELECT count(*) FROM pg_temp.people
                      WHERE email IN (vault.searchable('guest7@example.com'), vault.searchable('guest8@example.com'))),
                     (SELECT count(*) FROM pg_temp.people
                      WHERE email IS DISTINCT FROM vault.searchable('guest7@example.com')),
                     (SELECT count(*) FROM pg_temp.people
                      WHERE NULLIF(email, vault.searchable('guest7@example.com')) IS NULL))",
                &[]
            ),
            "7 2 99 1"
        );
    }

    #[pg_test]
    fn a_duplicate_is_refused_and_the_error_shows_ciphertext_alone() {
        people();
        let failure =
            failure("INSERT INTO people VALUES (101, vault.searchable('guest7@example.com'))");
        assert!(failure.starts_with("23505\n"), "{failure}");
        assert!(failure.contains("Key (email)=(vault:s1:"), "{failure}");
        assert!(!failure.contains("guest7"), "{failure}");
    }

    #[pg_test]
    fn a_look_up_uses_a_b_tree_or_a_hash_index() {
        people();
        settings(&["enable_seqscan = off", "enable_bitmapscan = off"]);
        let look_up = "SELECT id FROM people WHERE email = vault.searchable('guest42@example.com')";
        for (index, definition) in [
            ("people_email_key", "SELECT"),
            (
                "people_email_hash",
                "ALTER TABLE people DROP CONSTRAINT people_email_key;
                 CREATE INDEX people_email_hash ON people USING hash (email)",
            ),
        ] {
            Spi::run(definition).unwrap();
            let plan = plan(look_up);
            assert!(plan.contains("\"Index Scan\""), "{plan}");
            assert!(plan.contains(index), "{plan}");
            assert!(plan.contains("Index Cond"), "{plan}");
            assert_eq!(text(&format!("SELECT ({look_up})::text"), &[]), "42");
        }
    }

    #[pg_test]
    fn every_kind_of_join_finds_the_same_rows() {
        people();
        Spi::run(
            "CREATE TEMP TABLE orders AS
                 SELECT n, vault.searchable('guest' || n % 10 || '@example.com') email FROM generate_series(0, 49) n;
             ANALYZE orders",
        )
        .unwrap();
        for (allowed, node) in [
            ("hashjoin", "\"Hash Join\""),
            ("mergejoin", "\"Merge Join\""),
            ("nestloop", "\"Nested Loop\""),
        ] {
            for join in ["hashjoin", "mergejoin", "nestloop"] {
                let state = if join == allowed { "on" } else { "off" };
                settings(&[&format!("enable_{join} = {state}")]);
            }
            let join = "SELECT count(*)::text FROM orders JOIN people USING (email)";
            let plan = plan(join);
            assert!(plan.contains(node), "{plan}");
            assert_eq!(text(join, &[]), "45", "{allowed}");
        }
    }

    #[pg_test]
    fn values_are_grouped_sorted_and_counted_by_their_index() {
        Tenant::authenticated();
        Spi::run(
            "CREATE TEMP TABLE t AS SELECT vault.searchable('v' || n % 3) v FROM generate_series(1, 30) n",
        )
        .unwrap();
        for hashed in ["on", "off"] {
            settings(&[&format!("enable_hashagg = {hashed}")]);
            assert_eq!(
                text(
                    "SELECT concat_ws(' ',
                         (SELECT string_agg(c::text, ',') FROM (SELECT count(*) c FROM t GROUP BY v) g),
                         (SELECT count(*) FROM (SELECT DISTINCT v FROM t) d),
                         (SELECT count(DISTINCT v) FROM t),
                         (SELECT count(*) FROM (SELECT v FROM t UNION SELECT v FROM t) u))",
                    &[]
                ),
                "10,10,10 3 3 3",
                "enable_hashagg = {hashed}"
            );
        }
        // Sorted, equal values stand together.
        assert_eq!(
            text(
                "SELECT count(*)::text FROM
                     (SELECT vault.decrypt(v) v, lag(vault.decrypt(v)) OVER (ORDER BY v) before FROM t) s
                 WHERE v IS DISTINCT FROM before",
                &[]
            ),
            "3"
        );
    }

    #[pg_test]
    fn a_table_is_partitioned_by_the_hash_of_the_index() {
        Tenant::authenticated();
        Spi::run(
            "CREATE TEMP TABLE p (v vault.searchable_text) PARTITION BY HASH (v);
             CREATE TEMP TABLE p0 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 0);
             CREATE TEMP TABLE p1 PARTITION OF p FOR VALUES WITH (MODULUS 2, REMAINDER 1);
             INSERT INTO p SELECT vault.searchable('v' || n % 50) FROM generate_series(1, 100) n",
        )
        .unwrap();
        assert_eq!(
            text(
                "SELECT concat_ws(' ', (SELECT count(*) FROM p WHERE v = vault.searchable('v7')),
                                       (SELECT count(*) FROM p0 JOIN p1 USING (v)),
                                       (SELECT count(*) > 0 FROM p0), (SELECT count(*) > 0 FROM p1))",
                &[]
            ),
            "2 0 t t"
        );
    }

    #[pg_test]
    fn hashes_are_equal_for_equal_texts_and_agree_for_the_seed_0() {
        Tenant::authenticated();
        assert_eq!(
            text(
                "WITH v AS (SELECT vault.searchable('a') AS a, vault.searchable('a') AS same, vault.searchable('b') AS b)
                 SELECT concat_ws(' ',
                     vault.searchable_text_hash(a) = vault.searchable_text_hash(same),
                     vault.searchable_text_hash(a) = vault.searchable_text_hash(b),
                     vault.searchable_text_hash(a) = vault.searchable_text_hash_extended(a, 0)::bit(32)::integer,
                     vault.searchable_text_hash_extended(a, 1) = vault.searchable_text_hash_extended(same, 1),
                     vault.searchable_text_hash_extended(a, 1) = vault.searchable_text_hash_extended(a, 2)) FROM v",
                &[]
            ),
            "t f t t f"
        );
    }

    #[pg_test]
    fn arrays_and_nulls_work() {
        Tenant::authenticated();
        assert_eq!(
            text(
                "SELECT concat_ws(' ', vault.searchable('b') = ANY (tags), tags = ARRAY[vault.searchable('a'),
                                       vault.searchable('b')], tags @> ARRAY[vault.searchable('a')],
                                       tags && ARRAY[vault.searchable('c')],
                                       tags::text::vault.searchable_text[] = tags, vault.decrypt(tags[2]))
                 FROM (SELECT ARRAY[vault.searchable('a'), vault.searchable('b')] tags OFFSET 0) t",
                &[]
            ),
            "t t t f t b"
        );
        assert_eq!(
            text(
                "SELECT concat_ws(' ', vault.searchable(NULL) IS NULL, vault.decrypt(NULL::vault.searchable_text) IS NULL,
                                       (vault.searchable('a') = NULL) IS NULL,
                                       (ARRAY[vault.searchable('a'), NULL])[2] IS NULL)",
                &[]
            ),
            "t t t t"
        );
    }

    #[pg_test]
    fn values_stored_out_of_line_are_compared_too() {
        Tenant::authenticated();
        Spi::run(
            "CREATE TEMP TABLE t AS SELECT n, vault.searchable(repeat(n::text, 100000)) v FROM generate_series(1, 3) n;
             CREATE INDEX ON t USING hash (v);
             SET LOCAL enable_seqscan = off",
        )
        .unwrap();
        assert_eq!(
            text(
                "SELECT n::text FROM t WHERE v = vault.searchable(repeat('2', 100000))",
                &[]
            ),
            "2"
        );
        assert_eq!(
            text("SELECT count(*)::text FROM t a JOIN t b USING (v)", &[]),
            "3"
        );
    }

    #[pg_test]
    fn a_value_of_another_profile_neither_opens_nor_is_equal() {
        Tenant::authenticated();
        let foreign = text("SELECT vault.searchable('secret')::text", &[]);
        Tenant::authenticated();
        assert_eq!(
            text(
                "SELECT ($1::text::vault.searchable_text = vault.searchable('secret'))::text",
                &[&foreign]
            ),
            "false"
        );
        assert_eq!(
            failure(&format!(
                "SELECT vault.decrypt('{foreign}'::vault.searchable_text)"
            )),
            "XX001\nthe value is sealed under a key that this profile does not have"
        );
    }

    #[pg_test]
    fn an_index_on_another_envelope_is_found_but_does_not_open() {
        Tenant::authenticated();
        let spliced = text(
            "SELECT split_part(vault.searchable('a')::text, ':vault:', 1) || ':vault:'
                 || split_part(vault.searchable('b')::text, ':vault:', 2)",
            &[],
        );
        assert_eq!(
            text(
                "SELECT ($1::text::vault.searchable_text = vault.searchable('a'))::text",
                &[&spliced]
            ),
            "true"
        );
        assert_eq!(
            failure(&format!(
                "SELECT vault.decrypt('{spliced}'::vault.searchable_text)"
            )),
            DID_NOT_OPEN
        );
    }

    #[pg_test]
    fn input_says_what_is_wrong_with_a_text_and_repeats_nothing_of_it() {
        Tenant::authenticated();
        let value = text("SELECT vault.searchable('secret')::text", &[]);
        let plain = text("SELECT vault.encrypt('secret')::text", &[]);
        let number = text("SELECT vault.card_number('4111111145551142')::text", &[]);
        for (input, message) in [
            ("secret".to_owned(), "not an encrypted value"),
            (String::new(), "not an encrypted value"),
            (format!("{value} "), "not an encrypted value"),
            (
                value.replace(":s1:", ":s2:"),
                "encrypted value of an unknown version",
            ),
            (
                value.replace("vault:1:", "vault:2:"),
                "encrypted value of an unknown version",
            ),
            (plain, "encrypted value of another type"),
            (number, "encrypted value of another type"),
            (
                value.split_once(":vault").unwrap().0.to_owned(),
                "encrypted value is truncated",
            ),
        ] {
            assert_eq!(
                failure(&format!("SELECT '{input}'::vault.searchable_text")),
                format!("22P02\n{message}"),
                "{input}"
            );
        }
    }

    #[pg_test]
    fn copy_moves_ciphertext_in_both_formats() {
        people();
        let file = std::env::temp_dir().join(format!("vault-copy-{}", std::process::id()));
        let path = file.to_str().unwrap();
        for format in ["text", "binary"] {
            Spi::run(&format!("COPY people TO '{path}' (FORMAT {format})")).unwrap();
            let copied = std::fs::read(&file).unwrap();
            assert!(!copied.windows(5).any(|part| part == b"guest"));
            if format == "text" {
                assert!(copied.starts_with(b"1\tvault:s1:"));
            }
            Spi::run(&format!(
                "CREATE TEMP TABLE copied_{format} (LIKE people);
                 COPY copied_{format} FROM '{path}' (FORMAT {format})"
            ))
            .unwrap();
            std::fs::remove_file(&file).unwrap();
            assert_eq!(
                text(
                    &format!(
                        "SELECT count(*)::text FROM people JOIN copied_{format} c USING (id, email)
                         WHERE vault.decrypt(c.email) = 'guest' || id || '@example.com'"
                    ),
                    &[]
                ),
                "100",
                "{format}"
            );
        }
    }

    /// What a binary COPY of one value into a column of the type fails with.
    fn binary_failure(value: &[u8]) -> String {
        let length = i32::try_from(value.len()).unwrap().to_be_bytes();
        let copied = [
            b"PGCOPY\n\xff\r\n\0".as_slice(),
            &[0; 8],
            &1_i16.to_be_bytes(),
            &length,
            value,
            &(-1_i16).to_be_bytes(),
        ]
        .concat();
        let file = std::env::temp_dir().join(format!("vault-binary-{}", std::process::id()));
        std::fs::write(&file, copied).unwrap();
        let failure = failure(&format!(
            "COPY received FROM '{}' (FORMAT binary)",
            file.to_str().unwrap()
        ));
        std::fs::remove_file(&file).unwrap();
        failure
    }

    #[pg_test]
    fn receive_says_what_is_wrong_with_bytes() {
        Tenant::authenticated();
        Spi::run("CREATE TEMP TABLE received (v vault.searchable_text)").unwrap();
        let bytes = |statement| Spi::get_one::<Vec<u8>>(statement).unwrap().unwrap();
        let value = bytes("SELECT vault.searchable_text_send(vault.searchable('secret'))");
        let plain = bytes("SELECT vault.encrypted_text_send(vault.encrypt(repeat('secret', 10)))");
        assert_eq!(binary_failure(&value), "none");
        let future = [&[value[0] + 1], &value[1..]].concat();
        let future_envelope = [&value[..37], &[2], &value[38..]].concat();
        for (bytes, message) in [
            (&[][..], "encrypted value is truncated"),
            (&value[..40], "encrypted value is truncated"),
            (&plain, "encrypted value of another type"),
            (b"secret", "encrypted value of another type"),
            (&future, "encrypted value of an unknown version"),
            (&future_envelope, "encrypted value of an unknown version"),
        ] {
            assert_eq!(binary_failure(bytes), format!("22P02\n{message}"));
        }
    }

    #[pg_test]
    fn nothing_is_made_without_a_profile() {
        assert_eq!(
            failure("SELECT vault.searchable('secret')"),
            "28000\nAPI key not provided or invalid API key used"
        );
    }
}
