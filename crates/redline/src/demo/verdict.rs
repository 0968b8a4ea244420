//! Whether the text is what was streamed and accepted, from nothing that the language server says
//! about itself: the text before, the model server's own frames, and the decisions.

use super::document::Span;
use super::proposal::Hunk;

/// The document with the region replaced by what the model wrote. The answer takes over the
/// region's line ends and its last one, which a model may leave out.
///
/// Nothing, when the region does not fit the text.
pub(super) fn rewritten(before: &str, region: Span, answer: &str) -> Option<String> {
    let range = region.bytes(before)?;
    let base = &before[range.clone()];
    let ending = if base.contains("\r\n") { "\r\n" } else { "\n" };
    let mut answer = answer.replace("\r\n", "\n");
    let has_last = base.ends_with('\n');
    if has_last && !answer.ends_with('\n') {
        answer.push('\n');
    } else if !has_last && answer.ends_with('\n') {
        answer.pop();
    }
    let answer = answer.replace('\n', ending);
    Some([&before[..range.start], &answer, &before[range.end..]].concat())
}

/// The proposed text with the hunks that `rejected` names taken back.
///
/// Nothing, when a hunk is not what the text shows in its place.
pub(super) fn decided(proposed: &str, hunks: &[Hunk], rejected: &[u64]) -> Option<String> {
    let mut located = hunks
        .iter()
        .map(|it| Some((it.span.bytes(proposed)?, it)))
        .collect::<Option<Vec<_>>>()?;
    located.sort_by_key(|(range, _)| range.start);
    let mut text = proposed.to_owned();
    for (range, hunk) in located.into_iter().rev() {
        if proposed[range.clone()] != hunk.new_text {
            return None;
        }
        if rejected.contains(&hunk.index) {
            text.replace_range(range, &hunk.old_text);
        }
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::super::document::Position;
    use super::*;

    fn lines(from: usize, to: usize) -> Span {
        Span {
            start: Position {
                line: from,
                byte: 0,
            },
            end: Position { line: to, byte: 0 },
        }
    }

    #[test]
    fn an_answer_takes_the_regions_line_ends() {
        let check = |before, region, answer, after: &str| {
            assert_eq!(rewritten(before, region, answer).as_deref(), Some(after));
        };
        check(
            "a\r\nb\r\nc\r\n",
            lines(1, 2),
            "x\ny",
            "a\r\nx\r\ny\r\nc\r\n",
        );
        check("a\nb", Span::whole("a\nb"), "x\ny\n", "x\ny");
        check("a\nb\n", lines(0, 2), "x", "x\n");
        assert_eq!(rewritten("a", lines(3, 4), "x"), None);
    }

    #[test]
    fn rejected_hunks_come_back() {
        let hunk = |index, from, to, old: &str, new: &str| Hunk {
            index,
            is_pending: true,
            span: lines(from, to),
            old_text: old.to_owned(),
            new_text: new.to_owned(),
        };
        let hunks = [hunk(0, 0, 1, "", "new\n"), hunk(1, 2, 2, "gone\n", "")];
        let proposed = "new\na\nb\n";
        assert_eq!(decided(proposed, &hunks, &[]).as_deref(), Some(proposed));
        assert_eq!(decided(proposed, &hunks, &[0]).as_deref(), Some("a\nb\n"));
        assert_eq!(
            decided(proposed, &hunks, &[0, 1]).as_deref(),
            Some("a\ngone\nb\n")
        );
        assert_eq!(decided("other\na\nb\n", &hunks, &[]), None);
    }
}
