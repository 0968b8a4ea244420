//! One connection: a thread that reads, one that writes, one for each answer under way.
//! Answers of one lane follow each other; lanes run side by side. What an answer holds is the script's affair.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::Value;
use tungstenite::handshake::server::{ErrorResponse, Request as Upgrade, Response};
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tungstenite::{Message, WebSocket};

use super::{Action, Handshake, House, Opening, Received, Request, events};

/// Serves a connection on threads of its own.
pub(super) fn serve(house: &Arc<House>, stream: TcpStream) {
    let house = Arc::clone(house);
    thread::spawn(move || {
        stream.set_nodelay(true).ok();
        let number = {
            let mut log = house.log();
            log.sockets.push(stream.try_clone().ok());
            log.sockets.len() - 1
        };
        read(&house, number, &stream);
        stream.shutdown(Shutdown::Both).ok();
        house.log().sockets[number] = None;
        house.news.notify_all();
    });
}

/// What the writing thread is told.
enum Out {
    Message(Message),
    Raw(Vec<u8>),
    Kill,
}

/// The reading half. Whatever the protocol makes it write (answers to pings and to a close) goes through the
/// writing thread like all else, whole frames at a time.
struct ReadHalf<'a> {
    stream: &'a TcpStream,
    out: Sender<Out>,
}

impl Read for ReadHalf<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut stream = self.stream;
        stream.read(buffer)
    }
}

impl Write for ReadHalf<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.send(Out::Raw(bytes.to_vec())).ok();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn read(house: &Arc<House>, number: usize, stream: &TcpStream) {
    if !shake_hands(house, number, stream) {
        return;
    }
    let (out, queue) = mpsc::channel();
    let Ok(write_half) = stream.try_clone() else {
        return;
    };
    thread::spawn(move || write(write_half, &queue));
    let half = ReadHalf {
        stream,
        out: out.clone(),
    };
    let config = WebSocketConfig::default()
        .max_message_size(None)
        .max_frame_size(None);
    let mut socket = WebSocket::from_raw_socket(half, Role::Server, Some(config));
    let mut lanes = Lanes {
        house: Arc::clone(house),
        out,
        running: HashMap::new(),
        responses: Arc::default(),
        over: Arc::default(),
        is_silent: Arc::default(),
    };
    // Pings and closes are answered by the library when it reads on; anything unreadable ends the connection.
    while let Ok(message) = socket.read() {
        let Message::Text(text) = message else {
            continue;
        };
        let event = serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_str()));
        lanes.receive(number, event);
    }
    socket.flush().ok();
    lanes.over.store(true, Ordering::Relaxed);
}

/// Answers the opening request; false when the connection is not to be.
#[expect(
    clippy::result_large_err,
    reason = "the callback's type is the library's"
)]
fn shake_hands(house: &Arc<House>, number: usize, stream: &TcpStream) -> bool {
    let opening = (house.doorkeeper)(number);
    let note = |upgrade: &Upgrade| {
        let headers = upgrade.headers().iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let handshake = Handshake {
            at: Instant::now(),
            path: upgrade.uri().to_string(),
            headers: headers.collect(),
        };
        house.log().handshakes.push(handshake);
        house.news.notify_all();
    };
    let answer = |upgrade: &Upgrade, response: Response| -> Result<Response, ErrorResponse> {
        note(upgrade);
        match &opening {
            Opening::Refuse(status, body) => {
                let mut refusal = ErrorResponse::new(Some(body.clone()));
                *refusal.status_mut() = (*status).try_into().unwrap_or_default();
                Err(refusal)
            }
            Opening::Accept | Opening::Hang => Ok(response),
        }
    };
    if matches!(opening, Opening::Hang) {
        // Read until the client gives up.
        let mut stream = stream;
        let mut piece = [0; 1024];
        while matches!(stream.read(&mut piece), Ok(1..)) {}
        return false;
    }
    tungstenite::accept_hdr(stream, answer).is_ok()
}

fn write(mut stream: TcpStream, queue: &Receiver<Out>) {
    let mut socket = match stream.try_clone() {
        Ok(clone) => WebSocket::from_raw_socket(clone, Role::Server, None),
        Err(_) => return,
    };
    for out in queue {
        let written = match out {
            Out::Message(message) => socket.send(message).is_ok(),
            Out::Raw(bytes) => stream.write_all(&bytes).is_ok(),
            Out::Kill => false,
        };
        if !written {
            break;
        }
    }
    // The reader wakes by this, whoever ended the connection.
    stream.shutdown(Shutdown::Both).ok();
}

/// The answers under way on one connection.
struct Lanes {
    house: Arc<House>,
    out: Sender<Out>,
    /// For each lane its queue of answers.
    running: HashMap<String, Sender<Job>>,
    responses: Arc<Mutex<HashMap<String, Arc<Progress>>>>,
    over: Arc<AtomicBool>,
    is_silent: Arc<AtomicBool>,
}

struct Job {
    id: String,
    lane: Value,
    actions: Vec<Action>,
    progress: Arc<Progress>,
}

/// How far one response is.
#[derive(Default)]
struct Progress {
    is_interrupted: AtomicBool,
    next_number: AtomicU64,
}

