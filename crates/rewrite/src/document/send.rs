//! From what the regions should show to one edit for the text as it is.

use std::ops::Range;

use text::Text;

use super::flight::Flight;
use super::{DocumentRewrites, stray};
use crate::attribution;
use crate::effect::{EditId, Effect, Part, RewriteId, Time};

impl DocumentRewrites {
    pub(super) fn send(&mut self, now: Time, out: &mut Vec<Effect>) {
        let mut parts: Vec<attribution::Part> = Vec::new();
        let mut rewrites = Vec::new();
        let mut served: Vec<(u32, RewriteId)> = Vec::new();
        for rewrite in &mut self.rewrites {
            if rewrite.is_stale() || !rewrite.tracked.is_dirty() {
                continue;
            }
            let (start, showing) = (rewrite.start, rewrite.showing());
            let before = parts.len();
            let (text, next_part) = (&self.text, &mut self.parts);
            let id = rewrite.id;
            rewrite.tracked.gaps(showing, |gap| {
                let range = gap.range.start + start..gap.range.end + start;
                let (range, replacement) = whole_line_breaks(text, range, gap.text);
                let number = match parts.last_mut() {
                    // Two regions that touch, or a line break that two changes share: one replacement.
                    Some(last) if last.range.end >= range.start => {
                        let shared = last.range.end - range.start;
                        last.range.end = range.end;
                        last.text.push_str(&replacement[shared..]);
                        last.number
                    }
                    _ => {
                        *next_part += 1;
                        parts.push(attribution::Part {
                            spoiled: false,
                            vague: false,
                            number: *next_part,
                            range,
                            text: replacement,
                        });
                        *next_part
                    }
                };
                served.push((number, id));
                number
            });
            if rewrite.tracked.is_in_flight() || parts.len() > before {
                rewrites.push(rewrite.id);
            }
        }
        // What leaves one region and comes in the next one, the same, is no change of the text.
        let same = |part: &attribution::Part| self.text.range_is(part.range.clone(), &part.text);
        let (idle, mut parts): (Vec<_>, Vec<_>) = parts.into_iter().partition(same);
        if !idle.is_empty() {
            let idle: Vec<u32> = idle.iter().map(|part| part.number).collect();
            self.confirm_of(self.edits, &idle, now, out);
        }
        if parts.is_empty() {
            return;
        }
        self.edits += 1;
        self.next_frame = now + self.profile.frame;
        let edit = EditId(self.edits);
        let telling = parts.iter().any(|part| !part.text.trim().is_empty());
        self.vague_edit = (!telling).then_some(edit);
        // A deletion, or a few blanks, the user may happen to make too; nobody types a word of ours by chance.
        let vague = self.profile.checks_versions && !telling;
        parts.iter_mut().for_each(|part| part.vague = vague);
        out.push(Effect::Edit {
            edit,
            version: self.version,
            text: self.text.clone(),
            parts: parts
                .iter()
                .map(|part| Part {
                    range: part.range.clone(),
                    text: part.text.clone(),
                    rewrites: serves(&served, part.number),
                })
                .collect(),
            rewrites,
        });
        let mut flight = Flight::new(edit, self.version);
        if flight.is_unchecked() && self.profile.checks_versions {
            let sent = parts.iter().map(|it| stray::Sent::new(&self.text, it));
            flight.sent = sent.collect();
        }
        flight.parts = parts;
        flight.doubtful = vague;
        self.flight = Some(flight);
    }
}

/// The rewrites that a part serves, each once.
fn serves(served: &[(u32, RewriteId)], part: u32) -> Vec<RewriteId> {
    let of_part = served.iter().filter(|(number, _)| *number == part);
    let mut rewrites: Vec<RewriteId> = of_part.map(|(_, rewrite)| *rewrite).collect();
    rewrites.dedup();
    rewrites
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
