//! Accepting and rejecting single lines of hunks, in random order: the text is what was decided line by line, by a
//! replay with plain lists. `SEED` and `ITERATIONS` say which. Typing is not looked at here.

use fastrand::Rng;
use model_protocol::{Request, StreamEvent};
use prompt::{LineEnding, Shape};
use rewrite::{
    Apply, DecideError, DocumentRewrites, Effect, HunkState, ModelEvent, Profile, RewriteId, Start,
    State,
};
use text::{ChangeSet, Text};

const ID: RewriteId = RewriteId(1);

struct World {
    engine: DocumentRewrites,
    text: Text,
    version: i32,
    asked: Vec<(rewrite::EditId, ChangeSet)>,
}

impl World {
    /// `below` stands behind the region.
    fn start(old: &str, below: &str, new: &str, apply: Apply) -> World {
        let text = Text::from(format!("{old}{below}").as_str());
        let engine = DocumentRewrites::open(text.clone(), 1, Profile::default());
        let mut world = World {
            engine,
            text,
            version: 1,
            asked: Vec::new(),
        };
        let mut out = Vec::new();
        let start = Start {
            id: ID,
            region: 0..old.len(),
            instruction: String::new(),
            apply,
            request: Request::default(),
            shape: Shape::of(old, LineEnding::Lf),
            removed: None,
        };
        world.engine.start(start, 0, &mut out).expect("it starts");
        let events = [
            StreamEvent::Delta { text: new.into() },
            StreamEvent::Completed {
                response_id: "r".into(),
                usage: None,
            },
        ];
        for event in events {
            let event = ModelEvent::Stream(event);
            world.engine.model(ID, event, 0, &mut out);
        }
        world.take(out);
        world.apply();
        world
    }

    fn take(&mut self, mut effects: Vec<Effect>) {
        self.engine.settle(1_000_000, &mut effects);
        for effect in effects {
            if let Effect::Edit {
                edit, text, parts, ..
            } = effect
            {
                let parts = parts.into_iter().map(|part| (part.range, part.text));
                let change = ChangeSet::from_changes(text.len(), parts);
                self.asked.push((edit, change));
            }
        }
    }

    /// The editor applies what it was asked for.
    fn apply(&mut self) {
        while !self.asked.is_empty() {
            let (edit, change) = self.asked.remove(0);
            change.apply(&mut self.text);
            self.version += 1;
            let mut out = Vec::new();
            self.engine
                .changed(&[change], &self.text, self.version, 1_000_000, &mut out);
            self.take(out);
            self.engine.answered(edit, true);
            self.take(Vec::new());
        }
    }
}

/// One new line of a hunk, or the old lines that a hunk only takes away: what stands there either way.
struct Choice {
    new: String,
    old: String,
    accepted: Option<bool>,
}

/// The text between the hunks, and the choices in each hunk.
enum Stretch {
    Kept(String),
    Hunk(Vec<Choice>),
}

fn stretches(old: &str, new: &str) -> Vec<Stretch> {
    let mut all = Vec::new();
    let mut at = 0;
    for hunk in diff::hunks(old, new) {
        all.push(Stretch::Kept(old[at..hunk.old.start].to_owned()));
        at = hunk.old.end;
        let mut gone = old[hunk.old].split_inclusive('\n').map(str::to_owned);
        let mut put = new[hunk.new].split_inclusive('\n').peekable();
        let mut choices = Vec::new();
        if put.peek().is_none() {
            choices.push(Choice {
                new: String::new(),
                old: gone.by_ref().collect(),
                accepted: None,
            });
        }
        while let Some(line) = put.next() {
            let old = match put.peek() {
                Some(_) => gone.next().unwrap_or_default(),
                None => gone.by_ref().collect(),
            };
            choices.push(Choice {
                new: line.to_owned(),
                old,
                accepted: None,
            });
        }
        all.push(Stretch::Hunk(choices));
    }
    all.push(Stretch::Kept(old[at..].to_owned()));
    all
}

/// The text, with what is open as `open` says.
fn text_of(stretches: &[Stretch], open: bool) -> String {
    let text = |stretch: &Stretch| match stretch {
        Stretch::Kept(text) => text.clone(),
        Stretch::Hunk(choices) => choices
            .iter()
            .map(|choice| match choice.accepted.unwrap_or(open) {
                true => choice.new.as_str(),
                false => choice.old.as_str(),
            })
            .collect(),
    };
    stretches.iter().map(text).collect()
}

