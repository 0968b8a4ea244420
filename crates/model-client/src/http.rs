//! One HTTP connection that streams the answers of POSTs, one at a time.
//!
//! Not here: what the data of an event means (`model-protocol`).

mod exchange;

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Method, header};
use hyper_util::rt::TokioIo;
use model_protocol::Request;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderValue};

use self::exchange::{Exchange, Stage, Step};
use crate::config::LinkConfig;
use crate::connection::{Abandoned, Batch, Incoming};
use crate::dial::secret_value;
use crate::error::LinkError;
use crate::key::KeyFetch;
use crate::proxy::Proxy;
use crate::target::{Target, Wire};
use crate::transport::{Transport, Written};

/// So many pieces are read before commands get their turn.
const BATCH: usize = 256;

/// How requests are made into POSTs.
pub(crate) struct Post {
    target: Target,
    headers: HeaderMap,
    max_frame: usize,
    prediction: bool,
    fetch_key: Option<KeyFetch>,
    /// The proxy that passes the requests on, and so has to be told the whole address.
    relay: Option<Proxy>,
}

impl Post {
    pub(crate) fn new(
        target: &Target,
        mut headers: HeaderMap,
        relay: Option<Proxy>,
        config: &LinkConfig,
    ) -> Result<Post, LinkError> {
        let host = HeaderValue::try_from(&target.shown).map_err(|_| LinkError::Config {
            reason: "it names no host".to_owned(),
        })?;
        headers.insert(header::HOST, host);
        for (name, value) in [
            (header::CONTENT_TYPE, "application/json"),
            (header::ACCEPT, "text/event-stream"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        if let Some(credentials) = relay.as_ref().and_then(|it| it.credentials.as_ref()) {
            let value = secret_value(credentials, "the credentials of the proxy")?;
            headers.insert(header::PROXY_AUTHORIZATION, value);
        }
        Ok(Post {
            target: target.clone(),
            headers,
            max_frame: config.max_frame,
            prediction: config.prediction,
            fetch_key: config.fetch_key.clone(),
            relay,
        })
    }

    /// Whether a fetched key is still the one to send.
    fn has_current_key(&self) -> bool {
        let sent = self.headers.get(header::AUTHORIZATION);
        let fetch = self.fetch_key.as_ref();
        fetch.is_none_or(|it| sent.is_some_and(|sent| it.is_current(sent.as_bytes())))
    }

    fn body(&self, request: &mut Request) -> String {
        match self.target.wire {
            Wire::Chat => {
                if !self.prediction {
                    request.prediction = None;
                }
                request.chat_body(self.target.token_limit())
            }
            Wire::Sse | Wire::WebSocket => request.sse_body(),
        }
    }
}

type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(crate) struct HttpConnection {
    post: Post,
    sender: SendRequest<Full<Bytes>>,
    /// Moves the bytes; goes away with the connection.
    task: Option<Task<hyper::Result<()>>>,
    is_ready: bool,
    exchange: Option<Exchange>,
    written: Written,
}

impl HttpConnection {
    pub(crate) async fn new(transport: Transport, post: Post) -> Result<HttpConnection, LinkError> {
        let written = transport.written();
        let handshake = http1::handshake(TokioIo::new(transport)).await;
        let (sender, task) = handshake.map_err(|error| LinkError::Connect {
            host: post.target.shown.clone(),
            reason: error.to_string(),
        })?;
        Ok(HttpConnection {
            post,
            sender,
            task: Some(Box::pin(task)),
            is_ready: true,
            exchange: None,
            written,
        })
    }

    pub(crate) fn is_free(&self) -> bool {
        self.exchange.is_none() && self.is_ready
    }

    pub(crate) fn leftovers(&self) -> usize {
        usize::from(self.exchange.as_ref().is_some_and(|it| it.flight.is_none()))
    }

    pub(crate) fn wanted(&self) -> usize {
        usize::from(self.exchange.as_ref().is_some_and(|it| it.flight.is_some()))
    }

    /// Bytes that came for a running flight so far.
    pub(crate) fn received(&self, flight: u64) -> usize {
        let exchange = self.exchange.as_ref();
        exchange
            .filter(|it| it.flight == Some(flight))
            .map_or(0, |it| it.received)
    }

    pub(crate) fn begin(&mut self, flight: u64, request: &mut Request) -> Result<(), LinkError> {
        if !self.post.has_current_key() {
            return Err(self.closed());
        }
        let body = self.post.body(request);
        let bytes = body.len();
        let mut post = hyper::Request::new(Full::new(Bytes::from(body)));
        *post.method_mut() = Method::POST;
        *post.headers_mut() = self.post.headers.clone();
        let path = match &self.post.relay {
            Some(_) => self.post.target.url().parse(),
            None => self.post.target.path.parse(),
        };
        *post.uri_mut() = path.map_err(|_| LinkError::Config {
            reason: "its path cannot be sent".to_owned(),
        })?;
        self.is_ready = false;
        self.exchange = Some(Exchange {
            flight: Some(flight),
            unsent: Some(bytes),
            received: 0,
            stage: Stage::Asked(Box::pin(self.sender.send_request(post))),
        });
        Ok(())
    }

    pub(crate) fn abandon(&mut self, flight: u64) -> Abandoned {
        match &mut self.exchange {
            Some(exchange) if exchange.flight == Some(flight) => {
                exchange.flight = None;
                Abandoned::InTheWay
            }
            _ => Abandoned::Overlooked,
        }
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Poll<()> {
        for _ in 0..BATCH {
            if let Some(task) = &mut self.task
                && task.as_mut().poll(cx).is_ready()
            {
                self.task = None;
            }
            let Some(exchange) = &mut self.exchange else {
                return self.rest(cx, batch);
            };
            if let (Some(bytes), Some(flight)) = (exchange.unsent.take(), exchange.flight) {
                batch.push(Incoming::Sent { flight, bytes });
            }
            let polled = exchange.poll(cx, &self.post, batch);
            // A request that is leaving is as good as an answer that comes.
            batch.has_text |= self.written.goes_on();
            match polled {
                Poll::Ready(Step::GoesOn) => {}
                Poll::Ready(Step::Over) => self.exchange = None,
                Poll::Ready(Step::Failed(error)) => {
                    self.exchange = None;
                    batch.push(Incoming::Failed(error));
                    return Poll::Ready(());
                }
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(()),
            }
        }
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }

    fn closed(&self) -> LinkError {
        LinkError::Closed {
            host: self.post.target.shown.clone(),
            code: None,
            reason: String::new(),
        }
    }

    /// Nothing runs: the connection becomes ready again, or is seen to be gone.
    fn rest(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Poll<()> {
        if self.task.is_none() {
            batch.push(Incoming::Failed(self.closed()));
        } else if !self.is_ready {
            self.is_ready = self.sender.poll_ready(cx).is_ready();
        }
        match batch.is_empty() {
            true => Poll::Pending,
            false => Poll::Ready(()),
        }
    }
}
