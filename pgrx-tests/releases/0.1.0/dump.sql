--
-- PostgreSQL database dump
--

\restrict snW8ed4kkZC8Xue79uesyLenDJw2Pwo7yc7vUHgndJBW1xahGQu6Zt5gf1nX28n

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: shop; Type: SCHEMA; Schema: -; Owner: vault_app
--

CREATE SCHEMA shop;


ALTER SCHEMA shop OWNER TO vault_app;

--
-- Name: vault; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA vault;


ALTER SCHEMA vault OWNER TO postgres;

--
-- Name: SCHEMA vault; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON SCHEMA vault IS 'The vault: operations, encrypted types, keys, profiles and the audit log';


--
-- Name: vault; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS vault WITH SCHEMA vault;


--
-- Name: EXTENSION vault; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION vault IS 'card vault: encrypted columns, customers and payment methods, isolated per profile';


--
-- Name: pg_stat_statements; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS pg_stat_statements WITH SCHEMA public;


--
-- Name: EXTENSION pg_stat_statements; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION pg_stat_statements IS 'track planning and execution statistics of all SQL statements executed';


--
-- Name: note; Type: DOMAIN; Schema: shop; Owner: vault_app
--

CREATE DOMAIN shop.note AS vault.encrypted_text;


ALTER DOMAIN shop.note OWNER TO vault_app;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: people; Type: TABLE; Schema: shop; Owner: vault_app
--

CREATE TABLE shop.people (
    id integer NOT NULL,
    email vault.searchable_text NOT NULL,
    card vault.card_number,
    name vault.encrypted_text DEFAULT vault.encrypt('nobody'::text),
    notes vault.encrypted_json,
    note shop.note,
    earlier vault.card_number[],
    last4 text GENERATED ALWAYS AS (vault.last4(card)) STORED,
    CONSTRAINT known_network CHECK (((card IS NULL) OR (vault.network(card) IS NOT NULL)))
);


ALTER TABLE shop.people OWNER TO vault_app;

--
-- Name: find(text); Type: FUNCTION; Schema: shop; Owner: vault_app
--

CREATE FUNCTION shop.find(number text) RETURNS integer
    LANGUAGE sql STABLE
    RETURN (SELECT p.id FROM shop.people p WHERE (p.card = vault.card_number(find.number)));


ALTER FUNCTION shop.find(number text) OWNER TO vault_app;

--
-- Name: cards; Type: VIEW; Schema: shop; Owner: vault_app
--

CREATE VIEW shop.cards AS
 SELECT people.id,
    vault.mask(people.card) AS masked,
    vault.key_ids(people.card) AS keys
   FROM shop.people
  WHERE (people.card IS NOT NULL);


ALTER TABLE shop.cards OWNER TO vault_app;

--
-- Name: emails; Type: MATERIALIZED VIEW; Schema: shop; Owner: vault_app
--

CREATE MATERIALIZED VIEW shop.emails AS
 SELECT people.id,
    people.email
   FROM shop.people
  WITH NO DATA;


ALTER TABLE shop.emails OWNER TO vault_app;

--
-- Data for Name: people; Type: TABLE DATA; Schema: shop; Owner: vault_app
--

COPY shop.people (id, email, card, name, notes, note, earlier) FROM stdin;
1	vault:s1:8:4an5FGWXoIzPdll54YnReRECWKN4M5vxGS5Zw1rX904:vault:1:7:Z56QjfX1tU0z9GM7VGsSNyvpytpPgHnIHUWcroHz5N2RXUP5fUvqGxtihTMfIeWKIXkmn_Nj6Q	vault:c1:8:BeNHG_mOaydTz7i0zzdjtFEheavx7YAnlvrdWRsnMFc:411111021101:vault:1:7:amC4cG6BdrPr5S26QkvfcI9QLsEsRpXDFdf_S4kzcBAhkvvG6W3OL8xkHoMj8_OIYJY1IpkgWBg	vault:1:7:enQYVnq7GoTuY7lsR2KwUxHTXxiXkjGZIat4Pb5rUHT_-ab-EwHkBol1rX0AUMGGcBKkIikX5p7qdDuNDTOH6ZWYNnMvis8f2tEi	vault:1:7:UPUbmlzEfQKRyoWxmaP9m1D62rVP6q3Qhdhpxlu7hMZ8Rpm05XZeeh-rvVCUfzQ42WqmU3T5W0_aQjGinyFIKqBeoShJnQSBsuLgk-J9CkrgfU_I-kQMRQ	vault:1:7:V14DB7EDAQBsRNGsV6amZ8Q2BuVwzNT3mRmcbkuoFkzioNhbQg91nbNxiYCf	{vault:c1:8:MkWOIbEl0RzV3Wk7oeWrlNp2J3onuQs_SsBHRYm3Q6o:411111031001:vault:1:7:5OLIbky0ONbLJNIh1G9vbvz_s-4zm-qS6I53X1o9gMl5e3_I3ccEOgrk2zBj6Nllb8GVcKRuO2I,vault:c1:8:sT_Kgnoj7Gc_8s8L4AMlnXKn0605rnN7zfNS3aOoScQ:411111041901:vault:1:7:sTPoUIM5EJx797H9lAd1F4XE-tItJnOb3rs4FJllgYs9DOWiiFx_2rzUXVU4X_AGzavgCkWE-Dc}
2	vault:s1:8:N-XX3h1oK3aZ5xs1aqrJKDlY336jbW6IoOttKG2w-LY:vault:1:7:mXGjGwxSdZnh4WXoYYMltMMjT3WKN80T53govXF9_2ufo3uDbBToQ1xhsrq6ZX3bE9ysMyrDUA	vault:c1:8:ohD4lIdH6KH9f-S7cxbTat5uSyxErttvbc0Q5aCO8go:555555021802:vault:1:7:G0jTY1igdO87DQM8pP2EwcPeyaXEso-oExYvmJgD_tyFoHJnv2qXoo4xj6Hh6ETOYZRDA9I27rs	vault:1:7:Ia05kd0vUI4F1oUWSAMYHyHeB6ujOLJgCAiBvzgCdAaoGjrIBe-8tl5oM8KuCg	\N	\N	\N
3	vault:s1:8:d0QEVGvh3sT6SGYcrhqecXDKJdVrf0Nbre4NUNRBgVg:vault:1:7:A-aIFek-cgSe5R3wOe5cKYXVbYQujDEpbUF0x8lCqFweWSrPpGw-nX6YNXpWGDNL6O39WeqfEw	\N	vault:1:7:gRl1qwZVKxObtPvaTGEVdeHZ5fSvuIBtwf9azJRSCHJ8F5v80CV9dOreJ76IOw	\N	\N	\N
\.


