//! Reading the prompt: which language, which region, what to do.
//!
//! Not here: what the instruction means (`instruction`).

use model_protocol::{Message, Role};

use super::language::Language;

/// One piece of work as the prompt states it.
#[derive(Debug, PartialEq)]
pub(super) struct Task {
    pub(super) language: Language,
    pub(super) region: String,
    pub(super) instruction: String,
}

impl Task {
    /// The newest instruction, and the newest region, which in a continued conversation may stand
    /// in an earlier message.
    pub(super) fn read(conversation: &[Message]) -> Option<Task> {
        let mut newest = conversation.iter().rev().filter(|it| it.role == Role::User);
        let last = newest.next()?;
        let instruction = block(&last.text, "instruction");
        let source = std::iter::once(last)
            .chain(newest)
            .find(|it| block(&it.text, "region").is_some())?;
        let region = block(&source.text, "region")?;
        let before = &source.text[..region.start];
        let language = before
            .lines()
            .find_map(|line| line.trim().strip_prefix("Language:"))
            .map_or(Language::Other, |id| Language::from_id(id.trim()));
        let instruction = match instruction {
            Some(range) => &last.text[range],
            // A short follow-up may be the bare instruction.
            None if !std::ptr::eq(last, source) => &*last.text,
            None => return None,
        };
        Some(Task {
            language,
            region: source.text[region].to_owned(),
            instruction: instruction.trim().to_owned(),
        })
    }
}

/// The inside of the last `<tag>` … `</tag>` pair whose tags stand alone on their lines, without
/// the line ends next to the tags.
pub(super) fn block(text: &str, tag: &str) -> Option<std::ops::Range<usize>> {
    let (open, close) = (format!("<{tag}>"), format!("</{tag}>"));
    let mut at = 0;
    let lines: Vec<(usize, &str)> = text
        .split_inclusive('\n')
        .map(|line| {
            at += line.len();
            (at - line.len(), line)
        })
        .collect();
    let last = lines
        .iter()
        .rposition(|(_, line)| line.trim_end() == close)?;
    let first = lines[..last]
        .iter()
        .rposition(|(_, line)| line.trim_end() == open)?;
    let start = lines[first].0 + lines[first].1.len();
    let mut end = lines[last].0;
    if first + 1 < last {
        end -= 1;
        if text[start..end].ends_with('\r') {
            end -= 1;
        }
    }
    Some(start..end)
}
