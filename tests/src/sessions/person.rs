//! What the person does: types, deletes, undoes, formats, saves, asks, decides. Each act notes what it means for the
//! rewrites it touches; what must hold after it is the oracle's affair.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::{Value, json};

use super::page::{By, Splice};
use super::rewrite::{Deleted, Failure, Fate, Level, Rewrite, Whose};
use super::session::{Broken, Mood, Purpose, Session};
use super::words::{CLOSE, OPEN, is_word, stripped, token, tokens_of, words_of};

impl Session {
    /// One act, by the mood.
    pub(super) fn act(&mut self) -> Result<(), Broken> {
        let calm = self.person.u8(..5) == 0;
        if calm {
            return Ok(());
        }
        let common = self.person.u8(..24);
        match common {
            0 | 1 => return self.steer(),
            2 => return self.look(),
            3 if self.person.u8(..3) == 0 => {
                self.desk.save(&mut self.log);
                return Ok(());
            }
            _ => {}
        }
        let wild = matches!(self.mood, Mood::Wild);
        match self.mood {
            Mood::Outside => self.type_outside(),
            Mood::Inside => match self.person.u8(..5) {
                0 | 1 => self.type_outside(),
                _ => self.type_inside(),
            },
            Mood::Deleting => match self.person.u8(..10) {
                0 | 1 => self.type_outside(),
                2 | 3 => self.type_inside(),
                4 => self.delete_token(),
                5 => self.delete_outside(),
                6 => self.delete_across(),
                _ => self.delete_word(),
            },
            Mood::Undoing => match self.person.u8(..10) {
                0 | 1 => self.type_outside(),
                2..5 => self.type_inside(),
                5 => self.delete_word(),
                6 => self.step(false),
                _ => self.step(true),
            },
            Mood::Wild => match self.person.u8(..12) {
                0 | 1 => self.type_inside(),
                2 => self.type_outside(),
                3 => self.step(true),
                4 => self.delete_word(),
                5 => self.delete_across(),
                6 => self.delete_region(),
                7 => self.format(),
                8 => self.delete_outside(),
                9 => return self.reopen(),
                _ => self.type_inside(),
            },
        }
        if !wild && self.person.u8(..60) == 0 {
            self.format();
        }
        if self.desk.manner.previews && self.person.u8(..40) == 0 {
            self.desk.preview(&mut self.log);
        }
        Ok(())
    }

    // Typing.

    fn fresh_token(&mut self, with_line_end: bool) -> (u32, String) {
        let number = self.next_token;
        self.next_token += 1;
        let mut text = token(number);
        if with_line_end {
            self.lined.insert(number);
            text += self.draft.eol;
        }
        (number, text)
    }

    fn is_inside(&self, at: usize) -> bool {
        self.desk
            .page
            .regions
            .iter()
            .any(|it| it.start < at && at < it.end)
    }

    fn may_type_at(&self, at: usize) -> bool {
        let page = &self.desk.page;
        let is_bom = at == 0 && page.cells.first().is_some_and(|cell| cell.ch == '\u{feff}');
        let is_end = at == page.len() && self.desk.manner.whole_lines;
        // Before another token it could as well be told as standing behind that one's first character.
        let is_before_token = page.cells.get(at).is_some_and(|cell| cell.ch == OPEN);
        !is_bom && !is_end && !is_before_token && !page.is_inside_unit(at)
    }

    pub(super) fn type_outside(&mut self) {
        let edges: Vec<usize> = self
            .desk
            .page
            .regions
            .iter()
            .flat_map(|it| [it.start, it.end])
            .collect();
        let places: Vec<usize> = match edges.is_empty() || self.person.u8(..4) > 0 {
            true => (0..=self.desk.page.len()).collect(),
            false => edges,
        };
        let fits = |at: &usize| !self.is_inside(*at) && self.may_type_at(*at);
        let places: Vec<usize> = places.into_iter().filter(fits).collect();
        self.type_at(&places);
    }

    pub(super) fn type_inside(&mut self) {
        let fits = |at: &usize| self.is_inside(*at) && self.may_type_at(*at);
        let places: Vec<usize> = (0..=self.desk.page.len()).filter(fits).collect();
        self.type_at(&places);
    }

