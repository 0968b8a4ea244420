//! What must hold, told from plain strings: when an edit was made, when something was said of a rewrite, when one is
//! over, and at the end of the session.

use serde_json::{Value, json};

use super::desk::Edited;
use super::manner::{Echo, Report};
use super::rewrite::{Fate, Level, Plan, Rewrite, Whose};
use super::session::{Broken, Purpose, Session};
use super::words::{is_same_in_lines, stripped, token, tokens_of, words_of};

/// Which of several regions a text belongs to, by its words.
pub(super) fn owner(rewrites: &[Rewrite], homes: &[usize], said: &str) -> Option<usize> {
    let words = words_of(said);
    let knows = |key: &usize| {
        let rewrite = &rewrites[*key];
        words
            .iter()
            .any(|word| rewrite.base().contains(word) || rewrite.target().contains(word))
    };
    let mut known = homes.iter().filter(|key| knows(key));
    match (known.next(), known.next()) {
        (Some(only), None) => Some(*only),
        _ => None,
    }
}

impl Session {
    /// Nobody can tell any more where one region ends and the next begins.
    pub(super) fn join(&mut self, one: usize, other: usize) {
        let mut all = self.rewrites[one].joined.clone();
        all.extend(&self.rewrites[other].joined);
        all.extend([one, other]);
        for key in &all {
            self.rewrites[*key].joined.clone_from(&all);
        }
    }

    /// An edit was made.
    pub(super) fn on_edited(&mut self, edited: &Edited) -> Result<(), Broken> {
        for pair in edited.joined.windows(2) {
            self.join(pair[0], pair[1]);
        }
        for key in &edited.homes {
            let rewrite = &mut self.rewrites[*key];
            rewrite.edits += 1;
            let too_early = match rewrite.apply {
                "live" => false,
                "once" => {
                    let goes_on = !rewrite.has_ended && !rewrite.is_lost;
                    rewrite.is_streaming() && goes_on && !rewrite.is_interrupted
                }
                _ => {
                    rewrite.decision != Some(true)
                        && rewrite.verdicts.is_empty()
                        && !rewrite.is_asked
                }
            };
            let settled =
                !rewrite.is_redirected && !rewrite.is_undone && rewrite.level == Level::Exact;
            // Where a border is lost, what stands in one region may be of the other.
            let alone = edited.joined.is_empty() && rewrite.joined.is_empty();
            if too_early && settled && alone && !self.follows_another(*key) {
                let rewrite = &self.rewrites[*key];
                return Err(format!(
                    "an edit of rewrite {key} too early: it is {}",
                    rewrite.apply
                ));
            }
        }
        Ok(())
    }

    /// Whether a rewrite takes the place of one that had text in the document.
    fn follows_another(&self, key: usize) -> bool {
        self.rewrites[key].follows.is_some()
    }

    /// A rewrite takes another's place.
    pub(super) fn begin_after(&mut self, old: usize, new: usize) {
        let Some(region) = self.desk.page.regions.iter_mut().find(|it| it.key == old) else {
            return;
        };
        region.key = new;
        let span = region.span();
        let text = self.desk.page.slice(span);
        self.rewrites[old].end = Some(text);
        self.rewrites[old].is_redirected = true;
        self.rewrites[old].is_asked = true;
        self.rewrites[new].is_asked = true;
        self.rewrites[new].follows = Some(old);
        // All of it may have been deleted since it was asked for.
        self.rewrites[new].may_be_stale |= self.rewrites[old].may_be_stale;
        for key in self.rewrites[old].joined.clone() {
            self.join(key, new);
        }
        self.desk.page.rebase(new, true);
        self.adopt_tokens(new);
    }