--
-- Data for Name: merchants; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.merchants (merchant_id, name, created_at) FROM stdin;
merchant_dPYXojVqX5Fd1hVzF28l	Demo merchant	2026-11-22 00:26:54.541963+00
\.


--
-- Data for Name: api_keys; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.api_keys (key_id, merchant_id, name, prefix, key_hash, scopes, created_at, expires_at, revoked_at) FROM stdin;
dev_e7l1h7TdrRmi3MhJIubi	merchant_dPYXojVqX5Fd1hVzF28l	shop	dev_0bz1KpO3	\\x57eb99e2f25b1ca2d95d36529742c3106cd0e948257c3f5e13167b17e1403b3d	{}	2026-11-22 00:26:54.541963+00	\N	\N
dev_4oNG6KA7WjAAwqoQOMfT	merchant_dPYXojVqX5Fd1hVzF28l	shop, with reveal	dev_ExllrUwT	\\xcbdaff555aa8d7ecaa24358a0d99f58e816dc40df0c0c3ff7fba2c461acaa874	{reveal}	2026-11-22 00:26:54.541963+00	\N	\N
dev_H6IJIoIarZ3K7SoyxgKd	merchant_dPYXojVqX5Fd1hVzF28l	an earlier shop	dev_CHTa55x1	\\x47a03a4c9bc6eefa5ebf5fce33ab614f8930f8c8e17f7e6d3c5881ae019bf61c	{reveal}	2026-11-22 00:26:55.105493+00	\N	2026-11-22 00:26:55.106816+00
dev_UPppd02NMbxfrFUGYlNT	merchant_dPYXojVqX5Fd1hVzF28l	for a day	dev_GRrYGqlX	\\x888b4c92f103a1dfef8199cc21d1d09aa7c12d625e753b246b73ef01f141daad	{}	2026-11-22 00:26:55.107577+00	2026-11-23 00:26:55.107577+00	\N
\.


--
-- Data for Name: audit_log; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.audit_log (profile_id, audit_id, occurred_at, actor, request_id, client_address, event, object_id, outcome) FROM stdin;
	01a200a6-1757-7869-ba73-2f896001fcb5	2026-11-22 00:26:54.679868+00	postgres	\N	\N	merchant.create	merchant_dPYXojVqX5Fd1hVzF28l	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-175a-7729-8edb-f7809489f69a	2026-11-22 00:26:54.682837+00	postgres	\N	\N	profile.create	pro_7dHxZP82qWv5s6ExaADM	success
	01a200a6-175b-7011-915b-cc5345035edd	2026-11-22 00:26:54.683623+00	postgres	\N	\N	api_key.create	dev_e7l1h7TdrRmi3MhJIubi	success
	01a200a6-175c-747a-8662-231d7c13367e	2026-11-22 00:26:54.684194+00	postgres	\N	\N	api_key.create_with_reveal	dev_4oNG6KA7WjAAwqoQOMfT	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-175d-7336-93fb-ac2a8b0f4ac6	2026-11-22 00:26:54.685009+00	postgres	\N	\N	role.bind	vault_app	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-175d-77b3-a5ed-b13ac78f3341	2026-11-22 00:26:54.685417+00	postgres	\N	\N	role.bind	vault_app_reveal	success
pro_u0XQuiPS3AvEKypuatI0	01a200a6-18fa-7d3a-9243-61e402b5d904	2026-11-22 00:26:55.098879+00	vault_dba	\N	\N	profile.create	pro_u0XQuiPS3AvEKypuatI0	success
pro_cYxY8ubrasSEi7o15NaW	01a200a6-18fe-7048-9d69-bbf08972327e	2026-11-22 00:26:55.102587+00	vault_dba	\N	\N	profile.create	pro_cYxY8ubrasSEi7o15NaW	success
pro_u0XQuiPS3AvEKypuatI0	01a200a6-1900-776e-a32d-560b407a724f	2026-11-22 00:26:55.104341+00	vault_dba	\N	\N	role.bind	second_app	success
pro_cYxY8ubrasSEi7o15NaW	01a200a6-1900-7e56-9164-f2b77eac4d1b	2026-11-22 00:26:55.1049+00	vault_dba	\N	\N	role.bind	closed_app	success
pro_u0XQuiPS3AvEKypuatI0	01a200a6-1901-7d11-a8f8-59a0a1eb473c	2026-11-22 00:26:55.105219+00	vault_dba	\N	\N	role.bind	gone_app	success
	01a200a6-1902-7f5c-a4dd-350866e193c6	2026-11-22 00:26:55.106184+00	vault_dba	\N	\N	api_key.create_with_reveal	dev_H6IJIoIarZ3K7SoyxgKd	success
	01a200a6-1903-7fda-ae40-f037b2c81b7d	2026-11-22 00:26:55.107195+00	vault_dba	\N	\N	api_key.revoke	dev_H6IJIoIarZ3K7SoyxgKd	success
	01a200a6-1903-7dad-8c7e-1f6589d35a2a	2026-11-22 00:26:55.107937+00	vault_dba	\N	\N	api_key.create	dev_UPppd02NMbxfrFUGYlNT	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1907-7bbd-9bc9-9334f6ce830b	2026-11-22 00:26:55.111374+00	vault_app	\N	\N	customer.create	12345_cus_01a200a61905797da73e4c3db78f99c9	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1908-75a5-8f3a-bd762f23aa9c	2026-11-22 00:26:55.1123+00	vault_app	\N	\N	customer.create	12345_cus_01a200a619077fc0ac5bef80958eb900	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1909-7899-966f-304a78c68faa	2026-11-22 00:26:55.113+00	vault_app	\N	\N	customer.create	12345_cus_01a200a619087810aa6d6c697ff92bd0	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-190c-7460-8738-ff3e3c15916b	2026-11-22 00:26:55.11681+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a6190a77ea86b594c320563d71	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-190e-7138-becd-1f19c4c49c0e	2026-11-22 00:26:55.118971+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a6190d7147a23a8c274d62c4f6	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1910-73ad-991b-aa950a7e4324	2026-11-22 00:26:55.120444+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a6190f77fe8a6cbc2ba7b8fa14	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1911-7849-ba05-bfc77c4ecfc2	2026-11-22 00:26:55.121737+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a619107de7b5476582f4d3a107	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1913-79fb-a3b5-370b66a358f4	2026-11-22 00:26:55.123377+00	vault_app	\N	\N	customer.update	12345_cus_01a200a61905797da73e4c3db78f99c9	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1915-7581-bb43-f2c3e1576810	2026-11-22 00:26:55.12558+00	vault_app	\N	\N	payment_method.update	12345_pm_01a200a6190a77ea86b594c320563d71	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-191f-7ac5-aca7-6521875dcca5	2026-11-22 00:26:55.135816+00	vault_dba	\N	\N	data_key.rotate	data/2	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-192d-78c9-acee-64abfb172117	2026-11-22 00:26:55.149302+00	vault_dba	\N	\N	data_key.rotate	index/2	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1949-7b28-a16d-63605a442150	2026-11-22 00:26:55.177603+00	vault_dba	\N	\N	data_key.destroy	data/1	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-194c-7acc-817d-83c2ad8a04c6	2026-11-22 00:26:55.180901+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a6194a7b2d80462cba3ea3893a	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-194f-70fa-a1cd-81784a21ee32	2026-11-22 00:26:55.183448+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a6194d71eea917820e75722239	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1952-75cb-b841-184c00cedba3	2026-11-22 00:26:55.186141+00	vault_app	\N	\N	payment_method.update	12345_pm_01a200a6190d7147a23a8c274d62c4f6	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1954-75a4-a1b6-23675f4193bc	2026-11-22 00:26:55.188098+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a6195276efb5d6757e18fc1e8c	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1955-708c-85eb-801e7949f056	2026-11-22 00:26:55.189675+00	vault_app	\N	\N	payment_method.delete	12345_pm_01a200a619107de7b5476582f4d3a107	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-1956-7317-9197-32ba765e682e	2026-11-22 00:26:55.190739+00	vault_app	\N	\N	customer.delete	12345_cus_01a200a619087810aa6d6c697ff92bd0	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-195b-7ec2-9657-9ae895da8c5a	2026-11-22 00:26:55.195306+00	vault_dba	\N	\N	data_key.rotate	data/3	success
