//! [`Step`]: one thing that happens in a simulated session, as data; printed as it would stand in Rust, and
//! read back. What a step does is `world`'s.

use std::fmt::{self, Display};

use rewrite::Apply;

/// A place in the editor's text, found anew each time so that a script survives the loss of other steps.
/// Shares are in thousandths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// A share of the whole text.
    At(u32),
    /// A share of the region of the n-th active rewrite.
    In(u32, u32),
    /// Where the region of the n-th active rewrite starts.
    StartOf(u32),
    /// Where the region of the n-th active rewrite ends.
    EndOf(u32),
    /// Where the person typed last.
    Cursor,
}

/// How a model's answer ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The whole answer came.
    Completed,
    /// The service stopped it.
    Incomplete,
    /// The service reports an error.
    Failed,
    /// The service sends a refusal, then completes.
    Refused,
    /// The connection broke.
    Dropped,
}

/// What a formatter does to the whole file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Formatting {
    /// Every line that is not blank gets so many spaces; reported as the formatter's own small changes.
    Minimal(u32),
    /// The same, as one replacement of the whole text.
    Whole(u32),
}

/// One thing that happens. Rewrites and hunks are counted among those that are there, modulo their number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The person types.
    Type(Place, String),
    /// The person deletes so many characters.
    Delete(Place, u32),
    /// The person replaces so many characters.
    Replace(Place, u32, String),
    /// The editor's undo.
    Undo,
    /// The editor's redo.
    Redo,
    /// The person formats the file.
    Format(Formatting),
    /// The person saves.
    Save,
    /// A rewrite of some lines begins: a share of the lines, how many, how it applies, what the model will say.
    Start(u32, u32, Apply, String, Ending),
    /// The model says so many more characters, or ends.
    Stream(u32, u32),
    /// The person accepts a rewrite.
    Accept(u32),
    /// The person rejects a rewrite.
    Reject(u32),
    /// The person accepts one hunk.
    AcceptHunk(u32, u32),
    /// The person rejects one hunk.
    RejectHunk(u32, u32),
    /// The person stops the stream.
    Interrupt(u32),
    /// The person asks for something else instead; what the model will say.
    Redirect(u32, String, Ending),
    /// The file is closed and opened again.
    Reopen,
    /// The editor takes the next request; the number chooses where the editor may choose.
    Edit(u32),
    /// The editor reports what it has not reported, in so many notifications.
    Report(u32),
    /// The editor's version moves without any report.
    Preview(u32),
    /// The server takes so many messages, then sees to its work.
    Serve(u32),
    /// So many microseconds pass.
    Pass(u32),
}

impl Step {
    /// The name of the event.
    pub fn name(&self) -> &'static str {
        match self {
            Step::Type(..) => "Type",
            Step::Delete(..) => "Delete",
            Step::Replace(..) => "Replace",
            Step::Undo => "Undo",
            Step::Redo => "Redo",
            Step::Format(..) => "Format",
            Step::Save => "Save",
            Step::Start(..) => "Start",
            Step::Stream(..) => "Stream",
            Step::Accept(..) => "Accept",
            Step::Reject(..) => "Reject",
            Step::AcceptHunk(..) => "AcceptHunk",
            Step::RejectHunk(..) => "RejectHunk",
            Step::Interrupt(..) => "Interrupt",
            Step::Redirect(..) => "Redirect",
            Step::Reopen => "Reopen",
            Step::Edit(..) => "Edit",
            Step::Report(..) => "Report",
            Step::Preview(..) => "Preview",
            Step::Serve(..) => "Serve",
            Step::Pass(..) => "Pass",
        }
    }

    /// Every event's name, in the order of the coverage table.
    pub const NAMES: [&'static str; 21] = [
        "Type",
        "Delete",
        "Replace",
        "Undo",
        "Redo",
        "Format",
        "Save",
        "Start",
        "Stream",
        "Accept",
        "Reject",
        "AcceptHunk",
        "RejectHunk",
        "Interrupt",
        "Redirect",
        "Reopen",
        "Edit",
        "Report",
        "Preview",
        "Serve",
        "Pass",
    ];
}

impl Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self:?}")
    }
}

/// A session as a script: an editor's name, the text that it opens, what happens, and what becomes at the
/// end of what is still undecided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Script {
    /// The name of the editor's model.
    pub editor: String,
    /// The file's text.
    pub text: String,
    /// What happens.
    pub steps: Vec<Step>,
    /// Whether what is undecided at the end is accepted.
    pub accept: bool,
}

impl Display for Script {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Script {
            editor,
            text,
            steps,
            accept,
        } = self;
        writeln!(f, "Script({editor:?}, {text:?}, {accept})")?;
        steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl Script {
    /// Reads what `Display` writes; lines that begin with `//` are comments.
    ///
    /// # Errors
    /// The line that cannot be read.
    pub fn parse(source: &str) -> Result<Script, String> {
        let mut script = None;
        for line in source.lines().map(str::trim) {
            if line.is_empty() || line.starts_with("//") {
                continue;
            }
            let term = Term::parse(line).ok_or_else(|| format!("cannot read: {line}"))?;
            match &mut script {
                None => {
                    script = Some(Script {
                        editor: term.text(0).to_owned(),
                        text: term.text(1).to_owned(),
                        steps: Vec::new(),
                        accept: term.word(2) == "true",
                    });
                }
                Some(script) => {
                    let step = term.step().ok_or_else(|| format!("no step: {line}"))?;
                    script.steps.push(step);
                }
            }
        }
        script.ok_or_else(|| "no script".to_owned())
    }
}

/// `Name(argument, …)`; a bare name, a number and a text are terms too.
#[derive(Debug)]
struct Term {
    name: String,
    text: Option<String>,
    args: Vec<Term>,
}

impl Term {
    fn parse(source: &str) -> Option<Term> {
        let mut rest = source;
        let term = Term::take(&mut rest)?;
        rest.trim().is_empty().then_some(term)
    }

