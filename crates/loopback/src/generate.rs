//! Playing one response: the order of its events, the pace, the interruption and the fault.
//!
//! Not here: the wording of events (`events`) and how frames travel (`websocket`, `sse`).

use std::pin::pin;
use std::time::Duration;

use model_protocol::{Message, Role};
use serde_json::{Value, json};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::answer::{Content, Reply, tokens};
use crate::create::{Create, Refused};
use crate::events::{self, Events, Frame, Spent};
use crate::fault::{Fault, FaultRule};

/// Everything that playing needs.
pub(crate) struct Play<'a> {
    pub(crate) create: &'a Create,
    /// Said before the request's own input.
    pub(crate) before: &'a [Message],
    pub(crate) reply: Reply,
    pub(crate) rate: Option<f64>,
    pub(crate) out: &'a mpsc::Sender<Frame>,
    pub(crate) interrupt: oneshot::Receiver<()>,
}

/// How it ended.
pub(crate) enum Ended {
    /// With this said; the response may be continued.
    Said(String),
    /// In an error; the response must not be continued.
    Error,
}

/// The reader of the frames has gone.
pub(crate) struct Gone;

impl<T> From<mpsc::error::SendError<T>> for Gone {
    fn from(_: mpsc::error::SendError<T>) -> Gone {
        Gone
    }
}

enum Stop {
    Interrupted,
    Faulted(Fault),
    OutOfTokens,
    Finished,
}

/// Sends a warm-up's events, which generate nothing.
pub(crate) async fn warm_up(play: &Play<'_>, events: &mut Events) -> Result<Ended, Gone> {
    let spent = spent(play, 0);
    play.out
        .send(events.response("response.created", json!({})))
        .await?;
    play.out
        .send(events.response("response.in_progress", json!({})))
        .await?;
    let changes = json!({ "status": "completed", "completed_at": events::now(), "usage": events::usage(spent) });
    play.out
        .send(events.response("response.completed", changes))
        .await?;
    Ok(Ended::Said(String::new()))
}

/// Sends a whole response. Returns early when the reader has gone.
pub(crate) async fn play(play: &mut Play<'_>, events: &mut Events) -> Result<Ended, Gone> {
    let out = play.out;
    out.send(events.response("response.created", json!({})))
        .await?;
    out.send(events.response("response.in_progress", json!({})))
        .await?;
    let wait = pin!(tokio::time::sleep(play.reply.delay));
    let interrupted = tokio::select! {
        biased;
        Ok(()) = &mut play.interrupt => true,
        () = wait => false,
    };
    if interrupted {
        out.send(events.interrupt_accepted()).await?;
        return incomplete(play, events, "interrupted", "").await;
    }
    out.send(events.item("response.output_item.added", "in_progress", None))
        .await?;
    out.send(events.part("response.content_part.added", ""))
        .await?;

    let mut said = String::new();
    let stop = deltas(play, events, &mut said).await?;
    match stop {
        Stop::Finished => {}
        Stop::Interrupted => {
            out.send(events.interrupt_accepted()).await?;
            out.send(events.item_interrupted()).await?;
            return incomplete(play, events, "interrupted", &said).await;
        }
        Stop::OutOfTokens => return cut_short(play, events, &said).await,
        Stop::Faulted(fault) => {
            if let Some(ended) = misbehave(play, events, fault, &said).await? {
                return Ok(ended);
            }
            // The fault was a bad frame; the rest of the stream goes on behind it.
            if let Stop::OutOfTokens = deltas(play, events, &mut said).await? {
                return cut_short(play, events, &said).await;
            }
        }
    }
    close_item(play, events, "completed", &said).await?;
    let item = events.item_object("completed", Some(&said));
    let changes = json!({
        "status": "completed",
        "completed_at": events::now(),
        "output": [item],
        "usage": events::usage(spent(play, tokens(&said))),
    });
    out.send(events.response("response.completed", changes))
        .await?;
    Ok(Ended::Said(said))
}

