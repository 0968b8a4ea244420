//! What is sent beside the region: imports, enclosing signatures, the text before and after.

use std::ops::Range;

use super::{Ask, without_break, write_section};
use crate::region::bom_len;

/// Bytes of imports, at most.
const IMPORT_BYTES: usize = 4_000;

/// Bytes of one signature, at most.
const SIGNATURE_BYTES: usize = 1_000;

pub(super) fn write(message: &mut String, ask: &Ask<'_>) {
    let before = before(ask);
    let after = after(ask);
    let from = message.len();
    write_if_any(message, "imports", &imports(ask, before.start));
    write_if_any(message, "scope", &signatures(ask));
    write_if_any(message, "before", without_break(&ask.text.slice(before)));
    write_if_any(message, "after", without_break(&ask.text.slice(after)));
    if message.len() > from {
        message.push('\n');
    }
}

fn write_if_any(message: &mut String, tag: &str, text: &str) {
    if !text.trim().is_empty() {
        write_section(message, tag, text);
    }
}

/// The text before, from the start of a line; half of what may be sent, and more where less stands after.
fn before(ask: &Ask<'_>) -> Range<usize> {
    let end = ask.region.start;
    let behind = ask.text.len() - ask.region.end;
    let most = ask.context_bytes - behind.min(ask.context_bytes / 2);
    let start = end.saturating_sub(most);
    let mut line = ask.text.line_of(start);
    line += usize::from(ask.text.line_start(line) < start);
    ask.text
        .line_start(line)
        .clamp(bom_len(ask.text).min(end), end)..end
}

/// The text after, up to the end of a line, without the rest of the region's own line break.
fn after(ask: &Ask<'_>) -> Range<usize> {
    let text = ask.text;
    let mut start = ask.region.end;
    if start > text.line_start(text.line_of(start)) && text.line_end(text.line_of(start)) == start {
        start = text.line_start(text.line_of(start) + 1);
    }
    let most = ask.context_bytes - ask.region.start.min(ask.context_bytes / 2);
    let limit = ask.region.end.saturating_add(most);
    if limit >= text.len() {
        return start..text.len();
    }
    start..text.line_start(text.line_of(limit)).max(start)
}

/// Imports that stand neither in the region nor in the text before it.
fn imports(ask: &Ask<'_>, before: usize) -> String {
    let mut lines = String::new();
    for import in ask
        .syntax
        .map(|syntax| syntax.imports(ask.text))
        .unwrap_or_default()
    {
        if import.end > before && import.start < ask.region.end {
            continue;
        }
        if lines.len() + import.len() > IMPORT_BYTES {
            break;
        }
        if !lines.is_empty() {
            lines.push('\n');
        }
        lines.push_str(&ask.text.slice(import));
    }
    lines
}

/// The signatures of what encloses the region, the outermost first, indented as they are.
fn signatures(ask: &Ask<'_>) -> String {
    let text = ask.text;
    let mut lines: Vec<String> = Vec::new();
    for scope in ask
        .syntax
        .map(|syntax| syntax.scopes(text, ask.region.clone()))
        .unwrap_or_default()
    {
        let header = scope.header;
        if header.end > ask.region.start || header.len() > SIGNATURE_BYTES {
            continue;
        }
        let line_start = text.line_start(text.line_of(header.start));
        let indented = text.slice(line_start..header.start).trim().is_empty();
        let start = if indented { line_start } else { header.start };
        lines.push(text.slice(start..header.end).into_owned());
    }
    lines.reverse();
    lines.join("\n")
}
