//! [`Backend`]: LSP's methods. Each changes the mirror or hands over to the engine before its first `await`,
//! so that everything happens in the order in which it was sent; none awaits the editor.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use serde_json::Value;
use text::{ContentChange, Encoding, VersionRule};
use tokio::sync::mpsc::{self, UnboundedSender};
use tokio::sync::oneshot;
use tower_lsp::jsonrpc::{Error, Result};
use tower_lsp::ls_types::{
    CodeActionKind, CodeActionOptions, CodeActionParams, CodeActionProviderCapability,
    CodeActionResponse, CodeLens, CodeLensOptions, CodeLensParams, DidChangeConfigurationParams,
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, ExecuteCommandOptions, ExecuteCommandParams, InitializeParams,
    InitializeResult, InitializedParams, InlineCompletionList, InlineCompletionParams, LSPAny,
    MessageType, NumberOrString, OneOf, PositionEncodingKind, SaveOptions, ServerCapabilities,
    ServerInfo, TextDocumentSyncCapability, TextDocumentSyncKind, TextDocumentSyncOptions,
    TextDocumentSyncSaveOptions, Uri, WorkDoneProgressCancelParams,
    WorkspaceFoldersServerCapabilities, WorkspaceServerCapabilities,
};
use tower_lsp::{Client, LanguageServer};

use crate::Options;
use crate::client_facts::{ClientFacts, CompletionClient};
use crate::convert::change;
use crate::documents::{Applied, Documents};
use crate::edit_answers::EditAnswers;
use crate::engine::{COMMANDS, Engine, Message, Question};
use crate::outgoing::{Editor, Outgoing};
use crate::sources;

/// The front of the server.
pub(crate) struct Backend {
    client: Client,
    options: Options,
    documents: Documents,
    engine: UnboundedSender<Message>,
    editor: Editor,
    answers: EditAnswers,
    facts: OnceLock<ClientFacts>,
    layers: Arc<Mutex<config::Layers>>,
    /// Warnings from before the handshake was over.
    early: Mutex<Vec<String>>,
    /// Names of questions for completions.
    tickets: AtomicU64,
}

/// Tells the engine, when it goes, that a question for a completion is of no interest any more.
struct Gone(u64, UnboundedSender<Message>);

impl Drop for Gone {
    fn drop(&mut self) {
        // The engine may be gone by now.
        let _ = self.1.send(Message::CompletionGone(self.0));
    }
}

impl Backend {
    /// Starts the engine. To be called on a tokio runtime.
    pub(crate) fn new(client: Client, answers: EditAnswers, options: Options) -> Self {
        let editor = Editor::start(client.clone(), answers.clone());
        let (engine, messages) = mpsc::unbounded_channel();
        Engine::start(options.clone(), editor.clone(), engine.clone(), messages);
        Backend {
            client,
            options,
            documents: Documents::default(),
            engine,
            editor,
            answers,
            facts: OnceLock::new(),
            layers: Arc::default(),
            early: Mutex::default(),
            tickets: AtomicU64::default(),
        }
    }

    fn hand_over(&self, message: Message) {
        // The engine ends with the runtime, and then nobody asks.
        let _ = self.engine.send(message);
    }

    fn encoding(&self) -> Encoding {
        self.facts
            .get()
            .map_or_else(Encoding::default, |facts| facts.encoding)
    }

    fn version_rule(&self) -> VersionRule {
        self.facts
            .get()
            .map_or_else(VersionRule::default, |facts| facts.version_rule)
    }

    /// `window/workDoneProgress/cancel`, which the framework leaves to its users.
    pub(crate) async fn cancel_progress(&self, params: WorkDoneProgressCancelParams) {
        if let NumberOrString::String(token) = params.token
            && let Some(id) = token
                .strip_prefix("redline/rewrite/")
                .and_then(|id| id.parse().ok())
        {
            self.hand_over(Message::CancelProgress(id));
        }
    }

    /// `textDocument/inlineCompletion`, which the framework leaves to its users.
    pub(crate) async fn inline_completion(
        &self,
        params: InlineCompletionParams,
    ) -> Result<InlineCompletionList> {
        let (answer, answered) = oneshot::channel();
        let ticket = self.tickets.fetch_add(1, Ordering::Relaxed);
        let place = params.text_document_position;
        self.hand_over(Message::Complete(Box::new(Question {
            ticket,
            uri: place.text_document.uri,
            position: place.position,
            trigger: params.context.trigger_kind,
            answer,
        })));
        // `$/cancelRequest` drops this future, and the question with it.
        let _gone = Gone(ticket, self.engine.clone());
        let items = answered.await.map_err(|_| Error::internal_error())?;
        Ok(InlineCompletionList { items })
    }

