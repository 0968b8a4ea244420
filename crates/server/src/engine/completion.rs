//! Suggestions at the cursor (`textDocument/inlineCompletion`): when the model is asked for one, and for how long
//! its answer is good.
//!
//! A person types in one place, so there is at most one question and one answer. A question waits until no key
//! has come for a moment; the next key, another question, or the editor's word ends it. An answer is good as
//! long as what is typed is what it says. The words are in crate `prompt`.

use model_client::LinkEvent;
use model_protocol::StreamEvent;
use prompt::{Completion, Masks};
use rewrite::Time;
use text::Text;
use tokio::sync::oneshot;
use tower_lsp::ls_types::{
    InlineCompletionItem, InlineCompletionTriggerKind, Position, Range, Uri,
};

use super::actions::touches;
use super::{Engine, OpenDocument};
use crate::client_facts::CompletionClient;
use crate::convert::{position, to_position};
use crate::outgoing::Outgoing;

/// Ids of requests on the link from here on are completions; rewrites count from 1, and what the link sends ahead on
/// its own from `1 << 63`.
const FIRST_ID: u64 = 1 << 62;

/// Bytes of an answer, at most; what is longer is no completion.
const ANSWER_BYTES: usize = 4_096;

/// Bytes on each side of the cursor by which an answer knows its place again.
const WITNESS: usize = 64;

/// What the editor asked.
pub(crate) struct Question {
    /// Its name, for [`super::Message::CompletionGone`].
    pub(crate) ticket: u64,
    pub(crate) uri: Uri,
    pub(crate) position: Position,
    pub(crate) trigger: InlineCompletionTriggerKind,
    pub(crate) answer: oneshot::Sender<Vec<InlineCompletionItem>>,
}

/// The question and the answer there are.
#[derive(Default)]
pub(super) struct Completions {
    asked: u64,
    waiting: Option<Waiting>,
    ready: Option<Ready>,
    /// The languages for which the editor was told that it may ask.
    offered: Vec<String>,
}

struct Waiting {
    ticket: u64,
    uri: String,
    /// The document as it was when it was asked; while it waits, nothing changes there.
    text: Text,
    at: usize,
    answer: oneshot::Sender<Vec<InlineCompletionItem>>,
    stage: Stage,
}

enum Stage {
    /// Until no key has come for so long.
    Until(Time),
    /// The model is at it.
    Asked { id: u64, text: String, masks: Masks },
}

/// An answer, with what tells its place.
struct Ready {
    uri: String,
    at: usize,
    length: usize,
    before: String,
    after: String,
    text: String,
}

impl Ready {
    fn new(uri: String, text: &Text, at: usize, completion: String) -> Ready {
        let (before, after) = witnesses(text, at);
        Ready {
            uri,
            at,
            length: text.len(),
            before,
            after,
            text: completion,
        }
    }

    /// What is left of it at the cursor, if what was typed since is its beginning and nothing else has changed
    /// in sight.
    fn rest(&self, uri: &str, text: &Text, at: usize) -> Option<&str> {
        let typed = at.checked_sub(self.at)?;
        let rest = self.text.get(typed..).filter(|rest| !rest.is_empty())?;
        let is_here = self.uri == uri
            && text.len() == self.length + typed
            && text.range_is(self.at..at, &self.text[..typed])
            && text.range_is(self.at - self.before.len()..self.at, &self.before)
            && text.range_is(at..at + self.after.len(), &self.after);
        is_here.then_some(rest)
    }
}

fn witnesses(text: &Text, at: usize) -> (String, String) {
    let (mut start, mut end) = (at.saturating_sub(WITNESS), (at + WITNESS).min(text.len()));
    while !text.is_boundary(start) {
        start += 1;
    }
    while !text.is_boundary(end) {
        end -= 1;
    }
    (
        text.slice(start..at).into_owned(),
        text.slice(at..end).into_owned(),
    )
}

