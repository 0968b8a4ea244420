//! Which text a selection means. Trees are asked where there are any; lines and indentation serve everywhere.

use std::ops::Range;

use syntax::Syntax;
use text::Text;

/// Lines that an indentation block may have.
const BLOCK_LINES: usize = 2_000;

/// The region that a selection (bytes) means; never less than what is selected.
///
/// A selection is taken as it is, but from the start of its first line where that is white space and the
/// selection holds the rest of the line. An empty selection, or one of one character (which is what a cursor
/// is in some editors), means the smallest statement or item in whole lines, without the last line break;
/// without a tree, its [`indentation_block`]. A byte order mark is never inside, and no end splits `\r\n`.
pub fn region(text: &Text, selection: Range<usize>, syntax: Option<&Syntax>) -> Range<usize> {
    let first = bom_len(text);
    let mut start = selection.start.clamp(first, text.len());
    let mut end = selection.end.clamp(start, text.len());
    start -= usize::from(text.splits_crlf(start) && start < end);
    end += usize::from(text.splits_crlf(end));
    start = start.min(end);
    if is_cursor(text, start..end) {
        let found = at_cursor(text, start..end, syntax);
        return found.start.clamp(first, start)..found.end.max(end);
    }
    let line = text.line_of(start);
    let line_start = text.line_start(line).max(first);
    let content = trim(text, line_start..text.line_end(line));
    let blank = content.is_empty() && end > text.line_end(line);
    if blank || (start <= content.start && end >= content.end) {
        start = line_start;
    }
    start..end
}

fn at_cursor(text: &Text, selection: Range<usize>, syntax: Option<&Syntax>) -> Range<usize> {
    let grown = syntax.map_or(selection.clone(), |syntax| {
        syntax.grow(text, selection.clone())
    });
    if grown == selection {
        return indentation_block(text, selection.start);
    }
    text.line_start(text.line_of(grown.start))..text.line_end(text.line_of(grown.end))
}

/// The line at `offset` with the deeper indented lines that follow, and a closing bracket or `end` behind
/// those at the line's own depth: whole lines, without the last line break. At most 2,000 lines.
pub fn indentation_block(text: &Text, offset: usize) -> Range<usize> {
    let first = text.line_of(offset.min(text.len()));
    let depth = indent_width(text, first);
    let mut last = first;
    if let Some(depth) = depth {
        for line in (first + 1..text.line_count()).take(BLOCK_LINES) {
            match indent_width(text, line) {
                None => {}
                Some(deeper) if deeper > depth => last = line,
                Some(same) => {
                    if same == depth && last > first && closes(text, line) {
                        last = line;
                    }
                    break;
                }
            }
        }
    }
    text.line_start(first).max(bom_len(text))..text.line_end(last)
}

/// Width of a line's indentation, a tab as far as the next multiple of four; none on a blank line.
fn indent_width(text: &Text, line: usize) -> Option<usize> {
    let mut width = 0;
    for at in text.line_start(line)..text.line_end(line) {
        match text.byte(at)? {
            b' ' => width += 1,
            b'\t' => width = (width / 4 + 1) * 4,
            _ => return Some(width),
        }
    }
    None
}

fn closes(text: &Text, line: usize) -> bool {
    let line = text.line(line);
    let line = line.trim_start();
    line.starts_with(['}', ')', ']']) || line.trim_end() == "end" || line.starts_with("</")
}

/// Length in bytes of the byte order mark that the text begins with.
pub(crate) fn bom_len(text: &Text) -> usize {
    let mark = "\u{feff}";
    let marked = text.len() >= mark.len() && text.range_is(0..mark.len(), mark);
    if marked { mark.len() } else { 0 }
}

fn is_cursor(text: &Text, range: Range<usize>) -> bool {
    range.len() <= 4 && text.slice(range.clone()).chars().count() <= 1
        || text.range_is(range, "\r\n")
}

fn trim(text: &Text, range: Range<usize>) -> Range<usize> {
    let white = |at: usize| matches!(text.byte(at), Some(b' ' | b'\t'));
    let Range { mut start, mut end } = range;
    while end > start && white(end - 1) {
        end -= 1;
    }
    while start < end && white(start) {
        start += 1;
    }
    start..end
}

#[cfg(test)]
mod tests {
    use syntax::Language;

    use super::*;

