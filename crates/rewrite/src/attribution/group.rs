//! Weighing both explanations of what happened where a change and parts of ours touch: with them, or without.

use std::ops::Range;

use text::Text;

use super::edit::{Edit, OurEdit};
use super::words::{
    Replacement, common_prefix, common_suffix, cost, exchange_cost, lines_deleted, lines_put,
    replacements, shift,
};
use super::{Attribution, Belief, Part};

/// A stretch of the old text with the changes and the parts that touch it.
pub(super) struct Group {
    range: Range<usize>,
    edits: Vec<Edit>,
    parts: Vec<OurEdit>,
}

impl Group {
    /// Which of several parts, from the first or up to the last, are exactly what the change did: an editor
    /// may report one edit piece by piece, from either end.
    fn arrived_alone(&self, was: &str, is: &str) -> Option<Range<usize>> {
        let count = self.parts.len();
        if count < 2 || self.edits.is_empty() {
            return None;
        }
        let some = (1..count).flat_map(|n| [0..n, n..count]);
        let one = (1..count - 1).map(|n| n..n + 1);
        let mut runs = some.chain(one);
        runs.find(|run| {
            spliced(
                was,
                self.range.start,
                self.parts[run.clone()].iter().map(|part| &part.edit),
            ) == is
        })
    }

    /// One group for the parts that arrived, with all changes, and one for each that did not.
    fn split(self, arrived: &Range<usize>, was: &str) -> Vec<Weighed> {
        let start = self.range.start;
        let mut split = Vec::new();
        let mut edits = self.edits;
        let mut run: Vec<OurEdit> = Vec::new();
        for (index, part) in self.parts.into_iter().enumerate() {
            if arrived.contains(&index) {
                run.push(part);
                if index + 1 == arrived.end {
                    let edits = std::mem::take(&mut edits);
                    let alone: Vec<Replacement> = edits
                        .iter()
                        .flat_map(|edit| edit.narrowed(was, start))
                        .collect();
                    let group = Group {
                        range: self.range.clone(),
                        edits,
                        parts: std::mem::take(&mut run),
                    };
                    split.push(Weighed {
                        group,
                        mixed: Some(Vec::new()),
                        costs: (0, cost(was, &alone)),
                        bites: false,
                        alone,
                    });
                }
            } else {
                let group = Group {
                    range: part.edit.range.clone(),
                    edits: Vec::new(),
                    parts: vec![part],
                };
                split.push(Weighed {
                    group,
                    mixed: None,
                    alone: Vec::new(),
                    costs: (0, 0),
                    bites: false,
                });
            }
        }
        split
    }

    /// The replacements from the text with the parts in it to the new one, none of them outside of what was reported or
    /// sent, though it may say the same there.
    fn replacements_within_told(&self, was: &str, made: &str, is: &str) -> Vec<Replacement> {
        let sent = self.parts.iter().map(|part| &part.edit.raw);
        let told = || self.edits.iter().map(|edit| &edit.raw).chain(sent.clone());
        let start = told().map(|it| it.start).min().unwrap_or_default();
        let end = told().map(|it| it.end).max().unwrap_or_default();
        let before = start.saturating_sub(self.range.start);
        let behind = was.len() - (end - self.range.start);
        let made = &made[before..made.len() - behind];
        let all = replacements(made, &is[before..is.len() - behind]);
        all.into_iter()
            .map(|(range, text)| (shift(range, before), text))
            .collect()
    }

    /// Whether each part that may as well be the user's doing is one of the changes, to the letter.
    fn tells_what_is_doubted(&self) -> bool {
        let is_told = |ours: &Edit| {
            let mut edits = self.edits.iter();
            edits.any(|it| {
                let same = it.range == ours.range && it.text == ours.text;
                same || it.raw == ours.raw && it.raw_text == ours.raw_text
            })
        };
        let mut doubted = self.parts.iter().filter(|it| it.belief == Belief::Doubted);
        doubted.all(|part| is_told(&part.edit))
    }

