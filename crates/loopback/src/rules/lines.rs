//! A region as lines, put together again with the line ends that it came with.

/// Lines without their ends.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub(super) lines: Vec<&'a str>,
    ending: &'static str,
    ends_with_line_end: bool,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Lines<'a> {
        Lines {
            lines: text.lines().collect(),
            ending: ending(text),
            ends_with_line_end: text.ends_with('\n'),
        }
    }

    pub(super) fn join(&self) -> String {
        let mut text = self.lines.join(self.ending);
        if self.ends_with_line_end && !self.lines.is_empty() {
            text.push_str(self.ending);
        }
        text
    }
}

/// The line end that new lines should have.
pub(super) fn ending(text: &str) -> &'static str {
    if text.contains("\r\n") { "\r\n" } else { "\n" }
}

/// The blanks at the beginning of a line.
pub(super) fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// One step of indentation, as the text does it, else as the language is usually written.
pub(super) fn indentation_step(text: &str, usual: &'static str) -> String {
    let indents = || {
        text.lines()
            .filter(|it| !it.trim().is_empty())
            .map(indentation)
    };
    if indents().any(|it| it.starts_with('\t')) {
        return "\t".to_owned();
    }
    let least = indents().map(str::len).min().unwrap_or(0);
    let step = indents()
        .map(|it| it.len() - least)
        .filter(|it| *it > 1)
        .min();
    match step {
        Some(step) if step <= 8 => " ".repeat(step),
        _ => usual.to_owned(),
    }
}
