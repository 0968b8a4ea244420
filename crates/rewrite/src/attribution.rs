//! Whose change was it? Splits a reported change into parts of our edit in flight and the user's own.
//!
//! Editors report a change in their own way: widened to whole lines, re-diffed into characters, merged
//! with what the user typed, in one notification or two. So texts are compared, never ranges: our part
//! has arrived where the new text is what our edit makes of the old one. Where the user's typing is mixed
//! in, both explanations are weighed and the one that leaves the user the smaller change is taken.

mod edit;
mod group;
mod words;

use std::borrow::Cow;
use std::ops::Range;

use text::{Bias, ChangeSet, Text};

use edit::{Edit, OurEdit, is_exactly};
use group::attribute_groups;
pub(crate) use words::{Replacement, common_prefix, common_suffix, lines_put};
use words::{by_words, exchange_cost, shift, smallest};

/// One replacement of our edit in flight, in bytes of the mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its number, unique within the document.
    pub(crate) number: u32,
    pub(crate) range: Range<usize>,
    pub(crate) text: String,
    /// The user has changed what it replaces: whatever is reported, it is not this part as it was sent.
    pub(crate) spoiled: bool,
    pub(crate) belief: Belief,
}

/// How much speaks for a part's having arrived where not just this is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belief {
    /// Blanks or nothing, as all of its edit: that may as well be the user's doing.
    Doubted,
    /// What is reported alone.
    Weighed,
    /// The editor says that it applied its edit, and is not known to say so of what it dropped.
    Claimed,
}

impl Part {
    /// By how many bytes it lets the document grow.
    pub(crate) fn growth(&self) -> isize {
        self.text.len() as isize - self.range.len() as isize
    }

    /// Whether it puts more than blanks: nobody types a word of ours by chance.
    pub(crate) fn is_telling(&self) -> bool {
        !self.text.trim().is_empty()
    }

    /// Up to where it may be told: a line put before one that begins alike may be reported as put behind that.
    fn told_up_to(&self, old: &Text) -> usize {
        edit::told_up_to(&self.range, &self.text, old)
    }

    /// Whether `edit`, which is reported beside this part and leads to the same text, is this part: nobody types a word
    /// of ours there, and of some equal lines the last is told as deleted by editors that compare texts.
    fn is_told_beside(&self, edit: &Edit, old: &Text) -> bool {
        let words = || !old.slice(self.range.clone()).trim().is_empty();
        self.is_telling() || self.range.start <= edit.raw.start && words()
    }
}

/// What a change, or one step of it, turned out to be.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Attribution {
    /// Numbers of the parts that are in the mirror now.
    pub(crate) confirmed: Vec<u32>,
    /// The user's changes, in order, in bytes of the text before this step with the confirmed parts in it.
    pub(crate) user: Vec<Replacement>,
}

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
    // An edit arrives whole, or not at all: beside a part that cannot come, another has come only where it says so itself.
    let claimed = parts.iter().all(|part| part.belief == Belief::Claimed);
    let complete = spoiled.is_empty() || claimed;
    let (steps, mut missing) = attribute_good(old, changes, &whole, new, parts, complete);
    if !spoiled.is_empty() {
        // By what changed, not by how widely it was reported: the user may be putting back what they replace.
        move_parts(&mut spoiled, &narrowed_to_words(old, changes));
        missing.extend(spoiled);
        missing.sort_by_key(|part| part.range.start);
    }
    (steps, missing)
}

/// Whether the changes are all parts and nothing else, in whatever way they are said.
pub(crate) fn is_all(old: &Text, changes: &[ChangeSet], new: &Text, parts: &[Part]) -> bool {
    let whole = ChangeSet::compose_all(changes);
    parts.iter().all(|part| !part.spoiled)
        && whole.is_some_and(|whole| is_exactly(old, new, &edits(&whole), parts))
}

/// Whether nothing of a text is left in the one in its place.
pub(crate) fn is_replaced(old: &str, new: &str) -> bool {
    matches!(by_words(old, new).as_slice(), [(gone, put)] if gone.len() == old.len() && put.len() == new.len())
}

/// Whether one reported change is the part and nothing else, in whatever way it is said.
pub(crate) fn says_the_same(change: &text::Change, part: &Part, old: &Text) -> bool {
    Edit::new(change.old.clone(), change.text.clone()).says_the_same(part, old)
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
    if is_all(old, changes, new, &parts) {
        let confirmed = parts.into_iter().map(|part| part.number).collect();
        let user = Vec::new();
        return (vec![Attribution { confirmed, user }], Vec::new());
    }
    if differs_in_blanks(old, &whole, &parts) {
        let (steps, missing) = attribute(old, changes, new, parts.clone());
        if missing.is_empty() {
            return (steps, missing);
        }
    }
    move_parts(&mut parts, &whole);
    (attribute(old, changes, new, Vec::new()).0, parts)
}

