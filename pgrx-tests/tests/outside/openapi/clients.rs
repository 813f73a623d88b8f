//! The clients that docs/http.md makes from docs/openapi.json, and the programs there that use them.

use std::fs;
use std::process::{Command, Stdio};

use vault_tests::random;
use vault_tests::stack::repository;

/// The block of docs/http.md behind a mark.
fn block(mark: &str) -> String {
    let text = fs::read_to_string(repository("docs/http.md")).unwrap();
    let (_, behind) = text.split_once(&format!("<!-- {mark} -->")).expect(mark);
    let (_, block) = behind.split_once("```").expect("a block");
    let (_, block) = block.split_once('\n').expect("a line");
    block.split_once("```").expect("an end").0.to_owned()
}

fn run(language: &str) -> String {
    let file = std::env::temp_dir().join(random::name("client"));
    fs::write(&file, block(&format!("client: {language}"))).unwrap();
    let output = Command::new(repository("pgrx-tests/openapi/run"))
        .arg(language)
        .arg(&file)
        .stdin(Stdio::null())
        .output()
        .expect("the script can be run");
    fs::remove_file(&file).unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_client_in_python_creates_reads_lists_and_deletes() {
    assert_eq!(run("python"), block("clients print"));
}

#[test]
fn a_client_in_typescript_creates_reads_lists_and_deletes() {
    assert_eq!(run("typescript"), block("clients print"));
}

#[test]
fn the_document_names_the_versions_that_are_tested() {
    let text = fs::read_to_string(repository("docs/http.md")).unwrap();
    let script = fs::read_to_string(repository("pgrx-tests/openapi/run")).unwrap();
    let packages = fs::read_to_string(repository("pgrx-tests/openapi/package.json")).unwrap();
    for version in [
        "openapi-python-client==0.29.1",
        "openapi-fetch@0.17.0",
        "openapi-typescript@7.13.0",
    ] {
        assert!(text.contains(version), "{version}");
        let in_json = version.replace('@', "\": \"");
        assert!(
            script.contains(version) || packages.contains(&in_json),
            "{version}"
        );
    }
}
