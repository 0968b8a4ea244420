//! Our own messages: the shapes of `redline/rewriteChanged`, of command arguments and of their answers.
//! Described for users in `docs/lsp-extensions.md`.

use std::ops::Range;

use config::{GuardLevel, PresetGuards};
use model_client::Traffic;
use rewrite::{Apply, Decision, HunkState, RewriteView, State, Timings};
use serde::{Deserialize, Serialize};
use text::{Encoding, Text};
use tower_lsp::ls_types::{self as lsp, Uri, notification::Notification};

use crate::convert::to_range;

/// The notification that follows one rewrite's life.
pub(crate) enum RewriteChanged {}

impl Notification for RewriteChanged {
    type Params = RewriteChangedParams;
    const METHOD: &'static str = "redline/rewriteChanged";
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct RewriteChangedParams {
    pub(crate) rewrite: u64,
    pub(crate) uri: Uri,
    pub(crate) version: i32,
    pub(crate) state: String,
    pub(crate) region: lsp::Range,
    pub(crate) apply: String,
    pub(crate) instruction: String,
    pub(crate) hunks: Vec<HunkParams>,
    pub(crate) guards: Vec<GuardParams>,
    pub(crate) tokens: TokensParams,
    pub(crate) timings: TimingsParams,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) bytes: Option<BytesParams>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) queued: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) message: Option<String>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct HunkParams {
    pub(crate) index: usize,
    pub(crate) state: String,
    pub(crate) range: lsp::Range,
    pub(crate) old_text: String,
    pub(crate) new_text: String,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GuardParams {
    pub(crate) guard: String,
    pub(crate) verdict: String,
    pub(crate) message: String,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) range: Option<lsp::Range>,
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TokensParams {
    pub(crate) input: u64,
    pub(crate) cached: u64,
    pub(crate) output: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not", default)]
    pub(crate) estimated: bool,
}

/// Bytes of messages on the wire, over all attempts; told when the answer has ended.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BytesParams {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// Not sent, because the server had them already.
    pub(crate) saved: u64,
}

impl From<&Traffic> for BytesParams {
    fn from(traffic: &Traffic) -> Self {
        BytesParams {
            sent: traffic.sent,
            received: traffic.received,
            saved: traffic.saved,
        }
    }
}

/// Milliseconds since the request, with fractions; absent where it has not happened.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimingsParams {
    pub(crate) requested: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sent: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_delta: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) first_edit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_delta: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) proposed: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decided: Option<f64>,
}

impl From<Timings> for TimingsParams {
    fn from(timings: Timings) -> Self {
        let since = |time: u64| time.saturating_sub(timings.requested) as f64 / 1_000.0;
        TimingsParams {
            requested: 0.0,
            sent: timings.sent.map(since),
            first_delta: timings.first_delta.map(since),
            first_edit: timings.first_edit.map(since),
            last_delta: timings.last_delta.map(since),
            proposed: timings.proposed.map(since),
            decided: timings.decided.map(since),
        }
    }
}

impl RewriteChangedParams {
    pub(crate) fn new(
        view: &RewriteView,
        uri: &Uri,
        version: i32,
        text: &Text,
        encoding: Encoding,
    ) -> Self {
        let within = |range: Range<usize>| {
            // What is over stays listed with its last region, which the text may no longer have.
            let clamp = |offset: usize| {
                let mut offset = offset.min(text.len());
                while !text.is_boundary(offset) {
                    offset -= 1;
                }
                offset
            };
            to_range(text, clamp(range.start)..clamp(range.end), encoding)
        };
        RewriteChangedParams {
            rewrite: view.id.0,
            uri: uri.clone(),
            version,
            state: state_word(view.state).to_owned(),
            region: within(view.region.clone()),
            apply: apply_word(view.apply).to_owned(),
            instruction: view.instruction.clone(),
            hunks: view
                .hunks
                .iter()
                .map(|hunk| HunkParams {
                    index: hunk.index,
                    state: hunk_word(hunk.state).to_owned(),
                    range: within(hunk.range.clone()),
                    old_text: hunk.old_text.clone(),
                    new_text: hunk.new_text.clone(),
                })
                .collect(),
            guards: Vec::new(),
            tokens: TokensParams {
                input: view.tokens.input,
                cached: view.tokens.cached,
                output: view.tokens.output,
                estimated: view.tokens.estimated,
            },
            timings: view.timings.into(),
            bytes: None,
            queued: None,
            message: view.message.clone(),
        }
    }
}

