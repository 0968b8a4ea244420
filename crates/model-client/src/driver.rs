//! The task behind a link: queue, active and spare connection, deadlines, reconnecting.
//!
//! All state is here and changes in one place after the other, so that each request ends exactly
//! once. Not here: sockets (`connection`) and handshakes (`dial`).

use std::collections::VecDeque;
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Poll;
use std::time::Duration;

use model_protocol::{Request, ServerError, StreamEvent};
use tokio::sync::mpsc;
use tokio::time::{Instant, Sleep};

use crate::config::LinkConfig;
use crate::connection::{Batch, Connection, Incoming};
use crate::dial::Dialer;
use crate::error::{LinkError, Phase, Retry};
use crate::link::{Command, LinkEvent, LinkStatus};
use crate::outbox::{Gone, Outbox};

const PING_EVERY: Duration = Duration::from_secs(20);
const FIRST_BACKOFF: Duration = Duration::from_millis(200);
const LONGEST_BACKOFF: Duration = Duration::from_secs(20);
/// A connection that lived less says nothing good about the server.
const SOUND_LIFE: Duration = Duration::from_secs(10);
/// Reading pauses while more text than this waits for its reader.
const MOST_UNREAD: usize = 64 << 20;

type Dialling = Pin<Box<dyn Future<Output = Result<Connection, LinkError>> + Send>>;

pub(crate) struct Driver {
    dialer: Arc<Dialer>,
    commands: mpsc::UnboundedReceiver<Command>,
    outbox: Outbox,
    shown: Arc<Mutex<LinkStatus>>,
    queue: VecDeque<Waiting>,
    running: Option<Running>,
    active: Option<Live>,
    spare: Option<Live>,
    dialling: Option<(Instant, Dialling)>,
    /// Attempts without a sound connection since the last one.
    failures: u32,
    /// Background attempts wait until then; `None` means until a request needs one.
    dial_at: Option<Instant>,
    next_ping: Instant,
}

struct Live {
    connection: Connection,
    since: Instant,
}

struct Waiting {
    id: u64,
    request: Box<Request>,
    since: Instant,
    /// It was on a socket before, that died without a sign of it.
    is_resent: bool,
}

struct Running {
    waiting: Waiting,
    has_begun: bool,
    last_text: Instant,
}

impl Driver {
    pub(crate) fn new(
        config: LinkConfig,
        commands: mpsc::UnboundedReceiver<Command>,
        events: mpsc::Sender<LinkEvent>,
        shown: Arc<Mutex<LinkStatus>>,
    ) -> Driver {
        let now = Instant::now();
        Driver {
            dialer: Arc::new(Dialer::new(config)),
            commands,
            outbox: Outbox::new(events),
            shown,
            queue: VecDeque::new(),
            running: None,
            active: None,
            spare: None,
            dialling: None,
            failures: 0,
            dial_at: Some(now),
            next_ping: now + PING_EVERY,
        }
    }

    pub(crate) async fn run(mut self) {
        // Ends when the last handle is dropped or nobody listens any more.
        let _ = self.work().await;
        let ids: Vec<u64> = self
            .running
            .iter()
            .map(|it| it.waiting.id)
            .chain(self.queue.iter().map(|it| it.id))
            .collect();
        for id in ids {
            self.outbox.push(LinkEvent::Ended {
                id,
                error: Some(LinkError::Stopped),
            });
        }
        let _ = self.outbox.deliver();
    }

