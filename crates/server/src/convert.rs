//! Between LSP's positions, ranges and changes and ours.

use std::ops::Range;

use text::{ContentChange, Encoding, Position, Text};
use tower_lsp::ls_types::{self as lsp, TextDocumentContentChangeEvent};

/// Whether a selection is the text's of now, as bytes.
pub(crate) fn selection(text: &Text, range: &lsp::Range, encoding: Encoding) -> Range<usize> {
    let start = text.offset_clamped(position(range.start), encoding);
    let end = text.offset_clamped(position(range.end), encoding);
    start.min(end)..end.max(start)
}

pub(crate) fn position(position: lsp::Position) -> Position {
    Position::new(position.line, position.character)
}

pub(crate) fn to_position(position: Position) -> lsp::Position {
    lsp::Position::new(position.line, position.character)
}

/// A byte range of `text` as the editor names it.
pub(crate) fn to_range(text: &Text, range: Range<usize>, encoding: Encoding) -> lsp::Range {
    let range = text.position_range(range, encoding);
    lsp::Range::new(to_position(range.start), to_position(range.end))
}

pub(crate) fn change(event: TextDocumentContentChangeEvent) -> ContentChange {
    ContentChange {
        range: event
            .range
            .map(|range| position(range.start)..position(range.end)),
        text: event.text,
    }
}