    /// A rewrite with its base; where the model was never asked, with that of the one before it.
    pub(super) fn stand_in(&self, key: usize) -> Option<Rewrite> {
        let rewrite = &self.rewrites[key];
        let mut found = Rewrite::new(key, 0, rewrite.apply, rewrite.fate);
        if rewrite.base.is_none() {
            found = self.stand_in(rewrite.follows?)?;
        } else {
            found.base.clone_from(&rewrite.base);
            found.target.clone_from(&rewrite.target);
        }
        found.deleted.extend(rewrite.deleted.iter().cloned());
        found.loosen(rewrite.level);
        found.is_disputed |= rewrite.is_disputed;
        found.end.clone_from(&rewrite.end);
        Some(found)
    }

    /// The model is asked: by the text that it is sent, the server knows the region as it is.
    pub(super) fn check_asked(&mut self, key: usize, sent: &str, with: &str) -> Result<(), Broken> {
        if let Some(base) = &self.rewrites[key].base {
            let bare = without_break(base);
            return match bare == sent {
                true => Ok(()),
                false => Err(format!("the model is sent {sent:?} and not {bare:?}")),
            };
        }
        let follows = self.rewrites[key].follows;
        let Some(old) = follows.and_then(|old| self.stand_in(old)) else {
            return Err(format!("rewrite {key} follows nothing"));
        };
        // Whether the last line ends is not to be seen in what is sent.
        let with_end = sent.to_owned() + self.draft.eol;
        let fits = |sent: &str| old.compare(sent, old.base(), false, &self.lined).is_ok();
        let ends = match (fits(sent), fits(&with_end)) {
            (false, true) => true,
            (true, false) => false,
            // A line end that was typed with the last token is there if it stood there.
            _ => old.base().ends_with('\n') || self.ends_with_line_typed(&old, sent),
        };
        let sent = if ends { with_end } else { sent.to_owned() };
        let fail =
            |what: String| format!("the model is sent another region than was there: {what}");
        old.compare(&sent, old.base(), false, &self.lined)
            .map_err(fail)?;
        old.check_tokens(&sent, false).map_err(fail)?;
        // One that stands in the base stood beside the model's copy of it, or was replaced by it, and goes back to where it was.
        let stood = tokens_of(old.end.as_deref().unwrap_or_default());
        let copied = tokens_of(old.target());
        let once = |it: &&u32| {
            let stood = stood.iter().filter(|other| other == it).count() == 1;
            stood && !copied.contains(it)
        };
        let typed: Vec<u32> = stood.iter().filter(once).copied().collect();
        let mut sent_tokens = tokens_of(&sent);
        sent_tokens.retain(|it| typed.contains(it));
        // Where edges are blurred, what was typed at them may be inside or not.
        let blurs = matches!(self.desk.manner.report, Report::Any | Report::Lines)
            || matches!(self.desk.manner.echo, Echo::Held(_));
        let length = sent_tokens.len();
        // One that is tried again in the same words, before this one is asked, has none of what was typed since.
        let again = self.is_asked_again(key, without_break(&sent), with);
        let is_other = again.is_some_and(|old| {
            let old = &self.rewrites[old];
            old.is_lost && old.asked_with.as_deref() == Some(with)
        });
        let some = || length == 0 || typed.windows(length).any(|it| it == sent_tokens);
        let fits = sent_tokens == typed || blurs && !is_other && some();
        if old.level != Level::Open && !fits {
            return Err(fail(format!(
                "tokens {sent_tokens:?} where {typed:?} stood"
            )));
        }
        self.rewrites[key].base = Some(sent);
        // Where its edges may lie elsewhere, so may those of the next one there.
        self.rewrites[key].loosen(old.level);
        Ok(())
    }

    /// Where a rewrite is tried once more in the same words: the one before it, whose connection went away, if it is
    /// the one that asks.
    pub(super) fn is_asked_again(&self, key: usize, sent: &str, with: &str) -> Option<usize> {
        let rewrite = &self.rewrites[key];
        let old = rewrite.follows.filter(|_| rewrite.base.is_none())?;
        let old = &self.rewrites[old];
        let done = old.has_ended && old.fate == Fate::Finish;
        let same = old.mark == rewrite.mark && old.target.is_some() && !done;
        // That its connection went away may be heard only after it asks on another.
        let unheard = || old.is_cut_off && old.asked_with.as_deref() == Some(with);
        let may_ask = !old.is_over || old.is_lost || unheard();
        (same && may_ask && without_break(old.base()) == sent).then_some(old.key)
    }

