//! The editor of one document: takes edits and a person's changes in its manner, keeps undo, versions and the
//! changes that are still to be told, and refuses whatever the server must not do. What the person wants, and what
//! a rewrite must come to, is not known here.

use std::collections::{BTreeSet, VecDeque};
use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;
use serde_json::{Value, json};

use super::manner::{Echo, Manner, Report, Steps};
use super::page::{By, Cell, Page, Region, Splice, cells};
use super::process::Link;
use super::report;
use super::transcript::Transcript;
use super::words::Draft;
use crate::lsp::Encoding;

/// Changes under one version.
#[derive(Debug)]
pub(super) struct Untold {
    version: i64,
    /// Each with the text after it.
    changes: Vec<(Value, Vec<Cell>)>,
}

/// An edit of the server that is not taken up yet.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) id: Value,
    pub(super) params: Value,
    pub(super) due: Instant,
}

/// What comes in place of a range of the text.
pub(super) type Replacement = (Range<usize>, String);

/// One step of undo.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) splices: Vec<Splice>,
    pub(super) open: bool,
    /// For what a person did: the number of its first splice, how many reports had been sent before it, and where the
    /// regions lay.
    pub(super) marks: Vec<(usize, usize, Vec<Region>)>,
}

/// What an edit of the server did.
#[derive(Debug)]
pub(super) struct Edited {
    /// The regions that it changed.
    pub(super) homes: BTreeSet<usize>,
    /// Of those, the ones that it joined.
    pub(super) joined: Vec<usize>,
}

pub(super) struct Desk {
    pub(super) page: Page,
    pub(super) manner: Manner,
    pub(super) encoding: Encoding,
    pub(super) uri: String,
    pub(super) link: Arc<Link>,
    pub(super) version: i64,
    /// A completion preview has moved the version, and nobody was told.
    pub(super) has_moved_unseen: bool,
    pub(super) inbox: VecDeque<Incoming>,
    pub(super) untold: VecDeque<Untold>,
    pub(super) flush_at: Option<Instant>,
    pub(super) answers: VecDeque<(Instant, Value, Result<Value, String>)>,
    pub(super) told: usize,
    /// The text as it was last told, and what the server knows by version.
    pub(super) synced: Vec<Cell>,
    pub(super) texts: VecDeque<(i64, Vec<Cell>)>,
    pub(super) undo: Vec<Step>,
    pub(super) redo: Vec<Step>,
    /// Tokens that were typed after the rewrite around them began: no edit may touch or move them.
    pub(super) live: BTreeSet<u32>,
    /// Tokens that the person took away: no edit may bring them back.
    pub(super) gone: BTreeSet<u32>,
    /// The regions over whose edges something was deleted that has not been told, or of what the server put there and
    /// has not been told of either, or where something was undone.
    pub(super) cut: BTreeSet<usize>,
    /// The regions in which the server has put something that has not been told.
    pub(super) fresh: BTreeSet<usize>,
    /// The change that was told last was told as another that comes to the same.
    pub(super) is_blurred: bool,
    /// What edits were to delete that were dropped and claimed: who took it away since, the server cannot know.
    pub(super) claimed: Vec<String>,
    /// Edits for a document that has been closed since are answered and forgotten.
    pub(super) expects_edits: bool,
    pub(super) rng: Rng,
}

impl Desk {
    pub(super) fn new(manner: Manner, uri: String, link: Arc<Link>, rng: Rng) -> Desk {
        Desk {
            page: Page::new(""),
            manner,
            encoding: link.encoding(),
            uri,
            link,
            version: 0,
            has_moved_unseen: false,
            inbox: VecDeque::new(),
            untold: VecDeque::new(),
            flush_at: None,
            answers: VecDeque::new(),
            told: 0,
            synced: Vec::new(),
            texts: VecDeque::new(),
            undo: Vec::new(),
            redo: Vec::new(),
            live: BTreeSet::new(),
            gone: BTreeSet::new(),
            cut: BTreeSet::new(),
            fresh: BTreeSet::new(),
            is_blurred: false,
            claimed: Vec::new(),
            expects_edits: false,
            rng,
        }
    }

