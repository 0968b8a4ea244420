//! Whether the settings lead to a model that answers, for `redline doctor`: what is in force and where
//! it came from, each model asked for a word, and for all that is wrong a cure.
//!
//! What a link does and says is in crate `model-client`; how it is shown is up to the caller. What an
//! editor sends as settings is not seen from here.

mod cure;
mod shown;

use std::path::{Path, PathBuf};
use std::time::Instant;

use config::{Layers, Loaded, Settings, Wire, files};
use model_client::{LinkError, LinkEvent};
use model_protocol::{Message, Request, StreamEvent};
use serde::Serialize;
use serde_json::Value;
use tokio::sync::mpsc::Receiver;

use crate::models::{EMBEDDED, Models};
use crate::{Options, secrets, sources};

/// What was found. Nothing in it is secret.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkup {
    /// Redline's own.
    pub version: &'static str,
    /// Nothing is wrong.
    pub ok: bool,
    /// Every setting in force.
    pub settings: Vec<Setting>,
    /// The files that settings are looked for in.
    pub files: Vec<FileFound>,
    /// Each model that is set.
    pub models: Vec<ModelFound>,
    /// The languages whose syntax is known.
    pub languages: Vec<&'static str>,
    /// The log file.
    pub log: Option<PathBuf>,
    /// What is worth knowing and nothing wrong, a sentence each.
    pub remarks: Vec<String>,
    /// What is wrong, with its cure.
    pub problems: Vec<Problem>,
}

/// One setting in force.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setting {
    /// Its dotted path, as in the user's file.
    pub key: String,
    /// Without anything secret.
    pub value: Value,
    /// Where it came from, for people.
    pub from: String,
}

/// A file that settings are looked for in.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FileFound {
    /// Where it is or would be.
    pub path: PathBuf,
    /// Whether it is there.
    pub exists: bool,
}

/// One model and how it answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelFound {
    /// As the settings call it.
    pub name: String,
    /// Its key; `None` where none is set.
    pub key: Option<KeyFound>,
    /// Whose word is taken for the server, for people; `None` without TLS.
    pub certificates: Option<String>,
    /// It can be reached: a connection stood.
    pub reachable: bool,
    /// Milliseconds for name, TCP, proxy, TLS and upgrade together.
    pub handshake_ms: Option<f64>,
    /// Milliseconds from the question's leaving to the first text of the answer.
    pub first_token_ms: Option<f64>,
    /// The link's state and figures, as `redline.status` has them.
    pub link: Value,
}

/// A key, of which nothing is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyFound {
    /// Where it is kept, for people.
    pub source: String,
    /// Whether it is there; `None` where it was not looked for.
    pub present: Option<bool>,
}

/// Something wrong.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// What it is, a sentence.
    pub problem: String,
    /// What to do about it, a sentence.
    pub cure: String,
}

/// Looks at the settings of a person who works in `folder`, and asks each model that is set for a
/// word. Takes as long as the models take to answer, or to be given up.
pub async fn checkup(folder: &Path, log: Option<PathBuf>) -> Checkup {
    let mut layers = Layers::new();
    let folders = [folder.to_string_lossy().into_owned()];
    let unreadable = sources::read(&mut layers, false, &folders);
    let loaded = layers.load();
    let mut problems: Vec<Problem> = Vec::new();
    for problem in unreadable {
        let cure = "Make it a file of text that you may read.".to_owned();
        problems.push(Problem { problem, cure });
    }
    for problem in &loaded.warnings {
        let cure =
            "Correct it there; `redline config --default` shows every setting and what it may be.";
        problems.push(Problem {
            problem: problem.clone(),
            cure: cure.to_owned(),
        });
    }
    let mut models = Vec::new();
    for name in loaded.settings.models.keys() {
        let (model, problem) = look_at(name, &loaded.settings).await;
        models.push(model);
        problems.extend(problem);
    }
    let mut remarks = loaded.remarks.clone();
    let is_embedded = |it: &config::Model| it.url == EMBEDDED;
    if loaded.settings.models.values().all(is_embedded) {
        remarks.push("No model is set, so the embedded engine answers: it follows a few rules and is for trying things out. Name a model in `models.fast.url`; docs/providers.md has settings for each provider.".to_owned());
    }
    remarks.push("What your editor sends as settings is not seen here; `redline.status` in the editor says what is in force there.".to_owned());
    Checkup {
        version: env!("CARGO_PKG_VERSION"),
        ok: problems.is_empty(),
        settings: settings(&loaded),
        files: files_of(folder),
        models,
        languages: syntax::Language::ALL.iter().map(|it| it.name()).collect(),
        log,
        remarks,
        problems,
    }
}

fn settings(loaded: &Loaded) -> Vec<Setting> {
    let values = serde_json::to_value(&loaded.settings).unwrap_or_default();
    let setting = |(key, from): (&String, &config::Origin)| Setting {
        value: shown::value(key, &values),
        from: from.to_string(),
        key: key.clone(),
    };
    loaded.origins.iter().map(setting).collect()
}

