//! From an instruction in plain words to a rule.
//!
//! Not here: carrying the rule out.

use std::sync::LazyLock;

use regex::Regex;

#[derive(Debug, PartialEq)]
pub(super) enum Rule {
    /// Old name, new name.
    Rename(Vec<(String, String)>),
    Case(Case),
    Document,
    Types,
    SortImports,
    SortLines,
    RemoveComments,
    RemovePrints,
    Wrap,
    Explain,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Case {
    Snake,
    Camel,
}

/// A pattern of this crate; all of them are compiled in tests.
pub(super) fn pattern(text: &str) -> Regex {
    match Regex::new(text) {
        Ok(regex) => regex,
        Err(error) => panic!("{error}"),
    }
}

static RENAME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?i)(?:\brename|\band|,)\s+(?:the\s+)?(?:(?:variable|function|method|parameter|argument|class|type|struct|field|constant|identifier|symbol)s?\s+)?[`'"]?([\p{L}_$][\w$]*)[`'"]?\s*(?:\b(?:to|into|as)\b|->|=>|→)\s*[`'"]?([\p{L}_$][\w$]*)"#,
    )
});
static CASE: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?i)(\b(?:to|into|in|use|with)\s+)?\b(snake|camel)[ _-]?case\b"));
static REMOVE: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?i)\b(?:remove|delete|drop|strip)\s+(?:(?:all|any|every|the|these|those|of|out)\s+)*(?:(?:line|block|code|inline|debug|debugging|log|logging|leftover)\s+)*(comments?|prints?|printing|logs?|logging|print(?:ing)? statements?|statements?|console\.log)\b",
    )
});
type Reading = (Regex, fn() -> Rule);

static WORDS: LazyLock<[Reading; 6]> = LazyLock::new(|| {
    [
        (
            pattern(r"(?i)\b(?:sort|organi[sz]e|order)\b.*\b(?:imports?|uses?|includes?)\b"),
            || Rule::SortImports,
        ),
        (
            pattern(
                r"(?i)^\W*sort\W*$|\bsort\b.*\b(?:lines?|alphabetically|these|this|them|list|entries|keys)\b",
            ),
            || Rule::SortLines,
        ),
        (pattern(r"(?i)\bwrap\b.*\btry\b"), || Rule::Wrap),
        (
            pattern(
                r"(?i)\b(?:add|infer|insert|write|complete)\b.{0,40}\b(?:types?|annotations?)\b|\btype[ -]hints?\b|\bannotate\b",
            ),
            || Rule::Types,
        ),
        (
            pattern(
                r"(?i)\bdocument\b|\bdoc ?strings?\b|\bdoc(?:umentation)?[ -]comments?\b|\b(?:add|write)\b.{0,20}\bdoc(?:s|umentation)\b",
            ),
            || Rule::Document,
        ),
        (
            pattern(
                r"(?i)^\W*(?:please\s+)?(?:explain|outline|describe|summari[sz]e)\b|\bwhat does\b",
            ),
            || Rule::Explain,
        ),
    ]
});

impl Rule {
    /// The rule that an instruction asks for; the most particular reading wins.
    pub(super) fn read(instruction: &str) -> Option<Rule> {
        if instruction.to_ascii_lowercase().contains("rename") {
            let pairs: Vec<_> = RENAME
                .captures_iter(instruction)
                .map(|it| (it[1].to_owned(), it[2].to_owned()))
                .collect();
            if !pairs.is_empty() {
                return Some(Rule::Rename(pairs));
            }
        }
        if let Some(found) = REMOVE.captures(instruction) {
            let what = found[1].to_ascii_lowercase();
            let comments = what.starts_with("comment");
            return Some(if comments {
                Rule::RemoveComments
            } else {
                Rule::RemovePrints
            });
        }
        let cases: Vec<_> = CASE.captures_iter(instruction).collect();
        if let Some(found) = cases.iter().find(|it| it.get(1).is_some()).or(cases.last()) {
            let snake = found[2].eq_ignore_ascii_case("snake");
            return Some(Rule::Case(if snake { Case::Snake } else { Case::Camel }));
        }
        WORDS
            .iter()
            .find(|(words, _)| words.is_match(instruction))
            .map(|(_, rule)| rule())
    }
}
