//! What is sent ahead of a rewrite: the file around the selection, when a document is opened, when a selection is
//! made, and when typing has rested. When, of what, and how much of it.
//!
//! Not here: the words (crate `prompt`), whether it can leave now without being in the way (crate
//! `model-client`), and going on from it (there too).

use std::ops::Range;
use std::time::Instant;

use rewrite::{State, Time};
use text::ChangeSet;
use tower_lsp::ls_types::Uri;

use super::{Engine, OpenDocument};

/// Nothing larger is sent ahead.
const MOST_BYTES: usize = 1 << 20;
/// So many bytes may leave one after the other, and so many more each second.
const BURST: usize = 2 << 20;
const BYTES_PER_SECOND: usize = 64 << 10;
/// Between one time and the next, in microseconds.
const GAP: Time = 300_000;
/// Editors open many documents at once; the last one is what the user looks at.
const AFTER_OPENING: Time = 100_000;
/// So long nothing is typed before a document is sent anew; each time costs its tokens.
const REST: Time = 1_500_000;

/// How much may be sent ahead, over time. Pure: time comes in, a verdict goes out.
#[derive(Debug, Default)]
struct Budget {
    /// Bytes that have left and are not made up for yet.
    spent: usize,
    /// All bytes that had left when it was last asked.
    sent: u64,
    at: Time,
    next: Time,
}

/// What the budget says to so many bytes.
#[derive(Debug, PartialEq)]
enum Verdict {
    Now,
    At(Time),
    Never,
}

impl Budget {
    /// Whether so many bytes may leave, after `sent` have left in all. What the link finds that the server has
    /// already does not leave, and costs nothing.
    fn spend(&mut self, bytes: usize, sent: u64, now: Time) -> Verdict {
        if bytes > MOST_BYTES {
            return Verdict::Never;
        }
        let made_up =
            (now.saturating_sub(self.at) as usize).saturating_mul(BYTES_PER_SECOND) / 1_000_000;
        if made_up > 0 {
            self.spent = self.spent.saturating_sub(made_up);
            self.at = now;
        }
        self.spent += sent.saturating_sub(self.sent) as usize;
        self.sent = sent;
        let over = (self.spent + bytes).saturating_sub(BURST);
        let wait = (over * 1_000_000).div_ceil(BYTES_PER_SECOND) as Time;
        let at = self.next.max(self.at + wait);
        if over > 0 || at > now {
            return Verdict::At(at.max(now + 1));
        }
        self.next = now + GAP;
        Verdict::Now
    }
}

/// What is to be sent ahead next, and what has been.
#[derive(Debug, Default)]
pub(super) struct Speculation {
    budget: Budget,
    wanted: Option<Wanted>,
    /// The document of what was handed over last: the link may still hold it back.
    handed: Option<String>,
    /// The document that was wanted last: the one at which the user is.
    current: Option<String>,
}

#[derive(Debug)]
struct Wanted {
    uri: String,
    /// Bytes; without one, the document as a whole.
    selected: Option<Range<usize>>,
    due: Time,
    /// Because typing rests.
    rests: bool,
}

impl Speculation {
    pub(super) fn due(&self) -> Option<Time> {
        self.wanted.as_ref().map(|it| it.due)
    }
}

impl Engine {
    /// When something is to be sent ahead.
    pub(super) fn next_speculation(&self) -> Option<Instant> {
        let due = self.speculation.due()?;
        Some(self.started + std::time::Duration::from_micros(due))
    }

    /// A document was opened.
    pub(super) fn speculate_on_opening(&mut self, uri: &Uri) {
        self.speculate(uri, None, AFTER_OPENING, false);
    }

    /// A selection was made, in bytes.
    pub(super) fn speculate_on_selection(&mut self, uri: &Uri, selected: Range<usize>) {
        self.speculate(uri, Some(selected), 0, false);
    }

    /// The document at which the user is changed: what the server knows of it is stale, and worth sending anew
    /// when nothing more is typed.
    pub(super) fn speculate_on_rest(&mut self, uri: &Uri, changes: &[ChangeSet]) {
        if self.speculation.current.as_deref() != Some(uri.as_str()) {
            return;
        }
        let last = changes.last().map(ChangeSet::changes);
        let last = last.as_ref().and_then(|it| it.last());
        let selected = last.map(|it| it.new.end..it.new.end);
        self.speculate(uri, selected, REST, true);
    }

    fn speculate(&mut self, uri: &Uri, selected: Option<Range<usize>>, wait: Time, rests: bool) {
        if !self.models.as_ref().is_some_and(|it| it.takes_ahead()) {
            return;
        }
        self.speculation.wanted = Some(Wanted {
            uri: uri.as_str().to_owned(),
            selected,
            due: self.now() + wait,
            rests,
        });
        self.speculation.current = Some(uri.as_str().to_owned());
    }

