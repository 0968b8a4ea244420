//! What happens next, by seeded chance: a person at the editor, the model, and the delays between them all.
//! Knows the session's state only as far as to make interesting things likely.

use fastrand::Rng;
use rewrite::{Apply, State};

use crate::alphabet;
use crate::model;
use crate::step::{Ending, Formatting, Place, Step};
use crate::world::World;

/// A file's text: of characters unlike one another, or one that repeats itself.
pub fn text(rng: &mut Rng) -> String {
    let line_break = if rng.u32(0..4) == 0 { "\r\n" } else { "\n" };
    let repeats = rng.u32(0..4) == 0;
    let count = rng.usize(1..18);
    let mut lines: Vec<String> = Vec::new();
    let mut next = 0;
    for _ in 0..count {
        let mut line = " ".repeat([0, 0, 2, 4][rng.usize(0..4)]);
        match rng.u32(0..8) {
            0 => line.clear(),
            1 if repeats && !lines.is_empty() => line = lines[rng.usize(0..lines.len())].clone(),
            _ => {
                for _ in 0..rng.usize(1..7) {
                    next += 1;
                    let n = if repeats { rng.usize(0..6) } else { next };
                    line.push(alphabet::base(n));
                    if rng.u32(0..5) == 0 {
                        line.push(' ');
                    }
                }
            }
        }
        lines.push(line);
    }
    let mut text = lines.join(line_break);
    if rng.u32(0..4) > 0 {
        text.push_str(line_break);
    }
    text
}

/// What the person types: characters that nobody else has written.
fn word(rng: &mut Rng, world: &World) -> String {
    let mut next = world.typed;
    let mut out = String::new();
    for _ in 0..rng.usize(1..4) {
        match rng.u32(0..9) {
            0 => out.push('\n'),
            1 => out.push(' '),
            _ => {
                out.push(alphabet::person(next));
                next += 1;
            }
        }
    }
    out
}

/// How a session is tuned: what its person and its wires are like.
#[derive(Clone, Copy, Debug)]
pub struct Temper {
    /// Shares, in hundredths, of steps that are typing.
    typing: u32,
    /// Shares of typing that is inside of a region.
    inside: u32,
    /// How patient the person is before deciding.
    patience: u32,
    undoes: bool,
    formats: bool,
}

impl Temper {
    /// One by chance.
    pub fn any(rng: &mut Rng) -> Temper {
        Temper {
            typing: [0, 5, 15, 30][rng.usize(0..4)],
            inside: [0, 30, 80][rng.usize(0..3)],
            patience: rng.u32(1..4),
            undoes: rng.u32(0..3) == 0,
            formats: rng.u32(0..4) == 0,
        }
    }
}

fn place(rng: &mut Rng, temper: &Temper) -> Place {
    let which = rng.u32(0..3);
    if rng.u32(0..100) < temper.inside {
        return Place::In(which, rng.u32(0..1_000));
    }
    match rng.u32(0..6) {
        0 => Place::StartOf(which),
        1 => Place::EndOf(which),
        2 | 3 => Place::Cursor,
        _ => Place::At(rng.u32(0..1_000)),
    }
}

fn typing(rng: &mut Rng, temper: &Temper, world: &World) -> Step {
    let place = place(rng, temper);
    match rng.u32(0..10) {
        0 | 1 => Step::Delete(place, rng.u32(1..4)),
        2 => Step::Delete(place, rng.u32(4..30)),
        3 => Step::Replace(place, rng.u32(1..6), word(rng, world)),
        _ => Step::Type(place, word(rng, world)),
    }
}

fn ending(rng: &mut Rng) -> Ending {
    match rng.u32(0..16) {
        0 => Ending::Incomplete,
        1 => Ending::Failed,
        2 => Ending::Refused,
        3 => Ending::Dropped,
        _ => Ending::Completed,
    }
}

fn start(rng: &mut Rng, world: &World) -> Step {
    let text = world.editor.page.text();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let at = rng.u32(0..1_000);
    let first = (lines.len() + usize::from(text.ends_with('\n'))) * at as usize / 1_000;
    let count = rng.usize(1..8);
    let base: String = lines.iter().skip(first).take(count).copied().collect();
    let apply = [Apply::Live, Apply::Live, Apply::Once, Apply::Preview][rng.usize(0..4)];
    let answer = model::answer(rng, &base, world.ledgers.len());
    Step::Start(at, count as u32, apply, answer, ending(rng))
}

fn deciding(rng: &mut Rng, world: &World) -> Step {
    let which = rng.u32(0..3);
    match rng.u32(0..12) {
        0..=2 => Step::Accept(which),
        3..=5 => Step::Reject(which),
        6 | 7 => Step::AcceptHunk(which, rng.u32(0..6)),
        8 | 9 => Step::RejectHunk(which, rng.u32(0..6)),
        10 => Step::Interrupt(which),
        _ => {
            let base = world.ledgers.last().map_or("a\n", |it| it.base.as_str());
            let answer = model::answer(rng, base, world.ledgers.len());
            Step::Redirect(which, answer, ending(rng))
        }
    }
}

/// The next step of a session.
pub fn next(rng: &mut Rng, temper: &Temper, world: &World) -> Step {
    let active = world.active();
    let roll = rng.u32(0..100);
    if roll < temper.typing {
        return typing(rng, temper, world);
    }
    let undecided = active.iter().any(|at| {
        let state = world.ledgers[*at].state;
        matches!(state, State::Proposed | State::Interrupted)
    });
    match rng.u32(0..100) {
        0..18 => Step::Edit(rng.u32(0..64)),
        18..36 => Step::Serve(rng.u32(1..4)),
        36..46 => Step::Report(rng.u32(1..3)),
        46..56 => Step::Pass([1_000, 10_000, 40_000, 160_000][rng.usize(0..4)]),
        56..78 => Step::Stream(rng.u32(0..3), [1, 3, 8, 20, 60][rng.usize(0..5)]),
        78..84 if active.len() < 3 => start(rng, world),
        78..84 => start(rng, world),
        84..90 if undecided || rng.u32(0..10) < temper.patience => deciding(rng, world),
        90..94 if temper.undoes && world.editor.can_undo() => Step::Undo,
        94 if temper.undoes && world.editor.can_redo() => Step::Redo,
        95 if temper.formats => {
            let spaces = rng.u32(0..4);
            Step::Format(if rng.bool() {
                Formatting::Minimal(spaces)
            } else {
                Formatting::Whole(spaces)
            })
        }
        96 => Step::Save,
        97 if rng.u32(0..6) == 0 => Step::Reopen,
        98 => Step::Preview(rng.u32(1..3)),
        _ if active.is_empty() => start(rng, world),
        _ => Step::Stream(rng.u32(0..3), 5),
    }
}
