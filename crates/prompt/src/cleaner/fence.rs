//! Where an answer ends: at its closing fence or at the echoed end of the region, which are dropped.

use super::tokens::{Held, Sink, Token};

const REGION_END: &str = "</region>";

/// The marker of a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Marker {
    character: char,
    /// How many of them, three at least.
    count: usize,
    /// Bytes of white space before them.
    indent: usize,
}

impl Marker {
    /// The marker at the start of a line, and the first word behind it; none where the line is no fence.
    pub(super) fn opening(line: &str) -> Option<(Marker, &str)> {
        let text = line.trim_start();
        let character = text.chars().next().filter(|c| matches!(c, '`' | '~'))?;
        let info = text.trim_start_matches(character);
        let marker = Marker {
            character,
            count: text.len() - info.len(),
            indent: line.len() - text.len(),
        };
        let is_fence = marker.count >= 3 && !info.contains(character);
        is_fence.then(|| (marker, info.split_whitespace().next().unwrap_or("")))
    }

    /// Whether a fence of this other marker may close one of this.
    fn closes(self, opening: Marker) -> bool {
        self.character == opening.character
            && self.count >= opening.count
            && self.indent <= opening.indent
    }
}

/// What a line `</region>` means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum RegionEnd {
    /// The region itself holds such tags.
    #[default]
    Text,
    /// The end, if nothing follows.
    Possible,
    /// The end: `<region>` was echoed too.
    Expected,
}

/// The stage that ends the answer.
#[derive(Clone, Debug, Default)]
pub(super) struct Fence {
    marker: Option<Marker>,
    /// The text has fences of its own: only one that nothing follows is the outer fence's end.
    only_last: bool,
    region: RegionEnd,
    /// A fence inside that is open.
    inner: Option<Marker>,
    /// The start of the line while it may be an end; `None` once it cannot.
    line: Option<String>,
    /// Ends, and blank lines behind them, that are text if anything follows.
    held: Vec<Held>,
    held_fence: Option<Marker>,
    done: bool,
}

/// What a complete line is.
enum Line {
    Text,
    FenceEnd(Marker),
    RegionEnd,
}

impl Fence {
    pub(super) fn new(marker: Option<Marker>, only_last: bool, region: RegionEnd) -> Self {
        Fence {
            marker,
            only_last,
            region,
            line: Some(String::new()),
            ..Fence::default()
        }
    }

    pub(super) fn take(&mut self, token: Token<'_>, rest: &mut impl Sink) {
        if self.done {
            return;
        }
        match (token, self.line.take()) {
            (Token::Text(_), None) => rest.token(token),
            (Token::Text(text), Some(mut line)) => {
                line.push_str(text);
                if self.may_end(&line) {
                    self.line = Some(line);
                } else {
                    self.release(rest);
                    rest.text(&line);
                }
            }
            (Token::Break(_), None) => {
                rest.token(token);
                self.line = Some(String::new());
            }
            (Token::Break(_), Some(line)) => {
                self.complete(&line, Some(token), rest);
                self.line = Some(String::new());
            }
        }
    }

    pub(super) fn end(&mut self, rest: &mut impl Sink) {
        if let Some(line) = self.line.take()
            && !self.done
        {
            self.complete(&line, None, rest);
        }
    }

    fn may_end(&self, line: &str) -> bool {
        let text = line.trim_start_matches([' ', '\t']);
        if text.is_empty() && !self.held.is_empty() {
            return true;
        }
        let region = self.region != RegionEnd::Text
            && (REGION_END.starts_with(line) || line.trim_end() == REGION_END);
        region
            || self.marker.is_some_and(|marker| {
                let run = text.len() - text.trim_start_matches(marker.character).len();
                line.len() - text.len() <= marker.indent && (run == text.len() || run >= 3)
            })
    }

    fn complete(&mut self, line: &str, line_break: Option<Token<'_>>, rest: &mut impl Sink) {
        let hold = match self.judge(line) {
            Line::FenceEnd(_) if !self.only_last => {
                self.done = true;
                return;
            }
            Line::RegionEnd if self.region == RegionEnd::Expected => {
                self.done = true;
                return;
            }
            Line::FenceEnd(marker) => {
                self.held_fence = Some(marker);
                true
            }
            Line::RegionEnd => true,
            Line::Text => line.trim().is_empty() && !self.held.is_empty(),
        };
        if hold {
            if !line.is_empty() {
                self.held.push(Held::Text(line.to_owned()));
            }
            self.held.extend(line_break.map(Held::from));
            return;
        }
        self.release(rest);
        rest.text(line);
        if let Some(line_break) = line_break {
            rest.token(line_break);
        }
    }

    fn judge(&mut self, line: &str) -> Line {
        if self.region != RegionEnd::Text && line.trim_end() == REGION_END {
            return Line::RegionEnd;
        }
        let Some(outer) = self.marker else {
            return Line::Text;
        };
        let Some((marker, _)) = Marker::opening(line).filter(|(marker, _)| marker.closes(outer))
        else {
            return Line::Text;
        };
        let bare = line.trim().chars().all(|c| c == marker.character);
        // A held fence that another fence follows was the start of a block inside.
        let inner = self.held_fence.take().or(self.inner);
        match inner {
            Some(inner) if bare && marker.closes(inner) => self.inner = None,
            Some(_) => self.inner = inner,
            None if bare => return Line::FenceEnd(marker),
            None => self.inner = Some(marker),
        }
        Line::Text
    }

    /// Gives what was held, as something follows it.
    fn release(&mut self, rest: &mut impl Sink) {
        if let Some(marker) = self.held_fence.take() {
            self.inner = Some(marker);
        }
        for token in self.held.drain(..) {
            rest.token(token.as_token());
        }
    }
}
