//! The editor behind the client: documents as plain strings that take edits and report changes in the way
//! that `manner` says.
//! Sending and waiting is the client's part, one level up.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Instant;

use serde_json::{Value, json};

use super::manner::{Count, Manner, Report, Stale};
use super::position::{Encoding, Position, offset, position};

/// One replacement that a server's edit made.
#[derive(Clone, Debug)]
pub struct Applied {
    pub at: Instant,
    /// Bytes of the text just before this replacement.
    pub range: Range<usize>,
    pub removed: String,
    pub inserted: String,
    /// The document's version before the edit.
    pub version: i32,
}

/// An open document.
#[derive(Clone, Debug)]
pub struct Document {
    pub text: String,
    pub version: i32,
    /// What servers have replaced, in order.
    pub applied: Vec<Applied>,
    /// Edits that were not taken, because they were made for another version.
    pub refused: usize,
    /// Where servers may change this text, in bytes; empty sets no bounds. Follows every change: what a person
    /// types at an end of a range is outside of it.
    pub watched: Vec<Range<usize>>,
    /// Content changes that no `didChange` has carried yet.
    unsent: Vec<Value>,
}

/// A replacement in bytes of the text before any of its siblings.
type Replacement = (Range<usize>, String);

/// All open documents and the manners.
#[derive(Debug)]
pub(super) struct Editor {
    pub(super) documents: BTreeMap<String, Document>,
    pub(super) manner: Manner,
    pub(super) encoding: Encoding,
    /// Edits that were applied, but ought not to have been sent.
    pub(super) complaints: Vec<String>,
}

/// What the editor has to say about an edit.
pub(super) enum Verdict {
    /// The answer; the changes are made and wait to be reported.
    Answer(Value),
    Error(String),
    /// The server broke the protocol.
    Violation(String),
}

impl Editor {
    pub(super) fn open(&mut self, uri: &str, text: &str) -> i32 {
        let document = Document {
            text: text.to_owned(),
            version: self.manner.first_version,
            applied: Vec::new(),
            refused: 0,
            watched: Vec::new(),
            unsent: Vec::new(),
        };
        let version = document.version;
        self.documents.insert(uri.to_owned(), document);
        version
    }

    /// The user's own change.
    pub(super) fn replace(&mut self, uri: &str, range: Range<usize>, text: &str) {
        let (manner, encoding) = (self.manner, self.encoding);
        let document = self.documents.get_mut(uri).expect("the document is open");
        // Typing is reported as it was, save for editors that always merge or send the whole.
        let report = match manner.report {
            Report::Whole => Report::Whole,
            _ => Report::Exact,
        };
        document.follow_person(&range, text.len());
        document.change(vec![(range, text.to_owned())], report, encoding);
        document.count(Count::Changes, manner);
    }

    /// Takes the changes not yet reported: parameters of a `didChange`, or of several, or of none when there is
    /// nothing to say.
    pub(super) fn take_unsent(&mut self, uri: &str) -> Vec<Value> {
        let Some(document) = self.documents.get_mut(uri) else {
            return Vec::new();
        };
        let changes = std::mem::take(&mut document.unsent);
        if changes.is_empty() {
            return Vec::new();
        }
        let report = |version: i32, changes: Vec<Value>| {
            json!({
                "textDocument": { "uri": uri, "version": version }, "contentChanges": changes,
            })
        };
        if !self.manner.splits {
            document.count(Count::Reports, self.manner);
            return vec![report(document.version, changes)];
        }
        // All but one of the versions are still to be counted.
        let step = self.manner.version_step;
        let first = document.version;
        document.version += step * (changes.len() as i32 - 1);
        let changes = changes.into_iter().zip(0..);
        changes
            .map(|(change, index)| report(first + step * index, vec![change]))
            .collect()
    }

