//! [`Engine`]: the one task that owns trees and rewrites and takes messages in order.
//!
//! Messages come from the editor, from the model and from timers. Nothing here waits for the editor or for
//! a long parse; effects of the state machine become messages to the outside.

mod actions;
mod answers;
mod arrived;
mod asked;
mod checks;
mod commands;
mod completion;
mod masked;
mod message;
mod naming;
mod open_document;
mod presets;
mod publish;
mod rest;
mod speculation;
mod window;

use std::collections::{BTreeMap, BTreeSet};
use std::iter;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use config::Settings;
use model_client::{LinkEvent, Traffic};
use rewrite::{EditId, Effect, RewriteId, Time};
use text::Text;
use tokio::sync::mpsc::{Receiver, UnboundedReceiver, UnboundedSender};
use tower_lsp::ls_types::{MessageType, Uri};

use self::arrived::Arrived;
use self::asked::{Asked, named_by_presets};
use self::checks::Checks;
pub(crate) use self::checks::Verdicts;
pub(crate) use self::commands::COMMANDS;
use self::completion::Completions;
pub(crate) use self::completion::Question;
use self::masked::Masked;
pub(crate) use self::message::Message;
use self::open_document::OpenDocument;
use self::publish::Published;
use self::rest::Resting;
use self::speculation::Speculation;
use self::window::{Counted, Held, ToCount};
use crate::Options;
use crate::client_facts::ClientFacts;
use crate::models::Models;
use crate::outgoing::{Editor, Outgoing};

/// The state behind the server.
pub(crate) struct Engine {
    options: Options,
    editor: Editor,
    /// For what comes back from elsewhere: answers, parsed trees.
    loopback: UnboundedSender<Message>,
    facts: Option<ClientFacts>,
    settings: Settings,
    models: Option<Models>,
    asked: Asked,
    model_events: Vec<Receiver<LinkEvent>>,
    documents: BTreeMap<String, OpenDocument>,
    /// Which document a rewrite is in, for as long as it is remembered.
    homes: BTreeMap<RewriteId, String>,
    /// The last edit of the documents that are closed.
    last_edit: EditId,
    next_rewrite: u64,
    wakes: BTreeSet<(Time, String)>,
    /// Documents to which something happened since they were brought as far as they can go.
    stirred: BTreeSet<String>,
    /// Rewrites about which people have not seen the last.
    changed: BTreeSet<(String, RewriteId)>,
    published: BTreeMap<RewriteId, Published>,
    arrived: Arrived,
    speculation: Speculation,
    /// Files that never leave, by the settings in force.
    ignored: prompt::Ignored,
    to_count: Option<ToCount>,
    counted: Option<Counted>,
    tokenizer: Option<Held>,
    /// What each rewrite cost on the wire.
    traffic: BTreeMap<RewriteId, Traffic>,
    completions: Completions,
    masked: Masked,
    checks: Checks,
    resting: Resting,
    /// The rewrites that wait until others have ended, with their places in the queue.
    queued: BTreeMap<RewriteId, usize>,
    started: Instant,
}

impl Engine {
    /// Starts the task; it ends when the last sender of `messages` goes.
    pub(crate) fn start(
        options: Options,
        editor: Editor,
        loopback: UnboundedSender<Message>,
        messages: UnboundedReceiver<Message>,
    ) {
        let engine = Engine {
            options,
            editor,
            loopback,
            facts: None,
            settings: Settings::default(),
            models: None,
            asked: Asked::default(),
            model_events: Vec::new(),
            documents: BTreeMap::new(),
            homes: BTreeMap::new(),
            last_edit: EditId(0),
            next_rewrite: 0,
            wakes: BTreeSet::new(),
            stirred: BTreeSet::new(),
            changed: BTreeSet::new(),
            published: BTreeMap::new(),
            arrived: Arrived::default(),
            speculation: Speculation::default(),
            ignored: prompt::Ignored::new(&[]),
            to_count: None,
            counted: None,
            tokenizer: None,
            traffic: BTreeMap::new(),
            completions: Completions::default(),
            masked: Masked::default(),
            checks: Checks::default(),
            resting: Resting::default(),
            queued: BTreeMap::new(),
            started: Instant::now(),
        };
        tokio::spawn(engine.run(messages));
    }

    async fn run(mut self, mut messages: UnboundedReceiver<Message>) {
        loop {
            let wake = self.next_wake();
            tokio::select! {
                // What the user does comes before what the model says.
                biased;
                message = messages.recv() => match message {
                    Some(Message::Begin(facts, settings)) => self.begin(*facts, *settings).await,
                    Some(Message::Configure(settings)) => self.configure(*settings).await,
                    Some(message) => self.guarded(|engine| engine.on_message(message)),
                    None => return,
                },
                Some(event) = asked::next_event(&mut self.model_events) => self.guarded(|engine| engine.on_model(event)),
                () = sleep_until(wake) => self.guarded(Engine::on_wake),
            }
            if messages.is_empty() {
                self.guarded(Engine::settle_down);
            }
        }
    }

