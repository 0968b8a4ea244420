//! The demo without a terminal: a few snapshots as plain lines.

use std::io::{self, Write as _};
use std::time::Duration;

use super::changes::{Mark, Row, counts, frontier};

const SNAPSHOTS: usize = 5;
const LINES: usize = 3;

/// Prints the growing text whenever another fifth of the document is behind it.
#[derive(Debug, Default)]
pub(super) struct Plain {
    shown: usize,
}

impl Plain {
    pub(super) fn changed(&mut self, rows: &[Row], since: Duration) -> io::Result<()> {
        let Some(at) = frontier(rows) else {
            return Ok(());
        };
        let part = (at + 1) * SNAPSHOTS / rows.len() + 1;
        if part <= self.shown {
            return Ok(());
        }
        self.shown = part;
        let (added, removed) = counts(rows);
        let mut out = io::stdout().lock();
        writeln!(
            out,
            "{:>6.2} s  +{added} -{removed}  at line {}",
            since.as_secs_f64(),
            rows[at].line + 1
        )?;
        let changed: Vec<_> = rows[..=at]
            .iter()
            .filter(|it| it.mark != Mark::Same && !it.text.trim().is_empty())
            .collect();
        for row in &changed[changed.len().saturating_sub(LINES)..] {
            let sign = if row.mark == Mark::Added { '+' } else { '-' };
            writeln!(out, "          {sign} {}", row.text)?;
        }
        out.flush()
    }
}
