//! Scripts of events, and random interleavings against a simulated editor with an oracle of plain strings.
//!
//! Alphabets tell who wrote what: base is lower case, the model's own lines are upper case, the user types
//! tokens of digits between `<` and `>`.

mod deletions;
mod desk;
mod refusals;
mod reports;
mod told_otherwise;
mod undo;

use std::collections::VecDeque;

use model_protocol::StreamEvent;
use prompt::{LineEnding, Shape};
use text::{ChangeSet, Text};

use super::*;
use crate::effect::{Apply, State};

/// Prints what happens when `TRACE` is set.
macro_rules! trace {
    ($($args:tt)*) => {
        if std::env::var_os("TRACE").is_some() {
            eprintln!($($args)*);
        }
    };
}

const ID: RewriteId = RewriteId(1);

fn start_of(id: RewriteId, text: &Text, region: Range<usize>, apply: Apply) -> Start {
    let shape = Shape::of(&text.slice(region.clone()), LineEnding::Lf);
    Start {
        id,
        region,
        instruction: "make it so".to_owned(),
        apply,
        request: Request::default(),
        shape,
        removed: None,
    }
}

const NUMBERS: &str = "one = 1\ntwo = 2\nthree = 3\n";

/// The model says something.
pub(super) fn delta(text: &str) -> ModelEvent {
    let text = text.to_owned();
    ModelEvent::Stream(StreamEvent::Delta { text })
}

/// The model has said all.
pub(super) fn completed() -> ModelEvent {
    ModelEvent::Stream(StreamEvent::Completed {
        response_id: "r".to_owned(),
        usage: None,
    })
}

/// A rewrite of the region in one edit, whose answer has come as a whole.
fn answered_whole(
    text: &Text,
    profile: Profile,
    region: Range<usize>,
    answer: &str,
) -> DocumentRewrites {
    let mut engine = DocumentRewrites::open(text.clone(), 1, profile);
    let mut out = Vec::new();
    let start = start_of(ID, text, region, Apply::Once);
    engine.start(start, 0, &mut out).expect("a free region");
    for event in [delta(answer), completed()] {
        engine.model(ID, event, 0, &mut out);
    }
    engine
}

/// An editor, the wires to and from it, and a person at it.
struct World {
    rng: fastrand::Rng,
    seed: u64,
    text: Text,
    version: i32,
    style: Style,
    /// Changes not yet reported.
    reports: VecDeque<(Vec<ChangeSet>, Text, i32)>,
    /// Edits on their way to the editor.
    asked: VecDeque<(EditId, i32, ChangeSet)>,
    answers: VecDeque<(EditId, bool)>,
    stream: VecDeque<String>,
    engine: DocumentRewrites,
    now: Time,
    tokens: u32,
    live_tokens: Vec<String>,
    deleted_base: usize,
    /// The region in the editor's own text.
    region: Range<usize>,
    typed_inside: bool,
    wake: Option<Time>,
    /// The versions of reports that belong to one edit with the one before them.
    together: Vec<i32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// Refuses edits for another version; reports each change.
    Refuses,
    /// Drops edits for another version and says that it applied them; merges reports.
    DropsSilently,
    /// As that, but reports each replacement of an edit on its own, from the last to the first, and widened to
    /// the end of its line.
    ReportsPieces,
}

fn lines(
    rng: &mut fastrand::Rng,
    count: usize,
    alphabet: std::ops::RangeInclusive<char>,
) -> Vec<String> {
    (0..count)
        .map(|_| {
            let len = rng.usize(0..9);
            let mut line: String = (0..len).map(|_| rng.char(alphabet.clone())).collect();
            line.push('\n');
            line
        })
        .collect()
}