    pub(super) fn open(&mut self, draft: &Draft, text: &str, log: &mut Transcript) {
        self.page = Page::new(text);
        self.version = self.manner.first_version;
        self.has_moved_unseen = false;
        self.synced.clone_from(&self.page.cells);
        self.texts = VecDeque::from([(self.version, self.synced.clone())]);
        self.undo.clear();
        self.redo.clear();
        self.live.clear();
        self.gone.clear();
        self.expects_edits = false;
        log.note(|| format!("-> didOpen version {} {text:?}", self.version));
        let params = json!({ "textDocument": {
            "uri": self.uri, "languageId": draft.flavour.language, "version": self.version, "text": text,
        }});
        self.link.notify("textDocument/didOpen", params);
    }

    pub(super) fn close(&mut self, log: &mut Transcript) {
        self.flush(log);
        let now = Instant::now();
        for (_, id, answer) in self.answers.drain(..) {
            self.link.answer(&id, answer);
        }
        for Incoming { id, .. } in self.inbox.drain(..) {
            self.link.answer(&id, Ok(json!({ "applied": false })));
        }
        self.flush_at = None;
        self.expects_edits = false;
        self.page.regions.clear();
        log.note(|| format!("-> didClose {:?}", now.elapsed()));
        let params = json!({ "textDocument": { "uri": self.uri } });
        self.link.notify("textDocument/didClose", params);
    }

    pub(super) fn save(&mut self, log: &mut Transcript) {
        self.flush(log);
        log.note(|| "-> didSave".to_owned());
        let mut params = json!({ "textDocument": { "uri": self.uri } });
        if self.link.saves_with_text() {
            params["text"] = self.page.text().into();
        }
        self.link.notify("textDocument/didSave", params);
    }

    pub(super) fn range(&self, span: &Range<usize>) -> Value {
        report::range(&self.page.cells, span, self.encoding)
    }

    /// The text that the server knew by this version, if it is not long ago.
    pub(super) fn text_at(&self, version: i64) -> Option<&[Cell]> {
        let mut known = self.texts.iter().rev();
        let found = known.find(|(known, _)| *known == version);
        found.map(|(_, cells)| cells.as_slice())
    }

    /// # Errors
    /// Where the range names no places in that text.
    pub(super) fn span_in(&self, cells: &[Cell], range: &Value) -> Result<Range<usize>, String> {
        report::span(cells, range, self.encoding)
    }

    // The server's side.

    /// An edit has come.
    ///
    /// # Errors
    /// Where the one before it has not been taken up, and nothing has been told since it came.
    pub(super) fn receive(&mut self, id: Value, params: Value) -> Result<(), String> {
        if !self.expects_edits {
            self.link.answer(&id, Ok(json!({ "applied": false })));
            return Ok(());
        }
        let version = |params: &Value| {
            params["edit"]["documentChanges"][0]["textDocument"]["version"].as_i64()
        };
        let known = self.texts.back().map(|it| it.0);
        if let Some(earlier) = self.inbox.back()
            && version(&earlier.params) >= known
        {
            return Err(format!(
                "a second edit before the first was taken up: {} and {params}",
                earlier.params
            ));
        }
        let pause = match self.rng.u8(..10) {
            0..7 => 0,
            7 | 8 => self.rng.u64(..3_000),
            _ => self.rng.u64(..12_000),
        };
        self.inbox.push_back(Incoming {
            id,
            params,
            due: Instant::now() + Duration::from_micros(pause),
        });
        Ok(())
    }

    /// When there is something to do next.
    pub(super) fn due(&self) -> Option<Instant> {
        let edit = self.inbox.front().map(|it| it.due);
        let answer = self.answers.iter().map(|it| it.0).min();
        [edit, answer, self.flush_at].into_iter().flatten().min()
    }

    /// Whether the server knows this text, and everything that came has been taken up and answered.
    pub(super) fn is_at_rest(&self) -> bool {
        self.inbox.is_empty() && self.untold.is_empty() && self.answers.is_empty()
    }