    async fn work(&mut self) -> Result<(), Gone> {
        let mut timer = pin!(tokio::time::sleep_until(self.next_ping));
        let (mut active, mut spare) = (Batch::default(), Batch::default());
        loop {
            self.advance();
            self.outbox.deliver()?;
            self.arm(timer.as_mut());
            let reads = self.outbox.bytes() < MOST_UNREAD;
            tokio::select! {
                command = self.commands.recv() => match command {
                    Some(command) => self.command(command),
                    None => return Ok(()),
                },
                () = poll_live(&mut self.active, &mut active), if reads => self.on_active(&mut active),
                outcome = self.outbox.deliver_next() => outcome?,
                outcome = poll_dialling(&mut self.dialling) => self.on_dialled(outcome),
                () = poll_live(&mut self.spare, &mut spare) => self.on_spare(&mut spare),
                () = &mut timer => self.on_time(),
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::Send { id, request } => {
                let waiting = Waiting {
                    id,
                    request,
                    since: Instant::now(),
                    is_resent: false,
                };
                self.queue.push_back(waiting);
            }
            Command::Cancel { id } => {
                if self.running.as_ref().is_some_and(|it| it.waiting.id == id) {
                    // Closing the socket is the one cancel that every server understands.
                    self.active = None;
                    self.outbox.discard_stream(id);
                    self.finish(Some(LinkError::Cancelled));
                } else if let Some(at) = self.queue.iter().position(|it| it.id == id) {
                    self.queue.remove(at);
                    self.outbox.push(LinkEvent::Ended {
                        id,
                        error: Some(LinkError::Cancelled),
                    });
                }
            }
        }
    }

    /// Does whatever the state allows: promote the spare, begin the next request, dial.
    fn advance(&mut self) {
        if self.active.is_none() {
            self.active = self.spare.take();
        }
        while self.running.is_none()
            && let Some(live) = &mut self.active
            && let Some(waiting) = self.queue.pop_front()
        {
            let begun = live.connection.begin(&waiting.request);
            self.running = Some(Running {
                waiting,
                has_begun: false,
                last_text: Instant::now(),
            });
            if let Err(error) = begun {
                self.on_failed(error);
            }
        }
        let wanted = self.active.is_none() || self.spare.is_none();
        let urgent = self.active.is_none() && !self.queue.is_empty();
        let due = || self.dial_at.is_some_and(|at| at <= Instant::now());
        if self.dialling.is_none() && wanted && (urgent || due()) {
            let dialer = Arc::clone(&self.dialer);
            self.dialling = Some((Instant::now(), Box::pin(async move { dialer.dial().await })));
        }
        if self.active.is_some() {
            self.show(LinkStatus::Ready);
        } else if self.dialling.is_some() {
            self.show(LinkStatus::Connecting);
        }
    }

    fn show(&mut self, status: LinkStatus) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if *shown != status {
            *shown = status.clone();
            self.outbox.push(LinkEvent::Status(status));
        }
    }

    fn on_active(&mut self, batch: &mut Batch) {
        if std::mem::take(&mut batch.has_text)
            && let Some(running) = &mut self.running
        {
            running.last_text = Instant::now();
        }
        for incoming in batch.incoming.drain(..) {
            match incoming {
                Incoming::Sent { bytes } => {
                    if let Some(running) = &self.running {
                        self.outbox.push(LinkEvent::Sent {
                            id: running.waiting.id,
                            bytes,
                        });
                    }
                }
                Incoming::Event(event) => self.on_event(event),
                Incoming::Failed(error) => self.on_failed(error),
            }
        }
    }

    fn on_event(&mut self, event: StreamEvent) {
        let Some(running) = &mut self.running else {
            return;
        };
        let event = match event {
            StreamEvent::Failed(error) if !running.has_begun && is_limit(&error) => {
                return self.on_failed(LinkError::Server(error));
            }
            StreamEvent::Failed(error) => StreamEvent::Failed(self.scrubbed(error)),
            event => event,
        };
        let Some(running) = &mut self.running else {
            return;
        };
        let had_begun = std::mem::replace(&mut running.has_begun, true);
        self.failures = 0;
        let id = running.waiting.id;
        let (is_terminal, error) = match &event {
            StreamEvent::Failed(error) => (true, Some(LinkError::Server(error.clone()))),
            event => (event.is_terminal(), None),
        };
        self.outbox.push(LinkEvent::Stream { id, event });
        if is_terminal {
            if error.is_some() && had_begun {
                // Whether more of the broken response follows is anyone's guess.
                self.active = None;
            } else if let Some(live) = &mut self.active {
                live.connection.end();
            }
            self.finish(error);
        }
    }

    fn scrubbed(&self, error: ServerError) -> ServerError {
        let config = &self.dialer.config;
        ServerError {
            message: config.scrub(&error.message),
            code: error.code.map(|it| config.scrub(&it)),
            kind: error.kind.map(|it| config.scrub(&it)),
            status: error.status,
        }
    }

    fn finish(&mut self, error: Option<LinkError>) {
        if let Some(running) = self.running.take() {
            self.outbox.push(LinkEvent::Ended {
                id: running.waiting.id,
                error,
            });
        }
    }

    /// The active connection is lost.
    fn on_failed(&mut self, error: LinkError) {
        let died = matches!(error, LinkError::Closed { .. } | LinkError::Server(_));
        if let Some(live) = self.active.take() {
            self.lost(live.since);
        }
        let Some(running) = self.running.take() else {
            return;
        };
        let Running {
            mut waiting,
            has_begun,
            ..
        } = running;
        if died && !has_begun && !waiting.is_resent {
            // The warm socket may have been dead for long, and the spare with it.
            self.spare = None;
            self.dialling = None;
            waiting.is_resent = true;
            waiting.since = Instant::now();
            self.queue.push_front(waiting);
        } else {
            let error = match error {
                LinkError::Server(error) => LinkError::Server(self.scrubbed(error)),
                LinkError::Closed { host, code, reason } => LinkError::Closed {
                    host,
                    code,
                    reason: self.dialer.config.scrub(&reason),
                },
                error => error,
            };
            self.outbox.push(LinkEvent::Ended {
                id: waiting.id,
                error: Some(error),
            });
        }
    }

