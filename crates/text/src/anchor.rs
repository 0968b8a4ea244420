//! [`Anchor`]: an offset that follows changes.

use crate::ChangeSet;

/// To which side an offset keeps when text is inserted exactly at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Bias {
    /// Stays before the inserted text.
    Left,
    /// Moves behind the inserted text.
    Right,
}

/// A byte offset with a bias, moved by every change of its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Anchor {
    /// Byte offset in the current text.
    pub offset: usize,
    /// Where it goes when text is inserted exactly at it.
    pub bias: Bias,
}

impl Anchor {
    /// An anchor at a byte offset.
    pub fn new(offset: usize, bias: Bias) -> Self {
        Anchor { offset, bias }
    }

    /// Moves the anchor over a change. O(number of changes in the set).
    pub fn follow(&mut self, change: &ChangeSet) {
        self.offset = change.map(self.offset, self.bias);
    }
}
