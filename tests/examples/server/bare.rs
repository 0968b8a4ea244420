//! The least that a server can do with what is typed: the same framework and the same rope, a text that follows,
//! and nothing else. What Redline takes beyond it is ours.

use std::sync::Mutex;

use ropey::Rope;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    CodeActionParams, CodeActionProviderCapability, CodeActionResponse,
    DidChangeTextDocumentParams, DidOpenTextDocumentParams, ExecuteCommandParams, InitializeParams,
    InitializeResult, LSPAny, Position, ServerCapabilities, TextDocumentSyncCapability,
    TextDocumentSyncKind,
};
use tower_lsp::{LanguageServer, LspService, Server};

struct Bare {
    text: Mutex<Rope>,
}

impl LanguageServer for Bare {
    async fn initialize(&self, _: InitializeParams) -> Result<InitializeResult> {
        let capabilities = ServerCapabilities {
            text_document_sync: Some(TextDocumentSyncCapability::Kind(
                TextDocumentSyncKind::INCREMENTAL,
            )),
            code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
            ..ServerCapabilities::default()
        };
        Ok(InitializeResult {
            capabilities,
            ..InitializeResult::default()
        })
    }

    async fn shutdown(&self) -> Result<()> {
        Ok(())
    }

    async fn did_open(&self, params: DidOpenTextDocumentParams) {
        if let Ok(mut text) = self.text.lock() {
            *text = Rope::from(params.text_document.text);
        }
    }

    async fn did_change(&self, params: DidChangeTextDocumentParams) {
        let Ok(mut text) = self.text.lock() else {
            return;
        };
        for change in params.content_changes {
            let Some(range) = change.range else {
                *text = Rope::from(change.text);
                continue;
            };
            let (start, end) = (offset(&text, range.start), offset(&text, range.end));
            text.remove(start..end);
            text.insert(start, &change.text);
        }
    }

    async fn code_action(&self, _: CodeActionParams) -> Result<Option<CodeActionResponse>> {
        Ok(None)
    }

    async fn execute_command(&self, _: ExecuteCommandParams) -> Result<Option<LSPAny>> {
        Ok(None)
    }
}

/// In characters, from a position in UTF-16 units.
fn offset(text: &Rope, position: Position) -> usize {
    let line = text.line_to_char(position.line as usize);
    text.utf16_cu_to_char(text.char_to_utf16_cu(line) + position.character as usize)
}

pub(crate) fn serve() {
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    runtime.block_on(async {
        let (service, socket) = LspService::new(|_| Bare {
            text: Mutex::new(Rope::new()),
        });
        Server::new(tokio::io::stdin(), tokio::io::stdout(), socket)
            .serve(service)
            .await;
    });
}
