//! From region, scope and instruction to a model request, and from model output to code.
//!
//! | module | what it holds |
//! |---|---|
//! | [`region`], [`indentation_block`] | which text a selection means |
//! | [`Ask`], [`ahead`], [`request`], [`follow_up`] | the words that are sent |
//! | [`Completion`] | what is asked and taken for a completion at the cursor |
//! | [`Preset`] | instructions that come with the product |
//! | [`comment_instruction`] | an instruction written as a comment |
//! | [`Size`], [`Capacity`] | whether a request and its answer fit into the model |
//! | [`Ignored`] | which files never leave |
//! | [`Masks`], [`Undo`] | what stands for secrets in a request, and the way back |
//! | [`Cleaner`] | the answer as code, while it streams |
//!
//! Pure: no sockets, no files, no LSP. Offsets are bytes of the text.

mod ask;
mod budget;
mod cleaner;
mod comment;
mod completion;
mod ignored;
mod mask;
mod preset;
mod region;

pub use ask::{Ask, Model, ahead, follow_up, request};
pub use budget::{Capacity, Size, Tokenizer, TooLong};
pub use cleaner::{Cleaner, LineEnding, Shape, Unusable};
pub use comment::{CommentAsk, comment_instruction};
pub use completion::Completion;
pub use ignored::Ignored;
pub use mask::{CutSecret, Masks, Secrets, Undo};
pub use preset::{Preset, presets};
pub use region::{indentation_block, region};
