//! The process behind the client: its pipes, the threads on them, and what came through.
//! Writing never blocks (a thread with a queue does it), so that a server which stops reading for a while
//! cannot lock up the test; one lock orders versions and messages.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io::{BufReader, Read as _, Write as _};
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use super::editor::{Editor, Verdict};
use super::manner::Echo;
use super::{Guard, SharedState};
use crate::framing::{frame, read_body};
use crate::{patience, wait_until};

/// A notification or request of the server.
#[derive(Clone, Debug)]
pub struct Message {
    pub at: Instant,
    pub method: String,
    pub params: Value,
    pub is_request: bool,
    /// Bytes of the body.
    pub size: usize,
}

/// An error in an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseError {
    pub code: i64,
    pub message: String,
    pub data: Value,
}

impl fmt::Display for ResponseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}) {}", self.message, self.code, self.data)
    }
}

#[derive(Debug)]
pub(super) struct Shared {
    pub(super) editor: Editor,
    settings: Value,
    pub(super) messages: Vec<Message>,
    pub(super) answers: BTreeMap<u64, Result<Value, ResponseError>>,
    pub(super) violations: Vec<String>,
    pub(super) fixed_answers: BTreeMap<String, Value>,
    /// Answers that wait, while the client is told to hold them.
    pub(super) held: Option<Vec<Value>>,
    pub(super) received_bytes: u64,
    pub(super) stderr: String,
    open_requests: HashSet<u64>,
    last_id: u64,
    has_ended: bool,
}

impl Shared {
    pub(super) fn new(editor: Editor, settings: Value) -> Shared {
        Shared {
            editor,
            settings,
            messages: Vec::new(),
            answers: BTreeMap::new(),
            violations: Vec::new(),
            fixed_answers: BTreeMap::new(),
            held: None,
            received_bytes: 0,
            stderr: String::new(),
            open_requests: HashSet::new(),
            last_id: 0,
            has_ended: false,
        }
    }

    pub(super) fn send_request(
        &mut self,
        outgoing: &Sender<Vec<u8>>,
        method: &str,
        params: Value,
    ) -> u64 {
        self.last_id += 1;
        let id = self.last_id;
        self.open_requests.insert(id);
        let mut request = json!({ "jsonrpc": "2.0", "id": id, "method": method });
        // Absent, as `null` is no legal value of `params`.
        if !params.is_null() {
            request["params"] = params;
        }
        send(outgoing, &request);
        id
    }

    pub(super) fn flush(&mut self, outgoing: &Sender<Vec<u8>>, uri: &str) {
        for params in self.editor.take_unsent(uri) {
            let method = "textDocument/didChange";
            send(
                outgoing,
                &json!({ "jsonrpc": "2.0", "method": method, "params": params }),
            );
        }
    }

    pub(super) fn flush_all(&mut self, outgoing: &Sender<Vec<u8>>) {
        let uris: Vec<_> = self.editor.documents.keys().cloned().collect();
        for uri in uris {
            self.flush(outgoing, &uri);
        }
    }

    pub(super) fn hold_answers(&mut self, outgoing: &Sender<Vec<u8>>, hold: bool) {
        for answer in self.held.take().unwrap_or_default() {
            send(outgoing, &answer);
        }
        self.held = hold.then(Vec::new);
    }

    fn receive(&mut self, outgoing: &Sender<Vec<u8>>, body: &[u8]) {
        self.received_bytes += body.len() as u64;
        let message: Value = match serde_json::from_slice(body) {
            Ok(message) => message,
            Err(error) => {
                let body = String::from_utf8_lossy(body);
                return self.violations.push(format!("no JSON ({error}): {body}"));
            }
        };
        if message["jsonrpc"] != "2.0" {
            self.violations.push(format!("not JSON-RPC 2.0: {message}"));
        }
        let Some(method) = message["method"].as_str() else {
            return self.receive_answer(message);
        };
        let id = message.get("id").cloned();
        self.messages.push(Message {
            at: Instant::now(),
            method: method.to_owned(),
            params: message["params"].clone(),
            is_request: id.is_some(),
            size: body.len(),
        });
        if let Some(id) = id {
            self.answer(outgoing, id, method, &message["params"]);
        }
    }

