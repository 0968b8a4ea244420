//! The embedded engine: a handful of text rules that answer like a model would.
//!
//! It reads the prompt that Redline writes (language, region, instruction), changes the region by
//! rule and answers with the region's new text. It is not a model and says so in every refusal.
//! Not here: the protocol around the answer.

mod comments;
mod complete;
mod document;
mod explain;
mod function;
mod instruction;
mod language;
mod lexer;
mod lines;
mod names;
mod prints;
mod rename;
mod sort;
mod task;
mod types;
mod wrap;

#[cfg(test)]
mod tests;

use model_protocol::Message;

use instruction::Rule;
use task::Task;

/// What the engine understands, as a sentence for people.
pub(crate) const UNDERSTOOD: &str = "rename A to B; document (or: add docstrings); add type hints \
     (Python and TypeScript, from defaults); sort lines; sort imports; remove comments; remove \
     debug prints; snake_case or camelCase the identifiers; wrap in try; explain";

/// What the engine has to say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Text(String),
    Refusal(String),
}

/// Answers the conversation's last request. Cost: a few passes over the region.
pub(crate) fn answer(conversation: &[Message]) -> Answer {
    if let Some(text) = complete::complete(conversation) {
        return Answer::Text(text);
    }
    let Some(task) = Task::read(conversation) else {
        return refusal("the request has no <region> and <instruction> of Redline's form");
    };
    let Some(rule) = Rule::read(&task.instruction) else {
        return refusal("I do not understand this instruction");
    };
    let Task {
        language, region, ..
    } = &task;
    let text = match rule {
        Rule::Rename(pairs) => Ok(rename::rename(region, *language, &pairs)),
        Rule::Case(case) => Ok(rename::recase(region, *language, case)),
        Rule::Document => document::document(region, *language),
        Rule::Types => types::annotate(region, *language),
        Rule::SortImports => Ok(sort::imports(region, *language)),
        Rule::SortLines => Ok(sort::lines(region)),
        Rule::RemoveComments => Ok(comments::remove(region, *language)),
        Rule::RemovePrints => Ok(prints::remove(region, *language)),
        Rule::Wrap => wrap::wrap(region, *language),
        Rule::Explain => Ok(explain::explain(region, *language)),
    };
    match text {
        Ok(text) => Answer::Text(text),
        Err(why) => refusal(why),
    }
}

fn refusal(why: &str) -> Answer {
    Answer::Refusal(format!(
        "I am Redline's embedded rule engine, not a language model: {why}. I understand: \
         {UNDERSTOOD}. For anything else, connect a model with the settings `models.fast.url`, \
         `models.fast.model` and `models.fast.key`."
    ))
}
