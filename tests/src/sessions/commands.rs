//! Commands and their answers, and what is told of rewrites: to whom each belongs. What must hold of it is in
//! `oracle`.

use std::ops::Range;

use serde_json::{Value, json};

use super::page::Region;
use super::session::{Broken, Purpose, Session};
use super::words::tokens_of;

impl Session {
    // Commands.

    pub(super) fn request(&mut self, method: &str, params: Value, purpose: Purpose) -> u64 {
        self.desk.flush(&mut self.log);
        let id = self.link.request(method, params.clone(), &self.sender);
        self.log.note(|| format!("-> {method} {id} {params}"));
        self.pending.insert(id, purpose);
        id
    }

    pub(super) fn command(&mut self, command: &str, argument: Value, purpose: Purpose) -> u64 {
        let params = json!({ "command": command, "arguments": [argument] });
        self.request("workspace/executeCommand", params, purpose)
    }

    /// Waits for the answer of a question with edits held back: the text stays as it was asked about.
    pub(super) fn answer_to(&mut self, id: u64) -> Result<Result<Value, Value>, Broken> {
        self.is_waiting = true;
        let waited = self.wait("an answer", |it| Ok(it.answers.contains_key(&id)));
        self.is_waiting = false;
        waited?;
        self.answers
            .remove(&id)
            .ok_or_else(|| "no answer".to_owned())
    }

    pub(super) fn on_answer(
        &mut self,
        id: u64,
        result: Result<Value, Value>,
    ) -> Result<(), Broken> {
        self.log
            .note(|| format!("<- answer {id} {}", shown(&result)));
        let Some(purpose) = self.pending.remove(&id) else {
            return Err(format!("an answer to {id}, which nobody asked"));
        };
        self.answers.insert(id, result.clone());
        match (purpose, result) {
            (Purpose::Start { key, span, whole }, Ok(answer)) => {
                self.on_started(key, &span, whole, &answer)
            }
            (Purpose::Start { key, span, .. }, Err(error)) => {
                // What is told of more than what changed may be at the edge of another one, which may be over by now; and what
                // was typed there may seem to have come with an edit that this editor is yet to refuse.
                let vague = !self.desk.manner.is_known_to_refuse() && key > 0;
                if (vague || self.touches_an_unclear_one(&span))
                    && error["data"]["reason"] == "undecided"
                {
                    self.rewrites[key].is_over = true;
                    self.desk.page.end(key);
                    return Ok(());
                }
                Err(format!("a rewrite is refused: {error}"))
            }
            (Purpose::Redirect { old, new }, Ok(answer)) => {
                let id = answer["rewrite"].as_u64();
                self.rewrites[new].id = id;
                self.rewrites[new].is_asked = false;
                self.rewrites[old].is_asked = false;
                self.meet(id)
            }
            (Purpose::Redirect { old, new }, Err(error)) => {
                // It was over by then; the new one has never been.
                self.rewrites[new].is_over = true;
                self.rewrites[new].is_asked = false;
                self.rewrites[old].is_asked = false;
                self.late(old, &error)
            }
            (Purpose::Decide { key, .. }, Ok(answer)) => {
                let rewrite = &mut self.rewrites[key];
                rewrite.is_asked = false;
                if matches!(answer["state"].as_str(), Some("accepted" | "rejected")) {
                    rewrite.granted = Some(rewrite.decision == Some(true));
                }
                Ok(())
            }
            (Purpose::Decide { key, hunk, before }, Err(error)) => {
                self.rewrites[key].is_asked = false;
                if let Some(hunk) = hunk {
                    self.rewrites[key].verdicts.remove(&hunk);
                }
                if hunk.is_some() && self.rewrites[key].is_undone {
                    return Ok(());
                }
                // What was decided before holds.
                self.rewrites[key].decision = before;
                self.late(key, &error)
            }
            (Purpose::Interrupt { key }, Ok(_)) => {
                self.rewrites[key].is_asked = false;
                Ok(())
            }
            (Purpose::Interrupt { key }, Err(error)) => {
                self.rewrites[key].is_asked = false;
                self.late(key, &error)
            }
            (Purpose::Overlap, Ok(answer)) => {
                Err(format!("two rewrites of the same text: {answer}"))
            }
            (Purpose::Overlap, Err(error)) => match error["data"]["reason"] == "undecided" {
                true => Ok(()),
                false => Err(format!("refused for another reason: {error}")),
            },
            (Purpose::Actions { key, title, accept }, Ok(answer)) => {
                self.rewrites[key].is_asked = false;
                self.on_actions(key, title, accept, &answer);
                Ok(())
            }
            (Purpose::List | Purpose::Ignored, Ok(_)) => Ok(()),
            (purpose, Err(error)) => Err(format!("{purpose:?} is refused: {error}")),
        }
    }

