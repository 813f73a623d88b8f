//! PostgreSQL writes what does not fit into memory to temporary files: what a query decrypts, too. Where they lie is a setting.

use std::fs;
use std::path::Path;

use vault_tests::stack::PrivateStack;
use vault_tests::{Session, Tenant};

use crate::stored_plaintext::document;
use crate::support::soon;

const PLAINTEXT: &str = "found in a temporary file";

/// Has a session sort more decrypted values than fit into memory, in a transaction that it leaves open.
fn sort(sql: &mut Session) {
    sql.run(&format!(
        "set work_mem = '64kB';
         create temporary table notes (note vault.encrypted_text);
         insert into notes select vault.encrypt('{PLAINTEXT}, ' || n) from generate_series(1, 5000) n"
    ))
    .unwrap();
    sql.run(
        "begin;
         declare sorted cursor for select vault.decrypt(note) from notes order by 1;
         move 1 in sorted",
    )
    .unwrap();
}

/// Whether a file below the directory holds the plaintext.
fn is_below(directory: &Path) -> bool {
    let Ok(entries) = fs::read_dir(directory) else {
        return false;
    };
    entries.flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return is_below(&path);
        }
        let bytes = fs::read(&path).unwrap_or_default();
        bytes
            .windows(PLAINTEXT.len())
            .any(|window| window == PLAINTEXT.as_bytes())
    })
}

#[test]
fn a_tablespace_for_temporary_files_keeps_decrypted_values_off_the_disk_of_the_data() {
    let stack = PrivateStack::start();
    let tenant = Tenant::within(&stack);
    let data = stack.state.join("data/base/pgsql_tmp");
    let mut sql = tenant.sql();
    sort(&mut sql);
    assert!(
        is_below(&data),
        "without the setting they lie beside the data"
    );
    drop(sql);
    soon("the file is gone with its session", || !is_below(&data));

    let memory = stack.state.join("memory");
    stack.make_server_directory(&memory);
    let location = memory.display();
    let mut superuser = stack.superuser();
    superuser
        .run(&format!("create tablespace memory location '{location}'"))
        .unwrap();
    superuser
        .run("grant create on tablespace memory to public")
        .unwrap();
    let mut sql = tenant.sql();
    sql.run("set temp_tablespaces = memory").unwrap();
    sort(&mut sql);
    assert!(is_below(&memory));
    assert!(!is_below(&data));
    let document = document("docs/encrypted-columns.md");
    assert!(document.contains("Set `temp_tablespaces` to a tablespace in memory"));
    // What outlives its transaction may not lie in a tablespace that somebody could drop.
    sql.run("declare held cursor with hold for select vault.decrypt(note) from notes order by 1; commit")
        .unwrap();
    assert!(is_below(&data), "a cursor WITH HOLD, as the documents say");
}
