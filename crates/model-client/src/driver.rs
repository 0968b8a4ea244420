//! The task behind a link: commands in, events out, and in between requests on connections.
//!
//! All state is here and in the pool and changes in one place after the other, so that each request
//! ends exactly once. Not here: sockets (`connection`), handshakes (`dial`), and what a failure
//! means (`flight`).

mod ahead;
mod outcome;

use std::collections::VecDeque;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use self::ahead::Ahead;
use crate::config::LinkConfig;
use crate::dial::Dialer;
use crate::error::{LinkError, Phase};
use crate::flight::Flight;
use crate::link::{Command, LinkEvent};
use crate::outbox::{Gone, Outbox};
use crate::pool::{Inbox, Pool};
use crate::report::{LinkStatus, Report};
use crate::target::Wire;

const PING_EVERY: Duration = Duration::from_secs(20);
/// Reading pauses while more text than this waits for its reader.
const MOST_UNREAD: usize = 64 << 20;
/// More requests than a person can mean.
const MOST_WAITING: usize = 64;
/// A WebSocket that failed in a way that may pass is tried again after this.
const TRY_SOCKET_AGAIN: Duration = Duration::from_secs(10 * 60);

pub(crate) struct Driver {
    dialer: Arc<Dialer>,
    commands: mpsc::UnboundedReceiver<Command>,
    outbox: Outbox,
    shared: Arc<Mutex<Report>>,
    report: Report,
    pool: Pool,
    /// In the order in which they are to begin.
    waiting: VecDeque<Flight>,
    running: Vec<Flight>,
    ahead: Ahead,
    next_ping: Instant,
    /// Why plain HTTP is spoken in place of the WebSocket.
    fell_back: Option<LinkError>,
    fell_back_at: Instant,
    /// An answer has come that way.
    is_http_proven: bool,
    try_socket_at: Option<Instant>,
}

impl Driver {
    pub(crate) fn new(
        config: LinkConfig,
        commands: mpsc::UnboundedReceiver<Command>,
        events: mpsc::Sender<LinkEvent>,
        shared: Arc<Mutex<Report>>,
    ) -> Driver {
        let now = Instant::now();
        let dialer = Arc::new(Dialer::new(config));
        let wire = dialer.target.as_ref().map(|it| it.wire);
        let towards = |it| dialer.config.proxies.towards(it).ok().flatten();
        let proxy = dialer.target.as_ref().ok().and_then(towards);
        let proxy = proxy.map(|it| format!("{}, from {}", it.shown(), it.place));
        Driver {
            commands,
            outbox: Outbox::new(events),
            shared,
            report: Report {
                wire: wire.ok(),
                proxy,
                ahead: crate::report::Ahead {
                    is_settled: true,
                    ..Default::default()
                },
                ..Report::default()
            },
            pool: Pool::new(Arc::clone(&dialer), wire.unwrap_or(Wire::WebSocket), now),
            waiting: VecDeque::new(),
            running: Vec::new(),
            ahead: Ahead::default(),
            next_ping: now + PING_EVERY,
            fell_back: None,
            fell_back_at: now,
            is_http_proven: false,
            try_socket_at: None,
            dialer,
        }
    }

    pub(crate) async fn run(mut self) {
        // Ends when the last handle is dropped or nobody listens any more.
        let _ = self.work().await;
        let flights = self.running.iter().chain(&self.waiting);
        for id in flights.map(|it| it.id).collect::<Vec<_>>() {
            self.outbox.push(LinkEvent::Ended {
                id,
                error: Some(LinkError::Stopped),
            });
        }
        let _ = self.outbox.deliver();
    }