    fn type_at(&mut self, places: &[usize]) {
        let Some(at) = places
            .get(self.person.usize(..places.len().max(1)))
            .copied()
        else {
            return;
        };
        let with_line_end = self.person.u8(..5) == 0;
        let (number, text) = self.fresh_token(with_line_end);
        let inside = self.is_inside(at);
        self.log.note(|| {
            let place = if inside { "inside" } else { "outside" };
            format!("person types {text:?} {place} at {at}")
        });
        self.desk.person(vec![(at..at, text)], &mut self.log);
        if inside {
            self.desk.live.insert(number);
        }
    }

    // Deleting.

    /// The words of the page, with where they stand.
    fn word_spans(&self) -> Vec<(Range<usize>, String)> {
        let cells = &self.desk.page.cells;
        let mut spans = Vec::new();
        let mut at = 0;
        while at < cells.len() {
            let start = at;
            while cells
                .get(at)
                .is_some_and(|cell| cell.ch.is_ascii_alphabetic())
            {
                at += 1;
            }
            let run = self.desk.page.slice(start..at);
            if is_word(&run) {
                spans.push((start..at, run));
            }
            at += usize::from(at == start);
        }
        spans
    }

    fn token_spans(&self) -> Vec<(Range<usize>, u32)> {
        let cells = &self.desk.page.cells;
        let mut spans = Vec::new();
        for (start, cell) in cells.iter().enumerate() {
            if cell.ch != OPEN {
                continue;
            }
            let length = cells[start..].iter().position(|cell| cell.ch == CLOSE);
            if let Some(length) = length {
                let span = start..start + length + 1;
                if let [number] = tokens_of(&self.desk.page.slice(span.clone()))[..] {
                    spans.push((span, number));
                }
            }
        }
        spans
    }

    fn whose(&self, span: &Range<usize>) -> Whose {
        let all = |by: By| {
            self.desk.page.cells[span.clone()]
                .iter()
                .all(|it| it.by == by)
        };
        match () {
            () if all(By::Text) => Whose::Base,
            () if all(By::Server) => Whose::Model,
            () => Whose::Unclear,
        }
    }

    /// Notes what a deletion takes out of the regions that it reaches into, and makes it.
    fn delete(&mut self, span: Range<usize>, level: Level) {
        let (words, tokens) = (self.word_spans(), self.token_spans());
        let within = |it: &Range<usize>| span.start <= it.start && it.end <= span.end;
        let mut gone: Vec<(usize, String, Whose)> = Vec::new();
        for region in &self.desk.page.regions {
            if region.end <= span.start || span.end <= region.start {
                continue;
            }
            let rewrite = &mut self.rewrites[region.key];
            rewrite.loosen(level);
            rewrite.is_disputed |= level != Level::Exact;
            rewrite.may_be_stale |= span.start <= region.start && region.end <= span.end;
            let page = &self.desk.page;
            let cut = span.start.max(region.start)..span.end.min(region.end);
            let text = page.slice(cut.clone());
            let bare = stripped(&text, &self.lined);
            let bare = bare
                .or_else(|_| stripped(&text, &BTreeSet::new()))
                .unwrap_or(text);
            for what in words_of(&bare) {
                let whole = words
                    .iter()
                    .find(|(at, word)| cut.contains(&at.start) && word == what);
                let whose = whole.map_or(Whose::Unclear, |(at, _)| self.whose(at));
                gone.push((region.key, what.to_owned(), whose));
            }
            for (at, number) in tokens
                .iter()
                .filter(|(at, _)| within(at) && cut.contains(&at.start))
            {
                if self.rewrites[region.key].tokens.contains(number) {
                    gone.push((region.key, token(*number), self.whose(at)));
                }
            }
        }
        for (_, number) in tokens.iter().filter(|(at, _)| within(at)) {
            self.desk.live.remove(number);
            if !gone.iter().any(|(_, what, _)| *what == token(*number)) {
                self.desk.gone.insert(*number);
            }
        }
        for (key, what, whose) in gone {
            self.rewrites[key].deleted.push(Deleted { what, whose });
        }
        self.log
            .note(|| format!("person deletes {:?}", self.desk.page.slice(span.clone())));
        self.desk.person(vec![(span, String::new())], &mut self.log);
    }

