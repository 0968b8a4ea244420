//! Rewrites of every kind through the whole server: the text they end in, byte for byte, whatever the language,
//! the encoding, the editor's manners, the cuts of the stream and the typing beside it.
//! Typing inside the region is in `typing_inside`, decisions as such in `decisions`.

use std::collections::VecDeque;
use std::env;
use std::fmt;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use e2e::code::{Language, code, rewritten};
use e2e::lsp::{Client, Echo, Encoding, Manner, Setup, is_over};
use e2e::model_server::{Action, Answer, ModelServer, Request, cut};
use e2e::{ServerCommand, patience};
use fastrand::Rng;
use serde_json::{Value, json};

/// A document in three parts, and what the model will say to the middle one.
#[derive(Clone)]
struct Scene {
    name: String,
    language: Language,
    before: String,
    base: String,
    after: String,
    target: String,
    apply: &'static str,
    ending: Ending,
    line_end: &'static str,
    typing: bool,
}

#[derive(Clone, Copy, Debug)]
enum Ending {
    Accept,
    Reject,
    Hunks,
}

impl fmt::Debug for Scene {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines = self.base.lines().count();
        write!(
            f,
            "{}, {lines} lines, {}, {:?}, line end {:?}, typing {}",
            self.name, self.apply, self.ending, self.line_end, self.typing
        )
    }
}

impl Scene {
    /// The scene, and the text as the model sends it.
    fn random(number: usize, rng: &mut Rng) -> (Scene, String) {
        let language = Language::ALL[number % Language::ALL.len()];
        let line_end = ["\n", "\n", "\r\n"][rng.usize(..3)];
        let count = match rng.u8(..3) {
            0 => rng.usize(5..20),
            1 => rng.usize(20..120),
            _ => rng.usize(120..=400),
        };
        let old = code(language, count, rng);
        let new = rewritten(language, &old, rng);
        let block = |count: usize, rng: &mut Rng| match count {
            0 => String::new(),
            _ => code(language, count, rng).join(line_end) + line_end,
        };
        let (above, below) = (rng.usize(..40), rng.usize(..40));
        let mut before = block(above, rng);
        if rng.u8(..10) == 0 {
            before.insert(0, '\u{feff}');
        }
        let mut after = block(below, rng);
        let (mut base, mut target) = (old.join(line_end), new.join(line_end));
        // Editors differ in whether a selection of whole lines holds the last line's end; a file may have none.
        let holds_last_end = rng.u8(..3) > 0;
        if holds_last_end {
            base += line_end;
            target += line_end;
        } else if !after.is_empty() {
            after.insert_str(0, line_end);
        }
        // The model writes its own line ends, and may leave out the last.
        let said_end = ["\n", line_end][rng.usize(..2)];
        let mut said = new.join(said_end);
        if rng.bool() {
            said += said_end;
        }
        let scene = Scene {
            name: format!("file {number} ü.{}", language.extension()),
            language,
            before,
            base,
            after,
            target,
            apply: ["live", "live", "live", "once", "preview"][rng.usize(..5)],
            ending: [Ending::Accept, Ending::Reject, Ending::Hunks][rng.usize(..3)],
            line_end,
            typing: rng.u8(..4) > 0,
        };
        (scene, said)
    }

    fn text_with(&self, middle: &str) -> String {
        [&self.before, middle, &self.after].concat()
    }

    /// A person changes something outside the region. All else must stand as it was.
    #[track_caller]
    fn type_outside(&mut self, client: &Client, uri: &str, rng: &mut Rng) {
        client.replace_with(uri, |document| {
            let text = &document.text;
            self.check_surroundings(text);
            let region = self.before.len()..text.len() - self.after.len();
            let above = !self.before.is_empty() && (self.after.is_empty() || rng.bool());
            let part = if above {
                &mut self.before
            } else {
                &mut self.after
            };
            let typed = match rng.u8(..6) {
                0 => String::new(),
                1 => format!("{0}«{1}» 漢字 🦀{0}", self.line_end, rng.u16(..)),
                _ => format!("«{}»", rng.u16(..)),
            };
            let range = match typed.is_empty() {
                true => to_delete(part, above, rng)?,
                false if region.is_empty() => return None,
                false => to_insert(part, rng)?,
            };
            part.replace_range(range.clone(), &typed);
            let shift = if above { 0 } else { region.end };
            Some((range.start + shift..range.end + shift, typed))
        });
    }

