//! One WebSocket connection: lanes that run side by side, FIFO inside each.
//!
//! Not here: the handshake (`server`) and the events of a response (`generate`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Map, Value};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, frame::Frame as RawFrame};
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::answer::{Content, Reply, reply};
use crate::conversation::{Lanes, Said, parent};
use crate::create::{Create, Refused, valid_stream_id};
use crate::events::{self, Events, Frame};
use crate::generate::{Ended, Gone, Play, continued, play, warm_up};
use crate::server::Context;

const MAX_LANES: usize = 32;
const MAX_IN_FLIGHT: usize = 16;
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// What the lanes of a connection share.
struct Connection {
    context: Arc<Context>,
    lanes: Lanes,
    out: mpsc::Sender<Frame>,
    in_flight: Semaphore,
    running: Mutex<BTreeMap<String, oneshot::Sender<()>>>,
}

/// Serves the connection until either side ends it.
pub(crate) async fn run<S>(socket: WebSocketStream<S>, context: Arc<Context>, number: u64)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (sink, stream) = socket.split();
    let (out, frames) = mpsc::channel(256);
    let connection = Arc::new(Connection {
        context: Arc::clone(&context),
        lanes: Lanes::default(),
        out,
        in_flight: Semaphore::new(MAX_IN_FLIGHT),
        running: Mutex::default(),
    });
    // Leaving drops both halves and with them the socket, and the lanes in the reader's set.
    tokio::select! {
        () = write(sink, frames, &context, number) => {}
        () = read(stream, connection, number) => {}
    }
}

async fn write<S>(
    mut sink: SplitSink<WebSocketStream<S>, Message>,
    mut frames: mpsc::Receiver<Frame>,
    context: &Context,
    connection: u64,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut next = frames.recv().await;
    while let Some(frame) = next {
        if let Frame::Event { json: text, .. } | Frame::Text(text) = &frame {
            context.record(connection, "out", text);
        }
        let sent = match frame {
            Frame::Event { json, .. } => sink.feed(Message::text(json)).await,
            Frame::Text(text) => sink.feed(Message::text(text)).await,
            Frame::Binary(bytes) => sink.feed(Message::binary(bytes)).await,
            Frame::Fragments(first, rest) => {
                let frame = |bytes, data, end| {
                    Message::Frame(RawFrame::message(bytes, OpCode::Data(data), end))
                };
                match sink.feed(frame(first, Data::Text, false)).await {
                    Ok(()) => sink.feed(frame(rest, Data::Continue, true)).await,
                    error => error,
                }
            }
            Frame::Close(code) => {
                let close = CloseFrame {
                    code: CloseCode::from(code),
                    reason: "asked for".into(),
                };
                if sink.send(Message::Close(Some(close))).await.is_ok() {
                    // The reader sees the other side's answer and ends the connection sooner.
                    tokio::time::sleep(CLOSE_GRACE).await;
                }
                return;
            }
            Frame::Drop => {
                // What came before the end must have been sent.
                let _ = sink.flush().await;
                return;
            }
        };
        if sent.is_err() {
            return;
        }
        next = match frames.try_recv() {
            Ok(frame) => Some(frame),
            Err(_) => {
                if sink.flush().await.is_err() {
                    return;
                }
                frames.recv().await
            }
        };
    }
}

async fn read<S>(
    mut stream: SplitStream<WebSocketStream<S>>,
    connection: Arc<Connection>,
    number: u64,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut tasks = JoinSet::new();
    let mut lanes: BTreeMap<Option<String>, mpsc::UnboundedSender<Create>> = BTreeMap::new();
    while let Some(message) = stream.next().await {
        let text = match message {
            Ok(Message::Text(text)) => text,
            Ok(Message::Binary(_)) => {
                let refused = Refused::invalid(None, None, "Events must be text messages.");
                if connection
                    .out
                    .send(events::error(&refused, None))
                    .await
                    .is_err()
                {
                    return;
                }
                continue;
            }
            Ok(_) => continue,
            Err(Error::Capacity(_)) => {
                tracing::warn!("a message past the size limit was refused");
                if connection.out.send(Frame::Close(1009)).await.is_err() {
                    return;
                }
                // The rest of that message cannot be told from events.
                return std::future::pending().await;
            }
            Err(_) => return,
        };
        connection.context.record(number, "in", &text);
        let answer = match receive(&text, &connection) {
            Ok(Received::Frame(frame)) => Some(frame),
            Ok(Received::Nothing) => None,
            Ok(Received::Create(create)) => {
                let named = lanes.keys().flatten().count();
                let id = create.stream_id.clone();
                if id.is_some() && !lanes.contains_key(&id) && named == MAX_LANES {
                    Some(events::error(&too_many_lanes(), id.as_deref()))
                } else {
                    let lane = lanes.entry(id).or_insert_with(|| {
                        let (sender, requests) = mpsc::unbounded_channel();
                        tasks.spawn(lane(Arc::clone(&connection), requests));
                        sender
                    });
                    // A lane ends only with the connection.
                    let _ = lane.send(*create);
                    None
                }
            }
            Err((refused, id)) => Some(events::error(&refused, id.as_deref())),
        };
        if let Some(frame) = answer
            && connection.out.send(frame).await.is_err()
        {
            return;
        }
    }
}