impl Lanes {
    fn receive(&mut self, connection: usize, event: Value) {
        let kind = event["type"].as_str().unwrap_or_default().to_owned();
        self.house.log().received.push(Received {
            at: Instant::now(),
            connection,
            event: event.clone(),
        });
        match kind.as_str() {
            "response.create" => self.create(connection, event),
            "response.interrupt" => self.interrupt(&event),
            _ => {
                let message = format!("no such event: {kind}");
                if let Action::Event(refusal) = events::error(400, "unknown_event", &message) {
                    self.out.send(text(&refusal)).ok();
                }
            }
        }
        self.house.news.notify_all();
    }

    fn create(&mut self, connection: usize, event: Value) {
        let lane = event["stream_id"].clone();
        let actions = if event["generate"] == false {
            let events = events::warm_up(&event["model"]);
            events.into_iter().map(Action::Event).collect()
        } else {
            let request = Request {
                index: self.house.n_requests.fetch_add(1, Ordering::Relaxed),
                connection,
                body: event,
            };
            self.house.log().requests.push(request.clone());
            self.house.news.notify_all();
            (self.house.script)(&request)
        };
        let id = self.house.n_responses.fetch_add(1, Ordering::Relaxed);
        let job = Job {
            id: format!("{id:08}"),
            lane: lane.clone(),
            actions,
            progress: Arc::default(),
        };
        lock(&self.responses).insert(format!("resp_{}", job.id), Arc::clone(&job.progress));
        let queue = self.running.entry(lane.to_string()).or_insert_with(|| {
            let (sender, jobs) = mpsc::channel();
            let worker = Worker {
                out: self.out.clone(),
                over: Arc::clone(&self.over),
                is_silent: Arc::clone(&self.is_silent),
            };
            thread::spawn(move || {
                for job in jobs {
                    worker.run(job);
                }
            });
            sender
        });
        queue.send(job).ok();
    }

    fn interrupt(&self, event: &Value) {
        let id = event["response_id"].as_str().unwrap_or_default();
        let progress = lock(&self.responses).get(id).cloned();
        match progress {
            Some(progress) if self.house.interrupts => {
                progress.is_interrupted.store(true, Ordering::Relaxed);
            }
            _ => {
                let refusal = serde_json::json!({
                    "type": "response.interrupt.failed", "response_id": id,
                    "error": {
                        "type": "invalid_request_error", "code": "interrupt_not_supported",
                        "message": "This model does not support interrupts.", "param": "response_id",
                    },
                });
                self.out.send(text(&refusal)).ok();
            }
        }
    }
}

/// Plays the answers of one lane.
struct Worker {
    out: Sender<Out>,
    over: Arc<AtomicBool>,
    is_silent: Arc<AtomicBool>,
}

impl Worker {
    fn run(&self, job: Job) {
        for action in job.actions {
            let is_interrupted = || job.progress.is_interrupted.load(Ordering::Relaxed);
            if self.over.load(Ordering::Relaxed) || self.is_silent.load(Ordering::Relaxed) {
                return;
            }
            if is_interrupted() {
                let number = job.progress.next_number.load(Ordering::Relaxed);
                for event in events::interrupted(&format!("resp_{}", job.id), number) {
                    self.send_event(event, &job.lane, &job.id);
                }
                return;
            }
            let out = match action {
                Action::Event(event) => {
                    if let Some(number) = event["sequence_number"].as_u64() {
                        job.progress
                            .next_number
                            .store(number + 1, Ordering::Relaxed);
                    }
                    self.send_event(event, &job.lane, &job.id);
                    continue;
                }
                Action::Wait(pause) => {
                    // A model's pace is time itself; there is nothing to wait on.
                    thread::sleep(pause);
                    continue;
                }
                Action::Hold(gate) => {
                    gate.pass(&|| self.over.load(Ordering::Relaxed) || is_interrupted());
                    continue;
                }
                Action::Silence => {
                    self.is_silent.store(true, Ordering::Relaxed);
                    return;
                }
                Action::Text(text) => Out::Message(Message::text(text)),
                Action::Binary(bytes) => Out::Message(Message::binary(bytes)),
                Action::Raw(bytes) => Out::Raw(bytes),
                Action::Close(code, reason) => Out::Message(Message::Close(Some(CloseFrame {
                    code: CloseCode::from(code),
                    reason: reason.into(),
                }))),
                Action::Kill => Out::Kill,
            };
            self.out.send(out).ok();
        }
    }

    fn send_event(&self, mut event: Value, lane: &Value, id: &str) {
        fill_ids(&mut event, id);
        if !lane.is_null() {
            event["stream_id"] = lane.clone();
        }
        self.out.send(text(&event)).ok();
    }
}

/// Puts this response's number where the events leave it open.
fn fill_ids(event: &mut Value, number: &str) {
    match event {
        Value::String(id) if id == "resp_?" || id == "msg_?" => {
            *id = id.replace('?', number);
        }
        Value::Array(items) => items.iter_mut().for_each(|item| fill_ids(item, number)),
        Value::Object(entries) => entries
            .values_mut()
            .for_each(|value| fill_ids(value, number)),
        _ => {}
    }
}

fn text(event: &Value) -> Out {
    Out::Message(Message::text(event.to_string()))
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