pro_7dHxZP82qWv5s6ExaADM	01a200a6-195e-7224-a08a-506312401551	2026-11-22 00:26:55.198283+00	vault_app	\N	\N	payment_method.create	12345_pm_01a200a6195c7c598e520411af4b178e	success
pro_u0XQuiPS3AvEKypuatI0	01a200a6-1960-735f-97ba-92751a37bb5e	2026-11-22 00:26:55.200546+00	second_app	\N	\N	customer.create	12345_cus_01a200a6195f73b18fd853c67104cd2b	success
pro_u0XQuiPS3AvEKypuatI0	01a200a6-1961-7139-b38a-d37da9701933	2026-11-22 00:26:55.201817+00	second_app	\N	\N	payment_method.create	12345_pm_01a200a6196179fba8bb114816c0c51c	success
pro_u0XQuiPS3AvEKypuatI0	01a200a6-1963-7506-9ab3-66cd2d50acaa	2026-11-22 00:26:55.203275+00	second_app	\N	\N	payment_method.reveal	12345_pm_01a200a6196179fba8bb114816c0c51c	success
pro_cYxY8ubrasSEi7o15NaW	01a200a6-1964-74b3-b391-8ee5b5be248c	2026-11-22 00:26:55.204748+00	closed_app	\N	\N	customer.create	12345_cus_01a200a619647245893e4a13a04a2aac	success
pro_cYxY8ubrasSEi7o15NaW	01a200a6-1966-7909-88c2-88d2ab3bc77c	2026-11-22 00:26:55.206027+00	closed_app	\N	\N	payment_method.create	12345_pm_01a200a619657dc7b395d097b5b254d0	success
pro_cYxY8ubrasSEi7o15NaW	01a200a6-1967-7f3a-b41f-cd6c752419f7	2026-11-22 00:26:55.207061+00	vault_dba	\N	\N	profile_keys.destroy	pro_cYxY8ubrasSEi7o15NaW	success
\.


--
-- Data for Name: card_bins; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.card_bins (bin, card_network, card_issuer, card_type, issuing_country) FROM stdin;
411111	Visa	Bank of Upgrades	credit	FR
\.


--
-- Data for Name: profiles; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.profiles (profile_id, merchant_id, name, created_at) FROM stdin;
pro_7dHxZP82qWv5s6ExaADM	merchant_dPYXojVqX5Fd1hVzF28l	Demo shop	2026-11-22 00:26:54.541963+00
pro_u0XQuiPS3AvEKypuatI0	merchant_dPYXojVqX5Fd1hVzF28l	Second shop	2026-11-22 00:26:55.088333+00
pro_cYxY8ubrasSEi7o15NaW	merchant_dPYXojVqX5Fd1hVzF28l	Closed shop	2026-11-22 00:26:55.100844+00
\.


