//! What to say to a request, and how badly: script or rules, then faults.

use std::time::Duration;

use model_protocol::{Message, Role};

use crate::fault::{Fault, FaultRule};
use crate::options::Options;
use crate::rules;

/// An answer cut into deltas.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) content: Content,
    pub(crate) deltas: Vec<String>,
    /// Before the first delta.
    pub(crate) delay: Duration,
    pub(crate) fault: Option<FaultRule>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Text,
    Refusal,
}

/// Answers the last user message; `number` counts the server's requests from 1.
pub(crate) fn reply(conversation: &[Message], options: &Options, number: u64) -> Reply {
    let mut reply = match &options.script {
        Some(script) => {
            let last = conversation.iter().rev().find(|it| it.role == Role::User);
            match script.find(last.map_or("", |it| &it.text)) {
                Some(entry) => Reply {
                    content: Content::Text,
                    deltas: entry
                        .chunks
                        .clone()
                        .unwrap_or_else(|| deltas(&entry.output)),
                    delay: entry.delay,
                    fault: entry.fault,
                },
                None => refusal("No line of the script matches this request."),
            }
        }
        None => match rules::answer(conversation) {
            rules::Answer::Text(text) => Reply {
                content: Content::Text,
                deltas: deltas(&text),
                delay: Duration::ZERO,
                fault: None,
            },
            rules::Answer::Refusal(text) => refusal(&text),
        },
    };
    let strikes = |it: &&FaultRule| !it.fault.strikes_at_upgrade() && it.turn.includes(number);
    reply.fault = reply
        .fault
        .or_else(|| options.faults.iter().find(strikes).copied());
    if reply.fault.is_some_and(|it| it.fault == Fault::Refusal) {
        return refusal("I will not do that.");
    }
    reply
}

fn refusal(text: &str) -> Reply {
    Reply {
        content: Content::Refusal,
        deltas: deltas(text),
        delay: Duration::ZERO,
        fault: None,
    }
}

const TOKEN: usize = 4;

/// Pieces of four characters, as a model's tokens are on average.
fn deltas(text: &str) -> Vec<String> {
    let mut deltas = Vec::with_capacity(text.len() / TOKEN + 1);
    let mut rest = text;
    while !rest.is_empty() {
        let cut = rest
            .char_indices()
            .nth(TOKEN)
            .map_or(rest.len(), |(at, _)| at);
        deltas.push(rest[..cut].to_owned());
        rest = &rest[cut..];
    }
    deltas
}

/// Tokens of a text, estimated.
pub(crate) fn tokens(text: &str) -> u64 {
    text.chars().count().div_ceil(TOKEN) as u64
}
