//! Code actions and code lenses: everything a person can do, offered where it applies, with its command at
//! once. No action needs a second request.

use std::ops::Range;

use guards::Guard;
use prompt::comment_instruction;
use rewrite::{HunkState, RewriteView, State};
use serde_json::{Value, json};
use text::Text;
use tower_lsp::ls_types::{
    CodeAction, CodeActionKind, CodeActionOrCommand, CodeActionParams, CodeActionResponse,
    CodeLens, Command, Uri,
};

use super::{Engine, presets};
use crate::convert::{selection, to_range};

/// An offer: a title, a kind, a command with its argument.
struct Offer {
    title: String,
    kind: CodeActionKind,
    command: &'static str,
    argument: Value,
}

impl Offer {
    fn new(
        title: impl Into<String>,
        kind: CodeActionKind,
        command: &'static str,
        argument: Value,
    ) -> Offer {
        Offer {
            title: title.into(),
            kind,
            command,
            argument,
        }
    }

    fn command(self) -> Command {
        Command {
            title: format!("Redline: {}", self.title),
            command: self.command.to_owned(),
            arguments: Some(vec![self.argument]),
        }
    }
}

impl Engine {
    pub(super) fn code_actions(&mut self, params: &CodeActionParams) -> CodeActionResponse {
        // A selection was made: the moment to have a connection.
        if let Some(models) = &self.models {
            models.warm();
        }
        let uri = &params.text_document.uri;
        let Some(facts) = &self.facts else {
            return Vec::new();
        };
        let blocked = self.blocked();
        let Some(document) = self.documents.get_mut(uri.as_str()) else {
            return Vec::new();
        };
        let selected = selection(document.text(), &params.range, facts.encoding);
        let selected_now = selected.clone();
        let here: Vec<RewriteView> = document
            .rewrites
            .active()
            .filter(|view| {
                touches(document.text(), &view.region, &selected) && !view.state.is_over()
            })
            .collect();
        let mut offers: Vec<Offer> = here
            .iter()
            .flat_map(|view| {
                decisions(
                    document.text(),
                    view,
                    blocked.get(&view.id).copied(),
                    &selected,
                )
            })
            .collect();
        if here.is_empty() {
            let number = document.follow_selection(selected.clone());
            let base = json!({ "uri": uri, "range": params.range, "selection": number, "version": document.rewrites.version() });
            if comment_instruction(document.text(), selected, document.language).is_some() {
                let argument = with(&base, "comment", json!(true));
                let title = "Follow the instruction in the comment";
                offers.push(Offer::new(
                    title,
                    CodeActionKind::REFACTOR_REWRITE,
                    "redline.rewrite",
                    argument,
                ));
            }
            let fitting = presets::fitting(&self.settings.presets, document);
            offers.extend(fitting.map(|preset| {
                let argument = with(&base, "preset", json!(preset.name));
                Offer::new(
                    preset.title,
                    CodeActionKind::REFACTOR_REWRITE,
                    "redline.rewrite",
                    argument,
                )
            }));
        }
        if here.is_empty() {
            self.speculate_on_selection(uri, selected_now);
        }
        offers
            .into_iter()
            .filter(|offer| is_wanted(&offer.kind, params.context.only.as_deref()))
            .map(|offer| {
                let kind = offer.kind.clone();
                let command = offer.command();
                CodeActionOrCommand::CodeAction(CodeAction {
                    title: command.title.clone(),
                    kind: Some(kind),
                    command: Some(command),
                    ..CodeAction::default()
                })
            })
            .collect()
    }

    pub(super) fn code_lenses(&self, uri: &Uri) -> Vec<CodeLens> {
        let (Some(facts), Some(document)) = (&self.facts, self.documents.get(uri.as_str())) else {
            return Vec::new();
        };
        let lens = |at: usize, offer: Offer| CodeLens {
            range: to_range(document.text(), at..at, facts.encoding),
            command: Some(offer.command()),
            data: None,
        };
        let mut lenses = Vec::new();
        for view in document
            .rewrites
            .active()
            .filter(|view| !view.state.is_over())
        {
            let start = view.region.start;
            let blocked = self.blocked_by(view.id);
            lenses.extend(
                decisions(document.text(), &view, blocked, &(start..start))
                    .into_iter()
                    .filter(|offer| !offer.title.contains("this change"))
                    .map(|offer| lens(start, offer)),
            );
            if view.hunks.len() > 1 {
                for hunk in view.hunks.iter().filter(|hunk| is_open(hunk.state)) {
                    let at = hunk.range.start;
                    lenses.extend(
                        hunk_decisions(&view, blocked, hunk.index).map(|offer| lens(at, offer)),
                    );
                }
            }
        }
        lenses
    }
}