impl World {
    fn new(seed: u64, apply: Apply) -> (World, String, String) {
        let mut rng = fastrand::Rng::with_seed(seed);
        let styles = [Style::Refuses, Style::DropsSilently, Style::ReportsPieces];
        let style = styles[rng.usize(0..styles.len())];
        let before = lines(&mut rng, 3, 'a'..='z').concat();
        let after = lines(&mut rng, 3, 'a'..='z').concat();
        let count = rng.usize(1..15);
        let base_lines = lines(&mut rng, count, 'a'..='e');
        let mut target = String::new();
        for line in &base_lines {
            match rng.usize(0..6) {
                0 => target.push_str(&lines(&mut rng, 1, 'A'..='E').concat()),
                1 => {
                    target.push_str(line);
                    target.push_str(&lines(&mut rng, 2, 'A'..='E').concat());
                }
                2 => {}
                3 => target.push_str(&line.replace('a', "XY")),
                _ => target.push_str(line),
            }
        }
        if target.trim().is_empty() {
            target.push_str("Z\n");
        }
        let base = base_lines.concat();
        let whole = format!("{before}{base}{after}");
        let text = Text::from(whole.as_str());
        let region = before.len()..before.len() + base.len();
        let profile = Profile {
            skips_version_zero: false,
            checks_versions: style != Style::Refuses,
            reports_apart: false,
            undoes_apart: false,
            compares_texts: style != Style::Refuses,
            frame: 1_500,
        };
        let mut engine = DocumentRewrites::open(text.clone(), 1, profile);
        let mut stream = VecDeque::new();
        let mut rest = target.as_str();
        while !rest.is_empty() {
            let (head, tail) = rest.split_at(rng.usize(1..=rest.len().min(7)));
            stream.push_back(head.to_owned());
            rest = tail;
        }
        let mut out = Vec::new();
        engine
            .start(start_of(ID, &text, region.clone(), apply), 0, &mut out)
            .expect("a free region");
        let world = World {
            rng,
            seed,
            text,
            version: 1,
            style,
            reports: VecDeque::new(),
            asked: VecDeque::new(),
            answers: VecDeque::new(),
            stream,
            engine,
            now: 0,
            tokens: 0,
            live_tokens: Vec::new(),
            deleted_base: 0,
            region,
            typed_inside: false,
            wake: None,
            together: Vec::new(),
        };
        (world, whole, target)
    }

    fn take(&mut self, mut effects: Vec<Effect>) {
        self.engine.settle(self.now, &mut effects);
        for effect in effects {
            match effect {
                Effect::Edit {
                    edit,
                    version,
                    text,
                    parts,
                    ..
                } => {
                    let parts = parts.into_iter().map(|part| (part.range, part.text));
                    let change = ChangeSet::from_changes(text.len(), parts);
                    trace!("ENGINE asks {edit:?} for v{version} {:?}", change.changes());
                    self.asked.push_back((edit, version, change));
                }
                Effect::WakeAt(at) => self.wake = Some(at),
                Effect::Send { .. } | Effect::Cancel { .. } | Effect::Changed { .. } => {}
            }
        }
        self.engine
            .check()
            .unwrap_or_else(|error| panic!("seed {}: {error}", self.seed));
    }

    fn change(&mut self, change: ChangeSet) {
        trace!("EDITOR v{} change {:?}", self.version + 1, change.changes());
        change.apply(&mut self.text);
        trace!("EDITOR   {:?}", self.text.to_string());
        self.version += 1;
        self.reports
            .push_back((vec![change], self.text.clone(), self.version));
    }

    fn change_to_the_lines_end(&mut self, range: Range<usize>, text: &str) {
        let end = self
            .text
            .line_end(self.text.line_of(range.end))
            .max(range.end);
        let tail = self.text.slice(range.end..end).into_owned();
        let len = self.text.len();
        self.change(ChangeSet::replace(
            len,
            range.start..end,
            format!("{text}{tail}"),
        ));
    }

    /// The editor gets our next edit.
    fn apply_asked(&mut self) {
        let Some((edit, version, change)) = self.asked.pop_front() else {
            return;
        };
        if version == self.version {
            let Range { start, end } = self.region.clone();
            for part in change.changes() {
                assert!(
                    start <= part.old.start && part.old.end <= end,
                    "seed {}: {part:?} is outside of {start}..{end}",
                    self.seed
                );
            }
            self.region.end = (end + change.len_after()).wrapping_sub(change.len_before());
            if self.style == Style::ReportsPieces {
                for (index, part) in change.changes().into_iter().rev().enumerate() {
                    self.change_to_the_lines_end(part.old, &part.text);
                    if index > 0 {
                        self.together.push(self.version);
                    }
                }
            } else {
                self.change(change);
            }
            self.answers.push_back((edit, true));
        } else {
            self.answers.push_back((edit, self.style != Style::Refuses));
        }
    }

    fn report(&mut self) {
        let Some((mut changes, mut after, mut version)) = self.reports.pop_front() else {
            return;
        };
        while self.style == Style::DropsSilently && !self.reports.is_empty() && self.rng.bool() {
            let (next, text, number) = self.reports.pop_front().expect("not empty");
            if self.rng.bool() {
                changes.extend(next);
            } else {
                let merged = changes.pop().expect("not empty").compose(&next[0]);
                changes.push(next[1..].iter().fold(merged, |all, next| all.compose(next)));
            }
            (after, version) = (text, number);
        }
        let mut out = Vec::new();
        trace!(
            "REPORT v{version} {:?}",
            changes.iter().map(ChangeSet::changes).collect::<Vec<_>>()
        );
        self.engine
            .changed(&changes, &after, version, self.now, &mut out);
        self.take(out);
    }

