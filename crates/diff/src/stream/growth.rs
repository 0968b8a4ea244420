//! When the incomplete last line may be shown while it grows. It never decides which old text goes.

use super::{Output, StreamingDiff};
use crate::lines::content;
use crate::similarity::begins_alike;

/// Old lines ahead that the growing line may still turn out to be.
const AHEAD: usize = 48;
/// Old lines ahead that the growing line may turn out to be a changed version of.
const ALIKE: usize = 3;
/// Bytes of content after which a line can be told from changed versions of others.
const TELLING: usize = 12;

/// What is known about the incomplete last line.
#[derive(Default)]
pub(super) struct Growth {
    state: State,
    shown: Shown,
}

#[derive(Default)]
enum State {
    /// It begins the line `line` of the old text; `compared` bytes of content are known to be equal.
    #[default]
    Unknown,
    BeginsNext {
        compared: usize,
    },
    /// It begins some of the lines ahead.
    BeginsSome {
        lines: Vec<usize>,
        compared: usize,
    },
    /// No old line ahead begins so.
    New,
    /// It stays hidden until it is complete.
    Held,
}

/// The part of the incomplete last line that is shown.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) bytes: usize,
    /// Ours, between the shown part and the old rest, so that no old line is touched.
    pub(super) line_break: &'static str,
}

impl Growth {
    /// Bytes of the line that are shown.
    pub(super) fn shown(&self) -> usize {
        self.shown.bytes
    }

    /// The line break of ours behind the shown part.
    pub(super) fn line_break(&self) -> &'static str {
        self.shown.line_break
    }

    /// The line is complete or gone.
    pub(super) fn take(&mut self) -> Shown {
        self.state = State::Unknown;
        std::mem::take(&mut self.shown)
    }
}

impl StreamingDiff {
    /// Looks at the incomplete last line after it grew, and shows it if it cannot be an old one.
    pub(super) fn grow(&mut self, out: &mut Output<'_>) {
        if !self.held.is_empty() || matches!(self.growth.state, State::Held) {
            return;
        }
        if self.growth.shown.bytes == 0 && !self.may_show() {
            return;
        }
        // A `\r` may be the first half of a line end, and must not meet the line break behind it.
        let end = self.tail.trim_end_matches('\r').len();
        let shown = &mut self.growth.shown;
        if shown.bytes == 0 && self.next < self.old.len() {
            shown.line_break = self.old.line_end();
            let mut line = self.tail[..end].to_owned();
            line.push_str(shown.line_break);
            out.splice(self.settled, 0, &line);
        } else {
            out.splice(self.settled + shown.bytes, 0, &self.tail[shown.bytes..end]);
        }
        shown.bytes = end;
    }

    fn may_show(&mut self) -> bool {
        let indentation = self.tail.len() - self.tail.trim_ascii_start().len();
        let line = self.tail.as_bytes()[indentation..].trim_ascii_end();
        if line.is_empty() {
            return false;
        }
        // What is compared already stays compared, so that a very long line costs no more than its length.
        let begins = |old: usize, compared: usize| {
            let old = content(self.old.line(old)).as_bytes();
            old.len() >= line.len() && old[compared..line.len()] == line[compared..]
        };
        let ahead = self.next..self.old.len().min(self.next + AHEAD);
        if let State::Unknown | State::BeginsNext { .. } = self.growth.state {
            let compared = if let State::BeginsNext { compared } = self.growth.state {
                compared
            } else {
                0
            };
            if !ahead.is_empty() && begins(self.next, compared) {
                self.growth.state = State::BeginsNext {
                    compared: line.len(),
                };
                return false;
            }
            let lines: Vec<usize> = ahead
                .clone()
                .skip(1)
                .filter(|&old| begins(old, 0))
                .collect();
            self.growth.state = State::BeginsSome {
                lines,
                compared: line.len(),
            };
        } else if let State::BeginsSome { lines, compared } = &mut self.growth.state {
            lines.retain(|&old| begins(old, *compared));
            *compared = line.len();
        }
        if let State::BeginsSome { lines, .. } = &self.growth.state
            && !lines.is_empty()
        {
            return false;
        }
        self.growth.state = State::New;
        if ahead.is_empty() {
            return true;
        }
        if line.len() < TELLING {
            return false;
        }
        let mut near = ahead.take(ALIKE);
        if near.any(|old| begins_alike(self.old.shaped(old), &self.tail)) {
            self.growth.state = State::Held;
            return false;
        }
        true
    }
}