pub(crate) fn state_word(state: State) -> &'static str {
    match state {
        State::Requested => "requested",
        State::Streaming => "streaming",
        State::Proposed => "proposed",
        State::Interrupted => "interrupted",
        State::Accepted => "accepted",
        State::Rejected => "rejected",
        State::Failed => "failed",
        State::Stale => "stale",
    }
}

pub(crate) fn apply_word(apply: Apply) -> &'static str {
    match apply {
        Apply::Live => "live",
        Apply::Once => "once",
        Apply::Preview => "preview",
    }
}

pub(crate) fn hunk_word(state: HunkState) -> &'static str {
    match state {
        HunkState::Pending => "pending",
        HunkState::Accepted => "accepted",
        HunkState::Rejected => "rejected",
        HunkState::Conflict => "conflict",
    }
}

/// How a command names a rewrite: by `rewrite`, by `uri` and `position` inside it, or by `file` (as in
/// [`AskArguments`]) and `line` (from 1).
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RewriteName {
    pub(crate) rewrite: Option<u64>,
    pub(crate) uri: Option<Uri>,
    pub(crate) position: Option<lsp::Position>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
}

/// How a decision names a hunk.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum HunkName {
    /// The one at the place by which the rewrite is named.
    Here,
    #[serde(untagged)]
    Index(usize),
}

/// Argument of `redline.rewrite`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RewriteArguments {
    pub(crate) uri: Uri,
    pub(crate) range: lsp::Range,
    pub(crate) instruction: Option<String>,
    pub(crate) preset: Option<String>,
    pub(crate) apply: Option<String>,
    /// What failed checks do at least.
    #[serde(default)]
    pub(crate) guards: GuardArguments,
    pub(crate) version: Option<i32>,
    /// From our code actions: the selection they were made for, which the engine has followed since.
    pub(crate) selection: Option<u64>,
    /// From our code actions: follow the instruction in the comment at the selection.
    #[serde(default)]
    pub(crate) comment: bool,
}

/// The guards that a rewrite asks for. A name that is none of them is an error: who sets a guard relies on it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GuardArguments {
    signature: Option<GuardLevel>,
    imports: Option<GuardLevel>,
    syntax: Option<GuardLevel>,
    elision: Option<GuardLevel>,
}

impl From<GuardArguments> for PresetGuards {
    fn from(guards: GuardArguments) -> Self {
        PresetGuards {
            signature: guards.signature,
            imports: guards.imports,
            syntax: guards.syntax,
            elision: guards.elision,
        }
    }
}

/// Argument of `redline.ask`; `from` and `to` are lines from 1, both inclusive.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct AskArguments {
    pub(crate) file: String,
    pub(crate) from: u32,
    pub(crate) to: u32,
    pub(crate) ask: String,
}

/// Argument of `redline.accept` and `redline.reject`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct DecideArguments {
    #[serde(flatten)]
    pub(crate) name: RewriteName,
    pub(crate) hunk: Option<HunkName>,
    pub(crate) lines: Option<(usize, usize)>,
    /// Accept whatever guards say.
    #[serde(default)]
    pub(crate) force: bool,
}

/// Argument of `redline.redirect`.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct RedirectArguments {
    #[serde(flatten)]
    pub(crate) name: RewriteName,
    pub(crate) instruction: String,
}

/// Argument of `redline.list`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct ListArguments {
    pub(crate) uri: Option<Uri>,
}

/// Argument of `redline.presets`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct PresetsArguments {
    pub(crate) uri: Option<Uri>,
}

/// One answer of `redline.presets`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PresetParams<'a> {
    pub(crate) name: &'a str,
    pub(crate) title: &'a str,
    /// Null for all.
    pub(crate) languages: Option<Vec<&'a str>>,
}

