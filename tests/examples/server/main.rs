//! What the server costs the editor, in one run beside a bare server that does nothing but mirror: start, memory at
//! rest, changes a second, a cheap request while someone types; and the way from the model's text to the edit.
//!
//! `cargo xtask measure server` runs it. Only ratios within one run mean anything: the machine decides the rest.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

mod bare;
mod pipe;
mod stream;

use std::time::{Duration, Instant};

use e2e::ServerCommand;
use pipe::Pipe;
use serde_json::json;

const LINES: usize = 2_000;
const CHANGES: usize = 50_000;
const REQUESTS: usize = 300;
const KEYS_BETWEEN: usize = 5;
const STARTS: usize = 20;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        return bare::serve();
    }
    let redline = ServerCommand::redline();
    let ours = measure(&[&redline.program.display().to_string(), "lsp"]);
    let itself = std::env::current_exe().expect("it has a path");
    let bare = measure(&[&itself.display().to_string(), "bare"]);
    println!("A file of {LINES} lines of Rust, {CHANGES} changes of one letter\n");
    println!("| | Redline | bare mirror | ratio |");
    println!("|---|---|---|---|");
    for ((what, ours), (_, bare)) in ours.iter().zip(&bare) {
        println!("| {what} | {ours:.1} | {bare:.1} | {:.2} |", ours / bare);
    }
    println!("\nFrom the model to the editor, everything between the two sockets\n");
    println!("| | p50 | p99 |");
    println!("|---|---|---|");
    let mut delays = stream::delta_to_edit();
    let (p50, p99) = (at(&mut delays, 50), at(&mut delays, 99));
    println!(
        "| from a line of the answer to its edit, no edit under way, µs | {p50:.0} | {p99:.0} |"
    );
    for rate in [1_000, 20_000] {
        let cost = stream::of_tokens(rate);
        println!(
            "| CPU of the process for each token at {rate} a second, µs; from the last token to the last edit, ms | {:.1} | {:.1} |",
            cost.cpu_each, cost.last_edit
        );
    }
}

/// What is measured of any server, in the order of the table.
fn measure(command: &[&str]) -> Vec<(&'static str, f64)> {
    let mut starts: Vec<f64> = (0..STARTS)
        .map(|_| {
            let started = Instant::now();
            let mut server = Pipe::start(command);
            server.initialize();
            millis(started.elapsed())
        })
        .collect();
    let mut server = Pipe::start(command);
    server.initialize();
    let memory = server.resident_megabytes();
    server.open(&text());
    let changes: Vec<u8> = (0..CHANGES).flat_map(|it| server.change(it)).collect();
    let started = Instant::now();
    server.write(&changes);
    server.ask_cheaply();
    let throughput = CHANGES as f64 / started.elapsed().as_secs_f64();
    let mut requests: Vec<f64> = (0..REQUESTS)
        .map(|round| {
            let keys: Vec<u8> = (0..KEYS_BETWEEN)
                .flat_map(|it| server.change(CHANGES + round * KEYS_BETWEEN + it))
                .collect();
            // As a person types, not as a machine does.
            std::thread::sleep(Duration::from_millis(20));
            server.write(&keys);
            let asked = Instant::now();
            server.ask_cheaply();
            millis(asked.elapsed())
        })
        .collect();
    vec![
        ("start to initialized, ms (p50)", at(&mut starts, 50)),
        ("memory at rest, MB", memory),
        ("changes taken a second", throughput),
        (
            "a request behind five keys, ms (p50)",
            at(&mut requests, 50),
        ),
        ("the same, p99", at(&mut requests, 99)),
    ]
}

fn text() -> String {
    (0..LINES)
        .map(|it| format!("fn f{it}(value: u64) -> u64 {{ value * {it} + 1 }}\n"))
        .collect()
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn at(times: &mut [f64], percent: usize) -> f64 {
    times.sort_by(f64::total_cmp);
    times[(times.len() - 1) * percent / 100]
}

/// The letter goes to and fro on one line in the middle, so that no line grows without end.
fn nth_change(number: usize) -> serde_json::Value {
    let at = |character: usize| json!({ "line": LINES / 2, "character": character });
    let column = 20 + number / 2 % 10;
    match number.is_multiple_of(2) {
        true => json!({ "range": { "start": at(column), "end": at(column) }, "text": "x" }),
        false => json!({ "range": { "start": at(column), "end": at(column + 1) }, "text": "" }),
    }
}
