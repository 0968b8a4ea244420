//! How much lines say that stand beside each other. What is concluded from it is in the module above.

use super::{HEADS, HOLD, HOLD_RUN, NewLine, Situation};
use crate::lines::content;
use crate::similarity::similarity;

/// Old lines that a run may pass over at once.
const SKIP: usize = 3;
/// Lines that are like nothing after which a run is given up.
const STRANGERS: usize = 6;
/// A line that says no more than this is a brace, a blank line, or the like.
const COMMON: f32 = 0.15;

/// Words of many languages that begin a block without a name.
const CONTROL: &[&str] = &[
    "if", "else", "elif", "for", "while", "do", "loop", "match", "switch", "case", "when", "try",
    "catch", "except", "finally", "with", "return", "unless", "until", "begin", "then", "let",
    "const", "var",
];

/// What new lines and old lines say that run beside each other.
pub(super) struct Run {
    pub(super) evidence: f32,
    /// The last old line that a telling new line is equal to.
    pub(super) known_until: usize,
    /// Nearly all new lines are equal or similar to an old one, half of them at least equal.
    pub(super) unbroken: bool,
}

impl<L: AsRef<NewLine>> Situation<'_, L> {
    /// Follows the held lines from `k` on and the old lines from `old` on as long as they mostly agree.
    pub(super) fn run(&self, k: usize, mut old: usize) -> Run {
        let mut evidence = 0.0;
        let mut streak = 1.0;
        let mut strangers = 0;
        let mut equals = 0;
        let mut known_until = old;
        let lines = &self.held[k..];
        for (at, line) in lines.iter().enumerate() {
            let line = line.as_ref();
            let equal = |old: usize| self.equal_weight(line, old);
            let weight = equal(old);
            if weight > 0.0 {
                equals += 1;
                evidence += weight * streak;
                streak = 1.25;
                if weight > COMMON {
                    known_until = old;
                }
                old += 1;
                continue;
            }
            streak = 1.0;
            let skipped = (1..=SKIP).find(|skip| equal(old + skip) > COMMON);
            if let Some(skipped) = skipped {
                equals += 1;
                evidence += equal(old + skipped) * 0.8;
                known_until = old + skipped;
                old += skipped + 1;
                continue;
            }
            // Few lines tell; many would cost more than they say.
            let similar = |at: usize| match lines.get(at) {
                Some(line) if at < HOLD => self.similar_weight(line.as_ref(), old),
                _ => 0.0,
            };
            let alike = similar(at);
            evidence += alike;
            let inserted = lines
                .get(at + 1)
                .is_some_and(|next| self.equal_weight(next.as_ref(), old) > 0.0)
                || alike == 0.0 && similar(at + 1) > 0.0;
            let resembles =
                old < self.old.len() && similarity(self.old.shaped(old), line.shaped()) >= 0.6;
            strangers += usize::from(!resembles);
            if strangers > STRANGERS {
                break;
            }
            old += usize::from(!inserted);
        }
        Run {
            evidence,
            known_until,
            unbroken: strangers <= 1 + lines.len() / 5 && 5 * equals >= 2 * lines.len(),
        }
    }

    /// The length of the longest block whose first line would be deleted, if that line has no successor of its name
    /// among the new lines: a copy of the block may be coming in front of it. Once the run goes beyond the block, none
    /// does. Where definitions were just
    /// renamed, less is made of it. Looks at a few lines only.
    pub(super) fn deleted_head(&self, end: usize, held: usize, known_until: usize) -> usize {
        let heads = self.next..end.min(self.next + HEADS).min(self.old.len());
        let lengths = heads.map(|head| {
            let line = self.old.line(head);
            let length = self.definition_len(head);
            let passed = head + length < known_until;
            let named = |new: &L| has_name_of(line, &new.as_ref().text);
            let kept = || self.held[..held].iter().any(named);
            if length == 0 || passed || kept() {
                0
            } else {
                length
            }
        });
        lengths.max().unwrap_or(0) >> self.renamed.min(8)
    }

    /// Whether the old lines before `end` hold a definition that none of the first `held` lines names again.
    pub(crate) fn renames(&self, end: usize, held: usize) -> bool {
        let mut heads = self.next..end.min(self.next + HEADS);
        heads.any(|head| {
            let line = self.old.line(head);
            let named = |new: &L| has_name_of(line, &new.as_ref().text);
            self.definition_len(head) > 0 && !self.held[..held].iter().any(named)
        })
    }

    /// The length of the block that this old line begins, if it may be one that has a name; else 0.
    fn definition_len(&self, line: usize) -> usize {
        let first_word = content(self.old.line(line))
            .split(|c: char| !c.is_alphanumeric())
            .next()
            .unwrap_or("");
        if first_word.is_empty() || CONTROL.contains(&first_word) {
            0
        } else {
            self.old.block_len(line, HOLD_RUN)
        }
    }

    /// Evidence of a new line that has an old line's content; less with another indentation. None beyond the last one.
    pub(super) fn equal_weight(&self, new: &NewLine, old: usize) -> f32 {
        if old >= self.old.len()
            || new.content.is_fresh()
            || new.content != self.old.content_id(old)
        {
            return 0.0;
        }
        let weight = self.old.weight(new.content);
        if self.old.line(old) == new.text {
            weight
        } else if weight > COMMON {
            weight * 0.7
        } else {
            0.0
        }
    }

    /// Evidence against laying a new line beside an old one that it is not equal to: it is equal to one close by.
    pub(super) fn equal_nearby(&self, new: &NewLine, old: usize) -> f32 {
        let near = old.saturating_sub(SKIP).max(self.next);
        let places = self.old.places_from(new.content, near);
        let is_near = places
            .first()
            .is_some_and(|&place| place as usize <= old + SKIP);
        if is_near {
            self.old.weight(new.content)
        } else {
            0.0
        }
    }

    /// Evidence of a new line that resembles an old one more than the old line's neighbours do. None beyond the last one.
    pub(super) fn similar_weight(&self, new: &NewLine, old: usize) -> f32 {
        if old >= self.old.len() {
            return 0.0;
        }
        let alike = similarity(self.old.shaped(old), new.shaped());
        if alike < 0.5 {
            return 0.0;
        }
        let neighbour = |line: usize| similarity(self.old.shaped(line), new.shaped());
        let after = if old + 1 < self.old.len() {
            neighbour(old + 1)
        } else {
            0.0
        };
        let before = if old > self.next {
            neighbour(old - 1)
        } else {
            0.0
        };
        if after.max(before) >= alike {
            return 0.0;
        }
        // A definition under another name is rather a new one than a changed one.
        if self.renamed == 0
            && self.definition_len(old) > 0
            && !has_name_of(self.old.line(old), &new.text)
        {
            return 0.0;
        }
        let scale = (alike - 0.4) / 0.6;
        0.6 * scale * scale + 0.25 * (alike - after.max(before))
    }

    /// Evidence from lines that are shown already, where the diagonal runs back through them.
    pub(super) fn trail_evidence(&self, offset: isize) -> f32 {
        let mut evidence = 0.0;
        for (back, content) in self.trail.iter().rev().enumerate() {
            let Ok(old) = usize::try_from(offset - 1 - back as isize) else {
                break;
            };
            if old < self.next {
                break;
            }
            if old < self.old.len() && *content == self.old.content_id(old) {
                evidence += self.old.weight(*content);
            }
        }
        evidence
    }
}

/// Whether a block's first line is the same up to its name and beyond: `fn name(` and the like.
fn has_name_of(old: &str, new: &str) -> bool {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let old = content(old);
    let name = old
        .find(|c: char| !is_word(c) && c != ' ')
        .unwrap_or(old.len());
    content(new)
        .strip_prefix(old[..name].trim_ascii_end())
        .is_some_and(|rest| !rest.starts_with(is_word))
}
