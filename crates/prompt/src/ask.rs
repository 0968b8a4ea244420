//! The words that are sent: the standing contract, the message, and the message that follows one up.
//! What may leave the machine at all is decided elsewhere.

mod context;

use std::fmt::Write;
use std::ops::Range;

use model_protocol::{Message, Request, Role};
use serde_json::{Map, Value};
use syntax::{Language, Syntax};
use text::Text;

/// What every rewrite is told. It never changes, so that providers can keep it cached.
const CONTRACT: &str = "\
You rewrite one region of a file in an editor. Your answer replaces the region as it stands, while you write it.

Answer with the new text of the region and nothing else:
- No code fences, no tags, no explanation, no remarks before or after.
- The whole region, from its first to its last line. Never leave anything out, and never write a placeholder \
such as \"rest of code unchanged\" or \"...\": what you leave out is deleted.
- Everything that the instruction does not ask to change stays as it is, byte for byte: indentation, spaces or \
tabs, line breaks, blank lines, names, comments, order, style.
- Begin with the indentation that the region's first line has.
- Write only what belongs inside the region. The file and the lines before and after the region are there to read \
and are kept; do not repeat them.
If the instruction cannot be followed, answer with one sentence that begins with \"I cannot\".";

/// One rewrite to ask for.
#[derive(Clone, Debug)]
pub struct Ask<'a> {
    /// The document.
    pub text: &'a Text,
    /// The region to rewrite, in bytes.
    pub region: Range<usize>,
    /// The document's language.
    pub language: Option<Language>,
    /// The document's tree.
    pub syntax: Option<&'a Syntax>,
    /// The document's path, as the model may see it: relative to the folder.
    pub path: &'a str,
    /// What the user wants.
    pub instruction: &'a str,
    /// Bytes of the document beside the region that may be sent, at most; one of up to this size is sent whole.
    pub context_bytes: usize,
}

/// The settings of a model that go into every request to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// The provider's name of it.
    pub name: String,
    /// Most tokens that an answer may have.
    pub max_output_tokens: Option<u32>,
    /// Sent only if set.
    pub reasoning_effort: Option<String>,
    /// Sent only if set.
    pub service_tier: Option<String>,
    /// Whether the provider may keep the conversation.
    pub store: bool,
    /// Further fields of the request, sent as they are.
    pub extra: Map<String, Value>,
}

/// The request for one rewrite, as two messages: what stands around the region, and the region with the
/// instruction. What changes least stands first, so that it can be sent ahead and kept in the provider's cache.
/// Costs the length of region and context.
pub fn request(ask: &Ask<'_>, model: &Model) -> Request {
    let mut input = Vec::with_capacity(2);
    input.extend(ahead_message(ask));
    input.push(Message::user(task(ask, "")));
    with_input(input, model)
}

/// What can be sent before the instruction is known: the request up to its last message. `None` where nothing of
/// the surroundings may be sent. The instruction is not looked at; where the whole document may be sent, the
/// region is not either.
pub fn ahead(ask: &Ask<'_>, model: &Model) -> Option<Request> {
    let input = vec![ahead_message(ask)?];
    Some(with_input(input, model))
}

fn ahead_message(ask: &Ask<'_>) -> Option<Message> {
    let message = context::surroundings(ask);
    (!message.is_empty()).then(|| Message::user(message))
}

fn with_input(input: Vec<Message>, model: &Model) -> Request {
    Request {
        model: model.name.clone(),
        instructions: CONTRACT.to_owned(),
        input,
        store: model.store,
        max_output_tokens: model.max_output_tokens,
        reasoning_effort: model.reasoning_effort.clone(),
        service_tier: model.service_tier.clone(),
        extra: model.extra.clone(),
        ..Request::default()
    }
}

/// The request that goes on after `previous` was answered with `answer` and the user took that back: the
/// conversation so far, and the region again with the new instruction. An empty answer is left out.
pub fn follow_up(ask: &Ask<'_>, previous: &Request, answer: &str) -> Request {
    let mut request = previous.clone();
    request.previous_response_id = None;
    request.stream_id = None;
    request.generate = None;
    if !answer.trim().is_empty() {
        request.input.push(Message {
            role: Role::Assistant,
            text: answer.into(),
        });
    }
    let taken_back =
        "The last change was taken back. The file is as before, and the region is this again.\n\n";
    request.input.push(Message::user(task(ask, taken_back)));
    request
}

fn header(message: &mut String, ask: &Ask<'_>) {
    let language = ask.language.map_or("text", Language::name);
    let _ = write!(message, "File: {}\nLanguage: {language}\n\n", ask.path);
}

/// The message that asks: where the region is, what it is, and what to do with it.
fn task(ask: &Ask<'_>, remark: &str) -> String {
    let mut message = String::with_capacity(ask.region.len() + ask.instruction.len() + 1_024);
    header(&mut message, ask);
    message.push_str(remark);
    context::write_before(&mut message, ask);
    match context::lines_of(ask, &ask.region) {
        (first, last) if first == last => {
            let _ = writeln!(message, "Rewrite this region, in line {first} of the file:");
        }
        (first, last) => {
            let _ = writeln!(
                message,
                "Rewrite this region, lines {first} to {last} of the file:"
            );
        }
    }
    let region = ask.text.slice(ask.region.clone());
    write_section(&mut message, "region", without_break(&region));
    context::write_after(&mut message, ask);
    message.push('\n');
    write_section(&mut message, "instruction", ask.instruction.trim());
    message
}

/// A text between two tags, each alone on its line.
pub(crate) fn write_section(message: &mut String, tag: &str, text: &str) {
    let _ = writeln!(message, "<{tag}>\n{text}\n</{tag}>");
}

/// Without one line break at the end.
fn without_break(text: &str) -> &str {
    let without = text.strip_suffix('\n').unwrap_or(text);
    without.strip_suffix('\r').unwrap_or(without)
}

#[cfg(test)]
mod tests;
