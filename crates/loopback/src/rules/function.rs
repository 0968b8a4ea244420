//! Finding functions: header, parameters, body. By pattern and bracket, not by grammar.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::instruction::pattern;
use super::language::Language;
use super::lexer::masked;
use super::lines::indentation;

/// One function of the region; offsets are bytes of the region.
#[derive(Debug)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) parameters: Vec<Parameter>,
    /// The declared result, where there is one.
    pub(super) result: Option<String>,
    /// The first byte of the header's line.
    pub(super) header: usize,
    /// Just behind the closing parenthesis of the parameters.
    pub(super) signature_end: usize,
    /// The body, inside its braces; from behind the colon in Python, behind the header in Lua.
    pub(super) body: Range<usize>,
    pub(super) indent: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameter {
    pub(super) name: String,
    pub(super) ty: Option<String>,
    pub(super) default: Option<String>,
    /// Behind the name (and a `?`), where a type would stand.
    pub(super) name_end: usize,
}

static RUST: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r#"(?m)^[ \t]*(?:pub(?:\([^)]*\))?[ \t]+)?(?:(?:default|const|async|unsafe|extern|"+)[ \t]+)*fn[ \t]+(?P<name>\w+)"#,
    )
});
static PYTHON: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^[ \t]*(?:async[ \t]+)?def[ \t]+(?P<name>\w+)"));
static SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?m)^[ \t]*(?:(?:export|default|async|declare)[ \t]+)*(?:function[ \t]*\*?[ \t]*(?P<name>[\w$]+)|(?:const|let|var)[ \t]+(?P<arrow>[\w$]+)[ \t]*=[ \t]*(?:async[ \t]*)?(?:function[ \t]*)?\(|(?:(?:public|private|protected|static|async|override|get|set)[ \t]+)*(?P<method>#?[\w$]+)[ \t]*(?:<[^>\n]*>)?\()",
    )
});
static GO: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"(?m)^func[ \t]+(?:\([^)\n]*\)[ \t]*)?(?P<name>\w+)"));
static C: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?m)^[ \t]*(?P<result>[\w:<>,\[\] \t*&]*?[\w>\]*&])[ \t]*[ \t*&](?P<name>~?\w+(?:::~?\w+)*)[ \t]*\(",
    )
});
static LUA: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?m)^[ \t]*(?:local[ \t]+)?(?:function[ \t]+(?P<name>[\w.:]+)|(?P<arrow>[\w.]+)[ \t]*=[ \t]*function)[ \t]*\(",
    )
});
static BASH: LazyLock<Regex> = LazyLock::new(|| {
    pattern(
        r"(?m)^[ \t]*(?:function[ \t]+(?P<name>[\w-]+)(?:[ \t]*\(\))?|(?P<arrow>[\w-]+)[ \t]*\(\))[ \t\r\n]*\{",
    )
});

/// The functions in order of their headers, inner ones too.
pub(super) fn functions(text: &str, language: Language) -> Vec<Function> {
    let headers = match language {
        Language::Rust => &RUST,
        Language::Python => &PYTHON,
        Language::JavaScript | Language::TypeScript => &SCRIPT,
        Language::Go => &GO,
        Language::C | Language::Cpp | Language::Java => &C,
        Language::Lua => &LUA,
        Language::Bash => &BASH,
        Language::Hash | Language::Other => return Vec::new(),
    };
    let mask = masked(text, language);
    headers
        .captures_iter(&mask)
        .filter_map(|found| {
            let name = ["name", "arrow", "method"]
                .iter()
                .find_map(|it| found.name(it))?;
            let header = found.get(0)?.start();
            let result = found.name("result").map(|it| it.as_str().trim().to_owned());
            if is_keyword(name.as_str()) || result.as_deref().is_some_and(begins_with_keyword) {
                return None;
            }
            let mut function = Function {
                name: name.as_str().to_owned(),
                parameters: Vec::new(),
                result,
                header,
                signature_end: name.end(),
                body: 0..0,
                indent: indentation(&text[header..]).to_owned(),
            };
            if language == Language::Bash {
                let open = found.get(0)?.end() - 1;
                function.body = open + 1..closing(&mask, open)?;
                return Some(function);
            }
            let open = opening(&mask, name.end())?;
            let close = closing(&mask, open)?;
            function.signature_end = close + 1;
            function.parameters = parameters(text, &mask, open + 1..close, language);
            let arrow = found.name("arrow").is_some();
            function.body = body(&mask, &mut function, language, arrow)?;
            Some(function)
        })
        .collect()
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "if" | "for"
            | "while"
            | "switch"
            | "catch"
            | "function"
            | "return"
            | "with"
            | "do"
            | "else"
            | "await"
            | "typeof"
            | "super"
            | "sizeof"
            | "new"
            | "throw"
            | "defined"
            | "foreach"
            | "using"
            | "lock"
    )
}

