//! Completion at the cursor: goes on as the nearest earlier line did that begins like this one.
//!
//! A demonstration: no model, no grammar. What it knows is the text that it is shown.

use model_protocol::{Message, Role};

use super::task::block;

/// Characters of a line that have to be there before it is taken for the beginning of another.
const TELLING: usize = 3;

/// Lines of an answer, at most.
const LINES: usize = 12;

/// The text at the cursor of the conversation's last message; `None` if it asks for something else.
pub(super) fn complete(conversation: &[Message]) -> Option<String> {
    let last = conversation.iter().rfind(|it| it.role == Role::User)?;
    let prefix = &last.text[block(&last.text, "prefix")?];
    let suffix = block(&last.text, "suffix").map_or("", |range| &last.text[range]);
    Some(go_on(prefix, suffix).unwrap_or_default())
}

fn go_on(prefix: &str, suffix: &str) -> Option<String> {
    let (above, line) = prefix.rsplit_once('\n')?;
    let begun = line.trim_start();
    if begun.trim_end().len() < TELLING {
        return None;
    }
    let above: Vec<&str> = above.lines().collect();
    let model = above.iter().rposition(|it| {
        it.trim_start().len() > begun.len() && it.trim_start().starts_with(begun)
    })?;
    let (first, rest) = (above[model], &above[model + 1..]);
    let mut text = first.trim_start()[begun.len()..].to_owned();
    // What is deeper than the line belongs to it, as long as it stands here as deep as there.
    let depth = indentation(first);
    if depth == indentation(line) && suffix.lines().next().is_none_or(|it| it.trim().is_empty()) {
        let inside = rest
            .iter()
            .take_while(|it| !it.trim().is_empty() && indentation(it).len() > depth.len());
        for line in inside.take(LINES) {
            text.push('\n');
            text.push_str(line);
        }
    }
    Some(text)
}

fn indentation(line: &str) -> &str {
    &line[..line.len() - line.trim_start().len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(prefix: &str, suffix: &str, expected: &str) {
        let message = Message::user(format!(
            "File: a.py\nLanguage: python\n\n<prefix>\n{prefix}\n</prefix>\n<suffix>\n{suffix}\n</suffix>\n"
        ));
        assert_eq!(complete(&[message]).as_deref(), Some(expected), "{prefix}");
    }

    #[test]
    fn a_line_goes_on_as_the_nearest_one_like_it() {
        check("total = a + b\ntotal = a + c\ntot", "", "al = a + c");
        check(
            "def area(w):\n    return w\n\ndef ar",
            "\n",
            "ea(w):\n    return w",
        );
        check("if a:\n    print(a)\n    pri", "\nlast", "nt(a)");
    }

    #[test]
    fn nothing_is_made_up() {
        check("total = 1\nother", "", "");
        check("a = 1\na", "", "");
        check("total = 1\n", "", "");
        check("total", "", "");
        check("total\ntotal", "", "");
    }

    #[test]
    fn what_is_no_completion_is_left_alone() {
        let message =
            Message::user("<region>\na\n</region>\n<instruction>\nsort lines\n</instruction>");
        assert_eq!(complete(&[message]), None);
    }
}
