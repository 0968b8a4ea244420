//! What the person does: types, deletes, undoes, formats, saves, asks, decides. Each act notes what it means for the
//! rewrites it touches; what must hold after it is the oracle's affair.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::json;

use super::manner::Echo;
use super::page::{By, Cell};
use super::rewrite::{Deleted, Level, Whose};
use super::session::{Broken, Mood, Purpose, Session};
use super::words::{CLOSE, OPEN, is_word, parting_tokens, stripped, token, tokens_of, words_of};

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

    pub(super) fn fresh_token(&mut self, with_line_end: bool) -> (u32, String) {
        let number = self.next_token;
        self.next_token += 1;
        let mut text = token(number);
        if with_line_end {
            self.lined.insert(number);
            text += self.draft.eol;
        }
        (number, text)
    }

    pub(super) fn is_inside(&self, at: usize) -> bool {
        self.desk
            .page
            .regions
            .iter()
            .any(|it| it.start < at && at < it.end)
    }

    pub(super) fn may_type_at(&self, at: usize) -> bool {
        let page = &self.desk.page;
        let is_bom = at == 0 && page.cells.first().is_some_and(|cell| cell.ch == '\u{feff}');
        let is_end = at == page.len() && self.desk.manner.whole_lines;
        // Beside another token it could as well be told as standing between that one's characters.
        let beside = [at.checked_sub(1), Some(at)].into_iter().flatten();
        let mut beside = beside.filter_map(|at| page.cells.get(at));
        let is_beside_token = beside.any(|cell| matches!(cell.ch, OPEN | CLOSE));
        !is_bom && !is_end && !is_beside_token && !page.is_inside_unit(at)
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

    /// Types where there is room, outside first.
    pub(super) fn type_anywhere(&mut self) {
        let before = self.next_token;
        self.type_outside();
        if self.next_token == before {
            self.type_inside();
        }
        if self.next_token == before {
            let fits = |at: &usize| !self.desk.page.is_inside_unit(*at);
            let first = (1..=self.desk.page.len()).find(fits);
            self.type_at(&Vec::from_iter(first));
        }
    }

    pub(super) fn type_inside(&mut self) {
        let fits = |at: &usize| self.is_inside(*at) && self.may_type_at(*at);
        let places: Vec<usize> = (0..=self.desk.page.len()).filter(fits).collect();
        self.type_at(&places);
    }

    pub(super) fn type_at(&mut self, places: &[usize]) {
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
    pub(super) fn word_spans(&self) -> Vec<(Range<usize>, String)> {
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

    pub(super) fn token_spans(&self) -> Vec<(Range<usize>, u32)> {
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

    pub(super) fn whose(&self, span: &Range<usize>) -> Whose {
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
    /// The tokens that part a word of a rewrite's base; of the one before it where its own is not known yet.
    pub(super) fn parting_tokens_of(&self, key: usize) -> BTreeSet<u32> {
        let all = std::iter::successors(Some(&self.rewrites[key]), |it| {
            let old = it.follows.filter(|_| it.base.is_none())?;
            Some(&self.rewrites[old])
        });
        all.last()
            .and_then(|it| it.base.as_deref())
            .map_or_else(BTreeSet::new, parting_tokens)
    }

    pub(super) fn delete(&mut self, span: Range<usize>, level: Level) {
        let (words, tokens) = (self.word_spans(), self.token_spans());
        let within = |it: &Range<usize>| span.start <= it.start && it.end <= span.end;
        let mut gone: Vec<(usize, String, Whose)> = Vec::new();
        for region in &self.desk.page.regions {
            if region.end <= span.start || span.end <= region.start {
                continue;
            }
            let parting = self.parting_tokens_of(region.key);
            let rewrite = &mut self.rewrites[region.key];
            rewrite.loosen(level);
            rewrite.is_disputed |= level != Level::Exact;
            // What is left may all be the person's own, typed at an edge that is told as inside.
            rewrite.may_be_stale |= self.desk.page.holds_nothing(region.key, &span);
            // What an undo put back at its edge may stand outside.
            let mut cells = self.desk.page.cells[region.span()].iter();
            let is_vague = rewrite.level == Level::Open && cells.any(|it| it.by == By::Edge);
            rewrite.may_be_stale |= is_vague;
            // Told together with what is deleted next, it may be one deletion of all of the region.
            let crosses = span.start < region.start || region.end < span.end;
            let merges = matches!(self.desk.manner.echo, Echo::Held(_) | Echo::Any);
            rewrite.may_be_stale |= crosses && merges;
            let page = &self.desk.page;
            let cut = span.start.max(region.start)..span.end.min(region.end);
            let text = page.slice(cut.clone());
            // What is left of a word that was parted by typing is no word of the base.
            let around = [
                page.slice(region.start..cut.start),
                page.slice(cut.end..region.end),
            ];
            let bare = around
                .clone()
                .map(|it| stripped(&it, &self.lined).unwrap_or(it));
            let letter = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
            let ends = |it: &[String; 2]| {
                [
                    letter(it[0].chars().next_back()),
                    letter(it[1].chars().next()),
                ]
            };
            let own = [
                letter(text.chars().next()),
                letter(text.chars().next_back()),
            ];
            let (beside, in_base) = (ends(&around), ends(&bare));
            let parted = (0..2).any(|at| own[at] && in_base[at] && !beside[at]);
            let mut gone_tokens = tokens.iter().filter(|(at, _)| cut.contains(&at.start));
            let cuts_at_a_part = gone_tokens.any(|(_, number)| parting.contains(number));
            if parted || cuts_at_a_part {
                rewrite.loosen(Level::Open);
            }
            // All that an edit put, with what was typed in it: that may be taken for its undo, and the base is back.
            let cells = &page.cells[cut.clone()];
            let of_model = |it: &Cell| it.by != By::Text || it.ch == '\n' || it.ch == '\r';
            let puts = cells.iter().any(|it| it.by == By::Server);
            if puts && text.contains('\n') && cells.iter().all(of_model) {
                rewrite.loosen(Level::Open);
            }
            // Lines of the model may stand between the two parts of a word.
            let mut all_tokens = tokens
                .iter()
                .filter(|(at, _)| region.span().contains(&at.start));
            let is_parted = all_tokens.any(|(_, number)| parting.contains(number));
            let has_models = page.cells[region.span()]
                .iter()
                .any(|it| it.by == By::Server);
            // A part of a word of the base and a part of one of the model's, beside each other, are no word.
            let in_token = |at: usize| tokens.iter().any(|(span, _)| span.contains(&at));
            let seen = |at: &usize| !in_token(*at) && !matches!(page.cells[*at].ch, '\r' | '\n');
            let seen: Vec<&Cell> = cut.clone().filter(seen).map(|at| &page.cells[at]).collect();
            let is_mixed = seen.windows(2).any(|pair| {
                let letters = pair.iter().all(|it| it.ch.is_alphanumeric());
                let of = |by: By| pair.iter().any(|it| it.by == by);
                letters && of(By::Server) && of(By::Text)
            });
            if is_mixed || has_models && is_parted && cells.iter().any(|it| it.by == By::Text) {
                rewrite.loosen(Level::Open);
            }
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
        // What says the same further on or back may be all of a region.
        for (key, starts) in self.desk.vaguely_deleted(&span, "") {
            let region = self.desk.page.region(key).map(|it| it.span());
            let all = region.is_some_and(|it| {
                let start = it.start.min(starts.end);
                start >= starts.start && it.end <= start + span.len()
            });
            self.rewrites[key].may_be_stale |= all;
            if !starts.is_empty() {
                self.rewrites[key].loosen(Level::Open);
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

    pub(super) fn choose<T: Clone>(&mut self, from: &[T]) -> Option<T> {
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

    pub(super) fn delete_token(&mut self) {
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
    pub(super) fn delete_words(&mut self, fits: impl Fn(&Session, &Range<usize>) -> bool) {
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

    pub(super) fn delete_outside(&mut self) {
        self.delete_words(|it, span| {
            // Beside a region a deletion could as well be the model's.
            let mut regions = it.desk.page.regions.iter();
            regions.all(|it| span.end < it.start || it.end < span.start)
        });
    }

    /// Inside of a region or across its edge.
    pub(super) fn delete_across(&mut self) {
        self.delete_words(|it, span| {
            let mut regions = it.desk.page.regions.iter();
            regions.any(|it| it.start < span.end && span.start < it.end)
        });
    }

    pub(super) fn delete_region(&mut self) {
        let length = self.desk.page.len();
        let keep_end = self.desk.manner.whole_lines;
        let page = &self.desk.page;
        let regions = page.regions.iter();
        let spans: Vec<Range<usize>> = regions
            .map(|it| it.span())
            .filter(|span| !(span.is_empty() || keep_end && span.end == length))
            .filter(|span| {
                [span.start, span.end]
                    .iter()
                    .all(|at| !page.is_inside_unit(*at))
            })
            .collect();
        if self.person.u8(..3) == 0
            && let Some(span) = self.choose(&spans)
        {
            self.delete(span, Level::Open);
        }
    }

    /// Takes blanks at line ends away and makes tabs of indentation, as a formatter does to the whole file.
    pub(super) fn format(&mut self) {
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
                let page = &self.desk.page;
                rewrite.may_be_stale |= changes
                    .iter()
                    .any(|(span, _)| page.holds_nothing(region.key, span));
            }
        }
        changes.reverse();
        self.log
            .note(|| format!("person formats: {} changes", changes.len()));
        self.desk.person(changes, &mut self.log);
    }

    // The rest.

    /// Asks for what changes nothing.
    pub(super) fn look(&mut self) -> Result<(), Broken> {
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
    pub(super) fn reopen(&mut self) -> Result<(), Broken> {
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
        let text = self.desk.page.text();
        // Nothing tells which line ends a file of one line has.
        if !text.contains('\n') {
            self.draft.eol = "\n";
        }
        let draft = self.draft.clone();
        self.desk.open(&draft, &text, &mut self.log);
        self.type_outside();
        Ok(())
    }
}
