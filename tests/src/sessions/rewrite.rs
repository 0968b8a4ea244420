//! What a session knows of one rewrite: its base and the model's text as plain strings, what the person did to it,
//! and from these what its region must come to. Editors, versions and messages are not known here.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use serde_json::Value;

use super::model::Stream;
use super::words::{
    OPEN, known_words_of, parting_tokens, stripped, stripped_of, tokens_of, without, words_of,
};

/// How closely a region's text can be foretold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// To the byte, tokens aside.
    Exact,
    /// By its words: the person changed white space inside.
    Words,
    /// Not at all: the person undid or redid what lies under it.
    Open,
}

/// How the model's answer goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Finish,
    /// After so many pieces.
    Fail(usize, Failure),
    /// Stands still after so many pieces, until the person does something.
    Stall(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Failed,
    Error,
    Dropped,
    CutShort,
    Refused,
    Empty,
}

/// Whose text it was that the person took away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Whose {
    /// Untouched base.
    Base,
    Model,
    /// Who can say.
    Unclear,
}

#[derive(Clone, Debug)]
pub(super) struct Deleted {
    pub(super) what: String,
    pub(super) whose: Whose,
}

/// A proposal in pieces: what is kept, and what of base and model stands between.
#[derive(Clone, Debug)]
pub(super) struct Plan {
    pub(super) kept: Vec<String>,
    pub(super) old: Vec<String>,
    pub(super) new: Vec<String>,
}

impl Plan {
    /// The region's text where each hunk is accepted or not.
    pub(super) fn text(&self, accepted: impl Fn(usize) -> bool) -> String {
        let mut text = self.kept[0].clone();
        for (index, kept) in self.kept[1..].iter().enumerate() {
            text += if accepted(index) {
                &self.new[index]
            } else {
                &self.old[index]
            };
            text += kept;
        }
        text
    }
}

#[derive(Debug)]
pub(super) struct Rewrite {
    pub(super) key: usize,
    /// Stands in its instruction.
    pub(super) mark: usize,
    pub(super) id: Option<u64>,
    pub(super) apply: &'static str,
    /// The region's text as the rewrite began; none until the model is asked, where an earlier one was redirected.
    pub(super) base: Option<String>,
    /// The rewrite that it took the place of.
    pub(super) follows: Option<usize>,
    /// The tokens that stood there then.
    pub(super) tokens: Vec<u32>,
    /// What the model is to make of it.
    pub(super) target: Option<String>,
    pub(super) fate: Fate,
    pub(super) pieces: VecDeque<String>,
    pub(super) said: usize,
    pub(super) stream: Option<Stream>,
    /// All that the model was sent last.
    pub(super) asked_with: Option<String>,
    /// What was asked before and has no end yet, with what is left to say, how much is said, and whether it has begun.
    pub(super) spare: Option<(Stream, VecDeque<String>, usize, bool)>,
    pub(super) has_begun: bool,
    /// The model has said all that it will say.
    pub(super) has_ended: bool,
    /// Its connection went away under it.
    pub(super) is_lost: bool,
    /// It ended while its model had a connection.
    pub(super) is_cut_off: bool,
    pub(super) level: Level,
    pub(super) deleted: Vec<Deleted>,
    /// The person deleted more of the base than words.
    pub(super) is_disputed: bool,
    pub(super) may_be_stale: bool,
    pub(super) is_undone: bool,
    pub(super) is_interrupted: bool,
    pub(super) is_redirected: bool,
    /// Shares its region's edge with these, and an edit went across.
    pub(super) joined: BTreeSet<usize>,
    pub(super) decision: Option<bool>,
    /// The server has answered that this is decided: what is said later comes too late.
    pub(super) granted: Option<bool>,
    /// It was accepted once, whatever came after that.
    pub(super) was_accepted: bool,
    pub(super) view: Value,
    /// The region as it was accepted.
    pub(super) accepted: Option<String>,
    pub(super) plan: Option<Plan>,
    pub(super) verdicts: BTreeMap<usize, bool>,
    /// A question about it is on its way.
    pub(super) is_asked: bool,
    pub(super) is_over: bool,
    /// Edits of it since it began or was decided.
    pub(super) edits: usize,
    /// What its region held when it was over.
    pub(super) end: Option<String>,
}

