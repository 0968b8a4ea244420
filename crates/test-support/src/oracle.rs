//! The oracle: what must hold, from the page's characters and plain strings, without asking the engine whose a
//! character is.
//!
//! At every step: the mirror is the editor's text as of each report (I1); what is asked of the editor is
//! versioned, sorted, apart, and within regions (I4), and where it is applied to the text it was made for it
//! takes nothing that the person typed; regions and mirror agree (`DocumentRewrites::check`).
//!
//! When a rewrite is over: without the person's characters the region is exactly the base, the model's text, or
//! hunk by hunk what was decided (I2, I3, I6, I7), less what the person deleted; and its hunks are those that
//! the same answer gives in one piece with nobody typing (I5). A character that the person typed stands right
//! of every character of the base that stood left of it then, and the reverse. Where it was typed in text of
//! ours that was taken back, its place among the restored base is free between those two: nobody can say
//! where in text that was hidden it belongs.
//!
//! Text that an edit replaced by the same text counts as kept or as ours, as the minimal diff has it: where the
//! person deleted a character of ours, an equal one of the base may be missing in place of it.
//!
//! Where a person does the very thing that an edit under way was to do, the edit counts as arrived: the report
//! is the same. Such rewrites are not checked for whose text it was.
//!
//! Where reports come late and an editor tells of several changes at once, more cannot be known, and is not demanded:
//! on which side of a region's edge stands what was typed there while other changes waited to be reported, nor later
//! what is typed at that edge or beside that text, and so what an edit of ours there puts into the region; whose text it is that was undone and redone before it was reported. An editor that
//! tells of all its changes as one replacement (eglot) hides where a region was that an undo emptied. What an undo puts
//! back across a region's edge may have stood on either side of it. A change after which a region holds what it held
//! before an edit of ours, less or more what the person put right at its edge, counts as an undo of that edit; and which
//! of several equal blanks came or went, a report of the whole text, or a widened one, does not tell.
//!
//! What a person put in by redo is typing; what they took back by undo is as if it had never been put.
//! After an undo that reached into an accepted rewrite nobody can say what the model's text would be: there
//! only the person's characters are checked.

use std::ops::Range;

use prompt::Shape;
use rewrite::{Apply, RewriteId, RewriteView, State};

use crate::alphabet;
use crate::model::{self, Expected, Outcome};
use crate::page::{Cell, Owner, Page};
use crate::step::Ending;

/// What the simulation knows of one rewrite.
#[derive(Debug)]
pub struct Ledger {
    /// Its name, also on the page.
    pub id: u32,
    /// The region's text when it began.
    pub base: String,
    /// The region's shape when it began.
    pub shape: Shape,
    /// When its text goes in.
    pub apply: Apply,
    /// What the model will say.
    pub answer: Vec<char>,
    /// How many characters of that it has said.
    pub said: usize,
    /// How it will end.
    pub ending: Ending,
    /// It has ended.
    pub ended: bool,
    /// What counted of what it said.
    pub heard: String,
    /// Why nothing more counts.
    pub outcome: Option<Outcome>,
    /// Its hunks as proposed: bytes of the base, bytes of the model's text.
    pub hunks: Vec<(Range<usize>, Range<usize>)>,
    /// Hunks that were decided, and how.
    pub decided: Vec<(usize, bool)>,
    /// The whole was decided.
    pub whole: Option<bool>,
    /// Requests sent to the model.
    pub sends: usize,
    /// Requests taken back.
    pub cancels: usize,
    /// Where it stands.
    pub state: State,
    /// It is over and nothing of it is under way.
    pub over: bool,
    /// Its text has been checked, or needs no check.
    pub checked: bool,
    /// How often an undo or redo had reached into it when it was decided or failed.
    pub undone: usize,
    /// It gave its region to another.
    pub redirected: bool,
}

impl Ledger {
    /// Its name in the engine.
    pub fn name(&self) -> RewriteId {
        RewriteId(u64::from(self.id))
    }

    /// What the model's answer means for the region.
    pub fn expected(&self) -> Option<Expected> {
        let outcome = self.outcome.unwrap_or(Outcome::Nothing);
        model::expected(&self.base, &self.shape, &self.heard, outcome)
    }
}

/// Whether a rewrite may go from one state to another.
pub fn may_follow(from: State, to: State) -> bool {
    use State::{Interrupted, Proposed, Requested, Streaming};
    match from {
        _ if from == to => true,
        Requested => true,
        Streaming => to != Requested,
        Proposed => to.is_over(),
        Interrupted => to.is_over(),
        // A region can be deleted under a decision that is still on its way.
        _ => to == State::Stale,
    }
}