    /// A server's `workspace/applyEdit`.
    pub(super) fn apply_edit(&mut self, params: &Value) -> Verdict {
        let edits = match self.read_edits(params) {
            Ok(edits) => edits,
            Err(violation) => return Verdict::Violation(violation),
        };
        let (manner, encoding) = (self.manner, self.encoding);
        for edit in &edits {
            let document = self.documents.get_mut(&edit.uri).expect("it is open");
            let is_known = manner.count == Count::Changes || document.unsent.is_empty();
            let is_current = is_known
                && match (edit.version, manner.stale) {
                    (Some(version), Stale::Claim) => version == 0 || version >= document.version,
                    (Some(version), _) => version == document.version,
                    (None, _) => true,
                };
            if is_current {
                continue;
            }
            document.refused += 1;
            return match manner.stale {
                Stale::Refuse => Verdict::Answer(json!({
                    "applied": false, "failureReason": "document has changed", "failedChange": 0,
                })),
                Stale::Claim => Verdict::Answer(json!({ "applied": true })),
                Stale::Fail => Verdict::Error("the document has another version".to_owned()),
            };
        }
        for edit in edits {
            let document = self.documents.get_mut(&edit.uri).expect("it is open");
            match document.resolve(edit.edits, encoding) {
                Ok(replacements) => {
                    // An unchecked edit for another version may point anywhere, without a fault of the server.
                    let is_meant = edit.version.is_none_or(|it| it == document.version);
                    let strays = document.follow_server(&replacements);
                    self.complaints
                        .extend(strays.into_iter().filter(|_| is_meant));
                    document.note_applied(&replacements);
                    document.change(replacements, manner.report, encoding);
                    document.count(Count::Changes, manner);
                }
                Err(what) if edit.version != Some(document.version) => return Verdict::Error(what),
                Err(what) => return Verdict::Violation(what),
            }
        }
        Verdict::Answer(json!({ "applied": true }))
    }

    /// The edit of each document, of either shape of a `WorkspaceEdit`.
    fn read_edits(&self, params: &Value) -> Result<Vec<DocumentEdit>, String> {
        let mut edits = Vec::new();
        if let Some(changes) = params["edit"]["documentChanges"].as_array() {
            for change in changes {
                let identifier = &change["textDocument"];
                let uri = identifier["uri"].as_str();
                let version = match identifier.get("version") {
                    Some(Value::Null) => None,
                    Some(Value::Number(number)) => number.as_i64().map(|it| it as i32),
                    _ => return Err(format!("the version is missing: {identifier}")),
                };
                edits.push(DocumentEdit {
                    uri: uri
                        .ok_or_else(|| format!("no text edit: {change}"))?
                        .to_owned(),
                    version,
                    edits: read_text_edits(&change["edits"])?,
                });
            }
        } else if let Some(changes) = params["edit"]["changes"].as_object() {
            for (uri, list) in changes {
                edits.push(DocumentEdit {
                    uri: uri.clone(),
                    version: None,
                    edits: read_text_edits(list)?,
                });
            }
        } else {
            return Err("no edit".to_owned());
        }
        match edits
            .iter()
            .find(|edit| !self.documents.contains_key(&edit.uri))
        {
            Some(edit) => Err(format!("an edit for {}, which is not open", edit.uri)),
            None => Ok(edits),
        }
    }
}

struct DocumentEdit {
    uri: String,
    version: Option<i32>,
    edits: Vec<TextEdit>,
}

struct TextEdit {
    start: Position,
    end: Position,
    text: String,
}

fn read_text_edits(list: &Value) -> Result<Vec<TextEdit>, String> {
    let list = list.as_array().ok_or("no list of edits")?;
    let edits = list.iter().map(|edit| {
        Ok(TextEdit {
            start: Position::from_json(&edit["range"]["start"])?,
            end: Position::from_json(&edit["range"]["end"])?,
            text: edit["newText"].as_str().ok_or("no newText")?.to_owned(),
        })
    });
    edits.collect()
}

impl Document {
    fn count(&mut self, step: Count, manner: Manner) {
        if manner.count == step {
            self.version += manner.version_step;
        }
    }

    /// Replacements in order of the text, checked: inside the text, right way round, not overlapping.
    fn resolve(
        &self,
        edits: Vec<TextEdit>,
        encoding: Encoding,
    ) -> Result<Vec<Replacement>, String> {
        let mut replacements = Vec::new();
        for TextEdit { start, end, text } in edits {
            let range = offset(&self.text, start, encoding)?..offset(&self.text, end, encoding)?;
            if range.start > range.end {
                return Err(format!("the range {start} to {end} is the wrong way round"));
            }
            replacements.push((range, text));
        }
        replacements.sort_by_key(|(range, _)| (range.start, range.end));
        for pair in replacements.windows(2) {
            let (before, after) = (&pair[0].0, &pair[1].0);
            if before.end > after.start || before == after {
                return Err(format!("edits overlap: bytes {before:?} and {after:?}"));
            }
        }
        Ok(replacements)
    }

