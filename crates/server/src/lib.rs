//! The language server: the only crate that knows LSP.
//!
//! | module | what it holds |
//! |---|---|
//! | `backend` | LSP's methods; each hands over to the engine before its first `await` |
//! | `documents` | the mirrors, in a concurrent map: readers never wait for the engine |
//! | `engine` | the one task that owns trees and rewrites and takes messages in order |
//! | `outgoing` | what goes to the editor, from one task |
//! | `edit_answers` | what the editor says to edits, in its turn |
//! | `client_facts` | what the editor said it can do |
//! | `convert`, `protocol`, `failure` | between LSP's types and ours |
//! | `framing` | messages that are none are refused before they reach the framework |
//! | `sources` | reading the settings that lie in files and the environment |
//! | `checkup` | whether the settings lead to a model that answers, for `redline doctor` |
//! | `secrets` | what logs and panics must not show |
//! | `guard` | a panic in a handler becomes an error answer |

mod backend;
mod checkup;
mod client_facts;
mod convert;
mod documents;
mod edit_answers;
mod engine;
mod failure;
#[doc(hidden)] // seen by the fuzz targets
pub mod framing;
mod guard;
mod models;
mod outgoing;
mod protocol;
mod secrets;
mod sources;

use tokio::io::{AsyncRead, AsyncWrite};
use tower_lsp::{LspService, Server};

use crate::backend::Backend;
use crate::edit_answers::{EditAnswers, Watched};
use crate::framing::CheckedInput;
use crate::guard::Guard;

pub use crate::checkup::{Checkup, FileFound, KeyFound, ModelFound, Problem, Setting, checkup};
pub use crate::secrets::without_secrets;

/// How many requests may be answered at one time. No handler waits for the editor, so this only bounds
/// how many wait for the engine.
const CONCURRENCY: usize = 64;

/// What a server is started with, beside the settings it finds.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The model server's address, over any setting.
    pub model_url: Option<String>,
    /// Tokens per second of the embedded engine; its own default if not set.
    pub rate: Option<f64>,
    /// Ignore the user's settings file and the environment.
    pub bare: bool,
    /// Where the log is, for people who ask.
    pub log: Option<std::path::PathBuf>,
}

/// Serves one LSP session until it exits or its input ends.
pub async fn run(
    input: impl AsyncRead + Unpin + Send + 'static,
    output: impl AsyncWrite + Unpin + Send + 'static,
    options: Options,
) {
    let answers = EditAnswers::default();
    let (service, socket) =
        LspService::build(|client| Backend::new(client, answers.clone(), options))
            .custom_method("window/workDoneProgress/cancel", Backend::cancel_progress)
            .custom_method("textDocument/inlineCompletion", Backend::inline_completion)
            .custom_method(framing::REFUSE, Backend::refuse)
            .custom_method(framing::ANSWERED, Backend::answered)
            .finish();
    let socket = Watched { socket, answers };
    Server::new(CheckedInput::new(input), output, socket)
        .concurrency_level(CONCURRENCY)
        .serve(Guard::new(service))
        .await;
}