/// Sends deltas from where `said` stands until something stops them. A delta is due when the
/// tokens before it have had their time; the timer is coarse, so that several may be due at once.
async fn deltas(play: &mut Play<'_>, events: &mut Events, said: &mut String) -> Result<Stop, Gone> {
    let began = Instant::now();
    let mut paced = 0;
    let mut spent = tokens(said);
    let fault = play
        .reply
        .fault
        .filter(|it| !matches!(it.fault, Fault::Refusal));
    let mut at = 0;
    let skip = said.len();
    for (index, delta) in play.reply.deltas.iter().enumerate() {
        at += delta.len();
        if at <= skip && skip > 0 {
            continue;
        }
        if let Some(FaultRule { fault, after, .. }) = fault
            && index == after
            && play.reply.fault.take().is_some()
        {
            return Ok(Stop::Faulted(fault));
        }
        if play
            .create
            .max_output_tokens
            .is_some_and(|limit| spent >= limit)
        {
            return Ok(Stop::OutOfTokens);
        }
        let due = play.rate.map_or(began, |rate| {
            began + Duration::from_secs_f64(paced as f64 / rate)
        });
        if due > Instant::now() {
            tokio::select! {
                biased;
                Ok(()) = &mut play.interrupt => return Ok(Stop::Interrupted),
                () = tokio::time::sleep_until(due) => {}
            }
        } else if play.interrupt.try_recv().is_ok() {
            return Ok(Stop::Interrupted);
        }
        play.out.send(events.delta(delta)).await?;
        said.push_str(delta);
        let cost = tokens(delta).max(1);
        paced += cost;
        spent += cost;
    }
    match play.reply.fault.take() {
        Some(rule) if rule.fault != Fault::Refusal => Ok(Stop::Faulted(rule.fault)),
        _ => Ok(Stop::Finished),
    }
}

async fn misbehave(
    play: &Play<'_>,
    events: &mut Events,
    fault: Fault,
    said: &str,
) -> Result<Option<Ended>, Gone> {
    let out = play.out;
    match fault {
        Fault::Drop => out.send(Frame::Drop).await?,
        Fault::Close(code) => out.send(Frame::Close(code)).await?,
        // Only the end of the connection ends this wait.
        Fault::Silence => out.closed().await,
        Fault::Garbage => {
            out.send(Frame::Text("}{ this is not JSON".to_owned()))
                .await?
        }
        Fault::Binary => out.send(Frame::Binary(vec![0, 159, 146, 150])).await?,
        Fault::Oversized(megabytes) => {
            // Escaping so much text would take seconds in a debug build.
            if let Frame::Event { json, .. } = events.delta("") {
                let big = format!("\"delta\":\"{}\"", "x".repeat(megabytes * 1_000_000));
                out.send(Frame::Text(json.replacen("\"delta\":\"\"", &big, 1)))
                    .await?;
            }
        }
        Fault::WrongType => {
            let text = json!({ "type": 7, "delta": "x", "sequence_number": 0 }).to_string();
            out.send(Frame::Text(text)).await?;
        }
        Fault::InvalidUtf8 => {
            let bytes =
                b"{\"type\":\"response.output_text.delta\",\"delta\":\"\xff\xfe\"}".to_vec();
            out.send(Frame::Fragments(bytes, Vec::new())).await?;
        }
        Fault::SplitUtf8 => {
            // An event that nobody reads, cut inside a character.
            let bytes = "{\"type\":\"x.keepalive\",\"text\":\"é😀\"}".as_bytes();
            let cut = bytes.len() - 4;
            out.send(Frame::Fragments(
                bytes[..cut].to_vec(),
                bytes[cut..].to_vec(),
            ))
            .await?;
        }
        Fault::Error(status) => {
            let refused = Refused {
                status,
                kind: if status < 500 {
                    "invalid_request_error"
                } else {
                    "server_error"
                },
                code: if status == 429 {
                    Some("rate_limit_exceeded")
                } else {
                    None
                },
                message: "A fault that was asked for.".to_owned(),
                param: None,
            };
            out.send(events::error(&refused, play.create.stream_id.as_deref()))
                .await?;
            return Ok(Some(Ended::Error));
        }
        Fault::Busy(ms) => {
            let lane = play.create.stream_id.as_deref();
            out.send(events::busy(ms, lane)).await?;
            return Ok(Some(Ended::Error));
        }
        Fault::Limit => {
            out.send(events::error(&connection_limit(), None)).await?;
            out.send(Frame::Close(1000)).await?;
        }
        Fault::Failed => {
            let error = json!({ "code": "server_error", "message": "A fault that was asked for." });
            let changes = json!({ "status": "failed", "error": error });
            out.send(events.response("response.failed", changes))
                .await?;
            return Ok(Some(Ended::Error));
        }
        Fault::Incomplete => return cut_short(play, events, said).await.map(Some),
        Fault::Refusal | Fault::Upgrade(_) | Fault::SlowUpgrade(_) => {}
    }
    let goes_on = matches!(
        fault,
        Fault::Garbage
            | Fault::Binary
            | Fault::Oversized(_)
            | Fault::WrongType
            | Fault::InvalidUtf8
            | Fault::SplitUtf8
    );
    Ok((!goes_on).then_some(Ended::Error))
}

