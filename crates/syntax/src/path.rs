//! Walks from the root along a byte range; places in lines. Knows no language.

use std::ops::Range;

use text::Text;
use tree_sitter::Node;

/// A node on the way down, and the field of its parent that it fills.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Step<'tree> {
    pub(crate) node: Node<'tree>,
    pub(crate) field: Option<&'tree str>,
}

/// The nodes that cover a byte range, from the root to the smallest.
pub(crate) fn path<'tree>(root: Node<'tree>, range: &Range<usize>) -> Vec<Step<'tree>> {
    let mut steps = vec![Step {
        node: root,
        field: None,
    }];
    let mut cursor = root.walk();
    while cursor.goto_first_child_for_byte(range.start).is_some() {
        let node = cursor.node();
        if node.start_byte() > range.start || node.end_byte() < range.end {
            break;
        }
        steps.push(Step {
            node,
            field: cursor.field_name(),
        });
    }
    steps
}

/// The bytes from the first to the last child that touches the range; none if no child does.
pub(crate) fn children_run(node: Node<'_>, range: &Range<usize>) -> Option<Range<usize>> {
    let mut cursor = node.walk();
    cursor.goto_first_child_for_byte(range.start)?;
    let start = cursor.node().start_byte();
    if start >= range.end {
        return None;
    }
    let mut end = cursor.node().end_byte();
    while end < range.end && cursor.goto_next_sibling() && cursor.node().start_byte() < range.end {
        end = cursor.node().end_byte();
    }
    Some(start..end)
}

/// Whether an error, or something missing, touches the range.
pub(crate) fn has_error(node: Node<'_>, range: &Range<usize>) -> bool {
    let mut cursor = node.walk();
    let touches = |node: Node<'_>| node.start_byte() <= range.end && node.end_byte() >= range.start;
    loop {
        let node = cursor.node();
        if node.has_error() && touches(node) {
            if node.is_error() || node.is_missing() {
                return true;
            }
            if cursor
                .goto_first_child_for_byte(range.start.saturating_sub(1))
                .is_some()
            {
                continue;
            }
        }
        while node_is_past(cursor.node(), range) || !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return false;
            }
        }
    }
}

fn node_is_past(node: Node<'_>, range: &Range<usize>) -> bool {
    node.start_byte() > range.end
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0C)
}

/// The range without white space at its ends; empty at its start if there is nothing else.
pub(crate) fn trim(text: &Text, range: Range<usize>) -> Range<usize> {
    let blank = |offset| text.byte(offset).is_some_and(is_blank);
    let Range { mut start, mut end } = range;
    while end > start && blank(end - 1) {
        end -= 1;
    }
    while start < end && blank(start) {
        start += 1;
    }
    start..end
}

/// The text of a line between its indentation and the white space at its end.
pub(crate) fn line_content(text: &Text, line: usize) -> Range<usize> {
    trim(text, text.line_start(line)..text.line_end(line))
}

/// Whether only white space stands before `offset` in its line.
pub(crate) fn begins_line(text: &Text, offset: usize) -> bool {
    line_content(text, text.line_of(offset)).start >= offset
}

/// With a semicolon right behind, which some grammars leave outside of what it ends.
pub(crate) fn with_semicolon(text: &Text, mut range: Range<usize>) -> Range<usize> {
    if text.byte(range.end) == Some(b';') {
        range.end += 1;
    }
    range
}
