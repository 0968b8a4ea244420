//! An outline of the region, as a comment above it.

use super::function::functions;
use super::language::Language;
use super::lines::{ending, indentation};
use super::names::summary;

pub(super) fn explain(text: &str, language: Language) -> String {
    let functions = functions(text, language);
    let indent = indentation(text.lines().find(|it| !it.trim().is_empty()).unwrap_or(""));
    let mark = format!("{indent}{} ", language.line_comment());
    let lines = text.lines().count();
    let mut outline = vec![format!(
        "Outline: {} of {}, {}.",
        counted(lines, "line"),
        language.name(),
        counted(functions.len(), "function")
    )];
    for function in &functions {
        let parameters: Vec<String> = function
            .parameters
            .iter()
            .map(|it| it.name.clone())
            .collect();
        let own = function
            .name
            .rsplit(['.', ':'])
            .next()
            .unwrap_or(&function.name);
        let length = text[function.body.clone()].lines().count().max(1);
        outline.push(format!(
            "- {}({}), {}: {}",
            function.name,
            parameters.join(", "),
            counted(length, "line"),
            summary(own, &parameters)
        ));
    }
    let comment: String = outline
        .iter()
        .map(|line| format!("{mark}{line}{}", ending(text)))
        .collect();
    comment + text
}

fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
