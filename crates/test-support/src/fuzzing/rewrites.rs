//! One rewrite of one document from request to decision, in an editor that does as it is told and in which nobody
//! types. People, other editors and several rewrites are the simulation's.

use std::collections::VecDeque;

use model_protocol::{Request, StreamEvent};
use prompt::{Cleaner, LineEnding, Shape};
use rewrite::{
    Apply, DocumentRewrites, EditId, Effect, HunkState, ModelEvent, Part, Profile, RewriteId,
    Start, State, Time,
};
use text::{ChangeSet, Text};

use super::{Input, pieces, place};

const ID: RewriteId = RewriteId(1);

/// Whatever document, region, answer and delays are: rejected, the document is as before; accepted, the region is
/// the model's text; decided hunk by hunk, each hunk is as it was decided; failed, as before or complete lines.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let (manner, seed, decision) = (input.byte(), input.byte(), input.byte());
    let (from, to, stop) = (input.byte(), input.byte(), input.byte());
    let delays = input.field();
    let before = input.text();
    let answer = input.rest_text();

    let start = place(&before, usize::from(from) * (before.len() + 1) / 256);
    let end = place(&before, usize::from(to) * (before.len() + 1) / 256).max(start);
    let base = &before[start..end];
    let around = |region: &str| format!("{}{region}{}", &before[..start], &before[end..]);
    let apply = [Apply::Live, Apply::Once, Apply::Preview][usize::from(manner) % 3];
    let shape = Shape::of(base, LineEnding::Lf);
    let mut cleaner = Cleaner::new(shape.clone());
    let given = cleaner.push(&answer);
    let target = cleaner.finish().map(|tail| given + &tail);

    let mut session = Session::new(&before, manner, delays);
    let request = Start {
        id: ID,
        region: start..end,
        instruction: "make it so".to_owned(),
        apply,
        request: Request::default(),
        shape,
        removed: None,
    };
    session.event(|engine, now, out| engine.start(request, now, out).expect("a free document"));
    session.model(ModelEvent::Sent);
    let early = stop < 128;
    let mut left = if early {
        answer.len() * usize::from(stop) / 128
    } else {
        usize::MAX
    };
    for piece in pieces(&answer, seed) {
        if left < piece.len() {
            break;
        }
        left -= piece.len();
        let text = piece.to_owned();
        session.model(ModelEvent::Stream(StreamEvent::Delta { text }));
    }
    match (early, manner & 8 == 0) {
        (false, _) => session.model(ModelEvent::Stream(StreamEvent::Completed {
            response_id: "r".to_owned(),
            usage: None,
        })),
        (true, true) => session.event(|engine, _, out| {
            let _ = engine.interrupt(ID, out);
        }),
        (true, false) => session.model(ModelEvent::Failed("The line went dead.".to_owned())),
    }
    session.rest();

    let state = session.state();
    if early {
        let region = session.region(start, &before[end..]);
        assert_ne!(state, State::Streaming);
        if state.is_over() || apply == Apply::Preview {
            assert_eq!(session.text(), before, "{state:?}");
        } else {
            let target = target.as_deref().ok();
            assert!(is_complete_lines(&region, base, target), "{region:?}");
        }
    } else {
        match &target {
            Err(_) => assert_eq!(state, State::Failed),
            Ok(target) if target == base => {}
            Ok(target) if apply == Apply::Preview => {
                assert_eq!(session.text(), before, "a preview of {target:?}");
            }
            Ok(target) => assert_eq!(session.text(), around(target), "{state:?}"),
        }
    }
    let proposed = session.text();
    let hunks = session.hunks();
    match decision % 3 {
        _ if state.is_over() => assert!(state == State::Accepted || session.text() == before),
        0 => {
            session.decide(false, None);
            assert_eq!(session.text(), before, "rejected");
        }
        1 => {
            session.decide(true, None);
            let accepted = session.text();
            match &target {
                Ok(target) if !early => assert_eq!(accepted, around(target), "accepted"),
                _ if apply == Apply::Preview => {}
                _ => assert_eq!(accepted, proposed, "accepted as it was proposed"),
            }
        }
        _ => {
            let (mut expect, mut at) = (String::new(), 0);
            for (index, hunk) in hunks.iter().enumerate() {
                let accept = decision & (4 << (index % 6)) != 0;
                session.decide(accept, Some(hunk.0));
                expect.push_str(&base[at..hunk.1.start]);
                expect.push_str(if accept {
                    &hunk.2
                } else {
                    &base[hunk.1.clone()]
                });
                at = hunk.1.end;
            }
            if !hunks.is_empty() {
                expect.push_str(&base[at..]);
                assert_eq!(session.text(), around(&expect), "hunk by hunk");
            }
        }
    }
    if !hunks.is_empty() {
        assert!(session.state().is_over(), "{:?}", session.state());
    }
}

/// Whether a text is complete lines of the model's text, and then the rest of the base from a start of a line.
fn is_complete_lines(region: &str, base: &str, target: Option<&str>) -> bool {
    let line_starts = base.match_indices('\n').map(|(at, _)| at + 1);
    line_starts.chain([0, base.len()]).any(|at| {
        region.strip_suffix(&base[at..]).is_some_and(|lines| {
            let whole = lines.is_empty() || lines.ends_with('\n');
            whole && target.is_none_or(|target| target.starts_with(lines))
        })
    })
}

