-- Primary keys begin with profile_id and foreign keys stay within a profile, so the tables can be partitioned or
-- distributed by it. Identifiers compare by bytes (COLLATE "C"). bytea columns hold envelopes or blind indexes.
-- Rows that decide who may do what are believed only if their MAC is right. The root key makes it, over every other column of
-- the row.

CREATE TABLE vault.merchants (
    merchant_id text COLLATE "C" PRIMARY KEY,
    name        text NOT NULL,
    created_at  timestamptz NOT NULL,
    mac         bytea NOT NULL
);
COMMENT ON TABLE vault.merchants IS 'Merchants; each owns profiles and API keys';
COMMENT ON COLUMN vault.merchants.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';

CREATE TABLE vault.profiles (
    profile_id  text COLLATE "C" PRIMARY KEY,
    merchant_id text COLLATE "C" NOT NULL REFERENCES vault.merchants,
    name        text NOT NULL,
    network_tokenization_enabled boolean NOT NULL DEFAULT false,
    created_at  timestamptz NOT NULL,
    mac         bytea NOT NULL
);
COMMENT ON TABLE vault.profiles IS 'Profiles, the unit of isolation: one profile cannot reach the data of another';
COMMENT ON COLUMN vault.profiles.network_tokenization_enabled IS 'Whether cards of the profile may get network tokens';
COMMENT ON COLUMN vault.profiles.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
CREATE INDEX profiles_by_merchant ON vault.profiles (merchant_id);

CREATE TABLE vault.api_keys (
    key_id      text COLLATE "C" PRIMARY KEY,
    merchant_id text COLLATE "C" NOT NULL REFERENCES vault.merchants,
    name        text NOT NULL,
    prefix      text COLLATE "C" NOT NULL,
    key_hash    bytea NOT NULL UNIQUE,
    scopes      text[] NOT NULL DEFAULT '{}' CHECK (scopes OPERATOR(pg_catalog.<@) ARRAY['reveal']),
    created_at  timestamptz NOT NULL,
    expires_at  timestamptz,
    revoked_at  timestamptz,
    mac         bytea NOT NULL
);
COMMENT ON TABLE vault.api_keys IS 'API keys of merchants, as hashes: the key itself is shown once, at its creation';
COMMENT ON COLUMN vault.api_keys.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
CREATE INDEX api_keys_by_merchant ON vault.api_keys (merchant_id);

CREATE TABLE vault.role_bindings (
    role_name         text COLLATE "C" PRIMARY KEY,
    role_oid          oid NOT NULL,
    system_identifier bigint NOT NULL,
    profile_id        text COLLATE "C" NOT NULL REFERENCES vault.profiles,
    created_at        timestamptz NOT NULL,
    mac               bytea NOT NULL
);
COMMENT ON TABLE vault.role_bindings IS 'The profile that a database role acts for without an API key';
COMMENT ON COLUMN vault.role_bindings.role_oid IS 'The role. Another role of the same name is not bound';
COMMENT ON COLUMN vault.role_bindings.system_identifier IS 'The cluster of the role. If the database was restored in another cluster, the role''s name counts until the worker takes the binding over';
COMMENT ON COLUMN vault.role_bindings.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';

