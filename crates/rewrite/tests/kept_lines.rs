//! What is typed on a line that the model keeps stays on that line, in its place, and what is deleted of one stays
//! deleted, however the streamed diff guessed meanwhile: random lists of lines, random typing between the deltas. `SEED` and `ITERATIONS` say which.
//! Nothing here looks at how an editor reports its changes: one that reports each change at once.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;

use fastrand::Rng;
use model_protocol::{Request, StreamEvent};
use prompt::{LineEnding, Shape};
use rewrite::{
    Apply, DocumentRewrites, Effect, HunkState, ModelEvent, Profile, RewriteId, Start, State,
};
use text::{ChangeSet, Text};

const ID: RewriteId = RewriteId(1);

/// How the lines of a list look: whether a line is like its neighbours decides what a streamed diff takes it for.
#[derive(Clone, Copy, Debug)]
enum Style {
    /// All alike but for a number.
    Assignments,
    /// Some alike.
    Calls,
    /// All different.
    Prose,
}

/// A word typed into a line that the model keeps, or some of such a line deleted.
#[derive(Clone, Debug)]
struct Typed {
    line: String,
    /// Bytes of the line before the word.
    at: usize,
    /// Bytes of the line behind that, deleted where no word is typed.
    deleted: usize,
    word: String,
}

struct Scene {
    old: Vec<String>,
    new: Vec<String>,
    /// In the order in which it is typed.
    typed: Vec<Typed>,
}

impl Scene {
    fn new(rng: &mut Rng) -> Scene {
        let style = *rng
            .choice(&[Style::Assignments, Style::Calls, Style::Prose])
            .expect("there are some");
        let changed = rng.u8(1..8);
        let (mut old, mut new) = (Vec::new(), Vec::new());
        for number in 0..rng.usize(3..24) {
            let line = line(style, number, rng);
            // The cleaning of answers looks at the indentation; that is tested elsewhere.
            let indentation = &line[..line.len() - line.trim_start().len()].to_owned();
            old.push(line.clone());
            match rng.u8(..32) {
                0..8 if rng.u8(..8) < changed => new.push(
                    line.replace("name", "renamed")
                        .replace("let", "var")
                        .replace('e', "ee"),
                ),
                8..16 if rng.u8(..8) < changed => {
                    new.extend([line, format!("{indentation}added_{number} = 'é'")]);
                }
                16..24 if rng.u8(..8) < changed => {}
                24..32 if rng.u8(..8) < changed => {
                    new.push(format!("{indentation}{}", words(rng, 1)))
                }
                _ => new.push(line),
            }
        }
        let kept = kept_once(&old, &new);
        let mut typed = Vec::new();
        for number in 0..rng.usize(1..4) {
            if !kept.is_empty() {
                let line = new[kept[rng.usize(..kept.len())]].clone();
                let mut at = [line.len(), line.len(), 0, rng.usize(..line.len())][rng.usize(..4)];
                while !line.is_char_boundary(at) {
                    at += 1;
                }
                let word = format!("<{number}>");
                typed.push(Typed {
                    line,
                    at,
                    deleted: 0,
                    word,
                });
            }
        }
        for _ in 0..rng.usize(0..3) {
            let free = |at: &&usize| typed.iter().all(|it| it.line != new[**at]);
            let free: Vec<usize> = kept.iter().filter(free).copied().collect();
            let Some(line) = rng.choice(free).map(|at| new[at].clone()) else {
                break;
            };
            let places: Vec<usize> = line.char_indices().map(|(at, _)| at).skip(1).collect();
            let (Some(from), Some(to)) = (rng.choice(&places), rng.choice(&places)) else {
                continue;
            };
            if from == to {
                continue;
            }
            typed.push(Typed {
                line,
                at: *from.min(to),
                deleted: from.abs_diff(*to),
                word: String::new(),
            });
        }
        Scene { old, new, typed }
    }

    /// A list with what was typed on its lines.
    fn with_typing(&self, lines: &[String]) -> String {
        let mut text = text_of(lines);
        for typed in &self.typed {
            let at = place_of(&text, &typed.line, typed.at).expect("it is kept");
            text.replace_range(at..at + typed.deleted, &typed.word);
        }
        text
    }
}