fn files_of(folder: &Path) -> Vec<FileFound> {
    let places = [
        files::user_file_path(),
        Some(folder.join(files::WORKSPACE_FILE)),
    ];
    let found = |path: PathBuf| FileFound {
        exists: path.exists(),
        path,
    };
    places.into_iter().flatten().map(found).collect()
}

/// How asking went.
struct Asked {
    first_text_ms: Option<f64>,
    error: Option<LinkError>,
}

/// Connects to one model and asks it for a word.
async fn look_at(name: &str, settings: &Settings) -> (ModelFound, Option<Problem>) {
    let model = settings.model(name).cloned().unwrap_or_default();
    let is_tls = ["wss://", "https://"]
        .iter()
        .any(|it| model.url.starts_with(it));
    let ca_file = model.ca_file.as_deref().map(Path::new);
    let mut found = ModelFound {
        name: name.to_owned(),
        key: model.key.as_ref().map(|source| KeyFound {
            source: shown::source(source),
            present: None,
        }),
        certificates: None,
        reachable: false,
        handshake_ms: None,
        first_token_ms: None,
        link: Value::Null,
    };
    if let (true, Ok(trusted)) = (is_tls, model_client::trusted(ca_file)) {
        found.certificates = Some(shown::certificates(trusted, ca_file));
    }
    let started = Models::start_named(name, settings, &Options::default()).await;
    let (models, mut events) = match started {
        Ok(started) => started,
        Err(error) => {
            let problem = Problem {
                problem: format!("The embedded engine cannot be started: {error}."),
                cure: "It needs a free port on 127.0.0.1; look at what keeps this machine from giving it one.".to_owned(),
            };
            return (found, Some(problem));
        }
    };
    let present = |found: &mut ModelFound, is_there| {
        if let Some(key) = &mut found.key {
            key.present = Some(is_there);
        }
    };
    if let Some(why) = models.no_key() {
        present(&mut found, false);
        found.link = models.status();
        let problem = cure::no_key(name, model.key.as_ref(), why);
        return (found, Some(problem));
    }
    models.send(1, question(&models));
    let asked = listen(&models, &mut events).await;
    let status = models.status();
    found.reachable = status["latency"]["connect"].is_number();
    found.handshake_ms = status["latency"]["connect"].as_f64();
    found.first_token_ms = status["latency"]["firstText"]
        .as_f64()
        .or(asked.first_text_ms);
    found.link = status;
    let is_fetched = !matches!(asked.error, Some(LinkError::Key { .. }));
    present(&mut found, is_fetched);
    let problem = match &asked.error {
        Some(LinkError::Key { reason }) => Some(cure::no_key(name, model.key.as_ref(), reason)),
        Some(error) => Some(cure::of(name, &model, error)),
        None if asked.first_text_ms.is_none() => Some(cure::silent(name, &model)),
        None => None,
    };
    (found, problem)
}

/// As short as an answer can be, and with all that the settings say, since these may be what is refused.
fn question(models: &Models) -> Request {
    let model = models.model();
    Request {
        model: model.name.clone(),
        instructions: "Answer with the one word: ready".to_owned(),
        input: vec![Message::user("Are you ready?")],
        store: model.store,
        max_output_tokens: model.max_output_tokens,
        reasoning_effort: model.reasoning_effort.clone(),
        service_tier: model.service_tier.clone(),
        extra: model.extra.clone(),
        ..Request::default()
    }
}

/// Waits for the first text of the answer, which is enough, or for its end.
async fn listen(models: &Models, events: &mut Receiver<LinkEvent>) -> Asked {
    let mut sent = Instant::now();
    let mut asked = Asked {
        first_text_ms: None,
        error: None,
    };
    while let Some(event) = events.recv().await {
        match event {
            LinkEvent::Sent { .. } => sent = Instant::now(),
            LinkEvent::Stream {
                event: StreamEvent::Delta { .. } | StreamEvent::Refusal { .. },
                ..
            } => {
                asked.first_text_ms = Some(sent.elapsed().as_secs_f64() * 1e3);
                models.cancel(1);
                return asked;
            }
            LinkEvent::Stream {
                event: StreamEvent::Failed(error),
                ..
            } => asked.error = Some(LinkError::Server(error)),
            LinkEvent::Ended { error, .. } => {
                asked.error = error.or(asked.error);
                return asked;
            }
            _ => {}
        }
    }
    asked
}

/// What is spoken at an address, for people.
pub(crate) fn wire_name(url: &str) -> &'static str {
    match Wire::of(url) {
        Ok(Wire::Embedded) => "the embedded engine",
        Ok(Wire::ResponsesWebSocket) => "Responses over WebSocket",
        Ok(Wire::ResponsesSse) => "Responses as server-sent events",
        Ok(Wire::ChatSse) => "chat completions",
        Err(_) => "nothing known",
    }
}

impl Checkup {
    /// The checkup as JSON, every secret that is known taken out of it once more.
    pub fn to_json(&self) -> String {
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        secrets::without_secrets(&json).into_owned()
    }
}
