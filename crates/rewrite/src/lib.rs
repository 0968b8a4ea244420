//! The life of one rewrite and of a document's set of them: a pure state machine.
//!
//! Events go in (the mirror moved, the editor answered, the model spoke, the user decided, time passed),
//! [`Effect`]s come out as values. No clock, no socket, no LSP, no async: time is an argument, and what is
//! to be done is data. That is what lets every interleaving be simulated.
//!
//! | module | what it holds |
//! |---|---|
//! | `piece`, `tracked` | a region as pieces of base, model's text and user's typing |
//! | `open_end` | a last line without a line break, compared as if it had one |
//! | `settle` | from those pieces to the hunks a person decides on |
//! | `slide` | where else a deletion says the same |
//! | `attribution` | whose change a reported change was |
//! | `life` | one rewrite: stream, proposal, decision |
//! | `document` | all rewrites of one document and the one edit in flight |
//! | `effect` | what comes out, and what goes in |

mod attribution;
mod document;
mod effect;
mod life;
mod open_end;
mod piece;
mod settle;
mod slide;
mod tracked;

pub use attribution::narrowed_to_words;
pub use document::{DocumentRewrites, Profile};
pub use effect::{
    Apply, DecideError, Decision, EditId, Effect, HunkState, HunkView, ModelEvent, Outcomes, Part,
    RewriteId, RewriteView, Start, StartError, State, Time, Timings, Tokens,
};
