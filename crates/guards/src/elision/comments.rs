//! The comments of a text, by their marks alone: a text with errors has a tree that cannot be relied on. Whether what
//! looks like a comment stands in a string is for the caller to find out.

use std::ops::Range;

use syntax::Language;

/// Where a comment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// Nothing else is on its lines.
    Line,
    /// It is all that is between two braces.
    Alone,
    /// Code stands before it.
    Behind,
}

/// A comment; several of one line each, below one another, are one.
#[derive(Clone, Debug)]
pub(super) struct Comment<'a> {
    /// Bytes of the text.
    pub(super) range: Range<usize>,
    pub(super) position: Position,
    /// It documents something, and may show code.
    pub(super) is_doc: bool,
    /// Its lines that hold anything, without marks, and where they begin.
    pub(super) lines: Vec<(usize, &'a str)>,
}

/// The marks of a language's comments.
struct Marks {
    line: &'static [&'static str],
    block: &'static [(&'static str, &'static str)],
    doc: &'static [&'static str],
}

const C_LIKE: Marks = Marks {
    line: &["//"],
    block: &[("{/*", "*/}"), ("/*", "*/")],
    doc: &["///", "//!", "/**", "/*!"],
};

fn marks(language: Option<Language>) -> Marks {
    match language {
        Some(Language::Python | Language::Bash | Language::Toml) => Marks {
            line: &["#"],
            block: &[],
            doc: &["#!"],
        },
        Some(Language::Lua) => Marks {
            line: &["--"],
            block: &[("--[[", "]]")],
            doc: &["---"],
        },
        Some(Language::Markdown) => Marks {
            line: &[],
            block: &[("<!--", "-->")],
            doc: &[],
        },
        Some(_) => C_LIKE,
        None => Marks {
            line: &["//", "#", "--", ";"],
            block: &[("/*", "*/"), ("<!--", "-->")],
            doc: &["///", "//!", "/**", "#!", "---"],
        },
    }
}

/// The comments in the order of the text.
pub(super) fn comments(text: &str, language: Option<Language>) -> Vec<Comment<'_>> {
    let marks = marks(language);
    let mut found: Vec<Comment<'_>> = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let end = text[at..].find('\n').map_or(text.len(), |it| at + it + 1);
        let line = &text[at..end];
        let start = at + line.len() - line.trim_start().len();
        let mut next = end;
        if let Some(comment) = block(text, start, &marks) {
            next = text[comment.range.end..]
                .find('\n')
                .map_or(text.len(), |it| comment.range.end + it + 1);
            found.push(comment);
        } else if let Some(comment) = line_comment(text, start..end, &marks) {
            match found.last_mut().filter(|it| goes_on(text, it, &comment)) {
                Some(last) => {
                    last.range.end = comment.range.end;
                    last.lines.extend(comment.lines);
                }
                None => found.push(comment),
            }
        } else {
            found.extend(behind(text, start..end, &marks));
        }
        at = next;
    }
    found
}

/// Whether a comment is the next line of another.
fn goes_on(text: &str, last: &Comment<'_>, comment: &Comment<'_>) -> bool {
    let between = &text[last.range.end..comment.range.start];
    let is_next = between.matches('\n').count() == 1 && between.trim().is_empty();
    let is_lines = last.position == Position::Line && !text[last.range.clone()].ends_with("*/");
    is_next && is_lines && last.is_doc == comment.is_doc
}

fn is_doc(text: &str, marks: &Marks) -> bool {
    let rest = |mark: &&&str| text.strip_prefix(**mark);
    // A row of slashes or stars is a frame.
    let frame = |rest: &str| rest.starts_with(['/', '*', '-']);
    let mark = marks.doc.iter().find(|mark| rest(mark).is_some());
    mark.is_some_and(|mark| !text.strip_prefix(*mark).is_some_and(frame))
}

/// A block comment that begins at `start` and with which its last line ends.
fn block<'a>(text: &'a str, start: usize, marks: &Marks) -> Option<Comment<'a>> {
    let here = &text[start..];
    let (open, close) = marks.block.iter().find(|it| here.starts_with(it.0))?;
    let inner = start + open.len();
    let len = text[inner..].find(close)?;
    let end = inner + len + close.len();
    let behind = text[end..].lines().next().unwrap_or_default().trim();
    if !behind.is_empty() {
        return None;
    }
    Some(Comment {
        range: start..end,
        position: Position::Line,
        is_doc: is_doc(here, marks),
        lines: lines(text, inner..inner + len),
    })
}

fn lines(text: &str, range: Range<usize>) -> Vec<(usize, &str)> {
    let mut at = range.start;
    let mut lines = Vec::new();
    for line in text[range].split_inclusive('\n') {
        let content = line.trim_start().trim_start_matches('*').trim_start();
        let start = at + line.len() - content.len();
        at += line.len();
        if !content.trim_end().is_empty() {
            lines.push((start, content.trim_end()));
        }
    }
    lines
}

fn line_comment<'a>(text: &'a str, range: Range<usize>, marks: &Marks) -> Option<Comment<'a>> {
    let here = text[range.clone()].trim_end();
    let mark = marks.line.iter().find(|mark| here.starts_with(**mark))?;
    let content = here[mark.len()..].trim_start();
    let start = range.start + here.len() - content.len();
    let lines = match content.is_empty() {
        true => Vec::new(),
        false => vec![(start, content)],
    };
    Some(Comment {
        range: range.start..range.start + here.len(),
        position: Position::Line,
        is_doc: is_doc(here, marks),
        lines,
    })
}

/// What may be comments behind code on a line.
fn behind<'a>(text: &'a str, range: Range<usize>, marks: &Marks) -> Vec<Comment<'a>> {
    let line = text[range.clone()].trim_end();
    let mut found = Vec::new();
    for (open, close) in marks.block.iter().filter(|it| !it.0.starts_with('{')) {
        for (at, _) in line.match_indices(open) {
            let inner = at + open.len();
            let Some(len) = line[inner..].find(close) else {
                continue;
            };
            let end = inner + len + close.len();
            let is_alone =
                line[..at].trim_end().ends_with('{') && line[end..].trim_start().starts_with('}');
            let position = match is_alone {
                true => Position::Alone,
                false => Position::Behind,
            };
            found.push(Comment {
                range: range.start + at..range.start + end,
                position,
                is_doc: is_doc(&line[at..], marks),
                lines: lines(text, range.start + inner..range.start + inner + len),
            });
        }
    }
    for mark in marks.line {
        for (at, _) in line.match_indices(mark) {
            let comment = line_comment(text, range.start + at..range.start + line.len(), marks);
            found.extend(comment.map(|it| Comment {
                position: Position::Behind,
                ..it
            }));
        }
    }
    found
}
