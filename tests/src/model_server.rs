//! A model server for tests: the Responses protocol over WebSocket on a free local port, answered by a script.
//! It shares no code with our own embedded server, so that an error common to both ends cannot hide.
//! What a well-behaved answer looks like is in `events`; how connections are served is in `connection`.

mod connection;
mod events;

use std::fmt;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::patience;
pub use events::{Answer, cut, error, raw_frame};

/// What a script does next. All sending is in order, per connection.
#[derive(Clone, Debug)]
pub enum Action {
    /// One event as a text frame; gets the request's `stream_id`.
    Event(Value),
    /// A text frame as it stands.
    Text(String),
    Binary(Vec<u8>),
    /// Bytes on the socket, past all framing; `raw_frame` makes broken frames.
    Raw(Vec<u8>),
    /// The pace of a model.
    Wait(Duration),
    /// Goes on when the test opens the gate.
    Hold(Gate),
    /// A close frame with code and reason.
    Close(u16, String),
    /// The end of the TCP connection without a word.
    Kill,
    /// Nothing more on this connection, whatever is asked; it stays open.
    Silence,
}

/// A point at which a stream stands until the test lets it go on.
#[derive(Clone, Debug, Default)]
pub struct Gate(Arc<(Mutex<GateState>, Condvar)>);

#[derive(Debug, Default)]
struct GateState {
    is_open: bool,
    reached: usize,
}

impl Gate {
    pub fn new() -> Gate {
        Gate::default()
    }

    /// Lets whatever stands here, and whatever comes later, pass.
    pub fn open(&self) {
        self.state().is_open = true;
        self.0.1.notify_all();
    }

    /// Waits until a stream has come to this gate.
    ///
    /// # Panics
    /// When none comes in time.
    #[track_caller]
    pub fn wait_until_reached(&self) {
        let wait = self
            .0
            .1
            .wait_timeout_while(self.state(), patience(), |state| state.reached == 0);
        let (state, timeout) = wait.unwrap_or_else(PoisonError::into_inner);
        let missed = timeout.timed_out();
        drop(state);
        assert!(!missed, "no stream has come to the gate");
    }

