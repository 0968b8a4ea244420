//! [`Document`]: the mirror of one open document. Changed only by what the editor reports; exact or out of step.

use std::ops::Range;

use thiserror::Error;

use crate::{ChangeSet, Encoding, Position, PositionError, Text};

/// One content change as the editor reports it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentChange {
    /// What is replaced, in the text left by the changes before it; `None` replaces everything.
    pub range: Option<Range<Position>>,
    /// The text put there.
    pub text: String,
}

/// How an editor counts versions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum VersionRule {
    /// One up for each change notification: a jump means that a notification was lost.
    #[default]
    Consecutive,
    /// Always up, by any step (Neovim's changedtick, Kakoune's timestamp).
    Increasing,
}

/// Why the mirror and the editor have gone apart.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ApplyError {
    /// A version that does not follow the last one.
    #[error("version {got} does not follow version {have}")]
    Version {
        /// The mirror's version.
        have: i32,
        /// The version that came.
        got: i32,
    },
    /// A range that names no place in the mirror's text.
    #[error("a change names a place that is not there: {0}")]
    Position(#[from] PositionError),
    /// A range that ends before it starts.
    #[error("a change ends at {end:?}, before its start at {start:?}")]
    Backwards {
        /// Start of the range.
        start: Position,
        /// End of the range.
        end: Position,
    },
    /// The mirror was out of step already, and this change does not carry the whole text.
    #[error("the mirror is out of step since an earlier change")]
    OutOfStep,
}

/// The mirror of one document: text, version, and whether it can be trusted.
///
/// After an error the document is out of step: it is not to be relied on until a change carries the
/// whole text, the text is confirmed by [`Document::confirm`], or it is opened anew.
#[derive(Clone, Debug)]
pub struct Document {
    text: Text,
    version: i32,
    rule: VersionRule,
    out_of_step: Option<ApplyError>,
}

impl Document {
    /// A document as the editor opened it.
    pub fn open(text: &str, version: i32, rule: VersionRule) -> Self {
        Document {
            text: Text::from(text),
            version,
            rule,
            out_of_step: None,
        }
    }

    /// The text; clone it for an O(1) snapshot.
    pub fn text(&self) -> &Text {
        &self.text
    }

    /// The version of the text.
    pub fn version(&self) -> i32 {
        self.version
    }

    /// Why the mirror cannot be trusted, if it cannot.
    pub fn out_of_step(&self) -> Option<&ApplyError> {
        self.out_of_step.as_ref()
    }

    /// Applies one change notification: all its changes in order, or none. Gives each as a change set of the
    /// text before it. O(changes × log n).
    ///
    /// Once out of step the text is still carried along as well as it can be, so that
    /// [`Document::confirm`] has something to compare, but nobody may rely on it.
    ///
    /// # Errors
    /// The document is out of step from then on, until a change carries the whole text.
    pub fn apply(
        &mut self,
        version: i32,
        changes: &[ContentChange],
        encoding: Encoding,
    ) -> Result<Vec<ChangeSet>, ApplyError> {
        let whole = changes.iter().any(|change| change.range.is_none());
        let gap = ApplyError::Version {
            have: self.version,
            got: version,
        };
        let resync = whole && self.out_of_step.is_some();
        if version <= self.version && !resync {
            return Err(self.lose_step(gap));
        }
        let (text, sets) = match changed(&self.text, changes, encoding) {
            Ok(changed) => changed,
            Err(error) => return Err(self.lose_step(error)),
        };
        let skipped = version != self.version.wrapping_add(1);
        self.text = text;
        self.version = version;
        if whole {
            self.out_of_step = None;
        } else if skipped && self.rule == VersionRule::Consecutive {
            return Err(self.lose_step(gap));
        } else if self.out_of_step.is_some() {
            return Err(ApplyError::OutOfStep);
        }
        Ok(sets)
    }

    fn lose_step(&mut self, error: ApplyError) -> ApplyError {
        self.out_of_step.get_or_insert(error.clone());
        error
    }

    /// Takes the editor's word for the whole text (a save that carries it). A document out of step is in
    /// step again; gives whether the mirror had been right all along. Cost is the length of the text.
    pub fn confirm(&mut self, text: &str) -> bool {
        let same = self.text.range_is(0..self.text.len(), text);
        if self.out_of_step.take().is_some() {
            if same {
                // Only the counting was unusual: versions that jump are this editor's way.
                self.rule = VersionRule::Increasing;
            } else {
                self.text = Text::from(text);
            }
        }
        same
    }
}

/// The text after all changes, and each as a change set of the text before it.
fn changed(
    text: &Text,
    changes: &[ContentChange],
    encoding: Encoding,
) -> Result<(Text, Vec<ChangeSet>), ApplyError> {
    let mut text = text.clone();
    let mut sets = Vec::with_capacity(changes.len());
    for change in changes {
        let range = match &change.range {
            None => 0..text.len(),
            Some(range) => byte_range(&text, range, encoding)?,
        };
        let inserted = change.text.as_str();
        sets.push(ChangeSet::replace(text.len(), range.clone(), inserted));
        text.replace(range, inserted);
    }
    Ok((text, sets))
}

fn byte_range(
    text: &Text,
    range: &Range<Position>,
    encoding: Encoding,
) -> Result<Range<usize>, ApplyError> {
    let start = text.offset(range.start, encoding)?;
    let end = text.offset(range.end, encoding)?;
    if end < start {
        return Err(ApplyError::Backwards {
            start: range.start,
            end: range.end,
        });
    }
    Ok(start..end)
}

#[cfg(test)]
mod tests;
