//! Streamed replacement text in, minimal edits against the old text out, as it arrives.
//!
//! Three parts, from the stream to the decision of the user:
//! - [`StreamingDiff`] turns pieces of new text into [`Splice`]s of the shown text, keeping pace with the model;
//! - [`hunks`] compares both whole texts once at the end: these are what a user accepts or rejects;
//! - [`refine`] narrows one hunk, or one changed line, to the words and characters that differ.
//!
//! Everything here is pure: no I/O, no clock, no async, and the same input always gives the same output.
//! Documents, versions, positions in other units than bytes, and the user's own edits live elsewhere.
//!
//! Lines end at `\n`; a `\r\n` belongs whole to its line and is never split by a splice or a range.

mod hunks;
mod lines;
mod policy;
mod refine;
mod similarity;
mod stream;

pub use hunks::{Hunk, hunks};
pub use refine::refine;
pub use stream::StreamingDiff;

/// One replacement in the shown text.
///
/// The splices of one call apply one after another: each offset counts in the text that the previous splice left.
/// Offsets are in bytes, stand on char boundaries, and never between `\r` and `\n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splice {
    /// Where, in bytes from the start of the shown text.
    pub at: usize,
    /// How many bytes go.
    pub delete: usize,
    /// What comes in their place.
    pub insert: String,
}

impl Splice {
    /// Applies the splice to `shown`. Panics where the offsets do not fit: then the splices came out of order.
    pub fn apply(&self, shown: &mut String) {
        shown.replace_range(self.at..self.at + self.delete, &self.insert);
    }
}
