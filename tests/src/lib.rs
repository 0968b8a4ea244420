//! Drivers of the real binary and of real editors, for the tests in `tests/tests/`.
//! Nothing here knows our own crates: what is checked is what a user's editor would see.
//! The drivers are made for tests: instead of returning errors they panic with what was on the screen,
//! in the log or on stderr, and they wait on conditions with a deadline, never for a fixed time.

pub mod code;
pub mod emacs;
pub mod helix;
pub mod lsp;
pub mod model_server;
pub mod model_servers;
pub mod neovim;
pub mod post_server;
pub mod scene;
pub mod scripted_server;
pub mod sessions;
pub mod soak;
pub mod traces;
pub mod vscode;

mod framing;
mod patience;
mod programs;
mod project;
mod terminal;

pub use patience::{patience, wait_for, wait_until};
pub use programs::{Editors, ServerCommand, binary, editors, xtask};
pub use project::Project;
