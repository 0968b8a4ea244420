//! One question to a model server, to see whether an address, a key and a certificate work:
//! `cargo run -p model-client --example ask wss://api.openai.com/v1/responses MODEL TEXT`.
//!
//! The key is taken from `OPENAI_API_KEY`.

#![allow(clippy::print_stdout, reason = "the answer is what it is run for")]

use model_client::{Link, LinkConfig, LinkEvent, Secret};
use model_protocol::{Message, Request, StreamEvent};
use tokio::sync::mpsc;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = |name: &str| arguments.next().ok_or(format!("{name} is missing"));
    let (url, model, text) = (argument("URL")?, argument("MODEL")?, argument("TEXT")?);
    let key = std::env::var("OPENAI_API_KEY").ok().map(Secret::new);
    let (sender, mut events) = mpsc::channel(64);
    let link = Link::start(
        LinkConfig {
            key,
            ..LinkConfig::new(url)
        },
        sender,
    );
    link.send(
        1,
        Request {
            model,
            input: vec![Message::user(text)],
            ..Request::default()
        },
    );
    while let Some(event) = events.recv().await {
        match event {
            LinkEvent::Stream {
                event: StreamEvent::Delta { text } | StreamEvent::Refusal { text },
                ..
            } => {
                print!("{text}");
            }
            LinkEvent::Ended {
                error: Some(error), ..
            } => return Err(error.into()),
            LinkEvent::Ended { error: None, .. } => break,
            _ => {}
        }
    }
    println!();
    Ok(())
}