/// The engine, the editor, and what is on its way between them.
struct Session<'a> {
    engine: DocumentRewrites,
    now: Time,
    wake: Option<Time>,
    editor: Text,
    version: i32,
    edits: VecDeque<(EditId, i32, Vec<Part>)>,
    /// How many events an edit takes to arrive, one byte each.
    delays: Input<'a>,
    delay: u8,
    answers_first: bool,
}

impl<'a> Session<'a> {
    fn new(text: &str, manner: u8, delays: &'a [u8]) -> Self {
        let profile = Profile {
            checks_versions: manner & 16 == 0,
            skips_version_zero: manner & 48 == 32,
            reports_apart: false,
            undoes_apart: false,
            compares_texts: manner & 16 == 0,
            frame: if manner & 32 == 0 { 0 } else { 2_500 },
        };
        let text = Text::from(text);
        Session {
            engine: DocumentRewrites::open(text.clone(), 1, profile),
            now: 0,
            wake: None,
            editor: text,
            version: 1,
            edits: VecDeque::new(),
            delays: Input::new(delays),
            delay: 0,
            answers_first: manner & 64 == 0,
        }
    }

    fn text(&self) -> String {
        self.editor.to_string()
    }

    fn state(&self) -> State {
        self.engine.state(ID).expect("a rewrite that is remembered")
    }

    /// What stands between the two texts that never change.
    fn region(&self, start: usize, suffix: &str) -> String {
        let text = self.text();
        let text = text.strip_suffix(suffix).expect("the text behind");
        text[start..].to_owned()
    }

    /// Number, place in the base, and new text of each hunk that waits.
    fn hunks(&self) -> Vec<(usize, std::ops::Range<usize>, String)> {
        let view = self.engine.view(ID).expect("a rewrite that is remembered");
        let waiting = view
            .hunks
            .into_iter()
            .filter(|hunk| hunk.state == HunkState::Pending);
        waiting
            .map(|hunk| (hunk.index, hunk.old, hunk.new_text))
            .collect()
    }

    fn model(&mut self, event: ModelEvent) {
        self.event(|engine, now, out| engine.model(ID, event, now, out));
    }

    fn decide(&mut self, accept: bool, hunk: Option<usize>) {
        self.event(|engine, _, out| {
            let decision = engine.decide(ID, accept, hunk, out);
            assert!(decision.is_ok(), "{decision:?}");
        });
        self.rest();
    }

    /// One event and what follows from it; a millisecond passes, and the editor may come to its edit.
    fn event(&mut self, event: impl FnOnce(&mut DocumentRewrites, Time, &mut Vec<Effect>)) {
        self.engine_event(event);
        self.now += 1_000;
        if self.wake.is_some_and(|at| at <= self.now) {
            self.wake = None;
            self.engine_event(|engine, _, _| engine.wake());
        }
        if self.edits.is_empty() {
            return;
        }
        if self.delay > 0 {
            self.delay -= 1;
        } else {
            self.edit();
            self.delay = self.delays.byte() % 8;
        }
    }

    fn engine_event(&mut self, event: impl FnOnce(&mut DocumentRewrites, Time, &mut Vec<Effect>)) {
        let mut out = Vec::new();
        event(&mut self.engine, self.now, &mut out);
        self.engine.settle(self.now, &mut out);
        if let Err(problem) = self.engine.check() {
            panic!("{problem}");
        }
        for effect in out {
            match effect {
                Effect::Edit {
                    edit,
                    version,
                    parts,
                    ..
                } => {
                    assert!(self.edits.is_empty(), "two edits in flight");
                    self.edits.push_back((edit, version, parts));
                }
                Effect::WakeAt(at) => self.wake = Some(at),
                Effect::Send { .. } | Effect::Cancel { .. } | Effect::Changed { .. } => {}
            }
        }
    }

    /// The editor applies the edit, and reports and answers in its own order.
    fn edit(&mut self) {
        let Some((edit, version, parts)) = self.edits.pop_front() else {
            return;
        };
        assert_eq!(version, self.version, "an edit for another text");
        let set = ChangeSet::from_changes(
            self.editor.len(),
            parts.into_iter().map(|part| (part.range, part.text)),
        );
        assert!(!set.is_identity(), "an edit that does nothing");
        set.apply(&mut self.editor);
        self.version += 1;
        if self.answers_first {
            self.engine_event(|engine, _, _| engine.answered(edit, true));
        }
        let (after, version) = (self.editor.clone(), self.version);
        self.engine_event(|engine, now, out| engine.changed(&[set], &after, version, now, out));
        if !self.answers_first {
            self.engine_event(|engine, _, _| engine.answered(edit, true));
        }
    }

    /// Everything that is under way arrives.
    fn rest(&mut self) {
        for _ in 0..1_000 {
            if self.edits.is_empty() && self.wake.is_none() {
                assert_eq!(self.engine.text().to_string(), self.text());
                return;
            }
            self.edit();
            if let Some(at) = self.wake.take() {
                self.now = self.now.max(at);
                self.engine_event(|engine, _, _| engine.wake());
            }
        }
        panic!("it does not come to rest");
    }
}