impl Engine {
    /// Tells an editor that can be told for which languages it may ask now.
    pub(super) fn offer_completions(&mut self) {
        let facts = self.facts.as_ref();
        let registers = facts.and_then(|it| it.completion) == Some(CompletionClient::Registers);
        let languages = &self.settings.completion.languages;
        if registers && *languages != self.completions.offered {
            self.completions.offered.clone_from(languages);
            self.editor
                .send(Outgoing::OfferCompletions(languages.clone()));
        }
    }

    /// Takes a question. It is answered at once where nothing is to be asked, and later otherwise.
    pub(super) fn on_question(&mut self, question: Question) {
        self.end_question();
        let Question {
            ticket,
            uri,
            position: at,
            trigger,
            answer,
        } = question;
        let uri = uri.as_str().to_owned();
        let Some((text, at)) = self.documents.get(&uri).map(|document| {
            let text = document.text().clone();
            let at = text.offset_clamped(position(at), self.encoding());
            (text, at)
        }) else {
            return answer_with(answer, Vec::new());
        };
        if !self.may_complete(&uri, at) {
            return answer_with(answer, Vec::new());
        }
        let ready = self.completions.ready.as_ref();
        if let Some(rest) = ready.and_then(|ready| ready.rest(&uri, &text, at)) {
            let items = vec![self.item(&text, at, rest)];
            return answer_with(answer, items);
        }
        self.completions.ready = None;
        let asked_for = trigger == InlineCompletionTriggerKind::INVOKED;
        let delay = if asked_for {
            0
        } else {
            self.settings.completion.delay_ms * 1_000
        };
        let due = self.now() + delay;
        self.wakes.insert((due, uri.clone()));
        self.completions.waiting = Some(Waiting {
            ticket,
            uri,
            text,
            at,
            answer,
            stage: Stage::Until(due),
        });
    }

    /// The editor wants no answer any more.
    pub(super) fn on_completion_gone(&mut self, ticket: u64) {
        let waiting = self.completions.waiting.as_ref();
        if waiting.is_some_and(|waiting| waiting.ticket == ticket) {
            self.end_question();
        }
    }

    /// A document is no longer what it was when it was asked in.
    pub(super) fn completion_is_stale(&mut self, uri: &str) {
        let waiting = self.completions.waiting.as_ref();
        if waiting.is_some_and(|waiting| waiting.uri == uri) {
            self.end_question();
        }
    }

    /// Asks the model where no key has come for long enough.
    pub(super) fn on_completion_due(&mut self) {
        let now = self.now();
        let due = |waiting: &Waiting| matches!(waiting.stage, Stage::Until(at) if at <= now);
        if !self.completions.waiting.as_ref().is_some_and(due) {
            return;
        }
        let Some(mut waiting) = self.completions.waiting.take() else {
            return;
        };
        let (Some(models), Some(document)) = (&self.models, self.documents.get(&waiting.uri))
        else {
            return answer_with(waiting.answer, Vec::new());
        };
        let mut masks = self.masks();
        let (text, at) = (&waiting.text, waiting.at);
        let secrets = masks.look(text, &(at..at), self.settings.completion.bytes);
        let (seen, _) = masks.document(text, &secrets, &(at..at));
        let request = self.completion(document, &seen, at).request(models.model());
        let request = masks.request(request);
        self.completions.asked += 1;
        let id = FIRST_ID + self.completions.asked;
        models.send(id, request);
        waiting.stage = Stage::Asked {
            id,
            text: String::new(),
            masks,
        };
        self.completions.waiting = Some(waiting);
    }

