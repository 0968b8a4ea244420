//! `redline demo`: the main job with nothing configured.
//!
//! A real LSP session between a small editor of its own (`client`) and the language server, which
//! asks the embedded model server over a real WebSocket. Here is the course of the session; what a
//! person sees of it is in `screen` and `plain`.

mod changes;
mod client;
mod document;
mod framing;
mod paint;
mod plain;
mod proposal;
mod record;
mod report;
mod sample;
mod screen;
mod session;
mod verdict;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context as _, Result};

use self::paint::{Ink, Paint};
use self::report::Report;
use self::sample::Material;
use self::session::Session;
use crate::logging::{self, Stderr};
use crate::{lsp, runtime};

/// Bytes in flight between the editor and the server; a pipe holds as much.
const PIPE: usize = 64 * 1024;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The file to work on; a bundled sample if left out. It is written only if you accept.
    file: Option<PathBuf>,
    /// Ask nothing: accept, and print the diff and the timings.
    #[arg(long)]
    yes: bool,
    /// Tokens (of about four characters) per second that the embedded model writes; 0 is as fast as
    /// it can.
    #[arg(long, value_name = "TOKENS_PER_S", default_value_t = 120.0)]
    rate: f64,
    /// What to do with the file, in the words that the embedded engine knows.
    #[arg(long, short, value_name = "TEXT")]
    instruction: Option<String>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    logging::start(Stderr::Nothing);
    runtime::block_on(demo(args))?
}

async fn demo(args: &Args) -> Result<ExitCode> {
    let material = Material::prepare(args.file.as_deref(), args.instruction.as_deref())?;
    let paint = Paint::of_stdout();
    let asks = !args.yes && is_terminal();
    let record = material.folder.path().join("frames.jsonl");
    let rate = (args.rate > 0.0).then_some(args.rate);
    // The record counts its time from here.
    let began = Instant::now();
    let model = ::loopback::serve(::loopback::Options {
        rate_tokens_per_s: rate,
        record: Some(record.clone()),
        ..::loopback::Options::default()
    })
    .await
    .context("cannot start the embedded model server")?;
    say(paint.of(
        Ink::Bold,
        &format!(
            "{}: \u{201c}{}\u{201d}",
            material.name, material.instruction
        ),
    ))?;
    if !asks {
        say(format!(
            "model: the embedded rule engine at {}",
            model.url()
        ))?;
    }

    let (to_server, server_input) = tokio::io::duplex(PIPE);
    let (server_output, from_server) = tokio::io::duplex(PIPE);
    let options = server::Options {
        model_url: Some(model.url()),
        bare: true,
        ..server::Options::default()
    };
    let (server_input, server_output) = (Box::new(server_input), Box::new(server_output));
    tokio::spawn(lsp::serve(server_input, server_output, options));
    let mut session = Session::start(from_server, to_server, &material, paint, asks)?;
    let outcome = session.run(&material).await;
    // Gives the terminal back before anything else is said.
    let ended = session.end().await;
    let Some(decision) = outcome? else {
        say("stopped; the file is as it was".to_owned())?;
        return Ok(ExitCode::from(130));
    };
    let report = Report {
        paint,
        material: &material,
        ended: &ended,
        decision: &decision,
        streamed: record::read(&record)?,
        record_began: began,
    };
    let is_right = report.conclude(&mut io::stdout().lock())?;
    Ok(if is_right {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// Whether a person can see and answer.
fn is_terminal() -> bool {
    let is_dumb = std::env::var_os("TERM").is_some_and(|it| it == "dumb");
    io::stdin().is_terminal() && io::stdout().is_terminal() && !is_dumb
}

fn say(line: String) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