impl From<&'static prompt::Preset> for PresetParams<'_> {
    fn from(preset: &'static prompt::Preset) -> Self {
        let names = |languages: &[syntax::Language]| languages.iter().map(|it| it.name()).collect();
        PresetParams {
            name: preset.name,
            title: preset.title,
            languages: preset.languages.map(names),
        }
    }
}

impl<'a> From<&'a config::Preset> for PresetParams<'a> {
    fn from(preset: &'a config::Preset) -> Self {
        let languages = preset.languages.iter().map(String::as_str).collect();
        PresetParams {
            name: &preset.name,
            title: preset.title.as_deref().unwrap_or(&preset.name),
            languages: (!preset.languages.is_empty()).then_some(languages),
        }
    }
}

/// Answer to `redline.rewrite`, `redline.ask`, `redline.redirect` and `redline.retry`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Started {
    pub(crate) rewrite: u64,
    pub(crate) region: lsp::Range,
}

/// Answer to a decision.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Decided {
    pub(crate) rewrite: u64,
    pub(crate) state: &'static str,
    pub(crate) remaining: usize,
}

impl Decided {
    pub(crate) fn new(rewrite: u64, decision: Decision) -> Self {
        Decided {
            rewrite,
            state: state_word(decision.state),
            remaining: decision.remaining,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::COMMANDS;
    use rewrite::{DocumentRewrites, Effect, Profile, RewriteId, Start};

    const PAGE: &str = include_str!("../../../docs/lsp-extensions.md");

    /// All names of a JSON value's fields.
    fn names(value: &serde_json::Value, out: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(fields) => {
                for (name, value) in fields {
                    out.push(name.clone());
                    names(value, out);
                }
            }
            serde_json::Value::Array(values) => values.iter().for_each(|value| names(value, out)),
            _ => {}
        }
    }

    #[test]
    fn the_page_names_every_command() {
        for command in COMMANDS {
            assert!(PAGE.contains(&format!("`{command}`")), "{command}");
        }
    }

    #[test]
    fn the_pages_example_is_the_notifications_shape() {
        let start = PAGE.find("```json\n").expect("an example") + "```json\n".len();
        let end = start + PAGE[start..].find("```").expect("its end");
        let example: RewriteChangedParams =
            serde_json::from_str(&PAGE[start..end]).expect("the shape");
        assert_eq!(example.hunks.len(), 1);
        let text = Text::from("a\n");
        let mut rewrites = DocumentRewrites::open(text.clone(), 1, Profile::default());
        let begin = Start {
            id: RewriteId(1),
            region: 0..2,
            instruction: String::new(),
            apply: Apply::Once,
            request: model_protocol::Request::default(),
            shape: prompt::Shape::of("a\n", prompt::LineEnding::Lf),
            removed: None,
        };
        let mut out: Vec<Effect> = Vec::new();
        rewrites.start(begin, 0, &mut out).expect("a free region");
        let view = rewrites.view(RewriteId(1)).expect("it is there");
        let params = RewriteChangedParams::new(&view, &example.uri, 1, &text, Encoding::Utf16);
        let mut fields = Vec::new();
        names(&serde_json::to_value(params).expect("JSON"), &mut fields);
        for field in fields {
            assert!(
                PAGE.contains(&format!("\"{field}\"")) || PAGE.contains(&format!("`{field}`")),
                "{field}"
            );
        }
    }

    #[test]
    fn the_page_names_every_state() {
        let states = [
            State::Requested,
            State::Streaming,
            State::Proposed,
            State::Interrupted,
            State::Accepted,
            State::Rejected,
            State::Failed,
            State::Stale,
        ];
        let hunks = [
            HunkState::Pending,
            HunkState::Accepted,
            HunkState::Rejected,
            HunkState::Conflict,
        ];
        let words = states
            .into_iter()
            .map(state_word)
            .chain(hunks.into_iter().map(hunk_word));
        for word in words {
            assert!(PAGE.contains(&format!("`{word}`")), "{word}");
        }
    }
}