    /// Whether a span is beside a region of which nobody can tell how far it reaches, or beside a rewrite that failed and
    /// is yet to put its text back: what was typed beside an edit at the border of two is in the one that the edit is of.
    fn touches_an_unclear_one(&self, span: &Range<usize>) -> bool {
        self.rewrites.iter().enumerate().any(|(key, rewrite)| {
            let region = self.desk.page.region(key).map(Region::span);
            let touches = region.is_some_and(|it| it.start <= span.end && span.start <= it.end);
            let unclear = rewrite.state() == "failed" || !rewrite.joined.is_empty();
            !rewrite.is_over && unclear && touches
        })
    }

    /// A command came too late, and only for that reason may it be refused.
    pub(super) fn late(&self, key: usize, error: &Value) -> Result<(), Broken> {
        let why = error["data"]["reason"].as_str().unwrap_or_default();
        match why {
            // Then its end is told too; the session waits for that before it ends itself.
            "over" | "unknown" | "undecided" => Ok(()),
            _ => Err(format!("rewrite {key} is refused a command: {error}")),
        }
    }

    pub(super) fn on_started(
        &mut self,
        key: usize,
        span: &Range<usize>,
        whole: bool,
        answer: &Value,
    ) -> Result<(), Broken> {
        let id = answer["rewrite"].as_u64();
        self.rewrites[key].id = id;
        if !whole {
            let told = self
                .desk
                .span_in(&self.desk.page.cells, &answer["region"])?;
            if told.start > span.start || told.end < span.end {
                return Err(format!("{told:?} does not hold the selection {span:?}"));
            }
            self.desk.page.end(key);
            self.desk.page.begin(key, told.clone());
            self.rewrites[key].base = Some(self.desk.page.slice(told));
            self.adopt_tokens(key);
        }
        self.meet(id)?;
        for asked in std::mem::take(&mut self.early) {
            self.on_asked(asked)?;
        }
        Ok(())
    }

    /// Whether the last word of a rewrite that is none of ours was its end.
    pub(super) fn is_over_by_word(&self, id: Option<u64>) -> bool {
        let view = id.and_then(|id| self.strangers.get(&id));
        view.is_some_and(|view| view["timings"]["decided"].is_number())
    }

    /// What was said last of a rewrite that is none of ours.
    pub(super) fn last_state(&self, id: Option<u64>) -> Option<&str> {
        self.strangers.get(&id?)?["state"].as_str()
    }

    /// What was said of a rewrite before its number was known.
    pub(super) fn meet(&mut self, id: Option<u64>) -> Result<(), Broken> {
        let early = id.and_then(|id| self.strangers.remove(&id));
        early.map_or(Ok(()), |view| self.on_changed(view))
    }

    /// The tokens in a region are part of its base from now on.
    pub(super) fn adopt_tokens(&mut self, key: usize) {
        if let Some(region) = self.desk.page.region(key) {
            let tokens = tokens_of(&self.desk.page.slice(region.span()));
            for token in &tokens {
                self.desk.live.remove(token);
            }
            self.rewrites[key].tokens = tokens;
        }
    }

    pub(super) fn on_changed(&mut self, view: Value) -> Result<(), Broken> {
        let id = view["rewrite"].as_u64();
        let Some(key) = self
            .rewrites
            .iter()
            .position(|it| it.id == id && id.is_some())
        else {
            self.strangers.insert(id.unwrap_or_default(), view);
            return Ok(());
        };
        self.log.note(|| {
            let hunks = view["hunks"].as_array().map_or(0, Vec::len);
            let over = view["timings"]["decided"].is_number();
            format!(
                "<- rewrite {key} is {} at {} with {hunks} hunks{} {}",
                view["state"],
                view["version"],
                if over { ", over" } else { "" },
                view["message"],
            )
        });
        self.see(key, view)
    }
}

fn shown(result: &Result<Value, Value>) -> String {
    let text = match result {
        Ok(value) => value.to_string(),
        Err(error) => format!("error {error}"),
    };
    text.chars().take(300).collect()
}
