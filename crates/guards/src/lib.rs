//! What a rewrite would leave is looked at before it is accepted: whether code was left out, syntax broken, a
//! signature or an import changed. Values in, values out: no clock, no LSP, no rewrite; what a fault leads to is
//! decided elsewhere.
//!
//! | module | what it holds |
//! |---|---|
//! | `change` | the text before and after, and their trees |
//! | `elision` | lines that stand for code left out |
//! | `broken` | what can be parsed no more |
//! | `signature`, `imports` | what others see of the code |

mod broken;
mod change;
mod elision;
mod imports;
mod signature;

pub use change::{Change, LARGEST};

use std::ops::Range;

use change::Trees;

/// What is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Guard {
    /// Names, parameters and results of what is defined in the region.
    Signature,
    /// What the region brings in from elsewhere.
    Imports,
    /// Whether the document can be parsed as before.
    Syntax,
    /// Whether a line stands for code that was left out.
    Elision,
}

impl Guard {
    /// Every guard.
    pub const ALL: [Guard; 4] = [
        Guard::Signature,
        Guard::Imports,
        Guard::Syntax,
        Guard::Elision,
    ];

    /// Its name in settings and messages.
    pub fn name(self) -> &'static str {
        match self {
            Guard::Signature => "signature",
            Guard::Imports => "imports",
            Guard::Syntax => "syntax",
            Guard::Elision => "elision",
        }
    }

    /// The guard of that name.
    pub fn named(name: &str) -> Option<Guard> {
        Guard::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Whether it can say anything about such a document.
    pub fn sees(self, change: &Change<'_>) -> bool {
        self == Guard::Elision || change.is_parsed()
    }
}

/// What a guard found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which guard.
    pub guard: Guard,
    /// Bytes of the new text; `None` where it is about what is gone, or about what stands elsewhere.
    pub range: Option<Range<usize>>,
    /// What is wrong, as a clause that begins with a small letter and has no full stop.
    pub message: String,
}

/// Looks at a change with these guards; at most one fault of each, in their order. Costs about one parse of the document, and
/// with errors in it two; elision alone, or without a language, costs the new text.
pub fn check(change: &Change<'_>, guards: &[Guard]) -> Vec<Fault> {
    let trees = Trees::of(change, guards);
    let of = |guard: &Guard| match (guard, &trees) {
        (Guard::Elision, trees) => elision::check(change, trees.as_ref()),
        (_, None) => Vec::new(),
        (Guard::Syntax, Some(trees)) => broken::check(trees),
        (Guard::Signature, Some(trees)) => signature::check(trees),
        (Guard::Imports, Some(trees)) => imports::check(trees),
    };
    let faults = guards.iter().map(of);
    faults.filter_map(together).collect()
}

/// What one guard found as one fault, at the first place that there is.
fn together(faults: Vec<Fault>) -> Option<Fault> {
    const SHOWN: usize = 3;
    let more = faults.len().saturating_sub(SHOWN);
    let guard = faults.first()?.guard;
    let range = faults.iter().find_map(|it| it.range.clone());
    let messages: Vec<String> = faults
        .into_iter()
        .take(SHOWN)
        .map(|it| it.message)
        .collect();
    let more = match more {
        0 => String::new(),
        more => format!("; and {more} more"),
    };
    Some(Fault {
        guard,
        range,
        message: messages.join("; ") + &more,
    })
}

/// What is quoted of the code in a message, on one line and short.
fn quoted(code: &str) -> String {
    let words: Vec<&str> = code.split_whitespace().collect();
    let line = words.join(" ");
    match line.char_indices().nth(80) {
        Some((end, _)) => format!("`{}…`", &line[..end]),
        None => format!("`{line}`"),
    }
}
