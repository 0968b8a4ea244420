//! How an editor takes a server's edit: reads it strictly, refuses or makes it, answers in its own way.

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::desk::{Desk, Edited, Incoming, Replacement, Step};
use super::manner::{Echo, Report, Stale, Steps};
use super::page::{By, Cell, Splice, cells, text_of};
use super::report;
use super::transcript::Transcript;
use super::words::tokens_of;

impl Desk {
    pub(super) fn take(
        &mut self,
        incoming: Incoming,
        owner: &dyn Fn(&[usize], &str) -> Option<usize>,
        log: &mut Transcript,
    ) -> Result<Option<Edited>, String> {
        let Incoming { id, params, .. } = incoming;
        let (version, edits) = self.read(&params)?;
        // Emacs is idle when it takes an edit, so what was typed has been told.
        if self.manner.stale == Stale::Fail && !self.untold.is_empty() {
            self.flush(log);
        }
        let is_current = version == self.version
            && !self.has_moved_unseen
            && (self.untold.is_empty() || !self.manner.counts_reports);
        let unchecked = version == 0 && self.manner.zero_unchecked;
        if !is_current && !unchecked {
            let still_fits =
                self.manner.stale == Stale::IfBehind && self.fits_still(version, &edits);
            if !still_fits {
                log.note(|| {
                    let told: Vec<_> = edits
                        .iter()
                        .map(|(range, put)| format!("{range} -> {put:?}"))
                        .collect();
                    format!(
                        "<- applyEdit for {version} at {}: stale: {}",
                        self.version,
                        told.join(", ")
                    )
                });
                if self.manner.stale == Stale::Claim {
                    let deleted = self.deleted_by(version, &edits);
                    self.claimed.extend(deleted);
                }
                self.refuse(id);
                return Ok(None);
            }
        }
        let (before, spans) = self.resolve(&edits)?;
        log.note(|| {
            let told: Vec<_> = spans
                .iter()
                .map(|(span, put)| format!("{:?}->{put:?}", self.page.slice(span.clone())))
                .collect();
            format!(
                "<- applyEdit for {version} at {}: {}",
                self.version,
                told.join(", ")
            )
        });
        let mut homes = BTreeSet::new();
        let mut joined = Vec::new();
        let mut replacements = Vec::new();
        for (span, put) in &spans {
            let at = self
                .page
                .homes(span, put, owner)
                .map_err(|stray| format!("{stray} (version {version} at {})", self.version))?;
            homes.extend(at.iter().copied());
            if at.len() > 1 {
                joined.extend(at.iter().copied());
            }
            replacements.push((span.clone(), put.clone(), at));
        }
        self.change(replacements, log);
        self.check_tokens(&before)?;
        self.answer_edit(id, log);
        Ok(Some(Edited { homes, joined }))
    }

    /// No edit may touch what was typed since, nor bring back what the person took away.
    pub(super) fn check_tokens(&self, before: &str) -> Result<(), String> {
        let live = |text: &str| -> Vec<u32> {
            let all = tokens_of(text).into_iter();
            all.filter(|it| self.live.contains(it)).collect()
        };
        let after = self.page.text();
        let (was, is) = (live(before), live(&after));
        if was != is {
            return Err(format!(
                "an edit changed what was typed: {was:?} became {is:?} in {after:?}"
            ));
        }
        match tokens_of(&after).iter().find(|it| self.gone.contains(it)) {
            Some(token) => Err(format!("an edit brought ⟨{token}⟩ back, which was deleted")),
            None => Ok(()),
        }
    }

    pub(super) fn refuse(&mut self, id: Value) {
        let answer = match self.manner.stale {
            Stale::Claim => Ok(json!({ "applied": true })),
            Stale::Fail => Err("the document has another version".to_owned()),
            _ => Ok(json!({ "applied": false, "failureReason": "document has changed" })),
        };
        self.answers.push_back((Instant::now(), id, answer));
    }

    pub(super) fn answer_edit(&mut self, id: Value, log: &mut Transcript) {
        let now = Instant::now();
        let (mut answer_at, mut flush_at) = (now, now);
        let mut micros = |most: u64| Duration::from_micros(self.rng.u64(..most));
        match self.manner.echo {
            Echo::First => self.flush(log),
            Echo::After => flush_at += micros(400),
            Echo::Held(most) => flush_at += micros(most * 1_000),
            Echo::Any => {
                answer_at += micros(5_000);
                flush_at += micros(5_000);
            }
        }
        if !self.untold.is_empty() {
            self.flush_at = Some(self.flush_at.unwrap_or(flush_at));
        }
        let answer = (answer_at, id, Ok(json!({ "applied": true })));
        self.answers.push_back(answer);
    }

    /// Whether all that has changed since that version lies behind the edits.
    pub(super) fn fits_still(&self, version: i64, edits: &[(Value, String)]) -> bool {
        let Some(known) = self.text_at(version) else {
            return false;
        };
        // What the server cannot know yet would make its next words unclear.
        if !self.untold.is_empty() || self.has_moved_unseen {
            return false;
        }
        let (same, _, _) = report::difference(known, &self.page.cells);
        edits.iter().all(|(range, _)| {
            report::span(known, range, self.encoding).is_ok_and(|span| span.end < same)
        })
    }

    /// What edits for a version only take away.
    fn deleted_by(&self, version: i64, edits: &[(Value, String)]) -> Vec<String> {
        let known = self.text_at(version).unwrap_or_default();
        let only = edits.iter().filter(|(_, put)| put.is_empty());
        let spans = only.filter_map(|(range, _)| self.span_in(known, range).ok());
        spans.map(|span| text_of(&known[span])).collect()
    }

