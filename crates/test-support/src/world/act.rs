//! What each step does.

use rewrite::{DecideError, ModelEvent, RewriteId, Start, StartError, State, Time};
use text::Text;

use super::{Violation, World};
use crate::alphabet;
use crate::model::{self, Outcome};
use crate::oracle::Ledger;
use crate::step::{Ending, Formatting, Place, Step};

impl World {
    pub(super) fn act(&mut self, step: &Step) -> Result<(), Violation> {
        match step {
            Step::Type(place, text) => {
                let at = self.place(*place);
                self.type_at(at, 0, text);
            }
            Step::Delete(place, count) => {
                let at = self.place(*place);
                self.type_at(at, *count as usize, "");
            }
            Step::Replace(place, count, text) => {
                let at = self.place(*place);
                self.type_at(at, *count as usize, text);
            }
            Step::Undo => self.editor.undo(),
            Step::Redo => self.editor.redo(),
            Step::Format(how) => self.format(*how),
            Step::Save => {
                if self.editor.model.hostile {
                    self.format(Formatting::Whole(2));
                }
            }
            Step::Start(at, lines, apply, answer, ending) => {
                self.catch_up()?;
                let Some(region) = self.lines(*at, *lines) else {
                    return Ok(());
                };
                let text = self.mirror.text().clone();
                let id = self.ledgers.len() as u32 + 1;
                let start = model::start(RewriteId(u64::from(id)), &text, region, *apply);
                self.start(id, start, &text, answer, *ending)?;
            }
            Step::Stream(which, chars) => self.stream(*which, *chars as usize)?,
            Step::Accept(which) => self.decide(*which, true, None)?,
            Step::Reject(which) => self.decide(*which, false, None)?,
            Step::AcceptHunk(which, hunk) => self.decide(*which, true, Some(*hunk))?,
            Step::RejectHunk(which, hunk) => self.decide(*which, false, Some(*hunk))?,
            Step::Interrupt(which) => self.interrupt(*which)?,
            Step::Redirect(which, answer, ending) => self.redirect(*which, answer, *ending)?,
            Step::Reopen => self.editor.reopen(),
            Step::Edit(choice) => {
                if let Some(request) = self.requests.pop_front() {
                    self.editor.take(&request, *choice);
                }
            }
            Step::Report(notifications) => self.editor.report(*notifications),
            Step::Preview(by) => self.editor.preview(*by),
            Step::Serve(messages) => {
                for _ in 0..*messages {
                    self.take_message()?;
                }
                self.settle()?;
            }
            Step::Pass(time) => {
                self.editor.pause();
                self.now += Time::from(*time);
                if self.wake_at.is_some_and(|at| at <= self.now) {
                    self.wake_at = None;
                    self.engine.wake();
                    self.settle()?;
                }
            }
        }
        Ok(())
    }

    /// A command of the person comes behind all that the editor has to say: it reports first.
    fn catch_up(&mut self) -> Result<(), Violation> {
        self.editor.report(1);
        while !self.editor.outbox.is_empty() {
            self.take_message()?;
        }
        Ok(())
    }

    fn place(&self, place: Place) -> usize {
        let chars = self.editor.page.chars();
        let active = self.active();
        let region = |which: u32| {
            let at = *active.get(which as usize % active.len().max(1))?;
            self.editor.page.region(self.ledgers[at].id)
        };
        let share = |start: usize, len: usize, share: u32| start + len * share as usize / 1_000;
        let at = match place {
            Place::At(of) => share(0, chars.len() + 1, of),
            Place::In(which, of) => match region(which) {
                Some(region) => share(region.start, region.len() + 1, of),
                None => share(0, chars.len() + 1, of),
            },
            Place::StartOf(which) => region(which).map_or(0, |region| region.start),
            Place::EndOf(which) => region(which).map_or(chars.len(), |region| region.end),
            Place::Cursor => self.cursor,
        };
        whole_break(&chars, at.min(chars.len()))
    }

    /// The person replaces characters; a line break counts as one and takes the file's form.
    fn type_at(&mut self, at: usize, count: usize, text: &str) {
        let chars = self.editor.page.chars();
        let mut end = (at + count).min(chars.len());
        if whole_break(&chars, end) != end {
            end += 1;
        }
        let crlf = chars.windows(2).any(|pair| pair == ['\r', '\n']);
        let text = if crlf {
            text.replace('\n', "\r\n")
        } else {
            text.to_owned()
        };
        if end == at && text.is_empty() {
            return;
        }
        // What replaces text across a region's edge may be reported in two pieces, on both sides of it.
        if !text.is_empty() {
            end = self.editor.page.same_side(at, end);
            end = whole_break(&chars, end).max(at);
        }
        self.cursor = at + text.chars().count();
        self.typed += text.chars().count();
        self.editor.user(&[(at, end - at, text)]);
    }

