//! Our Neovim plugin in a real Neovim: `flow` is what a person does, `shown` what they see, `beside` what else
//! lives in the editor, `completion` suggestions at the cursor, `undo` what one `u` takes back, `soak` a long run of all of it at once.
//! Here is the scene that they play in.

#![allow(clippy::print_stdout, reason = "figures belong to a test's output")]

mod beside;
mod completion;
mod flow;
mod scene;
mod shown;
mod soak;
mod undo;
