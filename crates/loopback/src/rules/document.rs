//! Writing doc comments, in the language's own manner, for functions that have none.
//!
//! The words come from the names; that is as much as a rule can know.

use super::function::{Function, Parameter, functions};
use super::language::Language;
use super::lines::{ending, indentation, indentation_step};
use super::names::{summary, words};

pub(super) fn document(text: &str, language: Language) -> Result<String, &'static str> {
    if matches!(language, Language::Hash | Language::Other) {
        return Err(
            "I can document only Rust, Python, JavaScript, TypeScript, Go, C, C++, Java, Lua and shell",
        );
    }
    let step = indentation_step(text, "    ");
    let mut out = text.to_owned();
    // From the end, so that earlier offsets stay right.
    for function in functions(text, language).iter().rev() {
        let (at, indent) = if language == Language::Python {
            let Some(at) = docstring_place(text, function) else {
                continue;
            };
            (at, format!("{}{step}", function.indent))
        } else {
            let at = above_attributes(text, function.header);
            if has_comment_above(text, at, language) {
                continue;
            }
            (at, function.indent.clone())
        };
        let doc: String = comment(function, language)
            .iter()
            .map(|line| {
                format!("{}{}", if line.is_empty() { "" } else { &indent }, line) + ending(text)
            })
            .collect();
        out.insert_str(at, &doc);
    }
    Ok(out)
}

/// The line behind the header, unless there is a docstring or the body is on the header's line.
fn docstring_place(text: &str, function: &Function) -> Option<usize> {
    let body = &text[function.body.clone()];
    let (rest_of_line, after) = body.split_once('\n')?;
    if !rest_of_line.trim().is_empty() && !rest_of_line.trim_start().starts_with('#') {
        return None;
    }
    let first = after
        .trim_start()
        .trim_start_matches(['r', 'R', 'u', 'b', 'f']);
    (!first.starts_with(['"', '\''])).then_some(function.body.start + rest_of_line.len() + 1)
}

fn above_attributes(text: &str, header: usize) -> usize {
    let mut at = header;
    while let Some(line) = text[..at].lines().next_back().filter(|_| at > 0) {
        let trimmed = line.trim();
        if !(trimmed.starts_with("#[")
            || trimmed.starts_with('@')
            || trimmed.starts_with("template"))
        {
            break;
        }
        at = text[..at]
            .trim_end_matches(['\n', '\r'])
            .rfind('\n')
            .map_or(0, |it| it + 1);
    }
    at
}

fn has_comment_above(text: &str, at: usize, language: Language) -> bool {
    let line = text[..at].lines().next_back().map(str::trim).unwrap_or("");
    line.starts_with(language.line_comment()) && !line.starts_with("#!")
        || language.has_block_comments() && (line.ends_with("*/") || line.starts_with('*'))
}

fn comment(function: &Function, language: Language) -> Vec<String> {
    let own = function
        .name
        .rsplit(['.', ':'])
        .next()
        .unwrap_or(&function.name);
    let tick = if language == Language::Rust { "`" } else { "" };
    let quoted: Vec<String> = function
        .parameters
        .iter()
        .map(|it| format!("{tick}{}{tick}", it.name.trim_start_matches('_')))
        .collect();
    let summary = summary(own, &quoted);
    match language {
        Language::Rust => rust(function, &summary),
        Language::Python => python(function, &summary),
        Language::Go => {
            let lower = summary
                .chars()
                .next()
                .map(|it| it.to_lowercase().to_string())
                .unwrap_or_default();
            vec![format!(
                "// {} {lower}{}",
                function.name,
                &summary[summary.chars().next().map_or(0, char::len_utf8)..]
            )]
        }
        Language::Lua => {
            let mut out = vec![format!("--- {summary}")];
            out.extend(
                function
                    .parameters
                    .iter()
                    .map(|it| format!("---@param {} any {}", it.name, meaning(it))),
            );
            out
        }
        Language::Bash => vec![format!("# {summary}")],
        Language::C | Language::Cpp => star(function, &summary, "@brief ", "@return ", ""),
        Language::Java => star(function, &summary, "", "@return ", ""),
        _ => star(function, &summary, "", "@returns ", "- "),
    }
}

fn rust(function: &Function, summary: &str) -> Vec<String> {
    let mut out = vec![format!("/// {summary}")];
    if function
        .result
        .as_deref()
        .is_some_and(|it| it.contains("Result"))
    {
        let what = words(&function.name).join(" ");
        out.extend(["///", "/// # Errors", "///"].map(str::to_owned));
        out.push(format!(
            "/// Returns an error if the attempt to {what} fails."
        ));
    }
    out
}

fn python(function: &Function, summary: &str) -> Vec<String> {
    let returns = function.result.as_deref().filter(|it| *it != "None");
    if function.parameters.is_empty() && returns.is_none() {
        return vec![format!("\"\"\"{summary}\"\"\"")];
    }
    let mut out = vec![format!("\"\"\"{summary}")];
    if !function.parameters.is_empty() {
        out.extend([String::new(), "Args:".to_owned()]);
        out.extend(
            function
                .parameters
                .iter()
                .map(|it| format!("    {}: {}", it.name, meaning(it))),
        );
    }
    if let Some(ty) = returns {
        out.extend([
            String::new(),
            "Returns:".to_owned(),
            format!("    {ty}: The result."),
        ]);
    }
    out.push("\"\"\"".to_owned());
    out
}

fn star(function: &Function, summary: &str, brief: &str, returns: &str, dash: &str) -> Vec<String> {
    let result = function
        .result
        .as_deref()
        .map(|it| it.rsplit(' ').next().unwrap_or(it));
    let has_result = result.is_some_and(|it| !matches!(it, "void" | "Promise<void>" | "never"));
    if function.parameters.is_empty() && !has_result {
        return vec![format!("/** {brief}{summary} */")];
    }
    let mut out = vec![
        "/**".to_owned(),
        format!(" * {brief}{summary}"),
        " *".to_owned(),
    ];
    out.extend(
        function
            .parameters
            .iter()
            .map(|it| format!(" * @param {} {dash}{}", it.name, meaning(it))),
    );
    if has_result {
        out.push(format!(" * {returns}The result."));
    }
    out.push(" */".to_owned());
    out
}

fn meaning(parameter: &Parameter) -> String {
    let words = words(&parameter.name).join(" ");
    let default = parameter
        .default
        .as_ref()
        .map(|it| format!(" Defaults to {it}."))
        .unwrap_or_default();
    format!("The {words}.{default}")
}

/// Whether a line is empty or a comment of the language.
pub(super) fn is_blank_or_comment(line: &str, language: Language) -> bool {
    let line = &line[indentation(line).len()..];
    line.trim().is_empty() || line.starts_with(language.line_comment())
}
