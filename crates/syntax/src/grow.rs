//! [`Syntax::grow`]: from a selection to whole nodes.

use std::ops::Range;

use text::Text;
use tree_sitter::Node;

use crate::path::{Step, begins_line, children_run, line_content, path, trim, with_semicolon};
use crate::{Language, Syntax};

impl Syntax {
    /// The smallest run of whole sibling nodes that covers a selection, without white space at its ends.
    ///
    /// An empty selection, or one of one character, means the smallest statement or item at its line: with
    /// the comments and attributes before it if it is a function or the like; if it is itself such a comment,
    /// with the item that follows. On a blank line that is the selection itself. O(depth of the tree).
    pub fn grow(&self, text: &Text, range: Range<usize>) -> Range<usize> {
        let range = range.start.min(text.len())..range.end.min(text.len());
        let Some(root) = self.root() else {
            return range;
        };
        let grown = if is_cursor(text, &range) {
            self.statement(root, text, range.start)
                .map(|found| with_semicolon(text, trim(text, found)))
        } else {
            siblings(root, text, &range)
        };
        grown
            .map(|grown| trim(text, grown.start..grown.end.min(text.len())))
            .filter(|grown| !grown.is_empty())
            .unwrap_or(range)
    }

    fn statement(&self, root: Node<'_>, text: &Text, offset: usize) -> Option<Range<usize>> {
        let content = line_content(text, text.line_of(offset));
        if content.is_empty() {
            return None;
        }
        let last = (content.start..content.end)
            .rev()
            .find(|offset| text.is_boundary(*offset))?;
        let offset = offset.clamp(content.start, last);
        let steps = path(root, &(offset..offset));
        let language = self.language();
        let at = (1..steps.len())
            .rev()
            .find(|at| is_statement(language, &steps[*at - 1], &steps[*at]))?;
        let node = steps[at].node;
        if language.is_leading(node.kind()) && begins_line(text, node.start_byte()) {
            let end = item_after(language, text, node).unwrap_or(node);
            let start = with_leading(language, text, node);
            return Some(start..end.end_byte());
        }
        let start = if holds_scope(language, node) {
            with_leading(language, text, node)
        } else {
            node.start_byte()
        };
        Some(start..node.end_byte())
    }
}

/// Empty, or one character, which may be a line break.
fn is_cursor(text: &Text, range: &Range<usize>) -> bool {
    range.len() <= 4 && text.slice(range.clone()).chars().count() <= 1
        || text.range_is(range.clone(), "\r\n")
}

/// Whether the node is a scope, or wraps one.
fn holds_scope(language: Language, node: Node<'_>) -> bool {
    if language.scope_kind(node.kind()).is_some() {
        return true;
    }
    let mut cursor = node.walk();
    language.is_wrapper(node.kind())
        && node
            .named_children(&mut cursor)
            .any(|child| holds_scope(language, child))
}

fn is_statement(language: Language, parent: &Step<'_>, step: &Step<'_>) -> bool {
    step.node.is_named()
        && language.holds_statements(parent.node.kind(), step.field)
        && !language.is_clause(step.node.kind())
}

fn siblings(root: Node<'_>, text: &Text, range: &Range<usize>) -> Option<Range<usize>> {
    let selected = trim(text, range.clone());
    if selected.is_empty() {
        return None;
    }
    let node = path(root, &selected).last()?.node;
    let run = children_run(node, &selected).unwrap_or(node.start_byte()..node.end_byte());
    Some(run.start.min(selected.start)..run.end.max(selected.end))
}

/// Where the comments and attributes right before a node begin.
pub(crate) fn with_leading(language: Language, text: &Text, node: Node<'_>) -> usize {
    let mut first = node;
    while let Some(before) = first.prev_sibling() {
        let adjacent =
            line_of_end(text, before) + 1 >= text.line_of(first.start_byte().min(text.len()));
        let leads = language.is_leading(before.kind())
            && adjacent
            && begins_line(text, before.start_byte().min(text.len()));
        if !leads {
            break;
        }
        first = before;
    }
    first.start_byte()
}

/// The item that a comment or attribute belongs to: the next node, if nothing stands between.
fn item_after<'tree>(language: Language, text: &Text, node: Node<'tree>) -> Option<Node<'tree>> {
    let mut last = node;
    loop {
        let next = last.next_sibling()?;
        if line_of_end(text, last) + 1 < text.line_of(next.start_byte().min(text.len()))
            || !next.is_named()
        {
            return None;
        }
        if !language.is_leading(next.kind()) {
            return Some(next);
        }
        last = next;
    }
}

/// The line of a node's last character; some grammars count the line break behind to the node.
fn line_of_end(text: &Text, node: Node<'_>) -> usize {
    let end = node.end_byte().min(text.len());
    text.line_of(trim(text, node.start_byte().min(end)..end).end)
}

#[cfg(test)]
mod tests;