    /// Whether a text ends with a token with which a line end was typed that stood behind it at the end of a rewrite.
    fn ends_with_line_typed(&self, old: &Rewrite, sent: &str) -> bool {
        let last = tokens_of(sent).pop().filter(|it| self.lined.contains(it));
        last.map(token).is_some_and(|last| {
            let stood = old.end.as_deref().unwrap_or_default();
            let mut behind = stood.split(&last).skip(1);
            sent.ends_with(&last) && behind.any(|it| it.starts_with(['\r', '\n']))
        })
    }

    /// Whether what was taken for the request of a rewrite may have been that of the one before it, which was in the same
    /// words and whose connection went away.
    pub(super) fn was_asked_for_another(&self, key: usize) -> bool {
        let rewrite = &self.rewrites[key];
        let old = rewrite.follows.map(|old| &self.rewrites[old]);
        let asked = rewrite.target.is_some();
        old.is_some_and(|old| {
            asked && old.is_lost && old.mark == rewrite.mark && old.base == rewrite.base
        })
    }

    /// Something was said of a rewrite.
    pub(super) fn see(&mut self, key: usize, view: Value) -> Result<(), Broken> {
        let rewrite = &mut self.rewrites[key];
        if rewrite.is_over {
            return match view["state"] == rewrite.view["state"] {
                true => Ok(()),
                false => Err(format!("rewrite {key} was over, and now there is {view}")),
            };
        }
        let was_proposed = rewrite.is_proposed();
        rewrite.view = view;
        let says_undo = rewrite.view["message"]
            .as_str()
            .is_some_and(|it| it.contains("undo"));
        if says_undo && !rewrite.is_undone {
            // To take an edit's text away by hand is as good as an undo.
            let by_hand = rewrite.deleted.iter().any(|it| it.whose != Whose::Base);
            if !by_hand && rewrite.level == Level::Exact {
                return Err(format!("an undo that was none: {}", rewrite.view));
            }
            rewrite.is_undone = true;
            rewrite.plan = None;
            rewrite.accepted = None;
            rewrite.decision = rewrite.decision.filter(|accept| !accept);
        }
        let is_over = matches!(
            rewrite.state(),
            "accepted" | "rejected" | "failed" | "stale"
        );
        let is_settled = rewrite.view["timings"]["decided"].is_number();
        // Of a file that was closed there is nothing more to settle.
        let is_closed = rewrite.state() == "stale" && !self.desk.expects_edits;
        if is_over && (is_settled || is_closed) {
            return self.on_over(key);
        }
        if rewrite.is_proposed() && !was_proposed {
            self.on_proposed(key)?;
        }
        if self.rewrites[key].is_proposed() {
            self.check_hunks(key)?;
        }
        Ok(())
    }

    /// The text of a region as the server knew it when it spoke of it.
    fn told_region(
        &self,
        key: usize,
    ) -> Result<Option<(Vec<super::page::Cell>, usize, usize)>, Broken> {
        let view = &self.rewrites[key].view;
        let text = view["version"]
            .as_i64()
            .and_then(|version| self.desk.text_at(version));
        let Some(text) = text else {
            return Ok(None);
        };
        let span = self.desk.span_in(text, &view["region"])?;
        Ok(Some((text.to_vec(), span.start, span.end)))
    }