fn connection_limit() -> Refused {
    Refused::invalid(
        Some("websocket_connection_limit_reached"),
        None,
        "Responses websocket connection limit reached (60 minutes). Create a new websocket connection to continue.",
    )
}

async fn close_item(
    play: &Play<'_>,
    events: &mut Events,
    status: &str,
    said: &str,
) -> Result<(), Gone> {
    play.out.send(events.text_done(said)).await?;
    play.out
        .send(events.part("response.content_part.done", said))
        .await?;
    play.out
        .send(events.item("response.output_item.done", status, Some(said)))
        .await?;
    Ok(())
}

async fn cut_short(play: &Play<'_>, events: &mut Events, said: &str) -> Result<Ended, Gone> {
    close_item(play, events, "incomplete", said).await?;
    incomplete(play, events, "max_output_tokens", said).await
}

async fn incomplete(
    play: &Play<'_>,
    events: &mut Events,
    reason: &str,
    said: &str,
) -> Result<Ended, Gone> {
    // An interrupted item is discarded, as the client asked.
    let keeps = reason != "interrupted";
    let output: Vec<Value> = keeps
        .then(|| events.item_object("incomplete", Some(said)))
        .into_iter()
        .collect();
    let changes = json!({
        "status": "incomplete",
        "incomplete_details": { "reason": reason },
        "output": output,
        "usage": events::usage(spent(play, tokens(said))),
    });
    play.out
        .send(events.response("response.incomplete", changes))
        .await?;
    Ok(Ended::Said(if keeps {
        said.to_owned()
    } else {
        String::new()
    }))
}

fn spent(play: &Play<'_>, output: u64) -> Spent {
    let count = |messages: &[Message]| messages.iter().map(|it| tokens(&it.text)).sum::<u64>();
    let cached = count(play.before);
    let instructions = play
        .create
        .fields
        .get("instructions")
        .and_then(Value::as_str)
        .unwrap_or("");
    Spent {
        input: cached + count(&play.create.input) + tokens(instructions),
        cached,
        output,
    }
}

/// The conversation with the request and its answer.
pub(crate) fn continued(
    before: Vec<Message>,
    create: &Create,
    said: String,
    content: Content,
) -> Vec<Message> {
    let mut messages = before;
    messages.extend(create.input.iter().cloned());
    if !said.is_empty() && content == Content::Text {
        messages.push(Message {
            role: Role::Assistant,
            text: said.into(),
        });
    }
    messages
}