enum Received {
    Create(Box<Create>),
    Frame(Frame),
    Nothing,
}

fn receive(text: &str, connection: &Connection) -> Result<Received, (Refused, Option<String>)> {
    let invalid = |message: String| (Refused::invalid(None, None, message), None);
    let dialect = connection.context.options.dialect;
    let mut event: Map<String, Value> = serde_json::from_str(text)
        .map_err(|error| invalid(format!("The event is not a JSON object: {error}.")))?;
    if !dialect.lanes {
        event.remove("stream_id");
    }
    match event.get("type").and_then(Value::as_str) {
        Some("response.create") => {
            // An error goes to the lane that it belongs to, if that has a usable name.
            let lane = valid_stream_id(&event).ok().flatten();
            Create::read(event)
                .map(|it| Received::Create(Box::new(it)))
                .map_err(|refused| (refused, lane))
        }
        Some("response.interrupt") => {
            let id = event
                .get("response_id")
                .and_then(Value::as_str)
                .unwrap_or("");
            let mut running = connection
                .running
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            if !dialect.interrupt {
                return Ok(Received::Frame(events::interrupt_failed(id, false)));
            }
            match running.remove(id).map(|it| it.send(())) {
                Some(Ok(())) => Ok(Received::Nothing),
                _ => Ok(Received::Frame(events::interrupt_failed(id, true))),
            }
        }
        Some("response.steer") => Ok(Received::Frame(events::steer_failed(&event))),
        // An acknowledgement of some clients.
        Some("response.processed") => Ok(Received::Nothing),
        Some(other) => Err((
            Refused::invalid(
                Some("unknown_event"),
                Some("type"),
                format!("Unknown event type '{other}'."),
            ),
            None,
        )),
        None => Err(invalid("The event has no 'type'.".to_owned())),
    }
}

fn too_many_lanes() -> Refused {
    Refused::invalid(
        Some("websocket_stream_limit_reached"),
        Some("stream_id"),
        "This WebSocket connection has reached its maximum number of distinct stream IDs (32). Reuse an existing stream_id or open a new WebSocket connection.",
    )
}

async fn lane(connection: Arc<Connection>, mut requests: mpsc::UnboundedReceiver<Create>) {
    while let Some(create) = requests.recv().await {
        let Ok(_permit) = connection.in_flight.acquire().await else {
            return;
        };
        if respond(&connection, create).await.is_err() {
            return;
        }
    }
}

async fn respond(connection: &Connection, create: Create) -> Result<(), Gone> {
    let context = &connection.context;
    let before = match parent(&create, Some(&connection.lanes), &context.store) {
        Ok(before) => before,
        Err(refused) => {
            connection.lanes.evict(&create);
            connection
                .out
                .send(events::error(&refused, create.stream_id.as_deref()))
                .await?;
            return Ok(());
        }
    };
    let number = context.next_request();
    let conversation: Vec<_> = before.iter().chain(&create.input).cloned().collect();
    let reply = if create.generate {
        reply(&conversation, &context.options, number)
    } else {
        Reply {
            content: Content::Text,
            deltas: Vec::new(),
            delay: Default::default(),
            fault: None,
        }
    };
    let content = reply.content;
    let mut events = Events::new(&create, content);
    let (interrupter, interrupt) = oneshot::channel();
    let id = events.response_id.clone();
    connection
        .running
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .insert(id.clone(), interrupter);
    let mut playing = Play {
        create: &create,
        before: &before,
        reply,
        rate: context.options.rate_tokens_per_s,
        out: &connection.out,
        interrupt,
    };
    let ended = if create.generate {
        play(&mut playing, &mut events).await
    } else {
        warm_up(&playing, &mut events).await
    };
    connection
        .running
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .remove(&id);
    match ended? {
        Ended::Said(text) => {
            let said = Said {
                response_id: id,
                messages: continued(before, &create, text, content),
            };
            if create.store {
                context.store.keep(said.clone());
            }
            connection.lanes.keep(create.stream_id, said);
        }
        Ended::Error => connection.lanes.evict(&create),
    }
    Ok(())
}