--
-- Data for Name: customers; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.customers (profile_id, customer_id, merchant_reference_id, details, default_payment_method_id, created_at, modified_at, redacted_at) FROM stdin;
pro_7dHxZP82qWv5s6ExaADM	12345_cus_01a200a61905797da73e4c3db78f99c9	ada	\\x0100000007473809b77373700cd20bf897c0c5e4349737cfc9093c97f11327bb5abddb4250a1aa7f12baf524536fa74436810ef7fc7776a905e34824df49bc90e98255ccc2e83f49c014bf6823688487ac31529eac2e5c48a5420731e4f8cace3981c17b1d1da0d61c8163aa00e44d05161df06f2872e26b323833c54e2af93f4f66ff25fe6e54954f36899c34289b5e885866c41258cad1f62b4eb557209cb0bc5ac71ed458d9e81138d35cab25df45c56741c5069ba2b4ffc0d3ad0281d41345f8ee1ffc7655bf5fc30454c2c0cc0c977967c307c01501485435d11197c39fe2c8c70d933663b6b86089f23edc9c1b94908dc0760d47798881cd9b303f1297c77c88b43812db48fa964320d6d2b329e733b283e332e9c752918bfde1b80c26827dc8d02e7675a20b7bf0735942f3827b16390736dd8a7e7b3f5f29f11a7a11ec703944199213974e7e66742ceebe498e393f97219f738bdac3abbde0e17445ca5faa349108fa6deac436dbac3aea63d4a32c620cfd74093d9efeadc4eb89b18df027174bd576b3383ce14d1fd2374cecf8eb629e02369ddd	12345_pm_01a200a6190a77ea86b594c320563d71	2026-11-22 00:26:55.109473+00	2026-11-22 00:26:55.123167+00	\N
pro_7dHxZP82qWv5s6ExaADM	12345_cus_01a200a619077fc0ac5bef80958eb900	bob	\\x01000000076e6bc22c667d0e5721c869cbfefb4d7ef814a018f2308b20f14b20c62bb231a371e81cc5ebef2980574e524849a8476aa4c8a8094a16702f432711dca43edbac7edf81fbd330787ab81b7688a8acdf77352430530ac258cbae2caea1fb4c0daf0550e596dfb9625add0013b2e30f1e27a817385ffc186a4f69ca8ebb7f29f13e9da3ea904be206f75faff1df06fa6149e3057cc77d741eb89a0b7dfd7f7deccff2d1ff41f3e788b91e01cfd0a4e1ea980126ba47d3a9b694bb41666cd3253d6eb2a4e8cc8606d660bbb21122395831e2c24be67c2d3c53a6abad326ab684f51d861a898b78565206e62e995801533631ef1f24e9	\N	2026-11-22 00:26:55.111951+00	2026-11-22 00:26:55.111951+00	\N
pro_7dHxZP82qWv5s6ExaADM	12345_cus_01a200a619087810aa6d6c697ff92bd0	eve	\N	\N	2026-11-22 00:26:55.112676+00	2026-11-22 00:26:55.190243+00	2026-11-22 00:26:55.190243+00
pro_u0XQuiPS3AvEKypuatI0	12345_cus_01a200a6195f73b18fd853c67104cd2b	ada	\\x0100000003e4391cf26be1e76b03a8fc915c6ecf087a2452e22ba08b4abbf4e075645773e7b4c17451954835ea45a162e8d878dc4182d008f619ae1a6b033aab08f2a4bf0aafe1e0003f5a2bad7cbd8d35f23097f3bec191084c8c5119c88b9dd7e8c8898775053eba49fe6b715a6a5a2fad4952390e222fa304d0fb78f1180f614241bf30cc9b6830684fee98868c844c33f54e353d01d5974884ec52cac2618950aeb73246f5089be6b145b8fe84b2396e8050550331ec7bf7bd519c2d698c269235da5c28b3bdcf9ae00fadb18bf535664cd40836378db1a12d48dee85cc74299b2ba12b87230f5271bbb3eb375f42c9706de1002a174bb032a73e9ec613f1472ed4ed46120d5706385cb	\N	2026-11-22 00:26:55.199798+00	2026-11-22 00:26:55.199798+00	\N
pro_cYxY8ubrasSEi7o15NaW	12345_cus_01a200a619647245893e4a13a04a2aac	zoe	\\x01000000059011af74235a4539c33ccd8ceca7d82361eae1cc63c11162e0f57cdd109d547be0cae807061f5df77de55fd903b31900283cd0c85c5314f66bb285b5f8ebfd4ce93271e40f9002df8ae32e2689ab68d1f3b1ad29c7eeec4d57372b906883814c22dfd5e9747da0c1360843b901b1b68814028d9c8a7cfa190e45af2159560b33f8a177926d2cc03d74f2440184a2d9f7a25487845ba73cbf513dda8aa51ef150115013794779f41a243b67d3d827bd2e6c17fe5f24d46998c366724b31171154b7381a883738c25b0e052751ffc3035ab212bad4a72387e5bd25bdad5ea1260747612c9f3c5f96cea2b0067a549200a6ca8116bd	\N	2026-11-22 00:26:55.204021+00	2026-11-22 00:26:55.204021+00	\N
\.


