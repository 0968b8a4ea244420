//! [`Change`]: a document, a region of it and the text that would take its place; and the trees of both.

use std::ops::Range;

use syntax::{Language, Syntax};
use text::{ChangeSet, Text};

use crate::Guard;

/// In longer documents, in bytes, only elision is looked for: parsing takes seconds.
pub const LARGEST: usize = 4 << 20;

/// What a rewrite would do.
#[derive(Clone, Debug)]
pub struct Change<'a> {
    /// The document's language, where it is known.
    pub language: Option<Language>,
    /// The document without the rewrite.
    pub before: &'a Text,
    /// Bytes of that.
    pub region: Range<usize>,
    /// What would stand there.
    pub new: &'a str,
}

impl Change<'_> {
    /// Whether the documents are parsed for this.
    pub(crate) fn is_parsed(&self) -> bool {
        let len = self.before.len() - self.region.len() + self.new.len();
        self.language.is_some() && self.before.len().max(len) <= LARGEST
    }
}

/// The documents of a change, parsed.
pub(crate) struct Trees {
    pub(crate) before: Tree,
    pub(crate) after: Tree,
}

/// One document with its region.
pub(crate) struct Tree {
    pub(crate) text: Text,
    pub(crate) region: Range<usize>,
    pub(crate) syntax: Syntax,
}

impl Trees {
    /// Where a guard needs them. For elision alone only what there is to look at has to be parsed.
    pub(crate) fn of(change: &Change<'_>, guards: &[Guard]) -> Option<Trees> {
        let language = change.language.filter(|_| change.is_parsed())?;
        let needed =
            guards.iter().any(|it| *it != Guard::Elision) || crate::elision::may_be(change.new);
        if !needed {
            return None;
        }
        let Range { start, end } = change.region.clone();
        let mut text = change.before.clone();
        text.replace(start..end, change.new);
        let mut syntax = Syntax::new(language);
        syntax.parse(&text, &mut || true);
        let region = start..start + change.new.len();
        let after = Tree {
            text,
            region,
            syntax,
        };
        Some(Trees {
            before: after.back(change),
            after,
        })
    }
}

impl Tree {
    /// The document without the change; what they share is taken over.
    fn back(&self, change: &Change<'_>) -> Tree {
        let old = change.before.slice(change.region.clone());
        let back = ChangeSet::replace(self.text.len(), self.region.clone(), old);
        let mut syntax = self.syntax.clone();
        syntax.note(&back, &self.text, change.before);
        syntax.parse(change.before, &mut || true);
        // How errors are got over depends on the tree before, and here they are compared.
        syntax.settle(change.before, &mut || true);
        Tree {
            text: change.before.clone(),
            region: change.region.clone(),
            syntax,
        }
    }
}
