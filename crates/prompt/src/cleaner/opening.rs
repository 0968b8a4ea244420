//! What an answer begins with: code, a fence, an echoed region tag, chatter or a refusal.
//! Holds everything until that is known; what it decides never depends on how the stream was cut.

use super::fence::{Fence, Marker, RegionEnd};
use super::tokens::{Held, Token};
use super::{Shape, Unusable, prose};

const REGION: &str = "<region>";

/// Where prose may be what was asked for, an answer of more lines than this is no refusal.
const REFUSAL_LINES: usize = 2;

/// The end of the opening.
#[derive(Debug)]
pub(super) struct Verdict {
    /// Where the answer ends.
    pub(super) fence: Fence,
    /// What was held and belongs to the answer.
    pub(super) held: Vec<Held>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// No line that is not blank has come.
    Start,
    /// Behind a fence: only a region tag is of interest.
    InFence(Marker),
    /// Only talk has come, so many lines of it that are not blank.
    Talk { refusal: bool, lines: usize },
}

/// What becomes of a complete line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Judgement {
    /// Held: the next line decides.
    Keep,
    /// Not part of the answer.
    Drop,
    /// This line and all that is held is the answer.
    Code,
}

#[derive(Clone, Debug)]
pub(super) struct Opening {
    shape: Shape,
    state: State,
    region_open: bool,
    /// Complete lines.
    held: Vec<Held>,
    /// The line that is coming in.
    line: String,
}

impl Opening {
    pub(super) fn new(shape: Shape) -> Self {
        Opening {
            shape,
            state: State::Start,
            region_open: false,
            held: Vec::new(),
            line: String::new(),
        }
    }

    pub(super) fn take(&mut self, token: Token<'_>) -> Option<Verdict> {
        let kind = match token {
            Token::Text(text) => {
                self.line.push_str(text);
                return (!self.may_be_special()).then(|| self.code());
            }
            Token::Break(kind) => kind,
        };
        let judgement = self.judge();
        if judgement == Judgement::Drop {
            self.line.clear();
            return None;
        }
        self.hold_line();
        self.held.push(Held::Break(kind));
        (judgement == Judgement::Code).then(|| self.code())
    }

    pub(super) fn end(mut self) -> Result<Verdict, Unusable> {
        match self.judge() {
            Judgement::Code => return Ok(self.code()),
            Judgement::Drop => self.line.clear(),
            Judgement::Keep => self.hold_line(),
        }
        match self.state {
            State::Talk { refusal: true, .. } => Err(Unusable::Refusal(self.words())),
            State::Talk { .. } if !self.shape.prose => Err(Unusable::Prose(self.words())),
            _ => Ok(self.code()),
        }
    }

    /// Whether the line, of which only the beginning is known, may turn out to be anything but code.
    fn may_be_special(&self) -> bool {
        let line = self.line.as_str();
        let text = line.trim_start();
        if text.is_empty() {
            return true;
        }
        match self.state {
            State::Talk { .. } => true,
            State::InFence(_) => self.may_be_tag(),
            State::Start => {
                let fence = ["```", "~~~"]
                    .iter()
                    .any(|fence| text.starts_with(fence) || fence.starts_with(text));
                fence || self.may_be_tag() || prose::may_be_talk(line)
            }
        }
    }

    fn may_be_tag(&self) -> bool {
        let line = self.line.as_str();
        !self.region_open
            && !self.shape.has_region_tag
            && (REGION.starts_with(line) || line.trim_end() == REGION)
    }

    fn judge(&mut self) -> Judgement {
        let line = self.line.as_str();
        if line.trim().is_empty() {
            return Judgement::Keep;
        }
        if !matches!(self.state, State::Talk { .. })
            && line.trim_end() == REGION
            && self.may_be_tag()
        {
            self.region_open = true;
            self.held.clear();
            return Judgement::Drop;
        }
        if let State::InFence(_) = self.state {
            return Judgement::Code;
        }
        if let Some((marker, info)) = Marker::opening(line)
            && self.shape.takes_outer_fence(info)
        {
            self.state = State::InFence(marker);
            self.held.clear();
            return Judgement::Drop;
        }
        match self.state {
            State::Talk { refusal, lines } => self.judge_talk(refusal, lines),
            _ => {
                let refusal = prose::is_refusal(line, self.shape.prose);
                if !refusal && !self.announces() {
                    return Judgement::Code;
                }
                self.state = State::Talk { refusal, lines: 1 };
                Judgement::Keep
            }
        }
    }

    /// Where prose may be what was asked for, only the plainest announcement may be dropped before a fence.
    fn announces(&self) -> bool {
        if self.shape.prose {
            self.line.trim_end().ends_with(':') && prose::is_announcement(&self.line)
        } else {
            prose::is_chatter(&self.line)
        }
    }

    fn judge_talk(&mut self, refusal: bool, lines: usize) -> Judgement {
        let lines = lines + 1;
        let goes_on = if refusal {
            !self.shape.prose || lines <= REFUSAL_LINES
        } else {
            !self.shape.prose && prose::goes_on(&self.line)
        };
        if goes_on {
            self.state = State::Talk { refusal, lines };
            return Judgement::Keep;
        }
        if !refusal && !self.shape.prose && lines == 2 && self.held_announcement() {
            self.held.clear();
        }
        Judgement::Code
    }

    /// Whether the one line of talk that is held is "Here is the code:" or the like.
    fn held_announcement(&self) -> bool {
        let words = self.words_held();
        let words = words.trim();
        words.ends_with(':') && prose::is_announcement(words)
    }

    fn hold_line(&mut self) {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.held.push(Held::Text(line));
        }
    }

    fn code(&mut self) -> Verdict {
        self.hold_line();
        let marker = match self.state {
            State::InFence(marker) => Some(marker),
            _ => None,
        };
        let region = if self.region_open {
            RegionEnd::Expected
        } else if self.shape.has_region_tag {
            RegionEnd::Text
        } else {
            RegionEnd::Possible
        };
        Verdict {
            fence: Fence::new(marker, self.shape.fenced, region),
            held: std::mem::take(&mut self.held),
        }
    }

    fn words_held(&self) -> String {
        let mut words = String::new();
        for token in &self.held {
            match token {
                Held::Text(text) => words.push_str(text),
                Held::Break(_) => words.push('\n'),
            }
        }
        words
    }

    fn words(&self) -> String {
        self.words_held().trim().to_owned()
    }
}