    async fn work(&mut self) -> Result<(), Gone> {
        let mut timer = pin!(tokio::time::sleep_until(self.next_ping));
        let mut inbox = Inbox::default();
        loop {
            let now = Instant::now();
            self.advance(now);
            self.outbox.deliver()?;
            self.arm(timer.as_mut(), now);
            let reads = self.outbox.bytes() < MOST_UNREAD;
            let pool = &mut self.pool;
            let connections = poll_fn(|cx| match pool.poll(cx, reads, &mut inbox) {
                Poll::Ready(()) => Poll::Ready(None),
                Poll::Pending => pool.poll_dialling(cx).map(Some),
            });
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return Ok(()),
                },
                dialled = connections => match dialled {
                    Some(outcome) => self.on_dialled(outcome),
                    None => self.on_inbox(&mut inbox),
                },
                outcome = self.outbox.deliver_next() => outcome?,
                () = &mut timer => self.on_time(),
            }
        }
    }

    fn command(&mut self, command: Command) {
        let now = Instant::now();
        match command {
            Command::Send { id, request } => {
                self.pool.used(now);
                if self.waiting.len() >= MOST_WAITING {
                    let waiting = self.waiting.len();
                    return self.ended(id, Some(LinkError::Overloaded { waiting }));
                }
                if self.pool.is_empty() {
                    self.tell(|report| report.cold += 1);
                }
                self.waiting.push_back(Flight::new(id, request, now));
            }
            Command::Cancel { id } => {
                if let Some(at) = self.running.iter().position(|it| it.id == id) {
                    let mut flight = self.running.remove(at);
                    if let Some(key) = flight.on {
                        flight.traffic.received += self.pool.received(key, id) as u64;
                        self.pool.abandon(key, id, now);
                    }
                    self.outbox.discard_stream(id);
                    self.tell_traffic(&flight);
                } else if let Some(at) = self.waiting.iter().position(|it| it.id == id)
                    && let Some(flight) = self.waiting.remove(at)
                {
                    self.outbox.discard_stream(id);
                    self.tell_traffic(&flight);
                } else {
                    return;
                }
                self.ended(id, Some(LinkError::Cancelled));
            }
            Command::Ahead { request } => self.want_ahead(request, now),
            Command::Warm => self.pool.used(now),
            Command::Limit(limits) => {
                let mut dialer = Dialer::clone(&self.dialer);
                dialer.config.set_limits(limits);
                self.dialer = Arc::new(dialer);
                self.pool.dial_with(Arc::clone(&self.dialer), now);
            }
        }
    }

    fn ended(&mut self, id: u64, error: Option<LinkError>) {
        let error = error.map(|it| it.scrubbed(&self.dialer.config));
        self.outbox.push(LinkEvent::Ended { id, error });
    }

    /// Does whatever the state allows: begin what waits, dial, tell.
    fn advance(&mut self, now: Instant) {
        self.pool.tidy(now);
        while self.running.len() < self.dialer.config.parallel.max(1)
            && self.pool.has_room()
            && let Some(at) = self.waiting.iter().position(|it| it.not_before <= now)
            && let Some(flight) = self.waiting.remove(at)
        {
            if let Some(flight) = self.wait_for_ahead(flight, now) {
                self.begin(flight, now);
            }
        }
        self.send_ahead(now);
        let is_due = |it: &Flight| it.not_before <= now;
        self.pool.dial(now, self.waiting.iter().any(is_due));
        self.tell_places(now);
        if !self.pool.is_empty() {
            self.show(LinkStatus::Ready);
        } else if self.pool.is_dialling() {
            self.show(LinkStatus::Connecting);
        }
        let (connections, idle) = self.pool.counts();
        let (running, queued) = (self.running.len(), self.waiting.len());
        let report = &self.report;
        if (connections, idle, running, queued)
            != (
                report.connections,
                report.idle,
                report.running,
                report.queued,
            )
        {
            self.tell(|report| {
                (report.connections, report.idle) = (connections, idle);
                (report.running, report.queued) = (running, queued);
            });
        }
    }

    fn begin(&mut self, mut flight: Flight, now: Instant) {
        let mut message = flight.message();
        let busy = self.ahead.key();
        let began = match flight.is_in_full {
            true => self.pool.begin_in_full(flight.id, &mut message, busy),
            false => self.pool.begin(flight.id, &mut message, busy),
        };
        let Some((key, begun)) = began else {
            self.waiting.push_front(flight);
            return;
        };
        flight.on = Some(key);
        flight.last_text = Some(now);
        flight.sent = None;
        let begun = match begun {
            Ok(begun) => begun,
            Err(error) => {
                self.running.push(flight);
                return self.lose(key, &error, now);
            }
        };
        flight.begun = begun;
        flight.traffic.saved += begun.saved as u64;
        self.running.push(flight);
        if begun.continues {
            self.tell(|report| {
                report.continued += 1;
                report.bytes_saved += begun.saved as u64;
            });
        }
    }

    fn tell_places(&mut self, now: Instant) {
        if self.pool.is_empty() {
            return;
        }
        let mut place = 0;
        for flight in self.waiting.iter_mut().filter(|it| it.not_before <= now) {
            place += 1;
            if flight.told_place != place {
                flight.told_place = place;
                let id = flight.id;
                self.outbox.push(LinkEvent::Queued { id, place });
            }
        }
    }

    /// Changes what people see of the link.
    fn tell(&mut self, change: impl FnOnce(&mut Report)) {
        change(&mut self.report);
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.clone_from(&self.report);
    }

    fn show(&mut self, status: LinkStatus) {
        if self.report.status != status {
            self.tell(|report| report.status = status.clone());
            self.outbox.push(LinkEvent::Status(status));
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        let waited = self.dialer.config.idle_timeout;
        while let Some(silent) = self
            .running
            .iter()
            .find(|it| it.last_text.is_some_and(|last| now >= last + waited))
            && let Some(key) = silent.on
        {
            let phase = match silent.sent.is_none() && !silent.has_text() {
                true => Phase::Request,
                false => Phase::Answer,
            };
            let host = self.host();
            self.lose(
                key,
                &LinkError::Timeout {
                    host,
                    phase,
                    waited,
                },
                now,
            );
        }
        self.give_up_ahead(now);
        if now >= self.next_ping {
            self.next_ping = now + PING_EVERY;
            for key in self.pool.ping() {
                let (host, reason) = (self.host(), String::new());
                let code = None;
                self.lose(key, &LinkError::Closed { host, code, reason }, now);
            }
            self.pool.rest_if_unused(now);
            if self.try_socket_at.is_some_and(|it| now >= it) && self.running.is_empty() {
                self.try_socket_at = None;
                self.speak(Wire::WebSocket, now);
            }
        }
    }

    fn host(&self) -> String {
        let target = self.dialer.target.as_ref();
        target.map_or(String::new(), |it| it.shown.clone())
    }

    fn speak(&mut self, wire: Wire, now: Instant) {
        self.pool.switch(wire, now);
        let fallback = self.fell_back.as_ref().filter(|_| wire != Wire::WebSocket);
        let fallback = fallback.map(ToString::to_string);
        self.tell(|report| {
            report.wire = Some(wire);
            report.fallback = fallback;
        });
    }

    /// Sets the timer to the next deadline. Text puts the idle deadline off without touching the
    /// timer, which is cheaper than setting it for each token: it fires early, finds nothing due
    /// and is set anew.
    fn arm(&self, mut timer: Pin<&mut Sleep>, now: Instant) {
        let idle = self.dialer.config.idle_timeout;
        let silence = self.running.iter().filter_map(|it| it.last_text);
        let silence = silence.map(|last| last + idle);
        let waits = self.waiting.iter().map(|it| it.not_before);
        let next = silence
            .chain(waits.filter(|it| *it > now))
            .chain(self.pool.next_dial(now))
            .chain(self.pool.next_tidy())
            .chain(self.ahead.deadline())
            .fold(self.next_ping, Instant::min);
        if timer.is_elapsed() || next < timer.deadline() {
            timer.as_mut().reset(next);
        }
    }
}
