//! Measures the streaming diff: CPU per token, lines changed while streaming and bytes sent against the optimum.
//!
//! `cargo bench -p diff --bench streaming [-- WORKLOAD]` prints the table; as a test it runs once with tiny input.
#![allow(clippy::print_stdout, reason = "the table is what the bench is for")]

mod code;
mod measure;
mod workload;

use measure::{Measured, measure, measure_batch};
use workload::{WORKLOADS, Workload, real_lines};

const SIZES: &[usize] = &[50, 200, 800, 2000, 5000];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let given = |name: &str| arguments.iter().any(|argument| argument == name);
    if given("--list") {
        // Test runners ask what there is.
        if !given("--ignored") {
            println!("tiny_input: test");
        }
        return;
    }
    if !given("--bench") {
        for workload in WORKLOADS {
            row(workload, 60, false, 1);
        }
        return;
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    println!(
        "Pieces of 4 characters. CPU in µs per piece. `lines`: inserted + deleted while streaming, over the least line diff;"
    );
    println!(
        "`bytes`: text sent over the text that the least line diff inserts; `refined`: the same against a word diff inside its hunks;"
    );
    println!("`batch`: CPU of a histogram diff at every line end over ours;");
    println!(
        "`held`: complete lines received and not shown yet, mean and 99th percentile (lines that stay are on the screen already).\n"
    );
    println!(
        "| workload | lines of old | mean | p99 | max | lines | bytes | refined | splices per 100 pieces | held | p99 | batch |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|---|");
    for workload in WORKLOADS
        .iter()
        .filter(|workload| filter.is_none_or(|filter| workload.name.contains(filter.as_str())))
    {
        for &lines in SIZES {
            let seeds = if lines > 1000 { 3 } else { 12 };
            print_row(
                workload.name,
                &lines.to_string(),
                row(workload, lines, false, seeds),
            );
        }
        print_row(
            workload.name,
            "own sources",
            row(workload, real_lines(), true, 6),
        );
    }
    if filter.is_none() {
        megabyte();
    }
}

/// Texts of a megabyte: one long line, and many lines.
fn megabyte() {
    let word = |seed: usize| format!("word{} ", seed * 7919 % 10_007);
    let line: String = (0..110_000).map(word).collect();
    let changed = line.replacen("word5000 ", "changed ", 1);
    print_row("one line of 1 MB", "1", measure(&line, &changed, false));
    let (old, new) = WORKLOADS[2].texts(25_000, false, 0);
    print_row(WORKLOADS[2].name, "25000", measure(&old, &new, false));
    println!("\nIn ms: beginning a stream, hunks, hunks refined.\n");
    println!("| lines | begin | hunks | refined |\n|---|---|---|---|");
    for lines in [200, 800, 5000, 25_000] {
        let (old, new) = WORKLOADS[2].texts(lines, false, 0);
        let [begin, hunks, refined] = measure_batch(&old, &new).map(|time| time / 1e6);
        println!("| {lines} | {begin:.3} | {hunks:.3} | {refined:.3} |");
    }
}

/// The sum over several seeds; the highest p99.
fn row(workload: &Workload, lines: usize, real: bool, seeds: u64) -> Measured {
    let mut sum = Measured::default();
    for seed in 0..seeds {
        let (old, new) = workload.texts(lines, real, seed);
        let one = measure(&old, &new, seed == 0 && !real);
        if seed == 0 && one.total > 0.0 {
            sum.batch = one.batch / one.total;
        }
        sum.tokens += one.tokens;
        sum.total += one.total;
        sum.p99 = sum.p99.max(one.p99);
        sum.longest = sum.longest.max(one.longest);
        sum.lines += one.lines;
        sum.optimal_lines += one.optimal_lines;
        sum.bytes += one.bytes;
        sum.optimal_bytes += one.optimal_bytes;
        sum.refined_bytes += one.refined_bytes;
        sum.splices += one.splices;
        sum.held_sum += one.held_sum;
        sum.held = sum.held.max(one.held);
    }
    sum
}

fn print_row(name: &str, lines: &str, sum: Measured) {
    let ratio = |a: usize, b: usize| {
        if b == 0 {
            if a == 0 { 1.0 } else { f64::INFINITY }
        } else {
            a as f64 / b as f64
        }
    };
    println!(
        "| {name} | {lines} | {:.3} | {:.1} | {:.0} | {:.2} | {:.2} | {:.2} | {:.1} | {:.1} | {} | {:.1} |",
        sum.total / sum.tokens as f64 / 1e3,
        sum.p99 / 1e3,
        sum.longest / 1e3,
        ratio(sum.lines, sum.optimal_lines),
        ratio(sum.bytes, sum.optimal_bytes),
        ratio(sum.bytes, sum.refined_bytes),
        100.0 * sum.splices as f64 / sum.tokens as f64,
        sum.held_sum as f64 / sum.tokens as f64,
        sum.held,
        sum.batch,
    );
}