    /// The next report; an editor that reports an edit in pieces reports all of them in one go.
    fn report_on(&mut self) {
        self.report();
        while let Some((_, _, version)) = self.reports.front()
            && self.together.contains(version)
        {
            self.report();
        }
    }

    fn answer(&mut self) {
        let Some((edit, applied)) = self.answers.pop_front() else {
            return;
        };
        let out = Vec::new();
        trace!("ANSWER {edit:?} {applied}");
        self.engine.answered(edit, applied);
        self.take(out);
    }

    fn stream(&mut self) {
        let event = match self.stream.pop_front() {
            Some(text) => StreamEvent::Delta { text },
            None => StreamEvent::Completed {
                response_id: "r".to_owned(),
                usage: None,
            },
        };
        let mut out = Vec::new();
        self.engine
            .model(ID, ModelEvent::Stream(event), self.now, &mut out);
        self.take(out);
    }

    fn tick(&mut self) {
        self.now += 1_007;
        if self.wake.is_some_and(|at| at <= self.now) {
            self.wake = None;
            let out = Vec::new();
            self.engine.wake();
            self.take(out);
        }
    }

    /// The user inserts a token or deletes a few characters; whole tokens only, and never the line edges of the region.
    fn type_somewhere(&mut self, inside: bool) {
        let plain = self.text.to_string();
        let at = if inside && self.region.len() > 2 {
            self.rng.usize(self.region.start + 1..self.region.end)
        } else if self.rng.bool() {
            self.rng.usize(0..=self.region.start)
        } else {
            self.rng.usize(self.region.end..=plain.len())
        };
        let in_token = plain[..at].rfind('<') > plain[..at].rfind('>');
        if in_token {
            return;
        }
        let inside = self.region.start < at && at < self.region.end;
        self.typed_inside |= inside;
        let grown: isize;
        if self.rng.usize(0..3) > 0 {
            self.tokens += 1;
            let token = format!("<{}>", self.tokens);
            grown = token.len() as isize;
            self.change(ChangeSet::replace(plain.len(), at..at, token.as_str()));
            self.live_tokens.push(token);
        } else {
            let limit = if inside {
                self.region.end - 1
            } else if at <= self.region.start {
                self.region.start
            } else {
                plain.len()
            };
            let end = (at + self.rng.usize(1..4)).min(limit);
            if at >= end
                || plain[at..end].contains(['<', '>'])
                || plain[at..end].contains(|c: char| c.is_ascii_digit())
            {
                return;
            }
            self.deleted_base += plain[at..end]
                .chars()
                .filter(|c| !c.is_ascii_uppercase())
                .count();
            grown = -((end - at) as isize);
            self.change(ChangeSet::replace(plain.len(), at..end, ""));
        }
        if at <= self.region.start && !inside {
            self.region.start = self.region.start.wrapping_add_signed(grown);
            self.region.end = self.region.end.wrapping_add_signed(grown);
        } else if inside {
            self.region.end = self.region.end.wrapping_add_signed(grown);
        }
    }

    fn settle(&mut self) {
        for _ in 0..10_000 {
            self.apply_asked();
            self.answer();
            self.report_on();
            self.tick();
            let quiet = self.asked.is_empty() && self.reports.is_empty() && self.answers.is_empty();
            if !self.is_streaming() && quiet {
                match self.wake {
                    Some(at) => self.now = at,
                    None => return,
                }
            }
            if self.is_streaming() {
                self.stream();
            }
        }
        panic!("seed {}: never settles", self.seed);
    }

    fn is_streaming(&self) -> bool {
        let state = self.engine.view(ID).map(|view| view.state);
        matches!(state, Some(State::Requested | State::Streaming))
    }

    fn decide(&mut self, accept: bool) {
        let mut out = Vec::new();
        let decided = self.engine.decide(ID, accept, None, &mut out);
        if let Err(error) = decided {
            assert!(
                matches!(error, DecideError::Over(_)),
                "seed {}: {error}",
                self.seed
            );
        }
        self.take(out);
    }
}

fn without_tokens(text: &str) -> String {
    let mut out = String::new();
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '<' => depth += 1,
            '>' => depth -= 1,
            _ if depth == 0 => out.push(c),
            _ => {}
        }
    }
    out
}

fn is_subsequence(part: &str, whole: &str) -> bool {
    let mut whole = whole.chars();
    part.chars().all(|c| whole.any(|w| w == c))
}

