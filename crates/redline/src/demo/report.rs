//! The end of the demo: write the file, judge the text, print the diff and the timings.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use anyhow::Result;
use similar::{ChangeTag, TextDiff};

use super::changes::printable;
use super::paint::{Ink, Paint};
use super::proposal::State;
use super::record::Streamed;
use super::sample::Material;
use super::session::{Decision, Ended};
use super::verdict::{decided, rewritten};

/// All that the end of the demo speaks of.
#[derive(Debug)]
pub(super) struct Report<'a> {
    pub(super) paint: Paint,
    pub(super) material: &'a Material,
    pub(super) ended: &'a Ended,
    pub(super) decision: &'a Decision,
    pub(super) streamed: Streamed,
    pub(super) record_began: Instant,
}

impl Report<'_> {
    /// Writes the file if anything was accepted and tells how it went. True only if the final text is
    /// what was streamed and accepted, and the file holds it.
    pub(super) fn conclude(&self, out: &mut impl Write) -> Result<bool> {
        let before = &self.material.file.text;
        let after = &self.ended.text;
        let faults = self.faults();
        if faults.is_empty() && before != after {
            self.material.file.write(after)?;
        }
        self.diff(out, before, after)?;
        self.outcome(out, before != after)?;
        self.timings(out)?;
        let is_held = self
            .material
            .file
            .holds(if faults.is_empty() { after } else { before });
        if faults.is_empty() && is_held {
            let exact = self.paint.of(Ink::Added, self.success());
            writeln!(out, "{exact}")?;
        }
        for fault in &faults {
            writeln!(
                out,
                "{}",
                self.paint.of(Ink::Removed, &format!("wrong: {fault}"))
            )?;
        }
        if !is_held {
            writeln!(
                out,
                "{}",
                self.paint
                    .of(Ink::Removed, "wrong: the file holds another text")
            )?;
        }
        out.flush()?;
        Ok(faults.is_empty() && is_held)
    }

    /// What is not as it must be, by the model server's own record and the decisions.
    fn faults(&self) -> Vec<&'static str> {
        let Decision {
            region,
            proposed,
            hunks,
            rejected,
            ..
        } = self.decision;
        let before = &self.material.file.text;
        let mut faults = Vec::new();
        if rewritten(before, *region, &self.streamed.text).as_ref() != Some(proposed) {
            faults.push("what was proposed is not what the model server sent");
        }
        if decided(proposed, hunks, rejected).as_ref() != Some(&self.ended.text) {
            faults.push("the final text is not the proposal with the rejected hunks taken back");
        }
        let all_rejected = !hunks.is_empty() && rejected.len() == hunks.len();
        if all_rejected && self.ended.text != *before {
            faults.push("everything was rejected and the text is not the one from before");
        }
        if !matches!(self.ended.state, Some(State::Accepted | State::Rejected)) {
            faults.push("the rewrite did not end as accepted or rejected");
        }
        faults
    }

    fn success(&self) -> &'static str {
        let Decision {
            hunks, rejected, ..
        } = self.decision;
        if hunks.is_empty() {
            "the model changed nothing, and neither did Redline"
        } else if rejected.len() == hunks.len() {
            "the text is byte for byte the one from before"
        } else if rejected.is_empty() {
            "the final text is exactly what the model server sent"
        } else {
            "the final text is what the model server sent, rejected hunks as before"
        }
    }

    fn diff(&self, out: &mut impl Write, before: &str, after: &str) -> io::Result<()> {
        if before == after {
            return Ok(());
        }
        let name = &self.material.name;
        let diff = TextDiff::configure()
            .deadline(Instant::now() + Duration::from_secs(2))
            .diff_lines(before, after);
        writeln!(
            out,
            "{}",
            self.paint.of(Ink::Bold, &format!("--- {name}\n+++ {name}"))
        )?;
        for hunk in diff.unified_diff().context_radius(2).iter_hunks() {
            writeln!(
                out,
                "{}",
                self.paint.of(Ink::Dim, &hunk.header().to_string())
            )?;
            for change in hunk.iter_changes() {
                let (sign, ink) = match change.tag() {
                    ChangeTag::Equal => (' ', Ink::Plain),
                    ChangeTag::Insert => ('+', Ink::Added),
                    ChangeTag::Delete => ('-', Ink::Removed),
                };
                let line = change.value().trim_end_matches(['\r', '\n']);
                writeln!(
                    out,
                    "{}",
                    self.paint.of(ink, &format!("{sign}{}", printable(line)))
                )?;
            }
        }
        Ok(())
    }

    fn outcome(&self, out: &mut impl Write, has_changed: bool) -> io::Result<()> {
        let Decision {
            hunks, rejected, ..
        } = self.decision;
        let accepted = hunks.len() - rejected.len();
        let place = self.material.place();
        let file = if has_changed {
            "written"
        } else {
            "left as it was"
        };
        let what = match (accepted, rejected.len()) {
            (0, 0) => "nothing to decide".to_owned(),
            (0, n) => format!("rejected {n} {}", hunks_word(n)),
            (n, 0) => format!("accepted {n} {}", hunks_word(n)),
            (a, r) => format!("accepted {a} hunks, rejected {r}"),
        };
        writeln!(
            out,
            "{}",
            self.paint.of(Ink::Bold, &format!("{what}; {place} {file}"))
        )
    }

    fn timings(&self, out: &mut impl Write) -> io::Result<()> {
        let it = self.decision;
        let first_token = self.record_began + self.streamed.first;
        let last_token = self.record_began + self.streamed.last;
        let ms = |from: Instant, to: Instant| {
            format!(
                "{:.2} ms",
                to.saturating_duration_since(from).as_secs_f64() * 1_000.0
            )
        };
        writeln!(
            out,
            "request to first token    {}",
            ms(it.asked, first_token)
        )?;
        if let (Some(first), Some(last)) = (it.first_edit, it.last_edit) {
            writeln!(out, "request to first edit     {}", ms(it.asked, first))?;
            if last > last_token {
                writeln!(out, "last token to last edit   {}", ms(last_token, last))?;
            } else {
                writeln!(
                    out,
                    "last token to last edit   none needed: the last tokens changed nothing"
                )?;
            }
        }
        writeln!(
            out,
            "last token to proposal    {}",
            ms(last_token, it.proposed_at)
        )?;
        let took = (self.streamed.last.saturating_sub(self.streamed.first)).as_secs_f64();
        writeln!(
            out,
            "stream                    {} tokens in {took:.2} s, {} edits with {} bytes of text",
            self.streamed.deltas, it.batches, it.bytes
        )
    }
}

fn hunks_word(n: usize) -> &'static str {
    if n == 1 { "hunk" } else { "hunks" }
}
