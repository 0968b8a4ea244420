//! What is sent before it is asked for: at most one request without an answer at a time, and only where it is in
//! nobody's way.
//!
//! Not here: what is worth sending ahead, and how often (the owner of the link); how a request then goes on from
//! it (`websocket::lanes`).

use std::time::Duration;

use model_protocol::{Request, StreamEvent};
use tokio::time::Instant;

use super::Driver;
use crate::flight::Flight;

/// What could not leave for so long is not what the user looks at any more.
const STALE: Duration = Duration::from_secs(20);
/// A server that has not taken it by then will not.
const PATIENCE: Duration = Duration::from_secs(30);
/// So long a request waits for what is being sent ahead of it. To send the same bytes once more would take
/// longer, unless the server sits on them.
const WAIT: Duration = Duration::from_millis(1_500);
/// Ids from here on are ours; the owner counts from 1.
const FIRST_ID: u64 = 1 << 63;

pub(super) fn is_ahead(flight: u64) -> bool {
    flight >= FIRST_ID
}

#[derive(Default)]
pub(super) struct Ahead {
    /// Has not left yet.
    wanted: Option<Wanted>,
    running: Option<Running>,
    count: u64,
    /// The server answered it as something else.
    is_refused: bool,
}

struct Wanted {
    request: Box<Request>,
    since: Instant,
}

struct Running {
    id: u64,
    key: u64,
    request: Box<Request>,
    since: Instant,
    /// A request has waited for it in vain.
    is_late: bool,
}

impl Ahead {
    /// The connection on which something is being sent ahead.
    pub(super) fn key(&self) -> Option<u64> {
        self.running.as_ref().map(|it| it.key)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.running.as_ref().map(|it| it.since + PATIENCE)
    }

    fn is_settled(&self) -> bool {
        self.wanted.is_none() && self.running.is_none()
    }
}

impl Driver {
    pub(super) fn want_ahead(&mut self, request: Option<Box<Request>>, now: Instant) {
        if request.is_some() {
            self.pool.used(now);
        }
        let since = now;
        self.ahead.wanted = request.map(|request| Wanted { request, since });
        self.show_ahead();
    }

    /// Sends what is wanted, if nothing real waits and a connection is left for what may come.
    pub(super) fn send_ahead(&mut self, now: Instant) {
        let Some(wanted) = &self.ahead.wanted else {
            return;
        };
        let is_useless = self.ahead.is_refused
            || !self.pool.is_socket()
            || !self.pool.continues
            || now > wanted.since + STALE
            || self.pool.holds(&wanted.request)
            || self
                .ahead
                .running
                .as_ref()
                .is_some_and(|it| it.request == wanted.request);
        if is_useless {
            self.ahead.wanted = None;
            return self.show_ahead();
        }
        // A request that is still leaving must not share the way with this.
        let is_leaving = |it: &Flight| it.traffic.sent == 0;
        if self.ahead.running.is_some()
            || !self.waiting.is_empty()
            || self.running.iter().any(is_leaving)
            || !self.pool.can_send_ahead()
        {
            return;
        }
        let Some(Wanted { request, .. }) = self.ahead.wanted.take() else {
            return;
        };
        let mut message = (*request).clone();
        message.generate = Some(false);
        self.ahead.count += 1;
        let id = FIRST_ID + self.ahead.count;
        let Some((key, begun)) = self.pool.begin(id, &mut message, None) else {
            return;
        };
        let since = now;
        self.ahead.running = Some(Running {
            id,
            key,
            request,
            since,
            is_late: false,
        });
        self.show_ahead();
        if let Err(error) = begun {
            self.lose(key, &error, now);
        }
    }

    /// Lets a request wait that begins with what is being sent ahead; gives it back if it should not.
    pub(super) fn wait_for_ahead(&mut self, mut flight: Flight, now: Instant) -> Option<Flight> {
        let running = self.ahead.running.as_ref().filter(|it| !it.is_late);
        let fits = running.is_some_and(|it| {
            let request = flight.request();
            request.input.len() > it.request.input.len()
                && request.input.starts_with(&it.request.input)
        });
        if !fits || std::mem::replace(&mut flight.has_waited, true) {
            // Whoever comes next need not wait for what has not come in that time.
            if let Some(running) = self.ahead.running.as_mut().filter(|_| fits) {
                running.is_late = true;
            }
            flight.waits_for_ahead = false;
            return Some(flight);
        }
        flight.waits_for_ahead = true;
        flight.not_before = now + WAIT;
        self.waiting.push_front(flight);
        None
    }

    pub(super) fn on_ahead_sent(&mut self, bytes: usize) {
        self.tell(|report| {
            report.bytes_sent += bytes as u64;
            report.ahead.bytes += bytes as u64;
            report.ahead.count += 1;
        });
    }

    /// Something came for what was sent ahead on this connection.
    pub(super) fn on_ahead(&mut self, key: u64, id: u64, event: StreamEvent, now: Instant) {
        if self.ahead.running.as_ref().is_none_or(|it| it.id != id) {
            return;
        }
        match event {
            StreamEvent::Created { .. } | StreamEvent::Ignored => return,
            // It answers, although it was told not to.
            StreamEvent::Delta { .. } | StreamEvent::Refusal { .. } => {
                self.ahead.is_refused = true;
                self.pool.abandon(key, id, now);
            }
            StreamEvent::Failed(error) => {
                let status = error.status.unwrap_or(400);
                let is_unknown =
                    (400..500).contains(&status) && !matches!(status, 408 | 409 | 425 | 429);
                self.ahead.is_refused |=
                    is_unknown && error.code.as_deref() != Some("context_length_exceeded");
            }
            StreamEvent::Completed { .. } | StreamEvent::Incomplete { .. } => {}
        }
        self.end_ahead(now);
    }

    pub(super) fn lose_ahead(&mut self, key: u64, now: Instant) {
        if self.ahead.key() == Some(key) {
            self.end_ahead(now);
        }
    }

    /// What the server does not take is not worth waiting for.
    pub(super) fn give_up_ahead(&mut self, now: Instant) {
        if self.ahead.deadline().is_some_and(|it| now >= it)
            && let Some(Running { id, key, .. }) = &self.ahead.running
        {
            self.pool.abandon(*key, *id, now);
            self.ahead.is_refused = true;
            self.end_ahead(now);
        }
    }

    fn end_ahead(&mut self, now: Instant) {
        self.ahead.running = None;
        for flight in &mut self.waiting {
            if std::mem::take(&mut flight.waits_for_ahead) {
                flight.not_before = now;
            }
        }
        self.show_ahead();
    }

    fn show_ahead(&mut self) {
        let (is_settled, is_refused) = (self.ahead.is_settled(), self.ahead.is_refused);
        self.tell(|report| {
            report.ahead.is_settled = is_settled;
            report.ahead.is_refused = is_refused;
        });
    }
}