    /// Does what is due. `owner` is as for [`Page::homes`].
    ///
    /// # Errors
    /// What the server must not do.
    pub(super) fn work(
        &mut self,
        owner: &dyn Fn(&[usize], &str) -> Option<usize>,
        log: &mut Transcript,
    ) -> Result<Vec<Edited>, String> {
        let now = Instant::now();
        let mut edited = Vec::new();
        while self.inbox.front().is_some_and(|it| it.due <= now) {
            if let Some(incoming) = self.inbox.pop_front() {
                edited.extend(self.take(incoming, owner, log)?);
            }
        }
        while let Some(at) = self.answers.iter().position(|it| it.0 <= now) {
            if let Some((_, id, answer)) = self.answers.remove(at) {
                log.note(|| format!("-> answer {answer:?}"));
                self.link.answer(&id, answer);
            }
        }
        if self.flush_at.is_some_and(|at| at <= now) {
            self.flush(log);
        }
        Ok(edited)
    }

    // The person's side.

    /// The person's replacements, each in the text that the one before has left.
    pub(super) fn person(&mut self, changes: Vec<(Range<usize>, String)>, log: &mut Transcript) {
        let mut told = Vec::new();
        let mut splices = Vec::new();
        let regions = self.page.regions.clone();
        self.is_blurred = false;
        for (span, text) in changes {
            let put = cells(&text, By::Person);
            let mut change = self.put_into_words(&span, &put);
            let vague = self.vaguely_deleted(&span, &text);
            let deletes = !span.is_empty();
            let over = |edge: usize| deletes && span.start <= edge && edge <= span.end;
            let cut = self.page.regions.iter();
            let bites = |it: &&Region| {
                let within = span.start.max(it.start)..span.end.min(it.end);
                let put = |at: usize| self.page.cells[at].by == By::Server;
                self.fresh.contains(&it.key) && within.into_iter().any(put)
            };
            let cut = cut.filter(|it| over(it.start) || over(it.end) || bites(it));
            self.cut.extend(cut.map(|it| it.key));
            splices.push(self.page.by_person(span, put));
            // Nor how much of what it leaves is of the one and how much of the other, where it went from one into another.
            let sides = vague.windows(2).filter(|it| !it[0].1.is_empty());
            let sides = sides.map(|it| (it[0].0, it[1].0));
            self.page.joined.extend(sides);
            for (key, span) in vague {
                self.page.widen(key, span.start, span.end);
            }
            change.1.clone_from(&self.page.cells);
            told.push(change);
            // What is told as standing beside its place may have been typed inside or outside.
            if self.is_blurred {
                self.page.blur();
            }
        }
        self.redo.clear();
        let typing = matches!(self.manner.steps, Steps::UpToEdit | Steps::Insert);
        match self.undo.last_mut().filter(|step| step.open) {
            Some(step) => {
                step.marks.push((step.splices.len(), self.told, regions));
                step.splices.extend(splices);
            }
            None => self.undo.push(Step {
                splices,
                open: typing,
                marks: vec![(0, self.told, regions)],
            }),
        }
        if typing && self.rng.u8(..3) == 0 {
            self.leave_insert_mode();
        }
        self.tell_typing(told, log);
    }

    pub(super) fn leave_insert_mode(&mut self) {
        if let Some(step) = self.undo.last_mut() {
            step.open = false;
        }
    }

    /// Where a deletion over a region's edge says the same further on or back: what an editor that compares texts tells
    /// of it leaves open what of that the region still holds. The regions, and how far they may reach then.
    pub(super) fn vaguely_deleted(
        &self,
        span: &Range<usize>,
        put: &str,
    ) -> Vec<(usize, Range<usize>)> {
        if !put.is_empty() || !matches!(self.manner.report, Report::Lines | Report::Any) {
            return Vec::new();
        }
        let ch = |at: usize| self.page.cells.get(at).map(|cell| cell.ch);
        let back = (1..=span.start)
            .take_while(|n| ch(span.start - n) == ch(span.end - n))
            .count();
        let on = (0..self.page.len() - span.end)
            .take_while(|n| ch(span.start + n) == ch(span.end + n))
            .count();
        // A whole region may be deleted beside what is like it.
        let over = |edge: usize| span.start - back < edge && edge < span.end + on;
        let cut = self.page.regions.iter();
        cut.filter(|it| over(it.start) || over(it.end))
            .map(|it| (it.key, span.start - back..span.start + on))
            .collect()
    }

