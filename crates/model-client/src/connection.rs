//! One live socket and the response that runs on it.
//!
//! Polled, never spawned: the owner decides what runs where. Not here: dialling (`dial`), queueing
//! and time (`driver`).

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, Stream};
use model_protocol::{Decoder, Request, StreamEvent};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

use crate::error::LinkError;

pub(crate) struct Connection {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    host: String,
    max_frame: usize,
    decoder: Option<Decoder>,
    unflushed: bool,
    /// Size of the request's frame, until it is flushed.
    unsent: Option<usize>,
    /// A ping of ours went out and nothing came since.
    unanswered: bool,
}

/// What came out of polling a connection.
#[derive(Debug)]
pub(crate) enum Incoming {
    /// The running request's frame of this size is on the socket.
    Sent { bytes: usize },
    /// Of the running response.
    Event(StreamEvent),
    /// The connection is of no more use.
    Failed(LinkError),
}

/// Results of one poll.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) incoming: Vec<Incoming>,
    /// Whether any text frame came, of which an idle timer is to know.
    pub(crate) has_text: bool,
}

/// So many frames are read before commands get their turn.
const BATCH: usize = 256;

impl Connection {
    pub(crate) fn new(
        socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
        host: String,
        max_frame: usize,
    ) -> Connection {
        Connection {
            socket,
            host,
            max_frame,
            decoder: None,
            unflushed: false,
            unsent: None,
            unanswered: false,
        }
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    /// Begins a request. Its frame leaves while the connection is polled.
    pub(crate) fn begin(&mut self, request: &Request) -> Result<(), LinkError> {
        let frame = request.websocket_frame();
        self.unsent = Some(frame.len());
        self.decoder = Some(Decoder::new(request.stream_id.clone()));
        self.write(Message::text(frame))
    }

    /// The running response is over; what may still come of it is ignored.
    pub(crate) fn end(&mut self) {
        self.decoder = None;
    }

    /// Sends a ping. `false` if the one before got no answer of any kind.
    pub(crate) fn ping(&mut self) -> bool {
        if std::mem::replace(&mut self.unanswered, true) {
            return false;
        }
        self.write(Message::Ping(Bytes::new())).is_ok()
    }

    fn write(&mut self, message: Message) -> Result<(), LinkError> {
        // The sink buffers without bound, so that it is always ready.
        self.unflushed = true;
        Pin::new(&mut self.socket)
            .start_send(message)
            .map_err(|error| self.error(error))
    }

    /// Writes what is to be written and reads what has arrived. Ready as soon as there is anything
    /// to tell.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Poll<()> {
        if self.unflushed {
            match Pin::new(&mut self.socket).poll_flush(cx) {
                Poll::Ready(Ok(())) => {
                    self.unflushed = false;
                    if let Some(bytes) = self.unsent.take() {
                        batch.incoming.push(Incoming::Sent { bytes });
                    }
                }
                Poll::Ready(Err(error)) => return self.fail(batch, error),
                Poll::Pending => {}
            }
        }
        for _ in 0..BATCH {
            let message = match Pin::new(&mut self.socket).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => return self.fail(batch, error),
                Poll::Ready(None) => return self.fail(batch, Error::ConnectionClosed),
                Poll::Pending if batch.incoming.is_empty() && !batch.has_text => {
                    return Poll::Pending;
                }
                Poll::Pending => return Poll::Ready(()),
            };
            self.unanswered = false;
            match message {
                Message::Text(text) => {
                    batch.has_text = true;
                    let Some(decoder) = &mut self.decoder else {
                        continue;
                    };
                    match decoder.decode(&text) {
                        Ok(StreamEvent::Ignored) => {}
                        Ok(event) => {
                            let is_terminal = event.is_terminal();
                            batch.incoming.push(Incoming::Event(event));
                            if is_terminal {
                                return Poll::Ready(());
                            }
                        }
                        Err(error) => return self.give_up(batch, error.to_string()),
                    }
                }
                Message::Binary(_) => {
                    return self.give_up(batch, "it sent a binary message".to_owned());
                }
                Message::Close(frame) => {
                    let (code, reason) = match frame {
                        Some(frame) => (Some(frame.code.into()), frame.reason.to_string()),
                        None => (None, String::new()),
                    };
                    let host = self.host.clone();
                    batch
                        .incoming
                        .push(Incoming::Failed(LinkError::Closed { host, code, reason }));
                    return Poll::Ready(());
                }
                Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
            }
        }
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }

    fn fail(&mut self, batch: &mut Batch, error: Error) -> Poll<()> {
        let error = self.error(error);
        batch.incoming.push(Incoming::Failed(error));
        Poll::Ready(())
    }

    fn give_up(&mut self, batch: &mut Batch, reason: String) -> Poll<()> {
        batch.incoming.push(Incoming::Failed(LinkError::Protocol {
            host: self.host.clone(),
            reason,
        }));
        Poll::Ready(())
    }

    fn error(&self, error: Error) -> LinkError {
        let host = self.host.clone();
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => LinkError::FrameTooLarge {
                host,
                limit: self.max_frame,
            },
            Error::Utf8(_) => LinkError::Protocol {
                host,
                reason: "it sent a text that is not UTF-8".to_owned(),
            },
            Error::Io(_)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => LinkError::Closed {
                host,
                code: None,
                reason: String::new(),
            },
            other => LinkError::Protocol {
                host,
                reason: other.to_string(),
            },
        }
    }
}
