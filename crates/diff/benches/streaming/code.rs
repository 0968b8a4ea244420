//! A seeded generator of plausible source text, so that everybody measures the same. No edits: those are in `workload`.

use fastrand::Rng;

const NOUNS: &[&str] = &[
    "item", "user", "order", "price", "token", "buffer", "line", "event", "cache", "index", "node",
    "path", "value", "total", "count", "session", "request", "response", "config", "cursor",
    "range", "offset", "message", "error", "result", "window", "queue", "worker", "batch",
    "record", "field", "column", "table", "key", "entry", "limit", "state", "frame", "socket",
];
const VERBS: &[&str] = &[
    "load", "save", "parse", "find", "update", "remove", "insert", "apply", "merge", "split",
    "read", "write", "send", "open", "close", "check", "build", "render", "resolve", "collect",
    "filter", "reset", "flush", "encode", "decode", "validate",
];

/// The languages whose shape is imitated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Language {
    Rust,
    TypeScript,
    Python,
}

pub(crate) fn noun(rng: &mut Rng) -> &'static str {
    rng.choice(NOUNS).map_or("", |word| word)
}

pub(crate) fn verb(rng: &mut Rng) -> &'static str {
    rng.choice(VERBS).map_or("", |word| word)
}

/// About `lines` lines: functions, enumerations, matches, imports.
pub(crate) fn generate(language: Language, lines: usize, rng: &mut Rng) -> Vec<String> {
    let mut code = Vec::new();
    for _ in 0..(lines / 20).clamp(2, 12) {
        code.push(import(language, rng));
    }
    code.push(String::new());
    while code.len() < lines {
        match rng.u8(0..8) {
            0 => choices(language, rng, &mut code),
            1 => fields(language, rng, &mut code),
            _ => function(language, rng, &mut code),
        }
    }
    code.truncate(lines);
    code
}

pub(crate) fn import(language: Language, rng: &mut Rng) -> String {
    let (a, b, c) = (noun(rng), noun(rng), capital(noun(rng)));
    match language {
        Language::Rust => format!("use crate::{a}::{b}::{c};"),
        Language::TypeScript => format!("import {{ {c} }} from \"./{a}/{b}\";"),
        Language::Python => format!("from app.{a}.{b} import {c}"),
    }
}

/// One function with a blank line behind it.
pub(crate) fn function(language: Language, rng: &mut Rng, code: &mut Vec<String>) {
    let (name, a, b) = (format!("{}_{}", verb(rng), noun(rng)), noun(rng), noun(rng));
    if rng.bool() {
        let doc = format!(
            "{} the {} of a {}.",
            capital(verb(rng)),
            noun(rng),
            noun(rng)
        );
        match language {
            Language::Rust => code.push(format!("/// {doc}")),
            Language::TypeScript => code.push(format!("/** {doc} */")),
            Language::Python => {}
        }
    }
    code.push(match language {
        Language::Rust => format!(
            "pub fn {name}({a}: &str, {b}: usize) -> Result<{}, Error> {{",
            capital(noun(rng))
        ),
        Language::TypeScript => format!(
            "export function {name}({a}: string, {b}: number): {} {{",
            capital(noun(rng))
        ),
        Language::Python => format!("def {name}({a}: str, {b}: int) -> {}:", capital(noun(rng))),
    });
    body(language, 1, 0, rng, code);
    code.push(match language {
        Language::Rust => format!("    Ok({b})"),
        Language::TypeScript => format!("    return {b};"),
        Language::Python => format!("    return {b}"),
    });
    close(language, 1, code);
    code.push(String::new());
}

