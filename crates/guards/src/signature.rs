//! The guard `signature`: what others call must be called as before. Of each function, method, class and module whose
//! signature stood in the region, the text up to its body is compared, blanks apart. What is new is no fault.

use std::ops::Range;

use syntax::Scope;

use crate::change::{Tree, Trees};
use crate::{Fault, Guard, quoted};

/// A definition of one text.
struct Definition {
    scope: Scope,
    header: String,
    key: String,
}

pub(crate) fn check(trees: &Trees) -> Vec<Fault> {
    let before = definitions(&trees.before);
    if before.is_empty() {
        return Vec::new();
    }
    let mut after = definitions(&trees.after);
    let mut changed = Vec::new();
    for old in before {
        match after.iter().position(|it| it.key == old.key) {
            Some(same) => drop(after.remove(same)),
            None => changed.push(old),
        }
    }
    let mut faults = Vec::new();
    for old in changed {
        let same_name = |it: &Definition| {
            it.scope.name.is_some()
                && it.scope.name == old.scope.name
                && it.scope.kind == old.scope.kind
        };
        let new = after.iter().position(same_name).map(|at| after.remove(at));
        faults.push(fault(trees, &old, new.as_ref()));
    }
    faults
}

fn definitions(tree: &Tree) -> Vec<Definition> {
    let found = tree.syntax.definitions(&tree.text, &tree.region);
    let definition = |scope: Scope| {
        let header = tree.text.slice(scope.header.clone()).into_owned();
        Definition {
            key: without_blanks(&header),
            header,
            scope,
        }
    };
    found.into_iter().map(definition).collect()
}

fn fault(trees: &Trees, old: &Definition, new: Option<&Definition>) -> Fault {
    let region = &trees.after.region;
    let message = match new {
        Some(new) => format!(
            "the signature {} became {}",
            quoted(&old.header),
            quoted(&new.header)
        ),
        None => format!("{} is gone, or has another name", quoted(&old.header)),
    };
    let range = new.map(|new| within(region, &new.scope.header));
    Fault {
        guard: Guard::Signature,
        range,
        message,
    }
}

/// What of a range of the document is in the region, as bytes of that.
fn within(region: &Range<usize>, range: &Range<usize>) -> Range<usize> {
    let start = range.start.clamp(region.start, region.end);
    let end = range.end.clamp(start, region.end);
    start - region.start..end - region.start
}

/// The text with blanks only between words, and without commas before a bracket that closes: a signature over
/// several lines is the same on one.
pub(crate) fn without_blanks(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut bare = String::with_capacity(text.len());
    let mut was_blank = false;
    for c in text.chars() {
        if c.is_whitespace() {
            was_blank = true;
            continue;
        }
        if was_blank && is_word(c) && bare.ends_with(is_word) {
            bare.push(' ');
        }
        if matches!(c, ')' | ']' | '}' | '>') && bare.ends_with(',') {
            bare.pop();
        }
        bare.push(c);
        was_blank = false;
    }
    bare
}

#[cfg(test)]
mod tests;