    /// Takes an event of the link if it is about a completion; else gives it back.
    pub(super) fn on_completion_event(&mut self, event: LinkEvent) -> Option<LinkEvent> {
        let (LinkEvent::Queued { id, .. }
        | LinkEvent::Sent { id, .. }
        | LinkEvent::Stream { id, .. }
        | LinkEvent::Traffic { id, .. }
        | LinkEvent::Ended { id, .. }) = &event
        else {
            return Some(event);
        };
        if *id < FIRST_ID {
            return Some(event);
        }
        let waiting = self.completions.waiting.as_mut();
        let Some(Stage::Asked {
            id: current, text, ..
        }) = waiting.map(|it| &mut it.stage)
        else {
            return None;
        };
        if current != id {
            return None;
        }
        match event {
            LinkEvent::Stream { event, .. } => match event {
                StreamEvent::Delta { text: piece } => {
                    text.push_str(&piece);
                    if text.len() > ANSWER_BYTES {
                        self.finish_completion(false);
                    }
                }
                StreamEvent::Completed { .. } => self.finish_completion(true),
                StreamEvent::Incomplete { .. } => self.finish_completion(false),
                StreamEvent::Refusal { .. } | StreamEvent::Failed(_) => self.end_question(),
                _ => {}
            },
            // Nobody asked for it aloud, so nobody is told aloud.
            LinkEvent::Ended { error, .. } => {
                if let Some(error) = error {
                    tracing::info!(%error, "no completion");
                }
                self.end_question();
            }
            _ => {}
        }
        None
    }

    fn finish_completion(&mut self, is_whole: bool) {
        let Some(waiting) = self.completions.waiting.take() else {
            return;
        };
        let Stage::Asked { id, text, masks } = &waiting.stage else {
            return;
        };
        let answer = &masks.undo(text);
        if let (false, Some(models)) = (is_whole, &self.models) {
            models.cancel(*id);
        }
        let found = self.documents.get(&waiting.uri).and_then(|document| {
            let completion = self.completion(document, &waiting.text, waiting.at);
            completion.clean(answer, is_whole, document.line_ending())
        });
        // A rewrite may have begun here meanwhile.
        let found = found.filter(|_| self.may_complete(&waiting.uri, waiting.at));
        let items = found
            .iter()
            .map(|text| self.item(&waiting.text, waiting.at, text))
            .collect();
        self.completions.ready =
            found.map(|text| Ready::new(waiting.uri, &waiting.text, waiting.at, text));
        answer_with(waiting.answer, items);
    }

    /// Ends the question there is, with no answer.
    pub(super) fn end_question(&mut self) {
        if let Some(waiting) = self.completions.waiting.take() {
            if let (Stage::Asked { id, .. }, Some(models)) = (&waiting.stage, &self.models) {
                models.cancel(*id);
            }
            answer_with(waiting.answer, Vec::new());
        }
    }

    /// Whether the model may be asked here: the settings name the language, the file may leave, and no rewrite is
    /// open at that place.
    fn may_complete(&self, uri: &str, at: usize) -> bool {
        let (Some(document), Some(models)) = (self.documents.get(uri), &self.models) else {
            return false;
        };
        let text = document.text();
        let is_free = || {
            let open = |view: &rewrite::RewriteView| !view.state.is_over();
            let here = at..at;
            !document
                .rewrites
                .active()
                .any(|view| open(&view) && touches(text, &view.region, &here))
        };
        self.settings
            .completion
            .languages
            .contains(&document.language_id)
            && !document.is_lost
            && models.no_key().is_none()
            && self.completion(document, text, at).is_fitting()
            && is_free()
            && !self.is_ignored(document.uri.as_str())
    }

    fn completion<'a>(
        &self,
        document: &'a OpenDocument,
        text: &'a Text,
        at: usize,
    ) -> Completion<'a> {
        let settings = &self.settings;
        Completion {
            text,
            at,
            language: &document.language_id,
            path: &document.path,
            context_bytes: settings.completion.bytes.min(settings.context.bytes),
        }
    }

    fn item(&self, text: &Text, at: usize, completion: &str) -> InlineCompletionItem {
        let at = to_position(text.position(at, self.encoding()));
        InlineCompletionItem {
            insert_text: completion.to_owned(),
            filter_text: None,
            range: Some(Range::new(at, at)),
            command: None,
            insert_text_format: None,
        }
    }
}

fn answer_with(
    answer: oneshot::Sender<Vec<InlineCompletionItem>>,
    items: Vec<InlineCompletionItem>,
) {
    // Nobody may be waiting any more, and that is no fault.
    let _ = answer.send(items);
}
