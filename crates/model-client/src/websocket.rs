//! One WebSocket and the responses that run on its lanes.
//!
//! Whether the server knows lanes shows in its first event; the owner keeps that in mind.

mod lanes;

use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::{Sink, Stream};
use model_protocol::{Event, Request, StreamEvent};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::{CapacityError, ProtocolError};
use tokio_tungstenite::tungstenite::{Bytes, Error, Message};

use self::lanes::Lane;
pub(crate) use self::lanes::{Begun, Lanes, Manner};
use crate::connection::{Abandoned, Batch, Incoming};
use crate::error::LinkError;
use crate::transport::{Transport, Written};

/// So many frames are read before commands get their turn.
const BATCH: usize = 256;
/// The code of a server that does not hold the response that was to be continued.
pub(crate) const NOT_FOUND: &str = "previous_response_not_found";

pub(crate) struct Socket {
    stream: WebSocketStream<Transport>,
    host: String,
    max_frame: usize,
    lanes: Lanes,
    unflushed: bool,
    written: Written,
    /// A ping of ours went out and nothing came since.
    unanswered: bool,
}

impl Socket {
    pub(crate) fn new(
        stream: WebSocketStream<Transport>,
        host: String,
        max_frame: usize,
    ) -> Socket {
        let written = stream.get_ref().written();
        Socket {
            stream,
            written,
            host,
            max_frame,
            lanes: Lanes::default(),
            unflushed: false,
            unanswered: false,
        }
    }

    pub(crate) fn begin(
        &mut self,
        flight: u64,
        request: &mut Request,
        manner: Manner,
    ) -> Result<Begun, LinkError> {
        let (index, begun) = self.lanes.begin(flight, request, manner);
        let frame = request.websocket_frame();
        if let Some(run) = &mut self.lanes.at(index).run {
            run.unsent = Some(frame.len());
        }
        self.write(Message::text(frame))?;
        Ok(begun)
    }

    pub(crate) fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    pub(crate) fn abandon(&mut self, flight: u64, lanes: bool, interrupt: bool) -> Abandoned {
        let Some((is_named, run)) = self.lanes.of_flight(flight) else {
            return Abandoned::Overlooked;
        };
        run.flight = None;
        if interrupt {
            match run.response_id.clone() {
                Some(id) => {
                    // A failure to write shows again when the socket is polled.
                    let _ = self.interrupt(&id);
                }
                None => run.to_interrupt = true,
            }
            return Abandoned::Overlooked;
        }
        match is_named && lanes {
            true => Abandoned::Overlooked,
            false => Abandoned::InTheWay,
        }
    }

    fn interrupt(&mut self, response_id: &str) -> Result<(), LinkError> {
        let event = serde_json::json!({
            "type": "response.interrupt",
            "response_id": response_id,
            "mode": "discard_partial_items",
        });
        self.write(Message::text(event.to_string()))
    }

    pub(crate) fn ping(&mut self) -> bool {
        // It stands behind what is still leaving.
        if self.unflushed {
            return true;
        }
        if std::mem::replace(&mut self.unanswered, true) {
            return false;
        }
        self.write(Message::Ping(Bytes::new())).is_ok()
    }

    fn write(&mut self, message: Message) -> Result<(), LinkError> {
        // The sink buffers without bound, so that it is always ready.
        self.unflushed = true;
        Pin::new(&mut self.stream)
            .start_send(message)
            .map_err(|error| self.error(error))
    }

    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Poll<()> {
        if let Err(error) = self.flush(cx, batch) {
            batch.push(Incoming::Failed(error));
            return Poll::Ready(());
        }
        for _ in 0..BATCH {
            let message = match Pin::new(&mut self.stream).poll_next(cx) {
                Poll::Ready(Some(Ok(message))) => message,
                Poll::Ready(Some(Err(error))) => {
                    batch.push(Incoming::Failed(self.error(error)));
                    return Poll::Ready(());
                }
                Poll::Ready(None) => {
                    batch.push(Incoming::Failed(self.error(Error::ConnectionClosed)));
                    return Poll::Ready(());
                }
                Poll::Pending if batch.is_empty() => return Poll::Pending,
                Poll::Pending => return Poll::Ready(()),
            };
            self.unanswered = false;
            match self.message(message, batch) {
                Ok(goes_on) if goes_on => {}
                Ok(_) => return Poll::Ready(()),
                Err(error) => {
                    batch.push(Incoming::Failed(error));
                    return Poll::Ready(());
                }
            }
        }
        cx.waker().wake_by_ref();
        Poll::Ready(())
    }

