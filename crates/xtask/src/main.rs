//! `cargo xtask`: development tasks, one file per subcommand.
//! Here is only the command line; what a task does lives in its own module.
#![allow(
    clippy::print_stdout,
    reason = "a task talks to the person who runs it; no protocol uses this stdout"
)]

mod arrows;
mod cache;
mod checkout;
mod ci;
mod debian;
mod dist;
mod editors;
mod measure;
mod model_servers;
mod mutants;
mod pty;
mod record_demo;
mod record_emacs;
mod record_helix;
mod record_neovim;
mod simulate;
mod vscode;

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
    /// Check the crates' dependencies against the architecture, and the header of every file.
    Arrows,
    /// Set up everything, then run every check and every test.
    Ci,
    /// Make the archive for users of this platform, with its licences, and the extension for VS Code.
    Dist(dist::Args),
    /// Find, or fetch into a cache outside the tree, the editors of the end-to-end tests.
    Editors(editors::Args),
    /// Break the edit engine in one place at a time, and see the simulation notice.
    Mutants,
    /// Fetch the real model servers and clients of the tests into a cache outside the tree.
    ModelServers(model_servers::Args),
    /// Measure what the link to the model costs, side by side with other ways of asking.
    Measure(measure::Args),
    /// Record `redline demo` as an animated SVG for the documentation.
    RecordDemo(record_demo::Args),
    /// Take the pictures of Emacs for the documentation.
    RecordEmacs(record_emacs::Args),
    /// Take the pictures of Helix for the documentation.
    RecordHelix(record_helix::Args),
    /// Take the pictures of the Neovim plugin for the documentation.
    RecordNeovim(record_neovim::Args),
    /// Run random sessions of editors, people and models against the edit engine.
    Simulate(simulate::Args),
    /// Fetch what the end-to-end tests in a real VS Code need, into a cache outside the tree.
    Vscode(vscode::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().task {
        Task::Arrows => arrows::run(),
        Task::Ci => ci::run(),
        Task::Dist(args) => dist::run(&args),
        Task::Editors(args) => editors::run(&args),
        Task::Mutants => mutants::run(),
        Task::ModelServers(args) => model_servers::run(&args),
        Task::Measure(args) => measure::run(&args),
        Task::RecordDemo(args) => record_demo::run(&args),
        Task::RecordEmacs(args) => record_emacs::run(&args),
        Task::RecordHelix(args) => record_helix::run(&args),
        Task::RecordNeovim(args) => record_neovim::run(&args),
        Task::Simulate(args) => simulate::run(&args),
        Task::Vscode(args) => vscode::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
