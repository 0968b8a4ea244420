//! The handle that the rest of the program holds.

use std::sync::{Arc, Mutex, PoisonError};

use model_protocol::{Request, StreamEvent};
use tokio::sync::mpsc;

use crate::config::{Limits, LinkConfig};
use crate::driver::Driver;
use crate::error::LinkError;
use crate::report::{LinkStatus, Report, Traffic};

/// A link to one model server. Clones are cheap and share the link; it ends with the last of them.
#[derive(Debug, Clone)]
pub struct Link {
    commands: mpsc::UnboundedSender<Command>,
    report: Arc<Mutex<Report>>,
}

#[derive(Debug)]
pub(crate) enum Command {
    Send { id: u64, request: Box<Request> },
    Cancel { id: u64 },
    Ahead { request: Option<Box<Request>> },
    Warm,
    Limit(Limits),
}

/// What a link tells. Events of one request come in order, and `Ended` is its last.
#[derive(Debug, Clone, PartialEq)]
pub enum LinkEvent {
    /// The request waits for others to end; `place` counts from 1 and falls.
    Queued { id: u64, place: usize },
    /// The whole request is on the socket; `bytes` is the size of its message or body. Comes again
    /// if the request had to be sent once more.
    Sent { id: u64, bytes: usize },
    /// Never `Ignored`. Deltas that arrived together are one.
    Stream { id: u64, event: StreamEvent },
    /// What the request cost. Comes once, before the terminal event and before `Ended`.
    Traffic { id: u64, traffic: Traffic },
    /// Exactly once per request. `error` is `None` after `Completed` and `Incomplete`.
    Ended { id: u64, error: Option<LinkError> },
    /// The link's state changed.
    Status(LinkStatus),
}

impl Link {
    /// Starts connecting at once, on the current tokio runtime. `events` may be slow: text that
    /// waits for it is merged, and the socket is read all the same.
    ///
    /// Panics outside a tokio runtime.
    pub fn start(config: LinkConfig, events: mpsc::Sender<LinkEvent>) -> Link {
        let (commands, receiver) = mpsc::unbounded_channel();
        let report = Arc::<Mutex<Report>>::default();
        let driver = Driver::new(config, receiver, events, Arc::clone(&report));
        tokio::spawn(driver.run());
        Link { commands, report }
    }

    /// Queues a request. Never waits. `id` must be new; its events carry it.
    pub fn send(&self, id: u64, request: Request) {
        // The driver outlives every handle.
        let _ = self.commands.send(Command::Send {
            id,
            request: Box::new(request),
        });
    }

    /// Ends a request with [`LinkError::Cancelled`]; one that has ended already is left alone.
    /// Never waits. A request sent right after it takes no handshake: it goes on another lane of
    /// the same connection, or over the spare one.
    pub fn cancel(&self, id: u64) {
        let _ = self.commands.send(Command::Cancel { id });
    }

    /// A request that begins with this one's messages is likely soon: sends them ahead, without an
    /// answer, where that delays nothing. Takes the place of what has not left yet; `None` only
    /// takes that back. Never waits, and never fails: what was not sent ahead is sent later.
    pub fn ahead(&self, request: Option<Request>) {
        let request = request.map(Box::new);
        let _ = self.commands.send(Command::Ahead { request });
    }

    /// A request is likely soon: makes sure that a connection stands. Never waits.
    pub fn warm(&self) {
        let _ = self.commands.send(Command::Warm);
    }

    /// These limits count from now on, also for what runs; connections that were made with another
    /// size of messages are replaced when they are free. Never waits.
    pub fn limit(&self, limits: Limits) {
        let _ = self.commands.send(Command::Limit(limits));
    }

    /// The state as of now.
    pub fn status(&self) -> LinkStatus {
        self.report().status
    }

    /// State and figures as of now.
    pub fn report(&self) -> Report {
        self.report
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}