fn run(seed: u64, apply: Apply, typing: bool, inside: bool, accept: bool) {
    let (mut world, whole, target) = World::new(seed, apply);
    let (head, tail) = (
        whole[..world.region.start].to_owned(),
        whole[world.region.end..].to_owned(),
    );
    for _ in 0..200 {
        match world.rng.usize(0..10) {
            0..3 => world.stream(),
            3..5 => world.apply_asked(),
            5 => world.answer(),
            6..8 => world.report_on(),
            8 => world.tick(),
            _ if typing => {
                let inside = inside && world.rng.bool();
                world.type_somewhere(inside);
            }
            _ => {}
        }
    }
    let early = world.rng.usize(0..4) == 0;
    if !early || accept {
        world.settle();
    }
    world.decide(accept);
    world.settle();
    let text = world.text.to_string();
    assert_eq!(world.engine.text().to_string(), text, "seed {seed}: mirror");
    assert_eq!(
        world.engine.active().count(),
        0,
        "seed {seed}: nothing is left"
    );
    for token in &world.live_tokens {
        assert_eq!(
            text.matches(token.as_str()).count(),
            1,
            "seed {seed}: {token} in {text:?}"
        );
    }
    let left = without_tokens(&text);
    if accept {
        let wanted = format!("{head}{target}{tail}");
        if world.deleted_base == 0 {
            assert!(
                world.typed_inside || left == wanted,
                "seed {seed}:\n{left:?}\n{wanted:?}"
            );
        }
        assert!(
            is_subsequence(&left, &wanted),
            "seed {seed}:\n{left:?}\n{wanted:?}"
        );
    } else {
        assert!(
            is_subsequence(&left, &whole),
            "seed {seed}: rejected\n{left:?}\n{whole:?}"
        );
    }
    if !accept {
        assert!(
            left.len() + world.deleted_base >= whole.len(),
            "seed {seed}: base lost\n{left:?}\n{whole:?}"
        );
    }
}

fn run_all(apply: Apply, typing: bool, inside: bool) {
    let env = |name: &str, default| {
        std::env::var(name)
            .ok()
            .and_then(|v| v.parse().ok())
            .unwrap_or(default)
    };
    let first: u64 = env("SEED", 1);
    for seed in first..first + env("ITERATIONS", 1_500) {
        run(seed, apply, typing, inside, true);
        run(seed, apply, typing, inside, false);
    }
}

#[test]
fn live_without_typing_gives_the_models_text_or_the_old_one() {
    run_all(Apply::Live, false, false);
}

#[test]
fn once_without_typing_gives_the_models_text_or_the_old_one() {
    run_all(Apply::Once, false, false);
}

#[test]
fn typing_outside_the_region_survives() {
    run_all(Apply::Live, true, false);
}

#[test]
fn typing_inside_the_region_survives_live() {
    run_all(Apply::Live, true, true);
}

#[test]
fn typing_inside_the_region_survives_once() {
    run_all(Apply::Once, true, true);
}

#[test]
fn typing_inside_the_region_survives_in_preview() {
    run_all(Apply::Preview, true, true);
}

#[test]
fn the_comment_that_asked_goes_away_with_the_first_text_and_comes_back_on_reject() {
    let before = "# redline: more\na = 1\nb = 2\n";
    let mut text = Text::from(before);
    let mut engine = DocumentRewrites::open(text.clone(), 1, Profile::default());
    let mut start = start_of(ID, &text, 0..text.len(), Apply::Live);
    start.removed = Some(0..16);
    let mut out = Vec::new();
    engine.start(start, 0, &mut out).expect("a free region");
    let mut version = 1;
    let mut exchange = |engine: &mut DocumentRewrites, now: Time| {
        let mut out = Vec::new();
        engine.settle(now, &mut out);
        for effect in out {
            if let Effect::Edit {
                edit,
                text: base,
                parts,
                ..
            } = effect
            {
                let parts = parts.into_iter().map(|part| (part.range, part.text));
                let change = ChangeSet::from_changes(base.len(), parts);
                change.apply(&mut text);
                version += 1;
                engine.changed(&[change], &text, version, now, &mut Vec::new());
                engine.answered(edit, true);
            }
        }
        text.to_string()
    };
    assert_eq!(exchange(&mut engine, 50_000), before);
    engine.model(ID, delta("a = 1\nb = 2"), 60_000, &mut Vec::new());
    assert_eq!(exchange(&mut engine, 100_000), "a = 1\nb = 2\n");
    engine.model(ID, delta("2\n"), 110_000, &mut Vec::new());
    engine.model(ID, completed(), 120_000, &mut Vec::new());
    assert_eq!(exchange(&mut engine, 150_000), "a = 1\nb = 22\n");
    engine
        .decide(ID, false, None, &mut Vec::new())
        .expect("a proposal or its stream");
    assert_eq!(exchange(&mut engine, 200_000), before);
}
