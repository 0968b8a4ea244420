//! `cargo xtask`: development tasks, one file per subcommand.
//! Here is only the command line; what a task does lives in its own module.
#![allow(
    clippy::print_stdout,
    reason = "a task talks to the person who runs it; no protocol uses this stdout"
)]

mod editors;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Development tasks of Redline")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Find, or fetch into a cache outside the tree, the editors of the end-to-end tests.
    Editors(editors::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Editors(args) => editors::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
