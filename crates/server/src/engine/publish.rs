//! What people see of rewrites: edits, the notification, progress, diagnostics, messages.

use std::ops::Range;

use rewrite::{EditId, HunkState, Part, RewriteId, RewriteView, State, Time};
use text::Text;
use tower_lsp::ls_types::{
    self as lsp, ApplyWorkspaceEditParams, Diagnostic, DiagnosticSeverity, DocumentChanges,
    MessageType, NumberOrString, OneOf, OptionalVersionedTextDocumentIdentifier,
    PublishDiagnosticsParams, TextDocumentEdit, TextEdit, Uri, WorkspaceEdit,
};

use super::{Engine, Message, Verdicts};
use crate::convert::to_range;
use crate::outgoing::Outgoing;
use crate::protocol::RewriteChangedParams;

/// Between two notifications while nothing but the count of tokens goes on, in microseconds.
const COUNT_EVERY: Time = 100_000;

/// Between two reports of progress, in microseconds: they are for reading.
const REPORT_EVERY: Time = 200_000;

/// What was shown of a rewrite last, and when.
#[derive(Clone, Debug)]
pub(super) struct Published {
    state: State,
    version: i32,
    region: Range<usize>,
    message: Option<String>,
    hunks: Vec<HunkState>,
    at: Time,
    queued: Option<usize>,
    /// When its progress was reported last, where it is shown.
    progress: Option<Time>,
    verdicts: Option<Verdicts>,
}

/// When a change of a rewrite is to be shown.
enum Due {
    Now,
    /// With the next frame.
    At(Time),
    /// Nothing that anybody sees has changed.
    Never,
}

impl Engine {
    pub(super) fn send_edit(
        &self,
        uri: &str,
        edit: EditId,
        version: i32,
        text: &Text,
        parts: &[Part],
        rewrites: &[RewriteId],
    ) {
        let (Some(facts), Some(document)) = (&self.facts, self.documents.get(uri)) else {
            return;
        };
        let edits = parts
            .iter()
            .map(|part| {
                let range = to_range(text, part.range.clone(), facts.encoding);
                OneOf::Left(TextEdit::new(range, part.text.clone()))
            })
            .collect();
        let text_document =
            OptionalVersionedTextDocumentIdentifier::new(document.uri.clone(), version);
        // A label is for editors that join by it; Neovim prints it for every edit.
        let label = facts.joins_undo.then(|| {
            let names: Vec<String> = rewrites.iter().map(|id| id.0.to_string()).collect();
            format!("redline:{}", names.join(","))
        });
        let params = ApplyWorkspaceEditParams {
            label,
            edit: WorkspaceEdit {
                document_changes: Some(DocumentChanges::Edits(vec![TextDocumentEdit {
                    text_document,
                    edits,
                }])),
                ..WorkspaceEdit::default()
            },
        };
        let (uri, loopback) = (document.uri.clone(), self.loopback.clone());
        let answer = move |applied| {
            // The engine may be gone by now.
            let _ = loopback.send(Message::Answered { uri, edit, applied });
        };
        self.editor
            .send(Outgoing::Edit(Box::new(params), Box::new(answer)));
    }

    /// Shows every change now, however recent the last one was.
    pub(super) fn publish_all(&mut self) {
        for (uri, id) in std::mem::take(&mut self.changed) {
            self.publish(&uri, id);
        }
    }

    /// Shows the changes that are due: a new state at once, more of the same once a frame.
    pub(super) fn publish_due(&mut self) {
        if self.changed.is_empty() {
            return;
        }
        let now = self.now();
        let frame = self.profile().frame;
        for (uri, id) in std::mem::take(&mut self.changed) {
            match self.due(&uri, id, now, frame) {
                Due::At(at) => {
                    self.wakes.insert((at, uri.clone()));
                    self.changed.insert((uri, id));
                }
                Due::Now => self.publish(&uri, id),
                Due::Never => {}
            }
        }
    }

    fn due(&self, uri: &str, id: RewriteId, now: Time, frame: Time) -> Due {
        let (Some(document), Some(last)) = (self.documents.get(uri), self.published.get(&id))
        else {
            return Due::Now;
        };
        let goes_on = matches!(last.state, State::Requested | State::Streaming);
        if !goes_on || document.rewrites.state(id) != Some(last.state) {
            return Due::Now;
        }
        // That a request was sent is no news while nothing has come back.
        if last.state == State::Requested
            && last.queued == self.queued.get(&id).copied()
            && document
                .rewrites
                .view(id)
                .is_some_and(|view| view.region == last.region && view.message == last.message)
        {
            return Due::Never;
        }
        let pause = if last.version == document.rewrites.version() {
            frame.max(COUNT_EVERY)
        } else {
            frame
        };
        if now < last.at + pause {
            return Due::At(last.at + pause);
        }
        Due::Now
    }