fn begins_with_keyword(result: &str) -> bool {
    let first = result.split([' ', '\t']).next().unwrap_or("");
    matches!(
        first,
        "return" | "else" | "new" | "throw" | "case" | "goto" | "delete" | "typedef" | "await"
    )
}

/// The parenthesis of the parameters, past the type parameters.
fn opening(mask: &str, from: usize) -> Option<usize> {
    let bytes = mask.as_bytes();
    let (mut at, mut depth) = (from, 0);
    loop {
        match *bytes.get(at)? {
            b'<' | b'[' => depth += 1,
            b']' => depth -= 1,
            b'>' if bytes[at - 1] != b'-' && bytes[at - 1] != b'=' => depth -= 1,
            b'(' if depth == 0 => return Some(at),
            b'{' | b'}' | b';' if depth == 0 => return None,
            _ => {}
        }
        at += 1;
    }
}

/// The bracket that closes the one at `open`; `mask` has no comments and strings.
pub(super) fn closing(mask: &str, open: usize) -> Option<usize> {
    let mut depth = 0;
    for (at, byte) in mask.bytes().enumerate().skip(open) {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at);
                }
            }
            _ => {}
        }
    }
    None
}

fn parameters(text: &str, mask: &str, range: Range<usize>, language: Language) -> Vec<Parameter> {
    let mut out: Vec<Parameter> = Vec::new();
    for piece in pieces(mask, range) {
        let whole = &mask[piece.clone()];
        let start = piece.start + (whole.len() - whole.trim_start().len());
        let end = piece.start + whole.trim_end().len();
        if start >= end {
            continue;
        }
        let part = &mask[start..end];
        let default = top_level(part, b'=').filter(|it| !part[*it..].starts_with("=>"));
        let head_end = default.map_or(part.len(), |at| at);
        let head = part[..head_end].trim_end();
        let written = |from: usize, to: usize| text[start + from..start + to].trim().to_owned();
        let default = default.map(|at| written(at + 1, part.len()));
        let (name_at, name_len, ty) = match language {
            Language::Go | Language::C | Language::Cpp | Language::Java => {
                typed_without_colon(head, language)
            }
            _ => match top_level(head, b':') {
                Some(colon) => (
                    0,
                    head[..colon].trim_end().len(),
                    Some(written(colon + 1, head_end)),
                ),
                None => (0, head.len(), None),
            },
        };
        let full = &head[name_at..name_at + name_len];
        let bare = bare_name(full);
        if matches!(bare, "self" | "cls" | "this" | "" | "/" | "void") {
            continue;
        }
        let name = if bare.starts_with(['{', '[', '(']) {
            "options"
        } else {
            bare
        };
        out.push(Parameter {
            name: name.to_owned(),
            ty,
            default,
            name_end: start + name_at + name_len,
        });
    }
    if language == Language::Go {
        // `a, b int`: a name without a type has the type of the next.
        for at in (0..out.len().saturating_sub(1)).rev() {
            if out[at].ty.is_none() {
                out[at].ty = out[at + 1].ty.clone();
            }
        }
    }
    out
}

/// Go writes the type behind the name, C in front of it.
fn typed_without_colon(head: &str, language: Language) -> (usize, usize, Option<String>) {
    if language == Language::Go {
        let name = head.find([' ', '\t']).unwrap_or(head.len());
        let ty = head[name..].trim();
        return (0, name, (!ty.is_empty()).then(|| ty.to_owned()));
    }
    let bare = head.trim_end_matches(|it: char| it == ']' || it == '[' || it.is_numeric());
    let name = bare.len()
        - bare
            .bytes()
            .rev()
            .take_while(|it| *it == b'_' || it.is_ascii_alphanumeric())
            .count();
    (
        name,
        bare.len() - name,
        Some(head[..name].trim().to_owned()),
    )
}

