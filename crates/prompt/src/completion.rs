//! [`Completion`]: what is asked for a completion at the cursor, and what of the answer stands there.
//! When one is asked for, and for how long an answer is good, is decided elsewhere.

use std::fmt::Write;
use std::ops::Range;

use model_protocol::{Message, Request};
use text::Text;

use crate::ask::write_section;
use crate::region::bom_len;
use crate::{LineEnding, Model};

/// What every completion is told. It never changes, so that providers can keep it cached.
const CONTRACT: &str = "\
You complete code at the cursor of an editor, while someone types. You are shown the text before the cursor and \
the text after it. Your answer is put in between, as it stands.

Answer with the new text and nothing else:
- No code fences, no tags, no explanation.
- Go on exactly where the text before the cursor ends, in the middle of a word if it ends there. Do not repeat it.
- Stop where the text after the cursor goes on. Do not repeat it.
- Finish the statement or the block that is being written, and no more than that.
- Keep to the indentation, the names and the style of the file.
If nothing is missing at the cursor, answer with nothing.";

/// Tokens of an answer, at most: it is read between two keys.
const TOKENS: u32 = 256;

/// What may stand behind the cursor in its line: what editors close by themselves.
const CLOSERS: &str = ")]}>\"'`;,: \t";

/// So many lines behind the cursor are compared with the end of an answer.
const LINES_AFTER: usize = 40;

/// A line that begins like an answer says nothing when it is shorter.
const TELLING: usize = 3;

/// A place where text may be missing.
#[derive(Clone, Debug)]
pub struct Completion<'a> {
    /// The document.
    pub text: &'a Text,
    /// The cursor, in bytes, at a border of characters.
    pub at: usize,
    /// The document's language, as the editor calls it.
    pub language: &'a str,
    /// The document's path, as the model may see it: relative to the folder.
    pub path: &'a str,
    /// Bytes of text around the cursor that may be sent, at most.
    pub context_bytes: usize,
}

impl Completion<'_> {
    /// Whether a completion makes sense here: at the end of a line, but for what editors close by themselves.
    pub fn is_fitting(&self) -> bool {
        self.rest_of_line().chars().all(|it| CLOSERS.contains(it))
    }

    /// The request. Costs the length of the context.
    pub fn request(&self, model: &Model) -> Request {
        let (before, after) = (self.before(), self.after());
        let mut message = String::with_capacity(before.len() + after.len() + 256);
        let _ = write!(
            message,
            "File: {}\nLanguage: {}\n\n",
            self.path, self.language
        );
        write_section(&mut message, "prefix", &self.text.slice(before));
        write_section(&mut message, "suffix", &self.text.slice(after));
        Request {
            model: model.name.clone(),
            instructions: CONTRACT.to_owned(),
            input: vec![Message::user(message)],
            store: model.store,
            max_output_tokens: Some(model.max_output_tokens.map_or(TOKENS, |it| it.min(TOKENS))),
            reasoning_effort: model.reasoning_effort.clone(),
            service_tier: model.service_tier.clone(),
            extra: model.extra.clone(),
            ..Request::default()
        }
    }

    /// What of an answer is new at the cursor: without fence, without what stands before or behind it already,
    /// and in whole lines where the answer is not whole. `None` where nothing is left.
    pub fn clean(&self, answer: &str, is_whole: bool, line_ending: LineEnding) -> Option<String> {
        let answer = answer.replace("\r\n", "\n");
        let mut text = without_fence(&answer);
        if !is_whole {
            text = &text[..text.rfind('\n')?];
        }
        text = self.without_line_before(text);
        let rest = self.rest_of_line();
        let rest = rest.trim();
        if rest.is_empty() {
            text = self.without_lines_after(text);
        } else {
            text = text.split('\n').next().unwrap_or_default().trim_end();
            text = text.strip_suffix(rest).unwrap_or(text);
        }
        let text = text.trim_end();
        (!text.trim().is_empty()).then(|| text.replace('\n', line_ending.as_str()))
    }

    fn line(&self) -> usize {
        self.text.line_of(self.at)
    }

    fn rest_of_line(&self) -> String {
        let end = self.text.line_end(self.line());
        self.text.slice(self.at..end.max(self.at)).into_owned()
    }

    /// Three quarters of what may be sent, and more where less stands behind; from the start of a line.
    fn before(&self) -> Range<usize> {
        let behind = (self.text.len() - self.at).min(self.context_bytes / 4);
        let mut start = self.at.saturating_sub(self.context_bytes - behind);
        let line = self.text.line_of(start);
        if self.text.line_start(line) < start {
            let next = self.text.line_start(line + 1);
            start = if next <= self.at { next } else { start };
        }
        while !self.text.is_boundary(start) {
            start += 1;
        }
        start.max(bom_len(self.text).min(self.at))..self.at
    }

    /// The rest, up to the end of a line.
    fn after(&self) -> Range<usize> {
        let most = self.context_bytes - self.before().len().min(self.context_bytes);
        let end = self.at.saturating_add(most);
        if end >= self.text.len() {
            return self.at..self.text.len();
        }
        let start_of_line = self.text.line_start(self.text.line_of(end));
        let mut end = if start_of_line > self.at {
            start_of_line
        } else {
            end
        };
        while !self.text.is_boundary(end) {
            end -= 1;
        }
        self.at..end
    }

    /// Models that begin with the line once more.
    fn without_line_before<'b>(&self, text: &'b str) -> &'b str {
        let line = self.text.slice(self.text.line_start(self.line())..self.at);
        let telling = line.trim_start();
        if telling.trim_end().len() < TELLING {
            return text;
        }
        let again = text
            .strip_prefix(&*line)
            .or_else(|| text.trim_start().strip_prefix(telling));
        again.unwrap_or(text)
    }

    /// Models that go on into what stands there already.
    fn without_lines_after<'b>(&self, text: &'b str) -> &'b str {
        let first = self.line() + 1;
        let last = self.text.line_count().min(first + LINES_AFTER);
        let after: Vec<String> = (first..last)
            .map(|line| self.text.line(line).trim_end().to_owned())
            .skip_while(String::is_empty)
            .collect();
        let text = text.trim_end();
        let breaks = text.match_indices('\n').map(|(at, _)| at);
        for at in breaks {
            let mut end = text[at + 1..].lines().skip_while(|it| it.trim().is_empty());
            let mut there = after.iter();
            let repeats = end.by_ref().all(|line| {
                let same = there.next();
                same.is_some_and(|same| same == line.trim_end())
            });
            if repeats {
                return &text[..at];
            }
        }
        text
    }
}

