//! Plays the happenings to an editor and writes down what it says. The server is `ScriptedServer`; the recorder
//! holds the text as the editor's reports alone make it, and that has to be what the editor shows.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::{HAPPENINGS, Hands, Happening, Part, Trace};
use crate::lsp::{Encoding, Position, offset, position};
use crate::scripted_server::ScriptedServer;
use crate::wait_until;

/// The command that an editor runs when it has nothing more to say.
const FENCE: &str = "trace.fence";

/// What the recording server can do.
pub const CAPABILITIES: &str = r#"{
    "textDocumentSync": { "openClose": true, "change": 2, "save": true },
    "documentFormattingProvider": true,
    "executeCommandProvider": { "commands": ["trace.fence"] }
}"#;

/// A server that records one editor.
pub struct Recorder {
    server: ScriptedServer,
    /// What the next formatting is answered with.
    formatted: Arc<Mutex<Value>>,
    /// What edits are labelled with, by which our extension knows them.
    label: &'static str,
}

/// One file as the editor has reported it.
struct Mirror {
    uri: String,
    text: String,
    version: i64,
    /// The version before the last report.
    before: i64,
}

impl Recorder {
    /// # Panics
    /// When there is no port to be had.
    pub fn new(label: &'static str) -> Recorder {
        let formatted = Arc::new(Mutex::new(Value::Null));
        let answer = Arc::clone(&formatted);
        let capabilities = serde_json::from_str(CAPABILITIES).expect("it is JSON");
        let server = ScriptedServer::listen(capabilities, move |method, _| match method {
            "textDocument/formatting" => Some(
                answer
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .clone(),
            ),
            _ => None,
        });
        Recorder {
            server,
            formatted,
            label,
        }
    }

    pub fn server(&self) -> &ScriptedServer {
        &self.server
    }

    /// Plays the whole list.
    ///
    /// # Panics
    /// When the editor does not do what is asked of it, or its reports do not make its text.
    pub fn record(&self, hands: &mut dyn Hands) -> Trace {
        let mut mirror: Option<Mirror> = None;
        let mut encoding = None;
        let mut lines = Vec::new();
        for happening in HAPPENINGS {
            let first = self.server.heard();
            let edit = self.perform(*happening, hands, mirror.as_ref(), encoding);
            let encoding = *encoding.get_or_insert_with(|| encoding_of(&self.server.initialize()));
            if let Some(id) = edit {
                let answers = |it: &Value| it["method"].is_null() && it["id"] == id;
                self.server.wait_for("the edit is answered", first, answers);
            }
            let waits_for: Option<&str> = match happening {
                Happening::Open(_) | Happening::Reopen => Some("textDocument/didOpen"),
                Happening::Format(_) => Some("textDocument/formatting"),
                Happening::Save => Some("textDocument/didSave"),
                _ => None,
            };
            if let Some(method) = waits_for {
                self.server
                    .wait_for(method, first, |it| it["method"] == method);
            }
            if matches!(happening, Happening::Format(_)) {
                let changed = |it: &Value| it["method"] == "textDocument/didChange";
                self.server
                    .wait_for("the text is formatted", first, changed);
            }
            let mut says = Vec::new();
            wait_until("the editor has reported its text", || {
                let mut now = mirror.as_ref().map(Mirror::copy);
                says = self.read(first, &mut now, encoding)?;
                let reported = now.as_ref().map(|it| it.text.clone()).unwrap_or_default();
                match hands.text() {
                    Some(shown) if shown != reported => Err(format!(
                        "{happening:?}\nreported {reported:?}\nshown    {shown:?}\n{says:?}"
                    )),
                    _ => Ok(()),
                }
            });
            let fence = self.server.heard();
            hands.fence(FENCE);
            self.server
                .wait_for("the editor has no more to say", fence, |it| {
                    it["params"]["command"] == FENCE
                });
            says = self
                .read(first, &mut mirror, encoding)
                .expect("it was read before");
            lines.push((happening.to_json(), says));
        }
        let encoding = encoding.map(Encoding::name);
        let info = &self.server.initialize()["clientInfo"];
        let head =
            json!({ "editor": info["name"], "version": info["version"], "positions": encoding });
        Trace { head, lines }
    }

