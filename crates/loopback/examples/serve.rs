//! The embedded server alone: `cargo run -p loopback --example serve [PORT] [RATE]`.

#![allow(clippy::print_stdout, reason = "its address is what it is run for")]

use loopback::{Options, serve};

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::io::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let port = arguments.next().and_then(|it| it.parse().ok()).unwrap_or(0);
    let rate = arguments
        .next()
        .and_then(|it| it.parse().ok())
        .unwrap_or(1_000.0);
    let server = serve(Options {
        port,
        rate_tokens_per_s: Some(rate),
        ..Options::default()
    })
    .await?;
    println!("{}", server.url());
    server.run().await;
    Ok(())
}
