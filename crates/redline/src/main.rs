//! The `redline` command: its arguments, and which module carries a subcommand out.
//! What a subcommand does lives in the module of its name.

mod config;
mod demo;
mod doctor;
mod document_file;
mod logging;
mod loopback;
mod lsp;
mod panics;
mod runtime;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "redline",
    version,
    about = "Real-time AI edits in any LSP editor"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The language server, on stdin and stdout.
    Lsp(lsp::Args),
    /// The main job with nothing configured: a rewrite streams in, you accept or reject it.
    Demo(demo::Args),
    /// The embedded model server alone, on 127.0.0.1. Its URL is the first line of stdout.
    Loopback(loopback::Args),
    /// What is in force and where it came from, whether the model answers, and what to do about what is wrong.
    Doctor(doctor::Args),
    /// The schema of the settings, or a settings file to begin with.
    Config(config::Args),
}

fn main() -> ExitCode {
    panics::tell_without_secrets();
    let result = match Cli::parse().command {
        Command::Lsp(args) => lsp::run(&args),
        Command::Demo(args) => demo::run(&args),
        Command::Loopback(args) => loopback::run(&args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Config(args) => config::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(error) => {
            // With stderr gone there is nobody left to tell.
            let error = format!("error: {error:#}");
            let _ = writeln!(io::stderr(), "{}", server::without_secrets(&error));
            ExitCode::FAILURE
        }
    }
}
