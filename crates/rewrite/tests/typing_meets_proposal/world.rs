//! [`World`]: the editor, the engine and the models of one run, and what each step does to them.

use std::collections::VecDeque;
use std::ops::Range;

use model_protocol::{Request, StreamEvent};
use prompt::{LineEnding, Shape};
use rewrite::{
    Apply, DocumentRewrites, EditId, Effect, ModelEvent, Profile, RewriteId, RewriteView, Start,
    Time,
};
use text::{ChangeSet, Text};

use crate::case::{Case, Edits, Fate, Formatter, Step, unmarked};
use crate::editor::Editor;
use crate::run::Manner;

/// An edit on its way to the editor.
struct Asked {
    edit: EditId,
    version: i32,
    change: ChangeSet,
}

/// One rewrite and what its model still has to say.
struct Stream {
    id: RewriteId,
    answer: String,
    said: usize,
    ended: bool,
}

/// The editor, the engine, the models, and the time.
pub(crate) struct World {
    pub(crate) manner: Manner,
    pub(crate) editor: Editor,
    pub(crate) engine: DocumentRewrites,
    asked: VecDeque<Asked>,
    streams: Vec<Stream>,
    now: Time,
    wake: Option<Time>,
    pub(crate) our_edits: usize,
}

impl World {
    pub(crate) fn open(case: &Case, manner: Manner) -> World {
        let (with_regions, asks) = unmarked(case.text, &['⟪', '⟫']);
        assert!(asks.is_empty() || case.models.len() == 1);
        let (plain, edges) = unmarked(&with_regions, &['⟦', '⟧']);
        assert_eq!(edges.len(), 2 * case.models.len(), "a text for each region");
        // The mark before it is gone by then.
        let removed = asks.chunks(2).next().map(|asks| {
            let before = '⟦'.len_utf8();
            asks[0] - before..asks[1] - before
        });
        let text = Text::from(plain.as_str());
        let checks_versions = !case
            .steps
            .iter()
            .any(|step| matches!(step, Step::InFlight(_, Fate::Refused, _)));
        let profile = Profile {
            checks_versions,
            ..Profile::default()
        };
        let mut world = World {
            manner,
            editor: Editor::open(&plain),
            engine: DocumentRewrites::open(text.clone(), 1, profile),
            asked: VecDeque::new(),
            streams: Vec::new(),
            now: 0,
            wake: None,
            our_edits: 0,
        };
        for (number, (edges, answer)) in (1..).zip(edges.chunks(2).zip(case.models)) {
            let region = edges[0]..edges[1];
            let id = RewriteId(number);
            let start = Start {
                removed: removed.clone(),
                ..start_of(id, &text, region, manner.apply)
            };
            let mut out = Vec::new();
            world
                .engine
                .start(start, 0, &mut out)
                .expect("a free region");
            world.streams.push(Stream {
                id,
                answer: (*answer).to_owned(),
                said: 0,
                ended: false,
            });
            world.take(out);
        }
        world
    }

    pub(crate) fn step(&mut self, step: Step) -> Result<(), String> {
        match step {
            Step::Streamed(so_far) => self.say_until(0, so_far)?,
            Step::Proposed => self.finish_streams()?,
            Step::Edit(edits) => self.users(|editor| editor.edit(edits))?,
            Step::Cut(place) => self.users(|editor| editor.cut(place))?,
            Step::Paste(place) => self.users(|editor| editor.paste(place))?,
            Step::Undo(count) => {
                for _ in 0..count {
                    self.users(Editor::undo)?;
                }
            }
            Step::Redo(count) => {
                for _ in 0..count {
                    self.users(Editor::redo)?;
                }
            }
            Step::Format(Formatter::Minimal, rules) => {
                self.users(|editor| editor.format(rules))?;
            }
            Step::Format(Formatter::WholeFile, rules) => {
                self.users(|editor| editor.format_whole(rules))?;
            }
            Step::InFlight(so_far, fate, edits) => self.in_flight(so_far, fate, edits)?,
            Step::AcceptHunk(hunk) => self.decide_one(true, Some(hunk))?,
            Step::RejectHunk(hunk) => self.decide_one(false, Some(hunk))?,
            Step::Accept => self.decide_all(true)?,
            Step::Reject => self.decide_all(false)?,
            Step::Interrupt => {
                let mut out = Vec::new();
                let id = self.streams[0].id;
                let done = self.engine.interrupt(id, &mut out);
                done.map_err(|error| error.to_string())?;
                self.streams[0].ended = true;
                self.take(out);
            }
            Step::Redirect(answer) => self.redirect(answer)?,
            Step::Fail => {
                self.streams[0].ended = true;
                let lost = ModelEvent::Failed("The connection was lost.".to_owned());
                self.model(self.streams[0].id, lost);
            }
        }
        self.rest()
    }

