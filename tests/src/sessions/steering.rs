//! What the person asks of rewrites: begins them, decides, interrupts and redirects. Typing is in `person`.

use std::ops::Range;

use serde_json::{Value, json};

use super::rewrite::{Deleted, Failure, Fate, Rewrite, Whose};
use super::session::{Broken, Purpose, Session};

impl Session {
    // Asking.

    /// Asks for a rewrite somewhere; gives whether there was room.
    pub(super) fn ask(&mut self) -> Result<bool, Broken> {
        // How it is told may make a region wider, and nothing is asked for there.
        self.desk.flush(&mut self.log);
        let Some((span, whole)) = self.selection() else {
            return Ok(false);
        };
        let key = self.rewrites.len();
        self.marks += 1;
        let fate = self.fate();
        let apply = ["live", "live", "live", "once", "preview"][self.person.usize(..5)];
        let mut rewrite = Rewrite::new(key, self.marks, apply, fate);
        rewrite.base = Some(self.desk.page.slice(span.clone()));
        self.log
            .note(|| format!("person asks for rewrite {key}, {apply}, {fate:?}, of {span:?}"));
        let mut argument = json!({
            "uri": self.desk.uri, "range": self.desk.range(&span), "apply": apply,
            "instruction": format!("Shout. [r{}]", self.marks),
        });
        if self.person.u8(..3) == 0 && !self.desk.has_moved_unseen {
            argument["version"] = self.desk.version.into();
        }
        self.rewrites.push(rewrite);
        self.desk.page.begin(key, span.clone());
        self.adopt_tokens(key);
        self.desk.expects_edits = true;
        let purpose = Purpose::Start { key, span, whole };
        let id = self.command("redline.rewrite", argument, purpose);
        if !whole || self.person.u8(..3) > 0 {
            self.answer_to(id)?.ok();
        }
        Ok(true)
    }

    pub(super) fn fate(&mut self) -> Fate {
        let at = self.model_rng.usize(..12);
        match self.model_rng.u8(..40) {
            0 | 1 => Fate::Fail(at, Failure::Failed),
            2 => Fate::Fail(at, Failure::Error),
            3 | 4 => Fate::Fail(at, Failure::CutShort),
            5 => Fate::Fail(0, Failure::Refused),
            6 if self.model_rng.bool() => Fate::Fail(0, Failure::Empty),
            7 => Fate::Fail(at, Failure::Dropped),
            8..10 => Fate::Stall(at),
            _ => Fate::Finish,
        }
    }

    /// Some lines that no rewrite is on, or a part of them; and whether it is whole lines.
    pub(super) fn selection(&mut self) -> Option<(Range<usize>, bool)> {
        let page = &self.desk.page;
        let breaks = page
            .cells
            .iter()
            .enumerate()
            .filter(|(_, cell)| cell.ch == '\n');
        let mut starts: Vec<usize> = std::iter::once(0)
            .chain(breaks.map(|(at, _)| at + 1))
            .collect();
        if page.cells.first().is_some_and(|cell| cell.ch == '\u{feff}') {
            starts[0] = 1;
        }
        if starts.last() != Some(&page.len()) {
            starts.push(page.len());
        }
        for _ in 0..8 {
            let first = self.person.usize(..starts.len());
            let count = [1, 2, 3, 8, 20][self.person.usize(..5)];
            let last = (first + count).min(starts.len() - 1);
            let (mut start, mut end) = (starts[first], starts[last]);
            let mut whole = true;
            let page = &self.desk.page;
            match self.person.u8(..8) {
                0 => {
                    // Without the last line's end.
                    while end > start && matches!(page.cells[end - 1].ch, '\r' | '\n') {
                        end -= 1;
                    }
                    whole = false;
                }
                1 => {
                    let words = self.word_spans();
                    let mut inside = words
                        .iter()
                        .filter(|(span, _)| start <= span.start && span.end <= end);
                    let one = inside.next().map(|it| it.0.clone())?;
                    let other = inside.next_back().map_or(one.clone(), |it| it.0.clone());
                    (start, end) = (one.start, other.end);
                    whole = false;
                }
                _ => {}
            }
            let page = &self.desk.page;
            let apart = page.regions.iter().all(|it| {
                let is_empty = it.start == it.end && it.start >= start && it.start <= end;
                !is_empty && (end <= it.start || it.end <= start)
            });
            // What was typed with the end of its line is one thing; half of it is not told apart from a word.
            let is_break =
                |at: usize| matches!(page.cells.get(at), Some(it) if matches!(it.ch, '\r' | '\n'));
            let halves =
                end > start && page.cells[end - 1].ch == super::words::CLOSE && is_break(end);
            let text = page.slice(start..end);
            // One character is a cursor, and means a statement.
            let is_selection = text.chars().count() > 1 && text.contains(char::is_alphanumeric);
            if apart && !halves && is_selection {
                return Some((start..end, whole));
            }
        }
        None
    }