    fn choose<T: Clone>(&mut self, from: &[T]) -> Option<T> {
        from.get(self.person.usize(..from.len().max(1))).cloned()
    }

    pub(super) fn delete_word(&mut self) {
        let regions = &self.desk.page.regions;
        let inside = |span: &Range<usize>| {
            regions
                .iter()
                .any(|it| it.start <= span.start && span.end <= it.end)
        };
        let spans: Vec<Range<usize>> = self
            .word_spans()
            .into_iter()
            .map(|it| it.0)
            .filter(inside)
            .collect();
        if let Some(span) = self.choose(&spans) {
            self.delete(span, Level::Exact);
        }
    }

    fn delete_token(&mut self) {
        let spans: Vec<Range<usize>> = self
            .token_spans()
            .into_iter()
            .filter(|(_, number)| !self.lined.contains(number))
            .map(|it| it.0)
            .collect();
        if let Some(span) = self.choose(&spans) {
            self.delete(span, Level::Exact);
        }
    }

    /// From the start of one word to that of another, as `fits`.
    fn delete_words(&mut self, fits: impl Fn(&Session, &Range<usize>) -> bool) {
        let words = self.word_spans();
        let Some(first) = self.choose(&(0..words.len()).collect::<Vec<_>>()) else {
            return;
        };
        let last = first + 1 + self.person.usize(..5);
        let Some((end, _)) = words.get(last) else {
            return;
        };
        let span = words[first].0.start..end.start;
        if fits(self, &span) {
            self.delete(span, Level::Words);
        }
    }

    fn delete_outside(&mut self) {
        self.delete_words(|it, span| {
            // Beside a region a deletion could as well be the model's.
            let mut regions = it.desk.page.regions.iter();
            regions.all(|it| span.end < it.start || it.end < span.start)
        });
    }

    /// Inside of a region or across its edge.
    fn delete_across(&mut self) {
        self.delete_words(|it, span| {
            let mut regions = it.desk.page.regions.iter();
            regions.any(|it| it.start < span.end && span.start < it.end)
        });
    }

    fn delete_region(&mut self) {
        let length = self.desk.page.len();
        let keep_end = self.desk.manner.whole_lines;
        let regions = self.desk.page.regions.iter();
        let spans: Vec<Range<usize>> = regions
            .map(|it| it.span())
            .filter(|span| !span.is_empty() && !(keep_end && span.end == length))
            .collect();
        if self.person.u8(..3) == 0
            && let Some(span) = self.choose(&spans)
        {
            self.delete(span, Level::Open);
        }
    }

    /// Takes blanks at line ends away and makes tabs of indentation, as a formatter does to the whole file.
    fn format(&mut self) {
        let cells = &self.desk.page.cells;
        let with_tabs = self.person.bool();
        let mut changes: Vec<(Range<usize>, String)> = Vec::new();
        let mut line = 0;
        for at in 0..=cells.len() {
            let ends = cells
                .get(at)
                .is_none_or(|cell| matches!(cell.ch, '\r' | '\n'));
            if !ends || at < line {
                continue;
            }
            let blank = |cell: &&super::page::Cell| matches!(cell.ch, ' ' | '\t');
            let blanks = cells[line..at].iter().rev().take_while(blank).count();
            let indent = cells[line..at]
                .iter()
                .take_while(|cell| cell.ch == ' ')
                .count();
            if with_tabs && indent >= 4 && indent < at - line {
                changes.push((line..line + 4, "\t".to_owned()));
            }
            if blanks > 0 {
                changes.push((at - blanks..at, String::new()));
            }
            line = at + 1;
            if cells.get(at).is_some_and(|cell| cell.ch == '\r') {
                line = at + 2;
            }
        }
        if changes.is_empty() {
            return;
        }
        for region in &self.desk.page.regions {
            let near = |span: &Range<usize>| span.start <= region.end && region.start <= span.end;
            if changes.iter().any(|(span, _)| near(span)) {
                let rewrite = &mut self.rewrites[region.key];
                rewrite.loosen(Level::Words);
                // White space alone may be all that a region shows.
                rewrite.may_be_stale |= changes
                    .iter()
                    .any(|(span, _)| span.start <= region.start && region.end <= span.end);
            }
        }
        changes.reverse();
        self.log
            .note(|| format!("person formats: {} changes", changes.len()));
        self.desk.person(changes, &mut self.log);
    }