    /// Takes one step back, or forward again; gives what was put where. Each part of it is handed to `note` as it was
    /// made, unless it had never been told.
    pub(super) fn step(
        &mut self,
        back: bool,
        log: &mut Transcript,
        mut note: impl FnMut(&mut Page, &Splice),
    ) -> Vec<Splice> {
        self.leave_insert_mode();
        let from = if back { &mut self.undo } else { &mut self.redo };
        let Some(step) = from.pop() else {
            return Vec::new();
        };
        // What is undone before it was told has never been: the regions lie where they lay.
        let keys = |regions: &[Region]| regions.iter().map(|it| it.key).collect::<Vec<usize>>();
        let open = keys(&self.page.regions);
        let mut untold = step
            .marks
            .iter()
            .filter(|(_, sent, regions)| back && *sent == self.told && keys(regions) == open);
        let untold = untold.next().cloned();
        let mut order: Vec<(usize, Splice)> = step.splices.iter().cloned().enumerate().collect();
        if back {
            order.reverse();
        }
        let mut told = Vec::new();
        let mut made = Vec::new();
        for (number, splice) in order {
            let (gone, put) = match back {
                true => (splice.put.len(), splice.removed),
                false => (splice.removed.len(), splice.put),
            };
            let span = splice.at..splice.at + gone;
            let mut change = self.put_into_words(&span, &put);
            let is_open = |key: &usize| self.page.region(*key).is_some();
            let homes: Vec<usize> = splice.homes.iter().copied().filter(is_open).collect();
            let mut done = match homes.is_empty() {
                true => self.page.by_person(span, put),
                false => self.page.put_into(span, put, homes),
            };
            done.by_server = splice.by_server;
            change.1.clone_from(&self.page.cells);
            told.push(change);
            self.cut.extend(&done.near);
            match &untold {
                Some((first, _, regions)) if number >= *first => {
                    done.near.clear();
                    if number == *first {
                        self.page.regions.clone_from(regions);
                    }
                }
                _ => note(&mut self.page, &done),
            }
            made.push(done);
        }
        let to = if back { &mut self.redo } else { &mut self.undo };
        to.push(step);
        log.note(|| {
            format!(
                "person {} to {:?}",
                if back { "undoes" } else { "redoes" },
                self.page.text()
            )
        });
        self.tell_typing(told, log);
        made
    }

    /// A completion preview came and went.
    pub(super) fn preview(&mut self, log: &mut Transcript) {
        log.note(|| "a completion preview comes and goes".to_owned());
        self.flush(log);
        self.version += 2;
        self.has_moved_unseen = true;
    }

    pub(super) fn tell_typing(&mut self, told: Vec<(Value, Vec<Cell>)>, log: &mut Transcript) {
        self.tell(told, log);
        let pause = match self.manner.echo {
            Echo::First | Echo::After => return self.flush(log),
            Echo::Held(most) => most * 1_000,
            Echo::Any => 4_000,
        };
        let at = Instant::now() + Duration::from_micros(self.rng.u64(..pause));
        // The first report of a file is put off by every key.
        let is_first = self.told == 0 && matches!(self.manner.echo, Echo::Held(_));
        self.flush_at = Some(self.flush_at.filter(|_| !is_first).unwrap_or(at));
    }

    // What is told.

    pub(super) fn tell(&mut self, told: Vec<(Value, Vec<Cell>)>, _log: &mut Transcript) {
        if told.is_empty() {
            return;
        }
        self.has_moved_unseen = false;
        let manner = self.manner;
        let mut jump = || self.rng.i64(1..=manner.jump);
        let merges = manner.counts_reports || matches!(manner.echo, Echo::Held(_));
        if manner.splits {
            for change in told {
                self.version += jump();
                self.untold.push_back(Untold {
                    version: self.version,
                    changes: vec![change],
                });
            }
            return;
        }
        let times = if manner.counts_replacements {
            told.len()
        } else {
            1
        };
        if !manner.counts_reports {
            (0..times).for_each(|_| self.version += jump());
        }
        match self.untold.back_mut().filter(|_| merges) {
            Some(untold) => {
                untold.version = self.version;
                untold.changes.extend(told);
            }
            None => self.untold.push_back(Untold {
                version: self.version,
                changes: told,
            }),
        }
    }

