//! Real-time AI edits in any LSP editor.
fn main() {}