--
-- Data for Name: payment_methods; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.payment_methods (profile_id, payment_method_id, customer_id, payment_method_type, payment_method_subtype, status, instrument, summary, duplicate_index, created_at, modified_at, last_used_at) FROM stdin;
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a6194a7b2d80462cba3ea3893a	12345_cus_01a200a619077fc0ac5bef80958eb900	card	credit	active	\\x0100000007388a2d0f9d54f1f33f4e5b41b103ae711692392dda013677e5aa620f9dde1073c80823655bec8d749c149cd0b5c10f88333c871eee6865b1cb327d7a0c55e2430184f5ae5db9023ae91717512e298e5acff8c54cb4d3c7f17c2ab8017ccaed97e82495d624c35c6077892c256c74e9c770999c68bc2b62a79dca10736e2a40a1	\\x0100000007df9ab44d0e980d4dc8d62c7c4840970253b019ace22370abfbc5ec9386b7893c34e8d6f1706e38f4959639bd855a4f24b9b927ef9233787c1c2c9e577cabfe53bb53acc950ebc68e513629c508d69a6ec232e8a3d3e7e7ca7c17b2b111ed552df0348bb65e974bd4fbc3a7e6067aa4fc90afc1efe538c1b4ffe3dea07149c1878b7ef79a72d3daaf52d836361235b32686a8fc22e91b62d313a62e41910dd86c8dee7b02a6ce64d9b50d18f2752e68c57eb9af129014605c79c4cb66fc0b64b1bc58a349088656319bc93202b961b11db610424b66315c3738131d769e2d999fb77e678bce2f11ab577b79046af49e235b9e0947f4cd1b597770605c7931c19015e67490a5937af717078513455cd437b42f06976fbccb595b119b6ebe113b769bef83afa043bf9ce732f6fa01ece7fcefb3e3becf259bd2b9aa0b8c2e4e82ec42b9eb8e3cedbb772ff1de0c7019cad0284a85b756d862440d5696f530d28b8ea9ac81b9273afbf5aeebe53f883320dbc6c5a6f6d02c6c44a1704ac1616b749b625e82e32c38fbfb66b691752f979e3f91c86d6772b326b01bca1a4b0893018971265a7277454626f0a20eabbadcfa7a04859d65be48bf89f86e0a9baef740f2b7a1635e4190a0801b6bd13325da869ac2500f6dbf8553abbbc7f8bc58c2df5690e0018cb1ac4cdf077cb64d	\\x0000000816a11851c1bfd4996c166ecd7b0bb0d233375df1fad2e67c36a6f00a4c2198d0	2026-11-22 00:26:55.178479+00	2026-11-22 00:26:55.178479+00	2026-11-22 00:26:55.178479+00
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a6190a77ea86b594c320563d71	12345_cus_01a200a61905797da73e4c3db78f99c9	card	credit	active	\\x010000000774f2b5b25725a63da5289bd91726518c5ef71f5fcdfb2bf9a10ca6355f6fe9e84919309de84fc2b8156a7248317ee378832a129a511de5f6cdeab89602f8a27a6ae94aca73e695586fee948ad9760623962ecf0028a38794ed3cc31cc195167f70bc901b6f72f8711b4c6ecb58a8cfc3b1ff5eefc9a97c55c49bef27377c50dd	\\x010000000774f5c983c296e1434686ec7ed2a5721a8d03f5cf5b39ce67d849c9f716884322dd058325cb19ef73a24fe6714857177b475f41c7f18a8642971c2dc7356705f58be4422ffcf451634bf7c790ffc1c08aa0f2d5b735d6e0e97d50e22e9040fde4f29ff6991003ab491ec54c11293af3b3528b5b7fff360101da9bf319bf953acb57db27aa4e785e57e34186fe8f8e613b0953d3fd5c661b7267dd7e333048dd289c0fcae97949b75c0886712b9c24d13aa553a9cb319e6a6e9bc0038e9666dc96ca35c2e0f698222f61e28e40eab161040ccc14427c408cf1bbe96b2d5a0f949d2f8f4da4bcc23b7905a74ae71c939d283535d3dad61a455f0467f3277bc1cb61dcead77f6073f4d3afc6f0a9799c9f3d0d0026392e59c97df0f92faae8ebc2ba37ad0fbce18fa967f8241cb9e3142268874e6d6bf2b32cc29c95996d1d668dd953d7648885a011b6fbc6b21d1d2ef88d536c0786fb5729d0091f0354a4db3a56573ddc97af93b01ed7779bd83169ccdead658bd966b37adf0fb8811c018a9c20fcbb0664528b70196d34a997cd74cf3083647be39f08684965abca2883f850dcdf3be54fd2f26eeb8b50f5958aa75cc9c89e5247635f8c3d0b8d5f59c0011a9415a1a07760be849a73955368544907ac36562d4fbe1c5abc4c5729e7fc17d637242834ccd2a6ce1bee60a8b24ec80551523ed6057dc514f6a51e	\\x000000089634365afc871dc5ee5174191027a48dc9600487e02c1bb4781dcd4ca476c2c2	2026-11-22 00:26:55.114852+00	2026-11-22 00:26:55.12531+00	2026-11-22 00:26:55.114852+00
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a6190f77fe8a6cbc2ba7b8fa14	12345_cus_01a200a619077fc0ac5bef80958eb900	card	credit	active	\\x0100000007e7680394038af60763e233411e3d15badc0353386f35ac37eaf53a4d1540e379d42053299edde4152b1d1b03f92df0a1b2c8ce1e003103688e7ced4578d172aa5c3705c942b2be2e1c609205322b0415abc964c9b61ae379422e687cbbb3d149a6fbe656aeb3bfe3b9010ad3471c2d48401fb93990eeb23be879c986a74415	\\x010000000736b8c3bbacfcd6cc8f57d94df8bdbd3069f0b1cc8c756f5618dde090a64bcf97daa62f3a14e6497c75f32615c8f4467fa7e3c3727b5d5726532ef2ff690a312ac08022d44f58e2d11373c20729c4ad6a3dec93ce283a0e721bf384a312afae94c83ade2673c0f3055be10e95e7d0612bdc5d9de205433ede10026a4acedb68db6acc21130b362663ab4a3417de1841229b87182ca0ec8f6dd86cd645753b2aafa612925a55840b04c05f9c5c59932c6eb5808ccafe4a8e8f1784696f6311a7056bee1403150378427932ad64d0acf5084cd64f0a900b56672f35e5e9f261394499f6e8870b8a3604e81b4d76f59da2230776b888f761ad3a690383f152c687225c3b59f7fe880dedc1e2a102fd06019d3de75fbb5b04bc4527271dea5b12f339add8bd69134dd3189d39c087e676ab893807676793a765dc44d3c1e24ba0eaf15bf30c8df6a4eb6f3462a7212296fcc8b2568795daccfcc847b49d9ab0c27def9661476b01ec9c41cdb6b2b866dbb63f049039b76b4906c141fdada74e900a6fe58a0b7d62a07ac10e86441e1d38655945b457cf0bb52ab099ae95b7f856cacbb0519bfe8a0bd7f29647bedb65a2bd33c5f11bdcc2f0d98c1c0ad9d6bbd5dbdb99b77e55060eb30a79e2e80e5d3b4c66f727ca67c55d5fd87436a596a7948d31d4e576a4889128048b30d97bf8c9743ca0	\\x000000087402e2a16314468feeae038f3852f454dacb1649766c874bc1ac37a74bcfd252	2026-11-22 00:26:55.119591+00	2026-11-22 00:26:55.119591+00	2026-11-22 00:26:55.119591+00
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a6194d71eea917820e75722239	12345_cus_01a200a619077fc0ac5bef80958eb900	bank_debit	ach	active	\\x0100000007c60e13432e2a5428323ca289abe58e89e8971d7c5a418b3102a0c240d8861a049caef544b1f9cd542d931e63a4f59a5bfed429375ba1e5568b39a40d3e3b0f61a795da2fdcee661e78fd78392d77b9eadebc0edc5b8379b2d17ae63abccab3cfea18882cf747b2cf59d9a8a61182b8acda3f1ee4cc78e55b6f	\\x0100000007cc7eed76886c52588fc745be5f32d587fde5ea17adf22012ccfbc47f3257715b1a31910a37ec984f490698186e6795f010513ea01036d78caf30e4f10cd6f48ad52a5acdee67cf67e7c03f8390ac8d4519bf56abaeaf2c4125d49aab910e2e25d148a9841e2426b9c30a7a36407bdb7756b0928f91c27c13b5fb3fec5f64ad22c1373cb224f2570e7f0dace5616e0849b2de1f3e6e6886d87d7cd4a4ab56dba9db70f7c20e3e59053057b95b0f96e424a45d57b55fccd5de86f957066e3cc00362587103003a8efdddd24100aef6e83e45cd3e5ec2acad073fef373c7b516508741eb1890a945b37bb61308679fb49f94b0dc7d4fc5a70d1c5f7cf5b341b2095f8fa15407dffee351e5a4044e98cbe9309a9c9a31cfbdad777252591fac27f22dcc80be8de45678150124079cf349150bd9776731423eef6a3dc4f476fe5f7537b4eb196c7b33a42748fad5b0c4c29f9f0815eaf4f32dca5c2853f3d938da3a1c136d7	\\x00000008d01b4a550cfb3707f0c3e7b91a088344583d22b6f57e9d904f8c0f4a2b689b38	2026-11-22 00:26:55.181832+00	2026-11-22 00:26:55.181832+00	2026-11-22 00:26:55.181832+00
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a6190d7147a23a8c274d62c4f6	12345_cus_01a200a61905797da73e4c3db78f99c9	card	credit	inactive	\\x0100000007cfc9cdeb4fc9e8aa1f473dedcda3f7ed6faff587fb96feb6f54fbd30ab45f61d56b28d9fec3acc07a31cb94eb725a37eaf57a433ac721ae8fdf1bf9d4749490f7c34cd24be1e0e378e025d6c0e2dcaea318f0e332ca9df072b6f8f1fa992e9989ccbc33ecd04b796f17239e1608c3d163b3167769b2c046dae89f2cf4f1c9058	\\x0100000007a2572d1b94ab97678e92dc72fde6e422d1def086a1faaf5de492c7fb68da67421ebcabd0ec06405b35fdb9870312ce395356eff110b74ef61c617496a237bb6f5af0cd17bd04e1ef4a94a7f83115bfd53dbb874eec71ba6b3a5bba52e6219768a487ec0d14e71b1377e2e43bc6f44a838ab9f2baaad20214da6d9a8d7f61add95c12894b0bd151fb8dc98b4d2fe428c59867c5af1bbd6cd29114295e6a848268f464ed4d965d21b4976ee8abe26f1e4d357be6982e92a25fbb538468606241d91136f604a103e6372ae8c8a0f00d3e7a2e4014ff0bc0d1f3855bb1775e4f7d673ca39dce3f2900b3752dd0b33795a0134b8ac4abc234c2f64e59ef49d3116a0f6696b7aa34c323a1fe4b4a194689dc17bfd97645692b46b3a907fd729693c01e81078c4322351fcd0cc21a9f7adbed105afeba364c5c26953129df5efeeacc34e3bb38a14e876ece24b6361c6e9a3c69de00db78a9305f536a1b3b37c4eca2d6d87d612243599926071e3dfdd42f3cb364437d5cfe0b433e503827b4e1ec97282254b0e48e075bc41fad09765dc57c40645a8a9ed624887740764feeb1b5181e87eca67cdb96b27ce5bf741cf2166d6d7e7f41b5f309ab610adce82438aca0ae922f44357b0c16140ccdc1445e39849f0f4caf89927245f3d8c66bd9081eac71ac54705c288171a97f903914bfc6c192	\\x000000082c9183fb788b132ace95ef011d3ca9cd26d8f433f4cdc1b5978f23a41cf0a6d3	2026-11-22 00:26:55.11763+00	2026-11-22 00:26:55.185772+00	2026-11-22 00:26:55.11763+00
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a619107de7b5476582f4d3a107	12345_cus_01a200a619087810aa6d6c697ff92bd0	card	credit	redacted	\N	\N	\N	2026-11-22 00:26:55.12099+00	2026-11-22 00:26:55.189348+00	2026-11-22 00:26:55.12099+00
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a6195c7c598e520411af4b178e	12345_cus_01a200a619077fc0ac5bef80958eb900	card	credit	active	\\x01000000099b4a62b0d35006c7fd4af14a946e826d24a911c98cea81494f75422fdbdf874d63ab108af21531dcbcef3b0571644a149ae15f1f9f1773c2e44e5fcfd2065df8dc9c5003983edbb9bd3a2b941e6f46f9f14e00a02279861268219c610f7661656ff6faf13bf921e88ac9de6bf17c3297cbd85a0c5ca6af865286d2ea9f08a758	\\x010000000914a85042bbfc6ec2da0e2142d505efe772c2a83444fbc950360049691c39c13752690dd3c8b46241a60f0a56267f17ce9f553d9f892a85964c7cfafc862444e7a153bc59e2f14f77727b647c045001533898d3a03520dd2277c97b89362d5e066c1e25ed02679315a70c471a02fd4ea8e95f0f60635ebbfeb5e1c0163149ea5812a7cd29c3e923ffff413b78359fe37837e24f7959f1dc82aa2d055c8bc69b9e62c72b1deaa03c5f51e2126912441cceb9fbef8b85064bef4b9bfb9dfc67c88963837c564491a768300da41e16cb53b0b25bd5d6b6eeac14dc46caa723e05e3a7095431a980dd654947c8bb36702342d04edfd7ac36703168e3eaf2b581eaa450aad3628cc6c85e4c9184069fc96ac2884ff28f2daea7c371a8b1dbb03053eb5af612898999b0ef5f29f9c8ff32dc48e05cfa892ac4e2ac39b1a915951a51fde96f4cdfeb2081ada213b095cb3c79356233bf780e172108bc20b189455731fc7281fcd9e26a39bee71ad47c6c1db277965baac1118164b42f277e9fc1a26d04bc5f2b4c60b7aff182a7a14771dc34d8b643e9be9823e200835ba23a492a35148965fd25facf6d5ded021891b16ad17d68e9a6eeb246f5c08fbcf4864487ee173de2766406ea876a15256a3dc6d5a488b76bdcf9e3ba9183722fb6897e33dafa1559f0fecb5b938e3881153b8d235426e702ac0e425b8828c	\\x000000086a08e5fdb4aa3ab72dbdd03ef17dd5d17824032097e11c57e0c9eb6d459fe802	2026-11-22 00:26:55.196199+00	2026-11-22 00:26:55.196199+00	2026-11-22 00:26:55.196199+00
pro_u0XQuiPS3AvEKypuatI0	12345_pm_01a200a6196179fba8bb114816c0c51c	12345_cus_01a200a6195f73b18fd853c67104cd2b	card	credit	active	\\x0100000003dcbad091eb27a006c7d65cf1610ccda4da2e9f9efbeace086a46a83f95e2c177159a58a2ee490858f90f76758a226986c94159084d8d55de05ad8221ccf7d178df4b6c05cd98aa7715d1d85a4241591d96149eed26b245ab043e3aced90d7fc973266372c71ebf750d1a4cc02222bbe8ded909b958c289f17184656bf2f2ca3a	\\x0100000003bfa894576315109234a786a6492d83b9b435c792a77e63b8ed4d2b4abcc2c9426598622d79a592cb58bd6aac56e9a36080b7a8d28cfd57a0977b7b747254cc9a5e0a51fee68d32786342356e526c736adcaf1aee78db14477cc9dccd81965e09f6dd24422e2dd84263378168891c549e31680d6e2afafe9d684fd5dcb7f24d129c2918680cc2abed40f81ec3ecc95bee4abccb45ca7d3544e692a6d6d16e24ecadf169b1671fc319eebc8dd2c213a2af9a51a8202ed8a77405d04c5885259feeb9af359651771d2f1e1031f067fc0fde4c7a91a1592012ee91295c2f97a00e9795fe88b4f1c60b8341f397ad07fdeb61181dd9ed75edcadfceb7cdf377b74e44a0445778b73d95792c7123539630ab45a506aa0539009dfed1b06f9410bfef3c57ebd714bf2df30079735efbeee76adb1f4c6e8ebb7f0692eee4008eb773d083413d96a589378b500cd64a2fcebf31eef14864fbf8c5a49a860a4a986e7f2d0cdcd3861805f397b283f4bd7edf3b24612affe2e2ec3c7a614523da228b0c054fe6f5ded46f193681b7c0ca113bd2ad108c38d7c8718992ba6e55970e9c5cf6c7580f1a5be42294eeb16107695e3740cc55edf2d98f16c84cb32d16bfbd0c8d1bfd93a51da388310359b06e5960141cc1816ff08053547464972a1b1971b483c824a0f323b9b8ddef82cbc346a58e530323e83b719f80d415	\\x00000004b153e19807ea3e08451640e91774581ababb6cdb523f191ed6aa8b28972827fa	2026-11-22 00:26:55.201097+00	2026-11-22 00:26:55.201097+00	2026-11-22 00:26:55.201097+00
pro_cYxY8ubrasSEi7o15NaW	12345_pm_01a200a619657dc7b395d097b5b254d0	12345_cus_01a200a619647245893e4a13a04a2aac	card	credit	active	\\x0100000005c4246e47f5d1f8e28a47acf1c7fb55614aaaecd6129282c8c2ac2303147a69fac0f23383d2d07528dc7e088c99d0f6ef9223313930f2b4c9e00e649fc39d6e1bb17afcf8d036abac407f820db6580305e28c703dc59f169852efa8f4ada0fd498fbef523ad6f35dba5add3335c52cc885cfa824697a61d3b7e50fe5fd5acbfdd	\\x0100000005dfb7cfcb84ab6e0f9b66eb77ebf5100117b1125ca8436696ae3bc7d3a6ade023ab369809ab44c9327b03a0c8b2238fccf8cb33e7b2041e14c883e05c633c369f6d415f29c0baedceaddd1dd0a811af3f43e35ffa97c176d737d3e27843cd1790ecb85ec405e5e58afe2bfc543f9fcea911d219d04ff8d50201993e4440f9241b23bf7d21276a2624521082bbe9d082fe5dcbf6b1b18721985e5f20574e77cd4bab08ea068960193cf3fcb1f439857eee6bd2ac7939e3b0cd194aa8dd53b21182cfb6f0e27938c61da3879eeecb3426031603fe8166ef897f41ec400c644e8a7ac78dc7486707f40bdd30f8eb96e055aa3aaa0b939ecd1426e33720ea9ddc595df0e0965402f6df88e9ffd239d5a530ef38992bd21e7f849c9d885c9e4b75aa1ad0943d61fa968d5269465655b7e63faebcf868705873e1767140dd4de9299dac1dd9838235a0295c26d42d4beff609724dd71b9bbfa5b6f08a45f194f54a4d096a0d9436be5f49c30072632c690f389e635422674405bffd6e52c4bf3bdf34ec2163a9ce54ad5c211b8036399723eb2f994a25337ceab7cb4ef3eabeb923f21a77de550219076ec405d435dbd4c5a98c5a3ac62df05e1a4d2b2fcd1a4ebcf97124581c12f5a6df0f80799aec0465478e81122b15633d29736c4743a25171aca1b67f3f2dcfd33eec474f8f67513e06a86f605f7cf07481b4	\\x00000006c1edddecabec6b427e348a8c44ef2dabf5f9e639ebb61d70f9a9fb9f7148839c	2026-11-22 00:26:55.205297+00	2026-11-22 00:26:55.205297+00	2026-11-22 00:26:55.205297+00
\.