/// Whether the change takes and puts what the parts do but for blanks: an editor may put line breaks of the file's own
/// kind, or indent what it puts in its own way.
fn differs_in_blanks(old: &Text, change: &ChangeSet, parts: &[Part]) -> bool {
    fn seen<'a>(texts: impl Iterator<Item = Cow<'a, str>>) -> String {
        let mut all = String::new();
        texts.for_each(|text| all.extend(visible(&text)));
        all
    }
    let changes = change.changes();
    let put = seen(parts.iter().map(|it| Cow::from(it.text.as_str())));
    let gone = |range: &Range<usize>| old.slice(range.clone());
    !put.is_empty()
        && put == seen(changes.iter().map(|it| Cow::from(it.text.as_str())))
        && seen(parts.iter().map(|it| gone(&it.range)))
            == seen(changes.iter().map(|it| gone(&it.old)))
}

/// A text without its blanks.
pub(crate) fn visible(text: &str) -> impl Iterator<Item = char> {
    text.chars().filter(|c| !c.is_whitespace())
}

fn attribute_good(
    old: &Text,
    changes: &[ChangeSet],
    whole: &ChangeSet,
    new: &Text,
    parts: Vec<Part>,
    complete: bool,
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
        let (step, missing) = attribute_one(old, several.as_ref().unwrap_or(whole), parts, true);
        return (vec![step], missing);
    }
    attribute_each(old, changes, parts, complete)
}

/// All changes as one, each without the text at its ends that it leaves the same: an editor may report a line break
/// typed in a line as a new rest of the line, and typing in that rest behind it.
fn trimmed(old: &Text, changes: &[ChangeSet]) -> ChangeSet {
    narrowed(old, changes, |was, is| vec![smallest(was, is)])
}

/// All changes as one that leaves every word where it is that was only reported as replaced by itself: what a position stood
/// beside, it stands beside after this too. Costs what the changes span.
pub fn narrowed_to_words(old: &Text, changes: &[ChangeSet]) -> ChangeSet {
    narrowed(old, changes, by_words)
}

/// All changes as one, each replacement by smaller ones that lead from its old text to its new one.
fn narrowed(
    old: &Text,
    changes: &[ChangeSet],
    smaller: impl Fn(&str, &str) -> Vec<Replacement>,
) -> ChangeSet {
    let mut text = old.clone();
    let mut all = ChangeSet::identity(old.len());
    for change in changes {
        let smaller = edits(change).into_iter().flat_map(|edit| {
            let at = edit.range.start;
            let all = smaller(&text.slice(edit.range.clone()), &edit.text).into_iter();
            all.map(move |(range, put)| (shift(range, at), put))
        });
        let smaller = smaller.filter(|(range, text)| !range.is_empty() || !text.is_empty());
        let smaller = ChangeSet::from_changes(text.len(), smaller.collect::<Vec<_>>());
        change.apply(&mut text);
        all = all.compose(&smaller);
    }
    all
}

/// Whether the changes lie where the parts do, or may be told. Who does several things at once that lead to the same
/// text elsewhere is no person.
fn may_all_be(raw: &[Edit], parts: &[Part], old: &Text) -> bool {
    let is_told =
        |edit: &Edit, part: &Part| edit.may_be(part, old) || part.is_told_beside(edit, old);
    parts.len() > 1
        || parts
            .iter()
            .all(|part| raw.iter().any(|edit| is_told(edit, part)))
}

/// Changes that are a part to the letter come first out, what lies between them is weighed as one.
fn attribute_each(
    old: &Text,
    changes: &[ChangeSet],
    mut parts: Vec<Part>,
    complete: bool,
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
            let (step, missing) = run.weighed(std::mem::take(parts), complete);
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
    fn weighed(&self, parts: Vec<Part>, complete: bool) -> (Attribution, Vec<Part>) {
        let (step, missing) = attribute_one(&self.before, &self.wide, parts.clone(), complete);
        if !step.confirmed.is_empty() || self.wide == self.smaller {
            return (step, missing);
        }
        let (smaller, _) = attribute_one(&self.before, &self.smaller, Vec::new(), true);
        let step = match self.cost(&step) < self.cost(&smaller) {
            true => step,
            false => smaller,
        };
        let user = ChangeSet::from_changes(self.before.len(), step.user.iter().cloned());
        let mut missing = parts;
        move_parts(&mut missing, &user);
        (step, missing)
    }

    /// How many characters the user deleted and put.
    fn cost(&self, step: &Attribution) -> usize {
        let each = step.user.iter();
        each.map(|(gone, put)| exchange_cost(&self.before.slice(gone.clone()), put))
            .sum()
    }
}

