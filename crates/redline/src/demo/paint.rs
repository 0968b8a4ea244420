//! Colours, where the terminal and the person want them (`NO_COLOR`).

use std::io::{self, IsTerminal as _};

/// What a piece of text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ink {
    Plain,
    Added,
    Removed,
    Dim,
    Bold,
}

/// Whether to colour.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    is_on: bool,
}

impl Paint {
    /// As stdout is and `NO_COLOR` says.
    pub(super) fn of_stdout() -> Paint {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|it| !it.is_empty());
        Paint {
            is_on: !refused && io::stdout().is_terminal(),
        }
    }

    /// The text with its colour, set back at its end.
    pub(super) fn of(self, ink: Ink, text: &str) -> String {
        let code = match ink {
            Ink::Plain => return text.to_owned(),
            _ if !self.is_on || text.is_empty() => return text.to_owned(),
            Ink::Added => "32",
            Ink::Removed => "2;31",
            Ink::Dim => "2",
            Ink::Bold => "1",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