impl Rewrite {
    pub(super) fn new(key: usize, mark: usize, apply: &'static str, fate: Fate) -> Rewrite {
        Rewrite {
            key,
            mark,
            id: None,
            apply,
            base: None,
            follows: None,
            tokens: Vec::new(),
            target: None,
            fate,
            pieces: VecDeque::new(),
            said: 0,
            stream: None,
            spare: None,
            has_begun: false,
            has_ended: false,
            is_lost: false,
            is_cut_off: false,
            level: Level::Exact,
            deleted: Vec::new(),
            is_disputed: false,
            may_be_stale: false,
            is_undone: false,
            is_interrupted: false,
            is_redirected: false,
            joined: BTreeSet::new(),
            decision: None,
            granted: None,
            was_accepted: false,
            view: Value::Null,
            accepted: None,
            plan: None,
            verdicts: BTreeMap::new(),
            asked_with: None,
            is_asked: false,
            is_over: false,
            edits: 0,
            end: None,
        }
    }

    /// As if the model had not been asked yet.
    pub(super) fn forget_model(&mut self) {
        (self.base, self.target, self.stream) = (None, None, None);
        self.pieces.clear();
        (self.said, self.has_begun, self.has_ended) = (0, false, false);
    }

    pub(super) fn state(&self) -> &str {
        self.view["state"].as_str().unwrap_or("requested")
    }

    /// Whether its hunks can be decided.
    pub(super) fn is_proposed(&self) -> bool {
        matches!(self.state(), "proposed" | "interrupted")
    }

    pub(super) fn is_streaming(&self) -> bool {
        matches!(self.state(), "requested" | "streaming")
    }

    pub(super) fn base(&self) -> &str {
        self.base.as_deref().unwrap_or_default()
    }

    pub(super) fn target(&self) -> &str {
        self.target.as_deref().unwrap_or_default()
    }

    /// Whether the whole answer came.
    pub(super) fn is_complete(&self) -> bool {
        // Another session's answer that was to break the connection may have taken the end of this one with it.
        let message = self.view["message"].as_str().unwrap_or_default();
        let is_cut_off = message.contains("closed the connection");
        self.has_ended && self.fate == Fate::Finish && self.target.is_some() && !is_cut_off
    }

    pub(super) fn loosen(&mut self, level: Level) {
        self.level = self.level.max(level);
    }

    /// Whether a token of the base stands within a word of it: with the token gone, what is left of the word is none.
    pub(super) fn is_parted_by(&self, token: u32) -> bool {
        let base = self.base.as_deref();
        base.is_some_and(|it| parting_tokens(it).contains(&token))
    }

    /// Whether a word of the base stands in the model's text in a line that is the same.
    fn keeps_line_of(&self, word: &str) -> bool {
        let holds = |line: &&str| holds(line, word);
        let line = self.base().lines().find(holds);
        line.is_some() && self.target().lines().find(holds) == line
    }

    /// Whether the person deleted of the base what the model changes too. Then the deletion stands, and how much of
    /// the model's change goes with it cannot be told.
    pub(super) fn has_disputes(&self) -> bool {
        if self.is_disputed {
            return true;
        }
        let kept = |it: &Deleted| it.whose == Whose::Model || self.keeps_line_of(&it.what);
        !self.deleted.iter().all(kept)
    }

    /// Whether words are all of the model's text, in order, and none is missing of the lines that it keeps and that
    /// nobody touched.
    fn is_part_of_target(&self, words: &[&str], must: &str) -> bool {
        let gone = |word: &&str| self.deleted.iter().any(|it| it.what == *word);
        let mut left = self.words_in(must, must).into_iter();
        let in_order = words.iter().all(|word| left.any(|it| it == *word));
        let base: BTreeSet<&str> = self.base().lines().collect();
        let mut kept = must.lines().filter(|line| base.contains(line));
        let whole = kept.all(|line| {
            let all = words_of(line);
            all.iter().any(gone) || all.iter().all(|word| words.contains(word))
        });
        in_order && whole
    }

    /// Whether what the person deleted must be gone when this is accepted, or rejected.
    fn is_surely_gone(&self, deleted: &Deleted, accepted: bool) -> bool {
        match (deleted.whose, accepted) {
            (Whose::Base, false) | (Whose::Model, true) => true,
            (Whose::Base, true) => {
                !holds(self.target(), &deleted.what) || self.keeps_line_of(&deleted.what)
            }
            (Whose::Model, false) => !holds(self.base(), &deleted.what),
            (Whose::Unclear, _) => false,
        }
    }

    /// Whether a region's text is what it must be, tokens aside.
    ///
    /// # Errors
    /// What it is instead.
    pub(super) fn compare(
        &self,
        actual: &str,
        expected: &str,
        accepted: bool,
        lined: &BTreeSet<u32>,
    ) -> Result<(), String> {
        self.weigh(actual, expected, lined, accepted, |deleted| {
            self.is_surely_gone(deleted, accepted)
        })
    }

