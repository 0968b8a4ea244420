//! Edits of ours that went astray, and how their text is taken back.
//!
//! Neovim checks no edit that was made for version 0, which is that of a file just opened, and tells late of what was
//! typed: our edit then changes whatever has come to stand at its lines and columns. It is told of as just that. Such a
//! change counts as the user's, so that every region stays true, the edit itself is made anew where it belongs, and
//! what stands in the wrong place is replaced by what was there, with an edit of its own.

use std::ops::Range;

use text::{Bias, ChangeSet, Text};

use super::{DocumentRewrites, Flight};
use crate::attribution::{self, Belief};
use crate::effect::{EditId, Effect, Part, Time};

/// A line, and bytes of it, both from 0.
type Place = (usize, usize);

/// A part of an unchecked edit as the editor was told of it.
#[derive(Debug)]
pub(super) struct Sent {
    part: u32,
    range: Range<Place>,
    text: String,
}

/// Text of ours in a wrong place.
#[derive(Debug)]
pub(super) struct Stray {
    part: u32,
    /// Where it stands, in bytes of the mirror.
    range: Range<usize>,
    text: String,
    /// What stood there.
    displaced: String,
    /// That much has come to stand there again.
    is_back: bool,
}

impl Sent {
    pub(super) fn new(text: &Text, part: &attribution::Part) -> Sent {
        Sent {
            part: part.number,
            range: place(text, part.range.start)..place(text, part.range.end),
            text: part.text.clone(),
        }
    }

    /// What an editor that does not look makes of it.
    fn blindly(&self, text: &Text) -> attribution::Part {
        attribution::Part {
            number: self.part,
            range: offset(text, self.range.start)..offset(text, self.range.end),
            text: self.text.clone(),
            spoiled: false,
            belief: Belief::Weighed,
        }
    }
}

fn place(text: &Text, offset: usize) -> Place {
    let line = text.line_of(offset);
    (line, offset - text.line_start(line))
}

fn offset(text: &Text, (line, column): Place) -> usize {
    let (start, end) = (text.line_start(line), text.line_end(line));
    let mut at = (start + column).min(end);
    while !text.is_boundary(at) {
        at -= 1;
    }
    at
}

impl DocumentRewrites {
    /// Looks for parts of the unchecked edit in flight among the changes, each one made somewhere else than the part
    /// belongs now. To be asked before the changes are told to anybody. Costs the changes times the parts.
    pub(super) fn strays_among(&self, changes: &[ChangeSet]) -> Vec<Stray> {
        let Some(flight) = self.flight.as_ref().filter(|it| !it.sent.is_empty()) else {
            return Vec::new();
        };
        let mut belongs: Vec<(u32, Range<usize>)> = flight
            .parts
            .iter()
            .map(|part| (part.number, part.range.clone()))
            .collect();
        let mut strays: Vec<Stray> = Vec::new();
        let mut text = self.text.clone();
        for change in changes {
            let found = match change.changes().as_slice() {
                [only] => flight.sent.iter().find_map(|sent| {
                    let (_, place) = belongs.iter().find(|(number, _)| *number == sent.part)?;
                    let blind = sent.blindly(&text);
                    let is_astray = blind.range.start != place.start;
                    (is_astray && attribution::says_the_same(only, &blind, &text))
                        .then(|| (sent.part, only.clone()))
                }),
                _ => None,
            };
            for stray in &mut strays {
                stray.follow(change);
            }
            if let Some((part, change)) = found {
                belongs.retain(|(number, _)| *number != part);
                strays.push(Stray {
                    part,
                    displaced: text.slice(change.old).into_owned(),
                    range: change.new,
                    text: change.text,
                    is_back: false,
                });
            }
            for (_, range) in &mut belongs {
                *range = change.map(range.start, Bias::Left)..change.map(range.end, Bias::Right);
            }
            change.apply(&mut text);
        }
        strays
    }

    /// The mirror moved: what is still there of what was astray, and what has gone astray now, but for the parts that
    /// have arrived after all.
    pub(super) fn keep_strays(&mut self, changes: &[ChangeSet], new: Vec<Stray>, after: &Text) {
        for stray in &mut self.strays {
            changes.iter().for_each(|change| stray.follow(change));
        }
        let missing = self.flight.as_ref().map_or(&[][..], |it| &it.parts);
        let is_missing = |part: u32| missing.iter().any(|it| it.number == part);
        self.strays
            .extend(new.into_iter().filter(|it| is_missing(it.part)));
        // What the user has changed is the user's.
        self.strays.retain(|it| {
            let there = it.range.end <= after.len() && after.range_is(it.range.clone(), &it.text);
            there && it.text != it.displaced && !it.is_back
        });
        self.strays.sort_by_key(|it| it.range.start);
    }

    /// Asks the editor to put back what was displaced, for the text as it is now.
    pub(super) fn take_back_strays(&mut self, now: Time, out: &mut Vec<Effect>) {
        let mut parts: Vec<Part> = Vec::with_capacity(self.strays.len());
        for stray in &self.strays {
            let is_apart = parts
                .last()
                .is_none_or(|it| it.range.end < stray.range.start);
            if is_apart {
                parts.push(Part {
                    range: stray.range.clone(),
                    text: stray.displaced.clone(),
                    rewrites: Vec::new(),
                });
            }
        }
        self.edits += 1;
        self.next_frame = now + self.profile.frame;
        let edit = EditId(self.edits);
        out.push(Effect::Edit {
            edit,
            version: self.version,
            text: self.text.clone(),
            parts,
            rewrites: Vec::new(),
        });
        self.flight = Some(Flight::new(edit, self.version));
    }
}

impl Stray {
    fn follow(&mut self, change: &ChangeSet) {
        // Where ours only deleted, the text does not show whether what was displaced has come back.
        self.is_back |= self.text.is_empty()
            && change.changes().iter().any(|it| {
                let here = it.old.start <= self.range.start && self.range.end <= it.old.end;
                here && it.new.len() >= it.old.len() + self.displaced.len()
            });
        let start = change.map(self.range.start, Bias::Right);
        self.range = start..change.map(self.range.end, Bias::Left).max(start);
    }
}

#[cfg(test)]
mod tests;
