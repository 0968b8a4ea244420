//! [`Syntax`]: the tree of one text, told of every edit, parsed when its owner says so.

use std::collections::VecDeque;
use std::ops::{ControlFlow, Range};

use text::{ChangeSet, Text};
use tree_sitter::{InputEdit, Node, ParseOptions, Parser, Tree};

use crate::point::{point, point_behind};
use crate::{Language, path};

/// Edits that are kept for a tree that is parsed elsewhere; past these it is cheaper to begin anew.
const EDITS_KEPT: usize = 16_384;

/// The tree of one text and the edits noted since it was parsed.
///
/// A clone is cheap and shares the tree. To parse on another thread: clone this and the text, parse the
/// clone there, go on noting here, and hand the clone to [`Syntax::adopt`] when it is done.
#[derive(Clone, Debug)]
pub struct Syntax {
    language: Language,
    tree: Option<Tree>,
    /// Edits noted in all.
    noted: u64,
    /// How many of them the tree was parsed with.
    parsed: u64,
    /// The edits from `parsed` to `noted`, for a tree from elsewhere that lags behind.
    edits: VecDeque<InputEdit>,
    /// Whether the tree was parsed from nothing.
    whole: bool,
}

impl Syntax {
    /// No tree yet.
    pub fn new(language: Language) -> Self {
        Syntax {
            language,
            tree: None,
            noted: 0,
            parsed: 0,
            edits: VecDeque::new(),
            whole: false,
        }
    }

    /// The language.
    pub fn language(&self) -> Language {
        self.language
    }

    /// Tells the tree of a change that made `after` of `before`. Microseconds; parses nothing.
    pub fn note(&mut self, change: &ChangeSet, before: &Text, after: &Text) {
        debug_assert_eq!(change.len_before(), before.len(), "another text before");
        debug_assert_eq!(change.len_after(), after.len(), "another text after");
        // From the last to the first: what stands before a change is then still as it was, so that every
        // edit's places are those of `before`.
        for change in change.changes().iter().rev() {
            let start_position = point(before, change.old.start);
            let edit = InputEdit {
                start_byte: change.old.start,
                old_end_byte: change.old.end,
                new_end_byte: change.old.start + change.text.len(),
                start_position,
                old_end_position: point(before, change.old.end),
                new_end_position: point_behind(start_position, &change.text),
            };
            if let Some(tree) = &mut self.tree {
                tree.edit(&edit);
            }
            self.noted += 1;
            self.edits.push_back(edit);
        }
        if self.edits.len() > EDITS_KEPT {
            self.edits.clear();
            self.tree = None;
            self.parsed = self.noted;
        }
    }

    /// Brings the tree in step with `text`, which must be the text that all noted changes led to; what the
    /// edits left alone is taken over. Asks `keep_going` every few hundred steps and gives `false`, with
    /// nothing changed, when it says no.
    pub fn parse(&mut self, text: &Text, keep_going: &mut dyn FnMut() -> bool) -> bool {
        if self.is_current() {
            return true;
        }
        let Some(tree) = self.parsed_tree(text, self.tree.as_ref(), keep_going) else {
            return false;
        };
        self.whole = self.tree.is_none();
        self.tree = Some(tree);
        self.parsed = self.noted;
        self.edits.clear();
        true
    }

    /// Whether the tree is the one that a parse from nothing gives. A tree without errors always is; how
    /// errors are got over may depend on the tree before.
    pub fn is_settled(&self) -> bool {
        let sound = self.whole || self.root().is_some_and(|root| !root.has_error());
        self.is_current() && sound
    }

    /// Parses from nothing what is not settled: for idle time, the cost is the length of the text. Gives
    /// `false`, with nothing changed, when `keep_going` says no.
    pub fn settle(&mut self, text: &Text, keep_going: &mut dyn FnMut() -> bool) -> bool {
        if self.is_settled() {
            return true;
        }
        let mut anew = Syntax {
            tree: None,
            ..self.clone()
        };
        let done = anew.parse(text, keep_going);
        if done {
            *self = anew;
        }
        done
    }

    fn parsed_tree(
        &self,
        text: &Text,
        old: Option<&Tree>,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> Option<Tree> {
        let mut parser = Parser::new();
        // Only a grammar of another tree-sitter generation is refused; a test parses with each.
        parser.set_language(&self.language.grammar()).ok()?;
        let mut progress = |_: &tree_sitter::ParseState| {
            if keep_going() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        };
        parser.parse_with_options(
            &mut |offset, _| {
                let (chunk, start) = text.chunk_at(offset);
                chunk.as_bytes().get(offset - start..).unwrap_or_default()
            },
            old,
            Some(ParseOptions::new().progress_callback(&mut progress)),
        )
    }

    /// Takes the tree of a clone of this that was parsed elsewhere, carried over the edits noted here since.
    /// Gives `false`, with nothing changed, when that tree is older than this one or too old to be carried.
    pub fn adopt(&mut self, other: Syntax) -> bool {
        let Some(mut tree) = other.tree else {
            return false;
        };
        let newer = self.tree.is_none()
            || other.parsed > self.parsed
            || (other.parsed == self.parsed && other.whole && !self.whole);
        if !newer || other.parsed < self.parsed || other.language != self.language {
            return false;
        }
        self.edits.drain(..(other.parsed - self.parsed) as usize);
        for edit in &self.edits {
            tree.edit(edit);
        }
        self.tree = Some(tree);
        self.whole = other.whole;
        self.parsed = other.parsed;
        true
    }

    /// Whether there is a tree and nothing was noted since it was parsed.
    pub fn is_current(&self) -> bool {
        self.tree.is_some() && self.parsed == self.noted
    }

    /// Whether something in the byte range could not be parsed.
    pub fn has_error(&self, range: Range<usize>) -> bool {
        self.root()
            .is_some_and(|root| path::has_error(root, &range))
    }

    pub(crate) fn root(&self) -> Option<Node<'_>> {
        self.tree.as_ref().map(Tree::root_node)
    }
}

#[cfg(test)]
mod tests;
