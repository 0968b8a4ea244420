//! Wrapping the region, or the body of the one function that it is, in the language's `try`.

use super::document::is_blank_or_comment;
use super::function::{Function, functions};
use super::language::Language;
use super::lexer::{Kind, spans};
use super::lines::{ending, indentation, indentation_step};

pub(super) fn wrap(text: &str, language: Language) -> Result<String, &'static str> {
    let usual = if matches!(
        language,
        Language::JavaScript | Language::TypeScript | Language::Lua
    ) {
        "  "
    } else {
        "    "
    };
    let step = indentation_step(text, usual);
    let eol = ending(text);
    let body = functions(text, language)
        .into_iter()
        .find(|it| is_whole(text, it, language));
    let name = body
        .as_ref()
        .map_or("the block".to_owned(), |it| it.name.clone());
    let (open, close) = frame(language, &name).ok_or("this language has no try")?;
    let (start, end) = match &body {
        Some(function) => lines_of_body(text, function, language),
        None => (0, text.len()),
    };
    let inner = &text[start..end];
    let first = inner.lines().find(|it| !it.trim().is_empty()).unwrap_or("");
    let indent = indentation(first).to_owned();
    let inner_ends = inner.ends_with('\n');
    let mut out = text[..start].to_owned();
    out.push_str(&format!("{indent}{open}{eol}"));
    out.push_str(&indented(text, start, end, &step, language));
    if !inner_ends {
        out.push_str(eol);
    }
    for (number, line) in close.iter().enumerate() {
        let last = number + 1 == close.len();
        let shifted = line.replace('\t', &step);
        out.push_str(&format!(
            "{indent}{shifted}{}",
            if last && !inner_ends { "" } else { eol }
        ));
    }
    out.push_str(&text[end..]);
    Ok(out)
}

/// What stands before and after; a tab is one step of indentation.
fn frame(language: Language, name: &str) -> Option<(&'static str, Vec<String>)> {
    let lines = |these: &[&str]| these.iter().map(|it| it.replace("NAME", name)).collect();
    Some(match language {
        Language::Python => (
            "try:",
            lines(&[
                "except Exception as error:",
                "\traise RuntimeError(\"NAME failed\") from error",
            ]),
        ),
        Language::JavaScript | Language::TypeScript => (
            "try {",
            lines(&[
                "} catch (error) {",
                "\tconsole.error(\"NAME failed\", error);",
                "\tthrow error;",
                "}",
            ]),
        ),
        Language::Java => (
            "try {",
            lines(&[
                "} catch (Exception error) {",
                "\tthrow new RuntimeException(\"NAME failed\", error);",
                "}",
            ]),
        ),
        Language::Cpp => (
            "try {",
            lines(&[
                "} catch (const std::exception& error) {",
                "\tstd::cerr << \"NAME failed: \" << error.what() << '\\n';",
                "\tthrow;",
                "}",
            ]),
        ),
        Language::Lua => (
            "local ok, result = pcall(function()",
            lines(&[
                "end)",
                "if not ok then",
                "\terror(\"NAME failed: \" .. tostring(result))",
                "end",
                "return result",
            ]),
        ),
        _ => return None,
    })
}

/// Whether the region is this one function and nothing beside it.
fn is_whole(text: &str, function: &Function, language: Language) -> bool {
    let after = text[function.body.end..].trim();
    let before = text[..function.header].lines();
    matches!(after, "" | "}" | "};" | "end")
        && before
            .into_iter()
            .all(|it| is_blank_or_comment(it, language) || it.trim_start().starts_with('@'))
        && text[function.body.clone()].contains('\n')
}

/// The whole lines of the body, without the header's and the closing line, without a docstring.
fn lines_of_body(text: &str, function: &Function, language: Language) -> (usize, usize) {
    let body = function.body.clone();
    let mut start = body.start + text[body.clone()].find('\n').map_or(0, |it| it + 1);
    if language == Language::Python {
        let docstring = spans(text, language)
            .into_iter()
            .find(|it| it.range.start >= start && !text[it.range.clone()].trim().is_empty());
        if let Some(span) = docstring.filter(|it| it.kind == Kind::Str) {
            start = text[span.range.end..body.end]
                .find('\n')
                .map_or(start, |it| span.range.end + it + 1);
        }
        return (start, body.end);
    }
    let end = text[..body.end].rfind('\n').map_or(body.end, |it| it + 1);
    (start, end.max(start))
}

/// One step deeper, except lines that begin inside a string.
fn indented(text: &str, start: usize, end: usize, step: &str, language: Language) -> String {
    let strings: Vec<_> = spans(text, language)
        .into_iter()
        .filter(|it| it.kind == Kind::Str)
        .collect();
    let mut at = start;
    text[start..end]
        .split_inclusive('\n')
        .map(|line| {
            let inside = strings
                .iter()
                .any(|it| it.range.start < at && at < it.range.end);
            at += line.len();
            if inside || line.trim().is_empty() {
                line.to_owned()
            } else {
                format!("{step}{line}")
            }
        })
        .collect()
}