    /// Answers for a message that was none.
    pub(crate) async fn refuse(&self, params: Value) -> Result<Value> {
        let code = params["code"].as_i64().unwrap_or(-32_600);
        let message = params["message"].as_str().unwrap_or_default().to_owned();
        tracing::warn!(message, "refused");
        Err(Error {
            code: code.into(),
            message: message.into(),
            data: None,
        })
    }

    /// The editor has answered a request.
    pub(crate) async fn answered(&self, params: Value) {
        let applied = params["applied"].as_bool().unwrap_or(false);
        self.answers.answered(&params["id"], applied);
    }

    fn warn(&self, message: String) {
        tracing::warn!("{message}");
        self.editor
            .send(Outgoing::Show(MessageType::WARNING, message));
    }

    /// The settings of all layers known so far. What is wrong with them is said once they are loaded.
    fn load_settings(&self) -> config::Settings {
        let loaded = match self.layers.lock() {
            Ok(layers) => layers.load(),
            Err(poisoned) => poisoned.into_inner().load(),
        };
        for warning in loaded.warnings.into_iter().chain(loaded.remarks) {
            self.warn(format!("Redline settings: {warning}"));
        }
        loaded.settings
    }

    /// Collects what is known at the start: files, environment, and what the editor sends along.
    fn gather_settings(&self, facts: &ClientFacts, options: Option<&Value>) {
        let mut unreadable = Vec::new();
        self.with_layers(|layers| {
            unreadable = sources::read(layers, self.options.bare, &facts.folders);
            if let Some(mut options) = options.cloned() {
                // Our extension's word about its editor is no setting.
                if let Some(options) = options.as_object_mut() {
                    options.remove("client");
                }
                layers.initialization(options);
            }
        });
        // The editor takes no message before the handshake is over.
        if let Ok(mut early) = self.early.lock() {
            early.extend(unreadable);
        }
    }

    fn with_layers(&self, step: impl FnOnce(&mut config::Layers)) {
        if let Ok(mut layers) = self.layers.lock() {
            step(&mut layers);
            sources::learn_secrets(&layers);
        }
    }

    /// Asks the editor for its settings, aside: no handler waits for the editor.
    fn pull_settings(&self) {
        if !self.facts.get().is_some_and(|facts| facts.configuration) {
            return;
        }
        let (client, engine, layers, editor) = (
            self.client.clone(),
            self.engine.clone(),
            Arc::clone(&self.layers),
            self.editor.clone(),
        );
        tokio::spawn(async move {
            let item = tower_lsp::ls_types::ConfigurationItem {
                scope_uri: None,
                section: Some("redline".to_owned()),
            };
            let Ok(mut values) = client.configuration(vec![item]).await else {
                return;
            };
            let Some(value) = values.pop().filter(|value| !value.is_null()) else {
                return;
            };
            let loaded = match layers.lock() {
                Ok(mut layers) => {
                    layers.client(value);
                    sources::learn_secrets(&layers);
                    layers.load()
                }
                Err(_) => return,
            };
            for warning in loaded.warnings.into_iter().chain(loaded.remarks) {
                editor.send(Outgoing::Show(
                    MessageType::WARNING,
                    format!("Redline settings: {warning}"),
                ));
            }
            // The engine may be gone by now.
            let _ = engine.send(Message::Configure(Box::new(loaded.settings)));
        });
    }

    fn on_applied(&self, uri: Uri, applied: Applied) {
        match applied {
            Applied::Moved(changes, text, version) => self.hand_over(Message::Changed {
                uri,
                changes,
                text,
                version,
            }),
            Applied::Reset(text, version) => self.hand_over(Message::Reset { uri, text, version }),
            Applied::Lost(error) => {
                let name = uri
                    .path()
                    .as_str()
                    .rsplit('/')
                    .next()
                    .unwrap_or_default()
                    .to_owned();
                self.hand_over(Message::Lost { uri });
                self.warn(format!(
                    "Redline lost track of {name} ({error}). Save it or open it again; until then it rewrites nothing there."
                ));
            }
            Applied::StillLost => {}
            Applied::NotOpen => {
                self.warn(format!(
                    "Redline was told of a change in {}, which was never opened; it is ignored.",
                    uri.as_str()
                ));
            }
        }
    }
}

impl LanguageServer for Backend {
    async fn initialize(&self, params: InitializeParams) -> Result<InitializeResult> {
        let facts = ClientFacts::new(&params);
        tracing::info!(client = facts.name, encoding = ?facts.encoding, "initialize");
        self.gather_settings(&facts, params.initialization_options.as_ref());
        let mut completes = false;
        self.with_layers(|layers| {
            completes = !layers.load().settings.completion.languages.is_empty();
        });
        let capabilities = capabilities(&facts, completes);
        // A second `initialize` is refused by the framework.
        let _ = self.facts.set(facts);
        Ok(InitializeResult {
            capabilities,
            server_info: Some(ServerInfo {
                name: "redline".to_owned(),
                version: Some(env!("CARGO_PKG_VERSION").to_owned()),
            }),
            offset_encoding: None,
        })
    }

