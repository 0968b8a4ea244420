//! The demo in a terminal: a block of lines that is drawn again in place, and keys.
//!
//! The block stays in the scrollback; there is no alternate screen. Not here: what the keys mean.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::ops::Range;

use crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use crossterm::{cursor, queue, terminal};
use tokio::sync::mpsc;
use unicode_width::UnicodeWidthChar as _;

use super::changes::{Mark, Row, frontier, printable};
use super::paint::{Ink, Paint};

/// A key that means something to the demo.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// In lower case.
    Char(char),
    /// Rows to move the view by.
    Scroll(isize),
    Interrupt,
    Resize,
}

/// What to show.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) rows: &'a [Row],
    /// Rows to keep in view and to point at; otherwise the view follows the growing text.
    pub(super) focus: Option<Range<usize>>,
    pub(super) is_growing: bool,
    pub(super) status: String,
    /// Empty when there is nothing to ask.
    pub(super) question: String,
}

/// A terminal in raw mode, until it is dropped.
#[derive(Debug)]
pub(super) struct Screen {
    paint: Paint,
    top: usize,
    /// Lines of the block on the terminal now.
    drawn: usize,
    size: (u16, u16),
}

impl Screen {
    pub(super) fn start(paint: Paint) -> io::Result<(Screen, mpsc::UnboundedReceiver<Key>)> {
        terminal::enable_raw_mode()?;
        let screen = Screen {
            paint,
            top: 0,
            drawn: 0,
            size: terminal::size().unwrap_or((80, 24)),
        };
        queue!(io::stdout(), cursor::Hide)?;
        let (sender, keys) = mpsc::unbounded_channel();
        // Ends with the process: a read of the terminal cannot be cancelled.
        std::thread::spawn(move || {
            while let Ok(event) = event::read() {
                if let Some(key) = key(&event)
                    && sender.send(key).is_err()
                {
                    return;
                }
            }
        });
        Ok((screen, keys))
    }

    /// Rows that the text gets.
    fn body(&self) -> usize {
        // A title above, the status, the question, and one line that stays free.
        usize::from(self.size.1).saturating_sub(4).clamp(3, 40)
    }

    pub(super) fn scroll(&mut self, by: isize) {
        self.top = self.top.saturating_add_signed(by);
    }

    pub(super) fn resized(&mut self) {
        self.size = terminal::size().unwrap_or(self.size);
    }

    /// Moves the view so that these rows stand in it.
    pub(super) fn show(&mut self, rows: &Range<usize>) {
        let body = self.body();
        if rows.start < self.top + 2 || rows.end + 2 > self.top + body {
            self.top = rows.start.saturating_sub(body / 3);
        }
    }

    pub(super) fn draw(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let body = self.body();
        if frame.is_growing
            && let Some(at) = frontier(frame.rows)
        {
            let low = body * 3 / 4;
            if at < self.top || at > self.top + low {
                self.top = at.saturating_sub(low);
            }
        }
        self.top = self.top.min(frame.rows.len().saturating_sub(body));
        let end = (self.top + body).min(frame.rows.len());
        let grows_at = frontier(frame.rows).filter(|_| frame.is_growing);
        let mut lines: Vec<String> = (self.top..end)
            .map(|at| {
                let is_focus = frame.focus.as_ref().is_some_and(|it| it.contains(&at));
                self.row(&frame.rows[at], is_focus, grows_at == Some(at))
            })
            .collect();
        lines.resize(body, String::new());
        lines.push(self.line(Ink::Dim, &frame.status));
        lines.push(self.line(Ink::Bold, &frame.question));
        self.put(&lines)
    }

    fn put(&mut self, lines: &[String]) -> io::Result<()> {
        let mut out = io::stdout().lock();
        queue!(
            out,
            terminal::BeginSynchronizedUpdate,
            cursor::MoveToColumn(0)
        )?;
        if self.drawn > 1 {
            let up = u16::try_from(self.drawn - 1).unwrap_or(u16::MAX);
            queue!(out, cursor::MoveUp(up))?;
        }
        for (at, line) in lines.iter().enumerate() {
            queue!(out, terminal::Clear(terminal::ClearType::UntilNewLine))?;
            out.write_all(line.as_bytes())?;
            if at + 1 < lines.len() {
                out.write_all(b"\r\n")?;
            }
        }
        queue!(
            out,
            terminal::Clear(terminal::ClearType::FromCursorDown),
            terminal::EndSynchronizedUpdate
        )?;
        self.drawn = lines.len();
        out.flush()
    }

    fn row(&self, row: &Row, is_focus: bool, grows: bool) -> String {
        let (sign, ink) = match row.mark {
            Mark::Same => (' ', Ink::Plain),
            Mark::Added => ('+', Ink::Added),
            Mark::Removed => ('-', Ink::Removed),
        };
        let mut number = String::new();
        if row.mark == Mark::Removed {
            number.push_str("     ");
        } else {
            let _ = write!(number, "{:>4} ", row.line + 1);
        }
        let pointer = if is_focus { '>' } else { ' ' };
        let cursor = if grows { "\u{258f}" } else { "" };
        let room = usize::from(self.size.0).saturating_sub(10);
        let text = cut(&printable(&row.text), room);
        format!(
            "{}{}{}",
            self.paint.of(Ink::Bold, &pointer.to_string()),
            self.paint.of(Ink::Dim, &number),
            self.paint.of(ink, &format!("{sign} {text}{cursor}")),
        )
    }

    fn line(&self, ink: Ink, text: &str) -> String {
        let room = usize::from(self.size.0).saturating_sub(1);
        self.paint.of(ink, &cut(&printable(text), room))
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        // A terminal that is gone needs no restoring.
        let _ = queue!(io::stdout(), cursor::Show);
        let _ = terminal::disable_raw_mode();
        let _ = io::stdout().write_all(b"\n");
        let _ = io::stdout().flush();
    }
}

/// As much of the text as fits in `columns`.
fn cut(text: &str, columns: usize) -> String {
    let mut used = 0;
    text.chars()
        .take_while(|it| {
            used += it.width().unwrap_or(0);
            used <= columns
        })
        .collect()
}

fn key(event: &Event) -> Option<Key> {
    let Event::Key(KeyEvent {
        code,
        modifiers,
        kind: KeyEventKind::Press | KeyEventKind::Repeat,
        ..
    }) = *event
    else {
        return matches!(event, Event::Resize(..)).then_some(Key::Resize);
    };
    Some(match code {
        KeyCode::Char('c' | 'd') if modifiers.contains(KeyModifiers::CONTROL) => Key::Interrupt,
        KeyCode::Char(it) => Key::Char(it.to_ascii_lowercase()),
        KeyCode::Up => Key::Scroll(-1),
        KeyCode::Down => Key::Scroll(1),
        KeyCode::PageUp => Key::Scroll(-10),
        KeyCode::PageDown => Key::Scroll(10),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_count_twice() {
        assert_eq!(cut("漢字ab", 5), "漢字a");
        assert_eq!(cut("漢字", 3), "漢");
        assert_eq!(cut("e\u{301}x", 1), "e\u{301}");
    }
}