    #[track_caller]
    fn check(language: Option<Language>, marked: &str, expect: &str) {
        let start = marked.find("$0").unwrap();
        let bare = marked.replacen("$0", "", 1);
        let end = bare.find("$0").unwrap_or(start);
        let text = Text::from(bare.replacen("$0", "", 1).as_str());
        let syntax = language.map(|language| {
            let mut syntax = Syntax::new(language);
            assert!(syntax.parse(&text, &mut || true));
            syntax
        });
        let region = region(&text, start..end, syntax.as_ref());
        assert_eq!(text.slice(region.clone()), expect);
        assert!(region.start <= start.max(bom_len(&text)) && region.end >= end);
    }

    #[test]
    fn lines_are_taken_with_their_indentation() {
        check(None, "a\n  $0b\n  c\n$0d\n", "  b\n  c\n");
        check(None, "a\n  $0b\n  c  $0\nd\n", "  b\n  c  ");
        check(None, "a\n $0 b\n  c$0\nd\n", "  b\n  c");
        check(None, "a\n $0 \n  c$0\nd\n", "  \n  c");
        check(None, "a\n  b$0b\n  c$0\nd\n", "b\n  c");
    }

    #[test]
    fn part_of_a_line_is_taken_exactly() {
        check(None, "  let a = $0b + c$0;\n", "b + c");
        check(None, "  $0let a = b;$0\n", "  let a = b;");
        check(None, "  $0let a = b$0;\n", "let a = b");
        check(None, "  $0let a = b;\n$0", "  let a = b;\n");
    }

    #[test]
    fn cursor_means_the_statement_in_whole_lines() {
        let rust = Some(Language::Rust);
        check(
            rust,
            "fn f() {\n    let a = g(\n        1,$0\n    );\n}\n",
            "    let a = g(\n        1,\n    );",
        );
        check(rust, "fn f() {\n    a(); b($01$0);\n}\n", "    a(); b(1);");
        check(
            rust,
            "/// Doc.\nfn $0f() {\n    a();\n}\nfn g() {}\n",
            "/// Doc.\nfn f() {\n    a();\n}",
        );
        check(rust, "fn f() {\n    a();$0\n$0}\n", "    a();\n");
        check(rust, "fn f() {\r\n    a();$0\r\n$0}\r\n", "    a();\r\n");
    }

    #[test]
    fn cursor_on_a_blank_line_means_that_line() {
        for language in [None, Some(Language::Python)] {
            check(language, "a = 1\n$0\nb = 2\n", "");
            check(language, "def f():\n    a\n  $0  \n    b\n", "    ");
        }
    }

    #[test]
    fn cursor_without_a_tree_means_the_indentation_block() {
        check(
            None,
            "a\nif b$0 do\n  c\n\n  d\nend\ne\n",
            "if b do\n  c\n\n  d\nend",
        );
        check(None, "a {\n\tb$0\n\tc\n}\n", "\tb");
        check(None, "a$0 {\n\tb\n}\nc", "a {\n\tb\n}");
        check(None, "a$0:\n  b\nc: d\n", "a:\n  b");
    }

    #[test]
    fn byte_order_mark_is_never_inside() {
        check(None, "$0\u{feff}a\nb\n$0", "a\nb\n");
        check(None, "\u{feff}a$0\nb\n", "a");
        check(Some(Language::Python), "$0\u{feff}a = 1\n", "a = 1");
        check(Some(Language::Python), "\u{feff}$0a = 1$0\n", "a = 1");
    }

    #[test]
    fn no_end_splits_a_line_break() {
        check(None, "$0ab\r$0\nc\r\n", "ab\r\n");
        check(None, "ab\r$0\ncd$0\r\n", "\r\ncd");
    }

    #[test]
    fn any_selection_gives_a_region_around_it() {
        let text = Text::from("\u{feff}fn a() {\r\n\t🙂\r\n\r\n}\r\rx\n");
        let mut syntax = Syntax::new(Language::Rust);
        assert!(syntax.parse(&text, &mut || true));
        for start in (0..=text.len()).filter(|at| text.is_boundary(*at)) {
            for end in (start..=text.len()).filter(|at| text.is_boundary(*at)) {
                for syntax in [None, Some(&syntax)] {
                    let region = region(&text, start..end, syntax);
                    assert!(
                        region.start <= start.max(3) && region.end >= end,
                        "{start}..{end}"
                    );
                    assert!(region.start >= 3 && !text.splits_crlf(region.end));
                }
            }
        }
    }
}
