//! CPU of the client per token on each wire: `cargo run --release -p model-client --example throughput`.
//!
//! The embedded server streams from a thread of its own over a real socket; the client's thread is
//! measured alone, with its reader of events. `Bare` reads the same number of bytes at the same pace
//! and does nothing with them: what it costs, being woken costs. The wires take turns, so that a busy
//! machine is as unfair to one as to the other. Linux only: the kernel's count of the thread's time.

#![allow(clippy::print_stdout, reason = "figures are what it is run for")]

use std::time::Duration;

use loopback::{Options, Script, serve};
use model_client::{Link, LinkConfig, LinkEvent, LinkStatus, Wire};
use model_protocol::{Message, Request, StreamEvent};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
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

/// Bytes of one event of a delta, about.
const EVENT: usize = 230;
const ROUNDS: usize = 5;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Kind {
    Bare,
    Wire(Wire),
}

const KINDS: [Kind; 4] = [
    Kind::Bare,
    Kind::Wire(Wire::WebSocket),
    Kind::Wire(Wire::Sse),
    Kind::Wire(Wire::Chat),
];

/// Sums over all rounds.
#[derive(Clone, Copy, Default)]
struct Sum {
    tokens: usize,
    /// Times that the reader was woken with text.
    wakes: usize,
    cpu_us: f64,
}

impl Sum {
    fn add(&mut self, other: Sum) {
        self.tokens += other.tokens;
        self.wakes += other.wakes;
        self.cpu_us += other.cpu_us;
    }

    fn per_token(&self) -> f64 {
        self.cpu_us / self.tokens as f64
    }

    fn per_wake(&self) -> f64 {
        self.cpu_us / self.wakes as f64
    }
}

fn main() -> Outcome<()> {
    println!(
        "| tokens a second | wire | tokens for each waking | µs of CPU per waking | per token | against SSE |"
    );
    println!("|---|---|---|---|---|---|");
    for (rate, tokens) in [
        (Some(1_000.0), 1_500),
        (Some(20_000.0), 20_000),
        (None, 100_000),
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
        let urls = address.recv()?;
        let mut sums = [Sum::default(); KINDS.len()];
        for _ in 0..ROUNDS {
            for (kind, sum) in KINDS.into_iter().zip(&mut sums) {
                if kind == Kind::Bare && !comes_alone(rate) {
                    continue;
                }
                sum.add(match kind {
                    Kind::Bare => runtime()?.block_on(bare(rate, tokens))?,
                    Kind::Wire(wire) => {
                        let url = urls[wire as usize].clone();
                        runtime()?.block_on(measure(url, tokens))?
                    }
                });
            }
        }
        let sse = sums[2].per_token();
        for (kind, sum) in KINDS.into_iter().zip(&sums) {
            if sum.tokens == 0 {
                continue;
            }
            let name = match kind {
                Kind::Bare => "only woken".to_owned(),
                Kind::Wire(wire) => format!("{wire:?}"),
            };
            println!(
                "| {} | {name} | {:.1} | {:.1} | {:.2} | {:+.0} % |",
                rate.map_or("unpaced".to_owned(), |it| it.to_string()),
                sum.tokens as f64 / sum.wakes as f64,
                sum.per_wake(),
                sum.per_token(),
                (sum.per_token() / sse - 1.0) * 100.0,
            );
        }
    }
    Ok(())
}

/// Whether each token comes by itself, so that being woken can be told from reading.
fn comes_alone(rate: Option<f64>) -> bool {
    rate.is_some_and(|it| it < 5_000.0)
}

/// Reads as many bytes as so many events have, at the same pace, and drops them.
async fn bare(rate: Option<f64>, tokens: usize) -> Outcome<Sum> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || -> std::io::Result<()> {
        runtime()?.block_on(async {
            let mut stream = tokio::net::TcpStream::connect(address).await?;
            stream.set_nodelay(true)?;
            let began = tokio::time::Instant::now();
            let event = [b'x'; EVENT];
            for number in 0..tokens {
                if let Some(rate) = rate {
                    let due = began + Duration::from_secs_f64(number as f64 / rate);
                    if due > tokio::time::Instant::now() {
                        tokio::time::sleep_until(due).await;
                    }
                }
                stream.write_all(&event).await?;
            }
            Ok(())
        })
    });
    let (mut stream, _) = listener.accept().await?;
    let cpu = cpu_ns()?;
    let (mut wakes, mut buffer) = (0, vec![0; 8 << 10]);
    while stream.read(&mut buffer).await? > 0 {
        wakes += 1;
    }
    let cpu_us = (cpu_ns()? - cpu) as f64 / 1_000.0;
    Ok(Sum {
        tokens,
        wakes,
        cpu_us,
    })
}

async fn measure(url: String, tokens: usize) -> Outcome<Sum> {
    let (sender, mut events) = mpsc::channel(256);
    let link = Link::start(LinkConfig::new(url), sender);
    while events.recv().await != Some(LinkEvent::Status(LinkStatus::Ready)) {}
    let cpu = cpu_ns()?;
    let request = Request {
        input: vec![Message::user("go")],
        ..Request::default()
    };
    link.send(1, request);
    let (mut bytes, mut wakes) = (0, 0);
    while let Some(event) = events.recv().await {
        match event {
            LinkEvent::Stream {
                event: StreamEvent::Delta { text },
                ..
            } => {
                bytes += text.len();
                wakes += 1;
            }
            LinkEvent::Ended { error: None, .. } => break,
            LinkEvent::Ended {
                error: Some(error), ..
            } => return Err(error.into()),
            _ => {}
        }
    }
    assert_eq!(bytes, tokens * 4);
    Ok(Sum {
        tokens,
        wakes,
        cpu_us: (cpu_ns()? - cpu) as f64 / 1_000.0,
    })
}
