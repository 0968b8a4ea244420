//! `redline lsp`: one language server session on stdin and stdout.

use std::process::ExitCode;

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncWrite};

use crate::logging::{self, Stderr};
use crate::runtime;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Accepted because editors pass it; stdin and stdout are the only transport.
    #[arg(long)]
    stdio: bool,
}

pub(crate) fn run(_args: &Args) -> Result<ExitCode> {
    logging::start(Stderr::Warnings);
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "language server");
    runtime::block_on(serve(
        Box::new(tokio::io::stdin()),
        Box::new(tokio::io::stdout()),
        server::Options {
            log: logging::file(),
            ..server::Options::default()
        },
    ))?;
    Ok(ExitCode::SUCCESS)
}

/// Serves one session. Boxed streams, so that the server's code is in the binary once and not again
/// for each kind of stream.
pub(crate) async fn serve(
    input: Box<dyn AsyncRead + Unpin + Send>,
    output: Box<dyn AsyncWrite + Unpin + Send>,
    options: server::Options,
) {
    server::run(input, output, options).await;
}