    fn on_spare(&mut self, batch: &mut Batch) {
        batch.has_text = false;
        let failed = batch
            .incoming
            .drain(..)
            .any(|it| matches!(it, Incoming::Failed(_)));
        if failed && let Some(live) = self.spare.take() {
            self.lost(live.since);
        }
    }

    /// A connection ended on its own: replace it, but not in a hurry if it did not live.
    fn lost(&mut self, since: Instant) {
        if since.elapsed() >= SOUND_LIFE {
            self.failures = 0;
        }
        self.dial_at = Some(Instant::now() + self.backoff());
        self.failures += 1;
    }

    fn backoff(&self) -> Duration {
        match self.failures {
            0 => Duration::ZERO,
            failures => {
                let doubled = FIRST_BACKOFF * 2u32.pow((failures - 1).min(10));
                doubled
                    .min(LONGEST_BACKOFF)
                    .mul_f64(0.75 + fastrand::f64() * 0.5)
            }
        }
    }

    fn on_dialled(&mut self, outcome: (Instant, Result<Connection, LinkError>)) {
        let (began, outcome) = outcome;
        match outcome {
            Ok(connection) => {
                let live = Live {
                    connection,
                    since: Instant::now(),
                };
                if self.active.is_none() {
                    self.active = Some(live);
                } else {
                    self.spare = Some(live);
                }
                self.dial_at = Some(Instant::now());
            }
            Err(error) => {
                self.failures += 1;
                self.dial_at = match error.retry() {
                    Retry::Never => None,
                    _ => Some(Instant::now() + self.backoff()),
                };
                if self.active.is_none() {
                    self.show(LinkStatus::Unreachable {
                        error: error.clone(),
                    });
                    // A request that came after the attempt began deserves one of its own.
                    while self.queue.front().is_some_and(|it| it.since <= began) {
                        if let Some(Waiting { id, .. }) = self.queue.pop_front() {
                            self.outbox.push(LinkEvent::Ended {
                                id,
                                error: Some(error.clone()),
                            });
                        }
                    }
                }
            }
        }
    }

    fn on_time(&mut self) {
        let now = Instant::now();
        let waited = self.dialer.config.idle_timeout;
        if let Some(running) = &self.running
            && now >= running.last_text + waited
        {
            let host = self
                .active
                .as_ref()
                .map_or(String::new(), |it| it.connection.host().to_owned());
            self.active = None;
            self.finish(Some(LinkError::Timeout {
                host,
                phase: Phase::Answer,
                waited,
            }));
        }
        if now >= self.next_ping {
            self.next_ping = now + PING_EVERY;
            if self.spare.as_mut().is_some_and(|it| !it.connection.ping()) {
                self.spare = None;
                self.dial_at = Some(now);
            }
            if let Some(live) = &mut self.active
                && !live.connection.ping()
            {
                let host = live.connection.host().to_owned();
                self.on_failed(LinkError::Closed {
                    host,
                    code: None,
                    reason: String::new(),
                });
            }
        }
    }

    /// Sets the timer to the next deadline. Text puts the idle deadline off without touching the
    /// timer, which is cheaper than setting it for each token: it fires early, finds nothing due
    /// and is set anew.
    fn arm(&self, mut timer: Pin<&mut Sleep>) {
        let idle = self
            .running
            .as_ref()
            .map(|it| it.last_text + self.dialer.config.idle_timeout);
        let wants_dial = self.dialling.is_none() && (self.active.is_none() || self.spare.is_none());
        let dial = self.dial_at.filter(|_| wants_dial);
        let next = [idle, dial]
            .into_iter()
            .flatten()
            .fold(self.next_ping, Instant::min);
        if timer.is_elapsed() || next < timer.deadline() {
            timer.as_mut().reset(next);
        }
    }
}

fn is_limit(error: &ServerError) -> bool {
    error.code.as_deref() == Some("websocket_connection_limit_reached")
}

async fn poll_live(live: &mut Option<Live>, batch: &mut Batch) {
    poll_fn(|cx| match live {
        Some(live) => live.connection.poll(cx, batch),
        None => Poll::Pending,
    })
    .await;
}

async fn poll_dialling(
    dialling: &mut Option<(Instant, Dialling)>,
) -> (Instant, Result<Connection, LinkError>) {
    let (began, outcome) = poll_fn(|cx| match dialling {
        Some((began, dialling)) => dialling.as_mut().poll(cx).map(|outcome| (*began, outcome)),
        None => Poll::Pending,
    })
    .await;
    *dialling = None;
    (began, outcome)
}