    fn receive_answer(&mut self, mut message: Value) {
        let id = message["id"].as_u64();
        let Some(id) = id.filter(|id| self.open_requests.remove(id)) else {
            // JSON that could not be read is answered with a null id.
            if !(message["id"].is_null() && message["error"].is_object()) {
                self.violations
                    .push(format!("an answer to nothing: {message}"));
            }
            return;
        };
        let answer = match (message.get("result"), message.get("error")) {
            (Some(_), None) => Ok(message["result"].take()),
            (None, Some(error)) => Err(ResponseError {
                code: error["code"].as_i64().unwrap_or_default(),
                message: error["message"].as_str().unwrap_or_default().to_owned(),
                data: error["data"].clone(),
            }),
            _ => {
                self.violations
                    .push(format!("neither result nor error, or both: {message}"));
                Ok(Value::Null)
            }
        };
        self.answers.insert(id, answer);
    }

    fn answer(&mut self, outgoing: &Sender<Vec<u8>>, id: Value, method: &str, params: &Value) {
        let result = |value: Value| json!({ "jsonrpc": "2.0", "id": id, "result": value });
        let error = |code: i64, message: &str| {
            let error = json!({ "code": code, "message": message });
            json!({ "jsonrpc": "2.0", "id": id, "error": error })
        };
        if let Some(fixed) = self.fixed_answers.get(method) {
            let answer = result(fixed.clone());
            return self.send_answer(outgoing, answer);
        }
        match method {
            "workspace/applyEdit" => {
                let verdict = self.editor.apply_edit(params);
                self.violations.append(&mut self.editor.complaints);
                let answer = match verdict {
                    Verdict::Answer(value) => result(value),
                    Verdict::Error(reason) => error(-32603, &reason),
                    Verdict::Violation(reason) => {
                        self.violations.push(format!("{reason} in {params}"));
                        error(-32602, &reason)
                    }
                };
                match self.editor.manner.echo {
                    Echo::BeforeAnswer => {
                        self.flush_all(outgoing);
                        self.send_answer(outgoing, answer);
                    }
                    Echo::AfterAnswer => {
                        self.send_answer(outgoing, answer);
                        self.flush_all(outgoing);
                    }
                    Echo::Held => self.send_answer(outgoing, answer),
                }
            }
            "workspace/configuration" => {
                let items = params["items"].as_array().cloned().unwrap_or_default();
                let values = items.iter().map(|item| {
                    let keys = item["section"].as_str().unwrap_or_default();
                    let keys = keys.split('.').filter(|key| !key.is_empty());
                    keys.fold(&self.settings, |value, key| &value[key]).clone()
                });
                let answer = result(values.collect());
                self.send_answer(outgoing, answer);
            }
            "window/workDoneProgress/create"
            | "window/showMessageRequest"
            | "client/registerCapability"
            | "client/unregisterCapability"
            | "workspace/codeLens/refresh"
            | "workspace/diagnostic/refresh"
            | "workspace/inlayHint/refresh"
            | "workspace/semanticTokens/refresh" => self.send_answer(outgoing, result(Value::Null)),
            _ => self.send_answer(outgoing, error(-32601, "no such method")),
        }
    }

    fn send_answer(&mut self, outgoing: &Sender<Vec<u8>>, answer: Value) {
        match &mut self.held {
            Some(held) => held.push(answer),
            None => send(outgoing, &answer),
        }
    }
}

fn send(outgoing: &Sender<Vec<u8>>, message: &Value) {
    // A server that has gone is noticed where its answer is waited for.
    outgoing.send(frame(message.to_string().as_bytes())).ok();
}

#[derive(Debug)]
pub(super) struct Wire {
    child: Child,
    pub(super) outgoing: Sender<Vec<u8>>,
    pub(super) shared: SharedState,
}