    /// What is proposed is the model's text, and hunks and what is kept make up both base and model's text.
    fn on_proposed(&mut self, key: usize) -> Result<(), Broken> {
        let Some((text, start, end)) = self.told_region(key)? else {
            return Ok(());
        };
        // Where exactly an edge is told matters less than what stands there: the editor's own region counts.
        let now = self
            .desk
            .page
            .region(key)
            .filter(|_| text == self.desk.page.cells);
        let (start, end) = now.map_or((start, end), |it| (it.start, it.end));
        let rewrite = &self.rewrites[key];
        if now.is_none() && !self.lined.is_empty() {
            return Ok(());
        }
        if rewrite.is_undone || rewrite.is_redirected || rewrite.level == Level::Open {
            return Ok(());
        }
        if !rewrite.joined.is_empty() {
            return Ok(());
        }
        let fail = |what: String| format!("the proposal {key} is wrong: {what}");
        let slice = |from: usize, to: usize| super::page::text_of(&text[from..to]);
        let is_preview = rewrite.apply == "preview";
        let region = slice(start, end);
        let shown = if is_preview {
            rewrite.base()
        } else {
            rewrite.target()
        };
        if is_preview || rewrite.is_complete() && rewrite.state() == "proposed" {
            rewrite
                .compare_loosely(&region, shown, !is_preview, &self.lined)
                .map_err(fail)?;
        } else {
            rewrite.check_lines(&region, &self.lined).map_err(fail)?;
        }
        let hunks = rewrite.view["hunks"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut plan = Plan {
            kept: Vec::new(),
            old: Vec::new(),
            new: Vec::new(),
        };
        let mut at = start;
        for hunk in &hunks {
            let span = self.desk.span_in(&text, &hunk["range"])?;
            if span.start < at || span.end > end {
                return Err(fail(format!("its hunks overlap or lie outside: {hunk}")));
            }
            plan.kept.push(slice(at, span.start));
            plan.old
                .push(hunk["oldText"].as_str().unwrap_or_default().to_owned());
            plan.new
                .push(hunk["newText"].as_str().unwrap_or_default().to_owned());
            at = span.end;
        }
        plan.kept.push(slice(at, end));
        if hunks.is_empty() {
            return Ok(());
        }
        if rewrite.level == Level::Exact && rewrite.deleted.is_empty() {
            let lined = &self.lined;
            let vague = !self.desk.manner.is_known_to_refuse();
            let made_of = |accepted: bool, whole: &str| {
                let text = plan.text(|_| accepted);
                let result = rewrite.compare_loosely(&text, whole, accepted, lined);
                result.or_else(
                    |wrong| match vague && is_same_in_lines(&text, whole, lined) {
                        true => Ok(()),
                        false => Err(wrong),
                    },
                )
            };
            made_of(false, rewrite.base())
                .map_err(|it| fail(format!("its hunks do not make up the base: {it}")))?;
            if rewrite.is_complete() && rewrite.state() == "proposed" {
                made_of(true, rewrite.target()).map_err(|it| {
                    fail(format!("its hunks do not make up the model's text: {it}"))
                })?;
            }
        }
        self.rewrites[key].plan = Some(plan);
        Ok(())
    }

    /// What is said to stand at a hunk that nobody typed in does stand there.
    fn check_hunks(&self, key: usize) -> Result<(), Broken> {
        let rewrite = &self.rewrites[key];
        let exact = rewrite.level == Level::Exact && rewrite.deleted.is_empty();
        if !exact || rewrite.is_undone || rewrite.is_redirected {
            return Ok(());
        }
        let Some((text, _, _)) = self.told_region(key)? else {
            return Ok(());
        };
        for hunk in rewrite.view["hunks"].as_array().into_iter().flatten() {
            if hunk["state"] != "pending" {
                continue;
            }
            let span = self.desk.span_in(&text, &hunk["range"])?;
            let there = super::page::text_of(&text[span]);
            let there = stripped(&there, &self.lined).unwrap_or(there);
            let must = match rewrite.apply {
                "preview" => &hunk["oldText"],
                _ => &hunk["newText"],
            };
            let must = must.as_str().unwrap_or_default();
            let must = stripped(must, &self.lined).unwrap_or_else(|_| must.to_owned());
            if must != there {
                return Err(format!("a hunk of {key} stands for {there:?}: {hunk}"));
            }
        }
        Ok(())
    }

    /// The same text again: then there is nothing to decide.
    fn say_again(asked: &mut super::model::Asked, text: &str) {
        asked.stream.begin();
        asked.stream.say(text);
        asked.stream.complete();
    }

    /// Asks for a rewrite of the whole document, only to see what text the server has; then lets it be.
    pub(super) fn probe_all(&mut self) -> Result<(), Broken> {
        if self
            .desk
            .page
            .text()
            .trim_matches('\u{feff}')
            .trim()
            .chars()
            .count()
            < 2
        {
            self.type_outside();
        }
        if self.desk.has_moved_unseen {
            self.type_outside();
        }
        let text = self.desk.page.text();
        let tokens = tokens_of(&text);
        let twice = tokens
            .iter()
            .filter(|it| tokens.iter().filter(|other| other == it).count() > 1);
        // A stream that was cut short, and a hunk that is accepted without another, may leave a line of the base beside
        // the model's copy of it.
        let may_be = |token: &u32| {
            self.rewrites.iter().any(|it| {
                let is_part = it.is_interrupted || !it.is_complete() || !it.verdicts.is_empty();
                let is_copy = it.state() == "accepted" || !it.verdicts.is_empty();
                is_part && is_copy && it.tokens.contains(token) || it.level == Level::Open
            })
        };
        if !twice.clone().all(may_be) {
            return Err(format!("a token stands twice: {tokens:?}"));
        }
        if self.has_diagnostics {
            self.wait("the end of all hints", |it| Ok(!it.has_diagnostics))?;
        }
        if self
            .desk
            .page
            .text()
            .trim_matches('\u{feff}')
            .trim()
            .is_empty()
        {
            return Ok(());
        }
        self.desk.flush(&mut self.log);
        let whole = 0..self.desk.page.len();
        let argument = json!({
            "uri": self.desk.uri, "range": self.desk.range(&whole), "apply": "preview",
            "instruction": "Say nothing. [probe]",
        });
        let id = self.command("redline.rewrite", argument, Purpose::Ignored);
        let answer = self
            .answer_to(id)?
            .map_err(|error| format!("the probe is refused: {error}"))?;
        let told = self
            .desk
            .span_in(&self.desk.page.cells, &answer["region"])?;
        let must = self.desk.page.slice(told);
        self.wait("the probe", |it| Ok(it.probe.is_some()))?;
        let Some(mut asked) = self.probe.take() else {
            return Ok(());
        };
        if without_break(&must) != asked.region {
            return Err(format!(
                "the server has {:?}, the editor {must:?}",
                asked.region
            ));
        }
        Session::say_again(&mut asked, &must);
        let id = answer["rewrite"].as_u64();
        self.wait("the end of the model", |it| {
            // A connection that another session drops may be this one's too; then it is asked again.
            if let Some(mut asked) = it.probe.take() {
                Session::say_again(&mut asked, &must);
            }
            Ok(it.last_state(id).is_some_and(is_ended))
        })?;
        if self.last_state(id) == Some("proposed") {
            // The model's words may still be taken for something else than text.
            let argument = json!({ "rewrite": id });
            self.command("redline.reject", argument, Purpose::Ignored);
        }
        self.wait("the end of the probe", |it| Ok(it.is_over_by_word(id)))?;
        let argument = json!({ "uri": self.desk.uri });
        let id = self.command("redline.list", argument, Purpose::List);
        let list = self.answer_to(id)?.unwrap_or_default();
        let is_open = |it: &&Value| {
            !matches!(
                it["state"].as_str(),
                Some("accepted" | "rejected" | "failed" | "stale")
            )
        };
        match list.as_array().into_iter().flatten().find(is_open) {
            Some(open) => Err(format!("all was decided, but there is {open}")),
            // Unless the person typed once more, to tell of a version that had moved.
            None if self.desk.page.text() != text
                && tokens_of(&self.desk.page.text()).len() == tokens.len() =>
            {
                Err("the text has changed since".to_owned())
            }
            None => Ok(()),
        }
    }
}

fn without_break(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// Whether nothing more comes from the model in this state.
fn is_ended(state: &str) -> bool {
    !matches!(state, "requested" | "streaming")
}
