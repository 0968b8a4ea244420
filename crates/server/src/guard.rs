//! [`Guard`]: a panic in a handler becomes an error answer, and the server lives on.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt as _;
use tower_lsp::jsonrpc::{Error, Request, Response};
use tower_service::Service;

/// A service around another that catches what it panics with.
pub(crate) struct Guard<S> {
    inner: S,
}

impl<S> Guard<S> {
    pub(crate) fn new(inner: S) -> Self {
        Guard { inner }
    }
}

impl<S> Service<Request> for Guard<S>
where
    S: Service<Request, Response = Option<Response>>,
    S::Future: Send + 'static,
    S::Error: 'static,
{
    type Response = Option<Response>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let id = request.id().cloned();
        let method = request.method().to_owned();
        let future = AssertUnwindSafe(self.inner.call(request));
        Box::pin(async move {
            match future.catch_unwind().await {
                Ok(result) => result,
                Err(_) => {
                    tracing::error!(method, "a handler panicked");
                    let error = Error::internal_error();
                    Ok(id.map(|id| Response::from_error(id, error)))
                }
            }
        })
    }
}
