//! [`Documents`]: the mirrors of all open documents, readable by anyone at once.

use dashmap::DashMap;
use text::{ApplyError, ChangeSet, ContentChange, Document, Encoding, Text, VersionRule};

/// What a change did to a mirror.
pub(crate) enum Applied {
    /// The mirror moved: its changes in order, the text after them, the version.
    Moved(Vec<ChangeSet>, Text, i32),
    /// The mirror was out of step and has the whole text now.
    Reset(Text, i32),
    /// The mirror has just lost step.
    Lost(ApplyError),
    /// It was out of step already.
    StillLost,
    /// No such document is open.
    NotOpen,
}

/// The mirrors by URI.
#[derive(Default)]
pub(crate) struct Documents {
    open: DashMap<String, Document>,
}

impl Documents {
    pub(crate) fn open(&self, uri: &str, text: &str, version: i32, rule: VersionRule) -> Text {
        let document = Document::open(text, version, rule);
        let text = document.text().clone();
        self.open.insert(uri.to_owned(), document);
        text
    }

    pub(crate) fn close(&self, uri: &str) {
        self.open.remove(uri);
    }

    pub(crate) fn change(
        &self,
        uri: &str,
        version: i32,
        changes: &[ContentChange],
        encoding: Encoding,
    ) -> Applied {
        let Some(mut document) = self.open.get_mut(uri) else {
            return Applied::NotOpen;
        };
        let was_lost = document.out_of_step().is_some();
        match document.apply(version, changes, encoding) {
            Ok(_) if was_lost => Applied::Reset(document.text().clone(), version),
            Ok(sets) => Applied::Moved(sets, document.text().clone(), version),
            Err(_) if was_lost => Applied::StillLost,
            Err(error) => Applied::Lost(error),
        }
    }

    /// A save that carried the text. Gives the text if that brought the document back in step.
    pub(crate) fn saved(&self, uri: &str, text: &str) -> Option<(Text, i32)> {
        let mut document = self.open.get_mut(uri)?;
        document.out_of_step()?;
        document.confirm(text);
        Some((document.text().clone(), document.version()))
    }
}
