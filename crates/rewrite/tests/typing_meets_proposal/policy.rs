//! `docs/what-happens-when.md`: every sentence names the tests that hold it, and every test that it names exists.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use crate::cases::SECTIONS;

fn root() -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "..", ".."].iter().collect()
}

fn policy() -> String {
    let path = root().join("docs").join("what-happens-when.md");
    std::fs::read_to_string(path).expect("the page is there")
}

/// The sentences of the page below its introduction, one to a line, with the notes that each refers to.
fn sentences(page: &str) -> Vec<(&str, Vec<&str>)> {
    page.lines()
        .skip_while(|line| !line.starts_with("## "))
        .filter(|line| !line.is_empty() && !line.starts_with("## ") && !line.starts_with("[^"))
        .map(|line| {
            let notes = line.split("[^").skip(1);
            (
                line,
                notes.filter_map(|note| note.split(']').next()).collect(),
            )
        })
        .collect()
}

/// The tests that each note names.
fn notes(page: &str) -> BTreeMap<&str, Vec<&str>> {
    let notes = page.lines().filter_map(|line| line.strip_prefix("[^"));
    notes
        .filter_map(|line| line.split_once("]: "))
        .map(|(note, tests)| (note, tests.split('`').skip(1).step_by(2).collect()))
        .collect()
}

/// The names of all tests in the Rust files of a folder.
fn tests_in(folder: &Path, found: &mut HashSet<String>) {
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    for entry in entries.filter_map(Result::ok) {
        let path = entry.path();
        if path.is_dir() {
            tests_in(&path, found);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let source = std::fs::read_to_string(&path).expect("a text");
            let mut is_test = false;
            for line in source.lines().map(str::trim) {
                if let Some(name) = line.strip_prefix("fn ").filter(|_| is_test) {
                    found.extend(name.split('(').next().map(str::to_owned));
                }
                is_test = line.starts_with("#[test]") || is_test && line.starts_with("#[");
            }
        }
    }
}

#[test]
fn every_sentence_of_the_policy_names_the_tests_that_hold_it() {
    let page = policy();
    let notes = notes(&page);
    let sentences = sentences(&page);
    assert!(sentences.len() > 30, "{} sentences", sentences.len());
    let mut used = BTreeSet::new();
    for (sentence, names) in sentences {
        assert!(!names.is_empty(), "nothing holds: {sentence}");
        for name in names {
            let tests = notes.get(name);
            assert!(
                tests.is_some_and(|it| !it.is_empty()),
                "{name} names no test: {sentence}"
            );
            used.insert(name);
        }
    }
    let unused: Vec<_> = notes.keys().filter(|note| !used.contains(*note)).collect();
    assert!(unused.is_empty(), "no sentence refers to {unused:?}");
}

#[test]
fn every_test_that_the_policy_names_exists() {
    let mut found = HashSet::new();
    tests_in(&root().join("crates"), &mut found);
    tests_in(&root().join("tests").join("tests"), &mut found);
    let cases = SECTIONS.iter().flat_map(|section| section.cases);
    found.extend(cases.map(|case| case.name.to_owned()));
    let page = policy();
    let named = notes(&page).into_values().flatten();
    let missing: BTreeSet<&str> = named.filter(|name| !found.contains(*name)).collect();
    assert!(missing.is_empty(), "no tests of these names: {missing:#?}");
}