    /// Whether with all parts in it the text wants nothing but text that is typed away from them: then they have arrived,
    /// however that is told. Not where that may be chance: some of several parts says something.
    fn leaves_typing_elsewhere(&self, was: &str, made: &str, is: &str) -> bool {
        let says = |part: &OurEdit| part.edit.text.chars().any(char::is_alphanumeric);
        if self.parts.len() < 2 || !self.parts.iter().any(says) {
            return false;
        }
        let mut moved = 0;
        let places = self.parts.iter().map(|OurEdit { edit, .. }| {
            let (gone, put) = edit.trimmed(was, self.range.start);
            let start = gone.start.wrapping_add_signed(moved);
            moved += put.len() as isize - gone.len() as isize;
            start..start + put.len()
        });
        let places: Vec<Range<usize>> = places.collect();
        let typed = self.replacements_within_told(was, made, is);
        typed.iter().all(|(range, _)| {
            let mut places = places.iter();
            range.is_empty() && places.all(|it| range.end < it.start || it.end < range.start)
        })
    }

    fn believes(&self, belief: Belief) -> bool {
        self.parts.iter().any(|part| part.belief == belief)
    }

    /// Whether these replacements, in the text with the parts in it, put letters where a part took away these and more.
    fn is_put_back(&self, was: &str, changes: &[Replacement]) -> bool {
        let mut moved = 0;
        let mut parts = self.parts.iter().map(|OurEdit { edit, .. }| {
            let (gone, put) = edit.trimmed(was, self.range.start);
            let start = gone.start.wrapping_add_signed(moved);
            moved += put.len() as isize - gone.len() as isize;
            (start..start + put.len(), &was[gone])
        });
        parts.any(|(place, gone)| {
            let mut here = changes
                .iter()
                .filter(|(range, _)| range.start <= place.end && place.start <= range.end);
            here.any(|(_, text)| {
                let mut gone = gone.chars();
                !text.trim().is_empty() && text.chars().all(|c| gone.any(|it| it == c))
            })
        })
    }

    /// Whether a word that a part takes away at an end of the text stands there still, and nothing else that reads so.
    fn still_stands(&self, was: &str, made: &str, is: &str) -> bool {
        let says = |text: &str| text.chars().filter(|c| c.is_alphanumeric()).count() >= 3;
        let ends = |one: &str| (common_prefix(one, is), common_suffix(one, is));
        let ((before, behind), (with, without)) = (ends(was), ends(made));
        self.parts.iter().any(|OurEdit { edit, .. }| {
            let gone = edit.trimmed(was, self.range.start).0;
            let first = gone.start..gone.end.min(before);
            let last = gone.start.max(was.len() - behind)..gone.end;
            let stands = |it: Range<usize>, made_too: usize, at: usize| {
                it.start < it.end && made_too <= at && says(&was[it])
            };
            let start = first.start;
            let end = was.len() - last.end.min(was.len());
            stands(first, with, start) || stands(last, without, end)
        })
    }

    /// How much of what the parts put these replacements, in the text with the parts in it, delete; blanks that stay
    /// may as well be others.
    fn taken_back(&self, was: &str, changes: &[Replacement]) -> Taken {
        let mut moved = 0;
        let gone = |range: Range<usize>| {
            let mut changes = changes.iter();
            changes.any(|(gone, _)| gone.start <= range.start && range.end <= gone.end)
        };
        let (mut said, mut left) = (0, 0);
        for OurEdit { edit, .. } in &self.parts {
            let (range, put) = edit.trimmed(was, self.range.start);
            let start = range.start.wrapping_add_signed(moved);
            moved += put.len() as isize - range.len() as isize;
            let blank = put.trim().is_empty();
            for (at, c) in put.char_indices() {
                if blank || !c.is_whitespace() {
                    said += 1;
                    left += usize::from(!gone(start + at..start + at + c.len_utf8()));
                }
            }
        }
        match left {
            _ if said == left => Taken::Nothing,
            0 => Taken::All,
            _ => Taken::Some,
        }
    }

