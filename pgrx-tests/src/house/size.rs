//! A file has one purpose, and a function can be read at one glance.

use super::graph::Crate;

const LINES_OF_A_FILE: usize = 350;
const LINES_OF_A_FUNCTION: usize = 50;

#[test]
fn no_file_has_more_than_350_lines() {
    for folder in ["core/src", "src"] {
        let long: Vec<String> = Crate::read(folder)
            .sources
            .iter()
            .map(|source| (source.text.lines().count(), &source.path))
            .filter(|(lines, _)| *lines > LINES_OF_A_FILE)
            .map(|(lines, path)| format!("{folder}/{path}: {lines}"))
            .collect();
        assert!(long.is_empty(), "too long: {long:#?}");
    }
}

#[test]
fn no_function_has_more_than_50_lines() {
    for folder in ["core/src", "src"] {
        let mut long = Vec::new();
        for source in &Crate::read(folder).sources {
            for function in &source.functions {
                if function.lines > LINES_OF_A_FUNCTION {
                    let (path, name, lines) = (&source.path, &function.name, function.lines);
                    long.push(format!("{folder}/{path}: {name} has {lines}"));
                }
            }
        }
        assert!(long.is_empty(), "too long: {long:#?}");
    }
}
