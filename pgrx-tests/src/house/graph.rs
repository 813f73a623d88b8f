//! Which file needs which other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use walkdir::WalkDir;

use super::source::{Module, Source};

/// The files of one crate.
pub struct Crate {
    pub sources: Vec<Source>,
}

impl Crate {
    /// Reads a folder of the repository. Files of tests are left out.
    pub fn read(folder: &str) -> Crate {
        let root = super::repository().join(folder);
        let is_source = |path: &Path| {
            path.extension().is_some_and(|extension| extension == "rs")
                && !path.ends_with("tests.rs")
        };
        let files = WalkDir::new(&root).sort_by_file_name().into_iter();
        let files = files.map(|entry| entry.unwrap().into_path());
        Crate::of(files.filter(|path| is_source(path)).map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let path = path.strip_prefix(&root).unwrap();
            (path.to_string_lossy().into_owned(), text)
        }))
    }

    /// Makes a crate from paths and texts.
    pub fn of(files: impl IntoIterator<Item = (String, String)>) -> Crate {
        let files = files.into_iter();
        let sources: Vec<Source> = files
            .map(|(path, text)| Source::read(&path, text))
            .collect();
        assert!(!sources.is_empty(), "there are no files to look at");
        Crate { sources }
    }

    /// The paths of the files that each file needs.
    pub fn needs(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let of_modules: BTreeMap<&[String], &Source> = self
            .sources
            .iter()
            .map(|source| (source.module.as_slice(), source))
            .collect();
        let needed = |source: &Source| -> BTreeSet<&str> {
            let paths = source.paths.iter();
            paths
                .map(|path| defining(&of_modules, path, 0).path.as_str())
                .filter(|path| *path != source.path)
                .collect()
        };
        let sources = self.sources.iter();
        sources
            .map(|source| (source.path.as_str(), needed(source)))
            .collect()
    }

    /// The circles of files that need each other, each by its shortest way round. A module that only declares and re-exports the
    /// modules below it is in no circle.
    pub fn circles(&self) -> Vec<Vec<&str>> {
        let needs = self.needs();
        let mut circles = BTreeSet::new();
        for start in needs.keys() {
            circles.extend(way_round(&needs, start));
        }
        let mut seen: BTreeSet<BTreeSet<&str>> = BTreeSet::new();
        circles
            .into_iter()
            .filter(|circle| seen.insert(circle.iter().copied().collect()))
            .collect()
    }
}

/// The file that defines what the path names; re-exports are followed.
fn defining<'a>(
    of_modules: &BTreeMap<&[String], &'a Source>,
    path: &[String],
    depth: usize,
) -> &'a Source {
    let (module, source) = (0..=path.len())
        .rev()
        .find_map(|length| {
            let module = path.get(..length)?;
            of_modules.get_key_value(module)
        })
        .unwrap_or_else(|| panic!("no file has {path:?}"));
    let Some(name) = path.get(module.len()) else {
        return source;
    };
    let rest = path.get(module.len() + 1..).unwrap_or_default();
    let exact = source.re_exports.iter().find(|(known, _)| known == name);
    match exact {
        Some((_, meant)) if depth < 10 => {
            let meant: Module = [meant.clone(), rest.to_vec()].concat();
            defining(of_modules, &meant, depth + 1)
        }
        _ => source,
    }
}

/// The shortest way from a file back to itself.
fn way_round<'a>(
    needs: &BTreeMap<&'a str, BTreeSet<&'a str>>,
    start: &'a str,
) -> Option<Vec<&'a str>> {
    let mut ways: Vec<Vec<&str>> = vec![vec![start]];
    let mut seen = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way.last()?;
            for next in needs.get(last)? {
                if *next == start {
                    return Some(way);
                }
                if seen.insert(*next) {
                    longer.push([way.clone(), vec![*next]].concat());
                }
            }
        }
        ways = longer;
    }
    None
}
