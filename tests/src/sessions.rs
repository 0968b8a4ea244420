//! A black-box simulator: random sessions of people with their editors, against the server's process over stdio.
//!
//! One process for each editor, several documents at a time through each, one thread for each document. The editor,
//! the person and the model of a session are played here, from a seed; what must hold is told by plain strings. It
//! shares nothing with the server and knows only the protocol and the documented commands.

mod check;
mod commands;
mod desk;
mod edits;
mod manner;
mod model;
mod oracle;
mod page;
mod person;
mod process;
mod report;
mod rewrite;
mod session;
mod steering;
mod transcript;
mod undo;
mod words;

use std::env;
use std::fmt::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use manner::{EDITORS, Manner};
use model::Model;
use process::Link;
use session::Session;

/// What to play.
#[derive(Clone, Debug)]
pub struct Plan {
    /// How many sessions.
    pub sessions: u64,
    /// Of the first; each has the next.
    pub seed: u64,
    /// All by this editor, else each by the next.
    pub editor: Option<String>,
    /// Server processes at a time; none: as many as the sessions fill.
    pub processes: usize,
    /// Documents at a time through each.
    pub documents: usize,
    /// Play each seed so often: what depends on time may not show at once.
    pub repeat: u64,
    /// So many failures are told in full.
    pub transcripts: usize,
}

impl Plan {
    /// From `SESSIONS`, `SEED`, `EDITOR`, `PROCESSES`, `DOCUMENTS`, `REPEAT` and `TRANSCRIPTS` in the environment.
    pub fn from_env(sessions: u64) -> Plan {
        let number = |name: &str| {
            env::var(name)
                .ok()
                .and_then(|text| text.parse::<u64>().ok())
        };
        let sessions = number("SESSIONS").unwrap_or(sessions);
        Plan {
            sessions,
            seed: number("SEED").unwrap_or_else(|| fastrand::u64(..1 << 40)),
            editor: env::var("EDITOR")
                .ok()
                .filter(|name| manner_of(name).is_some()),
            processes: number("PROCESSES").unwrap_or(21) as usize,
            documents: number("DOCUMENTS").unwrap_or(3) as usize,
            repeat: number("REPEAT").unwrap_or(1),
            transcripts: number("TRANSCRIPTS").unwrap_or(5) as usize,
        }
    }
}

fn manner_of(name: &str) -> Option<Manner> {
    EDITORS.into_iter().find(|it| it.name == name)
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    pub sessions: u64,
    pub seconds: f64,
    pub failures: usize,
    /// The first failures, with their transcripts.
    pub report: String,
}

struct Hall {
    plan: Plan,
    next: Vec<AtomicU64>,
    done: AtomicU64,
    failures: AtomicUsize,
    report: Mutex<String>,
}

impl Hall {
    fn tell(&self, what: &str) {
        let nth = self.failures.fetch_add(1, Ordering::Relaxed);
        let mut report = self.report.lock().unwrap_or_else(PoisonError::into_inner);
        let most = if nth < self.plan.transcripts {
            usize::MAX
        } else {
            2
        };
        for line in what.lines().take(most) {
            let _ = writeln!(report, "{line}");
        }
    }
}

/// Plays all sessions of a plan.
///
/// # Panics
/// When no server can be started.
pub fn play(plan: &Plan) -> Outcome {
    let editors: Vec<Manner> = match plan.editor.as_deref().and_then(manner_of) {
        Some(editor) => vec![editor],
        None => EDITORS.to_vec(),
    };
    let hall = Arc::new(Hall {
        plan: plan.clone(),
        next: editors.iter().map(|_| AtomicU64::new(0)).collect(),
        done: AtomicU64::new(0),
        failures: AtomicUsize::new(0),
        report: Mutex::default(),
    });
    let total = plan.sessions * plan.repeat;
    let useful = total.div_ceil(plan.documents as u64) as usize;
    let least = editors.len().min(total as usize).max(1);
    let processes = plan.processes.min(useful).max(least);
    let begun = Instant::now();
    let threads: Vec<_> = (0..processes)
        .map(|number| {
            let hall = Arc::clone(&hall);
            let lane = number % editors.len();
            let (editor, lanes) = (editors[lane], editors.len() as u64);
            thread::spawn(move || serve(&hall, editor, lane as u64, lanes))
        })
        .collect();
    for thread in threads {
        if thread.join().is_err() {
            hall.tell("a thread of the simulator panicked");
        }
    }
    let done = hall.done.load(Ordering::Relaxed);
    let seconds = begun.elapsed().as_secs_f64();
    let report = hall
        .report
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    Outcome {
        seconds,
        sessions: done,
        failures: hall.failures.load(Ordering::Relaxed),
        report,
    }
}

/// One server process and its documents.
fn serve(hall: &Arc<Hall>, editor: Manner, lane: u64, lanes: u64) {
    let model = Arc::new(Model::start());
    let link = Link::start(&editor, &model.url());
    let threads: Vec<_> = (0..hall.plan.documents)
        .map(|_| {
            let (hall, link, model) = (Arc::clone(hall), Arc::clone(&link), Arc::clone(&model));
            thread::spawn(move || {
                loop {
                    let turn = hall.next[lane as usize].fetch_add(1, Ordering::Relaxed);
                    let nth = turn * lanes + lane;
                    let number = nth / hall.plan.repeat;
                    if number >= hall.plan.sessions || hall.failures.load(Ordering::Relaxed) > 400 {
                        return;
                    }
                    let seed = hall.plan.seed.wrapping_add(number);
                    one(&hall, editor, seed, nth, &link, &model);
                }
            })
        })
        .collect();
    for thread in threads {
        if thread.join().is_err() {
            hall.tell("a thread of the simulator panicked");
        }
    }
    for wrong in link.finish() {
        hall.tell(&format!("{}: {wrong}", editor.name));
    }
    if hall.failures.load(Ordering::Relaxed) == 0 {
        for stray in model.strays() {
            hall.tell(&format!("{}: a request of nobody: {stray}", editor.name));
        }
    }
}

fn one(hall: &Hall, editor: Manner, seed: u64, number: u64, link: &Arc<Link>, model: &Arc<Model>) {
    let mut session = Session::new(editor, seed, number, link, model);
    let played = catch_unwind(AssertUnwindSafe(|| session.run()));
    let result = played.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        let text = text.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned()));
        Err(format!(
            "the simulator panicked: {}",
            text.unwrap_or_default()
        ))
    });
    hall.done.fetch_add(1, Ordering::Relaxed);
    if let Err(broken) = result {
        let text = session.desk.page.text();
        hall.tell(&format!(
            "==== {broken}\n---- SEED={seed} EDITOR={} SESSIONS=1 (REPEAT=50 for what depends on time)\n{}---- text: {text:?}\n---- stderr: {}\n",
            editor.name,
            session.log.to_text(),
            link.stderr(),
        ));
        session.leave();
    }
    session.forget();
}