    // Undo.

    pub(super) fn step(&mut self, back: bool) {
        let before = tokens_of(&self.desk.page.text());
        let made = self.desk.step(back, &mut self.log);
        if made.is_empty() {
            return;
        }
        for splice in &made {
            self.note_step(splice, back);
        }
        for region in &self.desk.page.regions {
            let rewrite = &mut self.rewrites[region.key];
            rewrite.may_be_stale |= region.swallowed;
            let text = self.desk.page.slice(region.span());
            let text = stripped(&text, &BTreeSet::new()).unwrap_or(text);
            let back = rewrite.deleted.iter_mut();
            for deleted in back.filter(|it| text.contains(&it.what)) {
                deleted.whose = Whose::Unclear;
            }
        }
        let text = self.desk.page.text();
        let after = tokens_of(&text);
        for number in before.iter().filter(|it| !after.contains(it)) {
            let in_base = self.note_token(*number);
            if !in_base {
                self.desk.gone.insert(*number);
            }
            self.desk.live.remove(number);
        }
        for (span, number) in self.token_spans() {
            if before.contains(&number) {
                continue;
            }
            self.desk.gone.remove(&number);
            if !self.note_token(number) && self.is_inside(span.start + 1) {
                self.desk.live.insert(number);
            }
        }
    }

    /// Whether a token belongs to a base; what becomes of it there is unclear then.
    fn note_token(&mut self, number: u32) -> bool {
        let what = token(number);
        let mut found = false;
        for rewrite in self.rewrites.iter_mut().filter(|it| !it.is_over) {
            if rewrite.tokens.contains(&number) {
                found = true;
                let what = what.clone();
                rewrite.deleted.push(Deleted {
                    what,
                    whose: Whose::Unclear,
                });
            }
        }
        found
    }

    fn note_step(&mut self, splice: &Splice, back: bool) {
        let end = splice.at + splice.put.len();
        for region in self.desk.page.regions.clone() {
            let rewrite = &mut self.rewrites[region.key];
            if splice.by_server && splice.homes.contains(&region.key) {
                rewrite.is_undone = true;
                rewrite.plan = None;
                rewrite.accepted = None;
                // Once it is decided, what an undo brings back is plain text.
                if rewrite.decision.is_some() || !rewrite.verdicts.is_empty() {
                    rewrite.loosen(Level::Open);
                }
                rewrite.decision = rewrite.decision.filter(|accept| !accept);
                if !back {
                    rewrite.loosen(Level::Open);
                }
                continue;
            }
            if end < region.start || region.end < splice.at {
                continue;
            }
            if splice.by_server {
                // Of an earlier rewrite, under this one.
                rewrite.loosen(Level::Open);
                continue;
            }
            rewrite.accepted = None;
            rewrite.plan = None;
            // What is put back at an edge may have been taken from inside or outside.
            if !splice.put.is_empty() && (end == region.start || splice.at == region.end) {
                rewrite.loosen(Level::Open);
                self.desk
                    .page
                    .widen(region.key, splice.at.min(region.start), end.max(region.end));
            }
            let (put, removed) = (
                super::page::text_of(&splice.put),
                super::page::text_of(&splice.removed),
            );
            for text in [put, removed] {
                for what in words_of(&text) {
                    let what = what.to_owned();
                    rewrite.deleted.push(Deleted {
                        what,
                        whose: Whose::Unclear,
                    });
                }
                if text.contains(char::is_whitespace) {
                    rewrite.loosen(Level::Words);
                }
            }
        }
    }

    // Asking.

