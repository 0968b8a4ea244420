//! One server process and the pipes to it, shared by many sessions: each message goes to the session whose document,
//! request or rewrite it is about. Rules that hold for the whole process are watched here: every request is answered
//! once, every progress begins and ends once. What an editor does with a message is the session's affair.

use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread;

use serde_json::{Value, json};

use super::manner::Manner;
use super::model::Asked;
use crate::lsp::Encoding;
use crate::{Project, ServerCommand, patience, wait_until};

/// What comes for a session.
#[derive(Debug)]
pub(super) enum Mail {
    ApplyEdit {
        id: Value,
        params: Value,
    },
    Answer {
        id: u64,
        result: Result<Value, Value>,
    },
    Changed(Value),
    Diagnostics(Value),
    Asked(Asked),
    /// The connection of this number is gone.
    Gone(usize),
    /// The server is.
    Ended,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Created,
    Begun,
    Ended,
}

#[derive(Default)]
struct Shared {
    sessions: BTreeMap<String, Sender<Mail>>,
    asked: HashMap<u64, Sender<Mail>>,
    last_id: u64,
    progress: BTreeMap<String, Progress>,
    violations: Vec<String>,
    stderr: String,
    has_ended: bool,
}

pub(super) struct Link {
    out: Sender<Vec<u8>>,
    shared: Mutex<Shared>,
    initialized: OnceLock<Value>,
    child: Mutex<Child>,
    project: Project,
}

impl Link {
    /// Starts the server for an editor and shakes hands.
    ///
    /// # Panics
    /// When it does not come up.
    pub(super) fn start(manner: &Manner, model: &str) -> Arc<Link> {
        let project = Project::new();
        let server = ServerCommand::redline().with_model(model);
        let mut command = Command::new(&server.program);
        project.isolate(&mut command);
        command.args(&server.args);
        command.envs(server.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(project.folder());
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
        let (out, queue) = mpsc::channel();
        let link = Arc::new(Link {
            out,
            shared: Mutex::default(),
            initialized: OnceLock::new(),
            child: Mutex::new(child),
            project,
        });
        thread::spawn(move || write(stdin, &queue));
        let reader = Arc::clone(&link);
        thread::spawn(move || reader.read(stdout));
        let reader = Arc::clone(&link);
        thread::spawn(move || {
            let mut stderr = stderr;
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = stderr.read(&mut piece) {
                let text = String::from_utf8_lossy(&piece[..length]);
                reader.shared().stderr.push_str(&text);
            }
        });
        let (sender, mail) = mpsc::channel();
        let folder = format!("file://{}", link.project.folder().display());
        link.request("initialize", manner.initialize(&folder), &sender);
        let answer = mail
            .recv_timeout(patience())
            .expect("an answer to initialize");
        let Mail::Answer {
            result: Ok(result), ..
        } = answer
        else {
            panic!("initialize: {answer:?}");
        };
        link.initialized.set(result).expect("it is set once");
        link.notify("initialized", json!({}));
        link
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the server chose.
    pub(super) fn encoding(&self) -> Encoding {
        let name = self
            .initialized
            .get()
            .map(|it| &it["capabilities"]["positionEncoding"]);
        let name = name.and_then(Value::as_str).unwrap_or("utf-16");
        Encoding::from_name(name).unwrap_or_else(|error| panic!("{error}"))
    }

    pub(super) fn saves_with_text(&self) -> bool {
        let sync =
            |it: &Value| it["capabilities"]["textDocumentSync"]["save"]["includeText"] == true;
        self.initialized.get().is_some_and(sync)
    }

    pub(super) fn uri(&self, name: &str) -> String {
        format!("file://{}/{name}", self.project.folder().display())
    }

    /// Lets what concerns a document come to a session.
    pub(super) fn register(&self, uri: &str, session: Sender<Mail>) {
        self.shared().sessions.insert(uri.to_owned(), session);
    }

    pub(super) fn forget(&self, uri: &str) {
        self.shared().sessions.remove(uri);
    }

    pub(super) fn notify(&self, method: &str, params: Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Sends a request; its answer comes by mail.
    pub(super) fn request(&self, method: &str, params: Value, session: &Sender<Mail>) -> u64 {
        let mut shared = self.shared();
        shared.last_id += 1;
        let id = shared.last_id;
        shared.asked.insert(id, session.clone());
        drop(shared);
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }));
        id
    }

    pub(super) fn answer(&self, id: &Value, answer: Result<Value, String>) {
        let message = match answer {
            Ok(result) => json!({ "jsonrpc": "2.0", "id": id, "result": result }),
            Err(message) => json!({
                "jsonrpc": "2.0", "id": id, "error": { "code": -32603, "message": message },
            }),
        };
        self.send(&message);
    }

    fn send(&self, message: &Value) {
        let body = message.to_string();
        let frame = format!("Content-Length: {}\r\n\r\n{body}", body.len());
        // A server that has gone is noticed by its reader.
        self.out.send(frame.into_bytes()).ok();
    }

    fn read(&self, stdout: ChildStdout) {
        let mut stdout = BufReader::with_capacity(1 << 16, stdout);
        while let Some(body) = read_body(&mut stdout) {
            match serde_json::from_slice(&body) {
                Ok(message) => self.receive(message),
                Err(error) => self.violation(format!("no JSON: {error}")),
            }
        }
        let mut shared = self.shared();
        shared.has_ended = true;
        for session in shared.sessions.values() {
            session.send(Mail::Ended).ok();
        }
    }

    fn violation(&self, what: String) {
        self.shared().violations.push(what);
    }

