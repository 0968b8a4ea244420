//! Whose change was it? Splits a reported change into parts of our edit in flight and the user's own.
//!
//! Editors report a change in their own way: widened to whole lines, re-diffed into characters, merged
//! with what the user typed, in one notification or two. So texts are compared, never ranges: our part
//! has arrived where the new text is what our edit makes of the old one. Where the user's typing is mixed
//! in, both explanations are weighed and the one that leaves the user the smaller change is taken.

use std::ops::Range;

use similar::{Algorithm, DiffTag, capture_diff_slices};
use text::{Bias, ChangeSet, Text};

/// One replacement of our edit in flight, in bytes of the mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its number, unique within the document.
    pub(crate) number: u32,
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
    /// The user has changed what it replaces: whatever is reported, it is not this part as it was sent.
    pub(crate) spoiled: bool,
    /// Blanks or nothing, as all of its edit: what is not just this may as well be the user's doing.
    pub(crate) vague: bool,
}

/// What a change, or one step of it, turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribution {
    /// Numbers of the parts that are in the mirror now.
    pub(crate) confirmed: Vec<u32>,
    /// The user's changes, in order, in bytes of the text before this step with the confirmed parts in it.
    pub(crate) user: Vec<Replacement>,
}

/// Up to this many bytes on either side a change is compared by characters, beyond it by lines and words.
const BY_CHARACTERS: usize = 1_024;

/// Splits `changes`, which led one after another from `old` to `new`, into steps in order; and the parts
/// that have not arrived, where they would go in `new`. `parts` are sorted and apart from each other.
/// Costs what the changes and the parts span.
pub(crate) fn attribute(
    old: &Text,
    changes: &[ChangeSet],
    new: &Text,
    parts: Vec<Part>,
) -> (Vec<Attribution>, Vec<Part>) {
    let Some(whole) = ChangeSet::compose_all(changes) else {
        return (Vec::new(), parts);
    };
    // Parts that have come to lie over one another are no longer what was sent.
    let mut parts = parts;
    parts.sort_by_key(|part| part.range.start);
    let mut end = 0;
    for part in &mut parts {
        part.spoiled |= part.range.start < end;
        end = end.max(part.range.end);
    }
    let (mut spoiled, parts): (Vec<Part>, Vec<Part>) =
        parts.into_iter().partition(|part| part.spoiled);
    let (steps, mut missing) = attribute_good(old, changes, &whole, new, parts);
    if !spoiled.is_empty() {
        move_parts(&mut spoiled, &whole);
        missing.extend(spoiled);
        missing.sort_by_key(|part| part.range.start);
    }
    (steps, missing)
}

/// The same where an edit of ours is never reported together with anything else.
pub(crate) fn attribute_alone(
    old: &Text,
    changes: &[ChangeSet],
    new: &Text,
    mut parts: Vec<Part>,
) -> (Vec<Attribution>, Vec<Part>) {
    let Some(whole) = ChangeSet::compose_all(changes) else {
        return (Vec::new(), parts);
    };
    if parts.iter().all(|part| !part.spoiled) && is_exactly(old, new, &edits(&whole), &parts) {
        let confirmed = parts.into_iter().map(|part| part.number).collect();
        let user = Vec::new();
        return (vec![Attribution { confirmed, user }], Vec::new());
    }
    move_parts(&mut parts, &whole);
    (attribute(old, changes, new, Vec::new()).0, parts)
}

fn attribute_good(
    old: &Text,
    changes: &[ChangeSet],
    whole: &ChangeSet,
    new: &Text,
    parts: Vec<Part>,
) -> (Vec<Attribution>, Vec<Part>) {
    let raw = edits(whole);
    if !parts.is_empty() && may_all_be(&raw, &parts, old) && is_exactly(old, new, &raw, &parts) {
        let confirmed = parts.into_iter().map(|part| part.number).collect();
        return (
            vec![Attribution {
                confirmed,
                user: Vec::new(),
            }],
            Vec::new(),
        );
    }
    if parts.is_empty() {
        let several = (changes.len() > 1).then(|| trimmed(old, changes));
        let (step, missing) = attribute_one(old, several.as_ref().unwrap_or(whole), parts);
        return (vec![step], missing);
    }
    attribute_each(old, changes, parts)
}