    /// Does it; answers the number of the edit that was asked for, if one was.
    fn perform(
        &self,
        happening: Happening,
        hands: &mut dyn Hands,
        mirror: Option<&Mirror>,
        encoding: Option<Encoding>,
    ) -> Option<u64> {
        let edit = |parts: &[Part], version: i64| {
            let mirror = mirror.expect("a file is open");
            let encoding = encoding.expect("the editor has connected");
            let edits: Vec<Value> = parts
                .iter()
                .map(|(from, to, text)| {
                    let place = |(line, character): (u32, u32)| {
                        let place = Position { line, character };
                        let at = offset(&mirror.text, place, Encoding::Utf32);
                        let at = at.expect("the place is in the text");
                        position(&mirror.text, at, encoding).to_json()
                    };
                    // Eglot reports every text with plain line ends, and puts them in as they are.
                    let text = match mirror.text.contains('\r') {
                        true => (*text).to_owned(),
                        false => text.replace('\r', ""),
                    };
                    json!({ "range": { "start": place(*from), "end": place(*to) }, "newText": text })
                })
                .collect();
            let document = json!({ "uri": mirror.uri, "version": version });
            let change = json!({ "textDocument": document, "edits": edits });
            let params = json!({ "label": self.label, "edit": { "documentChanges": [change] } });
            self.server.request("workspace/applyEdit", &params)
        };
        let version = mirror.map(|it| it.version).unwrap_or_default();
        match happening {
            Happening::Edit(parts) => Some(edit(parts, version)),
            Happening::StaleEdit(parts) => {
                Some(edit(parts, mirror.map(|it| it.before).unwrap_or_default()))
            }
            Happening::TypeAndEdit((line, character, text), parts) => {
                hands.perform(Happening::Type(line, character, text));
                Some(edit(parts, version))
            }
            Happening::Format(text) => {
                let end = mirror.map_or(0, |it| it.text.lines().count());
                let range = json!({ "start": { "line": 0, "character": 0 }, "end": { "line": end, "character": 0 } });
                *self
                    .formatted
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner) =
                    json!([{ "range": range, "newText": text }]);
                hands.perform(happening);
                // The person sees it done before they go on.
                wait_until("the text is formatted", || match hands.text() {
                    Some(shown) if shown != text => Err(shown),
                    _ => Ok(()),
                });
                None
            }
            _ => {
                hands.perform(happening);
                None
            }
        }
    }

    /// What the editor has said from that message on, in the trace's words; the mirror goes along.
    fn read(
        &self,
        first: usize,
        mirror: &mut Option<Mirror>,
        encoding: Encoding,
    ) -> Result<Vec<Value>, String> {
        let mut says = Vec::new();
        for message in self.server.since(first) {
            let params = &message["params"];
            let document = &params["textDocument"];
            // VS Code opens files of its own, such as its settings.
            let uri = document["uri"].as_str();
            if uri.is_some_and(|uri| !uri.ends_with(".py")) {
                continue;
            }
            match message["method"].as_str() {
                None => says.push(json!({ "answered": answer(&message) })),
                Some("textDocument/didOpen") => {
                    let version = document["version"].as_i64().unwrap_or_default();
                    says.push(
                        json!({ "opened": { "version": version, "text": document["text"] } }),
                    );
                    *mirror = Some(Mirror {
                        uri: document["uri"].as_str().unwrap_or_default().to_owned(),
                        text: document["text"].as_str().unwrap_or_default().to_owned(),
                        version,
                        before: version,
                    });
                }
                Some("textDocument/didClose") => says.push(json!("closed")),
                Some("textDocument/didSave") => says.push(json!("saved")),
                Some("textDocument/formatting") => says.push(json!("asks for formatting")),
                Some("textDocument/didChange") => {
                    let mirror = mirror.as_mut().ok_or("a change of no file")?;
                    let version = document["version"].as_i64().unwrap_or_default();
                    let changes = params["contentChanges"].as_array().cloned();
                    let changes = changes.unwrap_or_default();
                    let mut told = Vec::new();
                    for change in &changes {
                        let (start, end) = (&change["range"]["start"], &change["range"]["end"]);
                        let place =
                            |it: &Value| offset(&mirror.text, Position::from_json(it)?, encoding);
                        let text = change["text"].as_str().unwrap_or_default();
                        let range = place(start)?..place(end)?;
                        mirror.text.replace_range(range, text);
                        let pair = |it: &Value| json!([it["line"], it["character"]]);
                        told.push(json!([pair(start), pair(end), text]));
                    }
                    says.push(
                        json!({ "changed": { "by": version - mirror.version, "changes": told } }),
                    );
                    mirror.before = mirror.version;
                    mirror.version = version;
                }
                Some(_) => {}
            }
        }
        Ok(says)
    }
}

impl Mirror {
    fn copy(&self) -> Mirror {
        Mirror {
            uri: self.uri.clone(),
            text: self.text.clone(),
            ..*self
        }
    }
}

/// `true`, `false`, or `"an error"`.
fn answer(message: &Value) -> Value {
    match message["result"]["applied"].as_bool() {
        Some(applied) => applied.into(),
        None => "an error".into(),
    }
}

fn encoding_of(initialize: &Value) -> Encoding {
    let offered = initialize["capabilities"]["general"]["positionEncodings"][0].as_str();
    Encoding::from_name(offered.unwrap_or("utf-16")).unwrap_or(Encoding::Utf16)
}