-- An account of a merchant serves all its profiles. The root key seals the credentials, because no profile's data key could.
CREATE TABLE vault.connector_accounts (
    connector_id text COLLATE "C" PRIMARY KEY,
    merchant_id  text COLLATE "C" NOT NULL REFERENCES vault.merchants,
    profile_id   text COLLATE "C" REFERENCES vault.profiles,
    kind         text COLLATE "C" NOT NULL,
    label        text NOT NULL,
    settings     text NOT NULL,
    credentials  bytea NOT NULL,
    enabled      boolean NOT NULL,
    created_at   timestamptz NOT NULL,
    mac          bytea NOT NULL
);
COMMENT ON TABLE vault.connector_accounts IS 'Accounts at payment service providers and token services';
COMMENT ON COLUMN vault.connector_accounts.profile_id IS 'The profile that the account serves; NULL is every profile of the merchant';
COMMENT ON COLUMN vault.connector_accounts.kind IS 'What speaks at the other end: stripe, http_template or token_service';
COMMENT ON COLUMN vault.connector_accounts.enabled IS 'Whether the account may be called';
COMMENT ON COLUMN vault.connector_accounts.settings IS 'A JSON object, as the kind of account has it';
COMMENT ON COLUMN vault.connector_accounts.credentials IS 'Sealed by the root key, bound to the account';
COMMENT ON COLUMN vault.connector_accounts.mac IS 'The MAC of all other columns, made by the root key. A row without a right MAC does not count';
CREATE INDEX connector_accounts_by_merchant ON vault.connector_accounts (merchant_id);

CREATE TABLE vault.root_keys (
    check_value   bytea PRIMARY KEY,
    first_used_at timestamptz NOT NULL DEFAULT pg_catalog.now()
);
COMMENT ON TABLE vault.root_keys IS 'Check values of the root keys that wrapped data keys of this database, or made MACs; no key material';

CREATE TABLE vault.data_keys (
    profile_id     text COLLATE "C" NOT NULL REFERENCES vault.profiles,
    key_id         integer NOT NULL CHECK (key_id > 0),
    purpose        text NOT NULL CHECK (purpose IN ('data', 'index')),
    version        integer NOT NULL CHECK (version > 0),
    state          text NOT NULL DEFAULT 'current' CHECK (state IN ('current', 'retired', 'destroyed')),
    wrapped        bytea,
    check_value    bytea NOT NULL,
    root_key_check bytea NOT NULL REFERENCES vault.root_keys,
    created_at     timestamptz NOT NULL DEFAULT pg_catalog.now(),
    retired_at     timestamptz,
    rotate_after   timestamptz,
    PRIMARY KEY (profile_id, key_id),
    UNIQUE (profile_id, purpose, version),
    CHECK ((wrapped IS NULL) = (state = 'destroyed'))
);
COMMENT ON TABLE vault.data_keys IS 'Data keys, wrapped by a root key';
COMMENT ON COLUMN vault.data_keys.key_id IS 'A random number, unique within the profile. Every value under the key contains it';
CREATE UNIQUE INDEX data_keys_one_current ON vault.data_keys (profile_id, purpose) WHERE state = 'current';

CREATE TABLE vault.customers (
    profile_id                text COLLATE "C" NOT NULL REFERENCES vault.profiles,
    customer_id               text COLLATE "C" NOT NULL,
    merchant_reference_id     text COLLATE "C",
    details                   bytea,
    default_payment_method_id text COLLATE "C",
    created_at                timestamptz NOT NULL,
    modified_at               timestamptz NOT NULL,
    redacted_at               timestamptz,
    PRIMARY KEY (profile_id, customer_id),
    CHECK ((details IS NULL) = (redacted_at IS NOT NULL))
);
COMMENT ON TABLE vault.customers IS 'Customers. details is the envelope of the personal data, and NULL after a redaction';
COMMENT ON COLUMN vault.customers.details IS 'Envelope under the data key of the profile, bound to this row and column';
CREATE UNIQUE INDEX customers_reference_once ON vault.customers (profile_id, merchant_reference_id);
CREATE INDEX customers_oldest_first ON vault.customers (profile_id, created_at, customer_id);

