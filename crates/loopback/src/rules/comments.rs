//! Removing comments; strings that look like comments stay.

use super::language::Language;
use super::lexer::{Kind, spans};

pub(super) fn remove(text: &str, language: Language) -> String {
    let mut kept = String::with_capacity(text.len());
    // Offsets in `kept` where a comment was taken out.
    let mut cuts = Vec::new();
    for span in spans(text, language) {
        let piece = &text[span.range.clone()];
        if span.kind == Kind::Comment && !is_directive(piece, span.range.start) {
            cuts.push(kept.len());
            // A block comment between two words must not join them.
            let after = text[span.range.end..].chars().next();
            let joins = |it: Option<char>| it.is_some_and(|it| it.is_alphanumeric() || it == '_');
            if joins(kept.chars().next_back()) && joins(after) {
                kept.push(' ');
            }
        } else {
            kept.push_str(piece);
        }
    }
    let mut out = String::with_capacity(kept.len());
    let mut at = 0;
    for line in kept.split_inclusive('\n') {
        let cut = cuts.iter().any(|it| {
            (at..at + line.len()).contains(it) || *it == at + line.len() && !line.ends_with('\n')
        });
        at += line.len();
        if !cut {
            out.push_str(line);
            continue;
        }
        let body = line.trim_end_matches(['\r', '\n']);
        let trimmed = body.trim_end();
        if !trimmed.is_empty() {
            out.push_str(trimmed);
            out.push_str(&line[body.len()..]);
        }
    }
    // The last line was a comment alone: its line end goes with it, as the region had none.
    if !text.ends_with('\n') && out.ends_with('\n') {
        out.truncate(out.trim_end_matches(['\r', '\n']).len());
    }
    out
}

/// Comments that tools read.
fn is_directive(comment: &str, at: usize) -> bool {
    at == 0 && comment.starts_with("#!")
        || comment.starts_with("//go:")
        || comment.starts_with("# -*-")
        || comment.starts_with("// @ts-")
}
