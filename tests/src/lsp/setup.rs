//! What the client tells the server of itself at the start, and the server's command.
//! The conversation that follows is in `lsp`.

use serde_json::{Value, json};

use super::{Encoding, Manner};
use crate::{Project, ServerCommand};

/// How the client starts and what it says of itself.
#[derive(Debug)]
pub struct Setup {
    pub server: ServerCommand,
    /// Offered in this order; none leaves the capability out, which means utf-16.
    pub encodings: Vec<Encoding>,
    /// `clientInfo`; an empty name leaves it out.
    pub client_name: String,
    pub client_version: String,
    /// Merged over the client's own capabilities.
    pub capabilities: Value,
    pub initialization_options: Value,
    /// The answer to `workspace/configuration`: `{"redline": {…}}`.
    pub settings: Value,
    /// Whether the project's folder is told as root and workspace folder.
    pub with_folder: bool,
    pub manner: Manner,
}

impl Setup {
    pub fn new(server: ServerCommand) -> Setup {
        Setup {
            server,
            encodings: vec![Encoding::Utf8, Encoding::Utf16],
            client_name: "e2e".to_owned(),
            client_version: "1".to_owned(),
            capabilities: json!({}),
            initialization_options: Value::Null,
            settings: json!({}),
            with_folder: true,
            manner: Manner::HELIX,
        }
    }

    pub(super) fn initialize_params(&self, project: &Project) -> Value {
        let mut capabilities = json!({
            "general": {},
            "window": { "workDoneProgress": true, "showMessage": {} },
            "workspace": {
                "applyEdit": true,
                "configuration": true,
                "workspaceFolders": true,
                "workspaceEdit": { "documentChanges": true },
            },
            "textDocument": {
                "synchronization": { "didSave": true },
                "publishDiagnostics": { "versionSupport": true },
                "codeAction": {
                    "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } },
                },
            },
        });
        if !self.encodings.is_empty() {
            let names = self.encodings.iter().map(|it| it.name());
            capabilities["general"]["positionEncodings"] = names.collect();
        }
        merge(&mut capabilities, &self.capabilities);
        let uri = file_uri(&project.folder().display().to_string());
        let mut params = json!({
            "processId": std::process::id(),
            "capabilities": capabilities,
            "rootUri": if self.with_folder { uri.clone().into() } else { Value::Null },
            "workspaceFolders": if self.with_folder {
                json!([{ "uri": uri, "name": "work" }])
            } else {
                Value::Null
            },
        });
        if !self.client_name.is_empty() {
            params["clientInfo"] =
                json!({ "name": self.client_name, "version": self.client_version });
        }
        if !self.initialization_options.is_null() {
            params["initializationOptions"] = self.initialization_options.clone();
        }
        params
    }
}

/// A path as a URI, with what may not stand in one in percent form.
pub(super) fn file_uri(path: &str) -> String {
    let mut uri = String::from("file://");
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                uri.push(char::from(byte));
            }
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri
}

/// Lays `over` over `base`: objects key by key, everything else whole.
fn merge(base: &mut Value, over: &Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                merge(base.entry(key).or_insert(Value::Null), value);
            }
        }
        (base, over) => *base = over.clone(),
    }
}
