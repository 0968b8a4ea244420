//! An instruction written as a comment: `// redline: make this shorter`. Reads lines, asks no tree.

use std::borrow::Cow;
use std::ops::Range;

use syntax::Language;
use text::Text;

/// Lines of a selection that are looked at.
const SELECTION_LINES: usize = 2_000;

/// Comment lines above a selection that are looked at.
const LINES_ABOVE: usize = 20;

/// Lines that an instruction may have.
const INSTRUCTION_LINES: usize = 50;

/// Comments up to the end of a line, for files in no known language.
const LINE_COMMENTS: [&str; 5] = ["//", "#", "--", ";", "%"];

/// Comments with an end, for all files; the longer beginnings first.
const BLOCK_COMMENTS: [(&str, &str); 4] = [
    ("--[[", "]]"),
    ("{/*", "*/}"),
    ("/*", "*/"),
    ("<!--", "-->"),
];

/// An instruction found in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentAsk {
    /// What the comment asks for, without its markers.
    pub instruction: String,
    /// Bytes of the comment's whole lines, with the last line break: what to remove.
    pub comment: Range<usize>,
}

/// Finds a `redline:` comment on a line of its own: inside the selection (bytes), on its line, or among the
/// comment lines directly above. Comment lines directly below it go on with the instruction.
/// Costs the length of the selection, of which 2,000 lines are looked at, and of a few lines above.
pub fn comment_instruction(
    text: &Text,
    selection: Range<usize>,
    language: Option<Language>,
) -> Option<CommentAsk> {
    let first = text.line_of(selection.start.min(text.len()));
    let mut last = text.line_of(selection.end.min(text.len()));
    if last > first && text.line_start(last) == selection.end {
        last -= 1;
    }
    let comments = Comments { text, language };
    let mut inside = first..=last.min(first + SELECTION_LINES);
    inside.find_map(|line| comments.ask_at(line)).or_else(|| {
        (0..first)
            .rev()
            .take(LINES_ABOVE)
            .take_while(|line| comments.is_comment(*line))
            .find_map(|line| comments.ask_at(line))
    })
}

struct Comments<'a> {
    text: &'a Text,
    language: Option<Language>,
}

impl Comments<'_> {
    fn line(&self, line: usize) -> Cow<'_, str> {
        let text = self.text;
        text.slice(text.line_start(line)..text.line_end(line))
    }

    fn line_comments(&self) -> &[&'static str] {
        match self.language {
            None => &LINE_COMMENTS,
            Some(Language::Markdown) => &[],
            Some(Language::Python | Language::Bash | Language::Toml) => &["#"],
            Some(Language::Lua) => &["--"],
            Some(_) => &["//"],
        }
    }

    /// The text of a line comment, and its marker: doc comments have another marker than plain ones.
    fn line_comment<'l>(&self, line: &'l str) -> Option<(&'static str, &'l str)> {
        let line = line.trim();
        let marker = *self
            .line_comments()
            .iter()
            .find(|marker| line.starts_with(**marker))?;
        let rest = &line[marker.len()..];
        let doc = rest.starts_with(['/', '!', '[']) || (marker == "#" && rest.starts_with('#'));
        (!doc).then(|| (marker, rest.trim()))
    }

    fn block_comment(line: &str) -> Option<(&'static str, &str)> {
        let line = line.trim();
        BLOCK_COMMENTS.iter().find_map(|(begin, end)| {
            line.strip_prefix(begin)
                .map(|rest| (*end, rest.trim_start_matches('*')))
        })
    }

    fn is_comment(&self, line: usize) -> bool {
        let line = self.line(line);
        let line = line.trim();
        let ends = BLOCK_COMMENTS.iter().any(|(_, end)| line.ends_with(end));
        let inside = line.starts_with("* ") || line == "*";
        self.line_comments()
            .iter()
            .any(|marker| line.starts_with(marker))
            || Self::block_comment(line).is_some()
            || ends
            || inside
    }

    fn ask_at(&self, line: usize) -> Option<CommentAsk> {
        let first = self.line(line);
        let (parts, last) = match Self::block_comment(&first) {
            Some((end, rest)) => self.block(line, end, after_marker(rest)?)?,
            None => {
                let (marker, rest) = self.line_comment(&first)?;
                self.lines(line, marker, after_marker(rest)?)
            }
        };
        let instruction = parts.join("\n").trim().to_owned();
        let comment = self.text.line_start(line)..self.text.line_start(last + 1);
        (!instruction.is_empty()).then_some(CommentAsk {
            instruction,
            comment,
        })
    }

    /// The instruction's lines and the comment's last line.
    fn lines(&self, line: usize, marker: &str, first: &str) -> (Vec<String>, usize) {
        let mut parts = vec![first.to_owned()];
        let mut last = line;
        for next in (line + 1..self.text.line_count()).take(INSTRUCTION_LINES) {
            let text = self.line(next);
            match self.line_comment(&text) {
                Some((same, rest)) if same == marker && after_marker(rest).is_none() => {
                    parts.push(rest.to_owned());
                    last = next;
                }
                _ => break,
            }
        }
        (parts, last)
    }

    fn block(&self, line: usize, end: &str, first: &str) -> Option<(Vec<String>, usize)> {
        if let Some(text) = first.trim_end().strip_suffix(end) {
            return (!text.contains(end)).then(|| (vec![text.trim().to_owned()], line));
        }
        let mut parts = vec![first.to_owned()];
        for next in (line + 1..self.text.line_count()).take(INSTRUCTION_LINES) {
            let text = self.line(next);
            let text = text.trim();
            if let Some(text) = text.strip_suffix(end) {
                parts.push(text.trim_start_matches('*').trim().to_owned());
                return Some((parts, next));
            }
            if text.contains(end) {
                return None;
            }
            parts.push(text.trim_start_matches('*').trim().to_owned());
        }
        None
    }
}

