//! How often what an edit puts has been reported without being known for that edit. An editor that tells of edits in a
//! way nobody has thought of would be asked for the same again and again. Telling edits from typing is `attribution`'s.

use text::{ChangeSet, Text};

use super::{DocumentRewrites, LOST_TRACK};
use crate::attribution::{Part, visible};
use crate::effect::{Effect, RewriteId};

/// That many copies of what an edit puts are no typing any more.
const MOST: isize = 4;

/// How much of what an edit puts, and of what was reported before, is looked at: in bytes, blanks apart.
const START: usize = 24;
const BEFORE: usize = 512;

/// Shorter texts are no sign, in characters: people type brackets themselves.
const LEAST: usize = 4;

/// Copies of what the last edits put, since the last one that was known.
#[derive(Debug, Default)]
pub(super) struct Copies {
    /// How what the last edit puts begins, blanks apart; nothing once some of an edit was known.
    starts: Vec<String>,
    /// Less what was deleted of such text: an undo brings that back.
    seen: isize,
    /// The end of what was put lately, blanks apart: an edit may be told in pieces.
    before: String,
}

impl Copies {
    /// An edit is to be sent; gives whether what it puts has come too often.
    fn is_worn(&mut self, parts: &[Part]) -> bool {
        let starts: Vec<String> = parts.iter().filter_map(start_of).collect();
        if starts.is_empty() {
            return false;
        }
        // Copies of what another edit put are no copies of this one's.
        if !starts.iter().any(|start| self.starts.contains(start)) {
            self.forget();
        }
        self.starts = starts;
        self.seen >= MOST
    }

    /// One more report in which nothing of an edit was known. Costs the report.
    pub(super) fn note(&mut self, changes: &[ChangeSet], text: &Text) {
        if self.starts.is_empty() {
            return;
        }
        let mut text = text.clone();
        for change in changes {
            let (mut put, mut gone) = (String::new(), String::new());
            for it in change.changes() {
                put.extend(visible(&it.text));
                gone.extend(visible(&text.slice(it.old)));
            }
            let all = format!("{}{put}", self.before);
            let more = self.starts.iter().map(|it| {
                let copies = |text: &str| text.matches(it.as_str()).count() as isize;
                copies(&all) - copies(&self.before) - copies(&gone)
            });
            self.seen += more.max().unwrap_or(0);
            let mut cut = all.len().saturating_sub(BEFORE);
            while !all.is_char_boundary(cut) {
                cut += 1;
            }
            self.before = all[cut..].to_owned();
            change.apply(&mut text);
        }
    }

    pub(super) fn forget(&mut self) {
        *self = Copies::default();
    }
}

/// How what a part puts begins, blanks apart.
fn start_of(part: &Part) -> Option<String> {
    let mut start = String::new();
    for c in visible(&part.text) {
        if start.len() + c.len_utf8() > START {
            break;
        }
        start.push(c);
    }
    (start.chars().count() >= LEAST).then_some(start)
}

impl DocumentRewrites {
    /// Lets go of the rewrites of an edit rather than putting its text once more. Gives whether that was needed.
    pub(super) fn let_go_of_copied(
        &mut self,
        parts: &[Part],
        ids: &[RewriteId],
        out: &mut Vec<Effect>,
    ) -> bool {
        if !self.copies.is_worn(parts) {
            return false;
        }
        self.copies.forget();
        for rewrite in self.rewrites.iter_mut().filter(|it| ids.contains(&it.id)) {
            rewrite.tracked.drop_flight();
            rewrite.let_go(LOST_TRACK, out);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribution::Belief;

    /// An edit puts a text at the start of another; then changes are reported. Expects whether the edit counts as worn.
    #[track_caller]
    fn check(put: &str, text: &str, reported: &[(std::ops::Range<usize>, &str)], worn: bool) {
        let part = Part {
            number: 1,
            range: 0..0,
            text: put.to_owned(),
            spoiled: false,
            belief: Belief::Weighed,
        };
        let mut copies = Copies::default();
        assert!(!copies.is_worn(std::slice::from_ref(&part)));
        let mut text = Text::from(text);
        for (range, put) in reported {
            let change = ChangeSet::replace(text.len(), range.clone(), *put);
            copies.note(std::slice::from_ref(&change), &text);
            change.apply(&mut text);
        }
        assert_eq!(copies.is_worn(&[part]), worn);
    }

    #[test]
    fn what_is_deleted_and_comes_back_is_no_copy() {
        let lines = "word();\n".repeat(5);
        let undone = [(0..40, ""), (0..0, lines.as_str())];
        check("word();\n", &lines, &undone, false);
        check("word();\n", &lines, &[(0..0, &lines)], true);
        let pasted = "\u{1f300}".repeat(5);
        check("\u{1f300}", "", &[(0..0, &pasted)], false);
    }
}
