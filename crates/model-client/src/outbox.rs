//! Events on their way to a reader that may be slow.
//!
//! Text that waits is merged, so that a slow reader costs memory only for the text itself.

use std::collections::VecDeque;

use model_protocol::StreamEvent;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;

use crate::link::LinkEvent;

#[derive(Debug)]
pub(crate) struct Outbox {
    waiting: VecDeque<LinkEvent>,
    /// Of the texts that wait.
    bytes: usize,
    events: mpsc::Sender<LinkEvent>,
}

/// The reader of the events is gone for good.
pub(crate) struct Gone;

impl Outbox {
    pub(crate) fn new(events: mpsc::Sender<LinkEvent>) -> Outbox {
        Outbox {
            waiting: VecDeque::new(),
            bytes: 0,
            events,
        }
    }

    pub(crate) fn push(&mut self, event: LinkEvent) {
        if let LinkEvent::Stream {
            id,
            event: StreamEvent::Delta { text },
        } = &event
        {
            self.bytes += text.len();
            if let Some(LinkEvent::Stream {
                id: last,
                event: StreamEvent::Delta { text: whole },
            }) = self.waiting.back_mut()
                && last == id
            {
                whole.push_str(text);
                return;
            }
        }
        self.waiting.push_back(event);
    }

    /// Takes back what the reader has not got yet of a request's stream.
    pub(crate) fn discard_stream(&mut self, id: u64) {
        self.waiting
            .retain(|it| !matches!(it, LinkEvent::Stream { id: of, .. } if *of == id));
        self.bytes = self.waiting.iter().map(weight).sum();
    }

    /// Hands over as much as the reader takes without waiting.
    pub(crate) fn deliver(&mut self) -> Result<(), Gone> {
        while !self.waiting.is_empty() {
            match self.events.try_reserve() {
                Ok(permit) => {
                    let Some(event) = self.waiting.pop_front() else {
                        break;
                    };
                    self.bytes -= weight(&event);
                    permit.send(event);
                }
                Err(TrySendError::Full(())) => break,
                Err(TrySendError::Closed(())) => return Err(Gone),
            }
        }
        Ok(())
    }

    /// Waits until the reader takes the next event; forever if none waits.
    pub(crate) async fn deliver_next(&mut self) -> Result<(), Gone> {
        if self.waiting.is_empty() {
            self.events.closed().await;
            return Err(Gone);
        }
        let permit = self.events.reserve().await.map_err(|_| Gone)?;
        if let Some(event) = self.waiting.pop_front() {
            self.bytes -= weight(&event);
            permit.send(event);
        }
        Ok(())
    }

    /// Bytes of text that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }
}

fn weight(event: &LinkEvent) -> usize {
    match event {
        LinkEvent::Stream {
            event: StreamEvent::Delta { text },
            ..
        } => text.len(),
        _ => 0,
    }
}