    #[track_caller]
    fn check_surroundings(&self, text: &str) {
        let kept = text.starts_with(&self.before) && text.ends_with(&self.after);
        let fits = text.len() >= self.before.len() + self.after.len();
        assert!(
            kept && fits,
            "{self:?}: text outside the region changed\n--- before\n{:?}\n--- after\n{:?}\n--- text\n{text:?}",
            self.before,
            self.after
        );
    }
}

/// Where text can be put into `part`: between characters and line ends.
fn borders(part: &str) -> Vec<usize> {
    let bytes = part.as_bytes();
    let is_border = |at: &usize| {
        let splits_line_end = *at > 0 && bytes[*at - 1] == b'\r' && bytes.get(*at) == Some(&b'\n');
        // Nothing stands in front of a byte order mark.
        let is_mark = *at == 0 && part.starts_with('\u{feff}');
        part.is_char_boundary(*at) && !splits_line_end && !is_mark
    };
    (0..=part.len()).filter(is_border).collect()
}

fn to_insert(part: &str, rng: &mut Rng) -> Option<Range<usize>> {
    let borders = borders(part);
    let at = *borders.get(rng.usize(..borders.len().max(1)))?;
    Some(at..at)
}

/// Some bytes of `part`, not next to the region: a deletion there could as well be the model's.
fn to_delete(part: &str, above: bool, rng: &mut Rng) -> Option<Range<usize>> {
    let mut borders = borders(part);
    if above {
        borders.pop();
    } else {
        borders.drain(..1.min(borders.len()));
    }
    let index = rng.usize(..borders.len().max(1));
    let from = *borders.get(index)?;
    let to = *borders.get(index + rng.usize(1..12))?;
    Some(from..to)
}

/// The model's text in pieces at random cuts, with pauses.
fn stream(text: &str, rng: &mut Rng) -> Vec<(String, Option<Duration>)> {
    let longest = [1, 4, 12, 60, 400][rng.usize(..5)].max(text.len() / 600);
    let pieces = cut(text, longest, rng);
    let pauses = rng.usize(..12);
    let count = pieces.len();
    let mut pace = |index: usize| {
        (rng.usize(..count) < pauses || index == 0).then(|| Duration::from_millis(rng.u64(1..12)))
    };
    pieces
        .into_iter()
        .enumerate()
        .map(|(index, piece)| (piece, pace(index)))
        .collect()
}

type Streams = Arc<Mutex<VecDeque<Vec<(String, Option<Duration>)>>>>;

fn answer(request: &Request, streams: &Streams) -> Vec<Action> {
    let stream = streams
        .lock()
        .expect("no thread has panicked")
        .pop_front()
        .expect("a stream for each request");
    let answer =
        stream
            .into_iter()
            .fold(Answer::to(request), |answer, (piece, pause)| match pause {
                Some(pause) => answer.paced(pause, [piece]),
                None => answer.pieces([piece]),
            });
    answer.actions()
}

/// One server with one editor.
struct Run {
    client: Client,
    model: ModelServer,
    streams: Streams,
    asked: usize,
    held: bool,
    next_key: Instant,
    /// A busy machine gets behind a person who never stops.
    keys_left: usize,
    rng: Rng,
}

impl Run {
    fn start(manner: Manner, encoding: Encoding, rng: Rng) -> Run {
        let streams = Streams::default();
        let script = Arc::clone(&streams);
        let model = ModelServer::start(move |request| answer(request, &script));
        let mut setup = Setup::new(ServerCommand::redline().with_model(&model.url()))
            .with_events()
            .with_manner(manner);
        setup.encodings = vec![encoding, Encoding::Utf16];
        setup.initialization_options = json!({ "limits": { "framesPerSecond": 60 } });
        let client = Client::start(&setup);
        assert_eq!(client.encoding(), encoding);
        Run {
            client,
            model,
            streams,
            asked: 0,
            held: manner.echo == Echo::Held,
            next_key: Instant::now(),
            keys_left: 0,
            rng,
        }
    }