/// A character that should stand in a region.
#[derive(Clone, Copy, Debug)]
struct Wanted {
    ch: char,
    /// The person may have deleted it.
    optional: bool,
    /// The character of the base that it is.
    cell: Option<u32>,
}

/// Checks the regions of rewrites that are over; the regions touch one another where there are several.
///
/// # Errors
/// What does not hold.
pub fn check_over(
    page: &Page,
    ledgers: &[&Ledger],
    undone: bool,
    distinct: bool,
) -> Result<(), String> {
    let names: Vec<u32> = ledgers.iter().map(|ledger| ledger.id).collect();
    if ledgers.iter().any(|ledger| ledger.state == State::Stale) {
        return Ok(());
    }
    let touched = ledgers.iter().any(|ledger| page.is_touched(ledger.id));
    // Where the model repeats a line, nobody can say which of the two is the old one.
    let repeats =
        |ledger: &&Ledger| !alphabet::is_distinct(&ledger.answer.iter().collect::<String>());
    let distinct = distinct && !ledgers.iter().any(repeats);
    if !distinct && (touched || undone) {
        return Ok(());
    }
    if undone {
        return check_conserved(page, ledgers);
    }
    let blurred = ledgers.iter().any(|it| page.blurred.contains(&it.id));
    let mut wanted = Vec::new();
    let mut cells: Vec<Cell> = Vec::new();
    let mut deleted = 0;
    // Where the person took away what the model was to change, the model's text gives way.
    let gave_way =
        |ledger: &&Ledger| page.is_touched(ledger.id) || page.ever_touched.contains(&ledger.id);
    let gave_way = ledgers.iter().any(gave_way);
    let lost = page.deleted_ours.iter();
    let lost: Vec<char> = lost
        .filter(|(id, _)| names.contains(id))
        .map(|(_, ch)| *ch)
        .collect();
    deleted += lost.len();
    for ledger in ledgers {
        let inside = page.cells()[page.inside(ledger.id)].to_vec();
        let gone = |cell: &&Cell| cell.gone && cell.owner == Owner::Base;
        deleted += inside.iter().filter(gone).count();
        let Some(its) = wanted_of(ledger, &inside, &lost)? else {
            return Ok(());
        };
        wanted.extend(its);
        cells.extend(inside);
    }
    let rest: Vec<char> = cells
        .iter()
        .filter(|cell| cell.shown && !matches!(cell.owner, Owner::User(..)))
        .map(|cell| cell.ch)
        .filter(|ch| !blurred || !alphabet::is_neutral(*ch))
        .collect();
    wanted.retain(|it| !blurred || !alphabet::is_neutral(it.ch));
    let skipped = wanted.len() as isize - rest.len() as isize;
    if skipped < 0
        || !gave_way && skipped as usize > deleted && wanted.iter().any(|it| it.optional)
        || !fits(&rest, &wanted)
    {
        let is: String = rest.iter().collect();
        let should: String = wanted.iter().map(|it| it.ch).collect();
        let states: Vec<State> = ledgers.iter().map(|ledger| ledger.state).collect();
        return Err(format!(
            "rewrites {names:?} ended {states:?} with {is:?}, not {should:?} (without what the person typed)"
        ));
    }
    if !blurred && skipped == 0 && wanted.iter().all(|it| it.cell.is_some()) {
        check_places(&cells, &wanted, ledgers)?;
    }
    Ok(())
}

/// After an undo of edits of ours nobody can say what the model's text would be; but each character of the base
/// that nobody took away stands there once.
fn check_conserved(page: &Page, ledgers: &[&Ledger]) -> Result<(), String> {
    let unsure = |ledger: &&Ledger| {
        ledger.state == State::Accepted
            || ledger.decided.iter().any(|(_, accepted)| *accepted)
            || page.is_touched(ledger.id)
            || page.blurred.contains(&ledger.id)
    };
    if ledgers.iter().any(unsure) {
        return Ok(());
    }
    for ledger in ledgers {
        let inside = &page.cells()[page.inside(ledger.id)];
        let redone = |cell: &&Cell| page.redone.contains(&cell.ch);
        let of_base = |cell: &&Cell| cell.owner == Owner::Base && !cell.gone && !redone(cell);
        for cell in inside.iter().filter(of_base) {
            let same = |it: &&Cell| it.ch == cell.ch;
            let count = inside.iter().filter(|it| it.shown).filter(same).count();
            let wanted = inside.iter().filter(of_base).filter(same).count();
            if !alphabet::is_neutral(cell.ch) && count != wanted {
                return Err(format!(
                    "after an undo {} ended {:?} with {:?} {count} times",
                    ledger.id, ledger.state, cell.ch
                ));
            }
        }
    }
    Ok(())
}