    // Steering.

    /// Something about one of the rewrites.
    pub(super) fn steer(&mut self) -> Result<(), Broken> {
        let open: Vec<usize> = self
            .rewrites
            .iter()
            .filter(|it| !it.is_over && !it.is_asked && !it.is_redirected && it.id.is_some())
            .filter(|it| it.decision.is_none() && it.granted.is_none())
            .filter(|it| it.is_streaming() || it.is_proposed())
            .map(|it| it.key)
            .collect();
        let Some(key) = self.choose(&open) else {
            return Ok(());
        };
        // What the model has ended may be over before a word arrives.
        let rewrite = &self.rewrites[key];
        let may_end = rewrite.has_ended && rewrite.is_streaming()
            || rewrite.is_lost
            || rewrite.is_undone
            || !rewrite.verdicts.is_empty()
            || rewrite.deleted.iter().any(|it| it.whose != Whose::Base);
        let accept = self.person.bool();
        match self.person.u8(..12) {
            0..3 => self.decide(key, accept),
            3..6 => self.decide_a_hunk(key, accept),
            6 | 7 if self.rewrites[key].is_streaming() && !may_end => self.interrupt(key),
            8 | 9 if !may_end => self.redirect(key, "redline.redirect"),
            // Which of two same requests is which is to be told.
            10 if !may_end && rewrite.target.is_some() => self.redirect(key, "redline.retry"),
            11 if !may_end => self.ask_over(key)?,
            _ => {}
        }
        Ok(())
    }

    /// Asks for a rewrite of what another one is at.
    pub(super) fn ask_over(&mut self, key: usize) -> Result<(), Broken> {
        let Some(span) = self.desk.page.region(key).map(|it| it.span()) else {
            return Ok(());
        };
        if span.len() < 2 || self.rewrites[key].may_be_stale {
            return Ok(());
        }
        self.desk.flush(&mut self.log);
        let argument = json!({
            "uri": self.desk.uri, "range": self.desk.range(&span), "instruction": "Again.",
        });
        // An edit that is on its way may leave nothing of the region.
        let rewrite = &self.rewrites[key];
        if self.desk.is_at_rest() && rewrite.is_proposed() && rewrite.verdicts.is_empty() {
            let id = self.command("redline.rewrite", argument, Purpose::Overlap);
            self.answer_to(id)?.ok();
        }
        Ok(())
    }

    pub(super) fn decide(&mut self, key: usize, accept: bool) {
        let title = match accept {
            true => "Redline: Accept the rewrite",
            false => "Redline: Reject the rewrite",
        };
        let by_action = self.person.u8(..6) == 0 && self.rewrites[key].is_proposed();
        let region = self.desk.page.region(key).map(|it| it.span());
        match region.filter(|span| by_action && span.len() > 2) {
            Some(span) => {
                self.rewrites[key].is_asked = true;
                self.desk.flush(&mut self.log);
                let params = json!({
                    "textDocument": { "uri": self.desk.uri }, "range": self.desk.range(&span),
                    "context": { "diagnostics": [] },
                });
                let purpose = Purpose::Actions { key, title, accept };
                self.request("textDocument/codeAction", params, purpose);
            }
            None => self.send_decision(key, accept, None),
        }
    }