impl Wire {
    #[track_caller]
    pub(super) fn start(command: &mut Command, shared: Shared) -> Wire {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let stdin = child.stdin.take().expect("stdin is a pipe");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let stderr = child.stderr.take().expect("stderr is a pipe");
        let (outgoing, queue) = mpsc::channel();
        let shared = Arc::new((Mutex::new(shared), Condvar::new()));
        thread::spawn(move || write(stdin, &queue));
        let (state, answers) = (Arc::clone(&shared), outgoing.clone());
        thread::spawn(move || read(stdout, &state, &answers));
        let state = Arc::clone(&shared);
        thread::spawn(move || read_stderr(stderr, &state));
        Wire {
            child,
            outgoing,
            shared,
        }
    }

    pub(super) fn shared(&self) -> Guard<'_> {
        lock(&self.shared)
    }

    pub(super) fn send(&self, message: &Value) {
        send(&self.outgoing, message);
    }

    /// Lets waiting conditions look again after a change made on this side.
    pub(super) fn wake(&self) {
        self.shared.1.notify_all();
    }

    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `look` finds something in the state.
    #[track_caller]
    pub(super) fn wait<T>(&self, what: &str, mut look: impl FnMut(&mut Shared) -> Option<T>) -> T {
        let deadline = Instant::now() + patience();
        let mut shared = self.shared();
        loop {
            if let Some(found) = look(&mut shared) {
                return found;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || shared.has_ended {
                let why = if shared.has_ended {
                    "the server has ended"
                } else {
                    "it never came"
                };
                let report = report(&shared);
                // The lock is not to be poisoned by a test that fails.
                drop(shared);
                panic!("waiting for {what}: {why}\n{report}");
            }
            let waited = self.shared.1.wait_timeout(shared, left);
            shared = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    pub(super) fn close_stdin(&self) {
        // An empty frame is the writer's sign to stop.
        self.outgoing.send(Vec::new()).ok();
    }

    #[track_caller]
    pub(super) fn wait_for_exit(&mut self) -> ExitStatus {
        let shared = Arc::clone(&self.shared);
        wait_until("the server ends", || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err(report(&lock(&shared))),
            Err(error) => Err(error.to_string()),
        })
    }

    pub(super) fn kill(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn lock(shared: &SharedState) -> Guard<'_> {
    shared.0.lock().unwrap_or_else(PoisonError::into_inner)
}

fn write(mut stdin: ChildStdin, queue: &Receiver<Vec<u8>>) {
    for bytes in queue {
        if bytes.is_empty()
            || stdin
                .write_all(&bytes)
                .and_then(|()| stdin.flush())
                .is_err()
        {
            return;
        }
    }
}

fn read(stdout: ChildStdout, shared: &SharedState, outgoing: &Sender<Vec<u8>>) {
    let mut stdout = BufReader::new(stdout);
    loop {
        let body = read_body(&mut stdout);
        let mut state = lock(shared);
        match body {
            Ok(Some(body)) => state.receive(outgoing, &body),
            Ok(None) => state.has_ended = true,
            Err(error) => {
                state.violations.push(format!("stdout: {error}"));
                state.has_ended = true;
            }
        }
        let has_ended = state.has_ended;
        drop(state);
        shared.1.notify_all();
        if has_ended {
            return;
        }
    }
}

fn read_stderr(mut stderr: ChildStderr, shared: &SharedState) {
    let mut piece = [0; 4096];
    while let Ok(length @ 1..) = stderr.read(&mut piece) {
        lock(shared)
            .stderr
            .push_str(&String::from_utf8_lossy(&piece[..length]));
    }
}

fn report(shared: &Shared) -> String {
    let methods: Vec<_> = shared
        .messages
        .iter()
        .map(|it| it.method.as_str())
        .collect();
    let recent = &methods[methods.len().saturating_sub(30)..];
    let last = shared.messages.last().map(|it| it.params.to_string());
    format!(
        "--- messages\n{recent:?}\nthe last one: {}\n--- violations\n{:#?}\n--- stderr\n{}",
        last.unwrap_or_default(),
        shared.violations,
        shared.stderr
    )
}
