//! One POST and its answer: refused, or read event by event.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use hyper::body::{Body, Incoming as AnswerBody};
use hyper::{Response, header};
use model_protocol::{ChatDecoder, Decoder, ServerError, SseDecoder, SseError, StreamEvent};

use super::{Post, Task};
use crate::connection::{Batch, Incoming};
use crate::dial::{limits_of, refusal};
use crate::error::LinkError;
use crate::target::Wire;

/// Bytes of a refusal that are read; the rest would only be more of the same page.
const REFUSAL: usize = 64 << 10;

pub(super) struct Exchange {
    /// `None` once nobody wants it.
    pub(super) flight: Option<u64>,
    pub(super) unsent: Option<usize>,
    /// Bytes of the answer so far.
    pub(super) received: usize,
    pub(super) stage: Stage,
}

pub(super) enum Stage {
    Asked(Task<hyper::Result<Response<AnswerBody>>>),
    /// Without a reader the answer is whole; what follows of the body is read so that the
    /// connection can go on.
    Answered(AnswerBody, Option<Box<Reader>>),
    Refused {
        body: AnswerBody,
        read: Vec<u8>,
        status: u16,
        wait: Option<Duration>,
    },
}

pub(super) struct Reader {
    frames: SseDecoder,
    events: Events,
}

enum Events {
    Responses(Decoder),
    Chat(ChatDecoder),
}

/// What one look at an exchange came to.
pub(super) enum Step {
    GoesOn,
    Over,
    Failed(LinkError),
}

impl Exchange {
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        post: &Post,
        batch: &mut Batch,
    ) -> Poll<Step> {
        let host = || post.target.shown.clone();
        let closed = || {
            Step::Failed(LinkError::Closed {
                host: host(),
                code: None,
                reason: String::new(),
            })
        };
        match &mut self.stage {
            Stage::Asked(answer) => match ready!(answer.as_mut().poll(cx)) {
                Ok(answer) => {
                    let (quota, wait) = limits_of(answer.headers());
                    if !quota.is_empty() {
                        batch.push(Incoming::Quota(quota));
                    }
                    batch.has_text = true;
                    self.stage = stage_of(answer, wait, post);
                    Poll::Ready(Step::GoesOn)
                }
                Err(_) => Poll::Ready(closed()),
            },
            Stage::Answered(body, reader) => {
                let piece = match ready!(Pin::new(body).poll_frame(cx)) {
                    Some(Ok(frame)) => frame.into_data().ok(),
                    // Behind the end of the answer nothing can be lost any more.
                    Some(Err(_)) if reader.is_none() => return Poll::Ready(Step::Over),
                    Some(Err(_)) => return Poll::Ready(closed()),
                    None => None,
                };
                let is_over = piece.is_none();
                let bytes = piece.as_ref().map_or(0, |it| it.len());
                self.received += bytes;
                batch.received += bytes;
                let received = self.received;
                let Some(reading) = reader else {
                    return Poll::Ready(if is_over { Step::Over } else { Step::GoesOn });
                };
                batch.has_text = true;
                let read = reading.read(piece.as_deref(), |event| {
                    if let Some(flight) = self.flight {
                        if event.is_terminal() {
                            let bytes = received;
                            batch.push(Incoming::Received { flight, bytes });
                        }
                        batch.push(Incoming::Event { flight, event });
                    }
                });
                Poll::Ready(match read {
                    Ok(true) => {
                        self.flight = None;
                        *reader = None;
                        if is_over { Step::Over } else { Step::GoesOn }
                    }
                    Ok(false) if is_over => closed(),
                    Ok(false) => Step::GoesOn,
                    Err(Unreadable::TooLarge(limit)) => Step::Failed(LinkError::FrameTooLarge {
                        host: host(),
                        limit,
                    }),
                    Err(Unreadable::Broken(reason)) => Step::Failed(LinkError::Protocol {
                        host: host(),
                        reason,
                    }),
                })
            }
            Stage::Refused { body, read, .. } => {
                if let Some(Ok(frame)) = ready!(Pin::new(body).poll_frame(cx)) {
                    let data = frame.into_data().unwrap_or_default();
                    let room = REFUSAL.saturating_sub(read.len());
                    read.extend_from_slice(&data[..data.len().min(room)]);
                    if data.len() < room {
                        return Poll::Ready(Step::GoesOn);
                    }
                }
                let is_unknown = matches!(self.stage, Stage::Refused { status: 401, .. });
                if let (Some(error), Some(flight)) = (self.refusal(post), self.flight.take()) {
                    batch.push(Incoming::Refused { flight, error });
                }
                match &post.fetch_key {
                    // This connection would send the same key again.
                    Some(fetch) if is_unknown => {
                        fetch.forget();
                        Poll::Ready(closed())
                    }
                    _ => Poll::Ready(Step::Over),
                }
            }
        }
    }

    fn refusal(&self, post: &Post) -> Option<LinkError> {
        let host = &post.target.shown;
        let Stage::Refused {
            read, status, wait, ..
        } = &self.stage
        else {
            return None;
        };
        Some(match (status, &post.relay) {
            (407, Some(proxy)) => proxy.refusal(host, *status),
            (200..=399 | 401 | 403..=407 | 410 | 426, _) => LinkError::Refused {
                host: host.clone(),
                status: *status,
                message: refusal(*status, read),
                retry_after: *wait,
            },
            _ => {
                let mut error = ServerError::from_body(*status, read);
                error.retry_after = error.retry_after.or(*wait);
                LinkError::Server(error)
            }
        })
    }
}

