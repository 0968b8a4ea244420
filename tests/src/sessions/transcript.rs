//! What happened in a session, in the order in which its editor saw it; told only when the session fails.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

/// Lines with their times.
#[derive(Debug)]
pub(super) struct Transcript {
    begin: Instant,
    lines: Vec<(Duration, String)>,
}

impl Transcript {
    pub(super) fn new() -> Transcript {
        Transcript {
            begin: Instant::now(),
            lines: Vec::new(),
        }
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        self.lines.push((self.begin.elapsed(), line()));
    }

    pub(super) fn to_text(&self) -> String {
        let mut text = String::new();
        for (at, line) in &self.lines {
            let mut line = line.as_str();
            if let Some((end, _)) = line.char_indices().nth(1_500) {
                line = &line[..end];
            }
            let _ = writeln!(text, "{:9.3} ms  {line}", at.as_secs_f64() * 1e3);
        }
        text
    }
}
