//! [`Shape`]: what the cleaner must know of the text that the answer stands in for.

use std::collections::HashSet;

use syntax::Language;

use super::prose;

/// How lines end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LineEnding {
    /// `\n`
    #[default]
    Lf,
    /// `\r\n`
    CrLf,
    /// `\r`
    Cr,
}

impl LineEnding {
    /// The characters.
    pub fn as_str(self) -> &'static str {
        match self {
            LineEnding::Lf => "\n",
            LineEnding::CrLf => "\r\n",
            LineEnding::Cr => "\r",
        }
    }

    /// How the first line of a text ends, if it has more than one.
    pub fn first_in(text: &str) -> Option<LineEnding> {
        endings(text).next()
    }
}

fn endings(text: &str) -> impl Iterator<Item = LineEnding> {
    let bytes = text.as_bytes();
    let mut after_return = false;
    bytes.iter().enumerate().filter_map(move |(at, byte)| {
        let behind = std::mem::replace(&mut after_return, *byte == b'\r');
        match byte {
            b'\n' if behind => Some(LineEnding::CrLf),
            b'\n' => Some(LineEnding::Lf),
            b'\r' if bytes.get(at + 1) != Some(&b'\n') => Some(LineEnding::Cr),
            _ => None,
        }
    })
}

/// What the answer must fit: how the region's own text is indented, ends its lines and ends itself.
#[derive(Clone, Debug)]
pub struct Shape {
    /// How lines end; of a mixed text, its last line.
    pub line_ending: LineEnding,
    /// Lines end in more than one way: the model's own line breaks are kept.
    pub mixed_endings: bool,
    /// Whether the text ends with a line break.
    pub ends_with_newline: bool,
    /// White space before the first line that is not blank.
    pub first_indent: String,
    /// The text holds a fence (three backticks or tildes), or is Markdown: a fence in the answer is text too,
    /// unless it wraps the whole answer.
    pub fenced: bool,
    /// The text begins as prose (a paragraph, the inside of a comment): prose is no chatter then.
    pub prose: bool,
    pub(super) in_code: bool,
    pub(super) opens_with_fence: bool,
    pub(super) has_region_tag: bool,
    /// Every line that is not blank begins with the first one's indentation.
    pub(super) indented_throughout: bool,
    /// The second line that is not blank is indented deeper than the first.
    pub(super) second_is_deeper: bool,
    pub(super) first_word: String,
    pub(super) first_words: HashSet<String>,
}

impl Shape {
    /// The shape of a region's text; a text of one line takes the document's line ending.
    /// Costs the length of the text.
    pub fn of(region: &str, document_default: LineEnding) -> Shape {
        let mut kinds: Vec<LineEnding> = Vec::new();
        let mut last = document_default;
        for ending in endings(region) {
            last = ending;
            if !kinds.contains(&ending) {
                kinds.push(ending);
            }
        }
        let lines: Vec<&str> = region
            .split(['\n', '\r'])
            .filter(|line| !line.trim().is_empty())
            .collect();
        let first = lines.first().copied().unwrap_or("");
        let first_indent = indent_of(first);
        Shape {
            line_ending: last,
            mixed_endings: kinds.len() > 1,
            ends_with_newline: region.ends_with(['\n', '\r']),
            first_indent: first_indent.to_owned(),
            fenced: lines.iter().any(|line| is_fence(line)),
            prose: prose::begins_a_text(first),
            in_code: false,
            opens_with_fence: is_fence(first),
            has_region_tag: region.contains("<region>") || region.contains("</region>"),
            indented_throughout: lines.iter().all(|line| line.starts_with(first_indent)),
            second_is_deeper: lines
                .get(1)
                .is_some_and(|line| indent_of(line).len() > first_indent.len()),
            first_word: first_word(first).to_owned(),
            first_words: lines
                .iter()
                .map(|line| first_word(line))
                .filter(|word| word.starts_with(char::is_alphanumeric))
                .map(str::to_owned)
                .collect(),
        }
    }

    /// The same in a document of a known language: Markdown is prose with fences, anything else is code.
    pub fn in_language(mut self, language: Option<Language>) -> Shape {
        match language {
            Some(Language::Markdown) => {
                self.fenced = true;
                self.prose = true;
            }
            Some(_) => self.in_code = true,
            None => {}
        }
        self
    }

    /// Whether a fence at the very start of the answer, with this info string, wraps the answer.
    pub(super) fn takes_outer_fence(&self, info: &str) -> bool {
        if !self.fenced {
            return true;
        }
        !self.opens_with_fence && (self.in_code || matches!(info, "markdown" | "md"))
    }
}

fn is_fence(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with("```") || line.starts_with("~~~")
}

pub(super) fn indent_of(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The word that a line begins with: letters, digits and underscores, or else everything up to white space.
pub(super) fn first_word(line: &str) -> &str {
    let line = line.trim_start();
    let end = line
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(line.len());
    if end > 0 {
        return &line[..end];
    }
    line.split_whitespace().next().unwrap_or("")
}
