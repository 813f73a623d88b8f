//! What documents refer to is there: files, headings and tests.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use regex::Regex;

use super::repository;

/// The documents, each with its path from the repository.
fn documents() -> Vec<(PathBuf, String)> {
    let folders = [".", "docs"].map(|folder| repository().join(folder));
    let mut documents: Vec<(PathBuf, String)> = folders
        .iter()
        .flat_map(|folder| fs::read_dir(folder).expect("a folder"))
        .map(|entry| {
            entry
                .expect("an entry")
                .path()
                .canonicalize()
                .expect("a path")
        })
        .filter(|path| path.extension().is_some_and(|extension| extension == "md"))
        .map(|path| (path.clone(), fs::read_to_string(&path).expect("a text")))
        .collect();
    documents.sort();
    assert!(documents.len() > 10);
    documents
}

/// The text without its blocks of code.
fn prose(text: &str) -> String {
    let mut inside = false;
    let mut prose = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            inside = !inside;
        } else if !inside {
            prose += line;
            prose.push('\n');
        }
    }
    prose
}

/// The names by which links reach the headings of a text, as hosts of repositories make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut seen: HashMap<String, u32> = HashMap::new();
    let headings = Regex::new(r"(?m)^#+ (.*)$").unwrap();
    let link = Regex::new(r"\[([^\]]*)\]\([^)]*\)").unwrap();
    headings
        .captures_iter(&prose(text))
        .map(|heading| {
            let shown = link.replace_all(&heading[1], "$1").to_lowercase();
            let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
            let name: String = shown.chars().filter(kept).collect();
            let name = name.replace(' ', "-");
            let earlier = seen.entry(name.clone()).or_default();
            *earlier += 1;
            match *earlier {
                1 => name,
                times => format!("{name}-{}", times - 1),
            }
        })
        .collect()
}

/// Whether a link leads to a file of the repository, and to a heading of that document if it names one.
fn leads_somewhere(
    from: &Path,
    target: &str,
    headings: &HashMap<PathBuf, BTreeSet<String>>,
) -> bool {
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = match file {
        "" => Ok(from.to_owned()),
        _ => from.parent().expect("a folder").join(file).canonicalize(),
    };
    let Ok(path) = path else { return false };
    anchor.is_empty()
        || headings
            .get(&path)
            .is_some_and(|anchors| anchors.contains(anchor))
}

#[test]
fn every_link_of_the_documents_leads_somewhere() {
    let link = Regex::new(r"(?s)\]\(([^)\s]+)\)").unwrap();
    let mut broken = Vec::new();
    let mut links = 0;
    let documents = documents();
    let headings = documents
        .iter()
        .map(|(path, text)| (path.clone(), anchors(text)))
        .collect();
    for (path, text) in &documents {
        for found in link.captures_iter(&prose(text)) {
            let target = &found[1];
            if target.starts_with("https:") || target.starts_with("http:") {
                continue;
            }
            links += 1;
            if !leads_somewhere(path, target, &headings) {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    assert!(links > 100, "{links}");
    assert_eq!(broken, [""; 0]);
}

#[test]
fn every_test_that_a_document_names_is_there() {
    let name = Regex::new(r"`outside::([a-z_:]+)`").unwrap();
    let mut unknown = Vec::new();
    let mut names = 0;
    for (path, text) in documents() {
        for found in name.captures_iter(&text) {
            names += 1;
            let module = found[1].trim_end_matches("::").replace("::", "/");
            let place = repository().join("pgrx-tests/tests/outside").join(module);
            if !place.is_dir() && !place.with_extension("rs").exists() {
                unknown.push(format!("{}: {}", path.display(), &found[1]));
            }
        }
    }
    assert!(names > 10, "{names}");
    assert_eq!(unknown, [""; 0]);
}

#[test]
fn headings_get_the_names_that_links_use() {
    let text = "# The title\n## `code` and more\n## What to do when …\n```sh\n# no heading\n```\n## The title\n";
    let expected = [
        "code-and-more",
        "the-title",
        "the-title-1",
        "what-to-do-when-",
    ];
    assert_eq!(anchors(text), expected.map(str::to_owned).into());
}
