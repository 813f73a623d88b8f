//! The examples of README.md and docs/ run as they stand there.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use vault_tests::stack::repository;

/// Those with examples.
const DOCUMENTS: [&str; 8] = [
    "README.md",
    "docs/audit.md",
    "docs/connectors.md",
    "docs/encrypted-columns.md",
    "docs/http-api.md",
    "docs/keys.md",
    "docs/operating.md",
    "docs/root-key.md",
];

/// A block of commands that a document marks with `<!-- test -->`, and what `<!-- output -->` says it prints.
#[derive(Debug)]
struct Example {
    line: usize,
    commands: String,
    output: Option<String>,
}

fn examples(document: &str) -> Vec<Example> {
    let text = fs::read_to_string(repository(document)).expect(document);
    let mut examples: Vec<Example> = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mark = line.trim();
        if mark != "<!-- test -->" && mark != "<!-- output -->" {
            continue;
        }
        let fence = lines
            .find(|(_, line)| !line.trim().is_empty())
            .map(|(_, line)| line.trim());
        assert!(
            fence.is_some_and(|fence| fence.starts_with("```")),
            "{document} line {}: no block after {mark}",
            number + 1
        );
        let block: Vec<&str> = lines
            .by_ref()
            .map(|(_, line)| line)
            .take_while(|line| line.trim() != "```")
            .collect();
        match (mark, examples.last_mut()) {
            ("<!-- output -->", Some(example)) => example.output = Some(block.join("\n")),
            ("<!-- output -->", None) => {
                panic!("{document} line {}: output before any example", number + 1)
            }
            _ => examples.push(Example {
                line: number + 1,
                commands: block.join("\n"),
                output: None,
            }),
        }
    }
    assert!(
        !examples.is_empty(),
        "{document} has no block marked <!-- test -->"
    );
    examples
}

/// Printed before each example's own output.
const MARK: &str = "=== example of line";

/// Runs the examples in one shell, and gives what each printed.
fn run(document: &str, examples: &[Example]) -> Vec<String> {
    let script: String = examples
        .iter()
        .map(|example| {
            format!(
                "echo; echo '{MARK} {}'\n{}\n",
                example.line, example.commands
            )
        })
        .collect();
    let mut shell = Command::new("bash")
        .args(["-e", "-u", "-o", "pipefail", "-s"])
        .current_dir(repository("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash");
    shell
        .stdin
        .take()
        .expect("a pipe")
        .write_all(script.as_bytes())
        .expect("a shell that reads");
    let output = shell.wait_with_output().expect("an output");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        output.status.success(),
        "the commands of {document} fail after:\n{text}"
    );
    text.split(MARK)
        .skip(1)
        .map(|part| {
            part.split_once('\n')
                .map_or("", |(_, rest)| rest)
                .trim()
                .to_owned()
        })
        .collect()
}

/// Whether `shown` has every member that `documented` has. Values of our own making (ids, times) differ every time.
fn resembles(documented: &Value, shown: &Value) -> bool {
    match (documented, shown) {
        (Value::Object(documented), Value::Object(shown)) => documented
            .iter()
            .all(|(name, value)| shown.get(name).is_some_and(|shown| resembles(value, shown))),
        (Value::Array(documented), Value::Array(shown)) => {
            documented.len() <= shown.len()
                && documented.iter().zip(shown).all(|(d, s)| resembles(d, s))
        }
        (Value::String(_), Value::String(_)) => true,
        _ => documented == shown,
    }
}

/// Whether what was printed is the documented answer: for JSON by its members, for anything else by its lines.
fn fits(documented: &str, shown: &str) -> bool {
    match (
        serde_json::from_str(documented),
        serde_json::from_str(shown),
    ) {
        (Ok(documented), Ok(shown)) => resembles(&documented, &shown),
        _ => documented.lines().all(|line| shown.contains(line.trim())),
    }
}

#[test]
fn the_examples_of_the_documents_do_what_they_say() {
    for document in DOCUMENTS {
        let examples = examples(document);
        let outputs = run(document, &examples);
        assert_eq!(outputs.len(), examples.len());
        for (example, shown) in examples.iter().zip(&outputs) {
            let Some(documented) = &example.output else {
                continue;
            };
            assert!(
                fits(documented, shown),
                "{document} line {}: it says\n{documented}\nbut there comes\n{shown}",
                example.line
            );
        }
    }
}

#[test]
fn a_documented_answer_with_another_member_is_noticed() {
    let parse = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    let shown = parse(r#"{"id":"x","card":{"last4":"1111"},"list":[{"a":1}]}"#);
    for good in [
        r#"{"id":"y"}"#,
        r#"{"card":{"last4":"4242"}}"#,
        r#"{"list":[{"a":1}]}"#,
    ] {
        assert!(resembles(&parse(good), &shown), "{good}");
    }
    for bad in [
        r#"{"name":"x"}"#,
        r#"{"id":1}"#,
        r#"{"list":[{"a":2}]}"#,
        r#"{"list":[{"a":1},{}]}"#,
        "[]",
    ] {
        assert!(!resembles(&parse(bad), &shown), "{bad}");
    }
}