    /// Lets time pass as a person and their editor do, until `done`.
    #[track_caller]
    fn live_until(
        &mut self,
        scene: &mut Scene,
        uri: &str,
        what: &str,
        mut done: impl FnMut(&Client) -> bool,
    ) {
        let deadline = Instant::now() + patience();
        while !done(&self.client) {
            assert!(
                Instant::now() < deadline,
                "{scene:?}: waited in vain for {what}; {} edits refused; stderr: {}; latest: {:?}",
                self.client.document(uri).refused,
                self.client.stderr(),
                self.client.rewrites(uri),
            );
            let mark = self.client.mark();
            if scene.typing && self.keys_left > 0 && Instant::now() >= self.next_key {
                self.keys_left -= 1;
                scene.type_outside(&self.client, uri, &mut self.rng);
                // A quick person, in bursts: 18 keys a second.
                self.next_key = Instant::now() + Duration::from_millis(self.rng.u64(1..110));
            }
            if self.held && self.rng.bool() {
                self.client.flush(uri);
            }
            self.client
                .wait_for_news(mark, Duration::from_millis(self.rng.u64(1..10)));
        }
    }

    #[track_caller]
    fn rewrite(&mut self, mut scene: Scene, said: &str) {
        let original = scene.clone();
        self.keys_left = 40;
        let text = scene.text_with(&scene.base);
        let uri = self.client.open(&scene.name, scene.language.id(), &text);
        // Neovim checks no edit for version 0, the version of a file just opened, so the first change is not
        // made beside a running rewrite.
        scene.type_outside(&self.client, &uri, &mut self.rng);
        let region = scene.before.len()..scene.before.len() + scene.base.len();
        self.client.watch(&uri, vec![region.clone()]);
        let stream = stream(said, &mut self.rng);
        self.streams
            .lock()
            .expect("no thread has panicked")
            .push_back(stream);

        let id = self
            .client
            .rewrite(&uri, region, "rewrite this", scene.apply);
        let id = id.unwrap_or_else(|error| {
            panic!(
                "{scene:?} is refused: {error}; stderr: {}",
                self.client.stderr()
            )
        });
        self.asked += 1;
        let request = self.model.wait_for_requests(self.asked);
        let bare = scene
            .base
            .strip_suffix(scene.line_end)
            .unwrap_or(&scene.base);
        assert!(
            request.input_text().contains(bare),
            "{scene:?}: the model was sent another region: {}",
            request.input_text()
        );

        self.live_until(&mut scene, &uri, "the proposal", |client| {
            let now = client
                .latest(id)
                .map_or(Value::Null, |it| it["state"].clone());
            assert!(
                matches!(
                    now.as_str(),
                    None | Some("requested" | "streaming" | "proposed")
                ),
                "{original:?} is {}; stderr: {}",
                client.latest(id).unwrap_or_default(),
                client.stderr()
            );
            now == "proposed"
        });
        let expected = match scene.ending {
            Ending::Accept => {
                let answer = self
                    .client
                    .decide("redline.accept", id)
                    .expect("it can be accepted");
                assert_eq!(answer["state"], "accepted", "{scene:?}");
                assert_eq!(answer["remaining"], 0, "{scene:?}");
                scene.target.clone()
            }
            Ending::Reject => {
                let answer = self
                    .client
                    .decide("redline.reject", id)
                    .expect("it can be rejected");
                assert_eq!(answer["state"], "rejected", "{scene:?}");
                scene.base.clone()
            }
            Ending::Hunks => self.decide_by_hunks(&mut scene, &uri, id),
        };
        self.live_until(&mut scene, &uri, "the end", |client| {
            client.latest(id).is_some_and(|it| is_over(&it))
        });
        // A later edit, if there were one, would stand in front of the answer to this.
        let list = self.client.rewrites(&uri);
        assert!(list.iter().all(is_over), "{scene:?}: {list:#?}");
        let end = self.client.text(&uri);
        assert_eq!(end, scene.text_with(&expected), "{scene:?}");
        self.client.close(&uri);
    }