/// All changes as one, each without the text at its ends that it leaves the same: an editor may report a line break
/// typed in a line as a new rest of the line, and typing in that rest behind it.
fn trimmed(old: &Text, changes: &[ChangeSet]) -> ChangeSet {
    let mut text = old.clone();
    let mut all = ChangeSet::identity(old.len());
    for change in changes {
        let smaller = edits(change).into_iter().map(|edit| {
            let was = text.slice(edit.range.clone());
            let suffix = common_suffix(&was, &edit.text);
            let prefix = common_prefix(
                &was[..was.len() - suffix],
                &edit.text[..edit.text.len() - suffix],
            );
            let range = edit.range.start + prefix..edit.range.end - suffix;
            (
                range,
                edit.text[prefix..edit.text.len() - suffix].to_owned(),
            )
        });
        let smaller = smaller.filter(|(range, text)| !range.is_empty() || !text.is_empty());
        let smaller = ChangeSet::from_changes(text.len(), smaller.collect::<Vec<_>>());
        change.apply(&mut text);
        all = all.compose(&smaller);
    }
    all
}

fn may_all_be(raw: &[Edit], parts: &[Part], old: &Text) -> bool {
    parts
        .iter()
        .all(|part| raw.iter().any(|edit| edit.may_be(part, old)))
}

/// Changes that are a part to the letter come first out, what lies between them is weighed as one.
fn attribute_each(
    old: &Text,
    changes: &[ChangeSet],
    mut parts: Vec<Part>,
) -> (Vec<Attribution>, Vec<Part>) {
    let mut text = old.clone();
    let mut there = parts.clone();
    let mut matched = Vec::with_capacity(changes.len());
    let mut smaller = Vec::with_capacity(changes.len());
    for change in changes {
        let raw = edits(change);
        let near = |edit: &Edit| there.iter().any(|part| edit.may_be(part, &text));
        let wide = raw.iter().any(near);
        smaller.push((wide, trimmed(&text, std::slice::from_ref(change))));
        let mut after = text.clone();
        change.apply(&mut after);
        let whole = there.iter().all(|part| !part.spoiled);
        let found = if whole
            && may_all_be(&raw, &there, &text)
            && is_exactly(&text, &after, &raw, &there)
        {
            std::mem::take(&mut there)
        } else {
            let one = match raw.as_slice() {
                [edit] => there
                    .iter()
                    .position(|part| !part.spoiled && edit.says_the_same(part, &text)),
                _ => None,
            };
            one.map(|index| there.remove(index)).into_iter().collect()
        };
        matched.push(
            found
                .into_iter()
                .map(|part| part.number)
                .collect::<Vec<u32>>(),
        );
        text = after;
        move_parts(&mut there, change);
    }
    parts.retain(|part| there.iter().any(|left| left.number == part.number));
    let mut steps = Vec::new();
    let mut run: Option<Run> = None;
    let weigh = |run: &mut Option<Run>, parts: &mut Vec<Part>, steps: &mut Vec<Attribution>| {
        if let Some(run) = run.take() {
            let (step, missing) = run.weighed(std::mem::take(parts));
            steps.push(step);
            *parts = missing;
        }
    };
    let mut text = old.clone();
    for ((change, (near, smaller)), confirmed) in changes.iter().zip(smaller).zip(matched) {
        if confirmed.is_empty() {
            let wide = if near { change } else { &smaller };
            run = Some(match run.take() {
                Some(run) => Run {
                    wide: run.wide.compose(wide),
                    smaller: run.smaller.compose(&smaller),
                    ..run
                },
                None => Run {
                    before: text.clone(),
                    wide: wide.clone(),
                    smaller,
                },
            });
        } else {
            weigh(&mut run, &mut parts, &mut steps);
            steps.push(Attribution {
                confirmed,
                user: Vec::new(),
            });
            move_parts(&mut parts, change);
        }
        change.apply(&mut text);
    }
    weigh(&mut run, &mut parts, &mut steps);
    (steps, parts)
}

