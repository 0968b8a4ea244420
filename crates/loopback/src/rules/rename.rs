//! Renaming: whole words in code, comments and interpolated strings.

use std::collections::{BTreeMap, BTreeSet};

use super::function::functions;
use super::instruction::Case;
use super::language::Language;
use super::lexer::{Kind, is_word, masked, spans};
use super::names;

pub(super) fn rename(text: &str, language: Language, pairs: &[(String, String)]) -> String {
    let pairs: BTreeMap<&str, &str> = pairs
        .iter()
        .map(|(old, new)| (old.as_str(), new.as_str()))
        .collect();
    let mut out = String::with_capacity(text.len());
    for span in spans(text, language) {
        let piece = &text[span.range.clone()];
        for (word, at) in words(piece) {
            let literal = span.kind == Kind::Str && !is_interpolated(piece, at);
            match pairs.get(word) {
                Some(new) if !literal => out.push_str(new),
                _ => out.push_str(word),
            }
        }
    }
    out
}

/// Every word and, between them, every other character, with its offset.
fn words(text: &str) -> impl Iterator<Item = (&str, usize)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = &text[at..];
        let first = rest.chars().next()?;
        let word = rest.bytes().take_while(|byte| is_word(*byte)).count();
        let len = if word == 0 { first.len_utf8() } else { word };
        at += len;
        // A shell's `$name` is the word `name` behind a dollar.
        if rest.starts_with('$') && len > 1 {
            at -= len - 1;
            return Some((&rest[..1], at - 1));
        }
        Some((&rest[..len], at - len))
    })
}

/// Whether this place of a string is code: `{name}`, `${name}`, `$name`.
fn is_interpolated(string: &str, at: usize) -> bool {
    let before = &string[..at];
    before.ends_with('$')
        || before.rfind('{').is_some_and(|open| {
            !before[open..].contains('}')
                && !before[..open].ends_with('{')
                && string[at..].contains('}')
        })
}

/// Gives the identifiers that the region itself owns the other case.
pub(super) fn recase(text: &str, language: Language, case: Case) -> String {
    let mask = masked(text, language);
    let defined: BTreeSet<String> = functions(text, language)
        .into_iter()
        .map(|it| it.name)
        .collect();
    let all: BTreeSet<&str> = words(&mask).map(|(word, _)| word).collect();
    let mut pairs = BTreeMap::new();
    let mut start = 0;
    for line in mask.split_inclusive('\n') {
        if !is_import(line) {
            for (word, at) in words(line) {
                let at = start + at;
                let new = names::recased(word, case);
                let system =
                    matches!(language, Language::C | Language::Cpp) && word.ends_with("_t");
                let own = is_own(&mask, at)
                    && !system
                    && (!is_called(&mask[at + word.len()..]) || defined.contains(word));
                if own && new != word && !all.contains(new.as_str()) {
                    pairs.insert(word.to_owned(), new);
                }
            }
        }
        start += line.len();
    }
    rename(text, language, &pairs.into_iter().collect::<Vec<_>>())
}

fn is_import(line: &str) -> bool {
    let line = line.trim_start();
    [
        "use ", "pub use ", "import ", "from ", "#include", "package ", "require",
    ]
    .iter()
    .any(|it| line.starts_with(it))
}

/// A member of something else belongs to whoever declared it.
fn is_own(mask: &str, at: usize) -> bool {
    let before = &mask[..at];
    match before.strip_suffix('.') {
        Some(owner) => owner.ends_with("self") || owner.ends_with("this"),
        None => !before.ends_with("::") && !before.ends_with("->") && !before.ends_with(['@', '#']),
    }
}

fn is_called(after: &str) -> bool {
    let after = after.trim_start_matches(' ');
    after.starts_with('(')
        || after.starts_with('!') && !after.starts_with("!=")
        || after.starts_with("::")
}
