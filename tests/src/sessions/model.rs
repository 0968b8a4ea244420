//! The model server of the sessions: Responses over WebSocket, where each session itself says what its stream sends
//! and when. It finds the session by the name of the file in the request. What a stream is to say is not known here.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use serde_json::{Value, json};
use tungstenite::protocol::Role;
use tungstenite::{Message, WebSocket};

use super::process::Mail;
use crate::model_server::raw_frame;

/// What stands before the number of a session in the name of its file.
pub(super) const MARK: &str = "session-";

/// A request for text.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) stream: Stream,
    /// The region as it was sent.
    pub(super) region: String,
    pub(super) instruction: String,
    /// All that was sent.
    pub(super) text: String,
}

/// The answer to one request, under way.
#[derive(Debug)]
pub(super) struct Stream {
    connection: Arc<Connection>,
    lane: Value,
    number: usize,
    said: String,
}

#[derive(Debug)]
struct Connection {
    number: usize,
    socket: Mutex<TcpStream>,
    /// The number of the response that runs on it, where there are no lanes.
    running: AtomicUsize,
    /// Who is to be told when it goes.
    askers: Mutex<Vec<Sender<Mail>>>,
}

impl Connection {
    fn send(&self, bytes: &[u8]) -> bool {
        let mut socket = self.socket.lock().unwrap_or_else(PoisonError::into_inner);
        socket.write_all(bytes).is_ok()
    }
}

impl Stream {
    /// The number of its connection.
    pub(super) fn connection(&self) -> usize {
        self.connection.number
    }

    /// What it has said so far.
    pub(super) fn said(&self) -> &str {
        &self.said
    }

    fn send(&self, mut event: Value) {
        if !self.lane.is_null() {
            event["stream_id"] = self.lane.clone();
        } else if self.connection.running.load(Ordering::Relaxed) != self.number {
            // This response was given up, and another one runs there.
            return;
        }
        // A client that has gone wants nothing more.
        self.connection
            .send(&raw_frame(1, true, event.to_string().as_bytes()));
    }

    fn response(&self, status: &str) -> Value {
        let done = status != "in_progress";
        let output = if done {
            vec![self.item(status)]
        } else {
            Vec::new()
        };
        let mut response = json!({
            "id": format!("resp_{}", self.number), "object": "response", "status": status,
            "model": "test", "output": output, "error": null, "incomplete_details": null,
        });
        if done {
            response["usage"] =
                json!({ "input_tokens": 10, "output_tokens": 10, "total_tokens": 20 });
        }
        response
    }

    fn item(&self, status: &str) -> Value {
        json!({
            "id": format!("msg_{}", self.number), "type": "message", "status": status, "role": "assistant",
            "content": [{ "type": "output_text", "text": self.said, "annotations": [] }],
        })
    }

    pub(super) fn begin(&self) {
        self.send(json!({ "type": "response.created", "response": self.response("in_progress") }));
        self.send(json!({
            "type": "response.output_item.added", "output_index": 0,
            "item": { "id": format!("msg_{}", self.number), "type": "message", "status": "in_progress",
                "role": "assistant", "content": [] },
        }));
        self.send(json!({
            "type": "response.content_part.added", "item_id": format!("msg_{}", self.number),
            "output_index": 0, "content_index": 0,
            "part": { "type": "output_text", "text": "", "annotations": [] },
        }));
    }

    pub(super) fn say(&mut self, piece: &str) {
        self.said.push_str(piece);
        self.send(json!({
            "type": "response.output_text.delta", "item_id": format!("msg_{}", self.number),
            "output_index": 0, "content_index": 0, "delta": piece,
        }));
    }

    pub(super) fn complete(&self) {
        self.send(json!({
            "type": "response.output_text.done", "item_id": format!("msg_{}", self.number),
            "output_index": 0, "content_index": 0, "text": self.said,
        }));
        self.send(json!({
            "type": "response.output_item.done", "output_index": 0, "item": self.item("completed"),
        }));
        self.send(json!({ "type": "response.completed", "response": self.response("completed") }));
    }

    pub(super) fn cut_short(&self) {
        let mut response = self.response("incomplete");
        response["incomplete_details"] = json!({ "reason": "max_output_tokens" });
        self.send(json!({ "type": "response.incomplete", "response": response }));
    }

    pub(super) fn fail(&self) {
        let mut response = self.response("failed");
        response["error"] = json!({ "code": "server_error", "message": "The model fell over." });
        self.send(json!({ "type": "response.failed", "response": response }));
    }

    pub(super) fn err(&self) {
        self.send(json!({
            "type": "error", "status": 400,
            "error": { "type": "invalid_request_error", "code": "bad", "message": "No.", "param": null },
        }));
    }

    pub(super) fn refuse(&self) {
        let item = format!("msg_{}", self.number);
        self.send(json!({
            "type": "response.refusal.delta", "item_id": item, "output_index": 0, "content_index": 0,
            "delta": "That I will not do.",
        }));
        self.send(json!({ "type": "response.completed", "response": self.response("completed") }));
    }