    /// A bug in one step must not take the others with it.
    fn guarded(&mut self, step: impl FnOnce(&mut Engine)) {
        if catch_unwind(AssertUnwindSafe(|| step(self))).is_err() {
            tracing::error!("a step of the engine panicked; all rewrites are given up");
            let now = self.now();
            for (uri, document) in &mut self.documents {
                let mut out = Vec::new();
                document.rewrites.lose_step(now, &mut out);
                tracing::error!(uri, "out of step");
            }
            let text = "Redline ran into a bug and gave up its running rewrites; open the file again to go on.";
            self.editor
                .send(Outgoing::Show(MessageType::ERROR, text.to_owned()));
        }
    }

    fn now(&self) -> Time {
        self.started.elapsed().as_micros() as Time
    }

    fn next_wake(&self) -> Option<Instant> {
        let first = self.wakes.first();
        let first = first.map(|it| self.started + Duration::from_micros(it.0));
        let others = [
            self.next_speculation(),
            self.next_release(),
            self.next_rest(),
        ];
        first.into_iter().chain(others.into_iter().flatten()).min()
    }

    async fn begin(&mut self, facts: ClientFacts, settings: Settings) {
        self.facts = Some(facts);
        self.configure(settings).await;
    }

    async fn configure(&mut self, settings: Settings) {
        let same_models = self.models.is_some()
            && settings.models == self.settings.models
            && named_by_presets(&settings) == named_by_presets(&self.settings);
        self.settings = settings;
        self.ignored = prompt::Ignored::new(&self.settings.privacy.ignore);
        self.offer_completions();
        if same_models {
            let settings = self.settings.clone();
            self.all_models().for_each(|it| it.adopt(&settings));
            return;
        }
        let started = match Models::start(&self.settings, &self.options).await {
            Ok((models, events)) => {
                let others = self.start_other_models().await;
                others.map(|others| (models, iter::once(events).chain(others).collect()))
            }
            Err(error) => Err(error),
        };
        match started {
            Ok((models, events)) => {
                let is_first = self.models.replace(models).is_none();
                self.model_events = events;
                if !is_first {
                    self.guarded(Engine::lose_answers);
                    self.guarded(Engine::end_question);
                }
            }
            Err(error) => {
                let message = format!("Redline cannot start its embedded engine: {error}.");
                self.editor
                    .send(Outgoing::Show(MessageType::ERROR, message));
            }
        }
    }

    fn on_message(&mut self, message: Message) {
        match message {
            Message::Begin(..) | Message::Configure(_) => {}
            Message::Opened {
                uri,
                language_id,
                text,
                version,
            } => self.on_opened(uri, &language_id, text, version),
            Message::Changed {
                uri,
                changes,
                text,
                version,
            } => {
                self.speculation_is_stale(uri.as_str());
                self.begin_rest(uri.as_str());
                self.speculate_on_rest(&uri, &changes);
                self.completion_is_stale(uri.as_str());
                self.in_document(&uri, |document, now, out| {
                    document.changed(&changes, text, version, now, out)
                });
            }
            Message::Reset { uri, text, version } => {
                let profile = self.profile();
                self.speculation_is_stale(uri.as_str());
                self.begin_rest(uri.as_str());
                self.completion_is_stale(uri.as_str());
                self.in_document(&uri, |document, now, out| {
                    document.reset(text, version, profile, now, out)
                });
            }
            Message::Lost { uri } => {
                self.completion_is_stale(uri.as_str());
                self.in_document(&uri, |document, now, out| {
                    document.is_lost = true;
                    document.rewrites.lose_step(now, out);
                });
            }
            Message::Closed { uri } => self.on_closed(&uri),
            Message::Answered { uri, edit, applied } => {
                self.in_document(&uri, |document, _, _| {
                    document.rewrites.answered(edit, applied);
                });
            }
            Message::Parsed { uri, syntax, tree } => {
                if let Some(document) = self.documents.get_mut(uri.as_str()) {
                    document.adopt(*syntax, tree);
                }
            }
            Message::Looked {
                uri,
                secrets,
                state,
            } => {
                if let Some(document) = self.documents.get_mut(&uri) {
                    document.found(secrets, state);
                }
            }
            Message::Guarded {
                uri,
                rewrite,
                ticket,
                verdicts,
            } => self.on_guarded(&uri, rewrite, ticket, verdicts),
            Message::CancelProgress(id) => self.on_cancel_progress(RewriteId(id)),
            Message::Command {
                name,
                argument,
                answer,
            } => self.run_command(name, argument, answer),
            Message::Counted {
                counted,
                name,
                argument,
                answer,
            } => self.on_counted(*counted, name, argument, answer),
            Message::Actions { params, answer } => {
                let _ = answer.send(self.code_actions(&params));
            }
            Message::Complete(question) => self.on_question(*question),
            Message::CompletionGone(ticket) => self.on_completion_gone(ticket),
            Message::Lenses { uri, answer } => {
                let _ = answer.send(self.code_lenses(&uri));
            }
        }
    }