    fn take(rest: &mut &str) -> Option<Term> {
        *rest = rest.trim_start();
        let mut term = Term {
            name: String::new(),
            text: None,
            args: Vec::new(),
        };
        if rest.starts_with('"') {
            term.text = Some(take_text(rest)?);
            return Some(term);
        }
        let end = rest
            .find(|c: char| !c.is_alphanumeric())
            .unwrap_or(rest.len());
        if end == 0 {
            return None;
        }
        term.name = rest[..end].to_owned();
        *rest = &rest[end..];
        if let Some(inner) = rest.strip_prefix('(') {
            *rest = inner;
            loop {
                term.args.push(Term::take(rest)?);
                *rest = rest.trim_start();
                if let Some(next) = rest.strip_prefix(',') {
                    *rest = next;
                } else {
                    *rest = rest.strip_prefix(')')?;
                    break;
                }
            }
        }
        Some(term)
    }

    fn text(&self, index: usize) -> &str {
        let arg = self.args.get(index).and_then(|arg| arg.text.as_deref());
        arg.unwrap_or_default()
    }

    fn word(&self, index: usize) -> &str {
        self.args.get(index).map_or("", |arg| arg.name.as_str())
    }

    fn number(&self, index: usize) -> Option<u32> {
        self.word(index).parse().ok()
    }

    fn place(&self) -> Option<Place> {
        let place = self.args.first()?;
        Some(match place.name.as_str() {
            "At" => Place::At(place.number(0)?),
            "In" => Place::In(place.number(0)?, place.number(1)?),
            "StartOf" => Place::StartOf(place.number(0)?),
            "EndOf" => Place::EndOf(place.number(0)?),
            "Cursor" => Place::Cursor,
            _ => return None,
        })
    }

    fn ending(&self, index: usize) -> Option<Ending> {
        Some(match self.word(index) {
            "Completed" => Ending::Completed,
            "Incomplete" => Ending::Incomplete,
            "Failed" => Ending::Failed,
            "Refused" => Ending::Refused,
            "Dropped" => Ending::Dropped,
            _ => return None,
        })
    }

    fn step(&self) -> Option<Step> {
        let text = |index| self.text(index).to_owned();
        Some(match self.name.as_str() {
            "Type" => Step::Type(self.place()?, text(1)),
            "Delete" => Step::Delete(self.place()?, self.number(1)?),
            "Replace" => Step::Replace(self.place()?, self.number(1)?, text(2)),
            "Undo" => Step::Undo,
            "Redo" => Step::Redo,
            "Format" => {
                let how = self.args.first()?;
                Step::Format(match how.name.as_str() {
                    "Minimal" => Formatting::Minimal(how.number(0)?),
                    "Whole" => Formatting::Whole(how.number(0)?),
                    _ => return None,
                })
            }
            "Save" => Step::Save,
            "Start" => {
                let apply = match self.word(2) {
                    "Live" => Apply::Live,
                    "Once" => Apply::Once,
                    "Preview" => Apply::Preview,
                    _ => return None,
                };
                let (at, lines) = (self.number(0)?, self.number(1)?);
                Step::Start(at, lines, apply, text(3), self.ending(4)?)
            }
            "Stream" => Step::Stream(self.number(0)?, self.number(1)?),
            "Accept" => Step::Accept(self.number(0)?),
            "Reject" => Step::Reject(self.number(0)?),
            "AcceptHunk" => Step::AcceptHunk(self.number(0)?, self.number(1)?),
            "RejectHunk" => Step::RejectHunk(self.number(0)?, self.number(1)?),
            "Interrupt" => Step::Interrupt(self.number(0)?),
            "Redirect" => Step::Redirect(self.number(0)?, text(1), self.ending(2)?),
            "Reopen" => Step::Reopen,
            "Edit" => Step::Edit(self.number(0)?),
            "Report" => Step::Report(self.number(0)?),
            "Preview" => Step::Preview(self.number(0)?),
            "Serve" => Step::Serve(self.number(0)?),
            "Pass" => Step::Pass(self.number(0)?),
            _ => return None,
        })
    }
}

/// A text in quotes, as `Debug` writes it.
fn take_text(rest: &mut &str) -> Option<String> {
    let mut out = String::new();
    let mut chars = rest.char_indices().skip(1);
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => {
                *rest = &rest[at + 1..];
                return Some(out);
            }
            '\\' => match chars.next()?.1 {
                'n' => out.push('\n'),
                'r' => out.push('\r'),
                't' => out.push('\t'),
                'u' => {
                    let mut code = 0;
                    for (_, c) in chars.by_ref() {
                        match c {
                            '{' => {}
                            '}' => break,
                            c => code = code * 16 + c.to_digit(16)?,
                        }
                    }
                    out.push(char::from_u32(code)?);
                }
                c => out.push(c),
            },
            c => out.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_reads_back_as_it_was_written() {
        let script = Script {
            editor: "neovim".to_owned(),
            text: "a\r\n\"🦀\\é\u{200d}\n".to_owned(),
            steps: vec![
                Step::Type(Place::In(0, 512), "x\n".to_owned()),
                Step::Delete(Place::Cursor, 3),
                Step::Format(Formatting::Whole(2)),
                Step::Start(0, 3, Apply::Once, "A\n".to_owned(), Ending::Completed),
                Step::Undo,
                Step::Serve(4),
            ],
            accept: true,
        };
        assert_eq!(Script::parse(&script.to_string()), Ok(script));
    }
}
