//! [`Editor`]: a plain editor with undo, and the user's hands on it. It checks versions, and it keeps every
//! change, ours and the user's, as an undo step of its own, in the order of time.

use std::ops::Range;

use text::{ChangeSet, Text};

use crate::case::unmarked;

/// An editor with one document.
pub(crate) struct Editor {
    pub(crate) text: Text,
    pub(crate) version: i32,
    undo: Vec<ChangeSet>,
    redo: Vec<ChangeSet>,
    clipboard: String,
}

impl Editor {
    pub(crate) fn open(text: &str) -> Editor {
        Editor {
            text: Text::from(text),
            version: 1,
            undo: Vec::new(),
            redo: Vec::new(),
            clipboard: String::new(),
        }
    }

    /// Makes a change that can be undone.
    pub(crate) fn change(&mut self, change: ChangeSet) -> ChangeSet {
        self.redo.clear();
        self.undo.push(change.invert(&self.text));
        self.apply(change)
    }

    fn apply(&mut self, change: ChangeSet) -> ChangeSet {
        change.apply(&mut self.text);
        self.version += 1;
        change
    }

    pub(crate) fn undo(&mut self) -> ChangeSet {
        let change = self.undo.pop().expect("something to undo");
        self.redo.push(change.invert(&self.text));
        self.apply(change)
    }

    pub(crate) fn redo(&mut self) -> ChangeSet {
        let change = self.redo.pop().expect("something to redo");
        self.undo.push(change.invert(&self.text));
        self.apply(change)
    }

    /// Replaces what is marked at each place, all at once.
    pub(crate) fn edit(&mut self, edits: &[(&str, &str)]) -> ChangeSet {
        let mut parts: Vec<(Range<usize>, String)> = edits
            .iter()
            .map(|(place, text)| (self.find(place), (*text).to_owned()))
            .collect();
        parts.sort_by_key(|(range, _)| range.start);
        self.change(ChangeSet::from_changes(self.text.len(), parts))
    }

    pub(crate) fn cut(&mut self, place: &str) -> ChangeSet {
        self.clipboard = self.text.slice(self.find(place)).into_owned();
        self.edit(&[(place, "")])
    }

    pub(crate) fn paste(&mut self, place: &str) -> ChangeSet {
        let text = self.clipboard.clone();
        self.edit(&[(place, &text)])
    }

    /// Every occurrence of each text replaced, each a change of its own.
    pub(crate) fn format(&mut self, rules: &[(&str, &str)]) -> ChangeSet {
        let plain = self.text.to_string();
        let mut parts: Vec<(Range<usize>, String)> = rules
            .iter()
            .flat_map(|(from, to)| {
                let found = plain.match_indices(from);
                found.map(|(at, _)| (at..at + from.len(), (*to).to_owned()))
            })
            .collect();
        parts.sort_by_key(|(range, _)| range.start);
        self.change(ChangeSet::from_changes(plain.len(), parts))
    }

    /// As [`Editor::format`], as one replacement of everything.
    pub(crate) fn format_whole(&mut self, rules: &[(&str, &str)]) -> ChangeSet {
        let mut formatted = self.text.to_string();
        for (from, to) in rules {
            formatted = formatted.replace(from, to);
        }
        let len = self.text.len();
        self.change(ChangeSet::replace(len, 0..len, formatted))
    }

    /// Where a marked place is.
    fn find(&self, place: &str) -> Range<usize> {
        let (bit, marks) = unmarked(place, &['¦', '«', '»']);
        let plain = self.text.to_string();
        let count = plain.matches(bit.as_str()).count();
        assert_eq!(count, 1, "{place:?} is {count} times in {plain:?}");
        let at = plain.find(bit.as_str()).expect("it is there once");
        match marks.as_slice() {
            [cursor] => at + cursor..at + cursor,
            [start, end] => at + start..at + end,
            _ => panic!("{place:?} marks no place"),
        }
    }
}
