//! The connections of a link: which one takes a request, how many are held, when they go.
//!
//! At rest two stand: one to use and a spare, so that an interrupted request costs no handshake.
//! Where the server has lanes, requests share the first connection; elsewhere each has its own.
//! Not here: requests (`driver`), what runs on a connection (`connection`), and making them
//! (`pool/dialling`).

mod dialling;

use std::cmp::Reverse;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use model_protocol::Request;
use tokio::time::Instant;

use self::dialling::Dialling;
pub(crate) use self::dialling::Outcome;
use crate::connection::{Abandoned, Batch, Connection, Incoming};
use crate::dial::Dialer;
use crate::error::LinkError;
use crate::flight::backoff;
use crate::target::Wire;
use crate::websocket::{Begun, Manner};

/// A connection that lived less says nothing good about the server.
const SOUND_LIFE: Duration = Duration::from_secs(10);
const SOUND_HTTP_LIFE: Duration = Duration::from_secs(1);
/// So long an unwanted response may run on a connection that nobody else needs.
const LINGER: Duration = Duration::from_secs(1);
/// Unwanted responses beside which a connection is still used, if there is another.
const MOST_LEFTOVERS: usize = 4;
/// After so long without use no spare is held, and no HTTP connection at all: servers close idle
/// ones, and making them anew for ever is no warmth.
const REST: Duration = Duration::from_secs(10 * 60);
const HTTP_REST: Duration = Duration::from_secs(60);

pub(crate) struct Pool {
    dialer: Arc<Dialer>,
    lives: Vec<Live>,
    dialling: Vec<Dialling>,
    scratch: Batch,
    next_key: u64,
    /// Attempts without a sound connection since the last one.
    failures: u32,
    /// Background attempts wait until then; `None` means until a request needs one.
    dial_at: Option<Instant>,
    wire: Wire,
    /// What the server has shown.
    pub(crate) lanes: Option<bool>,
    pub(crate) interrupts: bool,
    /// Whether responses can be continued at all, and from another lane.
    pub(crate) continues: bool,
    pub(crate) forks: bool,
    last_use: Instant,
}

struct Live {
    key: u64,
    connection: Connection,
    since: Instant,
    /// Takes nothing new, if another can.
    retiring: bool,
    /// Speaks what is no longer spoken, and takes nothing new at all.
    is_foreign: bool,
    leftover_since: Option<Instant>,
}

/// What polling all connections brought, each with its connection's key.
#[derive(Default)]
pub(crate) struct Inbox {
    pub(crate) incoming: Vec<(u64, Incoming)>,
    /// Connections on which any text came.
    pub(crate) heard: Vec<u64>,
    /// Bytes of all that came.
    pub(crate) received: usize,
}

impl Live {
    fn has_room(&self, lanes: bool) -> bool {
        !self.is_foreign && self.connection.has_room(lanes)
    }
}

impl Pool {
    pub(crate) fn new(dialer: Arc<Dialer>, wire: Wire, now: Instant) -> Pool {
        Pool {
            lives: Vec::new(),
            dialling: Vec::new(),
            scratch: Batch::default(),
            next_key: 0,
            failures: 0,
            dial_at: Some(now),
            wire,
            lanes: None,
            interrupts: dialer.config.interrupt,
            continues: true,
            forks: true,
            last_use: now,
            dialer,
        }
    }

    /// Connections are made with this from now on.
    pub(crate) fn dial_with(&mut self, dialer: Arc<Dialer>, now: Instant) {
        let old = std::mem::replace(&mut self.dialer, dialer);
        if old.config.max_frame != self.dialer.config.max_frame {
            // How large a message may be is part of a connection.
            self.dialling.clear();
            self.dial_at = Some(now);
            self.lives.retain(|it| !it.connection.is_idle());
            for live in &mut self.lives {
                live.retiring = true;
            }
        }
    }

    /// Speaks something else from now on; what runs may end as it is.
    pub(crate) fn switch(&mut self, wire: Wire, now: Instant) {
        self.wire = wire;
        self.failures = 0;
        self.dial_at = Some(now);
        self.dialling.clear();
        self.lives.retain(|it| !it.connection.is_idle());
        for live in &mut self.lives {
            live.retiring = true;
            live.is_foreign = true;
        }
    }