/// The inside of a fence around all of it; what is no fence passes.
fn without_fence(answer: &str) -> &str {
    let Some(fenced) = answer.trim_start().strip_prefix("```") else {
        return answer;
    };
    let inside = fenced.split_once('\n').map_or("", |(_, inside)| inside);
    let end = inside
        .find("\n```")
        .or_else(|| inside.strip_prefix("```").map(|_| 0));
    end.map_or(inside, |end| &inside[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A place by a text with `|` at the cursor.
    fn place(text: &str) -> (Text, usize) {
        let at = text.find('|').expect("a cursor");
        (Text::from(text.replacen('|', "", 1).as_str()), at)
    }

    #[track_caller]
    fn check(text: &str, answer: &str, expected: Option<&str>) {
        check_part(text, answer, true, expected);
    }

    #[track_caller]
    fn check_part(text: &str, answer: &str, is_whole: bool, expected: Option<&str>) {
        let (text, at) = place(text);
        let completion = Completion {
            text: &text,
            at,
            language: "python",
            path: "a.py",
            context_bytes: 1_000,
        };
        let ending = LineEnding::first_in(&text.line(0)).unwrap_or_default();
        let clean = completion.clean(answer, is_whole, ending);
        assert_eq!(clean.as_deref(), expected, "{answer:?}");
    }

    #[test]
    fn plain_text_stands_as_it_is() {
        check("def area(w):\n    return |\n", "w * w", Some("w * w"));
        check(
            "def area(w):|\n",
            "\n    return w\n",
            Some("\n    return w"),
        );
        check("a|", "", None);
        check("a|", " \n ", None);
    }

    #[test]
    fn a_fence_goes() {
        check("a = |\n", "```python\n1 + 1\n```\n", Some("1 + 1"));
        check("a = |\n", "```\n1 + 1", Some("1 + 1"));
        check("a = |\n", "```\n```", None);
    }

    #[test]
    fn what_stands_before_is_not_repeated() {
        check("    return wi|\n", "    return width", Some("dth"));
        check("    return wi|\n", "return width", Some("dth"));
        check("x|\n", "x + x", Some("x + x"));
    }

    #[test]
    fn what_stands_behind_is_not_repeated() {
        check("area(|)\n", "1, 2)", Some("1, 2"));
        check("area(|)\n", "1, 2)\nprint(3)\n", Some("1, 2"));
        check("fn a() {\n    |\n}\n", "b();\n}", Some("b();"));
        check("a|\n\nlast\n", " = 1\n\nlast\n", Some(" = 1"));
        check("a|\nb\nc\n", " = 1\nb\nc", Some(" = 1"));
        check("a|\nb\nc\n", " = 1\nb\nd", Some(" = 1\nb\nd"));
    }

    #[test]
    fn only_whole_lines_of_half_an_answer_stand() {
        check_part("a|\n", " = 1\nb = 2\nc =", false, Some(" = 1\nb = 2"));
        check_part("a|\n", " = 1", false, None);
    }

    #[test]
    fn lines_end_as_the_documents_do() {
        check("a|\r\nb\r\n", " = 1\nc = 2\n", Some(" = 1\r\nc = 2"));
    }

    #[test]
    fn a_completion_fits_where_the_line_ends() {
        for (text, expected) in [
            ("a|", true),
            ("a|\nb", true),
            ("area(|);\n", true),
            ("area(| b)\n", false),
            ("|a", false),
        ] {
            let (text, at) = place(text);
            let completion = Completion {
                text: &text,
                at,
                language: "",
                path: "",
                context_bytes: 0,
            };
            assert_eq!(completion.is_fitting(), expected, "{text:?}");
        }
    }

    #[test]
    fn context_is_what_fits_in_whole_lines() {
        let lines: String = (0..100).map(|n| format!("line {n:3} é\n")).collect();
        let text = Text::from(lines.as_str());
        for bytes in [0, 1, 5, 40, 200, 5_000] {
            for at in (0..lines.len()).filter(|at| lines.is_char_boundary(*at)) {
                let completion = Completion {
                    text: &text,
                    at,
                    language: "",
                    path: "",
                    context_bytes: bytes,
                };
                let (before, after) = (completion.before(), completion.after());
                assert!(before.len() + after.len() <= bytes, "{before:?} {after:?}");
                assert!(before.end == at && after.start == at);
                let request = completion.request(&Model::default());
                let said = &request.input[0].text;
                let prefix = format!("<prefix>\n{}\n</prefix>\n", &lines[before]);
                let suffix = format!("<suffix>\n{}\n</suffix>\n", &lines[after]);
                assert!(said.ends_with(&format!("{prefix}{suffix}")), "{said}");
            }
        }
    }
}
