//! The guard `elision`: lines that stand for code which the model left out, such as `// ... rest of the code`. Accepted
//! they would delete it. A line that the old text held too, wherever, is no fault.
//!
//! Here is where such a line can stand: a comment of its own, a comment alone between braces, a bare `...`. Which words
//! make it one is in `words`.

mod comments;
mod words;

use std::collections::BTreeMap;
use std::ops::Range;

use syntax::{Language, Token};

use crate::change::{Change, Tree, Trees};
use crate::{Fault, Guard, quoted};
use comments::{Comment, Position, comments};
use words::{Phrase, Place};

/// A line that stands for code.
struct Mark {
    /// Bytes of the text.
    range: Range<usize>,
    /// What it says, however it is written.
    key: String,
}

/// A text, and what is known of its bytes.
struct Page<'a> {
    text: &'a str,
    language: Option<Language>,
    tree: Option<&'a Tree>,
}

impl Page<'_> {
    fn token(&self, at: usize) -> Option<(Token, Range<usize>)> {
        let tree = self.tree?;
        let (token, range) = tree.syntax.token(tree.region.start + at)?;
        let start = tree.region.start;
        Some((
            token,
            range.start.saturating_sub(start)..range.end.saturating_sub(start),
        ))
    }

    /// Whether a line cannot be parsed; where nothing is parsed it may be. In Bash everything is a command.
    fn is_no_code(&self, line: &Range<usize>) -> bool {
        let Some(tree) = self.tree.filter(|_| self.language != Some(Language::Bash)) else {
            return true;
        };
        let start = tree.region.start;
        tree.syntax.has_error(start + line.start..start + line.end)
            || matches!(self.language, Some(Language::Markdown))
    }

    fn is(&self, token: Token, at: usize) -> bool {
        self.token(at).is_some_and(|it| it.0 == token)
    }
}

/// Whether there can be such a line; cheap, and says yes too often.
pub(crate) fn may_be(text: &str) -> bool {
    let lower = text.to_lowercase();
    words::TELLING.iter().any(|word| lower.contains(word))
}

pub(crate) fn check(change: &Change<'_>, trees: Option<&Trees>) -> Vec<Fault> {
    if !may_be(change.new) {
        return Vec::new();
    }
    let page = |text, tree| Page {
        text,
        language: change.language,
        tree,
    };
    let mut new = marks(&page(change.new, trees.map(|it| &it.after)));
    if new.is_empty() {
        return Vec::new();
    }
    let old = change.before.slice(change.region.clone());
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for mark in marks(&page(&old, trees.map(|it| &it.before))) {
        *known.entry(mark.key).or_default() += 1;
    }
    new.retain(|mark| match known.get_mut(&mark.key) {
        Some(left) if *left > 0 => {
            *left -= 1;
            false
        }
        _ => true,
    });
    let Some(first) = new.first() else {
        return Vec::new();
    };
    let line = change.before.line_of(change.region.start)
        + change.new[..first.range.start].matches('\n').count()
        + 1;
    let others = match new.len() - 1 {
        0 => String::new(),
        1 => ", and one more line does".to_owned(),
        more => format!(", and {more} more lines do"),
    };
    vec![Fault {
        guard: Guard::Elision,
        range: Some(first.range.clone()),
        message: format!(
            "line {line} stands for code that was left out: {}{others}",
            quoted(&change.new[first.range.clone()])
        ),
    }]
}

fn marks(page: &Page<'_>) -> Vec<Mark> {
    let found = comments(page.text, page.language);
    let mut marks = Vec::new();
    for comment in &found {
        marks.extend(in_comment(page, comment));
    }
    marks.extend(bare(page, &found));
    marks.sort_by_key(|mark| mark.range.start);
    marks
}

/// What a comment says: as a whole, and line by line.
fn in_comment(page: &Page<'_>, comment: &Comment<'_>) -> Vec<Mark> {
    let start = comment.range.start;
    let is_comment = match comment.position {
        // A tree with errors may take a comment for anything, but hardly for a string.
        Position::Line => !page.is(Token::Literal, start),
        _ => page
            .token(start)
            .is_some_and(|it| it.0 == Token::Comment && it.1.start == start),
    };
    if !is_comment || comment.is_doc {
        return Vec::new();
    }
    let is_known = page.language.is_some();
    let place = match comment.position {
        Position::Line | Position::Alone if is_known => Place::Comment,
        Position::Line | Position::Alone => Place::Unknown,
        Position::Behind => Place::Behind,
    };
    let whole: Vec<&str> = comment.lines.iter().map(|it| it.1).collect();
    if whole.len() <= 4 {
        let phrase = Phrase::of(&whole.join(" "));
        if phrase.stands_for_code(place) {
            return vec![Mark {
                range: comment.range.clone(),
                key: phrase.key(),
            }];
        }
    }
    if whole.len() == 1 {
        return Vec::new();
    }
    let lines = comment.lines.iter();
    lines
        .filter_map(|(at, line)| {
            let phrase = Phrase::of(line);
            phrase.stands_for_code(Place::Among).then(|| Mark {
                range: *at..at + line.len(),
                key: phrase.key(),
            })
        })
        .collect()
}

/// Lines without a comment's mark.
fn bare(page: &Page<'_>, comments: &[Comment<'_>]) -> Vec<Mark> {
    let mut marks = Vec::new();
    let mut at = 0;
    let mut before = "";
    let mut in_fence = false;
    let mut comments = comments.iter().peekable();
    for line in page.text.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let line = line.trim();
        while comments.next_if(|it| it.range.end <= start).is_some() {}
        let in_comment = comments.peek().is_some_and(|it| it.range.start <= start);
        in_fence ^= line.starts_with("```") || line.starts_with("~~~");
        let is_text = matches!(page.language, None | Some(Language::Markdown));
        if !words::DOTS.iter().any(|dots| line.contains(dots)) {
            if !line.is_empty() {
                before = line;
            }
            continue;
        }
        let phrase = Phrase::of(line);
        let candidate = phrase.has_dots() && !in_comment && !(is_text && in_fence);
        if candidate && page.token(start).is_none_or(|it| it.0 == Token::Code) {
            let stands = match phrase.is_empty() {
                true => {
                    let behind = page.text[at..].trim_start();
                    is_bare_dots(page.language, line) && !is_in_list(before, behind)
                }
                false if is_text => phrase.stands_for_code(Place::Text),
                false => phrase.stands_for_code(Place::Bare),
            };
            if stands && page.is_no_code(&(start..start + line.len())) {
                marks.push(Mark {
                    range: start..start + line.len(),
                    key: phrase.key(),
                });
            }
        }
        before = line;
    }
    marks
}

/// Whether dots alone on a line are no code of the language.
fn is_bare_dots(language: Option<Language>, line: &str) -> bool {
    let ascii = line == "...";
    match language {
        None | Some(Language::Markdown) => false,
        Some(Language::Python | Language::Lua) => line == "…",
        Some(_) => ascii || line == "…",
    }
}

/// `...` as the last parameter, on a line of its own.
fn is_in_list(before: &str, behind: &str) -> bool {
    before.ends_with('(') || behind.starts_with(')')
}

#[cfg(test)]
mod tests;
