//! Where PostgreSQL stores what `vault.decrypt` gives it: refused where the vault can notice, and in the documents where not.

use std::fs;
use std::path::Path;

use vault_tests::Tenant;
use vault_tests::stack::PrivateStack;

const PLAINTEXT: &str = "found in the file of an index";

/// The text of a document of the repository.
pub fn document(path: &str) -> String {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let text = fs::read_to_string(repository.join(path)).unwrap();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_function_that_decrypts_and_is_declared_immutable_stores_plaintext_as_the_documents_warn() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let role = tenant.role(&["vault_client"]);
    let mut superuser = stack.superuser();
    superuser
        .run(&format!("create schema notes authorization {role}"))
        .unwrap();
    let mut sql = stack.session(&role);
    sql.run(
        "create function notes.plain(vault.encrypted_text) returns text immutable language sql
             as 'select vault.decrypt($1)';
         create table notes.filled (note vault.encrypted_text);
         insert into notes.filled values (vault.encrypt('x'));
         create table notes.empty (note vault.encrypted_text);
         create index empty_plain on notes.empty (notes.plain(note))",
    )
    .unwrap();
    let refused = sql
        .run("create index on notes.filled (notes.plain(note))")
        .unwrap_err();
    assert_eq!(refused.sqlstate, "0A000", "{refused:?}");

    sql.run(&format!(
        "insert into notes.empty values (vault.encrypt('{PLAINTEXT}'))"
    ))
    .unwrap();
    superuser.run("checkpoint").unwrap();
    let file: String = superuser
        .value("select pg_relation_filepath('notes.empty_plain')", &[])
        .unwrap();
    let bytes = fs::read(stack.state.join("data").join(file)).unwrap();
    let mut windows = bytes.windows(PLAINTEXT.len());
    let is_stored = windows.any(|window| window == PLAINTEXT.as_bytes());
    let warned = document("docs/encrypted-columns.md")
        .contains("Never declare a function that decrypts `IMMUTABLE`.");
    assert_eq!((is_stored, warned), (true, true));
}
