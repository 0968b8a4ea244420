//! A language server inside the test: an editor starts `stdio-to-test`, which connects here. It keeps what the
//! editor sends, in order, and asks of the editor what the test wants. What the messages mean is the test's matter.

use std::fs;
use std::io::{BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::framing::{frame, read_body};
use crate::lsp::{Encoding, Position, offset};
use crate::{ServerCommand, patience};

/// Answers a request of the editor, by method and parameters; none is answered with `null`.
type Answers = dyn Fn(&str, &Value) -> Option<Value> + Send + Sync;

#[derive(Default)]
struct State {
    /// All messages of the editor but its answer to `initialize`.
    said: Vec<Value>,
    initialize: Option<Value>,
    stream: Option<TcpStream>,
    requests: u64,
}

/// One server for one editor; it takes one connection.
pub struct ScriptedServer {
    address: SocketAddr,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl ScriptedServer {
    /// Waits for an editor. `capabilities` are told it, with `positionEncoding` as its own first choice; `answers`
    /// answers its other requests.
    ///
    /// # Panics
    /// When there is no port to be had.
    pub fn listen(
        capabilities: Value,
        answers: impl Fn(&str, &Value) -> Option<Value> + Send + Sync + 'static,
    ) -> ScriptedServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
        let address = listener.local_addr().expect("a listener has an address");
        let shared = Arc::<(Mutex<State>, Condvar)>::default();
        let server = ScriptedServer {
            address,
            shared: Arc::clone(&shared),
        };
        thread::spawn(move || {
            if let Ok((stream, _)) = listener.accept() {
                serve(stream, &shared, &capabilities, &answers);
            }
        });
        server
    }

    /// How an editor starts it; `bridge` is the binary `stdio-to-test`.
    pub fn command(&self, bridge: &str) -> ServerCommand {
        ServerCommand {
            program: PathBuf::from(bridge),
            args: vec![self.address.to_string()],
            env: Vec::new(),
        }
    }

    /// A program without arguments of its own that starts it, for an editor whose settings take only that.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn program(&self, bridge: &str, folder: &Path) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = folder.join("scripted-server");
        let script = format!("#!/bin/sh\nexec '{bridge}' {}\n", self.address);
        fs::write(&path, script).expect("a file can be written");
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(&path, mode).expect("it can be made a program");
        path
    }

    /// How many messages the editor has sent.
    pub fn heard(&self) -> usize {
        self.lock().said.len()
    }

    /// The messages from the one of that number on.
    pub fn since(&self, first: usize) -> Vec<Value> {
        self.lock().said[first..].to_vec()
    }

    /// The text of the file with that name, as its opening and the reports since make it; none before it is opened.
    ///
    /// # Panics
    /// When a report names a place that is not in the text.
    pub fn text(&self, name: &str) -> Option<String> {
        let initialize = self.initialize();
        let offered = &initialize["capabilities"]["general"]["positionEncodings"][0];
        let encoding = offered.as_str().unwrap_or("utf-16");
        let encoding = Encoding::from_name(encoding).expect("an encoding");
        let mut text: Option<String> = None;
        for message in self.since(0) {
            let params = &message["params"];
            let uri = params["textDocument"]["uri"].as_str().unwrap_or_default();
            if !uri.ends_with(name) {
                continue;
            }
            if let Some(opened) = params["textDocument"]["text"].as_str() {
                text = Some(opened.to_owned());
            }
            for change in params["contentChanges"].as_array().into_iter().flatten() {
                let text = text.as_mut().expect("it was opened");
                let place = |value: &Value| {
                    let place =
                        Position::from_json(value).and_then(|it| offset(text, it, encoding));
                    place.unwrap_or_else(|why| panic!("{change}: {why}"))
                };
                let range = place(&change["range"]["start"])..place(&change["range"]["end"]);
                text.replace_range(range, change["text"].as_str().unwrap_or_default());
            }
        }
        text
    }

    /// The parameters of `initialize`, once they have come.
    ///
    /// # Panics
    /// When they do not.
    #[track_caller]
    pub fn initialize(&self) -> Value {
        self.wait("the editor connects", |state| state.initialize.clone())
    }

    /// Waits for the first message from the one of number `first` on that `holds`; answers it.
    ///
    /// # Panics
    /// With what was said instead.
    #[track_caller]
    pub fn wait_for(&self, what: &str, first: usize, holds: impl Fn(&Value) -> bool) -> Value {
        self.wait(what, |state| {
            state.said[first..].iter().find(|it| holds(it)).cloned()
        })
    }

    /// Asks something of the editor; the answer is among what it says, with this id.
    ///
    /// # Panics
    /// When no editor is there.
    pub fn request(&self, method: &str, params: &Value) -> u64 {
        let mut state = self.lock();
        state.requests += 1;
        let id = state.requests;
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let stream = state.stream.as_mut().expect("an editor has connected");
        send(stream, &message);
        id
    }

    /// Tells the editor something.
    ///
    /// # Panics
    /// When no editor is there.
    pub fn notify(&self, method: &str, params: &Value) {
        let mut state = self.lock();
        let stream = state.stream.as_mut().expect("an editor has connected");
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        send(stream, &message);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[track_caller]
    fn wait<T>(&self, what: &str, mut found: impl FnMut(&State) -> Option<T>) -> T {
        let deadline = Instant::now() + patience();
        let mut state = self.lock();
        loop {
            if let Some(value) = found(&state) {
                return value;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(
                !left.is_zero(),
                "waited in vain: {what}; the editor said {:#?}",
                state.said
            );
            let woken = self.shared.1.wait_timeout(state, left);
            state = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn send(stream: &mut TcpStream, message: &Value) {
    // An editor that has gone shows in what the test waits for.
    stream
        .write_all(&frame(message.to_string().as_bytes()))
        .ok();
}

fn serve(
    stream: TcpStream,
    shared: &(Mutex<State>, Condvar),
    capabilities: &Value,
    answers: &Answers,
) {
    stream.set_nodelay(true).ok();
    let Ok(reading) = stream.try_clone() else {
        return;
    };
    let lock = || shared.0.lock().unwrap_or_else(PoisonError::into_inner);
    lock().stream = Some(stream);
    let mut reading = BufReader::new(reading);
    while let Ok(Some(body)) = read_body(&mut reading) {
        let Ok(message) = serde_json::from_slice::<Value>(&body) else {
            return;
        };
        let method = message["method"].as_str();
        let answer = match method {
            Some("initialize") => Some(json!({ "capabilities": chosen(capabilities, &message) })),
            Some("exit") => return,
            Some(method) => answers(method, &message["params"]),
            None => None,
        };
        let mut state = lock();
        if method == Some("initialize") {
            state.initialize = Some(message["params"].clone());
        } else {
            state.said.push(message.clone());
        }
        if method.is_some() && !message["id"].is_null() {
            let answer = answer.unwrap_or_default();
            let answer = json!({ "jsonrpc": "2.0", "id": message["id"], "result": answer });
            if let Some(stream) = &mut state.stream {
                send(stream, &answer);
            }
        }
        drop(state);
        shared.1.notify_all();
    }
}

/// With the editor's first choice of how positions count.
fn chosen(capabilities: &Value, initialize: &Value) -> Value {
    let mut chosen = capabilities.clone();
    let encodings = &initialize["params"]["capabilities"]["general"]["positionEncodings"];
    if let Some(first) = encodings[0].as_str() {
        chosen["positionEncoding"] = first.into();
    }
    chosen
}