fn move_parts(parts: &mut [Part], change: &ChangeSet) {
    let changes = change.changes();
    for part in parts {
        let Range { start, end } = part.range;
        let within = |old: &Range<usize>| old.start < end && start < old.end;
        part.spoiled |= changes.iter().any(|change| within(&change.old));
        let len = part.range.len();
        // What is typed at an end of what a part replaces is no part of it, unless some of that may be coming back. Where
        // it only inserts, that may come to stand on either side of it: behind it, most editors would say.
        let (start, end) = match part.spoiled {
            true => (Bias::Left, Bias::Right),
            false if len == 0 => (Bias::Left, Bias::Left),
            false => (Bias::Right, Bias::Left),
        };
        part.range = change.map(part.range.start, start)..change.map(part.range.end, end);
        part.spoiled |= part.range.len() != len;
    }
}

fn edits(change: &ChangeSet) -> Vec<Edit> {
    let edit = |change: text::Change| Edit::new(change.old, change.text);
    change.changes().into_iter().map(edit).collect()
}

/// Splits one change. The missing parts come back where they would go in the new text. `complete` says that `parts` are
/// all that has not arrived of our edit.
fn attribute_one(
    old: &Text,
    change: &ChangeSet,
    parts: Vec<Part>,
    complete: bool,
) -> (Attribution, Vec<Part>) {
    let raw = edits(change);
    let reach: Vec<Range<usize>> = raw.iter().map(|edit| edit.lines(old)).collect();
    let (near, mut missing): (Vec<Part>, Vec<Part>) = parts.into_iter().partition(|part| {
        if part.spoiled {
            return false;
        }
        let end = part.told_up_to(old);
        let mut edits = raw.iter().zip(&reach);
        edits.any(|(edit, reach)| {
            let close = reach.start <= end && part.range.start <= reach.end;
            close && edit.may_be(part, old)
        })
    });
    // Without a part in reach the ranges stand as reported; else each side may say the same in another way.
    let split = if near.is_empty() {
        attribute_groups(old, raw, Vec::new(), false)
    } else {
        let whole = complete && missing.is_empty();
        let split = |raw: Vec<Edit>| {
            let near = near.iter().map(|part| {
                let edit = Edit::new(part.range.clone(), part.text.clone());
                ((part.number, part.belief), edit)
            });
            let parts = canonical_parts(old, near);
            attribute_groups(old, canonical(old, raw), parts, whole)
        };
        let wider = reaching(old, &raw, &near);
        let told = split(raw);
        let told_wider = || wider.map(split).filter(|it| it.missing.is_empty());
        match told.step.confirmed.is_empty() {
            true => told_wider().unwrap_or(told),
            false => told,
        }
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

/// How far what was reported is widened to where a part puts text.
const BESIDE: usize = 16;

/// The same changes, told so widely that they reach the places right behind them where parts put text, if there are any:
/// what is put there together with typing may end as what stands there, and an editor that compares texts leaves that out.
fn reaching(old: &Text, edits: &[Edit], parts: &[Part]) -> Option<Vec<Edit>> {
    let mut wider = edits.to_vec();
    let mut any = false;
    for part in parts.iter().filter(|it| it.range.is_empty()) {
        let at = part.range.start;
        let next = wider.partition_point(|it| it.raw.start <= at);
        let before = next.checked_sub(1).and_then(|before| wider.get_mut(before));
        if let Some(edit) = before.filter(|it| it.raw.end < at && at - it.raw.end <= BESIDE) {
            let between = old.slice(edit.raw.end..at).into_owned();
            *edit = Edit::new(edit.raw.start..at, format!("{}{between}", edit.raw_text));
            any = true;
        }
    }
    any.then_some(wider)
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

fn canonical_parts(old: &Text, parts: impl Iterator<Item = ((u32, Belief), Edit)>) -> Vec<OurEdit> {
    let (numbers, edits): (Vec<(u32, Belief)>, Vec<Edit>) = parts.unzip();
    canonical(old, edits)
        .into_iter()
        .zip(numbers)
        .map(|(edit, (number, belief))| OurEdit {
            number,
            belief,
            edit,
        })
        .collect()
}

/// How many characters of a text the user's changes take away, blanks apart, as they may be others; what the changes have
/// put themselves is none of it.
pub(crate) fn taken_from(text: &Text, steps: &[Attribution]) -> usize {
    let mut all = ChangeSet::identity(text.len());
    for step in steps {
        let user = step.user.iter().cloned();
        all = all.compose(&ChangeSet::from_changes(all.len_after(), user));
    }
    let changes = all.changes().into_iter();
    let gone = changes.map(|change| {
        let gone = text.slice(change.old);
        gone.chars().filter(|c| !c.is_whitespace()).count()
    });
    gone.sum()
}

#[cfg(test)]
mod tests;