    /// The document is not any more what it was: what was meant to be sent of it is stale.
    pub(super) fn speculation_is_stale(&mut self, uri: &str) {
        self.speculation.wanted.take_if(|it| it.uri == uri);
        if self.speculation.handed.take_if(|it| it == uri).is_some()
            && let Some(models) = &self.models
        {
            models.ahead(None);
        }
    }

    /// Sends ahead what is due.
    pub(super) fn on_speculation(&mut self) {
        let now = self.now();
        let Some(wanted) = self.speculation.wanted.take_if(|it| it.due <= now) else {
            return;
        };
        let most = self.settings.context.bytes;
        let is_ignored = self.is_ignored(&wanted.uri);
        let masks = self.masks();
        let Some(models) = self.models.as_ref().filter(|_| !is_ignored) else {
            return;
        };
        let Some(document) = self.documents.get_mut(&wanted.uri) else {
            return;
        };
        // A conversation that may go on is what a server without lanes would forget for this.
        let is_in_the_way = |state| wanted.rests || is_at_work(state);
        if document.rewrites.active().any(|it| is_in_the_way(it.state)) {
            return;
        }
        let length = document.text().len();
        // Without a selection there is no saying which part of a large document will be wanted.
        if wanted.selected.is_none() && length > most {
            return;
        }
        let bytes = length.min(most);
        // Bytes bound the tokens; what may not fit is not worth a guess.
        if bytes as u64 > models.capacity().window {
            return;
        }
        match self
            .speculation
            .budget
            .spend(bytes, models.bytes_ahead(), now)
        {
            Verdict::Now => {}
            Verdict::At(due) => {
                self.speculation.wanted = Some(Wanted { due, ..wanted });
                return;
            }
            Verdict::Never => return,
        }
        let selected = wanted.selected.unwrap_or(0..0);
        let selected = selected.start.min(length)..selected.end.min(length);
        let model = models.model();
        if let Some(request) = super::commands::ahead(document, selected, model, most, masks) {
            models.ahead(Some(request));
            self.speculation.handed = Some(wanted.uri);
        }
    }

    /// Whether a file is one of those that never leave.
    pub(super) fn is_ignored(&self, uri: &str) -> bool {
        let document = self.documents.get(uri);
        document.is_none_or(|it| is_ignored(&self.ignored, it))
    }
}

/// By its path in the folder and by its whole path, so that a file outside of all folders is found too.
fn is_ignored(ignored: &prompt::Ignored, document: &OpenDocument) -> bool {
    let whole = document.uri.to_file_path();
    let whole = whole.map(|it| it.to_string_lossy().replace('\\', "/"));
    ignored.holds(&document.path) || whole.is_some_and(|it| ignored.holds(&it))
}

fn is_at_work(state: State) -> bool {
    matches!(state, State::Requested | State::Streaming)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Time = 1_000_000;

    #[test]
    fn there_is_a_pause_between_one_and_the_next() {
        let mut budget = Budget::default();
        assert_eq!(budget.spend(1_000, 0, SECOND), Verdict::Now);
        assert_eq!(
            budget.spend(1_000, 1_000, SECOND + 1),
            Verdict::At(SECOND + GAP)
        );
        assert_eq!(budget.spend(1_000, 1_000, SECOND + GAP), Verdict::Now);
    }

    #[test]
    fn what_is_too_large_never_leaves() {
        let mut budget = Budget::default();
        assert_eq!(budget.spend(MOST_BYTES + 1, 0, SECOND), Verdict::Never);
        assert_eq!(budget.spend(MOST_BYTES, 0, SECOND), Verdict::Now);
    }

    #[test]
    fn over_time_no_more_leaves_than_may() {
        let mut budget = Budget::default();
        let (mut now, mut sent) = (0, 0);
        let bytes = 400_000;
        while now < 600 * SECOND {
            match budget.spend(bytes, sent as u64, now) {
                Verdict::Now => sent += bytes,
                Verdict::At(at) => {
                    assert!(at > now);
                    now = at;
                }
                Verdict::Never => panic!("it is small enough"),
            }
        }
        let most = BURST + 600 * BYTES_PER_SECOND + bytes;
        assert!(sent <= most && sent + 2 * bytes >= most, "{sent} of {most}");
    }

    #[test]
    fn what_did_not_have_to_leave_costs_nothing() {
        let mut budget = Budget::default();
        for round in 0..1_000 {
            let now = SECOND + round * GAP;
            assert_eq!(budget.spend(MOST_BYTES, 0, now), Verdict::Now, "{round}");
        }
    }
}
