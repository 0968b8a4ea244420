//! What is sent beside the region: the document or the part of it around the region, imports from outside that
//! part, and close by the region what encloses it and the lines next to it.

use std::fmt::Write;
use std::ops::Range;

use text::Text;

use super::{Ask, header, without_break, write_section};
use crate::region::bom_len;

/// Bytes of imports, at most.
const IMPORT_BYTES: usize = 4_000;

/// Bytes of one signature, at most.
const SIGNATURE_BYTES: usize = 1_000;

/// Lines on each side of the region that are shown once more beside it, so that it is found.
const NEAR_LINES: usize = 3;

/// Bytes of these lines on each side, at most.
const NEAR_BYTES: usize = 400;

/// The message that does not depend on the instruction, and on the region only as far as it chooses the part of
/// a large document. Empty where nothing of the surroundings may be sent.
pub(super) fn surroundings(ask: &Ask<'_>) -> String {
    let part = window(ask);
    let is_blank = |range| {
        let mut chunks = ask.text.chunks(range);
        chunks.all(|it| it.trim().is_empty())
    };
    let (before, after) = (
        ask.region.start.clamp(part.start, part.end),
        ask.region.end.clamp(part.start, part.end),
    );
    if is_blank(part.start..before) && is_blank(after..part.end) {
        return String::new();
    }
    let mut message = String::with_capacity(part.len() + 256);
    header(&mut message, ask);
    if part == whole(ask) {
        write_part(&mut message, "file", ask.text, part);
        return message;
    }
    write_if_any(&mut message, "imports", &imports(ask, &part));
    let (first, last) = lines_of(ask, &part);
    let _ = writeln!(message, "Lines {first} to {last} of the file:");
    write_part(&mut message, "excerpt", ask.text, part);
    message
}

/// As [`write_section`], of a part of the text that may be all of it: copied once, without its last line break.
fn write_part(message: &mut String, tag: &str, text: &Text, part: Range<usize>) {
    let Range { start, mut end } = part;
    for of_break in [b'\n', b'\r'] {
        let is_last = end > start && text.byte(end - 1) == Some(of_break);
        end -= usize::from(is_last);
    }
    let _ = writeln!(message, "<{tag}>");
    text.chunks(start..end).for_each(|it| message.push_str(it));
    let _ = writeln!(message, "\n</{tag}>");
}

/// Signatures and neighbouring lines, before the region.
pub(super) fn write_before(message: &mut String, ask: &Ask<'_>) {
    if ask.context_bytes == 0 {
        return;
    }
    write_if_any(message, "scope", &signatures(ask));
    write_if_any(message, "before", without_break(&near_before(ask)));
}

/// Neighbouring lines, behind the region.
pub(super) fn write_after(message: &mut String, ask: &Ask<'_>) {
    if ask.context_bytes == 0 {
        return;
    }
    write_if_any(message, "after", without_break(&near_after(ask)));
}

/// First and last line of a range, counted from 1.
pub(super) fn lines_of(ask: &Ask<'_>, range: &Range<usize>) -> (usize, usize) {
    let first = ask.text.line_of(range.start);
    let mut last = ask.text.line_of(range.end);
    if last > first && ask.text.line_start(last) == range.end {
        last -= 1;
    }
    (first + 1, last + 1)
}

fn write_if_any(message: &mut String, tag: &str, text: &str) {
    if !text.trim().is_empty() {
        write_section(message, tag, text);
    }
}

fn whole(ask: &Ask<'_>) -> Range<usize> {
    bom_len(ask.text)..ask.text.len()
}

/// The part of the document that is sent: all of it if it is small enough, else whole lines around the region.
///
/// Its ends stand on a grid, so that a region near by has the same part and what was sent ahead still serves.
/// Beside the region it never has more bytes than may be sent.
fn window(ask: &Ask<'_>) -> Range<usize> {
    let (text, most) = (ask.text, ask.context_bytes);
    let whole = whole(ask);
    if most == 0 {
        return whole.start..whole.start;
    }
    if whole.len() <= most {
        return whole;
    }
    let region = ask.region.start.max(whole.start)..ask.region.end.max(whole.start);
    let step = (most / 8).max(1);
    let budget = most.saturating_sub(2 * step);
    let before = budget - (text.len() - region.end).min(budget / 2);
    let after = budget - (region.start - whole.start).min(budget / 2);
    let start = region.start.saturating_sub(before) / step * step;
    let end = (region.end.saturating_add(after))
        .div_ceil(step)
        .saturating_mul(step);
    let mut line = text.line_of(start);
    line += usize::from(text.line_start(line) < start);
    let start = text.line_start(line).clamp(whole.start, region.start);
    if end >= text.len() {
        return start..text.len();
    }
    start..text.line_start(text.line_of(end)).max(region.end)
}

fn near_before(ask: &Ask<'_>) -> String {
    let (text, end) = (ask.text, ask.region.start);
    let least = window(ask).start.max(end.saturating_sub(NEAR_BYTES));
    let mut line = text.line_of(end);
    let mut start = text.line_start(line);
    for _ in 0..NEAR_LINES {
        let previous = text.line_start(line.saturating_sub(1));
        if previous < least {
            break;
        }
        line = line.saturating_sub(1);
        start = previous;
    }
    if start < least {
        return String::new();
    }
    text.slice(start..end).into_owned()
}

fn near_after(ask: &Ask<'_>) -> String {
    let text = ask.text;
    let mut start = ask.region.end;
    if start > text.line_start(text.line_of(start)) && text.line_end(text.line_of(start)) == start {
        start = text.line_start(text.line_of(start) + 1);
    }
    let most = window(ask).end.min(start.saturating_add(NEAR_BYTES));
    let mut end = start;
    for line in (text.line_of(start) + 1..).take(NEAR_LINES) {
        let next = text.line_start(line);
        if next > most {
            break;
        }
        end = next;
    }
    text.slice(start..end).into_owned()
}

/// Imports that stand outside the part that is sent.
fn imports(ask: &Ask<'_>, part: &Range<usize>) -> String {
    let mut lines = String::new();
    for import in ask
        .syntax
        .map(|syntax| syntax.imports(ask.text))
        .unwrap_or_default()
    {
        if import.end > part.start && import.start < part.end {
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
