//! A small language-server client of our own, for black-box tests of a server's process over stdio.
//! It shares no code with the server, holds documents as plain strings, and is strict: whatever breaks the
//! protocol is noted as a violation and fails the test when the client is dropped.
//! How the simulated editor takes and reports edits is in `manner` and `editor`; positions are in `position`.

mod editor;
mod manner;
mod position;
mod rewrites;
mod setup;
mod wire;

use std::collections::BTreeMap;
use std::ops::Range;
use std::process::{Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use serde_json::{Value, json};

use crate::Project;
use editor::Editor;
pub use editor::{Applied, Document};
pub use manner::{Count, Echo, Manner, Report, Stale};
pub use position::{Encoding, Position, lines, offset, position};
pub use rewrites::is_over;
pub use setup::Setup;
use setup::file_uri;
pub use wire::{Message, ResponseError};
use wire::{Shared, Wire};

/// A running server with an editor in front of it; the server is killed when this is dropped.
///
/// # Panics
/// When dropped, if the server broke the protocol and nobody has asked for [`Client::take_violations`].
#[derive(Debug)]
pub struct Client {
    wire: Wire,
    project: Project,
    initialized: Value,
}

impl Client {
    /// Starts the server and goes through `initialize` and `initialized`.
    ///
    /// # Panics
    /// When the server does not start or refuses.
    #[track_caller]
    pub fn start(setup: &Setup) -> Client {
        let mut client = Client::start_raw(setup);
        let params = setup.initialize_params(&client.project);
        let answer = client.request("initialize", params);
        let answer = answer.unwrap_or_else(|error| panic!("initialize failed: {error}"));
        let chosen = answer["capabilities"]["positionEncoding"].as_str();
        let chosen = Encoding::from_name(chosen.unwrap_or("utf-16"));
        let chosen = chosen.unwrap_or_else(|error| panic!("{error}"));
        let offered = match &setup.encodings[..] {
            [] => &[Encoding::Utf16],
            offered => offered,
        };
        assert!(
            offered.contains(&chosen),
            "{} was not offered",
            chosen.name()
        );
        client.wire.shared().editor.encoding = chosen;
        client.initialized = answer;
        client.notify("initialized", json!({}));
        client
    }

    /// Starts the server and says nothing yet; documents can only be opened in utf-16 then.
    ///
    /// # Panics
    /// When the server does not start.
    #[track_caller]
    pub fn start_raw(setup: &Setup) -> Client {
        let project = Project::new();
        let mut command = Command::new(&setup.server.program);
        project.isolate(&mut command);
        command.args(&setup.server.args);
        command.envs(setup.server.env.iter().map(|(name, value)| (name, value)));
        command.current_dir(project.folder());
        let editor = Editor {
            documents: BTreeMap::new(),
            manner: setup.manner,
            encoding: Encoding::Utf16,
            complaints: Vec::new(),
        };
        Client {
            wire: Wire::start(&mut command, Shared::new(editor, setup.settings.clone())),
            project,
            initialized: Value::Null,
        }
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    /// The answer to `initialize`.
    pub fn initialize_result(&self) -> &Value {
        &self.initialized
    }

    /// What the server chose.
    pub fn encoding(&self) -> Encoding {
        self.wire.shared().editor.encoding
    }

    /// Process id of the server, to read its memory and threads.
    pub fn process(&self) -> u32 {
        self.wire.process()
    }

    // Messages.

    /// Sends a request and waits for its answer. Held changes go first, as in real editors.
    ///
    /// # Errors
    /// The server's error.
    ///
    /// # Panics
    /// When no answer comes, with the server's stderr.
    #[track_caller]
    pub fn request(&self, method: &str, params: Value) -> Result<Value, ResponseError> {
        let id = self.send_request(method, params);
        self.wait_for_answer(id)
    }

    /// Sends a request and does not wait; the id is for [`Client::wait_for_answer`].
    pub fn send_request(&self, method: &str, params: Value) -> u64 {
        let mut shared = self.wire.shared();
        shared.flush_all(&self.wire.outgoing);
        shared.send_request(&self.wire.outgoing, method, params)
    }

    /// # Errors
    /// The server's error.
    ///
    /// # Panics
    /// When no answer comes, with the server's stderr.
    #[track_caller]
    pub fn wait_for_answer(&self, id: u64) -> Result<Value, ResponseError> {
        self.wire
            .wait(&format!("the answer to request {id}"), |shared| {
                shared.answers.remove(&id)
            })
    }

    /// Sends `$/cancelRequest` for a request.
    pub fn cancel(&self, id: u64) {
        self.notify("$/cancelRequest", json!({ "id": id }));
    }

    pub fn notify(&self, method: &str, params: Value) {
        // The lock keeps this message in order with the changes of the documents.
        let _shared = self.wire.shared();
        self.wire
            .send(&json!({ "jsonrpc": "2.0", "method": method, "params": params }));
    }

    /// Writes bytes as they are, for instance a broken frame.
    pub fn send_raw(&self, bytes: Vec<u8>) {
        self.wire.outgoing.send(bytes).ok();
    }

    /// As [`Client::send_raw`], with a header for `body` in front.
    pub fn send_body(&self, body: &[u8]) {
        self.send_raw(crate::framing::frame(body));
    }

    /// The number of messages (notifications and requests of the server) so far: a place to search from.
    pub fn mark(&self) -> usize {
        self.wire.shared().messages.len()
    }

    /// Everything the server has sent since `mark`, save answers.
    pub fn messages_since(&self, mark: usize) -> Vec<Message> {
        self.wire.shared().messages[mark..].to_vec()
    }

    /// Waits for a message of `method` since `mark` whose parameters `fit`; answers the parameters.
    ///
    /// # Panics
    /// When none comes in time, with the server's stderr and the methods that did come.
    #[track_caller]
    pub fn wait_for_message(
        &self,
        mark: usize,
        method: &str,
        fit: impl Fn(&Value) -> bool,
    ) -> Value {
        self.wire.wait(&format!("a fitting {method}"), |shared| {
            let found = shared.messages[mark..].iter();
            let mut found = found.filter(|it| it.method == method && fit(&it.params));
            found.next().map(|message| message.params.clone())
        })
    }

    /// Waits until a document `holds`.
    ///
    /// # Panics
    /// When it does not in time, with its text.
    #[track_caller]
    pub fn wait_for_document(
        &self,
        uri: &str,
        what: &str,
        holds: impl Fn(&Document) -> bool,
    ) -> Document {
        self.wire.wait(what, |shared| {
            let document = shared
                .editor
                .documents
                .get(uri)
                .expect("the document is open");
            holds(document).then(|| document.clone())
        })
    }

    /// Leaves requests of the server unanswered, or answers all that have waited.
    /// Edits are taken all the same; only their answers wait.
    pub fn hold_answers(&self, hold: bool) {
        self.wire.shared().hold_answers(&self.wire.outgoing, hold);
    }

    /// How many requests of the server wait for [`Client::hold_answers`].
    pub fn held_answers(&self) -> usize {
        self.wire.shared().held.as_ref().map_or(0, Vec::len)
    }

    /// Answers requests of this method with `result` from now on.
    pub fn answer(&self, method: &str, result: Value) {
        self.wire
            .shared()
            .fixed_answers
            .insert(method.to_owned(), result);
    }

    /// Bytes received from the server so far.
    pub fn received_bytes(&self) -> u64 {
        self.wire.shared().received_bytes
    }

    /// What the server wrote to stderr so far.
    pub fn stderr(&self) -> String {
        self.wire.shared().stderr.clone()
    }

    /// Broken rules of the protocol so far; whoever takes them judges them.
    pub fn take_violations(&self) -> Vec<String> {
        std::mem::take(&mut self.wire.shared().violations)
    }

    // Documents.

    /// The URI of a name in the project.
    pub fn uri(&self, name: &str) -> String {
        file_uri(&self.project.folder().join(name).display().to_string())
    }

    /// Opens a document of the project with a text (no file is written); answers its URI.
    pub fn open(&self, name: &str, language: &str, text: &str) -> String {
        let uri = self.uri(name);
        let mut shared = self.wire.shared();
        let version = shared.editor.open(&uri, text);
        self.wire.send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {
            "textDocument": { "uri": uri, "languageId": language, "version": version, "text": text },
        }}));
        uri
    }

    pub fn close(&self, uri: &str) {
        let mut shared = self.wire.shared();
        shared.flush_all(&self.wire.outgoing);
        shared.editor.documents.remove(uri);
        let params = json!({ "textDocument": { "uri": uri } });
        self.wire.send(
            &json!({ "jsonrpc": "2.0", "method": "textDocument/didClose", "params": params }),
        );
    }

    /// # Panics
    /// When the document is not open.
    #[track_caller]
    pub fn document(&self, uri: &str) -> Document {
        let shared = self.wire.shared();
        shared
            .editor
            .documents
            .get(uri)
            .expect("the document is open")
            .clone()
    }

    /// # Panics
    /// When the document is not open.
    #[track_caller]
    pub fn text(&self, uri: &str) -> String {
        self.document(uri).text
    }

    /// A person's change: replaces `range` (bytes of the text as it is now) by `text`.
    ///
    /// # Panics
    /// When the document is not open, or the range is not on borders of characters and line ends.
    #[track_caller]
    pub fn replace(&self, uri: &str, range: Range<usize>, text: &str) {
        self.replace_with(uri, |_| Some((range, text.to_owned())));
    }

    /// As [`Client::replace`], with the place chosen from the document of this moment; none changes nothing.
    ///
    /// # Panics
    /// As [`Client::replace`].
    #[track_caller]
    pub fn replace_with(
        &self,
        uri: &str,
        choose: impl FnOnce(&Document) -> Option<(Range<usize>, String)>,
    ) {
        let mut shared = self.wire.shared();
        let document = shared
            .editor
            .documents
            .get(uri)
            .expect("the document is open");
        let Some((range, text)) = choose(document) else {
            return;
        };
        shared.editor.replace(uri, range, &text);
        if shared.editor.manner.echo != Echo::Held {
            shared.flush(&self.wire.outgoing, uri);
        }
        drop(shared);
        self.wire.wake();
    }

    /// Reports the changes held back by [`Echo::Held`], as a debounce timer does when it fires.
    pub fn flush(&self, uri: &str) {
        self.wire.shared().flush(&self.wire.outgoing, uri);
    }

    /// The range of these bytes as the protocol writes it.
    ///
    /// # Panics
    /// When the document is not open, or the range is not on borders of characters.
    #[track_caller]
    pub fn range(&self, uri: &str, bytes: Range<usize>) -> Value {
        let document = self.document(uri);
        let encoding = self.encoding();
        json!({
            "start": position(&document.text, bytes.start, encoding).to_json(),
            "end": position(&document.text, bytes.end, encoding).to_json(),
        })
    }

    /// Says where servers may change a document: an edit elsewhere breaks the protocol from now on.
    /// [`Document::watched`] tells where these bytes are later.
    ///
    /// # Panics
    /// When the document is not open.
    #[track_caller]
    pub fn watch(&self, uri: &str, ranges: Vec<Range<usize>>) {
        let mut shared = self.wire.shared();
        let document = shared.editor.documents.get_mut(uri);
        document.expect("the document is open").watched = ranges;
    }

    /// As a save: reports held changes, then `didSave`, with the text where the server asked for it.
    ///
    /// # Panics
    /// When the document is not open.
    #[track_caller]
    pub fn save(&self, uri: &str) {
        let text = self.text(uri);
        let mut shared = self.wire.shared();
        shared.flush_all(&self.wire.outgoing);
        let mut params = json!({ "textDocument": { "uri": uri } });
        let sync = &self.initialized["capabilities"]["textDocumentSync"];
        if sync["save"]["includeText"] == true {
            params["text"] = text.into();
        }
        self.wire
            .send(&json!({ "jsonrpc": "2.0", "method": "textDocument/didSave", "params": params }));
    }

    // The usual requests.

    /// The code actions of a range of bytes, as an editor asks when a person opens the menu.
    ///
    /// # Panics
    /// When the request fails.
    #[track_caller]
    pub fn code_actions(&self, uri: &str, bytes: Range<usize>) -> Vec<Value> {
        let params = json!({
            "textDocument": { "uri": uri },
            "range": self.range(uri, bytes),
            "context": { "diagnostics": [], "triggerKind": 1 },
        });
        match self.request("textDocument/codeAction", params) {
            Ok(Value::Array(actions)) => actions,
            Ok(_) => Vec::new(),
            Err(error) => panic!("textDocument/codeAction failed: {error}"),
        }
    }

    /// `workspace/executeCommand` with one argument.
    ///
    /// # Errors
    /// The server's error.
    #[track_caller]
    pub fn execute(&self, command: &str, argument: Value) -> Result<Value, ResponseError> {
        let params = json!({ "command": command, "arguments": [argument] });
        self.request("workspace/executeCommand", params)
    }

    /// Runs the code action of a title, as an editor does: its edit first, then its command.
    ///
    /// # Errors
    /// The error of the command.
    ///
    /// # Panics
    /// When no action has the title.
    #[track_caller]
    pub fn run_code_action(
        &self,
        uri: &str,
        bytes: Range<usize>,
        title: &str,
    ) -> Result<Value, ResponseError> {
        let actions = self.code_actions(uri, bytes);
        let Some(action) = actions.iter().find(|action| action["title"] == title) else {
            let titles: Vec<_> = actions.iter().map(|action| &action["title"]).collect();
            panic!("no code action `{title}`, only {titles:?}");
        };
        assert!(
            action.get("edit").is_none(),
            "an action with an edit: {action}"
        );
        let command = &action["command"];
        let params = json!({ "command": command["command"], "arguments": command["arguments"] });
        self.request("workspace/executeCommand", params)
    }

    /// `shutdown`, `exit`, and the end of the process.
    ///
    /// # Panics
    /// When the server does not end in time.
    #[track_caller]
    pub fn shutdown(mut self) -> ExitStatus {
        let answer = self.request("shutdown", Value::Null);
        answer.unwrap_or_else(|error| panic!("shutdown failed: {error}"));
        self.notify("exit", Value::Null);
        self.wire.wait_for_exit()
    }

    /// Closes the server's stdin without a word and waits for its end, as when an editor is killed.
    ///
    /// # Panics
    /// When the server does not end in time.
    #[track_caller]
    pub fn hang_up(mut self) -> ExitStatus {
        self.wire.close_stdin();
        self.wire.wait_for_exit()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let violations = self.take_violations();
        self.wire.kill();
        if !std::thread::panicking() {
            assert!(
                violations.is_empty(),
                "the server broke the protocol: {violations:#?}"
            );
        }
    }
}

/// The state behind the lock, as the client's own modules see it.
type Guard<'a> = MutexGuard<'a, Shared>;
type SharedState = Arc<(Mutex<Shared>, Condvar)>;