fn bare_name(full: &str) -> &str {
    let name = full
        .trim_start_matches(['*', '&', '.', '#', '\''])
        .trim_end_matches('?')
        .trim();
    name.rsplit([' ', '\t'])
        .next()
        .filter(|_| !name.starts_with(['{', '[']))
        .unwrap_or(name)
}

/// The ranges between the commas of the outermost level.
fn pieces(mask: &str, range: Range<usize>) -> Vec<Range<usize>> {
    let bytes = mask.as_bytes();
    let (mut out, mut depth, mut start) = (Vec::new(), 0i32, range.start);
    for at in range.clone() {
        match bytes[at] {
            b'(' | b'[' | b'{' | b'<' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            b'>' if !matches!(bytes[at - 1], b'-' | b'=') => depth -= 1,
            b',' if depth <= 0 => {
                out.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    out.push(start..range.end);
    out
}

fn top_level(part: &str, wanted: u8) -> Option<usize> {
    let mut depth = 0;
    part.bytes().position(|byte| {
        match byte {
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' => depth -= 1,
            _ => {}
        }
        byte == wanted && depth == 0
    })
}

/// Finds the body and, on the way to it, the declared result.
fn body(
    mask: &str,
    function: &mut Function,
    language: Language,
    arrow: bool,
) -> Option<Range<usize>> {
    let after = function.signature_end;
    match language {
        Language::Python => {
            let colon = after + top_level(&mask[after..], b':')?;
            let result = mask[after..colon]
                .trim()
                .strip_prefix("->")
                .map(|it| it.trim().to_owned());
            function.result = result;
            Some(colon + 1..python_end(mask, function.header, colon + 1))
        }
        Language::Lua => Some(after..block_end(mask, function.header, after)),
        _ => {
            let stop = after + mask[after..].find(['{', ';'])?;
            // A declaration without a body, or a call that looked like a method.
            if mask.as_bytes()[stop] == b';' {
                return None;
            }
            let between = mask[after..stop].trim();
            let is_script = matches!(language, Language::JavaScript | Language::TypeScript);
            if is_script && !arrow && !(between.is_empty() || between.starts_with(':')) {
                return None;
            }
            if matches!(language, Language::C | Language::Cpp | Language::Java) {
                let allowed = [
                    "", "const", "noexcept", "override", "throws", "final", ":", "->",
                ];
                let first = between.split([' ', '\n', '(']).next().unwrap_or("");
                if !allowed.contains(&first) {
                    return None;
                }
            } else {
                let result = between
                    .split("where")
                    .next()
                    .unwrap_or("")
                    .trim()
                    .trim_end_matches("=>")
                    .trim();
                let result = result
                    .trim_start_matches("->")
                    .trim_start_matches(':')
                    .trim();
                function.result = (!result.is_empty()).then(|| result.to_owned());
            }
            Some(stop + 1..closing(mask, stop).unwrap_or(mask.len()))
        }
    }
}

/// The end of a block that is told by its indentation, without the blank lines behind it.
fn python_end(mask: &str, header: usize, from: usize) -> usize {
    let indent = indentation(&mask[header..]).len();
    let mut at = from;
    let mut end = from;
    for (number, line) in mask[from..].split_inclusive('\n').enumerate() {
        at += line.len();
        let blank = line.trim().is_empty();
        if number > 0 && !blank && indentation(line).len() <= indent && !line.starts_with('"') {
            break;
        }
        if !blank {
            end = at;
        }
    }
    end
}

/// The beginning of the line with the `end` at the header's own indentation.
fn block_end(mask: &str, header: usize, from: usize) -> usize {
    let indent = indentation(&mask[header..]).len();
    let mut at = from;
    for line in mask[from..].split_inclusive('\n') {
        if indentation(line).len() == indent && line.trim_start().starts_with("end") {
            return at;
        }
        at += line.len();
    }
    at
}