fn stage_of(answer: Response<AnswerBody>, wait: Option<Duration>, post: &Post) -> Stage {
    let status = answer.status().as_u16();
    let kind = answer.headers().get(header::CONTENT_TYPE);
    let is_stream = kind.is_none_or(|it| {
        let kind = it.as_bytes().to_ascii_lowercase();
        kind.starts_with(b"text/event-stream")
    });
    let body = answer.into_body();
    if status != 200 || !is_stream {
        return Stage::Refused {
            body,
            read: Vec::new(),
            status,
            wait,
        };
    }
    let events = match post.target.wire {
        Wire::Chat => Events::Chat(ChatDecoder::default()),
        Wire::Sse | Wire::WebSocket => Events::Responses(Decoder::new(None)),
    };
    let frames = SseDecoder::new(post.max_frame);
    Stage::Answered(body, Some(Box::new(Reader { frames, events })))
}

enum Unreadable {
    TooLarge(usize),
    Broken(String),
}

impl Reader {
    /// Reads on, or to the end where there is no further piece; whether the terminal event came.
    fn read(
        &mut self,
        piece: Option<&[u8]>,
        mut event: impl FnMut(StreamEvent),
    ) -> Result<bool, Unreadable> {
        let unreadable = |error: SseError| match error {
            SseError::TooLarge { limit } => Unreadable::TooLarge(limit),
            error @ SseError::Utf8 => Unreadable::Broken(error.to_string()),
        };
        let data = match piece {
            Some(piece) => self.frames.push(piece).map_err(unreadable)?,
            None => {
                let last = self.frames.finish().map_err(unreadable)?;
                last.into_iter().collect()
            }
        };
        for data in data {
            let decoded = match &mut self.events {
                Events::Responses(decoder) => decoder.decode(&data),
                Events::Chat(decoder) => decoder.decode(&data),
            };
            let decoded = decoded.map_err(|it| Unreadable::Broken(it.to_string()))?;
            let is_terminal = decoded.is_terminal();
            if decoded != StreamEvent::Ignored {
                event(decoded);
            }
            if is_terminal {
                return Ok(true);
            }
        }
        // A chat has no terminal event of its own.
        if let Events::Chat(decoder) = &mut self.events
            && (piece.is_none() || self.frames.is_done())
            && let Some(end) = decoder.finish(self.frames.is_done())
        {
            event(end);
            return Ok(true);
        }
        Ok(false)
    }
}
