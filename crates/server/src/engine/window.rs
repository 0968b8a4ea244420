//! Whether a rewrite fits into the model's window, before anything is sent. Where the bytes already say so nothing
//! is counted; else a worker counts the tokens, and the command runs again with the figure.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use prompt::{Capacity, Size, Tokenizer};
use rewrite::Time;
use serde_json::Value;
use text::Text;
use tokio::sync::oneshot;

use super::{Engine, Message};
use crate::failure::{Failure, Reason};

/// Where to tell how a command came out.
pub(crate) type Answer = oneshot::Sender<Result<Option<Value>, Failure>>;

/// A rewrite whose tokens have to be counted first.
#[derive(Debug)]
pub(super) struct ToCount {
    what: Place,
    request: model_protocol::Request,
    region: String,
}

/// What was counted: a region of one version of a document, with one instruction.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Place {
    pub(super) uri: String,
    pub(super) version: i32,
    pub(super) region: Range<usize>,
    pub(super) instruction: String,
}

/// A count, and what it is of.
#[derive(Debug)]
pub(crate) struct Counted {
    what: Place,
    size: Option<Size>,
    tokenizer: Option<Arc<Tokenizer>>,
}

/// A loaded tokenizer; held for a while, since whoever is near the limit once is so again.
#[derive(Debug)]
pub(super) struct Held {
    tokenizer: Arc<Tokenizer>,
    until: Time,
}

/// In microseconds.
const HOLD: Time = 5 * 60_000_000;

/// What is known of a rewrite's size.
pub(super) enum Fit {
    Fits,
    TooLong(Failure),
    /// Its tokens have to be counted.
    Unclear,
}

impl Engine {
    /// Whether the request fits, as far as can be said at once.
    pub(super) fn fit(&self, what: &Place, bound: Size, capacity: Capacity) -> Fit {
        if bound.fits(capacity).is_ok() {
            return Fit::Fits;
        }
        let counted = self.counted.as_ref().filter(|it| it.what == *what);
        let Some(counted) = counted else {
            return Fit::Unclear;
        };
        // What could not be counted is left to the server to judge.
        let fits = counted.size.map_or(Ok(()), |it| it.fits(capacity));
        fits.map_or_else(
            |error| Fit::TooLong(Failure::new(Reason::ContextTooLong, error.to_string())),
            |()| Fit::Fits,
        )
    }

    /// When the tokenizer may go.
    pub(super) fn next_release(&self) -> Option<Instant> {
        let until = self.tokenizer.as_ref()?.until;
        Some(self.started + Duration::from_micros(until))
    }

    /// Lets the tokenizer go that has not been needed for a while.
    pub(super) fn release(&mut self) {
        let now = self.now();
        self.tokenizer.take_if(|it| it.until <= now);
    }

    /// Remembers that a request's tokens have to be counted before it can be sent.
    pub(super) fn count_first(
        &mut self,
        what: Place,
        request: model_protocol::Request,
        region: &Text,
    ) {
        let region = region.slice(what.region.clone()).into_owned();
        self.to_count = Some(ToCount {
            what,
            request,
            region,
        });
    }

    /// Runs a command and answers it, at once or when what it needs has been counted.
    pub(super) fn run_command(&mut self, name: String, argument: Value, answer: Answer) {
        let outcome = self.on_command(&name, argument.clone());
        let Some(answer) = self.checks.keep(name.clone(), argument.clone(), answer) else {
            return;
        };
        let Some(work) = self.to_count.take() else {
            // Nobody may be waiting any more, and that is no fault.
            let _ = answer.send(outcome);
            return;
        };
        if self.counted.take().is_some() {
            // It was counted, and is something else by now.
            let _ = answer.send(Err(Failure::Moved));
            return;
        }
        let loopback = self.loopback.clone();
        let held = self.tokenizer.as_ref().map(|it| Arc::clone(&it.tokenizer));
        tokio::task::spawn_blocking(move || {
            let tokenizer = held.or_else(|| Tokenizer::load().map(Arc::new));
            let count = |it: &Arc<Tokenizer>| Size::count(&work.request, &work.region, it);
            let counted = Counted {
                size: tokenizer.as_ref().map(count),
                what: work.what,
                tokenizer,
            };
            // The engine may be gone by now.
            let _ = loopback.send(Message::Counted {
                counted: Box::new(counted),
                name,
                argument,
                answer,
            });
        });
    }

    pub(super) fn on_counted(
        &mut self,
        mut counted: Counted,
        name: String,
        argument: Value,
        answer: Answer,
    ) {
        let until = self.now() + HOLD;
        let held = counted.tokenizer.take();
        self.tokenizer = held.map(|tokenizer| Held { tokenizer, until });
        self.counted = Some(counted);
        self.run_command(name, argument, answer);
        self.counted = None;
    }
}