    fn format(&mut self, how: Formatting) {
        let (Formatting::Minimal(spaces) | Formatting::Whole(spaces)) = how;
        let chars = self.editor.page.chars();
        let mut changes = Vec::new();
        let mut start = 0;
        for line in chars.split_inclusive(|ch| *ch == '\n') {
            let white = line.iter().take_while(|ch| **ch == ' ').count();
            let blank = line.iter().all(|ch| ch.is_whitespace());
            let want = if blank { white } else { spaces as usize };
            if want > white {
                changes.push((start + white, 0, " ".repeat(want - white)));
            } else if want < white {
                changes.push((start + want, white - want, String::new()));
            }
            start += line.len();
        }
        changes.reverse();
        if !changes.is_empty() {
            self.editor
                .format(&changes, matches!(how, Formatting::Whole(_)));
        }
    }

    /// Whole lines of the mirror, as bytes; `None` where the mirror is behind, or they touch what is not settled.
    fn lines(&self, at: u32, lines: u32) -> Option<std::ops::Range<usize>> {
        let text = self.mirror.text();
        if text.to_string() != self.editor.page.text() {
            return None;
        }
        let first = text.line_count() * at as usize / 1_000;
        let range = text.line_start(first)..text.line_start(first + lines as usize);
        let plain = text.to_string();
        let chars = |byte: usize| plain[..byte].chars().count();
        let touched = self
            .editor
            .page
            .touched(chars(range.start)..chars(range.end));
        let unsettled = touched
            .iter()
            .any(|id| self.ledgers.iter().any(|it| it.id == *id && it.over));
        (!unsettled && !range.is_empty()).then_some(range)
    }

    fn start(
        &mut self,
        id: u32,
        start: Start,
        text: &Text,
        answer: &str,
        ending: Ending,
    ) -> Result<(), Violation> {
        let region = start.region.clone();
        let ledger = ledger_of(id, &start, text, answer, ending);
        let overlaps = self.overlaps(&region);
        let others = self.engine.active().count();
        let mut out = Vec::new();
        let started = self.engine.start(start, self.now, &mut out);
        // One whose text was deleted may be let go of for it.
        let begins_over = overlaps && started.is_ok() && self.engine.active().count() > others;
        if started.is_ok() {
            let plain = text.to_string();
            let chars = |byte: usize| plain[..byte].chars().count();
            let range = chars(region.start)..chars(region.end);
            self.editor.page.begin(id, range);
            self.ledgers.push(ledger);
        }
        self.carry_out(out)?;
        match started {
            Ok(()) if begins_over => Err("a rewrite begins over another".to_owned()),
            Ok(()) => self.settle(),
            Err(StartError::Overlaps(_)) if overlaps => Ok(()),
            Err(error) => Err(format!("a rewrite of {region:?} cannot begin: {error}")),
        }
    }

    /// Whether a region overlaps one of a rewrite that is not over.
    fn overlaps(&self, region: &std::ops::Range<usize>) -> bool {
        self.engine.active().any(|other| {
            let inside = other.region.start < region.end && region.start < other.region.end;
            inside || other.region == *region
        })
    }

    fn stream(&mut self, which: u32, chars: usize) -> Result<(), Violation> {
        let active = self.active();
        let open: Vec<usize> = active
            .into_iter()
            .filter(|at| !self.ledgers[*at].ended)
            .collect();
        let Some(&at) = open.get(which as usize % open.len().max(1)) else {
            return Ok(());
        };
        let ledger = &mut self.ledgers[at];
        let end = (ledger.said + chars.max(1)).min(ledger.answer.len());
        let piece: String = ledger.answer[ledger.said..end].iter().collect();
        let name = ledger.name();
        let events = if piece.is_empty() {
            ledger.ended = true;
            ledger.outcome.get_or_insert(match ledger.ending {
                Ending::Completed => Outcome::Whole,
                Ending::Incomplete => Outcome::Cut,
                Ending::Failed | Ending::Refused | Ending::Dropped => Outcome::Nothing,
            });
            model::ending_events(ledger.ending)
        } else {
            ledger.said = end;
            if ledger.outcome.is_none() {
                ledger.heard.push_str(&piece);
            }
            vec![ModelEvent::Stream(model_protocol::StreamEvent::Delta {
                text: piece,
            })]
        };
        let mut out = Vec::new();
        for event in events {
            self.engine.model(name, event, self.now, &mut out);
        }
        self.carry_out(out)?;
        self.settle()
    }

    fn chosen(&self, which: u32) -> Option<usize> {
        let active = self.active();
        active.get(which as usize % active.len().max(1)).copied()
    }