    async fn initialized(&self, _: InitializedParams) {
        if let Some(facts) = self.facts.get() {
            let early = self
                .early
                .lock()
                .map(|mut early| std::mem::take(&mut *early));
            early
                .into_iter()
                .flatten()
                .for_each(|message| self.warn(message));
            let settings = self.load_settings();
            self.hand_over(Message::Begin(Box::new(facts.clone()), Box::new(settings)));
            self.pull_settings();
        }
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        let document = params.text_document;
        let text = self.documents.open(
            document.uri.as_str(),
            &document.text,
            document.version,
            self.version_rule(),
        );
        self.hand_over(Message::Opened {
            uri: document.uri,
            language_id: document.language_id,
            text,
            version: document.version,
        });
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let uri = params.text_document.uri;
        let changes: Vec<ContentChange> = params.content_changes.into_iter().map(change).collect();
        let applied = self.documents.change(
            uri.as_str(),
            params.text_document.version,
            &changes,
            self.encoding(),
        );
        self.on_applied(uri, applied);
    }

    async fn did_save(&self, params: DidSaveTextDocumentParams) {
        let uri = params.text_document.uri;
        if let Some(text) = params.text
            && let Some((text, version)) = self.documents.saved(uri.as_str(), &text)
        {
            self.hand_over(Message::Reset { uri, text, version });
        }
    }

    async fn did_close(&self, params: DidCloseTextDocumentParams) {
        self.documents.close(params.text_document.uri.as_str());
        self.hand_over(Message::Closed {
            uri: params.text_document.uri,
        });
    }

    async fn did_change_configuration(&self, params: DidChangeConfigurationParams) {
        let pushed = params
            .settings
            .get("redline")
            .cloned()
            .filter(Value::is_object);
        if let Some(value) = pushed {
            self.with_layers(|layers| {
                layers.client(value);
            });
            let settings = self.load_settings();
            self.hand_over(Message::Configure(Box::new(settings)));
        } else {
            self.pull_settings();
        }
    }

    async fn code_action(&self, params: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Message::Actions {
            params: Box::new(params),
            answer,
        });
        let actions = answered.await.map_err(|_| Error::internal_error())?;
        Ok((!actions.is_empty()).then_some(actions))
    }

    async fn code_lens(&self, params: CodeLensParams) -> Result<Option<Vec<CodeLens>>> {
        let (answer, answered) = oneshot::channel();
        self.hand_over(Message::Lenses {
            uri: params.text_document.uri,
            answer,
        });
        Ok(Some(answered.await.map_err(|_| Error::internal_error())?))
    }

    async fn execute_command(&self, params: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        let (answer, answered) = oneshot::channel();
        let argument = params.arguments.into_iter().next().unwrap_or(Value::Null);
        self.hand_over(Message::Command {
            name: params.command,
            argument,
            answer,
        });
        let result = answered.await.map_err(|_| Error::internal_error())?;
        result.map_err(Error::from)
    }
}

fn capabilities(facts: &ClientFacts, completes: bool) -> ServerCapabilities {
    let encoding = match facts.encoding {
        Encoding::Utf8 => PositionEncodingKind::UTF8,
        Encoding::Utf16 => PositionEncodingKind::UTF16,
        Encoding::Utf32 => PositionEncodingKind::UTF32,
    };
    ServerCapabilities {
        position_encoding: Some(encoding),
        text_document_sync: Some(TextDocumentSyncCapability::Options(
            TextDocumentSyncOptions {
                open_close: Some(true),
                change: Some(TextDocumentSyncKind::INCREMENTAL),
                // The text at a save brings a document back in step where a version gap had lost it.
                save: Some(TextDocumentSyncSaveOptions::SaveOptions(SaveOptions {
                    include_text: Some(facts.version_rule == VersionRule::Consecutive),
                })),
                ..TextDocumentSyncOptions::default()
            },
        )),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![
                CodeActionKind::REFACTOR_REWRITE,
                CodeActionKind::QUICKFIX,
                CodeActionKind::SOURCE,
            ]),
            ..CodeActionOptions::default()
        })),
        code_lens_provider: Some(CodeLensOptions {
            resolve_provider: Some(false),
        }),
        // An editor that is told asks at every key, and so is not told where nothing is to be had.
        inline_completion_provider: (completes
            && facts.completion == Some(CompletionClient::AtStart))
        .then_some(OneOf::Left(true)),
        execute_command_provider: Some(ExecuteCommandOptions {
            commands: COMMANDS.iter().map(|name| (*name).to_owned()).collect(),
            ..ExecuteCommandOptions::default()
        }),
        workspace: Some(WorkspaceServerCapabilities {
            workspace_folders: Some(WorkspaceFoldersServerCapabilities {
                supported: Some(true),
                change_notifications: None,
            }),
            ..WorkspaceServerCapabilities::default()
        }),
        ..ServerCapabilities::default()
    }
}