    /// Whether the reported changes reach over everything that the parts replace: what a part removes and no
    /// reported change does is still there.
    fn is_covered(&self, old: &Text) -> bool {
        let covers = |a: &Range<usize>, b: &Range<usize>| a.start <= b.start && b.end <= a.end;
        self.parts.iter().all(|part| {
            let slack = part.edit.slack(old);
            let told_further_on = |raw: &Range<usize>| {
                let by = raw.start.saturating_sub(part.edit.range.start);
                by <= slack && part.edit.range.end + by <= raw.end
            };
            part.edit.range.is_empty()
                || self.edits.iter().any(|edit| {
                    covers(&edit.range, &part.edit.range)
                        || covers(&edit.raw, &part.edit.raw)
                        || told_further_on(&edit.raw)
                })
        })
    }
}

/// How much of what has just come was taken away again.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    Nothing,
    Some,
    All,
}

/// A group with both explanations of what happened to it.
pub(super) struct Weighed {
    group: Group,
    /// The user's replacements if the parts have arrived, where that is possible at all.
    mixed: Option<Vec<Replacement>>,
    /// The user's replacements if they have not.
    alone: Vec<Replacement>,
    /// What the two explanations cost that is not in both.
    costs: (usize, usize),
    /// The user would have taken away some of what has just come, or put back some of what has just gone.
    bites: bool,
}

impl Weighed {
    fn new(group: Group, old: &Text) -> Vec<Weighed> {
        let start = group.range.start;
        let was = old.slice(group.range.clone());
        let is = spliced(&was, start, group.edits.iter());
        if let Some(arrived) = group.arrived_alone(&was, &is) {
            return group.split(&arrived, &was);
        }
        let made = spliced(&was, start, group.parts.iter().map(|part| &part.edit));
        let possible = !group.parts.is_empty()
            && !group.edits.is_empty()
            && (group.is_covered(old) || group.leaves_typing_elsewhere(&was, &made, &is));
        let mixed = possible.then(|| group.replacements_within_told(&was, &made, &is));
        // Nobody takes away all that has just come, and only that.
        let taken = mixed.as_ref().map(|mixed| group.taken_back(&was, mixed));
        let put_back = mixed
            .as_ref()
            .is_some_and(|mixed| group.is_put_back(&was, mixed));
        let claimed = group.believes(Belief::Claimed);
        let mixed = mixed.filter(|_| taken != Some(Taken::All));
        let mixed = mixed.filter(|_| claimed || !group.still_stands(&was, &made, &is));
        let mixed = mixed.map(|mixed| of_whole_lines(&made, mixed));
        let alone: Vec<Replacement> = group
            .edits
            .iter()
            .flat_map(|edit| edit.narrowed(&was, start))
            .collect();
        let costs = match &mixed {
            // By the measure of the other explanation: words are taken for changed whole, letters are not.
            Some(mixed) => {
                let letters = replacements(&was, &is);
                let ways = [&alone, &letters].into_iter();
                let without = ways.min_by_key(|it| cost(&was, it)).unwrap_or(&alone);
                let both = cost_in_both((&made, mixed), (&was, without));
                (cost(&made, mixed) - both, cost(&was, without) - both)
            }
            None => (0, 0),
        };
        vec![Weighed {
            group,
            mixed,
            alone,
            costs,
            bites: !claimed && (taken == Some(Taken::Some) || put_back),
        }]
    }
}

/// One insertion or deletion where it is one of whole lines, if it says the same there.
fn of_whole_lines(old: &str, changes: Vec<Replacement>) -> Vec<Replacement> {
    match changes.as_slice() {
        [(gone, put)] if put.is_empty() => vec![(lines_deleted(old, gone.clone()), String::new())],
        [(gone, put)] if gone.is_empty() => match lines_put(old, gone.start, put) {
            Some((at, lines)) => vec![(at..at, lines)],
            None => changes,
        },
        _ => changes,
    }
}

/// What those replacements cost that are the same on both sides, each side with the text that it changes.
fn cost_in_both(
    (one, ones): (&str, &[Replacement]),
    (other, others): (&str, &[Replacement]),
) -> usize {
    let mut left: Vec<(&str, &str)> = others
        .iter()
        .map(|(gone, put)| (&other[gone.clone()], put.as_str()))
        .collect();
    let mut both = 0;
    for (gone, put) in ones {
        let same = left
            .iter()
            .position(|it| *it == (&one[gone.clone()], put.as_str()));
        if let Some(at) = same {
            left.swap_remove(at);
            both += exchange_cost(&one[gone.clone()], put);
        }
    }
    both
}

