//! What connections bring: events for requests, failures, and how attempts to connect came out.

use model_protocol::{ServerError, StreamEvent};
use tokio::time::Instant;

use super::ahead::is_ahead;
use super::{Driver, TRY_SOCKET_AGAIN};
use crate::connection::Incoming;
use crate::dial::DialError;
use crate::error::LinkError;
use crate::flight::{Flight, Passed, Verdict};
use crate::link::LinkEvent;
use crate::pool::{Inbox, Outcome};
use crate::report::LinkStatus;
use crate::target::Wire;
use crate::websocket::NOT_FOUND;

impl Driver {
    pub(super) fn on_inbox(&mut self, inbox: &mut Inbox) {
        let now = Instant::now();
        self.report.bytes_received += std::mem::take(&mut inbox.received) as u64;
        for key in inbox.heard.drain(..) {
            let on = self.running.iter_mut().filter(|it| it.on == Some(key));
            on.filter(|it| it.last_text.is_some())
                .for_each(|it| it.last_text = Some(now));
        }
        for (key, incoming) in inbox.incoming.drain(..) {
            match incoming {
                Incoming::Sent { flight, bytes } => self.on_sent(flight, bytes, now),
                Incoming::Received { flight, bytes } => self.on_received(flight, bytes),
                Incoming::Event { flight, event } if is_ahead(flight) => {
                    self.on_ahead(key, flight, event, now);
                }
                Incoming::Event { flight, event } => self.on_event(key, flight, event, now),
                Incoming::Refused { flight, error } => self.on_refused(flight, error, now),
                Incoming::Lanes(has) => {
                    if self.pool.lanes != Some(has) {
                        self.pool.lanes = Some(has);
                        self.tell(|report| report.lanes = Some(has));
                    }
                }
                Incoming::CannotInterrupt => self.pool.interrupts = false,
                Incoming::Quota(quota) => self.tell(|report| report.quota.update(&quota)),
                Incoming::Failed(error) => self.lose(key, &error, now),
            }
        }
    }

    fn on_sent(&mut self, id: u64, bytes: usize, now: Instant) {
        if is_ahead(id) {
            return self.on_ahead_sent(bytes);
        }
        if let Some(flight) = self.running.iter_mut().find(|it| it.id == id) {
            flight.sent = Some(now);
            flight.last_text = Some(now);
            flight.traffic.sent += bytes as u64;
            self.tell(|report| report.bytes_sent += bytes as u64);
            self.outbox.push(LinkEvent::Sent { id, bytes });
        }
    }

    fn on_received(&mut self, id: u64, bytes: usize) {
        if let Some(flight) = self.running.iter_mut().find(|it| it.id == id) {
            flight.traffic.received += bytes as u64;
        }
    }

    /// Tells what a request cost that is about to end, or has been stopped.
    pub(super) fn tell_traffic(&mut self, flight: &Flight) {
        let (id, traffic) = (flight.id, flight.traffic);
        self.outbox.push(LinkEvent::Traffic { id, traffic });
    }

    fn on_event(&mut self, key: u64, id: u64, event: StreamEvent, now: Instant) {
        let keeps = self.dialer.config.resume;
        // An event of an attempt that was given up in the same batch finds nobody.
        let Some(at) = self
            .running
            .iter()
            .position(|it| it.id == id && it.on == Some(key))
        else {
            return;
        };
        let flight = &mut self.running[at];
        let event = match event {
            StreamEvent::Failed(error) => {
                if is_about_lanes(&error) && self.pool.lanes != Some(false) && !flight.has_text() {
                    self.pool.lanes = Some(false);
                    flight.not_before = now;
                    flight.on = None;
                    let flight = self.running.remove(at);
                    return self.waiting.push_front(flight);
                }
                if flight.falls_back_to_full(&error) {
                    match error.code.as_deref() == Some(NOT_FOUND) {
                        true => self.pool.forks &= !flight.begun.is_fork,
                        false => self.pool.continues = false,
                    }
                    flight.not_before = now;
                    flight.on = None;
                    let flight = self.running.remove(at);
                    return self.waiting.push_front(flight);
                }
                let had_text = flight.has_text();
                self.settle(at, LinkError::Server(error), now);
                if had_text && !self.pool.has_lanes() {
                    // Whether more of the broken response follows is anyone's guess.
                    self.pool.drop_connection(key, now);
                }
                return;
            }
            event => event,
        };
        self.pool.is_sound();
        self.is_http_proven |= self.fell_back.is_some();
        if matches!(event, StreamEvent::Delta { .. })
            && let Some(sent) = flight.sent.take()
        {
            self.tell(|report| report.first_text = Some(now - sent));
        }
        let flight = &mut self.running[at];
        match flight.pass(event, keeps) {
            Passed::Nothing => {}
            Passed::On(event) => {
                if !event.is_terminal() {
                    return self.outbox.push(LinkEvent::Stream { id, event });
                }
                let flight = self.running.remove(at);
                self.tell_traffic(&flight);
                self.outbox.push(LinkEvent::Stream { id, event });
                self.ended(id, None);
            }
            Passed::Unfit => {
                self.pool.abandon(key, id, now);
                let error = LinkError::Protocol {
                    host: self.host(),
                    reason: "the rest of its answer does not follow the first part".to_owned(),
                };
                self.settle(at, error, now);
            }
        }
    }