    /// The menu is open: the person chooses what they were looking for, or types the command.
    pub(super) fn on_actions(&mut self, key: usize, title: &str, accept: bool, actions: &Value) {
        let id = self.rewrites[key].id;
        let mut found = actions.as_array().into_iter().flatten().filter(|it| {
            it["title"] == title && it["command"]["arguments"][0]["rewrite"].as_u64() == id
        });
        if self.rewrites[key].is_over {
            return;
        }
        match found.next().map(|it| it["command"]["arguments"][0].clone()) {
            Some(argument) => {
                let before = self.rewrites[key].decision;
                self.note_decision(key, accept, None);
                let command = if accept {
                    "redline.accept"
                } else {
                    "redline.reject"
                };
                let purpose = Purpose::Decide {
                    key,
                    hunk: None,
                    before,
                };
                self.command(command, argument, purpose);
            }
            None => self.send_decision(key, accept, None),
        }
    }

    pub(super) fn send_decision(&mut self, key: usize, accept: bool, hunk: Option<usize>) {
        let before = self.rewrites[key].decision;
        self.note_decision(key, accept, hunk);
        let command = if accept {
            "redline.accept"
        } else {
            "redline.reject"
        };
        let mut argument = json!({ "rewrite": self.rewrites[key].id });
        if let Some(hunk) = hunk {
            argument["hunk"] = hunk.into();
        }
        self.command(command, argument, Purpose::Decide { key, hunk, before });
    }

    pub(super) fn note_decision(&mut self, key: usize, accept: bool, hunk: Option<usize>) {
        let is_at_rest = self.desk.is_at_rest();
        let text = self
            .desk
            .page
            .region(key)
            .map(|it| self.desk.page.slice(it.span()));
        let rewrite = &mut self.rewrites[key];
        rewrite.is_asked = true;
        if let Some(hunk) = hunk {
            rewrite.verdicts.insert(hunk, accept);
            return;
        }
        rewrite.decision = Some(accept);
        rewrite.was_accepted |= accept;
        rewrite.edits = 0;
        let shows_it = rewrite.is_proposed() && rewrite.apply != "preview";
        // The model's change to what was deleted and put back is still to come.
        let put_back = |it: &Deleted| {
            let there = text.as_ref().is_some_and(|text| text.contains(&it.what));
            it.whose == Whose::Unclear && there
        };
        let shows_it = shows_it && !rewrite.deleted.iter().any(put_back);
        if accept && shows_it && is_at_rest && rewrite.verdicts.is_empty() {
            rewrite.accepted = text;
        }
    }

    pub(super) fn decide_a_hunk(&mut self, key: usize, accept: bool) {
        let rewrite = &self.rewrites[key];
        // After a word on the whole there is none on a hunk.
        if !rewrite.is_proposed() || rewrite.decision.is_some() {
            return;
        }
        let hunks = rewrite.view["hunks"].as_array().into_iter().flatten();
        let open: Vec<usize> = hunks
            .filter(|it| matches!(it["state"].as_str(), Some("pending" | "conflict")))
            .filter_map(|it| it["index"].as_u64().map(|index| index as usize))
            .filter(|index| !rewrite.verdicts.contains_key(index))
            .collect();
        if let Some(hunk) = self.choose(&open) {
            self.send_decision(key, accept, Some(hunk));
        }
    }

    pub(super) fn interrupt(&mut self, key: usize) {
        let rewrite = &mut self.rewrites[key];
        rewrite.is_interrupted = true;
        rewrite.is_asked = true;
        let argument = json!({ "rewrite": rewrite.id });
        self.command("redline.interrupt", argument, Purpose::Interrupt { key });
    }

    pub(super) fn redirect(&mut self, old: usize, command: &str) {
        let Some(region) = self.desk.page.region(old) else {
            return;
        };
        if region.start == region.end || self.rewrites[old].may_be_stale {
            return;
        }
        let new = self.rewrites.len();
        let mut argument = json!({ "rewrite": self.rewrites[old].id });
        let mut mark = self.rewrites[old].mark;
        if command == "redline.redirect" {
            self.marks += 1;
            mark = self.marks;
            argument["instruction"] = format!("Shout otherwise. [r{mark}]").into();
        }
        let fate = self.fate();
        let rewrite = Rewrite::new(new, mark, self.rewrites[old].apply, fate);
        self.log
            .note(|| format!("person redirects {old} to {new}, {fate:?}"));
        self.rewrites.push(rewrite);
        self.desk.flush(&mut self.log);
        self.begin_after(old, new);
        self.command(command, argument, Purpose::Redirect { old, new });
    }
}
