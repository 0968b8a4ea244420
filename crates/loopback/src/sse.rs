//! A POST that is answered as server-sent events.
//!
//! Not here: routing (`server`) and the events of a response (`generate`).

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::task::{Poll, ready};

use futures_util::stream;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full, Limited, StreamBody};
use hyper::body::{Bytes, Frame as BodyFrame, Incoming};
use hyper::{Request, Response, StatusCode, header};
use serde_json::{Map, Value, json};
use tokio::sync::{mpsc, oneshot};

use crate::answer::reply;
use crate::chat::{self, Wording};
use crate::conversation::{Said, parent};
use crate::create::{Create, Refused};
use crate::events::{Events, Frame};
use crate::generate::{Ended, Play, continued, play};
use crate::server::{Context, MAX_MESSAGE};

/// In which words the POST speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Responses,
    Chat,
}

pub(crate) type Body = BoxBody<Bytes, io::Error>;

pub(crate) fn refuse(refused: &Refused) -> Response<Body> {
    let body = json!({ "error": refused.error() }).to_string();
    let body = Full::new(Bytes::from(body))
        .map_err(|never: Infallible| match never {})
        .boxed();
    let mut response = Response::new(body);
    *response.status_mut() =
        StatusCode::from_u16(refused.status).unwrap_or(StatusCode::BAD_REQUEST);
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static("application/json"),
    );
    response
}

/// Answers the POST; the events follow as the body.
pub(crate) async fn post(
    request: Request<Incoming>,
    context: Arc<Context>,
    number: u64,
    wire: Wire,
) -> Response<Body> {
    match begin(request, &context, number, wire).await {
        Ok((create, before)) => {
            let (out, frames) = mpsc::channel(256);
            let mut source = Source {
                frames,
                wording: (wire == Wire::Chat).then(|| Wording::new(&create)),
                ready: VecDeque::new(),
                flushed: false,
                ended: false,
            };
            let recording = Arc::clone(&context);
            context.spawn(respond(Arc::clone(&context), create, before, out));
            let body = stream::poll_fn(move |cx| {
                source
                    .poll_next(cx, &recording, number)
                    .map(|it| it.map(|piece| piece.map(BodyFrame::data)))
            });
            let mut response = Response::new(BodyExt::boxed(StreamBody::new(body)));
            let headers = response.headers_mut();
            headers.insert(
                header::CONTENT_TYPE,
                header::HeaderValue::from_static("text/event-stream"),
            );
            headers.insert(
                header::CACHE_CONTROL,
                header::HeaderValue::from_static("no-cache"),
            );
            response
        }
        Err(refused) => refuse(&refused),
    }
}

/// The body of one answer.
struct Source {
    frames: mpsc::Receiver<Frame>,
    wording: Option<Wording>,
    /// Said in the wire's words already.
    ready: VecDeque<Frame>,
    flushed: bool,
    ended: bool,
}

impl Source {
    fn poll_next(
        &mut self,
        cx: &mut std::task::Context<'_>,
        context: &Context,
        number: u64,
    ) -> Poll<Option<io::Result<Bytes>>> {
        while self.ready.is_empty() && !self.ended {
            let Some(frame) = ready!(self.frames.poll_recv(cx)) else {
                return Poll::Ready(None);
            };
            match &self.wording {
                Some(wording) => self.ready.extend(wording.frames(frame)),
                None => self.ready.push_back(frame),
            }
        }
        let Some(frame) = self.ready.pop_front().filter(|_| !self.ended) else {
            return Poll::Ready(None);
        };
        if matches!(frame, Frame::Drop) && !std::mem::replace(&mut self.flushed, true) {
            // What came before the end must have been sent, and it is when nothing more is there.
            self.ready.push_front(frame);
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        if let Frame::Event { json: text, .. } | Frame::Text(text) = &frame {
            context.record(number, "out", text);
        }
        let Some((piece, ends)) = encode(frame) else {
            return Poll::Ready(None);
        };
        self.ended = ends;
        Poll::Ready(Some(piece))
    }
}

/// The bytes of a frame and whether the stream ends with them; `None` ends it at once, an error
/// makes the server break the connection.
fn encode(frame: Frame) -> Option<(io::Result<Bytes>, bool)> {
    let bytes = match frame {
        Frame::Event { kind, json } => format!("event: {kind}\ndata: {json}\n\n").into_bytes(),
        Frame::Text(text) => format!("data: {text}\n\n").into_bytes(),
        Frame::Binary(bytes) => bytes,
        Frame::Fragments(first, rest) => [&b"data: "[..], &first, &rest, &b"\n\n"[..]].concat(),
        Frame::Close(_) => return None,
        Frame::Drop => return Some((Err(io::Error::other("asked for")), true)),
    };
    Some((Ok(Bytes::from(bytes)), false))
}

type Begun = (Create, Vec<model_protocol::Message>);

async fn begin(
    request: Request<Incoming>,
    context: &Context,
    number: u64,
    wire: Wire,
) -> Result<Begun, Refused> {
    let body = Limited::new(request.into_body(), MAX_MESSAGE)
        .collect()
        .await
        .map_err(|_| Refused {
            status: 413,
            ..Refused::invalid(None, None, "The request is larger than 64 MB or broke off.")
        })?;
    let body = body.to_bytes();
    context.record(number, "in", &String::from_utf8_lossy(&body));
    let mut fields: Map<String, Value> = serde_json::from_slice(&body).map_err(|error| {
        Refused::invalid(
            None,
            None,
            format!("The body is not a JSON object: {error}."),
        )
    })?;
    if fields.get("stream") != Some(&Value::Bool(true)) {
        return Err(Refused::invalid(
            None,
            Some("stream"),
            "Only streaming is supported: set 'stream' to true.",
        ));
    }
    // These belong to the WebSocket.
    fields.remove("generate");
    fields.remove("stream_id");
    let create = match wire {
        Wire::Responses => Create::read(fields)?,
        Wire::Chat => chat::create(fields)?,
    };
    let before = parent(&create, None, &context.store)?;
    Ok((create, before))
}

async fn respond(
    context: Arc<Context>,
    create: Create,
    before: Vec<model_protocol::Message>,
    out: mpsc::Sender<Frame>,
) {
    let conversation: Vec<_> = before.iter().chain(&create.input).cloned().collect();
    let reply = reply(&conversation, &context.options, context.next_request());
    let content = reply.content;
    let mut events = Events::new(&create, content);
    let (_interrupter, interrupt) = oneshot::channel();
    let rate = context.options.rate_tokens_per_s;
    let mut playing = Play {
        create: &create,
        before: &before,
        reply,
        rate,
        out: &out,
        interrupt,
    };
    if let Ok(Ended::Said(text)) = play(&mut playing, &mut events).await
        && create.store
    {
        let messages = continued(before, &create, text, content);
        context.store.keep(Said {
            response_id: events.response_id,
            messages,
        });
    }
}