-- There is no foreign key to the customer: a create locks its customer before it inserts the row, and no role may delete a customer.
CREATE TABLE vault.payment_methods (
    profile_id             text COLLATE "C" NOT NULL,
    payment_method_id      text COLLATE "C" NOT NULL,
    customer_id            text COLLATE "C" NOT NULL,
    payment_method_type    text COLLATE "C" NOT NULL,
    payment_method_subtype text COLLATE "C",
    status                 text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'inactive', 'redacted')),
    instrument             bytea,
    summary                bytea,
    duplicate_index        bytea,
    created_at             timestamptz NOT NULL,
    modified_at            timestamptz NOT NULL,
    last_used_at           timestamptz NOT NULL,
    PRIMARY KEY (profile_id, payment_method_id),
    CHECK (pg_catalog.num_nulls(instrument, summary, duplicate_index) = CASE status WHEN 'redacted' THEN 3 ELSE 0 END)
);
COMMENT ON TABLE vault.payment_methods IS 'Payment methods. The instrument and its masked summary are two envelopes';
COMMENT ON COLUMN vault.payment_methods.instrument IS 'Envelope of the card or account number; opened by a reveal only';
COMMENT ON COLUMN vault.payment_methods.summary IS 'Envelope of what an ordinary answer shows';
COMMENT ON COLUMN vault.payment_methods.duplicate_index IS 'Id of the index key, then the blind index of number and expiry. A customer has one payment method for each';
CREATE UNIQUE INDEX payment_methods_once_per_customer
    ON vault.payment_methods (profile_id, customer_id, duplicate_index);

-- What changes the number inserts a row. Otherwise, two creates of a profile would wait for each other.
CREATE TABLE vault.payment_method_counts (
    profile_id text COLLATE "C" NOT NULL,
    count_id   uuid NOT NULL DEFAULT pg_catalog.gen_random_uuid(),
    active     bigint NOT NULL,
    PRIMARY KEY (profile_id, count_id)
);
COMMENT ON TABLE vault.payment_method_counts IS 'How many active payment methods each profile has: the sum of its rows. The worker adds the others to the one with the nil UUID';

