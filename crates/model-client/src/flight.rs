//! One request on its way: what came of it so far, and what to do when it fails.
//!
//! | fails with | before any text | after text |
//! |---|---|---|
//! | a connection that closed or died, `previous_response_not_found`, the hour of a connection | whole again at once, then after a wait | the rest is asked for, once |
//! | `response.failed`, errors 408, 409, 425, 5xx, broken frames, refused connections | whole again after a wait | the rest is asked for, once |
//! | 429 | whole again after the time that the server names, if that is short | ends |
//! | silence | whole again, if there is patience left | the rest is asked for, once |
//! | other errors, 1008, a message past its limit | ends | ends |
//!
//! Waits double and jitter. Nothing here sleeps or sends: time comes in, a verdict goes out.

use std::time::Duration;

use model_protocol::{Message, Request, Role, ServerError, StreamEvent};
use tokio::time::Instant;

use crate::config::LinkConfig;
use crate::error::{LinkError, Retry};
use crate::report::Traffic;
use crate::websocket::{Begun, NOT_FOUND};

/// A server that asks for more time than this is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// So long after it was asked, a request without text is not begun anew.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Flight {
    pub(crate) id: u64,
    /// As it was asked.
    request: Box<Request>,
    /// The connection that it is on.
    pub(crate) on: Option<u64>,
    pub(crate) asked: Instant,
    /// Both wires were tried again for it.
    pub(crate) is_anew: bool,
    /// It waits until then.
    pub(crate) not_before: Instant,
    pub(crate) sent: Option<Instant>,
    /// When something of the answer came last, or something of the request went out; `None` before that.
    pub(crate) last_text: Option<Instant>,
    /// What it cost on the wire so far.
    pub(crate) traffic: Traffic,
    /// How the running attempt goes on from what the server knows.
    pub(crate) begun: Begun,
    /// It was refused as a continuation, and is sent in full from then on.
    pub(crate) is_in_full: bool,
    /// It waits for what is being sent ahead, and has done so: once is enough.
    pub(crate) waits_for_ahead: bool,
    pub(crate) has_waited: bool,
    /// The place in the queue that was told last.
    pub(crate) told_place: usize,
    /// Whole attempts that failed.
    failures: u32,
    /// It was on a connection that died without a sign of it.
    has_died: bool,
    /// Text that was handed on.
    delivered: String,
    resumption: Option<Resumption>,
}

/// The rest of an answer is being asked for.
struct Resumption {
    /// Why the first part ended.
    error: LinkError,
    /// Where in the delivered text the new answer must begin.
    from: usize,
    /// What came of it and still has to be compared; `None` once it was found to fit.
    got: Option<String>,
}

/// What is to be done about a failure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Verdict {
    /// It waits for another attempt.
    Again,
    End(LinkError),
}

/// An event on its way to the owner of the request.
#[derive(Debug, PartialEq)]
pub(crate) enum Passed {
    Nothing,
    On(StreamEvent),
    /// The asked-for rest does not follow what is there.
    Unfit,
}

impl Flight {
    pub(crate) fn new(id: u64, request: Box<Request>, now: Instant) -> Flight {
        Flight {
            id,
            request,
            on: None,
            asked: now,
            is_anew: false,
            not_before: now,
            sent: None,
            last_text: None,
            traffic: Traffic::default(),
            begun: Begun::default(),
            is_in_full: false,
            waits_for_ahead: false,
            has_waited: false,
            told_place: 0,
            failures: 0,
            has_died: false,
            delivered: String::new(),
            resumption: None,
        }
    }

    /// The request as it is to be sent now.
    pub(crate) fn message(&self) -> Request {
        let mut request = (*self.request).clone();
        if self.failures > 0 || self.has_died || self.resumption.is_some() {
            // Only the connection that made a response can continue it.
            request.previous_response_id = None;
        }
        if let Some(resumption) = &self.resumption {
            let (before, last) = self.delivered.split_at(resumption.from);
            // With nothing before the line, the whole answer is asked for again and compared.
            if !before.is_empty() {
                request.input.push(Message {
                    role: Role::Assistant,
                    text: before.into(),
                });
                let wanted = format!(
                    "Your answer broke off. Go on with exactly what follows the text above. The next line begins like \
                     this; write it again from its start, and then everything after it:\n{last}\nNothing else: no \
                     repetition of what stands above, no fences, no remarks.",
                );
                request.input.push(Message::user(wanted));
            }
        }
        request
    }

    /// As it was asked.
    pub(crate) fn request(&self) -> &Request {
        &self.request
    }

    /// Whether this failure says no more than that the server does not continue what it was to
    /// continue, so that the request in full may well be answered. Says yes once.
    pub(crate) fn falls_back_to_full(&mut self, error: &ServerError) -> bool {
        let names_it = || error.message.contains("previous_response");
        let is_about_it = error.code.as_deref() == Some(NOT_FOUND)
            || error.status.is_none_or(|it| (400..500).contains(&it)) && names_it();
        let applies = self.begun.continues && !self.has_text() && is_about_it;
        applies && !std::mem::replace(&mut self.is_in_full, true)
    }

    /// Whether it may still be begun anew.
    pub(crate) fn has_patience(&self, now: Instant) -> bool {
        now <= self.asked + PATIENCE
    }

