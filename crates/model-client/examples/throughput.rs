//! CPU of the client per token on each wire: `cargo run --release -p model-client --example throughput`.
//!
//! The embedded server streams from a thread of its own over a real socket; the client's thread is
//! measured alone, with its reader of events. Linux only: the kernel's count of the thread's time.

#![allow(clippy::print_stdout, reason = "figures are what it is run for")]

use std::time::Instant;

use loopback::{Options, Script, serve};
use model_client::{Link, LinkConfig, LinkEvent, LinkStatus, Wire};
use model_protocol::{Message, Request, StreamEvent};
use tokio::sync::mpsc;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
}

fn cpu_ns() -> Outcome<u64> {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    Ok(stat.split(' ').next().unwrap_or("0").parse()?)
}

fn main() -> Outcome<()> {
    println!(
        "{:>10} {:>10} {:>8} {:>8} {:>10} {:>12} {:>14}",
        "wire", "tokens/s", "tokens", "events", "seconds", "us CPU/token", "first text ms"
    );
    for (rate, tokens) in [
        (Some(1_000.0), 3_000),
        (Some(20_000.0), 60_000),
        (None, 200_000),
    ] {
        let line = format!(
            "{{\"match\":\"\",\"output\":\"{}\"}}",
            "abc\\n".repeat(tokens)
        );
        let script = Some(Script::parse(&line)?);
        let options = Options {
            rate_tokens_per_s: rate,
            script,
            ..Options::default()
        };
        let (started, address) = std::sync::mpsc::channel();
        std::thread::spawn(move || -> std::io::Result<()> {
            runtime()?.block_on(async {
                let server = serve(options).await?;
                let _ = started.send([server.url(), server.http_url(), server.chat_url()]);
                server.run().await;
                Ok(())
            })
        });
        let wires = [Wire::WebSocket, Wire::Sse, Wire::Chat];
        for (wire, url) in wires.into_iter().zip(address.recv()?) {
            runtime()?.block_on(measure(wire, url, rate, tokens))?;
        }
    }
    Ok(())
}

async fn measure(wire: Wire, url: String, rate: Option<f64>, tokens: usize) -> Outcome<()> {
    let (sender, mut events) = mpsc::channel(256);
    let link = Link::start(LinkConfig::new(url), sender);
    while events.recv().await != Some(LinkEvent::Status(LinkStatus::Ready)) {}
    let (began, cpu) = (Instant::now(), cpu_ns()?);
    let request = Request {
        input: vec![Message::user("go")],
        ..Request::default()
    };
    link.send(1, request);
    let (mut bytes, mut deltas, mut first) = (0, 0, None);
    while let Some(event) = events.recv().await {
        match event {
            LinkEvent::Stream {
                event: StreamEvent::Delta { text },
                ..
            } => {
                first.get_or_insert_with(|| began.elapsed());
                bytes += text.len();
                deltas += 1;
            }
            LinkEvent::Ended { error: None, .. } => break,
            LinkEvent::Ended {
                error: Some(error), ..
            } => return Err(error.into()),
            _ => {}
        }
    }
    assert_eq!(bytes, tokens * 4);
    println!(
        "{:>10} {:>10} {tokens:>8} {deltas:>8} {:>10.2} {:>12.2} {:>14.2}",
        format!("{wire:?}"),
        rate.map_or("unpaced".to_owned(), |it| it.to_string()),
        began.elapsed().as_secs_f64(),
        (cpu_ns()? - cpu) as f64 / 1_000.0 / tokens as f64,
        first.unwrap_or_default().as_secs_f64() * 1_000.0,
    );
    Ok(())
}