    /// Stands here until the gate is open or `is_over`.
    fn pass(&self, is_over: &dyn Fn() -> bool) {
        let mut state = self.state();
        state.reached += 1;
        self.0.1.notify_all();
        while !state.is_open && !is_over() {
            // The end of a connection does not signal the gate, so it is looked for now and then.
            let wait = self.0.1.wait_timeout(state, Duration::from_millis(20));
            state = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A `response.create` that wants text.
#[derive(Clone, Debug)]
pub struct Request {
    /// Counts all requests for text at this server, from 0.
    pub index: usize,
    /// Counts the connections, from 0.
    pub connection: usize,
    pub body: Value,
}

impl Request {
    /// All text of the user's and developer's messages, joined by line ends.
    pub fn input_text(&self) -> String {
        let mut texts = Vec::new();
        gather_text(&self.body["input"], &mut texts);
        texts.join("\n")
    }

    /// The `instructions`, or nothing.
    pub fn instructions(&self) -> &str {
        self.body["instructions"].as_str().unwrap_or_default()
    }
}

fn gather_text(value: &Value, texts: &mut Vec<String>) {
    match value {
        Value::String(text) => texts.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| gather_text(item, texts)),
        Value::Object(item) => {
            for key in ["content", "text"] {
                gather_text(item.get(key).unwrap_or(&Value::Null), texts);
            }
        }
        _ => {}
    }
}

/// One frame that a client sent.
#[derive(Clone, Debug)]
pub struct Received {
    pub at: Instant,
    pub connection: usize,
    pub event: Value,
}

/// What came at the opening of a connection.
#[derive(Clone, Debug)]
pub struct Handshake {
    pub at: Instant,
    pub path: String,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
}

/// How the opening of a connection is answered.
#[derive(Clone, Debug)]
pub enum Opening {
    Accept,
    /// An HTTP status such as 401 or 426, and a body.
    Refuse(u16, String),
    /// The connection is taken and nothing is ever said.
    Hang,
}

type Script = Box<dyn Fn(&Request) -> Vec<Action> + Send + Sync>;
type Doorkeeper = Box<dyn Fn(usize) -> Opening + Send + Sync>;

/// The server; its threads and connections end when it is dropped.
pub struct ModelServer {
    address: SocketAddr,
    house: Arc<House>,
}

/// What all threads of one server share.
struct House {
    script: Script,
    doorkeeper: Doorkeeper,
    /// Whether `response.interrupt` is understood.
    interrupts: bool,
    log: Mutex<Log>,
    news: Condvar,
    n_requests: AtomicUsize,
    n_responses: AtomicUsize,
    over: AtomicBool,
}

#[derive(Default)]
struct Log {
    handshakes: Vec<Handshake>,
    received: Vec<Received>,
    requests: Vec<Request>,
    sockets: Vec<Option<TcpStream>>,
}

impl House {
    fn log(&self) -> MutexGuard<'_, Log> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ModelServer {
    /// A server whose every request for text is answered by `script`. Warm-ups (`generate: false`) and
    /// interrupts are answered as the protocol says, without the script.
    pub fn start(script: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static) -> ModelServer {
        ModelServer::start_with(|_| Opening::Accept, true, script)
    }

    /// A server that streams one text at once, whatever is asked.
    pub fn streaming(text: &str) -> ModelServer {
        let text = text.to_owned();
        ModelServer::start(move |request| Answer::to(request).pieces([text.as_str()]).actions())
    }

    /// As [`ModelServer::start`]; `doorkeeper` decides about each connection by its number, and `interrupts`
    /// says whether `response.interrupt` is understood.
    ///
    /// # Panics
    /// When no port can be had.
    pub fn start_with(
        doorkeeper: impl Fn(usize) -> Opening + Send + Sync + 'static,
        interrupts: bool,
        script: impl Fn(&Request) -> Vec<Action> + Send + Sync + 'static,
    ) -> ModelServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a local port can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let house = Arc::new(House {
            script: Box::new(script),
            doorkeeper: Box::new(doorkeeper),
            interrupts,
            log: Mutex::default(),
            news: Condvar::new(),
            n_requests: AtomicUsize::new(0),
            n_responses: AtomicUsize::new(0),
            over: AtomicBool::new(false),
        });
        let shared = Arc::clone(&house);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if shared.over.load(Ordering::Relaxed) {
                    return;
                }
                if let Ok(stream) = stream {
                    connection::serve(&shared, stream);
                }
            }
        });
        ModelServer { address, house }
    }

    /// `ws://…/v1/responses`.
    pub fn url(&self) -> String {
        format!("ws://{}/v1/responses", self.address)
    }

    /// The requests for text so far.
    pub fn requests(&self) -> Vec<Request> {
        self.house.log().requests.clone()
    }

    /// Every frame so far, warm-ups and interrupts too.
    pub fn received(&self) -> Vec<Received> {
        self.house.log().received.clone()
    }

    /// Every opening of a connection so far, refused ones too.
    pub fn handshakes(&self) -> Vec<Handshake> {
        self.house.log().handshakes.clone()
    }

    /// How many connections are open now.
    pub fn n_open(&self) -> usize {
        self.house.log().sockets.iter().flatten().count()
    }

    /// Waits until there have been `count` requests for text; answers the last of them.
    ///
    /// # Panics
    /// When they do not come in time, with all frames that did.
    #[track_caller]
    pub fn wait_for_requests(&self, count: usize) -> Request {
        self.wait(&format!("{count} requests"), |log| {
            log.requests.get(count.checked_sub(1)?).cloned()
        })
    }

    /// Waits until `count` warm-ups have come; answers the last of them.
    ///
    /// # Panics
    /// As [`ModelServer::wait_for_requests`].
    #[track_caller]
    pub fn wait_for_warm_ups(&self, count: usize) -> Received {
        self.wait(&format!("{count} warm-ups"), |log| {
            let warm_ups = log.received.iter();
            let mut warm_ups = warm_ups.filter(|it| it.event["generate"] == false);
            warm_ups.nth(count.checked_sub(1)?).cloned()
        })
    }

    /// Waits until `count` connections have been opened or refused.
    ///
    /// # Panics
    /// As [`ModelServer::wait_for_requests`].
    #[track_caller]
    pub fn wait_for_connections(&self, count: usize) {
        self.wait(&format!("{count} connections"), |log| {
            (log.handshakes.len() >= count).then_some(())
        });
    }

    /// Waits until exactly `count` connections are open.
    ///
    /// # Panics
    /// As [`ModelServer::wait_for_requests`].
    #[track_caller]
    pub fn wait_for_open(&self, count: usize) {
        self.wait(&format!("{count} open connections"), |log| {
            (log.sockets.iter().flatten().count() == count).then_some(())
        });
    }

    #[track_caller]
    fn wait<T>(&self, what: &str, look: impl Fn(&Log) -> Option<T>) -> T {
        let deadline = Instant::now() + patience();
        let mut log = self.house.log();
        loop {
            if let Some(found) = look(&log) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let received = log.received.clone();
                drop(log);
                panic!("waited in vain for {what}; received {received:#?}");
            }
            let wait = self.house.news.wait_timeout(log, left);
            log = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl fmt::Debug for ModelServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ModelServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Drop for ModelServer {
    fn drop(&mut self) {
        self.house.over.store(true, Ordering::Relaxed);
        // The listener wakes from a last connection; the readers from the end of theirs.
        TcpStream::connect(self.address).ok();
        for socket in self.house.log().sockets.iter().flatten() {
            socket.shutdown(std::net::Shutdown::Both).ok();
        }
    }
}