    fn flush(&mut self, cx: &mut Context<'_>, batch: &mut Batch) -> Result<(), LinkError> {
        if !self.unflushed {
            return Ok(());
        }
        match Pin::new(&mut self.stream).poll_flush(cx) {
            Poll::Ready(Ok(())) => {
                self.unflushed = false;
                for run in self.lanes.runs_mut() {
                    if let (Some(bytes), Some(flight)) = (run.unsent.take(), run.flight) {
                        batch.push(Incoming::Sent { flight, bytes });
                    }
                }
                Ok(())
            }
            Poll::Ready(Err(error)) => Err(self.error(error)),
            Poll::Pending => {
                // What is on its way is as good as an answer that is.
                batch.has_text |= self.written.goes_on();
                Ok(())
            }
        }
    }

    /// `false` when the owner should look before more is read.
    fn message(&mut self, message: Message, batch: &mut Batch) -> Result<bool, LinkError> {
        match message {
            Message::Text(text) => {
                batch.has_text = true;
                batch.received += text.len();
                self.event(&text, batch)
            }
            Message::Binary(_) => Err(self.broken("it sent a binary message")),
            Message::Close(frame) => {
                let (code, reason) = match frame {
                    Some(frame) => (Some(frame.code.into()), frame.reason.to_string()),
                    None => (None, String::new()),
                };
                let host = self.host.clone();
                Err(LinkError::Closed { host, code, reason })
            }
            Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => Ok(true),
        }
    }

    fn event(&mut self, text: &str, batch: &mut Batch) -> Result<bool, LinkError> {
        let event = Event::parse(text).map_err(|error| self.broken(&error.to_string()))?;
        if let Some(quota) = event.quota() {
            batch.push(Incoming::Quota(quota));
        }
        match event.kind() {
            "response.interrupt.failed" => {
                if event.error().code.as_deref() == Some("interrupt_not_supported") {
                    batch.push(Incoming::CannotInterrupt);
                }
                return Ok(true);
            }
            "error" => {
                let error = event.error();
                let is_over = error.code.as_deref() == Some("websocket_connection_limit_reached");
                let is_anyones = event.stream_id().is_none() && self.lanes.count() > 1;
                if is_over || is_anyones {
                    return Err(LinkError::Server(error));
                }
            }
            _ => {}
        }
        match self.lanes.of_event(&event) {
            Some(index) => self.read(index, &event, text.len(), batch),
            None => Ok(true),
        }
    }

    fn read(
        &mut self,
        index: usize,
        event: &Event<'_>,
        bytes: usize,
        batch: &mut Batch,
    ) -> Result<bool, LinkError> {
        let Lane { name, run, .. } = self.lanes.at(index);
        let Some(run) = run else { return Ok(true) };
        run.received += bytes;
        if !run.was_heard && event.kind().starts_with("response.") {
            run.was_heard = true;
            if name.is_some() {
                batch.push(Incoming::Lanes(event.stream_id().is_some()));
            }
        }
        let decoded = run.decoder.read(event);
        let decoded = match (decoded, run.flight) {
            (Ok(decoded), _) => decoded,
            (Err(_), None) => return Ok(true),
            (Err(error), Some(_)) => return Err(self.broken(&error.to_string())),
        };
        run.note(event, &decoded);
        let mut to_interrupt = None;
        if let StreamEvent::Created { response_id } = &decoded {
            run.response_id = Some(response_id.clone());
            to_interrupt = std::mem::take(&mut run.to_interrupt).then(|| response_id.clone());
        }
        let (flight, received) = (run.flight, run.received);
        let is_terminal = decoded.is_terminal();
        if is_terminal {
            if let StreamEvent::Failed(error) = &decoded
                && error.code.as_deref() == Some(NOT_FOUND)
            {
                self.lanes.forget_parent_of(index);
            }
            self.lanes.end(index, &decoded);
            if let Some(flight) = flight {
                batch.push(Incoming::Received {
                    flight,
                    bytes: received,
                });
            }
        }
        if let Some(id) = to_interrupt {
            self.interrupt(&id)?;
        }
        if let Some(flight) = flight
            && decoded != StreamEvent::Ignored
        {
            batch.push(Incoming::Event {
                flight,
                event: decoded,
            });
        }
        Ok(!is_terminal)
    }

    fn broken(&self, reason: &str) -> LinkError {
        LinkError::Protocol {
            host: self.host.clone(),
            reason: reason.to_owned(),
        }
    }

    fn error(&self, error: Error) -> LinkError {
        let host = self.host.clone();
        match error {
            Error::Capacity(CapacityError::MessageTooLong { .. }) => LinkError::FrameTooLarge {
                host,
                limit: self.max_frame,
            },
            Error::Utf8(_) => self.broken("it sent a text that is not UTF-8"),
            Error::Io(_)
            | Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => LinkError::Closed {
                host,
                code: None,
                reason: String::new(),
            },
            other => self.broken(&other.to_string()),
        }
    }
}
