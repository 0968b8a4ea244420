//! A program in a terminal of fixed size, filmed: what stood there, and for how long.

use std::path::Path;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use portable_pty::CommandBuilder;

use crate::pty::Pty;

pub(super) const COLUMNS: u16 = 80;
pub(super) const ROWS: u16 = 24;

/// Between two frames at least.
const FRAME: Duration = Duration::from_millis(120);
const PATIENCE: Duration = Duration::from_secs(60);

/// How characters look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Look {
    pub(super) color: vt100::Color,
    pub(super) is_bold: bool,
    pub(super) is_dim: bool,
}

/// Characters of one look beside each other in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    pub(super) row: u16,
    pub(super) column: u16,
    /// Columns that the text takes.
    pub(super) width: u16,
    pub(super) look: Look,
    pub(super) text: String,
}

/// One picture of the film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Frame {
    pub(super) lasts: Duration,
    pub(super) runs: Vec<Run>,
}

/// A running program and the film of it so far.
pub(super) struct Terminal {
    pty: Pty,
    film: Vec<Frame>,
    filmed: Instant,
    is_over: bool,
}

impl Terminal {
    pub(super) fn start(program: &Path, arguments: &[&str]) -> Result<Terminal> {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env_remove("NO_COLOR");
        Ok(Terminal {
            pty: Pty::start(command, ROWS, COLUMNS)?,
            film: Vec::new(),
            filmed: Instant::now(),
            is_over: false,
        })
    }

    pub(super) fn press(&mut self, keys: &str) -> Result<()> {
        self.pty.press(keys)
    }

    /// Films until the screen shows this text.
    pub(super) fn film_until(&mut self, text: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while !self.pty.contents().contains(text) {
            if Instant::now() > until || self.is_over {
                bail!(
                    "never saw {text:?}; the screen shows:\n{}",
                    self.pty.contents()
                );
            }
            self.take()?;
        }
        Ok(())
    }

    /// Films for a while, also past the program's end.
    pub(super) fn film(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        while Instant::now() < until {
            self.take()?;
        }
        Ok(())
    }

    /// Waits for the program's end and returns the film.
    pub(super) fn end(mut self) -> Result<Vec<Frame>> {
        let status = self.pty.child.wait()?;
        if !status.success() {
            bail!(
                "the program failed; the screen shows:\n{}",
                self.pty.contents()
            );
        }
        Ok(self.film)
    }

    /// Takes one frame's time of output and then the frame.
    fn take(&mut self) -> Result<()> {
        let until = Instant::now() + FRAME;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.pty.output.recv_timeout(left) {
                Ok(bytes) => self.pty.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => {
                    self.is_over = true;
                    thread::sleep(left);
                    break;
                }
            }
        }
        let now = Instant::now();
        let lasts = now - std::mem::replace(&mut self.filmed, now);
        let runs = runs(self.pty.screen.screen());
        match self.film.last_mut() {
            Some(last) if last.runs == runs => last.lasts += lasts,
            _ => self.film.push(Frame { lasts, runs }),
        }
        Ok(())
    }
}

fn runs(screen: &vt100::Screen) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for row in 0..ROWS {
        let mut open: Option<Run> = None;
        for column in 0..COLUMNS {
            let Some(cell) = screen.cell(row, column) else {
                continue;
            };
            if cell.is_wide_continuation() {
                continue;
            }
            let look = Look {
                color: cell.fgcolor(),
                is_bold: cell.bold(),
                is_dim: cell.dim(),
            };
            let text = if cell.has_contents() {
                cell.contents()
            } else {
                " "
            };
            let width = 1 + u16::from(cell.is_wide());
            match &mut open {
                // A space looks the same in every colour.
                Some(run) if run.look == look || text == " " => {
                    run.text.push_str(text);
                    run.width += width;
                }
                _ => {
                    runs.extend(open.take());
                    open = (text != " ").then(|| Run {
                        row,
                        column,
                        width,
                        look,
                        text: text.to_owned(),
                    });
                }
            }
        }
        runs.extend(open.take());
    }
    for run in &mut runs {
        let spaces = run.text.len() - run.text.trim_end_matches(' ').len();
        run.text.truncate(run.text.len() - spaces);
        run.width -= u16::try_from(spaces).unwrap_or(run.width);
    }
    runs
}
