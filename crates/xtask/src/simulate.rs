//! `cargo xtask simulate`: random sessions against the edit engine for as long as asked, on all cores; what was
//! covered as a table, and every failure as a short script. The sessions themselves are `test-support`'s.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use test_support::coverage::Coverage;
use test_support::editor::Model;
use test_support::shrink::shrink;
use test_support::simulation::{run_script, run_seed};
use test_support::step::Script;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long to go on.
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// The first seed.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Only this editor: vscode, helix, neovim, neovim-now, eglot, hostile.
    #[arg(long)]
    editor: Option<String>,
    /// How many failures to look for before giving up.
    #[arg(long, default_value_t = 1)]
    failures: usize,
    /// Write each failure's short script here.
    #[arg(long, default_value = "crates/rewrite/tests/regressions")]
    save: PathBuf,
    /// Only print the failures.
    #[arg(long)]
    no_save: bool,
    /// Run this script instead.
    #[arg(long)]
    script: Option<PathBuf>,
    /// How many sessions at once; all cores by default.
    #[arg(long)]
    threads: Option<usize>,
}

/// What all workers share.
struct Shared {
    next: AtomicU64,
    failures: AtomicUsize,
    total: Mutex<Total>,
}

#[derive(Default)]
struct Total {
    steps: u64,
    coverage: Coverage,
}

/// Runs sessions and prints what came of them.
///
/// # Errors
/// When a session failed, or there is no such editor.
pub(crate) fn run(args: &Args) -> Result<()> {
    if let Some(path) = &args.script {
        let script = Script::parse(&std::fs::read_to_string(path)?).map_err(anyhow::Error::msg)?;
        run_script(&script).map_err(anyhow::Error::msg)?;
        println!("the script holds");
        return Ok(());
    }
    let model = match &args.editor {
        None => None,
        Some(name) => Some(Model::named(name).with_context(|| format!("no editor {name}"))?),
    };
    // A panic is caught and reported as a failure of its session, with its script.
    std::panic::set_hook(Box::new(|_| {}));
    let threads = args
        .threads
        .unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from));
    let shared = Shared {
        next: AtomicU64::new(args.seed),
        failures: AtomicUsize::new(0),
        total: Mutex::default(),
    };
    let began = Instant::now();
    let until = began + Duration::from_secs_f64(args.minutes * 60.0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| work(args, model, &shared, until));
        }
    });
    let sessions = shared.next.load(Ordering::Relaxed) - args.seed;
    let failures = shared.failures.load(Ordering::Relaxed);
    let total = shared.total.into_inner().unwrap_or_default();
    let seconds = began.elapsed().as_secs_f64();
    println!("{}", total.coverage.table());
    println!(
        "{sessions} sessions (seeds from {}), {} steps, {failures} failures in {seconds:.0} s: {:.0} sessions/s, {:.0} steps/s",
        args.seed,
        total.steps,
        sessions as f64 / seconds,
        total.steps as f64 / seconds,
    );
    if failures > 0 {
        bail!("{failures} sessions failed");
    }
    Ok(())
}

fn work(args: &Args, model: Option<&'static Model>, shared: &Shared, until: Instant) {
    let mut steps = 0;
    let mut coverage = Coverage::default();
    while Instant::now() < until && shared.failures.load(Ordering::Relaxed) < args.failures {
        let seed = shared.next.fetch_add(1, Ordering::Relaxed);
        let verdict = run_seed(seed, model);
        steps += verdict.steps;
        coverage.add(&verdict.coverage);
        if let Some(violation) = verdict.violation {
            shared.failures.fetch_add(1, Ordering::Relaxed);
            report(args, seed, &verdict.script, &violation);
        }
    }
    if let Ok(mut total) = shared.total.lock() {
        total.steps += steps;
        total.coverage.add(&coverage);
    }
}

fn report(args: &Args, seed: u64, script: &Script, violation: &str) {
    let (script, violation) =
        shrink(script).unwrap_or_else(|| (script.clone(), violation.to_owned()));
    println!("// seed {seed}: {violation}\n{script}");
    if args.no_save {
        return;
    }
    if let Err(error) = save(&args.save, seed, &script, &violation) {
        eprintln!("cannot save the script: {error:#}");
    }
}

fn save(folder: &Path, seed: u64, script: &Script, violation: &str) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join(format!("{}-{seed}.txt", script.editor));
    let comment = violation.lines().next().unwrap_or_default();
    std::fs::write(path, format!("// {comment}\n{script}"))?;
    Ok(())
}