    /// Decides about all hunks in random order; answers what the region must become.
    #[track_caller]
    fn decide_by_hunks(&mut self, scene: &mut Scene, uri: &str, id: u64) -> String {
        let list = self.client.rewrites(uri);
        let view = list
            .iter()
            .find(|it| it["rewrite"] == id)
            .expect("it is listed");
        let text = self.client.text(uri);
        let is_preview = scene.apply == "preview";
        let shown = if is_preview {
            &scene.base
        } else {
            &scene.target
        };
        assert_eq!(text, scene.text_with(shown), "{scene:?}: the proposal");
        let hunks = view["hunks"].as_array().expect("hunks");
        assert!(!hunks.is_empty(), "{scene:?}: a proposal without hunks");
        let choices: Vec<bool> = hunks.iter().map(|_| self.rng.bool()).collect();
        let mut expected = text;
        let mut others = expected.clone();
        for (index, (hunk, accept)) in hunks.iter().zip(&choices).enumerate().rev() {
            assert_eq!(hunk["index"], index, "{scene:?}");
            assert_eq!(hunk["state"], "pending", "{scene:?}");
            let (old, new) = (
                hunk["oldText"].as_str().expect("a text"),
                hunk["newText"].as_str().expect("a text"),
            );
            assert_ne!(old, new, "{scene:?}: an empty hunk");
            let range = self.client.bytes(uri, &hunk["range"]);
            let (stands, other) = if is_preview { (old, new) } else { (new, old) };
            assert_eq!(&expected[range.clone()], stands, "{scene:?}: {hunk}");
            expected.replace_range(range.clone(), if *accept { new } else { old });
            others.replace_range(range, other);
        }
        // All hunks together lead from the one text to the other.
        let other = if is_preview {
            &scene.target
        } else {
            &scene.base
        };
        assert_eq!(others, scene.text_with(other), "{scene:?}: the hunks");
        let expected = expected[scene.before.len()..expected.len() - scene.after.len()].to_owned();

        let mut order: Vec<usize> = (0..choices.len()).collect();
        self.rng.shuffle(&mut order);
        for (done, index) in order.iter().enumerate() {
            let command = if choices[*index] {
                "redline.accept"
            } else {
                "redline.reject"
            };
            let answer = self.client.decide_hunk(command, id, *index);
            let answer = answer.unwrap_or_else(|error| panic!("{scene:?} hunk {index}: {error}"));
            assert_eq!(answer["remaining"], choices.len() - done - 1, "{scene:?}");
            if scene.typing && self.rng.u8(..5) == 0 {
                scene.type_outside(&self.client, uri, &mut self.rng);
            }
        }
        expected
    }
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn every_rewrite_ends_in_the_right_text() {
    let seed = number("SEED", fastrand::u64(..));
    let iterations = number("ITERATIONS", 216) as usize;
    // One rewrite of the many, by its number.
    let only = env::var("ONLY")
        .ok()
        .and_then(|text| text.parse::<usize>().ok());
    println!("SEED={seed}");
    let kinds = Manner::ALL.len() * Encoding::ALL.len();
    let queue = Mutex::new(0..kinds);
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while let Some(kind) =
                    { queue.lock().unwrap_or_else(PoisonError::into_inner).next() }
                {
                    let manner = Manner::ALL[kind / Encoding::ALL.len()];
                    let encoding = Encoding::ALL[kind % Encoding::ALL.len()];
                    println!(
                        "SEED={seed}: kind {kind} is {manner:?} in {}",
                        encoding.name()
                    );
                    let mut run = Run::start(manner, encoding, Rng::with_seed(seed ^ kind as u64));
                    for number in (kind..iterations).step_by(kinds) {
                        if only.is_some_and(|only| only != number) {
                            continue;
                        }
                        // Each rewrite has a seed of its own, so that the number of steps before does not matter.
                        run.rng = Rng::with_seed(seed.wrapping_add(number as u64));
                        let (scene, said) = Scene::random(number, &mut run.rng);
                        run.rewrite(scene, &said);
                    }
                }
            });
        }
    });
}