    fn redirect(&mut self, answer: &str) -> Result<(), String> {
        let old = self.streams[0].id;
        let id = RewriteId(old.0 + 100);
        let apply = self.manner.apply;
        let mut out = Vec::new();
        let again = |text: &Text, region: Range<usize>, _: &Request, _: &str| {
            start_of(id, text, region, apply)
        };
        let done = self.engine.redirect(old, again, self.now, &mut out);
        done.map_err(|error| error.to_string())?;
        self.streams[0] = Stream {
            id,
            answer: answer.to_owned(),
            said: 0,
            ended: false,
        };
        self.take(out);
        Ok(())
    }

    /// The model says its text up to here.
    fn say_until(&mut self, index: usize, so_far: &str) -> Result<(), String> {
        let stream = &self.streams[index];
        let rest = so_far
            .strip_prefix(&stream.answer[..stream.said])
            .filter(|rest| stream.answer[stream.said..].starts_with(rest));
        let rest = rest.ok_or_else(|| format!("the model does not write {so_far:?} next"))?;
        let id = stream.id;
        self.streams[index].said = so_far.len();
        let delta = |text: String| ModelEvent::Stream(StreamEvent::Delta { text });
        if self.manner.by_characters {
            for ch in rest.chars() {
                self.model(id, delta(ch.to_string()));
                self.rest()?;
            }
        } else if !rest.is_empty() {
            self.model(id, delta(rest.to_owned()));
        }
        Ok(())
    }

    fn end_stream(&mut self, index: usize) {
        let stream = &mut self.streams[index];
        if !std::mem::replace(&mut stream.ended, true) {
            let id = stream.id;
            let completed = StreamEvent::Completed {
                response_id: "r".to_owned(),
                usage: None,
            };
            self.model(id, ModelEvent::Stream(completed));
        }
    }

    pub(crate) fn finish_streams(&mut self) -> Result<(), String> {
        for index in 0..self.streams.len() {
            let stream = &self.streams[index];
            if stream.ended {
                continue;
            }
            let answer = stream.answer.clone();
            self.say_until(index, &answer)?;
            self.end_stream(index);
            self.rest()?;
        }
        Ok(())
    }

    /// Our edit and the user's meet.
    fn in_flight(&mut self, so_far: &str, fate: Fate, edits: Edits) -> Result<(), String> {
        self.say_until(0, so_far)?;
        if self.streams[0].answer == so_far {
            self.end_stream(0);
        }
        self.settle();
        let Some(asked) = self.asked.pop_front() else {
            return Err(format!("no edit is on its way after {so_far:?}"));
        };
        match fate {
            Fate::Refused | Fate::Dropped => {
                let change = self.act(|editor| editor.edit(edits));
                self.report(&[change])?;
                self.engine.answered(asked.edit, fate == Fate::Dropped);
            }
            Fate::Merged | Fate::Together | Fate::AnsweredFirst => {
                let ours = self.apply(&asked)?;
                let theirs = self.act(|editor| editor.edit(edits));
                if fate == Fate::AnsweredFirst {
                    self.engine.answered(asked.edit, true);
                }
                if fate == Fate::Merged {
                    self.report(&[ours.compose(&theirs)])?;
                } else {
                    self.report(&[ours, theirs])?;
                }
                if fate != Fate::AnsweredFirst {
                    self.engine.answered(asked.edit, true);
                }
            }
        }
        Ok(())
    }

    pub(crate) fn users(
        &mut self,
        act: impl FnOnce(&mut Editor) -> ChangeSet,
    ) -> Result<(), String> {
        let change = self.act(act);
        self.report(&[change])
    }

    /// The user does something; gives it as it will be reported.
    fn act(&mut self, act: impl FnOnce(&mut Editor) -> ChangeSet) -> ChangeSet {
        let before = self.editor.text.clone();
        let change = act(&mut self.editor);
        if self.manner.whole_lines {
            whole_lines(&before, &change)
        } else {
            change
        }
    }