/// Changes that are weighed as one.
struct Run {
    before: Text,
    /// As they were reported where a part of ours may be in them.
    wide: ChangeSet,
    /// Each without the text at its ends that it leaves the same.
    smaller: ChangeSet,
}

impl Run {
    /// Where nothing of ours is in them, it was typing, and the less of it the better.
    fn weighed(&self, parts: Vec<Part>) -> (Attribution, Vec<Part>) {
        let (step, missing) = attribute_one(&self.before, &self.wide, parts.clone());
        if !step.confirmed.is_empty() || self.wide == self.smaller {
            return (step, missing);
        }
        let (step, _) = attribute_one(&self.before, &self.smaller, Vec::new());
        let user = ChangeSet::from_changes(self.before.len(), step.user.iter().cloned());
        let mut missing = parts;
        move_parts(&mut missing, &user);
        (step, missing)
    }
}

fn move_parts(parts: &mut [Part], change: &ChangeSet) {
    let changes = change.changes();
    for part in parts {
        let Range { start, end } = part.range;
        let within = |old: &Range<usize>| old.start < end && start < old.end;
        part.spoiled |= changes.iter().any(|change| within(&change.old));
        let len = part.range.len();
        // What is typed where a part only inserts may come to stand on either side of it: behind it, most editors
        // would say.
        let end = if len == 0 { Bias::Left } else { Bias::Right };
        part.range = change.map(part.range.start, Bias::Left)..change.map(part.range.end, end);
        part.spoiled |= part.range.len() != len;
    }
}

fn edits(change: &ChangeSet) -> Vec<Edit> {
    let edit = |change: text::Change| Edit::new(change.old, change.text);
    change.changes().into_iter().map(edit).collect()
}

/// Splits one change. The missing parts come back where they would go in the new text.
fn attribute_one(old: &Text, change: &ChangeSet, parts: Vec<Part>) -> (Attribution, Vec<Part>) {
    let raw = edits(change);
    let reach: Vec<Range<usize>> = raw.iter().map(|edit| edit.lines(old)).collect();
    let (near, mut missing): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| {
        if part.spoiled {
            return false;
        }
        let mut edits = raw.iter().zip(&reach);
        edits.any(|(edit, reach)| {
            let close = reach.start <= part.range.end && part.range.start <= reach.end;
            close && edit.may_be(part, old)
        })
    });
    // Without a part in reach the ranges stand as reported; else each side may say the same in another way.
    let split = if near.is_empty() {
        attribute_groups(old, raw, Vec::new(), false)
    } else {
        let near = near.into_iter().map(|part| {
            let edit = Edit::new(part.range, part.text);
            ((part.number, part.vague), edit)
        });
        attribute_groups(
            old,
            canonical(old, raw),
            canonical_parts(old, near),
            missing.is_empty(),
        )
    };
    missing.extend(split.missing);
    missing.sort_by_key(|part| part.range.start);
    // By what the user did, not by how widely it was reported: a part beside it is still what was sent.
    let ours = ChangeSet::from_changes(old.len(), split.arrived);
    let user = split.step.user.iter().cloned();
    let user = ChangeSet::from_changes(ours.len_after(), user);
    move_parts(&mut missing, &ours.compose(&user));
    (split.step, missing)
}

fn canonical(old: &Text, edits: Vec<Edit>) -> Vec<Edit> {
    let mut floor = 0;
    edits
        .into_iter()
        .map(|edit| {
            let edit = edit.canonical(old, floor);
            floor = edit.range.end;
            edit
        })
        .collect()
}

fn canonical_parts(old: &Text, parts: impl Iterator<Item = ((u32, bool), Edit)>) -> Vec<OurEdit> {
    let (numbers, edits): (Vec<(u32, bool)>, Vec<Edit>) = parts.unzip();
    canonical(old, edits)
        .into_iter()
        .zip(numbers)
        .map(|(edit, (number, vague))| OurEdit {
            number,
            vague,
            edit,
        })
        .collect()
}