/// Where so many bytes of a line end, whatever was typed on it; behind what was typed there before. The last such line:
/// where an old line and its new copy are both to be seen, a person types on the old one, which was there.
fn place_of(text: &str, line: &str, at: usize) -> Option<usize> {
    let lines = text.split_inclusive('\n').scan(0, |start, shown| {
        *start += shown.len();
        place_in(shown, line, at)
            .map_or(Some(None), |place| Some(Some(*start - shown.len() + place)))
    });
    lines.flatten().last()
}

/// The same in one line, if it is that one.
fn place_in(shown: &str, line: &str, at: usize) -> Option<usize> {
    let shown = shown.trim_end_matches('\n');
    let (mut in_word, mut known, mut place) = (false, 0, None);
    for (offset, char) in shown.char_indices() {
        if known == at && !in_word && char != '<' {
            place.get_or_insert(offset);
        }
        if in_word || char == '<' {
            in_word = char != '>';
        } else if line[known..].starts_with(char) {
            known += char.len_utf8();
        } else {
            return None;
        }
    }
    (known == line.len()).then(|| place.unwrap_or(shown.len()))
}

/// Where a region ends that holds whole lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RegionEnd {
    /// At the start of the next line.
    BehindBreak,
    /// At the end of its last line, as many editors select lines.
    BeforeBreak,
    /// At the end of a file whose last line has no line break.
    EndOfFile,
}

impl RegionEnd {
    /// The document that holds these lines.
    fn document(self, lines: &str) -> String {
        match self {
            RegionEnd::EndOfFile => lines.strip_suffix('\n').unwrap_or(lines).to_owned(),
            _ => format!("{lines}below\n"),
        }
    }

    /// The lines in a document.
    fn lines(self, document: &str) -> String {
        match self {
            RegionEnd::EndOfFile => format!("{document}\n"),
            _ => document
                .strip_suffix("below\n")
                .expect("it is left alone")
                .to_owned(),
        }
    }
}

fn text_of(lines: &[String]) -> String {
    lines.iter().map(|line| format!("{line}\n")).collect()
}

fn line(style: Style, number: usize, rng: &mut Rng) -> String {
    match style {
        Style::Assignments => format!("name_{number} = {}  # 漢字 𝄞", rng.u16(..)),
        Style::Calls => {
            let name = ["alpha", "beta", "gamma", "delta"][rng.usize(..4)];
            format!("    let {name} = compute({}, {number});", rng.u8(..))
        }
        Style::Prose => {
            let count = rng.usize(1..6);
            words(rng, count)
        }
    }
}

/// The words typed in one place in order: which stands first is not said where the old line and the new copy of it
/// were both to be seen.
fn sorted(text: &str) -> String {
    let (mut sorted, mut run) = (String::new(), Vec::new());
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a word is closed") + 1;
        if start > 0 {
            run.sort_unstable();
            sorted.extend(run.drain(..));
            sorted.push_str(&rest[..start]);
        }
        run.push(&rest[start..end]);
        rest = &rest[end..];
    }
    run.sort_unstable();
    sorted.extend(run);
    sorted + rest
}

fn words(rng: &mut Rng, count: usize) -> String {
    let mut word = || (0..6).map(|_| rng.lowercase()).collect::<String>();
    let words: Vec<String> = (0..count).map(|_| word()).collect();
    words.join(" ")
}

/// The lines of `new` that stand once in both and in the same order: every diff of fewest lines keeps them.
fn kept_once(old: &[String], new: &[String]) -> Vec<usize> {
    let mut count: HashMap<&str, (usize, usize)> = HashMap::new();
    for line in old {
        count.entry(line).or_default().0 += 1;
    }
    for line in new {
        count.entry(line).or_default().1 += 1;
    }
    (0..new.len())
        .filter(|at| count[new[*at].as_str()] == (1, 1))
        .filter(|at| {
            let starts = |line: &&String| line.starts_with(new[*at].as_str());
            old.iter().filter(starts).count() == 1 && new.iter().filter(starts).count() == 1
        })
        .collect()
}

struct World {
    engine: DocumentRewrites,
    text: Text,
    version: i32,
    now: u64,
    /// Edits asked for, and for which version.
    asked: Vec<(rewrite::EditId, i32, ChangeSet)>,
    trace: bool,
}