--
-- Data for Name: connector_tokens; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.connector_tokens (profile_id, payment_method_id, "position", details) FROM stdin;
pro_7dHxZP82qWv5s6ExaADM	12345_pm_01a200a6190a77ea86b594c320563d71	0	\\x0100000007a1233b424eadad96aea2abd5eda6e12cf2b9ed855b5d6d930e19eaabcb40cbb6c7aa4898ee237734b03dfa5462924e7c9d0de6509044d15877998dad57bad8abbbd4f2e9560807e5e7d7eb3a3329b2589ad11d96ce1b9b0a354120ed607b64f45f74e1bd58dae26dd5227a2328298134844d75a0f23a481938e6ee2b7c777dc514a95fb63ac8766853abd72c8755ab78844e5fa83fb4c6bbd78f535c72b0f5a878961b4b7164d00289ec76c4440f43f96d076614fa0842166633969771e0b3621a57e05e0be580b5b670f643cb74db5dbddf3b5eae40b211156938160af17d6569b176b595cbc6840a1139dca93daa97aef080973ed3942a6c513c7a77c9cb3c5ef9426cf3888cd25d7980a7b63898db1b95f03190e4c527
\.


--
-- Data for Name: root_keys; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.root_keys (check_value, first_used_at) FROM stdin;
\\xe0a9551cae312d4a	2026-11-22 00:26:54.541963+00
\.