/// A replacement in bytes of the old text.
#[derive(Clone, Debug)]
struct Edit {
    /// Where it was reported or sent, and what.
    raw: Range<usize>,
    raw_text: String,
    range: Range<usize>,
    text: String,
}

/// A part of ours in the same form.
#[derive(Debug)]
struct OurEdit {
    number: u32,
    vague: bool,
    edit: Edit,
}

/// How far an insertion or deletion is moved left to reach its canonical place.
const MAX_SLIDE: usize = 4_096;

impl Edit {
    fn new(range: Range<usize>, text: String) -> Edit {
        Edit {
            raw: range.clone(),
            raw_text: text.clone(),
            range,
            text,
        }
    }

    /// The whole lines that it touches.
    fn lines(&self, old: &Text) -> Range<usize> {
        let start = old.line_start(old.line_of(self.range.start));
        start..old.line_start(old.line_of(self.range.end) + 1)
    }

    /// Whether this reported change lies where it could be, or hold, a part. Editors widen a change to the
    /// lines it touches, but none reports it on other lines.
    fn may_be(&self, part: &Part, old: &Text) -> bool {
        let line = old.line_of(part.range.start);
        let start = old.line_start(line);
        let end = old
            .line_end(old.line_of(part.range.end))
            .max(part.range.end);
        if self.text.is_empty() {
            return self.range.start < end && start < self.range.end;
        }
        // A line inserted before this one may be reported as a new tail of the line before.
        let start = line
            .checked_sub(1)
            .map_or(start, |before| old.line_end(before));
        self.range.start <= end && start <= self.range.end
    }

    /// From where to where it may be said to stand.
    fn reach(&self) -> Range<usize> {
        self.range.start.min(self.raw.start)..self.range.end.max(self.raw.end)
    }

    /// Whether this says the same as a part of ours, and where.
    fn says_the_same(&self, part: &Part, old: &Text) -> bool {
        if !self.may_be(part, old) {
            return false;
        }
        let theirs = self.clone().canonical(old, 0);
        let part = Edit::new(part.range.clone(), part.text.clone());
        let ours = part.canonical(old, 0);
        theirs.range == ours.range && theirs.text == ours.text
    }

    /// This as the smallest replacements, in bytes from `start`, where `was` begins.
    fn narrowed(&self, was: &str, start: usize) -> Vec<Replacement> {
        let at = self.raw.start - start;
        let mut smaller = by_words(&was[at..self.raw.end - start], &self.raw_text);
        for (range, _) in &mut smaller {
            *range = range.start + at..range.end + at;
        }
        smaller
    }

    /// Without common suffix and prefix, and moved as far left as it says the same: an editor that reports a
    /// line inserted after another means the same as one that reports it inserted before the next.
    /// It moves no further than to `floor`.
    fn canonical(mut self, old: &Text, floor: usize) -> Edit {
        let removed = old.slice(self.range.clone()).into_owned();
        let suffix = common_suffix(&removed, &self.text);
        self.range.end -= suffix;
        self.text.truncate(self.text.len() - suffix);
        let prefix = common_prefix(&removed[..removed.len() - suffix], &self.text);
        self.range.start += prefix;
        self.text.drain(..prefix);
        if self.range.is_empty() && !self.text.is_empty() {
            self.slide_insertion(old, floor);
        } else if self.text.is_empty() && !self.range.is_empty() {
            self.slide_deletion(old, floor);
        }
        self
    }

    fn slide_insertion(&mut self, old: &Text, floor: usize) {
        let bytes = self.text.as_bytes();
        let at = self.range.start;
        let furthest = (at - floor.min(at)).min(MAX_SLIDE);
        let mut moved = (0..furthest)
            .take_while(|n| old.byte(at - 1 - n) == Some(bytes[bytes.len() - 1 - n % bytes.len()]))
            .count();
        while !old.is_boundary(at - moved) || !self.text.is_char_boundary(cut(bytes.len(), moved)) {
            moved -= 1;
        }
        let (head, tail) = self.text.split_at(cut(bytes.len(), moved));
        self.text = format!("{tail}{head}");
        self.range = at - moved..at - moved;
    }