impl World {
    /// The rewrite of a region of a document has been asked for.
    fn start(text: &str, region: Range<usize>, apply: Apply, profile: Profile) -> World {
        let shape = Shape::of(&text[region.clone()], LineEnding::Lf);
        let text = Text::from(text);
        let mut world = World {
            engine: DocumentRewrites::open(text.clone(), 1, profile),
            text,
            version: 1,
            now: 0,
            asked: Vec::new(),
            trace: std::env::var_os("TRACE").is_some(),
        };
        let mut out = Vec::new();
        let start = Start {
            id: ID,
            region,
            instruction: String::new(),
            apply,
            request: Request::default(),
            shape,
            removed: None,
        };
        world.engine.start(start, 0, &mut out).expect("it starts");
        world.take(out);
        world
    }

    fn take(&mut self, mut effects: Vec<Effect>) {
        self.engine.settle(self.now, &mut effects);
        for effect in effects {
            if let Effect::Edit {
                edit,
                version,
                text,
                parts,
                ..
            } = effect
            {
                let parts = parts.into_iter().map(|part| (part.range, part.text));
                let change = ChangeSet::from_changes(text.len(), parts);
                self.asked.push((edit, version, change));
            }
        }
    }

    fn change(&mut self, change: ChangeSet) {
        change.apply(&mut self.text);
        self.version += 1;
        let mut out = Vec::new();
        self.engine
            .changed(&[change], &self.text, self.version, self.now, &mut out);
        if self.trace {
            eprintln!("{}", self.text);
        }
        self.take(out);
    }

    /// The editor takes the edits that are on their way; one that is made for an older text it refuses.
    fn apply(&mut self) {
        while !self.asked.is_empty() {
            let (edit, version, change) = self.asked.remove(0);
            let fits = version == self.version;
            if self.trace {
                eprintln!("{edit:?} applied: {fits}");
            }
            if fits {
                self.change(change);
            }
            self.engine.answered(edit, fits);
            self.take(Vec::new());
        }
    }

    fn stream(&mut self, event: StreamEvent) {
        let mut out = Vec::new();
        self.engine
            .model(ID, ModelEvent::Stream(event), self.now, &mut out);
        self.take(out);
    }

    /// Time passes until nothing is left to do.
    fn rest(&mut self) {
        for _ in 0..8 {
            self.now += 3_000_000;
            self.engine.wake();
            self.take(Vec::new());
            self.apply();
        }
    }

    /// Not at an edge of the region: what is typed there stands outside of it. And not right behind another
    /// word, which it would continue wherever that goes.
    /// And not on a new copy of a line when there is a word on the old one: they could not pass each other.
    fn person_types(&mut self, typed: &Typed, before: &[Typed]) -> bool {
        let text = self.text.to_string();
        let at = place_of(&text, &typed.line, typed.at)
            .unwrap_or_else(|| panic!("{typed:?} has no place in\n{text}"));
        let start = text[..at].rfind('\n').map_or(0, |at| at + 1);
        let line = text[start..].lines().next().unwrap_or_default();
        let elsewhere = |it: &Typed| it.line == typed.line && !line.contains(&it.word);
        let region = self.engine.region(ID).expect("it is known");
        let at_edge = at == region.start || at == region.end || text[..at].ends_with('>');
        if typed.deleted == 0 && (at_edge || before.iter().any(elsewhere)) {
            return false;
        }
        if self.trace {
            eprintln!("types {typed:?}");
        }
        let range = at..at + typed.deleted;
        self.change(ChangeSet::replace(text.len(), range, typed.word.as_str()));
        true
    }
}