    /// The version and the edits, as strictly as any editor reads them.
    pub(super) fn read(&self, params: &Value) -> Result<(i64, Vec<(Value, String)>), String> {
        let bad = |what: &str| Err(format!("{what}: {params}"));
        let Some([change]) = params["edit"]["documentChanges"]
            .as_array()
            .map(Vec::as_slice)
        else {
            return bad("not an edit of one document");
        };
        if params.get("metadata").is_some() || params["edit"].get("changeAnnotations").is_some() {
            return bad("an edit with what was not offered");
        }
        if change["textDocument"]["uri"] != self.uri.as_str() {
            return bad("an edit of another document");
        }
        let Some(version) = change["textDocument"]["version"].as_i64() else {
            return bad("an edit without version");
        };
        let mut edits = Vec::new();
        for edit in change["edits"].as_array().into_iter().flatten() {
            let Some(text) = edit["newText"].as_str() else {
                return bad("an edit without text");
            };
            edits.push((edit["range"].clone(), text.to_owned()));
        }
        if edits.is_empty() {
            return bad("an edit of nothing");
        }
        Ok((version, edits))
    }

    /// The text before, and the replacements in order of the text.
    pub(super) fn resolve(
        &self,
        edits: &[(Value, String)],
    ) -> Result<(String, Vec<Replacement>), String> {
        let mut spans = Vec::new();
        for (range, text) in edits {
            let span = report::span(&self.page.cells, range, self.encoding);
            let span =
                span.map_err(|why| format!("{why}, in an edit of {:?}", self.page.text()))?;
            spans.push((span, text.clone()));
        }
        spans.sort_by_key(|(span, _)| (span.start, span.end));
        for pair in spans.windows(2) {
            if pair[0].0.end > pair[1].0.start || pair[0].0 == pair[1].0 {
                return Err(format!("edits overlap: {:?} and {:?}", pair[0], pair[1]));
            }
        }
        Ok((self.page.text(), spans))
    }

    /// Makes a server's replacements, in the editor's order and cut.
    pub(super) fn change(
        &mut self,
        replacements: Vec<(Range<usize>, String, Vec<usize>)>,
        log: &mut Transcript,
    ) {
        let before = self.page.cells.clone();
        let cover = replacements[0].0.start..replacements[replacements.len() - 1].0.end;
        let grown: isize = replacements
            .iter()
            .map(|(span, put, _)| put.chars().count() as isize - span.len() as isize)
            .sum();
        let mut pieces: Vec<(Range<usize>, Vec<Cell>, Vec<usize>)> = Vec::new();
        for (span, put, homes) in replacements.into_iter().rev() {
            let put = cells(&put, By::Server);
            let large = !span.is_empty() && !put.is_empty();
            if self.manner.report == Report::Rediff && large && self.rng.u8(..4) > 0 {
                for cell in &mut self.page.cells[span.clone()] {
                    if cell.by == By::Text {
                        cell.by = By::Kept;
                    }
                }
                for (old, new) in report::rediffed(&before[span.clone()], &put) {
                    let old = old.start + span.start..old.end + span.start;
                    pieces.push((old, put[new].to_vec(), homes.clone()));
                }
            } else {
                pieces.push((span, put, homes));
            }
        }
        if self.manner.report == Report::TopDown {
            pieces.reverse();
            let mut shift = 0_isize;
            for (span, put, _) in &mut pieces {
                let moved = |at: usize| at.wrapping_add_signed(shift);
                let length = span.len();
                *span = moved(span.start)..moved(span.end);
                shift += put.len() as isize - length as isize;
            }
        }
        let mut splices = Vec::new();
        let mut told = Vec::new();
        for (span, put, homes) in pieces {
            self.fresh.extend(homes.iter().copied());
            told.push(self.put_into_words(&span, &put));
            splices.push(self.page.put_into(span, put, homes));
            if let Some(last) = told.last_mut() {
                last.1.clone_from(&self.page.cells);
            }
        }
        if self.manner.report == Report::Covering {
            let end = cover.end.wrapping_add_signed(grown);
            let text = self.page.slice(cover.start..end);
            let change = report::change(&before, &cover, &text, self.encoding);
            told = vec![(change, self.page.cells.clone())];
        }
        self.remember_edit(splices);
        self.tell(told, log);
    }

    pub(super) fn put_into_words(
        &mut self,
        span: &Range<usize>,
        put: &[Cell],
    ) -> (Value, Vec<Cell>) {
        let cells = &self.page.cells;
        let plain = report::change(cells, span, &super::page::text_of(put), self.encoding);
        if self.manner.report != Report::Lines {
            return (plain, Vec::new());
        }
        let change = report::by_lines(cells, span, put, self.encoding);
        self.is_blurred |= change != plain;
        (change, Vec::new())
    }

    pub(super) fn remember_edit(&mut self, splices: Vec<Splice>) {
        self.redo.clear();
        let joins = match self.manner.steps {
            Steps::Each => false,
            Steps::UpToEdit | Steps::Insert => self.undo.last().is_some_and(|step| step.open),
            Steps::EditsTogether => {
                let all_ours = |step: &Step| step.splices.iter().all(|it| it.by_server);
                self.undo.last().is_some_and(all_ours)
            }
        };
        match self.undo.last_mut().filter(|_| joins) {
            Some(step) => {
                step.splices.extend(splices);
                step.open &= self.manner.steps == Steps::Insert;
            }
            None => self.undo.push(Step {
                splices,
                open: false,
                marks: Vec::new(),
            }),
        }
    }
}