    fn slide_deletion(&mut self, old: &Text, floor: usize) {
        let Range { start, end } = self.range.clone();
        let furthest = (start - floor.min(start)).min(MAX_SLIDE);
        let mut moved = (0..furthest)
            .take_while(|n| old.byte(start - 1 - n) == old.byte(end - 1 - n))
            .count();
        while !old.is_boundary(start - moved) || !old.is_boundary(end - moved) {
            moved -= 1;
        }
        self.range = start - moved..end - moved;
    }
}

/// Where an inserted text of `len` bytes is cut when it moves left by `moved`.
fn cut(len: usize, moved: usize) -> usize {
    (len - moved % len) % len
}

/// Whether the new text is the old one with all parts in it and nothing else.
fn is_exactly(old: &Text, new: &Text, clusters: &[Edit], parts: &[Part]) -> bool {
    let grown: isize = parts
        .iter()
        .map(|part| part.text.len() as isize - part.range.len() as isize)
        .sum();
    if old.len() as isize + grown != new.len() as isize {
        return false;
    }
    let same = clusters.len() == parts.len()
        && clusters
            .iter()
            .zip(parts)
            .all(|(edit, part)| edit.range == part.range && edit.text == part.text);
    if same {
        return true;
    }
    let mut starts = clusters
        .iter()
        .map(|edit| edit.range.start)
        .chain(parts.iter().map(|part| part.range.start));
    let mut ends = clusters
        .iter()
        .map(|edit| edit.range.end)
        .chain(parts.iter().map(|part| part.range.end));
    let (Some(start), Some(end)) = (starts.by_ref().min(), ends.by_ref().max()) else {
        return true;
    };
    // Outside that window neither the change nor the parts touch anything.
    let mut at = start;
    let mut there = start;
    for part in parts {
        let kept = part.range.start - at;
        if !ranges_equal(old, at..part.range.start, new, there..there + kept) {
            return false;
        }
        there += kept;
        if !new.range_is(there..there + part.text.len(), &part.text) {
            return false;
        }
        there += part.text.len();
        at = part.range.end;
    }
    ranges_equal(old, at..end, new, there..there + (end - at))
}

fn ranges_equal(a: &Text, a_range: Range<usize>, b: &Text, b_range: Range<usize>) -> bool {
    if b_range.end > b.len() || !b.is_boundary(b_range.start) || !b.is_boundary(b_range.end) {
        return false;
    }
    let mut at = b_range.start;
    a.chunks(a_range).all(|chunk| {
        let end = at + chunk.len();
        let same = b.is_boundary(end) && b.range_is(at..end, chunk);
        at = end;
        same
    })
}

/// A stretch of the old text with the changes and the parts that touch it.
struct Group {
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
                    let alone = edits
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
                });
            }
        }
        split
    }

    /// Whether these replacements, in the text with the parts in it, delete everything that the parts put.
    fn takes_all_back(&self, changes: &[Replacement]) -> bool {
        let mut moved = 0;
        let mut put = self.parts.iter().map(|part| {
            let start = (part.edit.range.start - self.range.start).wrapping_add_signed(moved);
            moved += part.edit.text.len() as isize - part.edit.range.len() as isize;
            start..start + part.edit.text.len()
        });
        let gone = |put: &Range<usize>| {
            let mut changes = changes.iter();
            changes.any(|(range, _)| range.start <= put.start && put.end <= range.end)
        };
        let any = self.parts.iter().any(|part| !part.edit.text.is_empty());
        any && put.all(|put| put.is_empty() || gone(&put))
    }

    /// Whether the reported changes reach over everything that the parts replace: what a part removes and no
    /// reported change does is still there.
    fn is_covered(&self) -> bool {
        let covers = |a: &Range<usize>, b: &Range<usize>| a.start <= b.start && b.end <= a.end;
        self.parts.iter().all(|part| {
            self.edits.iter().any(|edit| {
                covers(&edit.range, &part.edit.range) || covers(&edit.raw, &part.edit.raw)
            })
        })
    }
}