/// What follows `redline:`, in any case of letters.
fn after_marker(comment: &str) -> Option<&str> {
    let comment = comment.trim();
    let (word, rest) = comment.split_once(':')?;
    word.trim_end()
        .eq_ignore_ascii_case("redline")
        .then(|| rest.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found at the cursor or selection, and the text that is left without the comment.
    #[track_caller]
    fn check(language: Option<Language>, marked: &str, expect: Option<(&str, &str)>) {
        let start = marked.find("$0").unwrap();
        let bare = marked.replacen("$0", "", 1);
        let end = bare.find("$0").unwrap_or(start);
        let mut text = Text::from(bare.replacen("$0", "", 1).as_str());
        let found = comment_instruction(&text, start..end, language).map(|ask| {
            text.replace(ask.comment.clone(), "");
            (ask.instruction, text.to_string())
        });
        let found = found
            .as_ref()
            .map(|(ask, rest)| (ask.as_str(), rest.as_str()));
        assert_eq!(found, expect);
    }

    #[test]
    fn every_kind_of_comment_is_read() {
        for (language, comment) in [
            (Some(Language::Rust), "// redline: be brief"),
            (Some(Language::Rust), "  //Redline:be brief"),
            (Some(Language::Cpp), "/* redline: be brief */"),
            (Some(Language::Python), "# redline: be brief"),
            (Some(Language::Lua), "-- redline: be brief"),
            (Some(Language::Lua), "--[[ redline: be brief ]]"),
            (Some(Language::Tsx), "{/* redline: be brief */}"),
            (Some(Language::Markdown), "<!-- redline: be brief -->"),
            (None, "; redline: be brief"),
            (None, "% redline: be brief"),
            (None, "# redline: be brief"),
        ] {
            let expect = Some(("be brief", "a\nb\n"));
            check(language, &format!("a\n{comment}\n$0b\n"), expect);
            check(language, &format!("a\n{comment}$0\nb\n"), expect);
            check(language, &format!("$0a\n{comment}\nb\n$0"), expect);
        }
    }

    #[test]
    fn following_comment_lines_go_on() {
        let rust = Some(Language::Rust);
        check(
            rust,
            "// redline: one\n// two\n//\n// three\n/// Doc.\n$0a\n",
            Some(("one\ntwo\n\nthree", "/// Doc.\na\n")),
        );
        check(
            rust,
            "/* redline: one\n * two\n */\n$0a\n",
            Some(("one\ntwo", "a\n")),
        );
        check(
            rust,
            "// redline: one\n// tw$0o\na\n",
            Some(("one\ntwo", "a\n")),
        );
        check(
            rust,
            "// redline: one\n// redline: two\n$0a\n",
            Some(("two", "// redline: one\na\n")),
        );
        check(
            rust,
            "$0// redline: one\r\n// two\r\na$0\r\n",
            Some(("one\ntwo", "a\r\n")),
        );
    }

    #[test]
    fn comments_of_others_are_left_alone() {
        let rust = Some(Language::Rust);
        check(rust, "// redline: one\n\n$0a\n", None);
        check(rust, "// redline: one\nb\n$0a\n", None);
        check(rust, "a(); // redline: one\n$0b\n", None);
        check(rust, "$0let s = \"// redline: x\";\n", None);
        check(rust, "// redline:\n$0a\n", None);
        check(rust, "/* redline: one */ b();\n$0a\n", None);
        check(rust, "// the redline: one\n$0a\n", None);
        check(rust, "$0a\n// redline: one\n", None);
        check(Some(Language::Python), "// redline: one\n$0a\n", None);
        check(rust, "/* redline: one\n$0a\n", None);
    }

    #[test]
    fn a_comment_at_the_end_of_the_text_is_found() {
        check(None, "a\n# redline: one$0", Some(("one", "a\n")));
    }
}
