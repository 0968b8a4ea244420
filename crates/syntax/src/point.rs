//! Tree-sitter's points of a text: rows from 0 and columns in bytes.

use text::Text;
use tree_sitter::Point;

/// The point of a byte offset. O(log n).
///
/// A lone `\r` ends a line here and no row of tree-sitter's. That does no harm: what an edit touches is read
/// anew, and what it leaves alone keeps its own extent.
pub(crate) fn point(text: &Text, offset: usize) -> Point {
    let line = text.line_of(offset);
    Point::new(line, offset - text.line_start(line))
}

/// The point behind `inserted`, which begins at `start`.
pub(crate) fn point_behind(start: Point, inserted: &str) -> Point {
    let rows = inserted.bytes().filter(|byte| *byte == b'\n').count();
    match inserted.rfind('\n') {
        None => Point::new(start.row, start.column + inserted.len()),
        Some(last) => Point::new(start.row + rows, inserted.len() - last - 1),
    }
}
