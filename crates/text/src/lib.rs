//! Rope mirror of one document: text, positions in three encodings, versions, change sets, anchors.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Text`] | the rope; every offset is a byte offset into UTF-8; a clone is an O(1) snapshot |
//! | [`Position`], [`Encoding`] | LSP positions: lines from 0, characters in UTF-8, UTF-16 or UTF-32 units |
//! | [`ChangeSet`] | one change of a whole text: apply, compose, invert, transform, map a position |
//! | [`Anchor`] | an offset that follows changes |
//! | [`Document`] | a text with a version, changed only by what the editor reports |
//!
//! Lines end at `\n`, `\r\n` or `\r` and nowhere else, as LSP says; the rope is built without its
//! Unicode line breaks for that reason. Nothing here knows LSP's JSON, files, clocks or threads.
//! The choice of rope is hidden: no type of it appears outside.

mod anchor;
mod change_set;
mod document;
mod position;
mod rope;

pub use anchor::{Anchor, Bias};
pub use change_set::{Change, ChangeSet, Op};
pub use document::{ApplyError, ContentChange, Document, VersionRule};
pub use position::{Encoding, Position, PositionError};
pub use rope::Text;