    fn publish(&mut self, uri: &str, id: RewriteId) {
        let now = self.now();
        let (Some(facts), Some(document)) = (&self.facts, self.documents.get(uri)) else {
            return;
        };
        let Some(view) = document.rewrites.view(id) else {
            return;
        };
        let last = self.published.get(&id);
        let before = last.map(|last| last.state);
        let mut progress = last.and_then(|last| last.progress);
        if facts.events {
            let text = document.rewrites.text();
            let version = document.rewrites.version();
            let mut params =
                RewriteChangedParams::new(&view, &document.uri, version, text, facts.encoding);
            params.bytes = self.traffic.get(&id).map(Into::into);
            params.queued = self.queued.get(&id).copied();
            params.guards = self.guard_params(document, &view, facts.encoding);
            self.editor.send(Outgoing::RewriteChanged(Box::new(params)));
        }
        if facts.progress {
            progress = self.show_progress(&view, before.is_none(), progress, now);
        }
        if view.state == State::Failed && before != Some(State::Failed) {
            let why = view
                .message
                .clone()
                .unwrap_or_else(|| "The rewrite failed.".to_owned());
            self.editor.send(Outgoing::Show(
                MessageType::ERROR,
                format!("Redline: {why}"),
            ));
        }
        let why = match view.state {
            State::Interrupted => self.arrived.why(id).map(|_| {
                let message = view.message.clone().unwrap_or_default();
                (MessageType::WARNING, message)
            }),
            // What came before it broke off had changed nothing.
            State::Rejected => self.arrived.why(id).map(|why| {
                let message = format!(
                    "The model stopped before its end ({why}); nothing had changed by then."
                );
                (MessageType::ERROR, message)
            }),
            _ => None,
        };
        if let Some((kind, why)) = why {
            self.editor
                .send(Outgoing::Show(kind, format!("Redline: {why}")));
        }
        let hunks: Vec<HunkState> = view.hunks.iter().map(|hunk| hunk.state).collect();
        let verdicts = self.verdicts(id);
        let stir = before != Some(view.state)
            || last.is_none_or(|last| last.hunks != hunks || last.verdicts != verdicts);
        let lenses = stir && facts.lens_refresh;
        self.published.insert(
            id,
            Published {
                state: view.state,
                version: document.rewrites.version(),
                region: view.region.clone(),
                message: view.message.clone(),
                hunks,
                at: now,
                progress,
                queued: self.queued.get(&id).copied(),
                verdicts,
            },
        );
        if lenses {
            self.editor.send(Outgoing::RefreshLenses);
        }
        if stir {
            self.publish_diagnostics(uri);
        }
        if view.state.is_over() {
            self.forget_long_gone(uri);
        }
    }

    /// Takes and gives when progress was reported last; nothing where none is shown.
    fn show_progress(
        &self,
        view: &RewriteView,
        is_new: bool,
        reported: Option<Time>,
        now: Time,
    ) -> Option<Time> {
        let id = view.id.0;
        let busy = matches!(view.state, State::Requested | State::Streaming);
        if is_new && busy {
            let title = format!("Redline: {}", shortened(&view.instruction));
            self.editor.send(Outgoing::ProgressBegin(id, title));
            return Some(now);
        }
        let reported = reported?;
        if !busy {
            self.editor.send(Outgoing::ProgressEnd(id, ending(view)));
            return None;
        }
        if view.state == State::Requested
            && let Some(place) = self.queued.get(&view.id)
        {
            let message = format!("waits for others, number {place} in the queue");
            self.editor.send(Outgoing::ProgressReport(id, message));
            return Some(now);
        }
        if view.state == State::Streaming && now >= reported + REPORT_EVERY {
            let message = format!("{} tokens{}", view.tokens.output, pace(view, now));
            self.editor.send(Outgoing::ProgressReport(id, message));
            return Some(now);
        }
        Some(reported)
    }

