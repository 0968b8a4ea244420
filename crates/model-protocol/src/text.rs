//! How much of a message has been handed on, so that repeats of it are not handed on twice.
//!
//! A message's text comes up to four times: in deltas, when a part ends, when the item ends, and
//! in smaller servers only in one of these. Items and parts follow each other within a response, so
//! position in the stream is enough; ids and indices are missing or wrong in several servers.

/// Text of one kind (answer or refusal) of the running item.
#[derive(Debug, Default)]
pub(crate) struct Delivered {
    /// All of the item so far.
    item: String,
    /// Where in `item` the running part begins, in bytes.
    part: usize,
    /// The part's closing text was seen; a delta after it begins the next part.
    closed: bool,
}

impl Delivered {
    pub(crate) fn begin_item(&mut self) {
        self.item.clear();
        self.begin_part();
    }

    pub(crate) fn begin_part(&mut self) {
        self.part = self.item.len();
        self.closed = false;
    }

    /// Notes a piece that is handed on.
    pub(crate) fn push(&mut self, piece: &str) {
        if self.closed {
            self.begin_part();
        }
        self.item.push_str(piece);
    }

    /// The end of the running part, whose whole text is given: what of it is still owed.
    pub(crate) fn end_part(&mut self, whole: &str) -> String {
        let owed = owed(&self.item[self.part..], whole).to_owned();
        self.item.push_str(&owed);
        self.closed = true;
        owed
    }

    /// The end of the item, whose whole text is given: what of it is still owed.
    pub(crate) fn end_item(&mut self, whole: &str) -> String {
        let owed = owed(&self.item, whole).to_owned();
        self.begin_item();
        owed
    }
}

/// Where the closing text contradicts the pieces (a server that trims), the pieces stand: they are
/// in the user's buffer already.
fn owed<'a>(delivered: &str, whole: &'a str) -> &'a str {
    whole.strip_prefix(delivered).unwrap_or("")
}