/// What should stand in the region of a rewrite that is over.
fn wanted_of(
    ledger: &Ledger,
    inside: &[Cell],
    lost: &[char],
) -> Result<Option<Vec<Wanted>>, String> {
    let base: Vec<&Cell> = inside
        .iter()
        .filter(|cell| cell.owner == Owner::Base)
        .collect();
    let spelled: String = base.iter().map(|cell| cell.ch).collect();
    if spelled != ledger.base {
        // Two regions share the place where they meet: the page cannot say which a blank belongs to.
        return Ok(None);
    }
    let expected = ledger.expected();
    let failed = ledger.state == State::Failed;
    let decided = |hunk: usize| {
        let one = ledger.decided.iter().find(|(index, _)| *index == hunk);
        one.map(|(_, accepted)| *accepted)
            .or(ledger.whole)
            .unwrap_or(false)
    };
    if !failed && expected.is_none() && ledger.outcome != Some(Outcome::Nothing) {
        return Err(format!(
            "rewrite {} should have failed, and is {:?}",
            ledger.id, ledger.state
        ));
    }
    let text = expected.filter(|_| !failed).map(|it| it.text);
    let text = text.unwrap_or_else(|| ledger.base.clone());
    let hunks: &[_] = if failed { &[] } else { &ledger.hunks };
    let mut out = Vec::new();
    let mut cells = base.into_iter();
    let mut at = 0;
    let take = |until: usize,
                at: &mut usize,
                cells: &mut dyn Iterator<Item = &Cell>,
                out: &mut Option<&mut Vec<Wanted>>| {
        while *at < until {
            let Some(cell) = cells.next() else { break };
            *at += cell.ch.len_utf8();
            if let Some(out) = out.as_mut().filter(|_| !cell.gone || cell.copied) {
                out.push(Wanted {
                    ch: cell.ch,
                    optional: lost.contains(&cell.ch) || cell.gone,
                    cell: Some(cell.id),
                });
            }
        }
    };
    for (index, (old, new)) in hunks.iter().enumerate() {
        take(old.start, &mut at, &mut cells, &mut Some(&mut out));
        if decided(index) {
            take(old.end, &mut at, &mut cells, &mut None);
            out.extend(text[new.clone()].chars().map(|ch| Wanted {
                ch,
                optional: true,
                cell: None,
            }));
        } else {
            take(old.end, &mut at, &mut cells, &mut Some(&mut out));
        }
    }
    take(ledger.base.len(), &mut at, &mut cells, &mut Some(&mut out));
    Ok(Some(out))
}

/// Whether `rest` is what is wanted, less some of what is optional.
fn fits(rest: &[char], wanted: &[Wanted]) -> bool {
    if rest.len() == wanted.len() {
        return rest.iter().zip(wanted).all(|(ch, it)| *ch == it.ch);
    }
    let mut reached = vec![false; rest.len() + 1];
    reached[0] = true;
    for it in wanted {
        let mut next = vec![false; rest.len() + 1];
        for at in 0..=rest.len() {
            if !reached[at] {
                continue;
            }
            if rest.get(at) == Some(&it.ch) {
                next[at + 1] = true;
            }
            if it.optional {
                next[at] = true;
            }
        }
        reached = next;
    }
    reached[rest.len()]
}

