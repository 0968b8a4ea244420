//! The guard `syntax`: what can be parsed no more. The whole document is looked at: a brace too few shows at its end.
//!
//! What could not be parsed before is no fault, nor is as much of it as there was: macros and dialects puzzle every
//! grammar, and whoever repairs half of a text must not be told that it is broken.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::change::{Tree, Trees};
use crate::{Fault, Guard, quoted};

pub(crate) fn check(trees: &Trees) -> Vec<Fault> {
    let after = trees.after.syntax.errors();
    if after.is_empty() {
        return Vec::new();
    }
    let before = trees.before.syntax.errors();
    if after.len() <= before.len() {
        return Vec::new();
    }
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for error in before {
        *known.entry(key(&trees.before, &error)).or_default() += 1;
    }
    let mut new = after.into_iter().filter(|error| {
        let known = known.get_mut(&key(&trees.after, error));
        known.is_none_or(|left| match left {
            0 => true,
            left => {
                *left -= 1;
                false
            }
        })
    });
    let Some(first) = new.next() else {
        return Vec::new();
    };
    let more = new.count();
    vec![fault(&trees.after, &first, more)]
}

/// Errors that say the same are the same.
fn key(tree: &Tree, error: &Range<usize>) -> String {
    let line = tree.text.line_of(error.start);
    match error.is_empty() {
        true => format!("missing in {}", tree.text.line(line).trim()),
        false => tree.text.slice(error.clone()).into_owned(),
    }
}

fn fault(tree: &Tree, error: &Range<usize>, more: usize) -> Fault {
    // What cannot be parsed may begin behind a line, with its line break.
    let all = tree.text.slice(error.clone());
    let code = error.start + all.find(|c: char| !c.is_whitespace()).unwrap_or(0);
    let line = tree.text.line_of(code);
    let at = format!("line {}", line + 1);
    let what = match error.is_empty() {
        true => {
            let line = tree.text.line(line);
            format!("something is missing in {at}: {}", quoted(&line))
        }
        false => {
            let first_line = tree.text.line_end(line).clamp(code, error.end);
            let code = tree.text.slice(code..first_line);
            format!("{at} cannot be parsed: {}", quoted(&code))
        }
    };
    let others = match more {
        0 => String::new(),
        1 => ", and one more place".to_owned(),
        more => format!(", and {more} more places"),
    };
    let is_inside = tree.region.start <= error.start && error.end <= tree.region.end;
    Fault {
        guard: Guard::Syntax,
        range: is_inside.then(|| error.start - tree.region.start..error.end - tree.region.start),
        message: format!("{what}{others}"),
    }
}

#[cfg(test)]
mod tests;