fn body(language: Language, depth: usize, nesting: usize, rng: &mut Rng, code: &mut Vec<String>) {
    let indent = "    ".repeat(depth);
    for _ in 0..rng.usize(2..7) {
        let (a, b, c, verb) = (noun(rng), noun(rng), noun(rng), verb(rng));
        let number = rng.u8(0..9);
        let end = if language == Language::Python {
            ""
        } else {
            ";"
        };
        let (declare, this, push) = match language {
            Language::Rust => ("let ", "self", "push"),
            Language::TypeScript => ("const ", "this", "push"),
            Language::Python => ("", "self", "append"),
        };
        let line = match rng.u8(0..14) {
            0 => format!("{declare}{a} = {this}.{verb}_{b}({c}, {number}){end}"),
            1 => format!("{declare}{a} = {b}.{verb}(){end}"),
            2 => format!("{this}.{a}.{push}({b}){end}"),
            3 => format!("{this}.{a} += {number}{end}"),
            4 => format!("{declare}{a} = []{end}"),
            5 => format!("{verb}_{a}({b}, {c}.{verb}){end}"),
            6 => format!("log(\"{verb} {a} of {b}\", {c}){end}"),
            7 => format!("// The {a} may be gone by the time the {b} is here.")
                .replace("//", if end.is_empty() { "#" } else { "//" }),
            8 => String::new(),
            9 | 10 if nesting < 2 => {
                code.push(indent.clone() + &condition(language, a, b, number));
                body(language, depth + 1, nesting + 1, rng, code);
                close(language, depth + 1, code);
                continue;
            }
            11 if nesting < 2 => {
                code.push(
                    indent.clone()
                        + &match language {
                            Language::Rust => format!("for {a} in {b}.iter() {{"),
                            Language::TypeScript => format!("for (const {a} of {b}) {{"),
                            Language::Python => format!("for {a} in {b}:"),
                        },
                );
                body(language, depth + 1, nesting + 1, rng, code);
                close(language, depth + 1, code);
                continue;
            }
            12 => match language {
                Language::Python => "return None".to_owned(),
                Language::TypeScript => "return undefined;".to_owned(),
                Language::Rust => "return Ok(None);".to_owned(),
            },
            _ => format!("{declare}{a} = {b} + {c} * {number}{end}"),
        };
        code.push(if line.is_empty() {
            line
        } else {
            indent.clone() + &line
        });
    }
}

fn condition(language: Language, a: &str, b: &str, number: u8) -> String {
    match language {
        Language::Rust => format!("if {a}.{b} > {number} {{"),
        Language::TypeScript => format!("if ({a}.{b} > {number}) {{"),
        Language::Python => format!("if {a}.{b} > {number}:"),
    }
}

fn close(language: Language, depth: usize, code: &mut Vec<String>) {
    if language != Language::Python {
        code.push("    ".repeat(depth - 1) + "}");
    }
}

/// A match over the cases of an enumeration.
fn choices(language: Language, rng: &mut Rng, code: &mut Vec<String>) {
    let (kind, subject) = (capital(noun(rng)), noun(rng));
    code.push(match language {
        Language::Rust => format!("pub fn name_of_{subject}({subject}: {kind}) -> &'static str {{"),
        Language::TypeScript => {
            format!("export function nameOf{kind}({subject}: {kind}): string {{")
        }
        Language::Python => format!("def name_of_{subject}({subject}):"),
    });
    code.push(match language {
        Language::Rust => format!("    match {subject} {{"),
        Language::TypeScript => format!("    switch ({subject}) {{"),
        Language::Python => format!("    match {subject}:"),
    });
    for _ in 0..rng.usize(4..12) {
        code.push(choice(language, &kind, rng));
    }
    close(language, 2, code);
    close(language, 1, code);
    code.push(String::new());
}

fn choice(language: Language, kind: &str, rng: &mut Rng) -> String {
    let (case, name) = (
        format!("{}{}", capital(verb(rng)), capital(noun(rng))),
        noun(rng),
    );
    match language {
        Language::Rust => format!("        {kind}::{case} => \"{name}\","),
        Language::TypeScript => format!("        case {kind}.{case}: return \"{name}\";"),
        Language::Python => format!("        case {kind}.{case}: return \"{name}\""),
    }
}

/// Whether a line is one of many alike: an import, a case, a field.
pub(crate) fn is_one_of_many(line: &str) -> bool {
    let line = line.trim_start();
    line.contains(" => \"")
        || ["case ", "use ", "import ", "from "]
            .iter()
            .any(|start| line.starts_with(start))
        || line.ends_with(": usize,")
}

fn fields(language: Language, rng: &mut Rng, code: &mut Vec<String>) {
    let name = capital(noun(rng));
    code.push(match language {
        Language::Rust => format!("pub struct {name} {{"),
        Language::TypeScript => format!("export interface {name} {{"),
        Language::Python => format!("class {name}:"),
    });
    for _ in 0..rng.usize(3..9) {
        let (a, b) = (verb(rng), noun(rng));
        code.push(match language {
            Language::Rust => format!("    pub {a}_{b}: usize,"),
            Language::TypeScript => format!("    {a}_{b}: number;"),
            Language::Python => format!("    {a}_{b}: int"),
        });
    }
    close(language, 1, code);
    code.push(String::new());
}

fn capital(word: &str) -> String {
    word[..1].to_ascii_uppercase() + &word[1..]
}