/// In restored base: whether each character that the person typed stands between those that it was typed
/// between, or in the same hunk.
fn check_places(cells: &[Cell], wanted: &[Wanted], ledgers: &[&Ledger]) -> Result<(), String> {
    // Which of several blanks or line breaks is which, nobody can say.
    let place = |id: u32| {
        let named = |cell: &Cell| cell.id == id && !alphabet::is_neutral(cell.ch);
        cells.iter().position(named)
    };
    // How many characters of the base stand up to a cell, in the order of the page.
    let ids: Vec<usize> = wanted.iter().filter_map(|it| place(it.cell?)).collect();
    let count = |index: usize| ids.iter().filter(|place| **place <= index).count();
    // The hunks in the same measure.
    let mut hunks: Vec<Range<usize>> = Vec::new();
    let mut base = cells.iter().enumerate();
    let mut base = base.by_ref().filter(|(_, cell)| cell.owner == Owner::Base);
    for ledger in ledgers {
        let whole: Vec<usize> = (&mut base)
            .take(ledger.base.chars().count())
            .map(|(index, _)| index)
            .collect();
        let at = |byte: usize| {
            let before = ledger.base[..byte].chars().count();
            let index = whole.get(before).copied();
            index.map_or_else(
                || whole.last().map_or(0, |last| count(*last)),
                |index| ids.iter().filter(|place| **place < index).count(),
            )
        };
        hunks.extend(
            ledger
                .hunks
                .iter()
                .map(|(old, _)| at(old.start)..at(old.end)),
        );
    }
    let mut before = 0;
    let clear = |cell: &&Cell| cell.shown && !alphabet::is_neutral(cell.ch);
    for cell in cells.iter().filter(clear) {
        let Owner::User(left, right) = cell.owner else {
            before += 1;
            continue;
        };
        let least = place(left).map_or(0, count);
        let most = place(right).map_or(ids.len(), |index| {
            ids.iter().filter(|place| **place < index).count()
        });
        let free = hunks.iter().any(|hunk| {
            let holds = |at: usize| hunk.start <= at && at <= hunk.end;
            holds(before) && least <= hunk.end && hunk.start <= most
        });
        if (before < least || before > most) && !free {
            return Err(format!(
                "I3: {:?}, which the person typed, stands behind {before} characters of the base, not {least} to {most}",
                cell.ch
            ));
        }
    }
    Ok(())
}

/// The hunks of a proposal: what lies between them is the same in the base and in the model's text; and where
/// the person typed nothing in the region, they are those of the same answer in one piece (I5).
///
/// # Errors
/// What does not hold.
pub fn check_hunks(ledger: &Ledger, view: &RewriteView, touched: bool) -> Result<(), String> {
    let Some(expected) = ledger.expected() else {
        return Err(format!("I7: {} is proposed, and has no answer", ledger.id));
    };
    let (base, text) = (&ledger.base, &expected.text);
    let (mut old, mut new) = (0, 0);
    for hunk in &view.hunks {
        let fits = base.get(hunk.old.clone()) == Some(&hunk.old_text)
            && text.get(hunk.new.clone()) == Some(&hunk.new_text)
            && base.get(old..hunk.old.start) == text.get(new..hunk.new.start);
        if !fits {
            return Err(format!(
                "I5: {hunk:?} of {} is no hunk between {base:?} and {text:?}",
                ledger.id
            ));
        }
        (old, new) = (hunk.old.end, hunk.new.end);
    }
    if !view.hunks.is_empty() && base[old..] != text[new..] {
        return Err(format!(
            "I5: the hunks of {} do not lead from {base:?} to {text:?}",
            ledger.id
        ));
    }
    let is: Vec<(Range<usize>, Range<usize>)> = view
        .hunks
        .iter()
        .map(|hunk| (hunk.old.clone(), hunk.new.clone()))
        .collect();
    if !touched && is != expected.hunks {
        return Err(format!(
            "I5: hunks of {} are {is:?}, not {:?}",
            ledger.id, expected.hunks
        ));
    }
    if ledger.outcome == Some(Outcome::Cut) {
        check_cut(ledger, text)?;
    }
    Ok(())
}

/// An answer cut short gives complete lines of it, then the end of the base (I7).
fn check_cut(ledger: &Ledger, text: &str) -> Result<(), String> {
    let lines = |text: &str| {
        let ends = text.match_indices('\n').map(|(at, _)| at + 1);
        ends.collect::<Vec<usize>>()
    };
    let base = &ledger.base;
    let whole = model::expected(base, &ledger.shape, &ledger.heard, Outcome::Whole);
    let Some(whole) = whole.map(|it| it.text) else {
        return Ok(());
    };
    // Where the base does not end with a line break, its last line has none either.
    let last = |head: usize| whole[..head].strip_suffix('\n');
    let open = |head| last(head).is_some_and(|it| it.strip_suffix('\r').unwrap_or(it) == text);
    let ends_open = !base.ends_with('\n') && lines(&whole).into_iter().any(open);
    let fits = ends_open
        || std::iter::once(0).chain(lines(&whole)).any(|head| {
            let kept = text.strip_prefix(&whole[..head]);
            let mut tails = std::iter::once(0).chain(lines(base)).chain([base.len()]);
            kept.is_some_and(|kept| tails.any(|tail| kept == &base[tail..]))
        });
    if fits {
        Ok(())
    } else {
        Err(format!(
            "I7: {text:?} is not complete lines of {whole:?} and the end of {base:?}"
        ))
    }
}
