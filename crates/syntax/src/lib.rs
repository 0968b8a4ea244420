//! Tree-sitter trees kept in step with a text, and what can be read off them: whole nodes around a
//! selection, enclosing scopes, imports, an outline.
//!
//! | module | what it holds |
//! |---|---|
//! | [`Language`] | the languages with a grammar, how to tell them, their comments |
//! | [`Syntax`] | a tree and the edits noted since it was parsed |
//! | `kinds` | what the nodes of each grammar mean |
//! | `path`, `grow`, `scope`, `imports`, `definitions`, `errors`, `token` | the questions, answered by walks |
//!
//! Offsets are bytes of the text. Pure: no clock, no threads, no LSP; who calls decides when to parse and
//! for how long. Answers come from the tree as it is, also while edits are noted and not yet parsed; then
//! they are near the truth and never out of bounds.

mod definitions;
mod errors;
mod grammar;
mod grow;
mod imports;
mod kinds;
mod language;
mod path;
mod point;
mod scope;
mod token;
mod tree;

pub use language::Language;
pub use scope::{Scope, ScopeKind};
pub use token::Token;
pub use tree::Syntax;

#[cfg(test)]
mod fixture;
