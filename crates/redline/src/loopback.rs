//! `redline loopback`: the embedded model server alone, until it is killed.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use ::loopback::{FaultRule, Options, Script, serve};
use anyhow::{Context as _, Result};

use crate::logging::{self, Stderr};
use crate::runtime;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// TCP port on 127.0.0.1; 0 takes any free one.
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Tokens (of about four characters) per second; 0 is as fast as it can.
    #[arg(long, value_name = "TOKENS_PER_S", default_value_t = 1_000.0)]
    rate: f64,
    /// Answers by pattern: JSON lines of { "match", "output", "chunks"?, "delayMs"?, "fault"? }.
    #[arg(long, value_name = "FILE")]
    script: Option<PathBuf>,
    /// Misbehaviour, may be given again: KIND[=VALUE][@DELTAS][#NUMBER or /EVERY], as in `drop@12`.
    #[arg(long, value_name = "SPEC")]
    fault: Vec<FaultRule>,
    /// Append every frame, in and out, to this file as one JSON line.
    #[arg(long, value_name = "FILE")]
    record: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    logging::start(Stderr::Warnings);
    let options = Options {
        port: args.port,
        rate_tokens_per_s: (args.rate > 0.0).then_some(args.rate),
        script: args.script.as_deref().map(Script::load).transpose()?,
        faults: args.fault.clone(),
        record: args.record.clone(),
        ..Options::default()
    };
    runtime::block_on(async {
        let port = options.port;
        let server = serve(options)
            .await
            .with_context(|| format!("cannot serve on 127.0.0.1:{port}"))?;
        let mut out = io::stdout();
        writeln!(out, "{}", server.url())?;
        out.flush()?;
        server.run().await;
        Ok(ExitCode::SUCCESS)
    })?
}