/// A change that has been split.
pub(super) struct Split {
    pub(super) step: Attribution,
    /// What the confirmed parts did, in bytes of the old text.
    pub(super) arrived: Vec<Replacement>,
    /// Where they would go in the old text.
    pub(super) missing: Vec<Part>,
}

/// `whole` says that no part of the edit in flight lies elsewhere.
pub(super) fn attribute_groups(
    old: &Text,
    clusters: Vec<Edit>,
    parts: Vec<OurEdit>,
    whole: bool,
) -> Split {
    let mut step = Attribution {
        confirmed: Vec::new(),
        user: Vec::new(),
    };
    let (mut here, mut missing) = (Vec::new(), Vec::new());
    let weighed: Vec<Weighed> = group(clusters, parts, old)
        .into_iter()
        .flat_map(|group| Weighed::new(group, old))
        .collect();
    // An edit arrives whole, or not at all, so the explanations are weighed over all groups together.
    // Where a part has no trace at all, only what is ours to the letter can have come in a part before it.
    let possible = whole
        && weighed.iter().all(|Weighed { group, mixed, .. }| {
            let told = group.tells_what_is_doubted();
            group.parts.is_empty() || told && mixed.is_some()
        });
    let (mut with_ours, mut without, mut bites) = (0, 0, false);
    for weighed in &weighed {
        if weighed.mixed.is_some() {
            with_ours += weighed.costs.0;
            without += weighed.costs.1;
            bites |= weighed.bites;
        }
    }
    // Letters that a word of the user's happens to share with one of ours are not what is left of ours.
    let likely = match bites {
        true => 2 * with_ours < without,
        false => with_ours <= without,
    };
    // How much the confirmed parts before here have moved the text.
    let mut ours = 0;
    for Weighed {
        group,
        mixed,
        alone,
        ..
    } in weighed
    {
        let at = group.range.start.wrapping_add_signed(ours);
        let mixed = mixed.filter(|mixed| mixed.is_empty() || (possible && likely));
        let arrived = mixed.is_some();
        let user = mixed.unwrap_or(alone);
        step.user.extend(
            user.into_iter()
                .map(|(range, text)| (shift(range, at), text)),
        );
        for OurEdit {
            number,
            belief,
            edit,
        } in group.parts
        {
            if arrived {
                ours += edit.text.len() as isize - edit.range.len() as isize;
                step.confirmed.push(number);
                here.push((edit.range, edit.text));
            } else {
                missing.push(Part {
                    spoiled: false,
                    belief,
                    number,
                    range: edit.raw,
                    text: edit.raw_text,
                });
            }
        }
    }
    Split {
        step,
        arrived: here,
        missing,
    }
}

/// Groups what touches; both lists are sorted.
pub(super) fn group(edits: Vec<Edit>, parts: Vec<OurEdit>, old: &Text) -> Vec<Group> {
    let mut all: Vec<Group> = edits
        .into_iter()
        .map(|edit| Group {
            range: edit.reach(),
            edits: vec![edit],
            parts: Vec::new(),
        })
        .chain(parts.into_iter().map(|part| Group {
            range: part.edit.reach_on(old),
            edits: Vec::new(),
            parts: vec![part],
        }))
        .collect();
    all.sort_by_key(|group| group.range.start);
    let mut groups: Vec<Group> = Vec::new();
    for next in all {
        match groups.last_mut() {
            Some(last) if next.range.start <= last.range.end => {
                last.range.end = last.range.end.max(next.range.end);
                last.edits.extend(next.edits);
                last.parts.extend(next.parts);
            }
            _ => groups.push(next),
        }
    }
    groups
}

/// `was`, which starts at `start` of the old text, with replacements in old offsets.
pub(super) fn spliced<'a>(
    was: &str,
    start: usize,
    edits: impl Iterator<Item = &'a Edit>,
) -> String {
    let mut out = String::with_capacity(was.len());
    let mut at = 0;
    for edit in edits {
        out.push_str(&was[at..edit.range.start - start]);
        out.push_str(&edit.text);
        at = edit.range.end - start;
    }
    out.push_str(&was[at..]);
    out
}
