//! The SQL of the extension: the files of `sql/`, in reading order. `requires` says which functions of Rust a file needs.

use pgrx::prelude::*;

use crate::types::card_number::*;
use crate::types::encrypted_json::*;
use crate::types::encrypted_text::*;
use crate::types::searchable_text::*;

extension_sql_file!("../sql/bootstrap.sql", name = "bootstrap", bootstrap);
extension_sql_file!(
    "../sql/tables.sql",
    name = "tables",
    requires = ["bootstrap"]
);
extension_sql_file!(
    "../sql/audit_log.sql",
    name = "audit_log",
    requires = ["bootstrap"]
);
extension_sql_file!(
    "../sql/types.sql",
    name = "types",
    creates = [
        Type(EncryptedText),
        Type(EncryptedJson),
        Type(SearchableText),
        Type(CardNumber),
    ],
    requires = [
        encrypted_text_in,
        encrypted_text_out,
        encrypted_text_recv,
        encrypted_text_send,
        encrypted_json_in,
        encrypted_json_out,
        encrypted_json_recv,
        encrypted_json_send,
        searchable_text_in,
        searchable_text_out,
        searchable_text_recv,
        searchable_text_send,
        card_number_in,
        card_number_out,
        card_number_recv,
        card_number_send,
    ]
);
extension_sql_file!(
    "../sql/policies.sql",
    name = "policies",
    requires = [
        "tables",
        "audit_log",
        surface::sql::current_profile,
        surface::sql::tell_of_change,
    ]
);
extension_sql_file!(
    "../sql/key_lifecycle.sql",
    name = "key_lifecycle",
    requires = [
        "policies",
        "types",
        surface::keys::acts_for,
        surface::keys::has_application_values,
        surface::keys::count_application_values,
        surface::keys::count_values,
        surface::keys::is_destroyed,
        surface::keys::reencrypt_batch,
        surface::keys::values_of_strangers,
    ]
);
extension_sql_file!(
    "../sql/lockouts.sql",
    name = "lockouts",
    requires = ["bootstrap", surface::lockouts::counted_failures]
);
extension_sql_file!(
    "../sql/metrics.sql",
    name = "metrics",
    requires = ["tables", "connectors", surface::monitoring::shared_metrics]
);
extension_sql_file!(
    "../sql/check.sql",
    name = "check",
    requires = [
        "key_lifecycle",
        "nodes",
        surface::monitoring::state_findings
    ]
);
extension_sql_file!(
    "../sql/connectors.sql",
    name = "connectors",
    requires = ["key_lifecycle"]
);
extension_sql_file!(
    "../sql/api.sql",
    name = "api",
    requires = ["bootstrap", "metrics"]
);
extension_sql_file!(
    "../sql/nodes.sql",
    name = "nodes",
    requires = [
        "policies",
        "key_lifecycle",
        surface::nodes::keys_on_shards,
        surface::nodes::jobs_on_shards,
        surface::nodes::connectors_on_shards
    ]
);
extension_sql_file!("../sql/finalize.sql", name = "finalize", finalize);

// Cargo does not see which files the macro above reads. With these, it builds again after a change of the SQL.
const _: [&str; 13] = [
    include_str!("../sql/bootstrap.sql"),
    include_str!("../sql/tables.sql"),
    include_str!("../sql/audit_log.sql"),
    include_str!("../sql/types.sql"),
    include_str!("../sql/policies.sql"),
    include_str!("../sql/key_lifecycle.sql"),
    include_str!("../sql/lockouts.sql"),
    include_str!("../sql/check.sql"),
    include_str!("../sql/metrics.sql"),
    include_str!("../sql/connectors.sql"),
    include_str!("../sql/api.sql"),
    include_str!("../sql/nodes.sql"),
    include_str!("../sql/finalize.sql"),
];
