//! The programs of docs/languages.md, with the libraries that it names.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use vault_tests::random;
use vault_tests::stack::repository;

use crate::docs::{Example, examples, fits};

const DOCUMENT: &str = "docs/languages.md";

/// A directory of this test alone.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Directory {
        let path = std::env::temp_dir().join(random::name("vault-languages"));
        fs::create_dir(&path).expect("a new directory");
        Directory(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// How the examples of one section run: its commands, and then its program, whose blocks are one file.
fn script(section: &[&Example], directory: &Path) -> String {
    let (commands, program): (Vec<&Example>, Vec<&Example>) = section
        .iter()
        .copied()
        .partition(|example| example.language == "sh");
    let mut script = joined(&commands, |example| Some(&example.commands));
    if let Some(first) = program.first() {
        let language = if first.language == "js" {
            "node"
        } else {
            &first.language
        };
        let file = directory.join("program");
        fs::write(&file, joined(&program, |example| Some(&example.commands))).expect("a file");
        script += &format!("pgrx-tests/languages/run {language} '{}'\n", file.display());
    }
    script
}

fn joined(examples: &[&Example], part: impl Fn(&Example) -> Option<&String>) -> String {
    examples
        .iter()
        .filter_map(|example| part(example))
        .map(|text| format!("{text}\n"))
        .collect()
}

/// What the script prints.
fn run(script: &str) -> String {
    let output = Command::new("bash")
        .args(["-e", "-u", "-o", "pipefail", "-c", script])
        .current_dir(repository("."))
        .output()
        .expect("bash");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (shown, errors) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{script}\n{shown}\n{errors}");
    shown
}

#[test]
fn each_library_reads_writes_and_finds_encrypted_columns_as_the_document_says() {
    let examples = examples(DOCUMENT);
    let mut sections: Vec<Vec<&Example>> = Vec::new();
    for example in &examples {
        match sections.last_mut() {
            Some(section) if section[0].section == example.section => section.push(example),
            _ => sections.push(vec![example]),
        }
    }
    let directory = Directory::new();
    for section in sections {
        let shown = run(&script(&section, &directory.0));
        let documented = joined(&section, |example| example.output.as_ref());
        assert!(
            fits(documented.trim(), &shown),
            "{}: it says\n{documented}\nbut there comes\n{shown}",
            section[0].section
        );
    }
}

/// A program for each library, which has `a secret` as a bind parameter, and prints what is looked at. `OPTIONS` are to be filled in.
const PSYCOPG: &str = "
import psycopg
with psycopg.connect(user='vault_app') as connection:
    cursor = psycopg.OPTIONS(connection)
    cursor.execute('SELECT current_query(), %s::text', ['a secret'])
    print(cursor.fetchone()[0])";
const SQLALCHEMY: &str = "
import sqlalchemy
engine = sqlalchemy.create_engine('postgresql+psycopg://vault_app@/vault', OPTIONS)
with engine.connect() as connection:
    try:
        connection.execute(sqlalchemy.text('SELECT CAST(:text AS text), 1 / 0'), dict(text='a secret'))
    except sqlalchemy.exc.DBAPIError as error:
        print(error)";
const DJANGO: &str = "
import django
from django.conf import settings
settings.configure(DATABASES=dict(default=dict(ENGINE='django.db.backends.postgresql', NAME='vault', USER='vault_app', OPTIONS
django.setup()
from django.db import connection
with connection.cursor() as cursor:
    cursor.execute('SELECT current_query(), %s::text', ['a secret'])
    print(cursor.fetchone()[0], connection.queries)";
const DRIZZLE: &str = "
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
const client = new pg.Client({ user: 'vault_app' });
await client.connect();
const db = drizzle({ client, logger: LOGGER });
await db.execute(sql`SELECT ${'a secret'}::text`);
await db.execute(sql`SELECT ${'a secret'}::text, 1 / 0`).catch((error) => console.log(OPTIONS));
await client.end();";

#[track_caller]
fn prints_the_parameter(is_printed: bool, language: &str, program: &str) {
    let directory = Directory::new();
    let file = directory.0.join("program");
    fs::write(&file, program).expect("a file");
    let shown = run(&format!(
        "pgrx-tests/languages/run {language} '{}'",
        file.display()
    ));
    assert!(!shown.is_empty(), "{program}");
    assert_eq!(shown.contains("a secret"), is_printed, "{program}\n{shown}");
}

#[test]
fn libraries_for_python_write_parameters_down_where_the_document_says() {
    let with = |program: &str, options| program.replace("OPTIONS", options);
    for (is_printed, program) in [
        (false, with(PSYCOPG, "Cursor")),
        (true, with(PSYCOPG, "ClientCursor")),
        (true, with(SQLALCHEMY, "echo=False")),
        (true, with(SQLALCHEMY, "echo=True")),
        (false, with(SQLALCHEMY, "echo=True, hide_parameters=True")),
        (true, with(DJANGO, ")))")),
        (
            false,
            with(DJANGO, "OPTIONS=dict(server_side_binding=True))))"),
        ),
        (
            true,
            with(
                DJANGO,
                "OPTIONS=dict(server_side_binding=True))), DEBUG=True)",
            ),
        ),
    ] {
        prints_the_parameter(is_printed, "python", &program);
    }
}

#[test]
fn drizzle_writes_parameters_down_where_the_document_says() {
    let with = |logger, shown| DRIZZLE.replace("LOGGER", logger).replace("OPTIONS", shown);
    prints_the_parameter(true, "node", &with("false", "error.message"));
    prints_the_parameter(false, "node", &with("false", "error.cause"));
    prints_the_parameter(true, "node", &with("true", "''"));
}
