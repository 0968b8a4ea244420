//! [`Cleaner`]: model output to code, while it streams. Knows no model, no prompt and no tree.
//!
//! The stages, each in its own file: `tokens` cuts pieces into text and line breaks, `opening` decides what
//! the answer begins with, `fence` ends it where its fence or region ends, `indent` gives lost indentation
//! back, `output` converts line breaks and settles the final newline.

mod fence;
mod indent;
mod opening;
mod output;
mod prose;
mod shape;
mod tokens;

use thiserror::Error;

pub use shape::{LineEnding, Shape};

use fence::Fence;
use indent::Indent;
use opening::{Opening, Verdict};
use output::Output;
use tokens::{Token, Tokens};

/// Why an answer holds no code.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unusable {
    /// Nothing but white space.
    #[error("the model's answer is empty")]
    Empty,
    /// The model declined; its words.
    #[error("the model declined: {0}")]
    Refusal(String),
    /// Talk about the code, and no code; its words.
    #[error("the model answered with prose and no code: {0}")]
    Prose(String),
}

/// Turns the pieces of an answer into the region's new text.
///
/// How an answer is cut into pieces changes nothing in the result. Plain code passes at once, but for its
/// first line while that could still be a fence, chatter or a refusal; trailing line breaks; and a `\r` that
/// may have a `\n` behind it. Costs the length of the piece.
#[derive(Clone, Debug)]
pub struct Cleaner {
    tokens: Tokens,
    opening: Option<Opening>,
    body: Body,
}

/// The stages behind the opening.
#[derive(Clone, Debug)]
struct Body {
    fence: Fence,
    indent: Indent,
    output: Output,
}

impl Cleaner {
    /// A cleaner for an answer that will stand in for a text of this shape.
    pub fn new(shape: Shape) -> Self {
        Cleaner {
            tokens: Tokens::default(),
            body: Body {
                fence: Fence::default(),
                indent: Indent::new(&shape),
                output: Output::new(&shape),
            },
            opening: Some(Opening::new(shape)),
        }
    }

    /// Takes the next piece; gives the text that is final, possibly none.
    pub fn push(&mut self, piece: &str) -> String {
        let mut tokens = self.tokens;
        tokens.cut(piece, &mut |token| self.take(token));
        self.tokens = tokens;
        self.body.output.take()
    }

    /// Ends the answer and gives what was held back.
    ///
    /// # Errors
    /// The answer holds no code; [`Cleaner::push`] has given nothing then.
    pub fn finish(mut self) -> Result<String, Unusable> {
        let mut tokens = self.tokens;
        tokens.end(&mut |token| self.take(token));
        if let Some(opening) = self.opening.take() {
            let verdict = opening.end()?;
            self.begin(verdict);
        }
        self.body.end()
    }

    fn take(&mut self, token: Token<'_>) {
        let Some(opening) = &mut self.opening else {
            return self.body.take(token);
        };
        if let Some(verdict) = opening.take(token) {
            self.opening = None;
            self.begin(verdict);
        }
    }

    fn begin(&mut self, verdict: Verdict) {
        self.body.fence = verdict.fence;
        for token in &verdict.held {
            self.body.take(token.as_token());
        }
    }
}

impl Body {
    fn take(&mut self, token: Token<'_>) {
        let mut rest = self.indent.before(&mut self.output);
        self.fence.take(token, &mut rest);
    }

    fn end(mut self) -> Result<String, Unusable> {
        let mut rest = self.indent.before(&mut self.output);
        self.fence.end(&mut rest);
        rest.end();
        self.output.end()
    }
}

#[cfg(test)]
mod tests;