--
-- Data for Name: data_keys; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.data_keys (profile_id, key_id, purpose, version, state, wrapped, check_value, root_key_check, created_at, retired_at, retired_by, rotate_after) FROM stdin;
pro_u0XQuiPS3AvEKypuatI0	3	data	1	current	\\x01e3ce57f78778e7536f11a2274d173dc0dc870b35f19e6ea467c08e568456778c82f12ef713643f37a83c3f443b6b6e9c78f6533e60951c21d0432151c30d125b87de79e1542ff1e0	\\xa6c2fcf35f3396f4	\\xe0a9551cae312d4a	2026-11-22 00:26:55.088333+00	\N	\N	2027-11-22 00:26:55.088333+00
pro_u0XQuiPS3AvEKypuatI0	4	index	1	current	\\x01fe66a0c123bdd7c25e576305c036764ec85a494b592580118fb48a4b566a8870955de6cd569804f71aa1c6eeb281e27b69b08ce7085ac47f7a75313f7cc8d1f05a925ba8a0ed7217	\\x775def9956baec5f	\\xe0a9551cae312d4a	2026-11-22 00:26:55.088333+00	\N	\N	2027-11-22 00:26:55.088333+00
pro_7dHxZP82qWv5s6ExaADM	2	index	1	retired	\\x012b8766057fbe113f0a5caf5f9a481b255319b709d4a18217bafc1eb64330b12800e9eccc48e5e00f45bba528c6f5d94249edfca8f85e95c7b5c293d34b57b6316582ced7b1ddedfd	\\x08dddc1cc37cfb27	\\xe0a9551cae312d4a	2026-11-22 00:26:54.541963+00	2026-11-22 00:26:55.137194+00	756	2027-11-22 00:26:54.541963+00
pro_7dHxZP82qWv5s6ExaADM	8	index	2	current	\\x01938572d2f33628245fa551abc26390ce00dbfa10c83e1e1b728b440095028e8d8734e475e1e44db0b7bdb6b73099850622a1bb6cce6fc86376484b7ec74024bc4f501e1f7d3c4844	\\x6a6e7e1991a2c34b	\\xe0a9551cae312d4a	2026-11-22 00:26:55.134244+00	\N	\N	2027-11-22 00:26:55.134244+00
pro_7dHxZP82qWv5s6ExaADM	1	data	1	destroyed	\N	\\xa32209ed3c6e40aa	\\xe0a9551cae312d4a	2026-11-22 00:26:54.541963+00	2026-11-22 00:26:55.134991+00	756	2027-11-22 00:26:54.541963+00
pro_7dHxZP82qWv5s6ExaADM	7	data	2	retired	\\x01190d0bde00485b5b5f1e5f7b6d2f17d3d3fc4a4114fdef6198366831aa1bae3f07cc0f1cad8bb27e3aa28d9eaf86a1aca7b7c30f4eb8f3ac9d85eeaf5ed62d8b998f70d80eef8f8b	\\x945135b654203048	\\xe0a9551cae312d4a	2026-11-22 00:26:55.134244+00	2026-11-22 00:26:55.194703+00	788	2027-11-22 00:26:55.134244+00
pro_7dHxZP82qWv5s6ExaADM	9	data	3	current	\\x01b1b188a14beef4e003d2ea8a85657755c86ffc9300f876adee92d16dd0ab88f3af7704d62423102dd941663cc4c18316a69d0c96872cec8bc0cf602816ad7df876022935c4a44159	\\xc85b8f9edd6924c9	\\xe0a9551cae312d4a	2026-11-22 00:26:55.194299+00	\N	\N	2027-11-22 00:26:55.194299+00
pro_cYxY8ubrasSEi7o15NaW	5	data	1	destroyed	\N	\\xa0b31c3d086b46d4	\\xe0a9551cae312d4a	2026-11-22 00:26:55.100844+00	2026-11-22 00:26:55.206854+00	\N	2027-11-22 00:26:55.100844+00
pro_cYxY8ubrasSEi7o15NaW	6	index	1	destroyed	\N	\\x2c5da040403c53aa	\\xe0a9551cae312d4a	2026-11-22 00:26:55.100844+00	2026-11-22 00:26:55.206906+00	\N	2027-11-22 00:26:55.100844+00
\.