    /// Tells everything that has not been told.
    pub(super) fn flush(&mut self, log: &mut Transcript) {
        self.flush_at = None;
        // Changes that are told together may be taken as one, and so what was typed at an edge as inside.
        let together = self.untold.iter().any(|it| it.changes.len() > 1);
        if together && matches!(self.manner.echo, Echo::Held(_)) {
            self.page.blur();
        }
        while let Some(untold) = self.untold.pop_front() {
            let version = untold.version;
            let changes = untold.changes;
            for (version, changes, text) in self.worded(version, changes) {
                log.note(|| format!("-> didChange {version} {}", json!(changes)));
                self.told += 1;
                self.synced = text;
                self.texts.push_back((version, self.synced.clone()));
                if self.texts.len() > 60 {
                    self.texts.pop_front();
                }
                let params = json!({
                    "textDocument": { "uri": self.uri, "version": version }, "contentChanges": changes,
                });
                self.link.notify("textDocument/didChange", params);
            }
        }
        self.cut.clear();
        self.fresh.clear();
    }

    /// The changes of one version as `didChange`s with versions.
    pub(super) fn worded(
        &mut self,
        version: i64,
        changes: Vec<(Value, Vec<Cell>)>,
    ) -> Vec<(i64, Vec<Value>, Vec<Cell>)> {
        let now = changes
            .last()
            .map_or_else(Vec::new, |(_, text)| text.clone());
        let all = |changes: Vec<(Value, Vec<Cell>)>| changes.into_iter().map(|it| it.0).collect();
        if !self.manner.counts_reports {
            return vec![(version, all(changes), now)];
        }
        let style = match self.manner.report {
            Report::Any => self.rng.u8(..8),
            _ => 7,
        };
        if (2..=4).contains(&style) {
            self.page.blur();
            // What was typed beside the edge of a region that a deletion reached, told as one change with it, may as well
            // be in the place of what was deleted inside; what is left of an edit of the server of which the person took
            // some away may as well be typed; and a token that is typed beside one that was undone may share letters with
            // it, and the word around them be said to have moved.
            let (mut start, _, mut end) = report::difference(&self.synced, &now);
            if style == 4 {
                (start, end) = whole_lines(&now, start..end);
            }
            let end = end.min(self.page.len());
            for key in std::mem::take(&mut self.cut) {
                if changes.len() > 1 && self.page.region(key).is_some() {
                    self.page.widen(key, start, end);
                    self.page.lost.push(key);
                }
            }
            // A line break that was typed beside another may be either of the two.
            let typed = |cell: &Cell| cell.by == By::Person && cell.ch == '\n';
            if changes.len() > 1 && self.page.cells[start.min(end)..end].iter().any(typed) {
                let near = self.page.regions.iter();
                let near = near.filter(|it| it.start <= end && start <= it.end);
                self.page.vague.extend(near.map(|it| it.key));
            }
        }
        let told = match style {
            0 | 1 => changes
                .into_iter()
                .map(|(change, text)| (vec![change], text))
                .collect(),
            2 => vec![(vec![json!({ "text": super::page::text_of(&now) })], now)],
            3 | 4 => {
                let (mut start, mut old_end, mut new_end) = report::difference(&self.synced, &now);
                if style == 4 {
                    let end;
                    (start, end) = whole_lines(&now, start..new_end);
                    (old_end, new_end) = (old_end + end - new_end, end);
                }
                let put = super::page::text_of(&now[start..new_end]);
                let change = report::change(&self.synced, &(start..old_end), &put, self.encoding);
                vec![(vec![change], now)]
            }
            _ => vec![(all(changes), now)],
        };
        let number = |(changes, text): (Vec<Value>, Vec<Cell>)| {
            self.version += 1;
            (self.version, changes, text)
        };
        told.into_iter().map(number).collect()
    }
}

/// The lines that a range touches.
fn whole_lines(cells: &[Cell], range: Range<usize>) -> (usize, usize) {
    let is_break = |cell: &Cell| cell.ch == '\n';
    let start = cells[..range.start].iter().rposition(is_break);
    let rest = cells[range.end..].iter().position(is_break);
    (
        start.map_or(0, |at| at + 1),
        rest.map_or(cells.len(), |at| range.end + at + 1),
    )
}
