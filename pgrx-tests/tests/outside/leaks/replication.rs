//! What logical decoding hands to a subscriber.

use vault_tests::stack::PrivateStack;

use super::Planted;

#[test]
fn decoded_changes_show_no_plaintext() {
    let stack = PrivateStack::start();
    stack.restart_with_settings("wal_level = logical");
    let planted = Planted::within(&stack);
    let mut superuser = stack.superuser();
    superuser
        .run(&format!(
            "alter table {schema}.people replica identity full; create publication people for table {schema}.people",
            schema = planted.schema
        ))
        .unwrap();
    for (slot, plugin) in [("texts", "test_decoding"), ("messages", "pgoutput")] {
        superuser
            .rows(
                "select pg_create_logical_replication_slot($1::text::name, $2::text::name)::text",
                &[&slot, &plugin],
            )
            .unwrap();
    }

    planted.insert(1);
    planted
        .sql()
        .run("update people set id = 2; delete from people")
        .unwrap();

    let mut changes = |query: &str| -> Vec<Vec<u8>> {
        superuser
            .rows(query, &[])
            .unwrap()
            .iter()
            .map(|row| row.get(0))
            .collect()
    };
    let texts = changes(
        "select convert_to(data, 'UTF8') from pg_logical_slot_get_changes('texts', null, null)
         where data ~ '(INSERT|UPDATE|DELETE)'",
    );
    let messages = |binary: &str| {
        format!(
            "select data from pg_logical_slot_peek_binary_changes('messages', null, null, 'proto_version', '2',
                'publication_names', 'people', 'binary', '{binary}') where get_byte(data, 0) in (73, 85, 68)"
        )
    };
    let (as_texts, as_bytes) = (changes(&messages("false")), changes(&messages("true")));
    for (plugin, changes) in [
        ("test_decoding", texts),
        ("pgoutput", as_texts),
        ("pgoutput, binary", as_bytes),
    ] {
        assert_eq!(changes.len(), 3, "{plugin}: insert, update, delete");
        for change in changes {
            planted.hidden_in(plugin, change);
        }
    }
}
