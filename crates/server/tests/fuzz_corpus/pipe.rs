//! The checking reader and the framework behind it, fed from memory. The fuzz target includes this file too.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use server::framing::CheckedInput;
use test_support::fuzzing::lsp_frames::{Reader, Served};
use tokio::io::{AsyncRead, AsyncReadExt as _, ReadBuf};
use tower_lsp::jsonrpc::{Request, Response, Result};
use tower_lsp::ls_types::{InitializeParams, InitializeResult};
use tower_lsp::{LanguageServer, LspService, Server};
use tower_service::Service;

pub(crate) struct Pipe;

impl Reader for Pipe {
    fn checked(&self, chunks: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut input = CheckedInput::new(Chunks::new(chunks));
        block_on(input.read_to_end(&mut out)).expect("a source without errors");
        out
    }

    fn served(&self, chunks: &[&[u8]]) -> Served {
        let mut output = Vec::new();
        let exited = Arc::new(AtomicBool::new(false));
        let echo = Echo {
            exited: exited.clone(),
        };
        let (_, socket) = LspService::new(|_| Nothing);
        let input = CheckedInput::new(Chunks::new(chunks));
        block_on(Server::new(input, &mut output, socket).serve(echo));
        Served {
            output,
            exited: exited.load(Ordering::Relaxed),
        }
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    runtime.expect("a runtime").block_on(future)
}

/// Gives one chunk for each read.
struct Chunks<'a> {
    rest: std::slice::Iter<'a, &'a [u8]>,
    current: &'a [u8],
}

impl<'a> Chunks<'a> {
    fn new(chunks: &'a [&'a [u8]]) -> Self {
        Chunks {
            rest: chunks.iter(),
            current: &[],
        }
    }
}

impl AsyncRead for Chunks<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        if self.current.is_empty() {
            self.current = self.rest.next().copied().unwrap_or_default();
        }
        let (now, later) = self
            .current
            .split_at(self.current.len().min(buf.remaining()));
        buf.put_slice(now);
        self.current = later;
        Poll::Ready(Ok(()))
    }
}

/// Answers every request with `null`.
struct Echo {
    exited: Arc<AtomicBool>,
}

impl Service<Request> for Echo {
    type Response = Option<Response>;
    type Error = Infallible;
    type Future = Ready<std::result::Result<Option<Response>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<std::result::Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let exits = request.method() == "exit";
        self.exited.fetch_or(exits, Ordering::Relaxed);
        let (_, id, _) = request.into_parts();
        ready(Ok(id.map(|id| Response::from_ok(id, ().into()))))
    }
}

/// A language server whose only use is the socket that comes with it.
struct Nothing;

impl LanguageServer for Nothing {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        Ok(InitializeResult::default())
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }
}