    /// Whether text was handed on.
    pub(crate) fn has_text(&self) -> bool {
        !self.delivered.is_empty()
    }

    /// Takes an event of the running attempt in.
    pub(crate) fn pass(&mut self, event: StreamEvent, keeps: bool) -> Passed {
        let event = match event {
            StreamEvent::Delta { text } => match self.fit(text) {
                Some(text) if text.is_empty() => return Passed::Nothing,
                Some(text) => {
                    if keeps || self.delivered.is_empty() {
                        self.delivered.push_str(&text);
                    }
                    return Passed::On(StreamEvent::Delta { text });
                }
                None => return Passed::Unfit,
            },
            // The answer goes on; it does not begin again.
            StreamEvent::Created { .. } if self.resumption.is_some() => return Passed::Nothing,
            event => event,
        };
        let still_compares = self.resumption.as_ref().is_some_and(|it| it.got.is_some());
        match event.is_terminal() && still_compares {
            true => Passed::Unfit,
            false => Passed::On(event),
        }
    }

    /// What of a piece is new; `None` if the rest does not follow what is there. Models drop the
    /// blanks in front of a line easily, so these are not compared, unless nothing else has come.
    fn fit(&mut self, text: String) -> Option<String> {
        let Some(Resumption {
            from,
            got: got @ Some(_),
            ..
        }) = &mut self.resumption
        else {
            return Some(text);
        };
        let wanted = self.delivered[*from..].trim_start();
        let gathered = got.get_or_insert_default();
        gathered.push_str(&text);
        let found = gathered.trim_start();
        if wanted.is_empty() {
            // Nothing but blanks came, so the whole answer comes again: the same blanks are not handed on twice.
            if behind(&self.delivered, gathered).is_some() {
                return Some(String::new());
            }
            let rest = behind(gathered, &self.delivered);
            let rest = rest.unwrap_or(found).to_owned();
            *got = None;
            return Some(rest);
        }
        // Some models begin the whole answer again all the same.
        let ways = [wanted, self.delivered.trim_start()];
        if let Some(rest) = ways.iter().find_map(|way| behind(found, way)) {
            let rest = rest.to_owned();
            *got = None;
            return Some(rest);
        }
        let goes_on = ways.iter().any(|way| behind(way, found).is_some());
        goes_on.then(String::new)
    }

    /// The running attempt failed, or could not begin.
    pub(crate) fn fail(&mut self, error: LinkError, config: &LinkConfig, now: Instant) -> Verdict {
        let was_on = self.on.take().is_some();
        self.sent = None;
        if let Some(resumption) = self.resumption.take() {
            return Verdict::End(resumption.error);
        }
        let retry = error.retry();
        if retry == Retry::Never {
            return Verdict::End(error);
        }
        if self.has_text() {
            let is_limit = error.retry_after().is_some() || is_rate_limit(&error);
            if !config.resume || is_limit {
                return Verdict::End(error);
            }
            self.resumption = Some(Resumption {
                error,
                from: last_line(&self.delivered),
                got: Some(String::new()),
            });
            self.not_before = now;
            return Verdict::Again;
        }
        if !self.has_patience(now) {
            return Verdict::End(error);
        }
        if retry == Retry::Now && was_on && !std::mem::replace(&mut self.has_died, true) {
            self.not_before = now;
            return Verdict::Again;
        }
        if self.failures >= config.retries {
            return Verdict::End(error);
        }
        let wait = match error.retry_after() {
            Some(wait) if wait > LONGEST_WAIT => return Verdict::End(error),
            Some(wait) => wait,
            None => backoff(config, self.failures + 1),
        };
        self.failures += 1;
        self.not_before = now + wait;
        Verdict::Again
    }
}

/// The wait after so many failures in a row, at least one.
pub(crate) fn backoff(config: &LinkConfig, failures: u32) -> Duration {
    const LONGEST: Duration = Duration::from_secs(20);
    let doubled = config.first_backoff * 2u32.pow((failures.max(1) - 1).min(10));
    doubled.min(LONGEST).mul_f64((config.jitter)())
}

fn is_rate_limit(error: &LinkError) -> bool {
    matches!(error, LinkError::Server(error) if error.status == Some(429) || error.code.as_deref() == Some("rate_limit_exceeded"))
}

/// Where the last line begins that is not blank; with the lines before it as far as the text begins with the same, so
/// that what follows cannot be taken for a new beginning.
fn last_line(text: &str) -> usize {
    let start = |end: usize| text[..end].trim_end().rfind('\n').map_or(0, |at| at + 1);
    let mut from = start(text.len());
    while from > 0 && text.trim_start().starts_with(text[from..].trim_start()) {
        from = start(from);
    }
    from
}

/// What stands in a text behind another that it begins with. A model may end its lines otherwise the second time: `\r`
/// counts for nothing.
fn behind<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    let mut rest = text;
    for c in start.chars().filter(|c| *c != '\r') {
        rest = rest.trim_start_matches('\r').strip_prefix(c)?;
    }
    // Half a line end is there already.
    let rest = match start.ends_with('\r') {
        true => rest.trim_start_matches('\r'),
        false => rest,
    };
    Some(rest)
}

#[cfg(test)]
mod tests;
