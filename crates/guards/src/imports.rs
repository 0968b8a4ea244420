//! The guard `imports`: what the region brings in from elsewhere stays the same. Order counts for nothing, neither of
//! the statements nor of the names in one.

use crate::change::{Tree, Trees};
use crate::signature::without_blanks;
use crate::{Fault, Guard, quoted};

/// A statement of one text.
struct Import {
    start: usize,
    text: String,
    key: Vec<String>,
}

pub(crate) fn check(trees: &Trees) -> Vec<Fault> {
    let mut gone = imports(&trees.before);
    let mut new = imports(&trees.after);
    gone.retain(|old| {
        let same = new.iter().position(|it| it.key == old.key);
        same.map(|at| new.remove(at)).is_none()
    });
    let region = &trees.after.region;
    let mut faults = Vec::new();
    if let Some(message) = message(&new, "is new", "are new") {
        let first = &new[0];
        let start = first.start.max(region.start) - region.start;
        let end = (start + first.text.len()).min(region.len());
        faults.push((Some(start..end.max(start)), message));
    }
    if let Some(message) = message(&gone, "went away", "went away") {
        faults.push((None, message));
    }
    let fault = |(range, message)| Fault {
        guard: Guard::Imports,
        range,
        message,
    };
    faults.into_iter().map(fault).collect()
}

fn imports(tree: &Tree) -> Vec<Import> {
    let found = tree.syntax.imports_in(&tree.text, &tree.region);
    let import = |range: std::ops::Range<usize>| {
        let text = tree.text.slice(range.clone()).into_owned();
        Import {
            start: range.start,
            key: key(&text),
            text,
        }
    };
    found.into_iter().map(import).collect()
}

/// The words and signs of a statement, whatever their order.
fn key(statement: &str) -> Vec<String> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut words: Vec<String> = Vec::new();
    let mut in_word = false;
    for c in without_blanks(statement).chars() {
        match words.last_mut().filter(|_| in_word && is_word(c)) {
            Some(word) => word.push(c),
            None if c == ';' || c == ' ' => {}
            None => words.push(c.to_string()),
        }
        in_word = is_word(c);
    }
    words.sort();
    words
}

fn message(imports: &[Import], one: &str, many: &str) -> Option<String> {
    let shown: Vec<String> = imports.iter().take(3).map(|it| quoted(&it.text)).collect();
    let shown = shown.join(", ");
    Some(match imports.len() {
        0 => return None,
        1 => format!("{shown} {one}"),
        2 | 3 => format!("{shown} {many}"),
        more => format!("{shown} and {} more {many}", more - 3),
    })
}

#[cfg(test)]
mod tests;
