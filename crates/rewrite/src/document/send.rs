//! From what the regions should show to one edit for the text as it is.

use std::ops::Range;

use text::Text;

use super::flight::Flight;
use super::{DocumentRewrites, stray};
use crate::attribution::{self, Belief};
use crate::effect::{EditId, Effect, Part, RewriteId, Time};

impl DocumentRewrites {
    pub(super) fn send(&mut self, now: Time, out: &mut Vec<Effect>) {
        let mut parts: Vec<attribution::Part> = Vec::new();
        let mut rewrites = Vec::new();
        let mut served: Vec<RewriteId> = Vec::new();
        for rewrite in &mut self.rewrites {
            if rewrite.is_stale() || !rewrite.tracked.is_dirty() {
                continue;
            }
            let (start, showing) = (rewrite.start, rewrite.showing());
            let before = parts.len();
            let (text, next_part) = (&self.text, &mut self.parts);
            let id = rewrite.id;
            let mut waits = false;
            rewrite.tracked.gaps(showing, |gap| {
                let range = gap.range.start + start..gap.range.end + start;
                let (range, replacement) = whole_line_breaks(text, range, gap.text);
                let (others, own) = parts.split_at_mut(before);
                match (own.last_mut(), others.last()) {
                    // A line break that two changes share: one replacement.
                    (Some(last), _) if last.range.end >= range.start => {
                        let shared = last.range.end - range.start;
                        last.range.end = range.end;
                        last.text.push_str(&replacement[shared..]);
                        last.number
                    }
                    // Where two regions touch, a report of both at once could not be parted: one after the other.
                    (None, Some(last)) if last.range.end >= range.start => {
                        waits = true;
                        0
                    }
                    _ => {
                        *next_part += 1;
                        parts.push(attribution::Part {
                            spoiled: false,
                            belief: Belief::Weighed,
                            number: *next_part,
                            range,
                            text: replacement,
                        });
                        *next_part
                    }
                }
            });
            if waits {
                rewrite.tracked.wait();
            }
            if rewrite.tracked.is_in_flight() {
                rewrites.push(id);
            }
            served.resize(parts.len(), id);
        }
        if parts.is_empty() || self.let_go_of_copied(&parts, &rewrites, out) {
            return;
        }
        self.edits += 1;
        self.next_frame = now + self.profile.frame;
        let edit = EditId(self.edits);
        let telling = parts.iter().any(attribution::Part::is_telling);
        self.vague_edit = Some(edit);
        // A deletion, or a few blanks, the user may happen to make too. An editor that is not known may tell of a deletion
        // together with anything else, and of words that is still more likely than chance.
        let takes_words = |it: &attribution::Part| {
            let gone = self.text.slice(it.range.clone());
            !gone.trim().is_empty()
        };
        let vague = !telling && (self.profile.checks_versions || !parts.iter().any(takes_words));
        if vague {
            parts
                .iter_mut()
                .for_each(|part| part.belief = Belief::Doubted);
        }
        out.push(Effect::Edit {
            edit,
            version: self.version,
            text: self.text.clone(),
            parts: parts
                .iter()
                .zip(&served)
                .map(|(part, rewrite)| Part {
                    range: part.range.clone(),
                    text: part.text.clone(),
                    rewrites: vec![*rewrite],
                })
                .collect(),
            rewrites,
        });
        let mut flight = Flight::new(edit, self.version);
        if flight.is_unchecked(&self.profile) {
            let sent = parts.iter().map(|it| stray::Sent::new(&self.text, it));
            flight.sent = sent.collect();
        }
        let was = |part: &attribution::Part| {
            let range = part.range.clone();
            (part.number, self.text.slice(range).into_owned())
        };
        flight.replaced = parts.iter().map(was).collect();
        flight.parts = parts;
        flight.doubtful = vague;
        self.flight = Some(flight);
    }
}

/// Widens a replacement so that it neither begins nor ends between the `\r` and the `\n` of one line break.
fn whole_line_breaks(
    text: &Text,
    mut range: Range<usize>,
    mut replacement: String,
) -> (Range<usize>, String) {
    if text.splits_crlf(range.start) {
        range.start -= 1;
        replacement.insert(0, '\r');
    }
    if text.splits_crlf(range.end) {
        range.end += 1;
        replacement.push('\n');
    }
    (range, replacement)
}
