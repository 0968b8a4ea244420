//! What must hold when a rewrite is over: in which way it may be over, and what its region has come to.

use std::collections::BTreeSet;
use std::ops::Range;

use super::manner::Report;
use super::page::{Page, Region};
use super::rewrite::{Fate, Rewrite};
use super::session::{Broken, Session};
use super::words::stripped;

impl Session {
    /// A rewrite is over: its region is what it must be.
    pub(super) fn on_over(&mut self, key: usize) -> Result<(), Broken> {
        let page = &self.desk.page;
        let span = page.region(key).map(Region::span);
        let text = span.clone().map(|span| page.slice(span));
        // A report of more than what changed, or of lines, does not tell which blanks and brackets are left.
        let vague = matches!(self.desk.manner.report, Report::Any | Report::Lines)
            && !page.holds_letters(key);
        self.rewrites[key].may_be_stale |= vague;
        if self.rewrites[key].joined.is_empty() {
            self.desk.page.end(key);
        }
        let rewrite = &mut self.rewrites[key];
        rewrite.is_over = true;
        rewrite.is_cut_off = rewrite.stream.take().is_some();
        if rewrite.is_redirected {
            return Ok(());
        }
        if !rewrite.joined.is_empty() {
            self.check_state(key)?;
            return self.check_joined(key);
        }
        let Some(text) = text else {
            return match rewrite.may_be_stale {
                true => Ok(()),
                false => Err(format!("rewrite {key} has lost its region")),
            };
        };
        rewrite.end = Some(text.clone());
        let rewrite = &self.rewrites[key];
        if rewrite.state() == "stale" {
            return match rewrite.may_be_stale {
                true => Ok(()),
                false => Err(format!(
                    "rewrite {key} is stale: {}",
                    rewrite.view["message"]
                )),
            };
        }
        self.check_state(key)?;
        self.check_end(key, &text)
            .map_err(|it| format!("rewrite {key} is {}: {it}", self.rewrites[key].state()))?;
        if let Some(span) = span {
            self.forget_line_ends(key, &span);
        }
        Ok(())
    }

    /// A line end that was typed with a token before the rewrite was asked for is part of its base, and the model's to
    /// take: whoever rewrites the text after that knows the token without it.
    fn forget_line_ends(&mut self, key: usize, span: &Range<usize>) {
        let page = &self.desk.page;
        let mut around = span.clone();
        while around.start > 0 && is_break(page, around.start - 1) {
            around.start -= 1;
        }
        while around.end < page.len() && is_break(page, around.end) {
            around.end += 1;
        }
        // Nothing lies beyond what is looked at.
        let text = format!(".{}.", page.slice(around));
        let tokens = &self.rewrites[key].tokens;
        self.lined.retain(|token| {
            let is_whole = || stripped(&text, &BTreeSet::from([*token])).is_ok();
            !tokens.contains(token) || is_whole()
        });
    }

    /// Whether it may be over in that way.
    fn check_state(&self, key: usize) -> Result<(), Broken> {
        let rewrite = &self.rewrites[key];
        let no_hunks = rewrite.view["hunks"].as_array().is_none_or(Vec::is_empty);
        let all = |verdict: bool| rewrite.verdicts.values().all(|it| *it == verdict);
        let partly = !rewrite.verdicts.is_empty();
        let cut_short = rewrite.is_interrupted || matches!(rewrite.fate, Fate::Fail(..));
        // Its connection may have carried another session's answer that was to break; that is told late.
        let message = rewrite.view["message"].to_string();
        let lost = message.contains("closed the connection");
        let fits = match rewrite.state() {
            "failed" if lost => true,
            "failed" => {
                matches!(rewrite.fate, Fate::Fail(..)) && rewrite.has_ended || rewrite.is_lost
            }
            "accepted" => {
                rewrite.decision == Some(true)
                    || rewrite.was_accepted
                    || partly && !(all(false) && rewrite.decision.is_none())
                    || no_hunks
            }
            "stale" => rewrite.may_be_stale,
            "rejected" => {
                rewrite.decision == Some(false)
                    || partly && all(false)
                    || rewrite.is_undone
                    || no_hunks && (cut_short || lost)
            }
            _ => false,
        };
        match fits {
            true => Ok(()),
            false => Err(format!(
                "rewrite {key} is {} by itself: {}",
                rewrite.state(),
                rewrite.view["message"]
            )),
        }
    }