/// A group with both explanations of what happened to it.
struct Weighed {
    group: Group,
    /// The user's replacements if the parts have arrived, where that is possible at all.
    mixed: Option<Vec<Replacement>>,
    /// The user's replacements if they have not.
    alone: Vec<Replacement>,
}

impl Weighed {
    fn new(group: Group, old: &Text) -> Vec<Weighed> {
        let start = group.range.start;
        let was = old.slice(group.range.clone());
        let is = spliced(&was, start, group.edits.iter());
        if let Some(arrived) = group.arrived_alone(&was, &is) {
            return group.split(&arrived, &was);
        }
        let possible = !group.parts.is_empty() && !group.edits.is_empty() && group.is_covered();
        let mixed = possible.then(|| {
            let made = spliced(&was, start, group.parts.iter().map(|part| &part.edit));
            replacements(&made, &is)
        });
        // Nobody takes away all that has just come, and only that.
        let mixed = mixed.filter(|mixed| !group.takes_all_back(mixed));
        let alone = group
            .edits
            .iter()
            .flat_map(|edit| edit.narrowed(&was, start))
            .collect();
        vec![Weighed {
            group,
            mixed,
            alone,
        }]
    }
}

/// A change that has been split.
struct Split {
    step: Attribution,
    /// What the confirmed parts did, in bytes of the old text.
    arrived: Vec<Replacement>,
    /// Where they would go in the old text.
    missing: Vec<Part>,
}

