//! Fixtures of the tests: a text with a cursor `$0` or a selection `$0 … $0`, and its tree.

use std::ops::Range;

use text::Text;

use crate::{Language, Syntax};

/// The text without its marks, its tree, and the marked range.
pub(crate) fn fixture(language: Language, marked: &str) -> (Text, Syntax, Range<usize>) {
    let start = marked.find("$0").unwrap_or(0);
    let bare = marked.replacen("$0", "", 1);
    let end = bare.find("$0").unwrap_or(start);
    let text = Text::from(bare.replacen("$0", "", 1).as_str());
    let syntax = parsed(language, &text);
    (text, syntax, start..end)
}

/// The tree of a text.
pub(crate) fn parsed(language: Language, text: &Text) -> Syntax {
    let mut syntax = Syntax::new(language);
    assert!(syntax.parse(text, &mut || true));
    syntax
}