    /// What a region must have come to, and whether as something accepted; none where nobody can tell.
    fn expected(&self, key: usize) -> Option<(String, bool)> {
        let rewrite = &self.rewrites[key];
        let base = (rewrite.base.clone()?, false);
        match rewrite.state() {
            "stale" => return None,
            "failed" => return Some(base),
            _ => {}
        }
        if !rewrite.verdicts.is_empty() {
            let plan = rewrite.plan.as_ref().filter(|_| !rewrite.is_undone)?;
            let whole = rewrite.granted.or(rewrite.decision);
            let text = plan.text(|hunk| {
                rewrite
                    .verdicts
                    .get(&hunk)
                    .copied()
                    .or(whole)
                    .unwrap_or(false)
            });
            return Some((text, true));
        }
        if rewrite.state() == "rejected" {
            return Some(base);
        }
        if rewrite.is_undone {
            return None;
        }
        let no_hunks = rewrite.view["hunks"].as_array().is_none_or(Vec::is_empty);
        if no_hunks && rewrite.plan.is_none() {
            // The model changed nothing.
            return Some(base);
        }
        (rewrite.is_complete() && !rewrite.is_interrupted)
            .then(|| (rewrite.target().to_owned(), true))
    }

    fn check_end(&self, key: usize, text: &str) -> Result<(), Broken> {
        let rewrite = &self.rewrites[key];
        if rewrite.base.is_none() {
            if rewrite.state() == "accepted" && rewrite.is_undone {
                return Ok(());
            }
            let stand_in = self.stand_in(key);
            return stand_in.map_or(Ok(()), |it| it.compare(text, it.base(), false, &self.lined));
        }
        if let Some(accepted) = &rewrite.accepted
            && rewrite.state() == "accepted"
        {
            // Accepting changes nothing.
            rewrite.compare_loosely(text, accepted, false, &self.lined)?;
        }
        let Some((expected, accepted)) = self.expected(key) else {
            return rewrite.check_lines(text, &self.lined);
        };
        match rewrite.verdicts.is_empty() {
            true => {
                rewrite.compare(text, &expected, accepted, &self.lined)?;
                rewrite.check_tokens(text, accepted)
            }
            false => rewrite.compare_loosely(text, &expected, true, &self.lined),
        }
    }

    /// Regions whose borders are lost are looked at together, when all are over.
    fn check_joined(&mut self, key: usize) -> Result<(), Broken> {
        let all = self.rewrites[key].joined.clone();
        if !all.iter().all(|key| self.rewrites[*key].is_over) {
            return Ok(());
        }
        let (mut start, mut end) = (usize::MAX, 0);
        let mut order = Vec::new();
        for region in self
            .desk
            .page
            .regions
            .iter()
            .filter(|it| all.contains(&it.key))
        {
            (start, end) = (start.min(region.start), end.max(region.end));
            order.push(region.key);
        }
        for key in &all {
            self.desk.page.end(*key);
        }
        if order.is_empty() {
            return Ok(());
        }
        let text = self.desk.page.slice(start..end);
        let mut whole = Rewrite::new(key, 0, "live", Fate::Finish);
        let mut must = String::new();
        // A line end that was there before is the model's to take.
        let mut lined = self.lined.clone();
        let parted = order
            .iter()
            .any(|key| !self.parting_tokens_of(*key).is_empty());
        for key in order {
            let rewrite = &self.rewrites[key];
            let Some((expected, _)) = self.expected(key) else {
                return Ok(());
            };
            must += &expected;
            lined.retain(|it| !rewrite.tokens.contains(it));
            whole.loosen(rewrite.level);
            whole.is_disputed |= rewrite.has_disputes();
            whole.deleted.extend(rewrite.deleted.iter().cloned());
        }
        // What is left of a parted word and what comes to stand beside it may by chance look like a word.
        if parted && !whole.deleted.is_empty() {
            return Ok(());
        }
        let compare = |lined| whole.compare_loosely(&text, &must, true, lined);
        compare(&self.lined)
            .or_else(|_| compare(&lined))
            .map_err(|it| format!("of {all:?}: {it}"))
    }
}

fn is_break(page: &Page, at: usize) -> bool {
    matches!(page.cells[at].ch, '\r' | '\n')
}
