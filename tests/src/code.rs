//! Plausible code in six languages, and what a model might make of it, from a seed.
//! It need not compile: what matters is its shape, with indentation, repetition, blank lines and all scripts.

use fastrand::Rng;

/// A language to write in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    Rust,
    Python,
    TypeScript,
    Go,
    Java,
    C,
}

impl Language {
    pub const ALL: [Language; 6] = [
        Language::Rust,
        Language::Python,
        Language::TypeScript,
        Language::Go,
        Language::Java,
        Language::C,
    ];

    /// The protocol's `languageId`.
    pub fn id(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::Python => "python",
            Language::TypeScript => "typescript",
            Language::Go => "go",
            Language::Java => "java",
            Language::C => "c",
        }
    }

    /// A file's extension, without the dot.
    pub fn extension(self) -> &'static str {
        match self {
            Language::Rust => "rs",
            Language::Python => "py",
            Language::TypeScript => "ts",
            Language::Go => "go",
            Language::Java => "java",
            Language::C => "c",
        }
    }

    fn comment(self) -> &'static str {
        if self == Language::Python { "#" } else { "//" }
    }

    fn indent(self, depth: usize) -> String {
        match self {
            Language::Go => "\t".repeat(depth),
            Language::TypeScript => "  ".repeat(depth),
            _ => "    ".repeat(depth),
        }
    }

    fn function(self, name: &str, argument: &str) -> String {
        match self {
            Language::Rust => format!("fn {name}({argument}: &str) -> usize {{"),
            Language::Python => format!("def {name}({argument}):"),
            Language::TypeScript => format!("function {name}({argument}: string): number {{"),
            Language::Go => format!("func {name}({argument} string) int {{"),
            Language::Java => format!("static int {name}(String {argument}) {{"),
            Language::C => format!("int {name}(const char *{argument}) {{"),
        }
    }

    fn branch(self, left: &str, right: &str) -> String {
        match self {
            Language::Rust | Language::Go => format!("if {left} < {right} {{"),
            Language::Python => format!("if {left} < {right}:"),
            _ => format!("if ({left} < {right}) {{"),
        }
    }

    fn assignment(self, name: &str, value: &str) -> String {
        match self {
            Language::Rust => format!("let {name} = {value};"),
            Language::Python => format!("{name} = {value}"),
            Language::TypeScript => format!("const {name} = {value};"),
            Language::Go => format!("{name} := {value}"),
            Language::Java | Language::C => format!("int {name} = {value};"),
        }
    }

    fn statement(self, expression: &str) -> String {
        match self {
            Language::Python | Language::Go => expression.to_owned(),
            _ => format!("{expression};"),
        }
    }
}

const NAMES: [&str; 16] = [
    "total", "item", "index", "buffer", "count", "head", "result", "name", "width", "größe", "値",
    "node", "left", "right", "state", "key",
];

const REMARKS: [&str; 8] = [
    "the caller holds the lock",
    "see above",
    "größer als nötig",
    "日本語の説明です",
    "fast path 🚀",
    "e\u{301}tat combine\u{301}",
    "family 👨‍👩‍👧 of cases",
    "𝄞 is one character",
];

fn pick<T: Copy>(from: &[T], rng: &mut Rng) -> T {
    from[rng.usize(..from.len())]
}

fn expression(rng: &mut Rng) -> String {
    let (one, other) = (pick(&NAMES, rng), pick(&NAMES, rng));
    match rng.u8(..5) {
        0 => rng.u16(..).to_string(),
        1 => format!("{one} + {}", rng.u8(..)),
        2 => format!("{one}({other}, {})", rng.u8(..)),
        3 => format!("{one} * ({other} - {})", rng.u8(..)),
        _ => format!("\"{} {one}\"", pick(&REMARKS, rng)),
    }
}

fn line(language: Language, rng: &mut Rng) -> String {
    match rng.u8(..10) {
        0 => format!("{} {}", language.comment(), pick(&REMARKS, rng)),
        1 => language.statement(&format!("return {}", pick(&NAMES, rng))),
        2..=4 => language.statement(&format!("{}({})", pick(&NAMES, rng), expression(rng))),
        _ => language.assignment(pick(&NAMES, rng), &expression(rng)),
    }
}

/// `count` lines without their ends: functions of statements and branches, the last one perhaps cut short.
/// Neither the first nor the last is blank.
pub fn code(language: Language, count: usize, rng: &mut Rng) -> Vec<String> {
    let mut lines = Vec::with_capacity(count);
    let mut depth = 0;
    while lines.len() < count {
        let may_be_blank = !lines.is_empty() && lines.len() + 1 < count;
        let (name, other) = (pick(&NAMES, rng), pick(&NAMES, rng));
        match rng.u8(..12) {
            0 if may_be_blank => lines.push(String::new()),
            1 | 2 if depth > 0 => {
                depth -= 1;
                if language != Language::Python {
                    lines.push(format!("{}}}", language.indent(depth)));
                }
            }
            _ if depth == 0 => {
                let name = format!("{name}_{}", rng.u8(..));
                lines.push(language.function(&name, other));
                depth = 1;
            }
            3 if depth < 5 => {
                lines.push(format!(
                    "{}{}",
                    language.indent(depth),
                    language.branch(name, other)
                ));
                depth += 1;
            }
            _ => lines.push(format!("{}{}", language.indent(depth), line(language, rng))),
        }
    }
    lines
}

/// What a model makes of `lines`: some are changed, deleted, inserted, doubled or moved, from a few to nearly
/// all. Never the same as before; the first line keeps its indentation, and the last is not blank.
pub fn rewritten(language: Language, lines: &[String], rng: &mut Rng) -> Vec<String> {
    let rate = pick(&[2, 5, 15, 40, 90], rng);
    let mut result: Vec<String> = Vec::with_capacity(lines.len() + 8);
    for (index, old) in lines.iter().enumerate() {
        let may_go = index > 0 && index + 1 < lines.len();
        let indent = &old[..old.len() - old.trim_start().len()];
        if rng.u8(..100) >= rate {
            result.push(old.clone());
            continue;
        }
        match rng.u8(..6) {
            0 if may_go => {}
            1 => result.extend([old.clone(), old.clone()]),
            2 => {
                result.push(old.clone());
                for _ in 0..rng.usize(1..5) {
                    result.push(format!("{indent}{}", line(language, rng)));
                }
            }
            3 if may_go => result.push(format!("{indent}{}", line(language, rng))),
            _ => result.push(changed(old, rng)),
        }
    }
    if result.len() > 8 && rng.u8(..3) == 0 {
        let length = rng.usize(1..5);
        let from = rng.usize(1..result.len() - length - 1);
        let block: Vec<_> = result.drain(from..from + length).collect();
        let to = rng.usize(1..result.len() - 1);
        result.splice(to..to, block);
    }
    if result == lines || result.last().is_some_and(|last| last.trim().is_empty()) {
        let indent = &lines[0][..lines[0].len() - lines[0].trim_start().len()];
        result.push(format!("{indent}{} the end", language.comment()));
    }
    result
}

/// The line with one word of it replaced, or one put behind it.
fn changed(line: &str, rng: &mut Rng) -> String {
    let words: Vec<_> = line
        .match_indices(|c: char| c.is_alphanumeric())
        .map(|(at, found)| at..at + found.len())
        .collect();
    if words.is_empty() || rng.u8(..4) == 0 {
        return format!("{line} /* {} */", pick(&REMARKS, rng));
    }
    let at = words[rng.usize(..words.len())].clone();
    let mut line = line.to_owned();
    line.replace_range(at, pick(&NAMES, rng));
    line
}