--
-- Data for Name: role_bindings; Type: TABLE DATA; Schema: vault; Owner: postgres
--

COPY vault.role_bindings (role_name, profile_id, created_at) FROM stdin;
vault_app	pro_7dHxZP82qWv5s6ExaADM	2026-11-22 00:26:54.541963+00
vault_app_reveal	pro_7dHxZP82qWv5s6ExaADM	2026-11-22 00:26:54.541963+00
second_app	pro_u0XQuiPS3AvEKypuatI0	2026-11-22 00:26:55.102986+00
closed_app	pro_cYxY8ubrasSEi7o15NaW	2026-11-22 00:26:55.102986+00
gone_app	pro_u0XQuiPS3AvEKypuatI0	2026-11-22 00:26:55.102986+00
\.


--
-- Name: data_keys_key_id_seq; Type: SEQUENCE SET; Schema: vault; Owner: postgres
--

SELECT pg_catalog.setval('vault.data_keys_key_id_seq', 9, true);


--
-- Name: people people_email_key; Type: CONSTRAINT; Schema: shop; Owner: vault_app
--

ALTER TABLE ONLY shop.people
    ADD CONSTRAINT people_email_key UNIQUE (email);


--
-- Name: people people_pkey; Type: CONSTRAINT; Schema: shop; Owner: vault_app
--

ALTER TABLE ONLY shop.people
    ADD CONSTRAINT people_pkey PRIMARY KEY (id);


--
-- Name: people_by_card; Type: INDEX; Schema: shop; Owner: vault_app
--

CREATE UNIQUE INDEX people_by_card ON shop.people USING btree (card);


--
-- Name: people_by_card_hash; Type: INDEX; Schema: shop; Owner: vault_app
--

CREATE INDEX people_by_card_hash ON shop.people USING hash (card);


--
-- Name: emails; Type: MATERIALIZED VIEW DATA; Schema: shop; Owner: vault_app
--

REFRESH MATERIALIZED VIEW shop.emails;


--
-- PostgreSQL database dump complete
--

\unrestrict snW8ed4kkZC8Xue79uesyLenDJw2Pwo7yc7vUHgndJBW1xahGQu6Zt5gf1nX28n