    /// Ends the connection without a word.
    pub(super) fn drop_connection(&self) {
        let socket = self
            .connection
            .socket
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        socket.shutdown(Shutdown::Both).ok();
    }
}

#[derive(Default)]
struct Shared {
    sessions: Mutex<HashMap<u64, Sender<Mail>>>,
    requests: AtomicUsize,
    connections: AtomicUsize,
    over: AtomicBool,
    strays: Mutex<Vec<String>>,
}

pub(super) struct Model {
    address: SocketAddr,
    shared: Arc<Shared>,
}

impl Model {
    /// # Panics
    /// When no local port can be had.
    pub(super) fn start() -> Model {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a local port can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::new(Shared::default());
        let house = Arc::clone(&shared);
        thread::spawn(move || {
            for socket in listener.incoming().map_while(Result::ok) {
                if house.over.load(Ordering::Relaxed) {
                    return;
                }
                let house = Arc::clone(&house);
                thread::spawn(move || serve(&house, socket));
            }
        });
        Model { address, shared }
    }

    pub(super) fn url(&self) -> String {
        format!("ws://{}/v1/responses", self.address)
    }

    pub(super) fn register(&self, session: u64, mail: Sender<Mail>) {
        let mut sessions = self
            .shared
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.insert(session, mail);
    }

    pub(super) fn forget(&self, session: u64) {
        let mut sessions = self
            .shared
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.remove(&session);
    }

    /// Requests that no session owns up to.
    pub(super) fn strays(&self) -> Vec<String> {
        self.shared
            .strays
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }
}

impl Drop for Model {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Relaxed);
        // The listener wakes from a last connection.
        TcpStream::connect(self.address).ok();
    }
}

/// The reading half; what the protocol makes it write goes out between whole frames.
struct Half {
    socket: TcpStream,
    connection: Arc<Connection>,
}

impl Read for Half {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.socket.read(buffer)
    }
}

impl Write for Half {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.connection.send(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn serve(house: &Arc<Shared>, socket: TcpStream) {
    socket.set_nodelay(true).ok();
    if tungstenite::accept(&socket).is_err() {
        return;
    }
    let Ok(writer) = socket.try_clone() else {
        return;
    };
    let connection = Arc::new(Connection {
        number: house.connections.fetch_add(1, Ordering::Relaxed),
        socket: Mutex::new(writer),
        running: AtomicUsize::new(usize::MAX),
        askers: Mutex::default(),
    });
    let half = Half {
        socket,
        connection: Arc::clone(&connection),
    };
    let mut socket = WebSocket::from_raw_socket(half, Role::Server, None);
    while let Ok(message) = socket.read() {
        if let Message::Text(text) = message {
            receive(house, &connection, &text);
        }
    }
    let askers = connection
        .askers
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    for asker in askers.iter() {
        asker.send(Mail::Gone(connection.number)).ok();
    }
}

fn receive(house: &Arc<Shared>, connection: &Arc<Connection>, text: &str) {
    let body: Value = serde_json::from_str(text).unwrap_or_default();
    if body["type"] != "response.create" {
        return;
    }
    let stream = Stream {
        connection: Arc::clone(connection),
        lane: body["stream_id"].clone(),
        number: house.requests.fetch_add(1, Ordering::Relaxed),
        said: String::new(),
    };
    connection.running.store(stream.number, Ordering::Relaxed);
    if body["generate"] == false {
        stream.begin();
        stream.complete();
        return;
    }
    let mut said = String::new();
    gather(&body["input"], &mut said);
    let section = |tag: &str| {
        let (_, rest) = said.rsplit_once(&format!("<{tag}>\n"))?;
        let (text, _) = rest.rsplit_once(&format!("\n</{tag}>"))?;
        Some(text.to_owned())
    };
    let number = said.split(MARK).nth(1).map(|rest| {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        rest[..digits].parse::<u64>()
    });
    let sessions = house
        .sessions
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    let session = number.and_then(|it| sessions.get(&it.ok()?).cloned());
    let (Some(session), Some(region), Some(instruction)) =
        (session, section("region"), section("instruction"))
    else {
        // Of a session that has failed, perhaps.
        stream.begin();
        stream.fail();
        house
            .strays
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(said);
        return;
    };
    let mut askers = connection
        .askers
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    // One response runs at a time, or a few where lanes do.
    let old = askers.len().saturating_sub(60);
    askers.drain(..old);
    askers.push(session.clone());
    drop(askers);
    session
        .send(Mail::Asked(Asked {
            stream,
            region,
            instruction,
            text: said,
        }))
        .ok();
}

fn gather(value: &Value, out: &mut String) {
    match value {
        Value::String(text) => {
            out.push_str(text);
            out.push('\n');
        }
        Value::Array(items) => items.iter().for_each(|item| gather(item, out)),
        Value::Object(item) => {
            for key in ["content", "text"] {
                gather(item.get(key).unwrap_or(&Value::Null), out);
            }
        }
        _ => {}
    }
}