    /// Asks for a rewrite somewhere; gives whether there was room.
    pub(super) fn ask(&mut self) -> Result<bool, Broken> {
        let Some((span, whole)) = self.selection() else {
            return Ok(false);
        };
        let key = self.rewrites.len();
        self.marks += 1;
        let fate = self.fate();
        let apply = ["live", "live", "live", "once", "preview"][self.person.usize(..5)];
        let mut rewrite = Rewrite::new(key, self.marks, apply, fate);
        rewrite.base = Some(self.desk.page.slice(span.clone()));
        self.desk.flush(&mut self.log);
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

    fn fate(&mut self) -> Fate {
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
    fn selection(&mut self) -> Option<(Range<usize>, bool)> {
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
                    let other = inside.last().map_or(one.clone(), |it| it.0.clone());
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
            let text = page.slice(start..end);
            if apart && text.contains(char::is_alphanumeric) {
                return Some((start..end, whole));
            }
        }
        None
    }

    // Steering.

    /// Something about one of the rewrites.
    fn steer(&mut self) -> Result<(), Broken> {
        let open: Vec<usize> = self
            .rewrites
            .iter()
            .filter(|it| !it.is_over && !it.is_asked && !it.is_redirected && it.id.is_some())
            .filter(|it| it.decision.is_none() && (it.is_streaming() || it.is_proposed()))
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
    fn ask_over(&mut self, key: usize) -> Result<(), Broken> {
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
                self.note_decision(key, accept, None);
                let command = if accept {
                    "redline.accept"
                } else {
                    "redline.reject"
                };
                self.command(command, argument, Purpose::Decide { key, hunk: None });
            }
            None => self.send_decision(key, accept, None),
        }
    }

    fn send_decision(&mut self, key: usize, accept: bool, hunk: Option<usize>) {
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
        self.command(command, argument, Purpose::Decide { key, hunk });
    }

    fn note_decision(&mut self, key: usize, accept: bool, hunk: Option<usize>) {
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
        if accept && shows_it && is_at_rest && rewrite.verdicts.is_empty() {
            rewrite.accepted = text;
        }
    }

    pub(super) fn decide_a_hunk(&mut self, key: usize, accept: bool) {
        let rewrite = &self.rewrites[key];
        if !rewrite.is_proposed() {
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

    fn redirect(&mut self, old: usize, command: &str) {
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

    // The rest.

    /// Asks for what changes nothing.
    fn look(&mut self) -> Result<(), Broken> {
        match self.person.u8(..3) {
            0 => {
                let argument = json!({ "uri": self.desk.uri });
                self.command("redline.list", argument, Purpose::List);
            }
            1 => {
                let at = self.person.usize(..=self.desk.page.len());
                self.desk.flush(&mut self.log);
                let params = json!({
                    "textDocument": { "uri": self.desk.uri }, "range": self.desk.range(&(at..at)),
                    "context": { "diagnostics": [] },
                });
                self.request("textDocument/codeAction", params, Purpose::Ignored);
            }
            _ => {
                let params = json!({ "textDocument": { "uri": self.desk.uri } });
                self.request("textDocument/codeLens", params, Purpose::Ignored);
            }
        }
        Ok(())
    }

    /// Closes the document and opens it again, with all that was in it.
    fn reopen(&mut self) -> Result<(), Broken> {
        if self.person.u8(..6) > 0 || !self.pending.is_empty() {
            return Ok(());
        }
        for rewrite in self.rewrites.iter_mut().filter(|it| !it.is_over) {
            rewrite.may_be_stale = true;
            rewrite.loosen(Level::Open);
        }
        self.desk.close(&mut self.log);
        self.wait("the end of all rewrites of a closed file", |it| {
            Ok(it.rewrites.iter().all(|it| it.is_over))
        })?;
        let argument = json!({ "uri": self.desk.uri });
        let id = self.command("redline.list", argument, Purpose::List);
        let list = self.answer_to(id)?.unwrap_or_default();
        if list.as_array().is_some_and(|it| !it.is_empty()) {
            return Err(format!("a closed file still has {list}"));
        }
        let (draft, text) = (self.draft.clone(), self.desk.page.text());
        self.desk.open(&draft, &text, &mut self.log);
        self.type_outside();
        Ok(())
    }
}