fn check(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let mut scene = Scene::new(&mut rng);
    let apply = [Apply::Live, Apply::Live, Apply::Once][rng.usize(..3)];
    let (old, new) = (text_of(&scene.old), text_of(&scene.new));
    if old == new || new.is_empty() {
        return;
    }
    let ends = [
        RegionEnd::BehindBreak,
        RegionEnd::BeforeBreak,
        RegionEnd::EndOfFile,
    ][rng.usize(..3)];
    let region = match ends {
        RegionEnd::BehindBreak => 0..old.len(),
        _ => 0..old.len() - 1,
    };
    let profile = Profile {
        checks_versions: true,
        reports_apart: true,
        frame: 1_000,
        ..Profile::default()
    };
    let mut world = World::start(&ends.document(&old), region, apply, profile);
    let mut rest = new.as_str();
    let most = [1, 7, 60, 100_000][rng.usize(..4)];
    // By how much has been sent by then.
    let mut words: BTreeMap<usize, Vec<Typed>> = BTreeMap::new();
    for typed in &scene.typed {
        let when = rng.usize(..=new.len());
        words.entry(when).or_default().push(typed.clone());
    }
    scene.typed.clear();
    let mut sent = 0;
    loop {
        while let Some(entry) = words.first_entry()
            && *entry.key() <= sent
        {
            for typed in entry.remove() {
                if world.person_types(&typed, &scene.typed) {
                    scene.typed.push(typed);
                }
            }
        }
        if rest.is_empty() {
            break;
        }
        let mut len = rng.usize(1..=most.min(rest.len()));
        if most > 1_000 {
            len = rest.len();
        }
        while !rest.is_char_boundary(len) {
            len += 1;
        }
        let (head, tail) = rest.split_at(len);
        rest = tail;
        sent += len;
        world.now += 1_100;
        world.stream(StreamEvent::Delta { text: head.into() });
        if rng.bool() {
            world.apply();
        }
    }
    world.stream(StreamEvent::Completed {
        response_id: "r".into(),
        usage: None,
    });
    world.rest();
    let place = format!(
        "SEED={seed} {apply:?} {ends:?}\n{old}---\n{new}---\n{:?}",
        scene.typed
    );
    let state = world.engine.state(ID);
    assert_eq!(state, Some(State::Proposed), "{place}");
    let shown = ends.lines(&world.text.to_string());
    assert_eq!(
        sorted(&shown),
        sorted(&scene.with_typing(&scene.new)),
        "{place}"
    );
    let mut out = Vec::new();
    world
        .engine
        .decide(ID, false, None, &mut out)
        .expect("it is to be decided");
    world.take(out);
    world.rest();
    let shown = ends.lines(&world.text.to_string());
    assert_eq!(
        sorted(&shown),
        sorted(&scene.with_typing(&scene.old)),
        "rejected, {place}"
    );
}

/// The user types ` # me` behind `keep` before the first text; the region ends before a line break.
fn check_typed_behind_keep(old: &str, new: &str, expected: &str, hunks: &[(&str, &str)]) {
    for apply in [Apply::Live, Apply::Once] {
        let profile = Profile {
            checks_versions: true,
            frame: 1_000,
            ..Profile::default()
        };
        let document = format!("top\n{old}\nend\n");
        let mut world = World::start(&document, 4..4 + old.len(), apply, profile);
        let text = world.text.to_string();
        let at = text.find("keep").expect("it is there") + "keep".len();
        world.change(ChangeSet::replace(text.len(), at..at, " # me"));
        world.stream(StreamEvent::Delta { text: new.into() });
        world.stream(StreamEvent::Completed {
            response_id: "r".into(),
            usage: None,
        });
        world.rest();
        assert_eq!(
            world.text.to_string(),
            format!("top\n{expected}\nend\n"),
            "{apply:?}"
        );
        let view = world.engine.view(ID).expect("it is known");
        let said: Vec<(HunkState, &str, &str)> = view
            .hunks
            .iter()
            .map(|hunk| (hunk.state, hunk.old_text.as_str(), hunk.new_text.as_str()))
            .collect();
        let expected: Vec<_> = hunks
            .iter()
            .map(|(old, new)| (HunkState::Pending, *old, *new))
            .collect();
        assert_eq!(said, expected, "{apply:?}");
    }
}

#[test]
fn a_line_that_becomes_the_last_one_keeps_what_is_typed_on_it() {
    check_typed_behind_keep(
        "keep\nlog.debug(1)",
        "new_line = 9\nkeep",
        "new_line = 9\nkeep # me",
        &[("", "new_line = 9\n"), ("\nlog.debug(1)", "")],
    );
    check_typed_behind_keep(
        "alpha\nkeep\ngamma",
        "keep",
        "keep # me",
        &[("alpha\n", ""), ("\ngamma", "")],
    );
}

#[test]
fn typing_on_a_kept_line_stays_in_its_place() {
    let number = |name: &str| std::env::var(name).ok()?.parse::<u64>().ok();
    let first = number("SEED").unwrap_or(1);
    let count = number("ITERATIONS").unwrap_or(4_000);
    for seed in first..first + count {
        check(seed);
    }
}