    fn profile(&self) -> rewrite::Profile {
        // Who joins undo has made streaming cheap: there edits come as often as a screen shows them.
        let joins = self.facts.as_ref().is_some_and(|facts| facts.joins_undo);
        let usual = if joins { 60 } else { 30 };
        let frames = self.settings.limits.frames_per_second.unwrap_or(usual);
        let frames = frames.clamp(1, 60);
        rewrite::Profile {
            frame: 1_000_000 / Time::from(frames),
            ..self
                .facts
                .as_ref()
                .map_or_else(Default::default, |facts| facts.profile)
        }
    }

    fn on_opened(&mut self, uri: Uri, language_id: &str, text: Text, version: i32) {
        self.on_closed(&uri);
        let folders = self
            .facts
            .as_ref()
            .map_or(&[] as &[String], |facts| &facts.folders);
        let document = OpenDocument::new(
            uri.clone(),
            language_id,
            folders,
            text,
            version,
            self.profile(),
            self.last_edit,
        );
        self.documents.insert(uri.as_str().to_owned(), document);
        self.begin_rest(uri.as_str());
        self.speculate_on_opening(&uri);
    }

    fn on_closed(&mut self, uri: &Uri) {
        self.speculation_is_stale(uri.as_str());
        self.completion_is_stale(uri.as_str());
        self.in_document(uri, |document, now, out| document.rewrites.close(now, out));
        self.publish_all();
        if let Some(document) = self.documents.remove(uri.as_str()) {
            self.last_edit = self.last_edit.max(document.rewrites.last_edit());
            self.wakes.retain(|(_, name)| name != uri.as_str());
            self.homes.retain(|_, home| home != uri.as_str());
            self.published.retain(|id, _| self.homes.contains_key(id));
            self.traffic.retain(|id, _| self.homes.contains_key(id));
            self.masked.retain(|id| self.homes.contains_key(id));
            self.asked.retain(|id| self.homes.contains_key(id));
            self.checks.retain(|id| self.homes.contains_key(id));
            if document.has_diagnostics {
                self.clear_diagnostics(uri);
            }
        }
    }

    fn on_cancel_progress(&mut self, id: RewriteId) {
        if let Some(uri) = self.homes.get(&id).cloned() {
            self.with_document(&uri, |document, _, out| {
                // It may be over by now.
                let _ = document.rewrites.interrupt(id, out);
            });
        }
    }

    fn on_wake(&mut self) {
        let now = self.now();
        while let Some((at, uri)) = self.wakes.first().cloned()
            && at <= now
        {
            self.wakes.pop_first();
            self.with_document(&uri, |document, _, _| document.rewrites.wake());
        }
        self.on_rest();
        self.on_speculation();
        self.release();
        self.on_completion_due();
    }

    /// No message waits: time to send edits and to show what changed.
    fn settle_down(&mut self) {
        let now = self.now();
        while let Some(uri) = self.stirred.pop_first() {
            let mut out = Vec::new();
            if let Some(document) = self.documents.get_mut(&uri) {
                document.rewrites.settle(now, &mut out);
                document.note();
            }
            self.carry_out(&uri, out);
            self.on_proposals(&uri);
        }
        self.publish_due();
    }

    fn in_document(
        &mut self,
        uri: &Uri,
        step: impl FnOnce(&mut OpenDocument, Time, &mut Vec<Effect>),
    ) {
        self.with_document(uri.as_str(), step);
    }

    /// Runs a step on one document and carries out its effects.
    fn with_document<R>(
        &mut self,
        uri: &str,
        step: impl FnOnce(&mut OpenDocument, Time, &mut Vec<Effect>) -> R,
    ) -> Option<R> {
        let now = self.now();
        let document = self.documents.get_mut(uri)?;
        let mut out = Vec::new();
        let result = step(document, now, &mut out);
        self.stirred.insert(uri.to_owned());
        self.carry_out(uri, out);
        Some(result)
    }

    fn carry_out(&mut self, uri: &str, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Send { rewrite, request } => {
                    if let Some(models) = self.models_of(rewrite) {
                        models.send(rewrite.0, *request);
                    }
                }
                Effect::Cancel { rewrite } => {
                    if let Some(models) = self.models_of(rewrite) {
                        models.cancel(rewrite.0);
                    }
                }
                Effect::Edit {
                    edit,
                    version,
                    text,
                    parts,
                    rewrites,
                } => {
                    self.send_edit(uri, edit, version, &text, &parts, &rewrites);
                }
                Effect::Changed { rewrite } => {
                    self.changed.insert((uri.to_owned(), rewrite));
                }
                Effect::WakeAt(at) => {
                    self.wakes.insert((at, uri.to_owned()));
                }
            }
        }
    }
}

/// The next event of the link; never, as long as there is none.
async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
