//! What a model has said so far, as far as it matters when its answer breaks off: complete lines are
//! worth a decision, and less is not.

use std::collections::BTreeMap;

use model_protocol::StreamEvent;
use rewrite::RewriteId;

/// The answers that are on their way.
#[derive(Default)]
pub(crate) struct Arrived {
    answers: BTreeMap<RewriteId, Answer>,
    /// Those that broke off, about which nobody has been told yet, and why.
    broken: BTreeMap<RewriteId, String>,
}

/// The beginning of one answer.
#[derive(Default)]
struct Answer {
    /// The line that is not complete yet.
    line: String,
    has_line: bool,
}

impl Arrived {
    /// A piece of an answer came. Costs nothing after the first line.
    pub(crate) fn text(&mut self, id: RewriteId, piece: &str) {
        let answer = self.answers.entry(id).or_default();
        if answer.has_line {
            return;
        }
        answer.line.push_str(piece);
        while let Some(end) = answer.line.find('\n') {
            let rest = answer.line.split_off(end + 1);
            let line = std::mem::replace(&mut answer.line, rest);
            // A fence and blanks around the code are none of it.
            let line = line.trim();
            answer.has_line |= !line.is_empty() && !line.starts_with("```");
        }
    }

    /// The answer broke off after a complete line.
    pub(crate) fn broke_off(&mut self, id: RewriteId, why: &str) -> StreamEvent {
        let reason = why.trim_end_matches('.').to_owned();
        self.broken.insert(id, reason.clone());
        StreamEvent::Incomplete {
            reason,
            usage: None,
        }
    }

    /// Why the answer broke off; told only once.
    pub(crate) fn why(&mut self, id: RewriteId) -> Option<String> {
        self.broken.remove(&id)
    }

    /// The answer is over; whether a complete line of it came.
    pub(crate) fn end(&mut self, id: RewriteId) -> bool {
        self.answers.remove(&id).is_some_and(|it| it.has_line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_counts_once_it_is_complete_and_has_something_on_it() {
        for (pieces, expected) in [
            (&[][..], false),
            (&["one = 1"], false),
            (&["one", " = 1", "\n"], true),
            (&["one = 1\ntw"], true),
            (&["```python\n"], false),
            (&["\n", "```python\n", "  \n", "one"], false),
            (&["```py", "thon\none = 1\n"], true),
        ] {
            let mut arrived = Arrived::default();
            for piece in pieces {
                arrived.text(RewriteId(1), piece);
            }
            assert_eq!(arrived.end(RewriteId(1)), expected, "{pieces:?}");
            assert!(!arrived.end(RewriteId(1)));
        }
    }
}
