//! One live connection of either kind, and what comes out of it.
//!
//! Polled, never spawned: the owner decides what runs where. Not here: dialling (`dial`), queueing
//! and time (`driver`).

use std::task::{Context, Poll};

use model_protocol::{Quota, Request, StreamEvent};

use crate::error::LinkError;
use crate::http::HttpConnection;
use crate::websocket::{Begun, Manner, Socket};

pub(crate) enum Connection {
    Socket(Box<Socket>),
    Http(Box<HttpConnection>),
}

/// What came out of polling a connection. A flight is a request under way, by its id.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// The request is on the socket, with this size of its message.
    Sent {
        flight: u64,
        bytes: usize,
    },
    /// All that came for the flight on this attempt; tells before the terminal event.
    Received {
        flight: u64,
        bytes: usize,
    },
    /// Of the flight's response, in order; the last one is terminal.
    Event {
        flight: u64,
        event: StreamEvent,
    },
    /// The flight ended without a terminal event; the connection did not.
    Refused {
        flight: u64,
        error: LinkError,
    },
    /// Whether the server names the lane in its events.
    Lanes(bool),
    /// The server does not obey `response.interrupt`.
    CannotInterrupt,
    Quota(Quota),
    /// The connection is of no more use.
    Failed(LinkError),
}

/// Results of one poll.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) incoming: Vec<Incoming>,
    /// Whether any text came, of which an idle timer is to know.
    pub(crate) has_text: bool,
    /// Bytes of that text.
    pub(crate) received: usize,
}

impl Batch {
    pub(crate) fn is_empty(&self) -> bool {
        self.incoming.is_empty() && !self.has_text
    }

    pub(crate) fn push(&mut self, incoming: Incoming) {
        self.incoming.push(incoming);
    }
}

/// What becomes of a response that nobody wants any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// It is read on and overlooked, beside others.
    Overlooked,
    /// It stands in the way of everything else.
    InTheWay,
}

impl Connection {
    /// Begins a request, in full or as what is new of it. Its message leaves while the connection
    /// is polled.
    pub(crate) fn begin(
        &mut self,
        flight: u64,
        request: &mut Request,
        manner: Manner,
    ) -> Result<Begun, LinkError> {
        match self {
            Connection::Socket(socket) => socket.begin(flight, request, manner),
            Connection::Http(http) => http.begin(flight, request).map(|()| Begun::default()),
        }
    }

    /// How many of the request's messages need not be sent on this connection.
    pub(crate) fn known(&self, request: &Request, manner: Manner) -> usize {
        match self {
            Connection::Socket(socket) => socket.lanes().known(request, manner),
            Connection::Http(_) => 0,
        }
    }

    /// Whether exactly this was sent ahead here.
    pub(crate) fn holds(&self, request: &Request) -> bool {
        match self {
            Connection::Socket(socket) => socket.lanes().holds(request),
            Connection::Http(_) => false,
        }
    }

    /// Bytes that came for a running flight so far.
    pub(crate) fn received(&self, flight: u64) -> usize {
        match self {
            Connection::Socket(socket) => socket.lanes().received(flight),
            Connection::Http(http) => http.received(flight),
        }
    }

    /// Whether another request can begin now; `lanes` tells whether the server has them.
    pub(crate) fn has_room(&self, lanes: bool) -> bool {
        match self {
            Connection::Socket(socket) => socket.lanes().has_room(lanes),
            Connection::Http(http) => http.is_free(),
        }
    }

    /// Whether nothing at all runs, not even what nobody wants.
    pub(crate) fn is_idle(&self) -> bool {
        match self {
            Connection::Socket(socket) => socket.lanes().count() == 0,
            Connection::Http(http) => http.is_free(),
        }
    }

    /// Responses that run although nobody wants them.
    pub(crate) fn leftovers(&self) -> usize {
        match self {
            Connection::Socket(socket) => socket.lanes().count() - socket.lanes().wanted(),
            Connection::Http(http) => http.leftovers(),
        }
    }

    /// Responses that run and are wanted.
    pub(crate) fn wanted(&self) -> usize {
        match self {
            Connection::Socket(socket) => socket.lanes().wanted(),
            Connection::Http(http) => http.wanted(),
        }
    }

    /// Nobody wants the flight any more; nothing of it comes out after this.
    pub(crate) fn abandon(&mut self, flight: u64, lanes: bool, interrupt: bool) -> Abandoned {
        match self {
            Connection::Socket(socket) => socket.abandon(flight, lanes, interrupt),
            Connection::Http(http) => http.abandon(flight),
        }
    }

    /// Sends a ping where there are pings. `false` if the one before got no answer of any kind.
    pub(crate) fn ping(&mut self) -> bool {
        match self {
            Connection::Socket(socket) => socket.ping(),
            Connection::Http(_) => true,
        }
    }

    /// Writes what is to be written and reads what has arrived. Ready as soon as there is anything
    /// to tell.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Poll<()> {
        match self {
            Connection::Socket(socket) => socket.poll(cx, batch),
            Connection::Http(http) => http.poll(cx, batch),
        }
    }
}