/// What can be decided about a rewrite at a selection. Where a guard blocks it, accepting is offered in spite of that.
fn decisions(
    text: &Text,
    view: &RewriteView,
    blocked: Option<Guard>,
    selected: &Range<usize>,
) -> Vec<Offer> {
    let name = json!({ "rewrite": view.id.0 });
    let mut offers = Vec::new();
    let offer = |title: &str, command: &'static str| {
        Offer::new(title, CodeActionKind::QUICKFIX, command, name.clone())
    };
    match view.state {
        State::Requested | State::Streaming => {
            offers.push(offer("Stop here", "redline.interrupt"));
            offers.push(offer("Reject the rewrite", "redline.reject"));
        }
        State::Proposed | State::Interrupted => {
            offers.push(acceptance("Accept the rewrite", blocked, name.clone()));
            offers.push(offer("Reject the rewrite", "redline.reject"));
            offers.push(offer("Try again", "redline.retry"));
            let at_selection = view
                .hunks
                .iter()
                .filter(|hunk| is_open(hunk.state) && touches(text, &hunk.range, selected));
            for hunk in at_selection {
                offers.extend(hunk_decisions(view, blocked, hunk.index));
            }
        }
        _ => {}
    }
    offers
}

fn hunk_decisions(
    view: &RewriteView,
    blocked: Option<Guard>,
    index: usize,
) -> impl Iterator<Item = Offer> + use<> {
    let argument = json!({ "rewrite": view.id.0, "hunk": index });
    let kind = CodeActionKind::QUICKFIX;
    let title = "Reject this change";
    let reject = Offer::new(title, kind, "redline.reject", argument.clone());
    [acceptance("Accept this change", blocked, argument), reject].into_iter()
}

fn acceptance(title: &str, blocked: Option<Guard>, argument: Value) -> Offer {
    let kind = CodeActionKind::QUICKFIX;
    match blocked {
        None => Offer::new(title, kind, "redline.accept", argument),
        Some(guard) => {
            let title = format!("{title} in spite of the guard `{}`", guard.name());
            let argument = with(&argument, "force", json!(true));
            Offer::new(title, kind, "redline.accept", argument)
        }
    }
}

pub(super) fn is_open(state: HunkState) -> bool {
    matches!(state, HunkState::Pending | HunkState::Conflict)
}

/// Whether a selection is on a region. A cursor is on the line it stands in; lines selected with their line
/// break are not on what begins in the next line. What is empty counts as its line.
pub(super) fn touches(text: &Text, region: &Range<usize>, selected: &Range<usize>) -> bool {
    let whole = |range: &Range<usize>| {
        if range.is_empty() {
            let line = text.line_of(range.start);
            text.line_start(line)..text.line_start(line + 1).max(range.start + 1)
        } else {
            range.clone()
        }
    };
    let (region, selected) = (whole(region), whole(selected));
    region.start < selected.end && selected.start < region.end
}

fn with(base: &Value, key: &str, value: Value) -> Value {
    let mut argument = base.clone();
    argument[key] = value;
    argument
}

/// LSP 3.17, `CodeActionContext.only`: a kind asks for all its sub-kinds.
fn is_wanted(kind: &CodeActionKind, only: Option<&[CodeActionKind]>) -> bool {
    let Some(only) = only else { return true };
    only.iter().any(|wanted| {
        let rest = kind.as_str().strip_prefix(wanted.as_str());
        rest.is_some_and(|rest| {
            rest.is_empty() || rest.starts_with('.') || wanted.as_str().is_empty()
        })
    })
}