    fn decide(&mut self, which: u32, accept: bool, hunk: Option<u32>) -> Result<(), Violation> {
        self.catch_up()?;
        let Some(at) = self.chosen(which) else {
            return Ok(());
        };
        let name = self.ledgers[at].name();
        let hunks = self.engine.view(name).map_or(0, |view| view.hunks.len());
        let hunk = hunk.map(|hunk| hunk as usize % hunks.max(1));
        let mut out = Vec::new();
        let decided = self.engine.decide(name, accept, hunk, &mut out);
        let ledger = &mut self.ledgers[at];
        match (decided, hunk) {
            (Ok(_), None) => {
                ledger.whole = Some(accept);
                if !accept {
                    ledger.outcome.get_or_insert(Outcome::Nothing);
                }
            }
            (Ok(_), Some(hunk)) => ledger.decided.push((hunk, accept)),
            (
                Err(DecideError::Over(_) | DecideError::NoHunk(_) | DecideError::StillStreaming),
                _,
            ) => {}
            (Err(error), _) => return Err(format!("{name:?} cannot be decided: {error}")),
        }
        self.carry_out(out)?;
        self.settle()
    }

    fn interrupt(&mut self, which: u32) -> Result<(), Violation> {
        self.catch_up()?;
        let Some(at) = self.chosen(which) else {
            return Ok(());
        };
        let ledger = &mut self.ledgers[at];
        let name = ledger.name();
        if matches!(ledger.state, State::Requested | State::Streaming) {
            ledger.outcome.get_or_insert(Outcome::Cut);
        }
        let mut out = Vec::new();
        self.engine
            .interrupt(name, &mut out)
            .map_err(|error| format!("{name:?} cannot be interrupted: {error}"))?;
        self.carry_out(out)?;
        self.settle()
    }

    fn redirect(&mut self, which: u32, answer: &str, ending: Ending) -> Result<(), Violation> {
        self.catch_up()?;
        let Some(at) = self.chosen(which) else {
            return Ok(());
        };
        let (old, name) = (self.ledgers[at].id, self.ledgers[at].name());
        let apply = self.ledgers[at].apply;
        let id = self.ledgers.len() as u32 + 1;
        let mut made = None;
        let begin = |text: &Text, region: std::ops::Range<usize>, _: &_, _: &str| {
            let start = model::start(RewriteId(u64::from(id)), text, region, apply);
            made = Some(ledger_of(id, &start, text, answer, ending));
            start
        };
        let mut out = Vec::new();
        match self.engine.redirect(name, begin, self.now, &mut out) {
            Err(DecideError::Over(_)) => return Ok(()),
            Err(error) => return Err(format!("{name:?} cannot be redirected: {error}")),
            Ok(()) => {}
        }
        let Some(mut ledger) = made else {
            return Err("a redirect that made no request".to_owned());
        };
        let kept = self.editor.page.base_of(old);
        let copies = self.editor.page.copies_of(old);
        let fits = self.editor.page.take_over(old, id, &ledger.base);
        // Where the person deleted a character of ours, an equal one of the base may be missing in place of it, and the
        // reverse.
        let page = &self.editor.page;
        let ours = page.deleted_ours.iter().filter(|(it, _)| *it == old);
        let mut lost: Vec<char> = ours.map(|(_, ch)| *ch).collect();
        lost.extend(copies);
        let clear_of = |text: &str| -> String {
            let others = |ch: &char| !alphabet::is_person(*ch) && !alphabet::is_neutral(*ch);
            let stays = |ch: &char| !lost.contains(ch);
            text.chars().filter(others).filter(stays).collect()
        };
        let fits_roughly = clear_of(&kept) == clear_of(&ledger.base);
        let undone = self.editor.undone.contains(&old);
        let clear = self.distinct && !self.editor.page.blurred.contains(&old);
        // What the person did, an edit under way would do as well.
        let mut under_way = self.requests.iter();
        let clear = clear && !under_way.any(|it| self.editor.coincides(it));
        if !fits && !fits_roughly && !undone && clear && self.editor.late_edits == 0 {
            return Err(format!(
                "I3: {:?} is not the old base and what the person typed",
                ledger.base
            ));
        }
        ledger.checked = !fits;
        if undone {
            self.editor.undone.push(id);
        }
        let old = &mut self.ledgers[at];
        old.outcome.get_or_insert(Outcome::Nothing);
        (old.over, old.checked, old.redirected) = (true, true, true);
        self.ledgers.push(ledger);
        self.carry_out(out)?;
        self.settle()
    }
}

fn ledger_of(id: u32, start: &Start, text: &Text, answer: &str, ending: Ending) -> Ledger {
    Ledger {
        id,
        base: text.slice(start.region.clone()).into_owned(),
        shape: start.shape.clone(),
        apply: start.apply,
        answer: answer.chars().collect(),
        said: 0,
        ending,
        ended: false,
        heard: String::new(),
        outcome: None,
        hunks: Vec::new(),
        decided: Vec::new(),
        whole: None,
        sends: 0,
        cancels: 0,
        state: State::Requested,
        over: false,
        checked: false,
        undone: 0,
        redirected: false,
    }
}

/// A place that does not lie between `\r` and `\n`.
fn whole_break(chars: &[char], at: usize) -> usize {
    let splits = at > 0 && chars[at - 1] == '\r' && chars.get(at) == Some(&'\n');
    at - usize::from(splits)
}
