//! The demo's editor, as far as the language server can see it: one document over LSP.
//!
//! Not here: what a person sees and decides (`screen`, `plain`).

use std::time::Instant;

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt as _, BufReader};
use tokio::sync::mpsc;

use super::document::{Document, Span, TextEdit};
use super::framing;
use super::proposal::Proposal;

/// One editor with one open document.
#[derive(Debug)]
pub(super) struct Client {
    pub(super) document: Document,
    pub(super) edits: Edits,
    uri: String,
    incoming: mpsc::UnboundedReceiver<Value>,
    outgoing: mpsc::UnboundedSender<Value>,
    last_id: u64,
}

/// The edits that were applied so far.
#[derive(Debug, Default)]
pub(super) struct Edits {
    pub(super) batches: usize,
    /// Bytes of new text.
    pub(super) bytes: usize,
    pub(super) first: Option<Instant>,
    pub(super) last: Option<Instant>,
}

/// What came from the server, as far as the demo cares.
#[derive(Debug)]
pub(super) enum Incoming {
    Answer {
        id: u64,
        result: Result<Value, String>,
    },
    /// The document is another now.
    Edited,
    Proposal(Proposal),
    /// `window/showMessage`.
    Message(String),
    Nothing,
}

impl Client {
    /// Starts the tasks that read and write. They end with the streams.
    pub(super) fn start(
        input: impl AsyncRead + Unpin + Send + 'static,
        mut output: impl AsyncWrite + Unpin + Send + 'static,
        uri: String,
        text: String,
    ) -> Client {
        let (to_client, incoming) = mpsc::unbounded_channel();
        let (outgoing, mut from_client) = mpsc::unbounded_channel::<Value>();
        tokio::spawn(async move {
            let mut input = BufReader::new(input);
            loop {
                match framing::read(&mut input).await {
                    Ok(Some(message)) => {
                        if to_client.send(message).is_err() {
                            return;
                        }
                    }
                    Ok(None) => return,
                    Err(error) => return tracing::warn!(%error, "the server's output ended"),
                }
            }
        });
        tokio::spawn(async move {
            while let Some(message) = from_client.recv().await {
                if output.write_all(&framing::encode(&message)).await.is_err() {
                    return;
                }
            }
        });
        Client {
            document: Document { text, version: 1 },
            edits: Edits::default(),
            uri,
            incoming,
            outgoing,
            last_id: 0,
        }
    }

    /// Sends a request and returns its id.
    pub(super) fn request(&mut self, method: &str, params: Value) -> u64 {
        self.last_id += 1;
        self.send(json!({ "id": self.last_id, "method": method, "params": params }));
        self.last_id
    }

    /// Sends `workspace/executeCommand` with one argument and returns the request's id.
    pub(super) fn command(&mut self, command: &str, argument: &Value) -> u64 {
        let params = json!({ "command": command, "arguments": [argument] });
        self.request("workspace/executeCommand", params)
    }

    pub(super) fn notify(&self, method: &str, params: &Value) {
        self.send(json!({ "method": method, "params": params }));
    }

    /// The next message, already answered where it wants an answer, or nothing once the server has
    /// ended. May be dropped at any time without loss.
    pub(super) async fn next(&mut self) -> Option<Incoming> {
        let message = self.incoming.recv().await?;
        let method = message.get("method").and_then(Value::as_str);
        let id = message.get("id");
        let params = message.get("params").unwrap_or(&Value::Null);
        Some(match (method, id) {
            (Some(method), Some(id)) => self.answer(method, id, params),
            (Some("redline/rewriteChanged"), None) => match Proposal::from_json(params) {
                Some(proposal) => Incoming::Proposal(proposal),
                None => {
                    Incoming::Message("a redline/rewriteChanged that cannot be read".to_owned())
                }
            },
            (Some("window/showMessage"), None) => Incoming::Message(text(params, "message")),
            (Some(_), None) | (None, None) => Incoming::Nothing,
            (None, Some(id)) => Incoming::Answer {
                id: id.as_u64().unwrap_or_default(),
                result: match message.get("error") {
                    Some(error) => Err(text(error, "message")),
                    None => Ok(message.get("result").cloned().unwrap_or_default()),
                },
            },
        })
    }

    fn answer(&mut self, method: &str, id: &Value, params: &Value) -> Incoming {
        let (result, incoming) = match method {
            "workspace/applyEdit" => match self.apply(params) {
                Ok(()) => (json!({ "applied": true }), Incoming::Edited),
                Err(reason) => {
                    tracing::warn!(reason, "an edit was refused");
                    let refused = json!({ "applied": false, "failureReason": reason });
                    (refused, Incoming::Nothing)
                }
            },
            "workspace/configuration" => {
                let items = params.pointer("/items").and_then(Value::as_array);
                let nothing = vec![Value::Null; items.map_or(0, Vec::len)];
                (json!(nothing), Incoming::Nothing)
            }
            _ => (Value::Null, Incoming::Nothing),
        };
        self.send(json!({ "id": id, "result": result }));
        incoming
    }

    /// Applies an edit that speaks of our document at its present version, and says so.
    fn apply(&mut self, params: &Value) -> Result<(), &'static str> {
        let changes = params
            .pointer("/edit/documentChanges")
            .and_then(Value::as_array)
            .ok_or("the edit has no documentChanges")?;
        let [change] = changes.as_slice() else {
            return Err("the edit is not about one document");
        };
        if change.pointer("/textDocument/uri").and_then(Value::as_str) != Some(&self.uri) {
            return Err("the edit is about another document");
        }
        let version = change
            .pointer("/textDocument/version")
            .and_then(Value::as_i64);
        if version != Some(self.document.version) {
            return Err("the document has changed");
        }
        let edits = change
            .get("edits")
            .and_then(Value::as_array)
            .and_then(|it| it.iter().map(TextEdit::from_json).collect())
            .ok_or("the edits cannot be read")?;
        let applied = self.document.apply(edits)?;
        self.edits.batches += 1;
        self.edits.bytes += applied.iter().map(|it| it.new_text.len()).sum::<usize>();
        self.edits.last = Some(Instant::now());
        self.edits.first = self.edits.first.or(self.edits.last);
        let changes: Vec<Value> = applied
            .iter()
            .map(|it| json!({ "range": it.span.to_json(), "text": it.new_text }))
            .collect();
        self.notify(
            "textDocument/didChange",
            &json!({
                "textDocument": { "uri": self.uri, "version": self.document.version },
                "contentChanges": changes,
            }),
        );
        Ok(())
    }

    pub(super) fn open(&self, language: &str) {
        let document = json!({
            "uri": self.uri,
            "languageId": language,
            "version": self.document.version,
            "text": self.document.text,
        });
        self.notify("textDocument/didOpen", &json!({ "textDocument": document }));
    }

    /// Asks for a rewrite of all the document and returns the request's id.
    pub(super) fn rewrite(&mut self, instruction: &str) -> u64 {
        let argument = json!({
            "uri": self.uri,
            "range": Span::whole(&self.document.text).to_json(),
            "instruction": instruction,
            "apply": "live",
            "version": self.document.version,
        });
        self.command("redline.rewrite", &argument)
    }

    fn send(&self, mut message: Value) {
        message["jsonrpc"] = json!("2.0");
        // The server's end shows in `next`.
        let _ = self.outgoing.send(message);
    }
}

fn text(value: &Value, key: &str) -> String {
    value
        .get(key)
        .and_then(Value::as_str)
        .unwrap_or("no reason given")
        .to_owned()
}
