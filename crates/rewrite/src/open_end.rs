//! [`OpenEnd`]: a region whose last line has no line break is compared as if it had one.
//!
//! Lines are compared with their line breaks. A line that becomes the last one, or stops being it, is the same line
//! all the same; so the streamed diff gets one line break more behind the old text and behind the new one, and what
//! it says of texts with that break is said again here of texts without it; so are the hunks between the two. Where
//! whole lines come or go at the end, the line break before them does with them. Which lines are the same is not
//! decided here.

use std::borrow::Cow;

use diff::{Hunk, Splice};

/// Follows the streamed text, the target, which lacks the last line break of what the diff works on.
#[derive(Debug)]
pub(crate) struct OpenEnd {
    /// What the diff's text ends with and the target does not: a line break, or nothing within a line.
    hidden: &'static str,
    /// Length of the target in bytes.
    len: usize,
    line_break: &'static str,
}

impl OpenEnd {
    /// For the old text of a region; none where it ends with a line break, or lines end by `\r` alone.
    pub(crate) fn of(old: &str, line_break: &'static str) -> Option<OpenEnd> {
        let is_open = !old.is_empty() && !old.ends_with(['\n', '\r']);
        (is_open && line_break.ends_with('\n')).then_some(OpenEnd {
            hidden: line_break,
            len: old.len(),
            line_break,
        })
    }

    /// What the diff gets behind the old text, and behind the new one.
    pub(crate) fn line_break(&self) -> &'static str {
        self.line_break
    }

    /// A text as the diff gets it.
    pub(crate) fn with_break<'a>(end: Option<&OpenEnd>, old: &'a str) -> Cow<'a, str> {
        match end {
            Some(end) => Cow::Owned(format!("{old}{}", end.line_break)),
            None => Cow::Borrowed(old),
        }
    }

    /// The splice of the target that a splice of the diff's text means. `break_before` gives the line break right
    /// before an offset of the target, or nothing. O(the splice).
    pub(crate) fn without_break(
        &mut self,
        splice: Splice,
        break_before: impl FnOnce(usize) -> &'static str,
    ) -> Splice {
        let Splice { at, delete, insert } = splice;
        let end = at + delete;
        if end < self.len || end == self.len && !self.hidden.is_empty() {
            self.len = self.len - delete + insert.len();
            return Splice { at, delete, insert };
        }
        let mut start = at.min(self.len);
        let mut text = String::with_capacity(insert.len() + self.hidden.len());
        text.push_str(&self.hidden[..at - start]);
        text.push_str(&insert);
        text.push_str(&self.hidden[end - self.len..]);
        if text.is_empty() {
            // The lines at the end go: the break before them is the last one now.
            self.hidden = break_before(start);
            start -= self.hidden.len();
        } else {
            self.hidden = line_break_at_end(&text);
            text.truncate(text.len() - self.hidden.len());
        }
        let delete = self.len - start;
        self.len = start + text.len();
        Splice {
            at: start,
            delete,
            insert: text,
        }
    }
}

/// The hunks between two texts of a region (see [`diff::hunks`]). Where the old one has no line break at its end, lines
/// that come or go at the end do so with the line break before them; hunks count lines all the same.
pub(crate) fn hunks(old: &str, new: &str) -> Vec<Hunk> {
    let line_break = match old.find('\n').map(|at| (old, at)) {
        Some((text, at)) => line_break_at_end(&text[..=at]),
        None => new
            .find('\n')
            .map_or("\n", |at| line_break_at_end(&new[..=at])),
    };
    let Some(end) = OpenEnd::of(old, line_break) else {
        return diff::hunks(old, new);
    };
    let with_break = |text| OpenEnd::with_break(Some(&end), text);
    let mut hunks = diff::hunks(&with_break(old), &with_break(new));
    if let Some(last) = hunks.last_mut()
        && last.old.end > old.len()
    {
        let by = if last.old.is_empty() || last.new.is_empty() {
            line_break.len()
        } else {
            0
        };
        last.old = last.old.start - by..old.len();
        last.new = last.new.start - by..new.len();
    }
    hunks
}

/// The line break that a text ends with, or nothing.
pub(crate) fn line_break_at_end(text: &str) -> &'static str {
    if text.ends_with("\r\n") {
        "\r\n"
    } else if text.ends_with('\n') {
        "\n"
    } else {
        ""
    }
}

#[cfg(test)]
mod tests {
    use diff::StreamingDiff;
    use fastrand::Rng;

    use super::*;

    fn text(rng: &mut Rng, line_break: &str) -> String {
        let lines: Vec<String> = (0..rng.usize(1..7))
            .map(|_| ["a", "bb(1)", "", "cc = dd", "é"][rng.usize(..5)].repeat(rng.usize(1..3)))
            .collect();
        lines.join(line_break)
    }

    fn check(seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let line_break = ["\n", "\r\n"][rng.usize(..2)];
        let (old, new) = (text(&mut rng, line_break), text(&mut rng, line_break));
        let Some(mut end) = OpenEnd::of(&old, line_break) else {
            return;
        };
        let mut target = old.clone();
        let mut diffed = OpenEnd::with_break(Some(&end), &old).into_owned();
        let mut diff = StreamingDiff::new(&diffed);
        let mut take = |splices: Vec<Splice>, target: &mut String| {
            for splice in splices {
                splice.apply(&mut diffed);
                let before = |at: usize| line_break_at_end(&target[..at]);
                let splice = end.without_break(splice, before);
                splice.apply(target);
                let said = format!("SEED={seed} {old:?} {new:?}");
                assert_eq!(format!("{target}{}", end.hidden), diffed, "{said}");
                assert_eq!(target.len(), end.len, "{said}");
            }
        };
        let mut rest = new.as_str();
        while !rest.is_empty() {
            let mut len = rng.usize(1..=rest.len());
            while !rest.is_char_boundary(len) {
                len += 1;
            }
            let mut out = Vec::new();
            diff.push(&rest[..len], &mut out);
            rest = &rest[len..];
            take(out, &mut target);
        }
        let mut out = Vec::new();
        let stops = rng.u8(..4) == 0;
        if stops {
            diff.interrupt(&mut out);
        } else {
            diff.push(line_break, &mut out);
            diff.finish(&mut out);
        }
        take(out, &mut target);
        if !stops {
            assert_eq!(target, new, "SEED={seed} {old:?}");
        }
    }

    #[test]
    fn the_target_is_what_the_diff_works_on_without_its_last_line_break() {
        (0..20_000).for_each(check);
    }
}