    /// As [`Rewrite::compare`], with all that was deleted left aside.
    pub(super) fn compare_loosely(
        &self,
        actual: &str,
        expected: &str,
        accepted: bool,
        lined: &BTreeSet<u32>,
    ) -> Result<(), String> {
        self.weigh(actual, expected, lined, accepted, |_| false)
    }

    /// The words of a text: its own, and those of the base, the model and `other` that touch each other in it.
    fn words_in<'a>(&'a self, text: &'a str, other: &'a str) -> Vec<&'a str> {
        let all = [text, other, self.base(), self.target()];
        known_words_of(text, &all.into_iter().flat_map(words_of).collect())
    }

    fn weigh(
        &self,
        actual: &str,
        expected: &str,
        lined: &BTreeSet<u32>,
        accepted: bool,
        is_surely_gone: impl Fn(&Deleted) -> bool,
    ) -> Result<(), String> {
        if self.level == Level::Open {
            return Ok(());
        }
        let strip = |text: &str| match stripped(text, lined) {
            Err(_) if self.level == Level::Words => stripped(text, &BTreeSet::new()),
            result => result,
        };
        let (mut is, mut must) = (strip(actual)?, strip(expected)?);
        if accepted && self.has_disputes() {
            // What was put back after it was taken away is the person's own, or the base's again.
            let put_back = |word: &&str| self.deleted.iter().any(|it| it.what == *word);
            let mut words = self.words_in(&is, &must);
            words.retain(|it| !put_back(it));
            return match self.is_part_of_target(&words, &must) {
                true => Ok(()),
                false => Err(format!("{is:?} where no more than {must:?} may be")),
            };
        }
        for deleted in &self.deleted {
            let what = deleted.what.as_str();
            let (had, has) = (must.matches(what).count(), is.matches(what).count());
            let gone = is_surely_gone(deleted);
            if had > 1 && (has + 1 == had || has == had && !gone) {
                // A stream that was cut short may leave a word of the base beside the model's copy; which of the two was
                // deleted is not known here.
                must = must.replace(what, "");
                is = is.replace(what, "");
                continue;
            }
            must = without(must, what);
            if !gone {
                is = without(is, what);
            }
        }
        let same = match self.level {
            Level::Exact => is == must,
            _ => self.words_in(&is, &must) == self.words_in(&must, &is),
        };
        match same {
            true => Ok(()),
            false => Err(format!("{is:?} where {must:?} must be")),
        }
    }

    /// Whether the tokens that stood in the base are still there, each once and in order.
    ///
    /// # Errors
    /// What is missing or too much.
    pub(super) fn check_tokens(&self, actual: &str, accepted: bool) -> Result<(), String> {
        if self.level == Level::Open {
            return Ok(());
        }
        let base = tokens_of(self.base());
        let is: Vec<u32> = tokens_of(actual)
            .into_iter()
            .filter(|it| base.contains(it))
            .collect();
        let mut must = base;
        let mut unclear = BTreeSet::new();
        for deleted in self.deleted.iter().filter(|it| it.what.starts_with(OPEN)) {
            let number = tokens_of(&deleted.what)[0];
            if self.is_surely_gone(deleted, accepted) {
                must.retain(|it| *it != number);
            } else {
                unclear.insert(number);
            }
        }
        let clear = |all: Vec<u32>| -> Vec<u32> {
            all.into_iter().filter(|it| !unclear.contains(it)).collect()
        };
        let (is, must) = (clear(is), clear(must));
        match is == must {
            true => Ok(()),
            false => Err(format!(
                "tokens {is:?} where {must:?} must be, in {actual:?}"
            )),
        }
    }

    /// A stream that was cut short leaves whole lines only, of the base or the model.
    ///
    /// # Errors
    /// The line that is neither.
    pub(super) fn check_lines(&self, actual: &str, lined: &BTreeSet<u32>) -> Result<(), String> {
        if self.level != Level::Exact || !self.deleted.is_empty() || self.is_undone {
            return Ok(());
        }
        // The tokens of the base are part of its lines and the model's.
        let base = tokens_of(self.base());
        let is = stripped_of(actual, lined, |token| !base.contains(&token))?;
        let (base, target) = (self.base(), self.target());
        let known: BTreeSet<&str> = base.lines().chain(target.lines()).chain([""]).collect();
        match is.lines().find(|line| !known.contains(line)) {
            Some(line) => Err(format!("half a line, {line:?}, in {is:?}")),
            None => Ok(()),
        }
    }
}

/// Whether a word or token stands in a text; a token may stand in the middle of a word.
fn holds(text: &str, what: &str) -> bool {
    let bare = || stripped(text, &BTreeSet::new());
    text.contains(what) || bare().is_ok_and(|it| it.contains(what))
}