    /// Moves the watched ranges along with a person's replacement by text of `length` bytes.
    fn follow_person(&mut self, range: &Range<usize>, length: usize) {
        for watched in &mut self.watched {
            if range.end <= watched.start {
                *watched = watched.start + length - range.len()..watched.end + length - range.len();
            } else if range.start < watched.end {
                let end = match range.end > watched.end {
                    true => range.start.max(watched.start),
                    false => watched.end + length - range.len(),
                };
                // What replaces text across the start stands outside.
                let start = match range.start < watched.start {
                    true => range.start + length,
                    false => watched.start,
                };
                *watched = start..end.max(start);
            }
        }
    }

    /// Moves the watched ranges along with a server's replacements; says which of them stand in none.
    fn follow_server(&mut self, replacements: &[Replacement]) -> Vec<String> {
        let mut strays = Vec::new();
        if self.watched.is_empty() {
            return strays;
        }
        for (range, text) in replacements.iter().rev() {
            let holds = |it: &Range<usize>| it.start <= range.start && range.end <= it.end;
            let Some(home) = self.watched.iter().position(holds) else {
                let removed = &self.text[range.clone()];
                strays.push(format!(
                    "an edit outside of {:?}: bytes {range:?}, {removed:?} to {text:?}",
                    self.watched
                ));
                continue;
            };
            for (index, watched) in self.watched.iter_mut().enumerate() {
                if index == home {
                    watched.end = watched.end + text.len() - range.len();
                } else if watched.start >= range.end {
                    watched.start = watched.start + text.len() - range.len();
                    watched.end = watched.end + text.len() - range.len();
                }
            }
        }
        strays
    }

    fn note_applied(&mut self, replacements: &[Replacement]) {
        let at = Instant::now();
        // The last one is made first, so that the earlier ranges still hold.
        for (range, inserted) in replacements.iter().rev() {
            self.applied.push(Applied {
                at,
                range: range.clone(),
                removed: self.text[range.clone()].to_owned(),
                inserted: inserted.clone(),
                version: self.version,
            });
        }
    }

    /// Changes the text and puts into words what changed.
    fn change(&mut self, replacements: Vec<Replacement>, report: Report, encoding: Encoding) {
        if replacements.is_empty() {
            return;
        }
        match report {
            Report::Exact | Report::LineTails => {
                for (mut range, mut text) in replacements.into_iter().rev() {
                    let has_end = |text: &str| text.contains(['\r', '\n']);
                    let over_lines = has_end(&text) || has_end(&self.text[range.clone()]);
                    if report == Report::LineTails && over_lines {
                        let rest = &self.text[range.end..];
                        let tail = &rest[..rest.find(['\r', '\n']).unwrap_or(rest.len())];
                        text.push_str(tail);
                        range.end += tail.len();
                    }
                    self.change_once(range, &text, encoding);
                }
            }
            Report::TopDown => {
                let mut shift = 0_isize;
                for (range, text) in replacements {
                    let moved =
                        |at: usize| at.checked_add_signed(shift).expect("a place in the text");
                    let now = moved(range.start)..moved(range.end);
                    self.change_once(now, &text, encoding);
                    shift += text.len() as isize - range.len() as isize;
                }
            }
            Report::Merged => {
                let start = replacements[0].0.start;
                let end = replacements[replacements.len() - 1].0.end;
                let mut text = self.text[start..end].to_owned();
                for (range, inserted) in replacements.into_iter().rev() {
                    text.replace_range(range.start - start..range.end - start, &inserted);
                }
                self.change_once(start..end, &text, encoding);
            }
            Report::Whole => {
                for (range, text) in replacements.into_iter().rev() {
                    self.text.replace_range(range, &text);
                }
                self.unsent = vec![json!({ "text": self.text })];
            }
        }
    }

    fn change_once(&mut self, range: Range<usize>, text: &str, encoding: Encoding) {
        let start = position(&self.text, range.start, encoding).to_json();
        let end = position(&self.text, range.end, encoding).to_json();
        self.unsent
            .push(json!({ "range": { "start": start, "end": end }, "text": text }));
        self.text.replace_range(range, text);
    }
}

#[cfg(test)]
mod tests;