    fn receive(&self, mut message: Value) {
        let id = message["id"].take();
        let Some(method) = message["method"].as_str().map(str::to_owned) else {
            return self.receive_answer(&id, message);
        };
        let params = message["params"].take();
        match &*method {
            "workspace/applyEdit" => {
                let uri = params["edit"]["documentChanges"][0]["textDocument"]["uri"].as_str();
                let session = uri.and_then(|uri| self.shared().sessions.get(uri).cloned());
                match session {
                    Some(session) => {
                        session.send(Mail::ApplyEdit { id, params }).ok();
                    }
                    None => self.answer(&id, Ok(json!({ "applied": false }))),
                }
            }
            "redline/rewriteChanged" => self.pass_on(&params["uri"].clone(), Mail::Changed(params)),
            "textDocument/publishDiagnostics" => {
                self.pass_on(&params["uri"].clone(), Mail::Diagnostics(params));
            }
            "$/progress" => self.on_progress(&params),
            "window/workDoneProgress/create" => {
                let token = params["token"].to_string();
                if self
                    .shared()
                    .progress
                    .insert(token, Progress::Created)
                    .is_some()
                {
                    self.violation(format!("a progress token twice: {params}"));
                }
                self.answer(&id, Ok(Value::Null));
            }
            "window/showMessage" => {
                let text = params["message"].as_str().unwrap_or_default();
                if text.contains("bug") || text.contains("lost track") {
                    self.violation(format!("the server says: {text}"));
                }
            }
            "window/logMessage" => {}
            "workspace/configuration" => {
                let items = params["items"].as_array().map_or(0, Vec::len);
                let settings = json!({ "limits": { "framesPerSecond": 60 } });
                self.answer(&id, Ok(vec![settings; items].into()));
            }
            _ if !id.is_null() => self.answer(&id, Ok(Value::Null)),
            _ => {}
        }
    }

    fn pass_on(&self, uri: &Value, mail: Mail) {
        let shared = self.shared();
        if let Some(session) = uri.as_str().and_then(|uri| shared.sessions.get(uri)) {
            session.send(mail).ok();
        }
    }

    fn on_progress(&self, params: &Value) {
        let kind = params["value"]["kind"].as_str().unwrap_or_default();
        let mut shared = self.shared();
        let now = shared.progress.get_mut(&params["token"].to_string());
        let fits = match (now, kind) {
            (Some(now @ Progress::Created), "begin") => {
                *now = Progress::Begun;
                true
            }
            (Some(now @ Progress::Begun), "end") => {
                *now = Progress::Ended;
                true
            }
            (Some(Progress::Begun), "report") => true,
            _ => false,
        };
        if !fits {
            shared
                .violations
                .push(format!("a progress out of turn: {params}"));
        }
    }

    fn receive_answer(&self, id: &Value, mut message: Value) {
        let asked = id
            .as_u64()
            .and_then(|id| Some((id, self.shared().asked.remove(&id)?)));
        let Some((id, session)) = asked else {
            return self.violation(format!("an answer to nothing: {id} {message}"));
        };
        let result = match message.get_mut("error").map(Value::take) {
            Some(error) => Err(error),
            None => Ok(message["result"].take()),
        };
        session.send(Mail::Answer { id, result }).ok();
    }

    /// Ends the server as an editor does, and tells what was wrong with it as a whole.
    pub(super) fn finish(&self) -> Vec<String> {
        let open = || -> Vec<String> {
            let shared = self.shared();
            let open = shared
                .progress
                .iter()
                .filter(|(_, now)| **now != Progress::Ended);
            open.map(|(token, now)| format!("{token} {now:?}"))
                .collect()
        };
        let patient = std::time::Instant::now() + patience();
        while !open().is_empty() && std::time::Instant::now() < patient {
            thread::sleep(std::time::Duration::from_millis(5));
        }
        let mut wrong: Vec<String> = open()
            .iter()
            .map(|it| format!("a progress without an end: {it}"))
            .collect();
        let (sender, mail) = mpsc::channel();
        self.request("shutdown", Value::Null, &sender);
        if !matches!(mail.recv_timeout(patience()), Ok(Mail::Answer { .. })) {
            wrong.push("no answer to shutdown".to_owned());
        }
        self.notify("exit", Value::Null);
        let status = wait_until("the server ends", || {
            let mut child = self.child.lock().unwrap_or_else(PoisonError::into_inner);
            child.try_wait().ok().flatten().ok_or_else(String::new)
        });
        if !status.success() {
            wrong.push(format!("the server ended with {status}"));
        }
        let mut shared = self.shared();
        if !shared.asked.is_empty() {
            wrong.push(format!("{} requests without an answer", shared.asked.len()));
        }
        if shared.stderr.contains("panicked") {
            wrong.push(shared.stderr.clone());
        }
        wrong.append(&mut shared.violations);
        wrong
    }

    /// What was wrong so far; taken only once.
    pub(super) fn stderr(&self) -> String {
        self.shared().stderr.clone()
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        let child = self.child.get_mut().unwrap_or_else(PoisonError::into_inner);
        child.kill().ok();
        child.wait().ok();
    }
}

fn write(mut stdin: ChildStdin, queue: &Receiver<Vec<u8>>) {
    while let Ok(mut bytes) = queue.recv() {
        for more in queue.try_iter().take(64) {
            bytes.extend(more);
        }
        if stdin
            .write_all(&bytes)
            .and_then(|()| stdin.flush())
            .is_err()
        {
            return;
        }
    }
}

/// The next body, or none at the end of the stream or where it is no message.
fn read_body(stream: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => {
                if let Some(number) = header.strip_prefix("Content-Length: ") {
                    length = number.parse::<usize>().ok();
                }
            }
        }
    }
    let mut body = vec![0; length?];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}