    fn report(&mut self, changes: &[ChangeSet]) -> Result<(), String> {
        let mut out = Vec::new();
        let Editor { text, version, .. } = &self.editor;
        self.engine
            .changed(changes, text, *version, self.now, &mut out);
        self.take(out);
        self.engine.check()
    }

    fn model(&mut self, id: RewriteId, event: ModelEvent) {
        let mut out = Vec::new();
        self.engine.model(id, event, self.now, &mut out);
        self.take(out);
    }

    fn take(&mut self, effects: Vec<Effect>) {
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
                    self.asked.push_back(Asked {
                        edit,
                        version,
                        change,
                    });
                }
                Effect::WakeAt(at) => self.wake = Some(at),
                Effect::Send { .. } | Effect::Cancel { .. } | Effect::Changed { .. } => {}
            }
        }
    }

    fn settle(&mut self) {
        self.now += 1_000_000;
        if self.wake.take().is_some() {
            self.engine.wake();
        }
        let mut out = Vec::new();
        self.engine.settle(self.now, &mut out);
        self.take(out);
    }

    /// The editor does what it was asked to, as long as there is anything.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        for _ in 0..100 {
            self.settle();
            match self.asked.pop_front() {
                Some(asked) => {
                    let ours = self.apply(&asked)?;
                    self.report(&[ours])?;
                    self.engine.answered(asked.edit, true);
                }
                None if self.wake.is_none() => return Ok(()),
                None => {}
            }
        }
        Err("it never comes to rest".to_owned())
    }

    /// The editor applies an edit of ours, which must stay within the regions.
    fn apply(&mut self, asked: &Asked) -> Result<ChangeSet, String> {
        if asked.version != self.editor.version {
            return Err(format!("an edit for version {}", asked.version));
        }
        let regions: Vec<_> = self.engine.active().map(|view| view.region).collect();
        for change in asked.change.changes() {
            let within = regions
                .iter()
                .any(|it| it.start <= change.old.start && change.old.end <= it.end);
            // Regions that touch may be changed by one replacement.
            let seam = regions
                .windows(2)
                .any(|it| it[0].end == it[1].start && it[0].start <= change.old.start);
            if !within && !seam {
                return Err(format!("{change:?} is outside of {regions:?}"));
            }
        }
        self.our_edits += 1;
        Ok(self.editor.change(asked.change.clone()))
    }

    fn decide_one(&mut self, accept: bool, hunk: Option<usize>) -> Result<(), String> {
        let mut out = Vec::new();
        let id = self.streams[0].id;
        let done = self.engine.decide(id, accept, hunk, &mut out);
        done.map_err(|error| error.to_string())?;
        self.take(out);
        Ok(())
    }

    pub(crate) fn decide_all(&mut self, accept: bool) -> Result<(), String> {
        let active: Vec<RewriteView> = self.engine.active().collect();
        let mut out = Vec::new();
        for view in &active {
            let done = self.engine.decide(view.id, accept, None, &mut out);
            done.map_err(|error| error.to_string())?;
        }
        self.take(out);
        self.rest()
    }

    pub(crate) fn text(&self) -> String {
        self.editor.text.to_string()
    }
}

fn start_of(id: RewriteId, text: &Text, region: Range<usize>, apply: Apply) -> Start {
    let ending = LineEnding::first_in(&text.to_string()).unwrap_or_default();
    let shape = Shape::of(&text.slice(region.clone()), ending);
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

/// The same change, said as replacements of the whole lines that it touches.
fn whole_lines(before: &Text, change: &ChangeSet) -> ChangeSet {
    let mut wide: Vec<(Range<usize>, String)> = Vec::new();
    for part in change.changes() {
        let start = before.line_start(before.line_of(part.old.start));
        let end = before
            .line_end(before.line_of(part.old.end))
            .max(part.old.end);
        let tail = before.slice(part.old.end..end).into_owned();
        match wide.last_mut() {
            Some((range, text)) if start < range.end => {
                let kept = range.end - part.old.start;
                text.truncate(text.len() - kept);
                text.push_str(&part.text);
                text.push_str(&tail);
                range.end = end;
            }
            _ => {
                let head = before.slice(start..part.old.start);
                wide.push((start..end, format!("{head}{}{tail}", part.text)));
            }
        }
    }
    ChangeSet::from_changes(before.len(), wide)
}