    fn on_refused(&mut self, id: u64, error: LinkError, now: Instant) {
        let Some(at) = self.running.iter().position(|it| it.id == id) else {
            return;
        };
        self.settle(at, error, now);
    }

    /// The running request at this place failed: another attempt, or its end.
    fn settle(&mut self, at: usize, error: LinkError, now: Instant) {
        let mut flight = self.running.remove(at);
        match flight.fail(error, &self.dialer.config, now) {
            Verdict::Again => {
                self.tell(|report| report.retries += 1);
                self.waiting.push_front(flight);
            }
            Verdict::End(error) => self.give_up(flight, error),
        }
    }

    fn give_up(&mut self, mut flight: Flight, error: LinkError) {
        let id = flight.id;
        // Where plain HTTP has never worked, what the WebSocket met says more, unless the POST was
        // understood.
        let is_understood = match &error {
            LinkError::Server(error) => error
                .status
                .is_some_and(|it| (400..500).contains(&it) && !matches!(it, 404 | 405)),
            LinkError::Refused { status, .. } => matches!(status, 401 | 403 | 407),
            LinkError::Proxy { status, .. } => *status == Some(407),
            _ => false,
        };
        let error = match self
            .fell_back
            .take_if(|_| !self.is_http_proven && !is_understood)
        {
            Some(first) => {
                // Neither works as things are; it begins from the start, for this request too if it
                // came after the WebSocket was tried.
                let now = Instant::now();
                self.speak(Wire::WebSocket, now);
                if flight.asked > self.fell_back_at && !flight.is_anew && flight.has_patience(now) {
                    flight.is_anew = true;
                    return self.waiting.push_front(flight);
                }
                first
            }
            None => error.scrubbed(&self.dialer.config),
        };
        self.tell_traffic(&flight);
        if let LinkError::Server(error) = &error {
            let event = StreamEvent::Failed(error.clone());
            self.outbox.push(LinkEvent::Stream { id, event });
        }
        self.ended(id, Some(error));
    }

    /// The connection is lost, and with it all attempts on it.
    pub(super) fn lose(&mut self, key: u64, error: &LinkError, now: Instant) {
        self.pool.lost(key, now);
        self.lose_ahead(key, now);
        while let Some(at) = self.running.iter().rposition(|it| it.on == Some(key)) {
            self.settle(at, error.clone(), now);
        }
    }

    pub(super) fn on_dialled(&mut self, outcome: Outcome) {
        let now = Instant::now();
        let Outcome {
            began,
            wire,
            result,
        } = outcome;
        match result {
            Ok(quota) => self.tell(|report| {
                report.handshakes += 1;
                report.connect = Some(now - began);
                report.quota.update(&quota);
            }),
            Err(error) if self.falls_back(wire, &error) => {
                let may_pass =
                    !matches!(error.error, LinkError::Refused { status, .. } if status < 500);
                self.try_socket_at = may_pass.then(|| now + TRY_SOCKET_AGAIN);
                self.fell_back = Some(error.error);
                self.fell_back_at = began;
                self.speak(Wire::Sse, now);
            }
            Err(DialError { error, .. }) if self.pool.is_empty() => {
                self.show(LinkStatus::Unreachable {
                    error: error.clone(),
                });
                // A request that came after the attempt began deserves one of its own.
                let waiting = std::mem::take(&mut self.waiting);
                for mut flight in waiting {
                    if flight.not_before > began {
                        self.waiting.push_back(flight);
                        continue;
                    }
                    match flight.fail(error.clone(), &self.dialer.config, now) {
                        Verdict::Again => {
                            self.tell(|report| report.retries += 1);
                            self.waiting.push_back(flight);
                        }
                        Verdict::End(error) => self.give_up(flight, error),
                    }
                }
            }
            Err(_) => {}
        }
    }

    /// Whether plain HTTP is to be tried: at once where the WebSocket as such is refused, after the
    /// usual attempts where it merely fails.
    fn falls_back(&self, wire: Wire, error: &DialError) -> bool {
        let is_worn = self.pool.failures() > self.dialer.config.retries;
        let is_limit = matches!(
            error.error,
            LinkError::Refused {
                status: 401 | 407 | 429,
                ..
            } | LinkError::Proxy {
                status: Some(407),
                ..
            }
        );
        // A server that takes one connection but not a second is no reason to speak otherwise.
        wire == Wire::WebSocket
            && self.pool.is_empty()
            && error.is_upgrade
            && !is_limit
            && (error.error.is_refused_upgrade() || is_worn)
    }
}

/// Whether the server does not take the name of a lane, or no more of them.
fn is_about_lanes(error: &ServerError) -> bool {
    let code = error.code.as_deref().unwrap_or_default();
    matches!(code, "invalid_stream_id" | "websocket_stream_limit_reached")
        || error.message.contains("stream_id")
}
