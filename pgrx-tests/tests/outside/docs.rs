//! The examples of README.md and docs/ run as they stand there.

use std::fs;
use std::io::Write;
use std::process::{Command, Stdio};

use regex::{Captures, Regex};
use serde_json::Value;
use vault_tests::stack::repository;

/// Those with examples.
const DOCUMENTS: [&str; 9] = [
    "README.md",
    "docs/audit.md",
    "docs/connectors.md",
    "docs/encrypted-columns.md",
    "docs/http.md",
    "docs/keys.md",
    "docs/operations.md",
    "docs/root-key.md",
    "docs/sql.md",
];

/// A block of commands that a document marks with `<!-- test -->`, and what `<!-- output -->` says it prints.
#[derive(Debug)]
pub struct Example {
    /// The heading that it stands under.
    pub section: String,
    /// What it is written in, as the block's first line says.
    pub language: String,
    line: usize,
    pub commands: String,
    pub output: Option<String>,
}

/// The examples of a document, in their order.
pub fn examples(document: &str) -> Vec<Example> {
    let text = fs::read_to_string(repository(document)).expect(document);
    let mut examples: Vec<Example> = Vec::new();
    let mut section = String::new();
    let mut lines = text.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        let mark = line.trim();
        if let Some(heading) = line.strip_prefix("## ") {
            section = heading.to_owned();
        }
        if mark != "<!-- test -->" && mark != "<!-- output -->" {
            continue;
        }
        let fence = lines
            .find(|(_, line)| !line.trim().is_empty())
            .and_then(|(_, line)| line.trim().strip_prefix("```"));
        let Some(language) = fence else {
            panic!("{document} line {}: no block after {mark}", number + 1)
        };
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
                section: section.clone(),
                language: language.to_owned(),
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

/// Runs the examples in one shell, or in one psql if they are SQL, and gives what each printed.
fn run(document: &str, examples: &[Example]) -> Vec<String> {
    let (mut command, echo) = match examples.first() {
        Some(first) if first.language == "sql" => (Command::new("psql"), "\\echo"),
        _ => (Command::new("bash"), "echo"),
    };
    match echo {
        "echo" => command.args(["-e", "-u", "-o", "pipefail", "-s"]),
        _ => command.args(["-XqAt", "-v", "ON_ERROR_STOP=1"]),
    };
    let script: String = examples
        .iter()
        .map(|example| {
            format!(
                "{echo}\n{echo} '{MARK} {}'\n{}\n",
                example.line, example.commands
            )
        })
        .collect();
    let mut shell = command
        .current_dir(repository("."))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("bash or psql");
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

/// Forms of texts that the vault, or a sandbox, makes anew each time: an example shows one of the same form. Any other text
/// is shown as it comes.
const MADE_ANEW: [&str; 3] = [
    // Ids of customers and payment methods; ids of connectors, and a provider's ids of cards and customers.
    r"(?<kind>12345_(cus|pm))_[0-9a-f]{32}",
    r"(?<kind>mca|pm|cus)_[0-9A-Za-z]{8,}",
    r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
];

/// The member of an answer that a token service fills: its digits are made anew, too.
const OF_A_TOKEN_SERVICE: &str = "network_token";
const DIGITS: &str = r"\d+";

/// Whether both texts have the form, with the same kind of thing in it.
fn have_form(form: &str, documented: &str, shown: &str) -> bool {
    let form = Regex::new(&format!("^(?:{form})$")).unwrap();
    match (form.captures(documented), form.captures(shown)) {
        (Some(documented), Some(shown)) => {
            let kind =
                |captures: &Captures| captures.name("kind").map(|kind| kind.as_str().to_owned());
            kind(&documented) == kind(&shown)
        }
        _ => false,
    }
}

/// Whether `shown` has every member that `documented` has, with the same values but for those that are made anew.
fn resembles(documented: &Value, shown: &Value, made_anew: &[&str]) -> bool {
    match (documented, shown) {
        (Value::Object(documented), Value::Object(shown)) => {
            documented.iter().all(|(name, value)| {
                let with_digits = [made_anew, &[DIGITS]].concat();
                let made_anew = if name == OF_A_TOKEN_SERVICE {
                    &with_digits
                } else {
                    made_anew
                };
                shown
                    .get(name)
                    .is_some_and(|shown| resembles(value, shown, made_anew))
            })
        }
        (Value::Array(documented), Value::Array(shown)) => {
            let mut pairs = documented.iter().zip(shown);
            documented.len() == shown.len() && pairs.all(|(d, s)| resembles(d, s, made_anew))
        }
        (Value::String(documented), Value::String(shown)) => {
            documented == shown
                || made_anew
                    .iter()
                    .any(|form| have_form(form, documented, shown))
        }
        _ => documented == shown,
    }
}

/// Whether a line was printed: whole, or for an error, which names what is different each time, from its beginning.
fn is_line(documented: &str, shown: &str) -> bool {
    let (documented, shown) = (documented.trim(), shown.trim());
    let is_error = ["ERROR:", "DETAIL:"]
        .iter()
        .any(|mark| documented.starts_with(mark));
    documented == shown || is_error && shown.starts_with(documented)
}

/// Whether what was printed is the documented answer: for JSON by its members, for anything else by its lines, in their
/// order, between which further ones may stand.
pub fn fits(documented: &str, shown: &str) -> bool {
    match (
        serde_json::from_str(documented),
        serde_json::from_str(shown),
    ) {
        (Ok(documented), Ok(shown)) => resembles(&documented, &shown, &MADE_ANEW),
        _ => {
            let mut printed = shown.lines();
            documented
                .lines()
                .all(|line| printed.any(|shown| is_line(line, shown)))
        }
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
    let shown = r#"{"id":"12345_pm_019e2102e4fb7a32b456d8f896e8f51e","card":{"last4":"1111","network":null},
                    "at":"2026-05-13T10:03:05.617Z","list":[{"a":1}],"connector":"mca_6MP7gNZ8TLx3gkZmIA3w",
                    "network_token":{"last4_digits":"8597","name":"x"}}"#;
    for good in [
        r#"{"id":"12345_pm_019e2102e4fb7a32b456d8f896e8f51f"}"#,
        r#"{"card":{"last4":"1111"}}"#,
        r#"{"at":"2026-01-01T00:00:00.000Z"}"#,
        r#"{"connector":"mca_aaaaaaaaaaaaaaaaaaaa"}"#,
        r#"{"list":[{"a":1}]}"#,
        r#"{"network_token":{"last4_digits":"1234"}}"#,
    ] {
        assert!(fits(good, shown), "{good}");
    }
    for bad in [
        r#"{"name":"x"}"#,
        r#"{"id":1}"#,
        r#"{"id":"x"}"#,
        r#"{"id":"12345_cus_019e2102e4fb7a32b456d8f896e8f51e"}"#,
        r#"{"card":{"last4":"4242"}}"#,
        r#"{"card":{"network":"Visa"}}"#,
        r#"{"at":"yesterday"}"#,
        r#"{"connector":"cus_aaaaaaaaaaaaaaaaaaaa"}"#,
        r#"{"list":[{"a":2}]}"#,
        r#"{"list":[{"a":1},{}]}"#,
        r#"{"list":[]}"#,
        r#"{"network_token":{"name":"y"}}"#,
        "[]",
    ] {
        assert!(!fits(bad, shown), "{bad}");
    }
}

#[test]
fn a_documented_line_that_is_not_printed_is_noticed() {
    let shown = "1\n 4111111111111111\nERROR:  value 17 is damaged\nt|f\n";
    for good in [
        "1",
        "4111111111111111\nt|f",
        "ERROR:  value\nt|f",
        "1\n4111111111111111\nERROR:  value 17 is damaged\nt|f",
    ] {
        assert!(fits(good, shown), "{good}");
    }
    for bad in [
        "t",
        "411111",
        "value 17 is damaged",
        "t|f\n1",
        "1\n1",
        "ERROR:  value 18",
    ] {
        assert!(!fits(bad, shown), "{bad}");
    }
}
