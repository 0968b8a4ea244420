//! What a real editor sends for a fixed list of happenings, as a small file: one line for each happening, with what
//! is done and what the editor says. Here are the list and the lines; the recording is in `recorder`, what a person
//! does to each editor in `hands`. The simulation's models of the editors are checked against these files.

mod hands;
mod recorder;

use std::fmt::Write as _;

use serde_json::{Value, json};

pub use hands::{EmacsHands, Hands, HelixHands, NeovimHands, VsCodeHands};
pub use recorder::{CAPABILITIES, Recorder};

/// A replacement by a person or by the server: from and to (line and character from 0, in characters), and the text.
pub type Part = ((u32, u32), (u32, u32), &'static str);

/// One thing that happens to an open file.
#[derive(Clone, Copy, Debug)]
pub enum Happening {
    /// A file with this text is opened; what was open before stays so.
    Open(&'static str),
    /// Letters are typed one by one.
    Type(u32, u32, &'static str),
    /// A line is broken.
    Break(u32, u32),
    /// Whole lines are put in before a line, as one piece.
    Paste(u32, &'static str),
    /// A line is deleted by the editor's key for that.
    Delete(u32),
    Undo,
    Redo,
    /// The server's edit for the version that it knows.
    Edit(&'static [Part]),
    /// The server's edit for the version before that.
    StaleEdit(&'static [Part]),
    /// A letter is typed, and before the server hears of it, it sends an edit.
    TypeAndEdit((u32, u32, &'static str), &'static [Part]),
    /// The person formats the file; the server answers with one replacement of the whole text by this one.
    Format(&'static str),
    Save,
    /// The file is closed and opened again.
    Reopen,
}

use Happening::*;

const TEXT: &str = "alpha = 1\nbeta = 2\ngamma = 3\ndelta = \"𝄞\"\nepsilon = 5\nzeta = 6\n";
const CRLF: &str = "one = 1\r\ntwo = 2\r\nthree = 3\r\nfour = 4\r\n";

/// The list. Texts have no blanks at line starts and no brackets, so that no editor indents or closes anything.
pub const HAPPENINGS: &[Happening] = &[
    Open(TEXT),
    Type(0, 9, "x"),
    Type(3, 10, "y"),
    Type(5, 8, "abc"),
    Break(1, 2),
    Paste(3, "one = 1\ntwo = 2\nthree = 3\n"),
    Delete(4),
    Undo,
    Redo,
    // Within a line; an empty place; several lines apart from each other; lines in the place of similar ones.
    Edit(&[((0, 0), (0, 5), "ALPHA")]),
    Edit(&[((1, 1), (1, 1), "_in_")]),
    Edit(&[((1, 1), (1, 1), "first\nsecond")]),
    Edit(&[
        ((0, 8), (0, 10), "100"),
        ((3, 0), (3, 0), "new = 0\n"),
        ((6, 0), (7, 0), ""),
    ]),
    Undo,
    Redo,
    Edit(&[(
        (4, 0),
        (7, 0),
        "one = 11\ndelta_2 = \"𝄞\"\nmore = 7\nepsilon = 55\n",
    )]),
    Undo,
    Redo,
    Type(0, 0, "z"),
    StaleEdit(&[((1, 0), (1, 1), "stale")]),
    TypeAndEdit((0, 0, "q"), &[((2, 0), (2, 1), "late")]),
    Format("alpha=1\nbeta = 2\ngamma=3\ndelta = 4\n"),
    Save,
    Reopen,
    Type(1, 0, "x"),
    Edit(&[((0, 0), (0, 5), "ALPHA")]),
    Open(CRLF),
    Type(0, 7, "x"),
    Break(1, 1),
    Delete(3),
    Undo,
    Edit(&[((0, 0), (0, 3), "ONE"), ((2, 0), (2, 0), "new = 0\r\n")]),
    Save,
];

/// A trace as it stands in its file.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// The editor, its version, the encoding of its positions.
    pub head: Value,
    /// What was done, and what the editor said.
    pub lines: Vec<(Value, Vec<Value>)>,
}

impl Trace {
    /// The file's text: JSON lines.
    pub fn to_text(&self) -> String {
        let mut text = format!("{}\n", self.head);
        for (does, says) in &self.lines {
            writeln!(text, "{}", json!({ "does": does, "says": says })).ok();
        }
        text
    }

    /// # Errors
    /// When a line is not JSON.
    pub fn parse(text: &str) -> Result<Trace, String> {
        let mut lines = text.lines().map(|line| {
            serde_json::from_str::<Value>(line).map_err(|error| format!("{line}: {error}"))
        });
        let head = lines.next().ok_or("the file is empty")??;
        let says = |line: Value| {
            let says = line["says"].as_array().cloned().unwrap_or_default();
            (line["does"].clone(), says)
        };
        let lines = lines.map(|line| line.map(says)).collect::<Result<_, _>>()?;
        Ok(Trace { head, lines })
    }

    /// What is otherwise in `now`, or nothing. The editor's own version is free, and how far that of a document moves
    /// where it does not count by one.
    pub fn differs(&self, now: &Trace) -> Option<String> {
        let pairs = self.lines.iter().zip(&now.lines);
        for ((does, then), (now_does, says)) in pairs {
            if does != now_does || free(then) != free(says) {
                return Some(format!(
                    "recorded {}\n    then {}\n     now {}",
                    does,
                    Value::from(then.clone()),
                    Value::from(says.clone())
                ));
            }
        }
        (self.lines.len() != now.lines.len()).then(|| "another number of happenings".to_owned())
    }
}

/// With steps of the version above one as two.
fn free(says: &[Value]) -> Vec<Value> {
    let mut says = says.to_vec();
    for it in &mut says {
        if let Some(by) = it["changed"]["by"].as_i64() {
            it["changed"]["by"] = by.clamp(-1, 2).into();
        }
    }
    says
}

impl Happening {
    /// As the trace's file has it.
    pub fn to_json(self) -> Value {
        let parts = |parts: &[Part]| -> Value { parts.iter().map(|it| json!(it)).collect() };
        match self {
            Open(text) => json!({ "open": text }),
            Type(line, character, text) => json!({ "type": [line, character, text] }),
            Break(line, character) => json!({ "break": [line, character] }),
            Paste(line, text) => json!({ "paste": [line, text] }),
            Delete(line) => json!({ "delete": line }),
            Undo => json!("undo"),
            Redo => json!("redo"),
            Edit(it) => json!({ "edit": parts(it) }),
            StaleEdit(it) => json!({ "staleEdit": parts(it) }),
            TypeAndEdit(typed, it) => json!({ "type": typed, "edit": parts(it) }),
            Format(text) => json!({ "format": text }),
            Save => json!("save"),
            Reopen => json!("reopen"),
        }
    }
}