    /// The hints on all pending hunks of a document, and the warnings of guards.
    fn publish_diagnostics(&mut self, uri: &str) {
        let (Some(facts), Some(document)) = (&self.facts, self.documents.get(uri)) else {
            return;
        };
        let text = document.rewrites.text();
        let at = |range: Range<usize>| to_range(text, lines_alone(text, range), facts.encoding);
        let mut diagnostics = Vec::new();
        for view in document
            .rewrites
            .active()
            .filter(|view| !view.state.is_over())
        {
            diagnostics.extend(self.failed(text, &view).into_iter().map(|failed| {
                let guard = failed.guard.name();
                let cure = match failed.blocks {
                    true => "blocks the rewrite: reject it, or accept it in spite of that, by a code action",
                    false => "warns of it: accept or reject the rewrite by a code action",
                };
                let what = capitalized(failed.message);
                let message = format!("{what}. The guard `{guard}` {cure}.");
                diagnostic(at(failed.range), DiagnosticSeverity::WARNING, guard, message)
            }));
            let pending = view.hunks.into_iter();
            let pending =
                pending.filter(|it| matches!(it.state, HunkState::Pending | HunkState::Conflict));
            diagnostics.extend(pending.map(|hunk| {
                let (code, what) = match hunk.state {
                    HunkState::Conflict => {
                        ("conflict", "You typed in this change; your text is kept")
                    }
                    _ => ("pending", "Pending change"),
                };
                let lines = lines(&hunk.old_text, &hunk.new_text);
                let message = format!("{what}: {lines}. Accept or reject it by a code action.");
                diagnostic(at(hunk.range), DiagnosticSeverity::HINT, code, message)
            }));
        }
        if diagnostics.is_empty() && !document.has_diagnostics {
            return;
        }
        let has_diagnostics = !diagnostics.is_empty();
        let params = PublishDiagnosticsParams::new(document.uri.clone(), diagnostics, None);
        self.editor.send(Outgoing::Diagnostics(params));
        if let Some(document) = self.documents.get_mut(uri) {
            document.has_diagnostics = has_diagnostics;
        }
    }

    pub(super) fn clear_diagnostics(&self, uri: &Uri) {
        let params = PublishDiagnosticsParams::new(uri.clone(), Vec::new(), None);
        self.editor.send(Outgoing::Diagnostics(params));
    }

    /// Drops what is known about rewrites that their document no longer remembers.
    fn forget_long_gone(&mut self, uri: &str) {
        let Some(document) = self.documents.get(uri) else {
            return;
        };
        self.homes
            .retain(|id, home| home != uri || document.rewrites.state(*id).is_some());
        self.published.retain(|id, _| self.homes.contains_key(id));
        self.traffic.retain(|id, _| self.homes.contains_key(id));
        self.asked.retain(|id| self.homes.contains_key(id));
        self.checks.retain(|id| self.homes.contains_key(id));
    }
}

fn diagnostic(
    range: lsp::Range,
    severity: DiagnosticSeverity,
    code: &str,
    message: String,
) -> Diagnostic {
    Diagnostic {
        range,
        severity: Some(severity),
        code: Some(NumberOrString::String(code.to_owned())),
        source: Some("redline".to_owned()),
        message,
        ..Diagnostic::default()
    }
}

fn capitalized(sentence: &str) -> String {
    let mut chars = sentence.chars();
    let first = chars.next().into_iter().flat_map(char::to_uppercase);
    first.chain(chars.clone()).collect()
}

fn shortened(instruction: &str) -> String {
    let line = instruction.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn pace(view: &RewriteView, now: Time) -> String {
    let Some(first) = view
        .timings
        .first_delta
        .filter(|first| now > first + 100_000)
    else {
        return String::new();
    };
    let per_second = view.tokens.output as f64 / ((now - first) as f64 / 1e6);
    format!(", {per_second:.0} a second")
}

fn ending(view: &RewriteView) -> String {
    match view.state {
        State::Proposed | State::Interrupted => {
            let count = view.hunks.len();
            format!(
                "{count} change{} to decide on",
                if count == 1 { "" } else { "s" }
            )
        }
        _ => view.message.clone().unwrap_or_else(|| "done".to_owned()),
    }
}

/// `+3 −1 lines`
fn lines(old: &str, new: &str) -> String {
    let count = |text: &str| {
        // Lines behind the last one of a region bring the line break before them.
        let brought = text.starts_with(['\n', '\r']) && !text.ends_with('\n');
        text.lines().count() - usize::from(brought)
    };
    format!("+{} −{} lines", count(new), count(old))
}

/// The lines of a hunk without their last line break, so that editors do not mark the next line too, and without one
/// before them, so that they do not mark the line above.
fn lines_alone(text: &Text, mut range: Range<usize>) -> Range<usize> {
    let is_break = |at: usize| matches!(text.byte(at), Some(b'\n' | b'\r'));
    while range.end > range.start && is_break(range.end - 1) {
        range.end -= 1;
    }
    if range.start > 0 && text.byte(range.start - 1) != Some(b'\n') {
        let rest = text.slice(range.clone());
        range.start += rest
            .find('\n')
            .filter(|at| rest[..*at].trim_end_matches('\r').is_empty())
            .map_or(0, |at| at + 1);
    }
    range
}