    pub(crate) fn has_lanes(&self) -> bool {
        let speaks = self.dialer.config.lanes && self.wire == Wire::WebSocket;
        speaks && self.lanes == Some(true)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.lives.iter().all(|it| it.is_foreign)
    }

    pub(crate) fn is_dialling(&self) -> bool {
        !self.dialling.is_empty()
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Open connections, and the idle ones of them.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let idle = self.lives.iter().filter(|it| it.connection.is_idle());
        (self.lives.len(), idle.count())
    }

    /// Somebody is at work, so that connections are worth holding.
    pub(crate) fn used(&mut self, now: Instant) {
        if now > self.last_use + self.rest() {
            self.dial_at = Some(now);
        }
        self.last_use = now;
    }

    fn rest(&self) -> Duration {
        match self.wire {
            Wire::WebSocket => REST,
            Wire::Sse | Wire::Chat => HTTP_REST,
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        let lanes = self.has_lanes();
        self.lives.iter().any(|it| it.has_room(lanes))
    }

    fn manner(&self) -> Manner {
        Manner {
            named: self.dialer.config.lanes && self.lanes != Some(false),
            continues: self.continues,
            forks: self.forks && self.lanes == Some(true),
        }
    }

    /// Begins a request on the connection that suits it best: where the least has to be sent, else the oldest,
    /// which has most in its cache, and rather not behind what is `busy` being sent ahead. Its key, or `None`
    /// without room. What need not be sent is taken out of the request.
    pub(crate) fn begin(
        &mut self,
        flight: u64,
        request: &mut Request,
        busy: Option<u64>,
    ) -> Option<(u64, Result<Begun, LinkError>)> {
        self.begin_as(flight, request, busy, self.manner())
    }

    /// The same, with all of the request.
    pub(crate) fn begin_in_full(
        &mut self,
        flight: u64,
        request: &mut Request,
        busy: Option<u64>,
    ) -> Option<(u64, Result<Begun, LinkError>)> {
        let manner = Manner {
            continues: false,
            ..self.manner()
        };
        self.begin_as(flight, request, busy, manner)
    }

    fn begin_as(
        &mut self,
        flight: u64,
        request: &mut Request,
        busy: Option<u64>,
        manner: Manner,
    ) -> Option<(u64, Result<Begun, LinkError>)> {
        let lanes = self.has_lanes();
        let roomy = self.lives.iter().enumerate();
        let best = roomy
            .filter(|(_, it)| it.has_room(lanes))
            .min_by_key(|(at, it)| {
                let known = it.connection.known(request, manner);
                (Reverse(known), it.retiring, Some(it.key) == busy, *at)
            });
        let (at, _) = best?;
        let live = &mut self.lives[at];
        let begun = live.connection.begin(flight, request, manner);
        Some((live.key, begun))
    }

    /// Whether a wire is spoken on which something can be sent ahead at all.
    pub(crate) fn is_socket(&self) -> bool {
        self.wire == Wire::WebSocket
    }

    /// Whether something can be sent ahead without being in the way of a request: it has a connection, and there
    /// is another.
    pub(crate) fn can_send_ahead(&self) -> bool {
        let lanes = self.has_lanes();
        let roomy = self.lives.iter();
        let roomy = roomy.filter(|it| !it.retiring && it.has_room(lanes));
        self.is_socket() && roomy.count() >= 2
    }

    /// Whether exactly this was sent ahead and can be continued.
    pub(crate) fn holds(&self, request: &Request) -> bool {
        let mut fresh = self.lives.iter().filter(|it| !it.retiring);
        fresh.any(|it| it.connection.holds(request))
    }

    /// Bytes that came for a running flight so far.
    pub(crate) fn received(&self, key: u64, flight: u64) -> usize {
        let live = self.lives.iter().find(|it| it.key == key);
        live.map_or(0, |it| it.connection.received(flight))
    }

    /// Nobody wants the flight any more.
    pub(crate) fn abandon(&mut self, key: u64, flight: u64, now: Instant) {
        let (lanes, interrupts) = (self.has_lanes(), self.interrupts);
        let has_other = self.has_other(key);
        let Some(live) = self.lives.iter_mut().find(|it| it.key == key) else {
            return;
        };
        let interrupts = interrupts && matches!(live.connection, Connection::Socket(_));
        let gone = match live.connection.abandon(flight, lanes, interrupts) {
            Abandoned::InTheWay => true,
            Abandoned::Overlooked => {
                live.leftover_since.get_or_insert(now);
                let leftovers = live.connection.leftovers();
                leftovers > MOST_LEFTOVERS && live.connection.wanted() == 0 && has_other
            }
        };
        if gone {
            self.drop_connection(key, now);
        }
    }

    fn has_other(&self, key: u64) -> bool {
        let lanes = self.has_lanes();
        let mut others = self.lives.iter().filter(|it| it.key != key && !it.retiring);
        others.any(|it| it.has_room(lanes))
    }

    /// Closes a connection by our own will.
    pub(crate) fn drop_connection(&mut self, key: u64, now: Instant) {
        self.lives.retain(|it| it.key != key);
        if self.dial_at.is_none_or(|it| it > now) && self.failures == 0 {
            self.dial_at = Some(now);
        }
    }

    /// A connection ended on its own: replace it, but not in a hurry if it did not live.
    pub(crate) fn lost(&mut self, key: u64, now: Instant) {
        let Some(at) = self.lives.iter().position(|it| it.key == key) else {
            return;
        };
        let live = self.lives.remove(at);
        let sound = match live.connection {
            Connection::Socket(_) => SOUND_LIFE,
            // Servers close idle HTTP connections as a matter of course.
            Connection::Http(_) => SOUND_HTTP_LIFE,
        };
        if now >= live.since + sound {
            self.failures = 0;
        }
        let wait = match self.failures {
            0 => Duration::ZERO,
            failures => backoff(&self.dialer.config, failures),
        };
        self.dial_at = Some(now + wait);
        self.failures += 1;
    }

    /// Retires what is old and drops what only unwanted responses run on.
    pub(crate) fn tidy(&mut self, now: Instant) {
        let max_age = self.dialer.config.max_age;
        for live in &mut self.lives {
            live.retiring |= now >= live.since + max_age;
            if live.connection.leftovers() == 0 {
                live.leftover_since = None;
            }
        }
        let is_over = |pool: &Pool, live: &Live| {
            let lingers = live.leftover_since.is_some_and(|it| now >= it + LINGER);
            (live.retiring || lingers) && live.connection.wanted() == 0 && pool.has_other(live.key)
        };
        while let Some(key) = self
            .lives
            .iter()
            .find(|it| is_over(self, it))
            .map(|it| it.key)
        {
            self.drop_connection(key, now);
        }
    }

    /// Lets go of what is held for nothing.
    pub(crate) fn rest_if_unused(&mut self, now: Instant) {
        if now > self.last_use + self.rest() && self.lives.len() > 1 {
            let keep = self.lives[0].key;
            self.lives
                .retain(|it| it.key == keep || !it.connection.is_idle());
        }
    }

    /// When `tidy` has something to do next.
    pub(crate) fn next_tidy(&self) -> Option<Instant> {
        let max_age = self.dialer.config.max_age;
        let times = self.lives.iter().flat_map(|it| {
            let retire = (!it.retiring).then_some(it.since + max_age);
            let wanted = it.connection.wanted() > 0;
            let linger = it
                .leftover_since
                .filter(|_| !wanted)
                .map(|since| since + LINGER);
            [retire, linger]
        });
        times.flatten().min()
    }

    /// The server answered as it should.
    pub(crate) fn is_sound(&mut self) {
        self.failures = 0;
    }

    /// Reads all connections; those with running requests only if there is room for their text.
    pub(crate) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        reads: bool,
        inbox: &mut Inbox,
    ) -> Poll<()> {
        for live in &mut self.lives {
            if !reads && !live.connection.is_idle() {
                continue;
            }
            if live.connection.poll(cx, &mut self.scratch).is_ready() {
                inbox.received += std::mem::take(&mut self.scratch.received);
                if std::mem::take(&mut self.scratch.has_text) {
                    inbox.heard.push(live.key);
                }
                let incoming = self.scratch.incoming.drain(..);
                inbox.incoming.extend(incoming.map(|it| (live.key, it)));
            }
        }
        match inbox.incoming.is_empty() && inbox.heard.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }

    /// Pings all; the keys of those that did not answer the ping before.
    pub(crate) fn ping(&mut self) -> Vec<u64> {
        let silent = self
            .lives
            .iter_mut()
            .filter_map(|it| (!it.connection.ping()).then_some(it.key));
        silent.collect()
    }
}
