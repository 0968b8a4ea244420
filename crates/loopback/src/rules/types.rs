//! Types from defaults, in Python and TypeScript.

use super::function::{Function, functions};
use super::language::Language;
use super::lexer::masked;

pub(super) fn annotate(text: &str, language: Language) -> Result<String, &'static str> {
    if !matches!(language, Language::Python | Language::TypeScript) {
        return Err("I can add types only in Python and TypeScript, and only from default values");
    }
    let mask = masked(text, language);
    let mut insertions: Vec<(usize, String)> = Vec::new();
    for function in functions(text, language) {
        for parameter in &function.parameters {
            let guess = parameter
                .default
                .as_deref()
                .and_then(|it| of_literal(it, language));
            if let (None, Some(ty)) = (&parameter.ty, guess) {
                insertions.push((parameter.name_end, format!(": {ty}")));
                // PEP 8 spaces the equals sign once a type stands before it.
                if language == Language::Python && text[parameter.name_end..].starts_with('=') {
                    insertions.push((parameter.name_end, " ".to_owned()));
                    insertions.push((parameter.name_end + 1, " ".to_owned()));
                }
            }
        }
        if function.result.is_none()
            && let Some(ty) = result(text, &mask, &function, language)
        {
            let arrow = if language == Language::Python {
                " -> "
            } else {
                ": "
            };
            insertions.push((function.signature_end, format!("{arrow}{ty}")));
        }
    }
    insertions.sort_by_key(|(at, _)| *at);
    let mut out = text.to_owned();
    for (at, piece) in insertions.iter().rev() {
        out.insert_str(*at, piece);
    }
    Ok(out)
}

fn of_literal(value: &str, language: Language) -> Option<&'static str> {
    let python = language == Language::Python;
    let value = value.trim();
    let unsigned = value.trim_start_matches('-');
    let quote = value
        .trim_start_matches(['f', 'r', 'u'])
        .starts_with(['"', '\'', '`']);
    Some(match value {
        "True" | "False" if python => "bool",
        "true" | "false" if !python => "boolean",
        _ if quote => {
            if python {
                "str"
            } else {
                "string"
            }
        }
        _ if value.starts_with("b\"") || value.starts_with("b'") => "bytes",
        _ if unsigned.starts_with(|it: char| it.is_ascii_digit()) => {
            let plain = unsigned.bytes().all(|it| it.is_ascii_digit() || it == b'_');
            let number = unsigned
                .bytes()
                .all(|it| it.is_ascii_alphanumeric() || b"._+-".contains(&it));
            match (number, plain, python) {
                (false, ..) => return None,
                (_, _, false) => "number",
                (_, true, true) => "int",
                _ if unsigned.starts_with("0x") => "int",
                _ => "float",
            }
        }
        "[]" if !python => "unknown[]",
        _ if python && value.starts_with('[') && value.ends_with(']') => "list",
        _ if python && value.starts_with('(') && value.ends_with(')') => "tuple",
        _ if python && value.starts_with('{') && value.ends_with('}') => {
            if value == "{}" || value.contains(':') {
                "dict"
            } else {
                "set"
            }
        }
        _ => return None,
    })
}

/// The result's type, where all the returns are literals of one type or there are none.
fn result(text: &str, mask: &str, function: &Function, language: Language) -> Option<&'static str> {
    let python = language == Language::Python;
    // Typescript infers its own; an arrow's signature ends elsewhere.
    if !python || function.name == "__init__" && function.parameters.is_empty() {
        return python.then_some("None");
    }
    let body = &mask[function.body.clone()];
    if body.contains("yield") || body.contains("def ") || body.contains("lambda") {
        return None;
    }
    let mut found = None;
    let mut at = function.body.start;
    for line in body.split_inclusive('\n') {
        let start = at + line.len() - line.trim_start().len();
        at += line.len();
        let Some(value) = text[start..at].trim_end().strip_prefix("return") else {
            continue;
        };
        let ty = if value.trim().is_empty() {
            "None"
        } else {
            of_literal(value, language)?
        };
        if found.is_some_and(|it| it != ty) {
            return None;
        }
        found = Some(ty);
    }
    if found.is_none() && body.contains("raise NotImplementedError") {
        return None;
    }
    Some(found.unwrap_or("None"))
}
