//! [`Case`]: one way in which a proposal meets the user's typing, as data. How it is run is `run`'s, how it is
//! shown is `page`'s.
//!
//! Texts carry marks: `⟦⟧` around a region under rewrite, `⟪⟫` around the comment that asked in it, `¦` for
//! a cursor, `«»` around a selection. A place is named by a bit of text that the document holds once.

use rewrite::{Apply, State};

/// Live and once.
pub(crate) const APPLIED: &[Apply] = &[Apply::Live, Apply::Once];
/// Live, once and preview.
pub(crate) const ALL: &[Apply] = &[Apply::Live, Apply::Once, Apply::Preview];
/// Live.
pub(crate) const LIVE: &[Apply] = &[Apply::Live];
/// Once.
pub(crate) const ONCE: &[Apply] = &[Apply::Once];
/// Preview.
pub(crate) const PREVIEW: &[Apply] = &[Apply::Preview];

/// Cases that belong together on the page.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) intro: &'static str,
    pub(crate) cases: &'static [Case],
}

impl Section {
    /// The case that a test is named after.
    pub(crate) fn case(&self, name: &str) -> &Case {
        let found = self.cases.iter().find(|case| case.name == name);
        found.unwrap_or_else(|| panic!("{} has no case {name}", self.title))
    }
}

/// One case.
pub(crate) struct Case {
    /// The fact, also the name of the test.
    pub(crate) name: &'static str,
    /// The modes in which it comes about.
    pub(crate) modes: &'static [Apply],
    /// The document when the rewrites begin, with their regions marked.
    pub(crate) text: &'static str,
    /// What the model writes in place of each region.
    pub(crate) models: &'static [&'static str],
    /// What happens, in order. What is left of the model's text comes after that.
    pub(crate) steps: &'static [Step],
    /// Where that leads.
    pub(crate) end: End,
    /// What Redline does.
    pub(crate) decision: &'static str,
    /// Why it does that.
    pub(crate) reason: &'static str,
}

/// Where a case leads.
pub(crate) enum End {
    /// All the model's text is there and waits.
    Waits {
        /// How the hunks that are not decided stand: `pending` or `conflict`.
        hunks: &'static [&'static str],
        /// The document once everything is accepted. It stands like that before too, unless the mode is preview.
        accept: &'static str,
        /// The document once everything is rejected. In preview it stands like that before too.
        reject: &'static str,
    },
    /// Nothing waits any more.
    Over {
        /// As what the (last) rewrite ended.
        state: State,
        /// The document.
        text: &'static str,
    },
}

/// Replacements at marked places, all made at once.
pub(crate) type Edits = &'static [(&'static str, &'static str)];

/// One thing that happens.
#[derive(Clone, Copy)]
pub(crate) enum Step {
    /// So much of the model's text has come for the first region, and the editor shows what the mode lets it.
    Streamed(&'static str),
    /// All of it has come for every region, and waits for a decision.
    Proposed,
    /// The user types, deletes or replaces.
    Edit(Edits),
    /// The user deletes a selection that is put elsewhere later.
    Cut(&'static str),
    /// What was cut last is put in at a cursor.
    Paste(&'static str),
    /// The user's undo, so many steps of it.
    Undo(usize),
    /// The user's redo.
    Redo(usize),
    /// A formatter runs over the file.
    Format(Formatter, &'static [(&'static str, &'static str)]),
    /// So much of the model's text has come; while our edit with it is on its way, the user does something.
    InFlight(&'static str, Fate, Edits),
    /// One hunk of the first region is accepted, counted from 0.
    AcceptHunk(usize),
    /// One hunk of the first region is rejected, counted from 0.
    RejectHunk(usize),
    /// Everything is accepted.
    Accept,
    /// Everything is rejected.
    Reject,
    /// The stream is stopped.
    Interrupt,
    /// Another instruction takes the place of the first; to it the model answers this.
    Redirect(&'static str),
    /// The connection to the model is lost for good.
    Fail,
}

/// How a formatter reports what it does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Formatter {
    /// Each change of its own.
    Minimal,
    /// The whole file as one replacement.
    WholeFile,
}

/// What becomes of an edit of ours that the user's change meets on its way.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// The user is first; the editor refuses ours and says so.
    Refused,
    /// The user is first; the editor drops ours and says that it applied it.
    Dropped,
    /// Ours is first; the editor reports both as one change.
    Merged,
    /// Ours is first; the editor reports both in one notification.
    Together,
    /// Ours is first; the editor answers before it reports.
    AnsweredFirst,
}

/// A section: its cases, each of them a test of that name.
macro_rules! section {
    ($title:literal, $intro:literal; $($name:ident { $($field:ident: $value:expr),* $(,)? })*) => {
        pub(crate) const SECTION: $crate::case::Section = $crate::case::Section {
            title: $title,
            intro: $intro,
            cases: &[$($crate::case::Case { name: stringify!($name), $($field: $value),* }),*],
        };
        $(
            #[test]
            fn $name() {
                $crate::run::check(SECTION.case(stringify!($name)));
            }
        )*
    };
}
pub(crate) use section;

/// A text without its marks, and where they were, in bytes.
pub(crate) fn unmarked(text: &str, marks: &[char]) -> (String, Vec<usize>) {
    let mut plain = String::new();
    let mut places = Vec::new();
    for ch in text.chars() {
        if marks.contains(&ch) {
            places.push(plain.len());
        } else {
            plain.push(ch);
        }
    }
    (plain, places)
}