/// `whole` says that no part of the edit in flight lies elsewhere.
fn attribute_groups(old: &Text, clusters: Vec<Edit>, parts: Vec<OurEdit>, whole: bool) -> Split {
    let mut step = Attribution {
        confirmed: Vec::new(),
        user: Vec::new(),
    };
    let (mut here, mut missing) = (Vec::new(), Vec::new());
    let weighed: Vec<Weighed> = group(clusters, parts)
        .into_iter()
        .flat_map(|group| Weighed::new(group, old))
        .collect();
    // An edit arrives whole, or not at all, so the explanations are weighed over all groups together.
    // Where a part has no trace at all, only what is ours to the letter can have come in a part before it.
    let possible = whole
        && weighed.iter().all(|Weighed { group, mixed, .. }| {
            let told = group.parts.iter().all(|part| !part.vague);
            group.parts.is_empty() || told && mixed.is_some()
        });
    let (mut with_ours, mut without) = (0, 0);
    for weighed in &weighed {
        if let Some(mixed) = &weighed.mixed {
            with_ours += cost(mixed);
            without += cost(&weighed.alone);
        }
    }
    // How much the confirmed parts before here have moved the text.
    let mut ours = 0;
    for Weighed {
        group,
        mixed,
        alone,
    } in weighed
    {
        let at = group.range.start.wrapping_add_signed(ours);
        let mixed = mixed.filter(|mixed| mixed.is_empty() || (possible && with_ours <= without));
        let arrived = mixed.is_some();
        let user = mixed.unwrap_or(alone);
        step.user.extend(
            user.into_iter()
                .map(|(range, text)| (shift(range, at), text)),
        );
        for OurEdit {
            number,
            vague,
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
                    vague,
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
fn group(edits: Vec<Edit>, parts: Vec<OurEdit>) -> Vec<Group> {
    let mut all: Vec<Group> = edits
        .into_iter()
        .map(|edit| Group {
            range: edit.reach(),
            edits: vec![edit],
            parts: Vec::new(),
        })
        .chain(parts.into_iter().map(|part| Group {
            range: part.edit.reach(),
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
fn spliced<'a>(was: &str, start: usize, edits: impl Iterator<Item = &'a Edit>) -> String {
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

/// A range, and the text that comes in its place.
pub(crate) type Replacement = (Range<usize>, String);

/// The smallest replacements that lead from one text to another, in bytes of the first.
fn replacements(old: &str, new: &str) -> Vec<Replacement> {
    let suffix = common_suffix(old, new);
    let (old_rest, new_rest) = (&old[..old.len() - suffix], &new[..new.len() - suffix]);
    let prefix = common_prefix(old_rest, new_rest);
    let (old, new) = (&old_rest[prefix..], &new_rest[prefix..]);
    if old.is_empty() && new.is_empty() {
        return Vec::new();
    }
    let pairs = if old.is_empty() || new.is_empty() {
        vec![(0..old.len(), 0..new.len())]
    } else if old.len().max(new.len()) <= BY_CHARACTERS {
        by_characters(old, new)
    } else {
        diff::hunks(old, new)
            .into_iter()
            .flat_map(|hunk| {
                let pairs = diff::refine(&old[hunk.old.clone()], &new[hunk.new.clone()]);
                let (gone, put) = (hunk.old.start, hunk.new.start);
                pairs
                    .into_iter()
                    .map(move |(a, b)| (shift(a, gone), shift(b, put)))
            })
            .collect()
    };
    pairs
        .into_iter()
        .map(|(gone, put)| (shift(gone, prefix), new[put].to_owned()))
        .collect()
}

/// What a reported change changed, by lines, then by words: a letter that an old and a new word happen to share
/// is not what was left. An insertion or a deletion is exact.
fn by_words(old: &str, new: &str) -> Vec<Replacement> {
    let suffix = common_suffix(old, new);
    let prefix = common_prefix(&old[..old.len() - suffix], &new[..new.len() - suffix]);
    let (gone, put) = (prefix..old.len() - suffix, prefix..new.len() - suffix);
    if gone.is_empty() && put.is_empty() {
        return Vec::new();
    }
    if gone.is_empty() || put.is_empty() {
        return vec![(gone, new[put].to_owned())];
    }
    if let Some(typed) = only_typing(&old[gone], &new[put]) {
        let typed = typed.into_iter();
        return typed
            .map(|(range, text)| (shift(range, prefix), text))
            .collect();
    }
    let mut out = Vec::new();
    for hunk in diff::hunks(old, new) {
        let (was, is) = (&old[hunk.old.clone()], &new[hunk.new.clone()]);
        if let Some(typed) = only_typing(was, is) {
            let typed = typed.into_iter();
            out.extend(typed.map(|(range, text)| (shift(range, hunk.old.start), text)));
            continue;
        }
        if let Some(blanks) = only_blanks(was, is) {
            let blanks = blanks.into_iter();
            out.extend(blanks.map(|(gone, put)| (shift(gone, hunk.old.start), put)));
            continue;
        }
        let mut pairs: Vec<(Range<usize>, Range<usize>)> = Vec::new();
        for (gone, put) in diff::refine(was, is) {
            let (gone, put) = whole_words(was, is, gone, put);
            match pairs.last_mut() {
                Some(last) if gone.start <= last.0.end => {
                    last.0.end = gone.end.max(last.0.end);
                    last.1.end = put.end.max(last.1.end);
                }
                _ => pairs.push((gone, put)),
            }
        }
        let mut at = 0;
        let blank = pairs.iter().all(|(gone, _)| {
            let kept = &was[at..gone.start];
            at = gone.end;
            kept.trim().is_empty()
        });
        if blank && was[at..].trim().is_empty() && !was.is_empty() && !is.is_empty() {
            pairs = vec![(0..was.len(), 0..is.len())];
        }
        let texts = pairs.into_iter();
        out.extend(texts.map(|(gone, put)| (shift(gone, hunk.old.start), is[put].to_owned())));
    }
    out
}

/// In how many places at most several texts that were typed are looked for in one replacement.
const TYPED_AT_ONCE: usize = 8;

/// The insertions that lead from one text to another, where nothing else does: typing in several places that an
/// editor reports as one replacement of all between them. Not where so little stayed that it may be chance.
fn only_typing(old: &str, new: &str) -> Option<Vec<Replacement>> {
    if old.len() >= new.len() || new.len() > BY_CHARACTERS {
        return None;
    }
    let pairs = by_characters(old, new);
    let few = pairs.len() <= TYPED_AT_ONCE && old.trim().len() >= 2 * pairs.len();
    let typed = |(gone, put): (Range<usize>, Range<usize>)| (gone, new[put].to_owned());
    (few && pairs.iter().all(|(gone, _)| gone.is_empty()))
        .then(|| pairs.into_iter().map(typed).collect())
}

/// The changes between two texts that differ in white space alone, as formatters make them.
fn only_blanks(old: &str, new: &str) -> Option<Vec<Replacement>> {
    let mut changes = Vec::new();
    let (mut a, mut b) = (0, 0);
    loop {
        let blank = |text: &str| text.len() - text.trim_start().len();
        let (gone, put) = (blank(&old[a..]), blank(&new[b..]));
        let (was, is) = (&old[a..a + gone], &new[b..b + put]);
        if was != is {
            let prefix = common_prefix(was, is);
            let suffix = common_suffix(&was[prefix..], &is[prefix..]);
            let range = a + prefix..a + gone - suffix;
            changes.push((range, is[prefix..put - suffix].to_owned()));
        }
        (a, b) = (a + gone, b + put);
        match (old[a..].chars().next(), new[b..].chars().next()) {
            (None, None) => return Some(changes),
            (x, y) if x == y => {
                let len = x.map_or(0, char::len_utf8);
                (a, b) = (a + len, b + len);
            }
            _ => return None,
        }
    }
}

/// Widens a replacement to whole words on both sides.
fn whole_words(
    old: &str,
    new: &str,
    mut gone: Range<usize>,
    mut put: Range<usize>,
) -> (Range<usize>, Range<usize>) {
    if gone.is_empty() || put.is_empty() {
        return (gone, put);
    }
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let ends_word = |text: &str| text.chars().next_back().is_some_and(is_word);
    let starts_word = |text: &str| text.chars().next().is_some_and(is_word);
    if starts_word(&old[gone.clone()]) || starts_word(&new[put.clone()]) {
        while let Some(c) = old[..gone.start]
            .chars()
            .next_back()
            .filter(|c| is_word(*c))
        {
            gone.start -= c.len_utf8();
            put.start -= c.len_utf8();
        }
    }
    if ends_word(&old[gone.clone()]) || ends_word(&new[put.clone()]) {
        while let Some(c) = old[gone.end..].chars().next().filter(|c| is_word(*c)) {
            gone.end += c.len_utf8();
            put.end += c.len_utf8();
        }
    }
    (gone, put)
}

fn shift(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

/// The changed ranges by characters: whose text a character is must not depend on where words end.
fn by_characters(old: &str, new: &str) -> Vec<(Range<usize>, Range<usize>)> {
    let a: Vec<(usize, char)> = old.char_indices().collect();
    let b: Vec<(usize, char)> = new.char_indices().collect();
    let chars = |text: &[(usize, char)]| text.iter().map(|(_, c)| *c).collect::<Vec<char>>();
    let bytes = |text: &[(usize, char)], len: usize, range: Range<usize>| {
        let at = |index: usize| text.get(index).map_or(len, |(at, _)| *at);
        at(range.start)..at(range.end)
    };
    let ops = capture_diff_slices(Algorithm::Myers, &chars(&a), &chars(&b));
    let changed = ops
        .into_iter()
        .filter(|op| op.tag() != DiffTag::Equal)
        .map(|op| {
            let put = bytes(&b, new.len(), op.new_range());
            (bytes(&a, old.len(), op.old_range()), put)
        });
    changed.collect()
}

fn cost(changes: &[Replacement]) -> usize {
    changes
        .iter()
        .map(|(range, text)| range.len() + text.len())
        .sum()
}

/// How many bytes the user's changes take away and put.
pub(crate) fn cost_of(steps: &[Attribution]) -> usize {
    steps.iter().map(|step| cost(&step.user)).sum()
}

fn common_prefix(a: &str, b: &str) -> usize {
    let mut n = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    while !a.is_char_boundary(n) || !b.is_char_boundary(n) {
        n -= 1;
    }
    n
}

fn common_suffix(a: &str, b: &str) -> usize {
    let mut n = a
        .bytes()
        .rev()
        .zip(b.bytes().rev())
        .take_while(|(a, b)| a == b)
        .count();
    while !a.is_char_boundary(a.len() - n) || !b.is_char_boundary(b.len() - n) {
        n -= 1;
    }
    n
}

#[cfg(test)]
mod tests;