CREATE TABLE vault.connector_tokens (
    profile_id        text COLLATE "C" NOT NULL,
    payment_method_id text COLLATE "C" NOT NULL,
    position          integer NOT NULL,
    details           bytea NOT NULL,
    expires_at        timestamptz,
    PRIMARY KEY (profile_id, payment_method_id, position),
    FOREIGN KEY (profile_id, payment_method_id) REFERENCES vault.payment_methods
);
COMMENT ON TABLE vault.connector_tokens IS 'Tokens of connectors for a payment method, each an envelope';
COMMENT ON COLUMN vault.connector_tokens.details IS 'Envelope under the data key of the profile, bound to this row and column';
COMMENT ON COLUMN vault.connector_tokens.expires_at IS 'When a token for one use expires; NULL is never';
CREATE INDEX connector_tokens_by_expiry ON vault.connector_tokens (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE vault.connector_customers (
    profile_id   text COLLATE "C" NOT NULL,
    customer_id  text COLLATE "C" NOT NULL,
    connector_id text COLLATE "C" NOT NULL,
    details      bytea NOT NULL,
    PRIMARY KEY (profile_id, customer_id, connector_id),
    FOREIGN KEY (profile_id, customer_id) REFERENCES vault.customers
);
COMMENT ON COLUMN vault.connector_customers.details IS 'Envelope under the data key of the profile, bound to this row and column';
COMMENT ON TABLE vault.connector_customers IS 'The ids by which connectors know a customer, each an envelope';

CREATE TABLE vault.network_tokens (
    profile_id        text COLLATE "C" NOT NULL,
    payment_method_id text COLLATE "C" NOT NULL,
    connector_id      text COLLATE "C" NOT NULL,
    summary           bytea NOT NULL,
    check_after       timestamptz NOT NULL,
    PRIMARY KEY (profile_id, payment_method_id),
    FOREIGN KEY (profile_id, payment_method_id) REFERENCES vault.payment_methods
);
COMMENT ON TABLE vault.network_tokens IS 'Network tokens of payment methods. The token itself stays with the token service, and is fetched for each payment';
COMMENT ON COLUMN vault.network_tokens.connector_id IS 'The account at the token service';
COMMENT ON COLUMN vault.network_tokens.summary IS 'Envelope of what an ordinary answer shows, and of the reference by which the service knows the token';
COMMENT ON COLUMN vault.network_tokens.check_after IS 'When the worker asks the service whether the token is still good; infinity is never';
CREATE INDEX network_tokens_to_check ON vault.network_tokens (check_after);

-- One row for each token that a connector has made, or one row for a payment method without tokens. The rights and policies of
-- the reader apply (security_invoker). A standby reads the view, too, so it contains no unlogged table.
CREATE VIEW vault.payment_methods_with_tokens WITH (security_invoker = true) AS
SELECT p.profile_id, p.payment_method_id, p.customer_id, p.payment_method_type, p.payment_method_subtype, p.status,
       p.instrument, p.summary, p.duplicate_index, p.created_at, p.modified_at, p.last_used_at,
       t.position AS token_position, t.details AS token_details,
       n.connector_id AS network_token_connector_id, n.summary AS network_token_summary
FROM vault.payment_methods p
LEFT JOIN vault.connector_tokens t
  ON t.profile_id = p.profile_id AND t.payment_method_id = p.payment_method_id
 AND (t.expires_at IS NULL OR t.expires_at > pg_catalog.clock_timestamp())
LEFT JOIN vault.network_tokens n
  ON n.profile_id = p.profile_id AND n.payment_method_id = p.payment_method_id;
COMMENT ON VIEW vault.payment_methods_with_tokens IS 'Internal: payment methods as the operations read them, with the tokens that can be used';

-- Jobs are calls to connectors that are to be made. A job commits with the change that asks for it. A background process
-- carries it out.
CREATE TABLE vault.jobs (
    profile_id        text COLLATE "C" NOT NULL,
    job_id            text COLLATE "C" NOT NULL,
    payment_method_id text COLLATE "C" NOT NULL,
    connector_id      text COLLATE "C" NOT NULL,
    action            text COLLATE "C" NOT NULL CHECK (action IN (
        'make_single_use_token', 'make_multi_use_token', 'delete_token',
        'make_network_token', 'check_network_token', 'delete_network_token')),
    state             text COLLATE "C" NOT NULL DEFAULT 'waiting'
        CHECK (state IN ('waiting', 'sent', 'done', 'failed', 'cancelled')),
    attempts          integer NOT NULL DEFAULT 0,
    next_try_at       timestamptz NOT NULL,
    error             text COLLATE "C",
    error_status      integer,
    subject           bytea,
    created_at        timestamptz NOT NULL,
    finished_at       timestamptz,
    PRIMARY KEY (profile_id, job_id),
    FOREIGN KEY (profile_id, payment_method_id) REFERENCES vault.payment_methods,
    CHECK ((finished_at IS NULL) = (state IN ('waiting', 'sent')))
);
COMMENT ON TABLE vault.jobs IS 'Jobs at connectors. The view vault.token_jobs shows them';
COMMENT ON COLUMN vault.jobs.action IS 'What is to be done at the connector';
COMMENT ON COLUMN vault.jobs.state IS 'waiting, sent (its answer is awaited), done, failed (for good) or cancelled';
COMMENT ON COLUMN vault.jobs.attempts IS 'How often the job was sent';
COMMENT ON COLUMN vault.jobs.next_try_at IS 'When a waiting job is due, or when the answer to a sent job is no longer expected';
COMMENT ON COLUMN vault.jobs.error IS 'The kind of the last error. It contains nothing that the other side said';
COMMENT ON COLUMN vault.jobs.subject IS 'Envelope of the token that is to be deleted';
CREATE INDEX jobs_open ON vault.jobs (connector_id, next_try_at) WHERE state IN ('waiting', 'sent');
CREATE INDEX jobs_finished ON vault.jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE UNIQUE INDEX jobs_once ON vault.jobs (profile_id, payment_method_id, connector_id, action)
    WHERE state IN ('waiting', 'sent') AND action NOT IN ('delete_token', 'delete_network_token');

-- Unlogged tables hold values that must not outlive the server. These are sealed under the memory key. The key's check value
-- tells the rows of this server from those of an earlier one. Unlogged tables reach no WAL, no standby and no backup. Statistics
-- are logged, so they must not contain samples of envelopes.
CREATE UNLOGGED TABLE vault.volatile_payment_methods (
    profile_id             text COLLATE "C" NOT NULL,
    payment_method_id      text COLLATE "C" NOT NULL,
    customer_id            text COLLATE "C",
    payment_method_type    text COLLATE "C" NOT NULL,
    payment_method_subtype text COLLATE "C",
    memory_key             bytea NOT NULL,
    instrument             bytea NOT NULL,
    summary                bytea NOT NULL,
    created_at             timestamptz NOT NULL,
    expires_at             timestamptz NOT NULL,
    PRIMARY KEY (profile_id, payment_method_id),
    FOREIGN KEY (profile_id, customer_id) REFERENCES vault.customers
);
COMMENT ON TABLE vault.volatile_payment_methods IS 'Payment methods that are kept for a day, and not beyond the server''s next stop';
COMMENT ON COLUMN vault.volatile_payment_methods.instrument IS 'Envelope under the memory key; opened by a reveal only';
COMMENT ON COLUMN vault.volatile_payment_methods.summary IS 'Envelope under the memory key of what an ordinary answer shows';
CREATE INDEX volatile_payment_methods_by_customer ON vault.volatile_payment_methods (profile_id, customer_id)
    WHERE customer_id IS NOT NULL;
CREATE INDEX volatile_payment_methods_by_expiry ON vault.volatile_payment_methods (expires_at);
ALTER TABLE vault.volatile_payment_methods
    ALTER COLUMN instrument SET STATISTICS 0,
    ALTER COLUMN summary SET STATISTICS 0;

-- The payment method is in one of two tables, which a foreign key cannot express. Code that deletes a payment method also deletes
-- its CVC.
CREATE UNLOGGED TABLE vault.cvcs (
    profile_id        text COLLATE "C" NOT NULL,
    payment_method_id text COLLATE "C" NOT NULL,
    memory_key        bytea NOT NULL,
    code              bytea NOT NULL,
    expires_at        timestamptz NOT NULL,
    PRIMARY KEY (profile_id, payment_method_id)
);
COMMENT ON TABLE vault.cvcs IS 'CVCs of payment methods, kept for 15 minutes or until they are used';
COMMENT ON COLUMN vault.cvcs.code IS 'Envelope under the memory key, bound to this row and column';
CREATE INDEX cvcs_by_expiry ON vault.cvcs (expires_at);
ALTER TABLE vault.cvcs ALTER COLUMN code SET STATISTICS 0;

CREATE TABLE vault.card_bins (
    bin             text COLLATE "C" PRIMARY KEY CHECK (bin ~ '^[0-9]{6,8}$'),
    card_network    text,
    card_issuer     text,
    card_type       text CHECK (card_type IN ('credit', 'debit')),
    issuing_country text CHECK (issuing_country ~ '^[A-Z]{2}$')
);
COMMENT ON TABLE vault.card_bins IS 'BIN table, loaded by a member of vault_admin. It fills in what the caller of a create leaves out';

-- A dump contains the rows of these tables.
DO $$
DECLARE
    relation pg_catalog.regclass;
BEGIN
    FOREACH relation IN ARRAY ARRAY[
        'vault.merchants', 'vault.profiles', 'vault.api_keys', 'vault.role_bindings', 'vault.root_keys',
        'vault.data_keys', 'vault.customers', 'vault.payment_methods', 'vault.payment_method_counts',
        'vault.connector_accounts', 'vault.connector_tokens', 'vault.connector_customers', 'vault.network_tokens',
        'vault.jobs', 'vault.card_bins'
    ]::pg_catalog.regclass[] LOOP
        PERFORM pg_catalog.pg_extension_config_dump(relation, '');
    END LOOP;
END
$$;