fn check(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let apply = [Apply::Live, Apply::Once, Apply::Preview][rng.usize(..3)];
    let (mut old, mut new) = (String::new(), String::new());
    for number in 0..rng.usize(1..12) {
        let line = format!("line {number}\n");
        old.push_str(&line);
        match rng.u8(..5) {
            0 => new.push_str(&format!("changed {number}\n")),
            1 => {
                new.push_str(&line);
                new.push_str(&format!("added {number}\nmore {number}\n"));
            }
            2 => {}
            3 => new.push_str(&format!("other {number}\nand more\n")),
            _ => new.push_str(&line),
        }
    }
    if new.is_empty() || new == old {
        return;
    }
    // The last line break of the region, and what stands behind it.
    let (line_break, below) = [("", ""), ("\n", ""), ("\n", "\nbelow\n")][rng.usize(..3)];
    let without_break = |text: &str| text.strip_suffix(line_break).unwrap_or(text).to_owned();
    let mut world = World::start(&without_break(&old), below, &without_break(&new), apply);
    let mut stretches = stretches(&old, &new);
    let place = format!("SEED={seed} {apply:?} {line_break:?} {below:?}\n{old}---\n{new}");
    assert_eq!(world.engine.state(ID), Some(State::Proposed), "{place}");
    while !world.engine.state(ID).is_some_and(State::is_over) {
        let view = world.engine.view(ID).expect("it is there");
        let is_open = |state| matches!(state, HunkState::Pending | HunkState::Conflict);
        let open: Vec<_> = view
            .hunks
            .iter()
            .filter(|hunk| is_open(hunk.state))
            .collect();
        let hunk = open[rng.usize(..open.len())];
        let accept = rng.bool();
        // What comes behind the last line brings the line break before it.
        let behind = hunk.new.start > 0 && !new[..hunk.new.start].ends_with('\n');
        let skipped = usize::from(behind && !hunk.new.is_empty());
        let count = hunk.new_text.lines().count() - skipped;
        let mut out = Vec::new();
        let first = new[..hunk.new.start].lines().count();
        let chosen = if count > 0 && rng.u8(..4) > 0 {
            let from = rng.usize(..count);
            let to = rng.usize(from + 1..=count);
            let lines = world
                .engine
                .decide_lines(ID, accept, hunk.index, from..to, &mut out);
            lines.unwrap_or_else(|why| panic!("{why} at {place}"));
            from..to
        } else {
            let whole = world.engine.decide(ID, accept, Some(hunk.index), &mut out);
            whole.unwrap_or_else(|why| panic!("{why} at {place}"));
            0..count
        };
        // The same lines in the replay, by their number in the new text, or by the old text that only goes.
        let mut number = 0;
        for stretch in &mut stretches {
            match stretch {
                Stretch::Kept(text) => number += text.lines().count(),
                Stretch::Hunk(choices) => {
                    for choice in choices {
                        let line = number;
                        number += usize::from(!choice.new.is_empty());
                        let is_it = match choice.new.is_empty() {
                            true => count == 0 && choice.old.trim() == hunk.old_text.trim(),
                            false => {
                                count > 0
                                    && (first + chosen.start..first + chosen.end).contains(&line)
                            }
                        };
                        if is_it {
                            choice.accepted = Some(accept);
                        }
                    }
                }
            }
        }
        world.take(out);
        world.apply();
        let expected = text_of(&stretches, apply != Apply::Preview);
        let expected = without_break(&expected) + below;
        assert_eq!(world.text.to_string(), expected, "{place}");
        let decided = |accept| {
            let choices = stretches.iter().flat_map(|stretch| match stretch {
                Stretch::Hunk(choices) => choices.as_slice(),
                Stretch::Kept(_) => &[],
            });
            choices.filter(|it| it.accepted == accept).count()
        };
        let over = world.engine.state(ID).is_some_and(State::is_over);
        assert_eq!(over, decided(None) == 0, "{place}");
    }
}

#[test]
fn any_order_of_decisions_on_lines_gives_what_was_decided() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let first = number("SEED").unwrap_or(1);
    for seed in first..first + number("ITERATIONS").unwrap_or(2_000) {
        check(seed);
    }
}

#[test]
fn lines_that_are_not_there_are_refused_and_change_nothing() {
    let mut world = World::start("a\nb\n", "", "x\ny\nb\n", Apply::Live);
    for (hunk, lines, why) in [
        (0, 0..3, DecideError::NoLines(0, 2)),
        (0, 1..1, DecideError::NoLines(0, 2)),
        (1, 0..1, DecideError::NoHunk(1)),
    ] {
        let mut out = Vec::new();
        let refused = world.engine.decide_lines(ID, true, hunk, lines, &mut out);
        assert_eq!(refused, Err(why));
    }
    assert_eq!(world.text.to_string(), "x\ny\nb\n");
}

#[test]
fn decisions_that_come_before_the_last_has_arrived_wait_for_it() {
    let mut world = World::start("a\nb\nc\nd\n", "", "1\n2\n3\n4\n", Apply::Live);
    for lines in [0..1, 1..2] {
        let mut out = Vec::new();
        // The first line that is left is the second of the new text by then.
        let hunk = world.engine.view(ID).expect("it is there").hunks;
        let hunk = hunk.last().expect("it has hunks").index;
        let decided = world.engine.decide_lines(ID, false, hunk, lines, &mut out);
        decided.expect("it can be parted");
        world.take(out);
    }
    world.apply();
    world.take(Vec::new());
    world.apply();
    assert_eq!(world.text.to_string(), "a\n2\nc\n4\n");
}

#[test]
fn a_word_on_the_whole_comes_after_the_lines_that_wait() {
    let mut world = World::start("a\nb\nkept\nc\nd\n", "", "1\n2\nkept\n3\n4\n", Apply::Live);
    let mut out = Vec::new();
    let rejected = world.engine.decide_lines(ID, false, 0, 0..1, &mut out);
    rejected.expect("it can be parted");
    world.take(out);
    let mut out = Vec::new();
    let accepted = world.engine.decide_lines(ID, true, 1, 0..1, &mut out);
    accepted.expect("it waits");
    let again = world.engine.decide_lines(ID, true, 1, 1..2, &mut out);
    assert_eq!(again, Err(DecideError::Waits(1)));
    let hunk = world.engine.decide(ID, true, Some(1), &mut out);
    assert_eq!(hunk, Err(DecideError::Waits(1)));
    world
        .engine
        .decide(ID, false, None, &mut out)
        .expect("the rest");
    world.take(out);
    world.apply();
    assert_eq!(world.engine.state(ID), Some(State::Rejected));
    assert_eq!(world.text.to_string(), "a\nb\nkept\n3\nd\n");
}
