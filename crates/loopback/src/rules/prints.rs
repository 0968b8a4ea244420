//! Removing prints that were left over from debugging.

use std::sync::LazyLock;

use regex::Regex;

use super::function::closing;
use super::instruction::pattern;
use super::language::Language;
use super::lexer::masked;
use super::lines::indentation;

static DBG: LazyLock<Regex> = LazyLock::new(|| pattern(r"\bdbg!\s*\("));

pub(super) fn remove(text: &str, language: Language) -> String {
    let Some(statement) = statement(language) else {
        return text.to_owned();
    };
    let mask = masked(text, language);
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    for found in statement.find_iter(&mask) {
        if found.start() < at {
            continue;
        }
        let Some(end) = whole_lines(&mask, found.end()) else {
            continue;
        };
        kept.push_str(&text[at..found.start()]);
        if language == Language::Python && leaves_block_empty(&mask, found.start(), end) {
            kept.push_str(indentation(&text[found.start()..]));
            kept.push_str("pass");
            kept.push_str(if text[..end].ends_with("\r\n") {
                "\r\n"
            } else if text[..end].ends_with('\n') {
                "\n"
            } else {
                ""
            });
        }
        at = end;
    }
    kept.push_str(&text[at..]);
    if !text.ends_with('\n') && kept.ends_with('\n') && at == text.len() {
        kept.truncate(kept.trim_end_matches(['\r', '\n']).len());
    }
    if language == Language::Rust {
        unwrap_dbg(kept)
    } else {
        kept
    }
}

/// Matches from the beginning of a line up to and with the opening of what is printed.
fn statement(language: Language) -> Option<&'static Regex> {
    static RUST: LazyLock<Regex> =
        LazyLock::new(|| pattern(r"(?m)^[ \t]*(?:println|eprintln|print|eprint|dbg)!\s*\("));
    static PYTHON: LazyLock<Regex> = LazyLock::new(|| {
        pattern(
            r"(?m)^[ \t]*(?:print|pprint|pprint\.pprint|breakpoint|(?:logging|logger|log)\.debug)\s*\(",
        )
    });
    static SCRIPT: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?m)^[ \t]*(?:console\.(?:log|debug|trace|info|dir|table)\s*\(|debugger\b)")
    });
    static GO: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?m)^[ \t]*(?:fmt\.Print(?:f|ln)?|log\.Print(?:f|ln)?|println|print)\s*\(")
    });
    static C: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?m)^[ \t]*(?:(?:printf|puts|fprintf)\s*\(|(?:std::)?c(?:out|err|log)\s*<<)")
    });
    static JAVA: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?m)^[ \t]*(?:System\.(?:out|err)\.print(?:ln|f)?|Console\.Write(?:Line)?)\s*\(")
    });
    static LUA: LazyLock<Regex> = LazyLock::new(|| pattern(r"(?m)^[ \t]*print\s*\("));
    static BASH: LazyLock<Regex> = LazyLock::new(|| {
        pattern(r"(?m)^[ \t]*(?:set -x|set \+x|(?:echo|printf)[^\n]*>&2)[ \t]*;?")
    });
    Some(match language {
        Language::Rust => &RUST,
        Language::Python => &PYTHON,
        Language::JavaScript | Language::TypeScript => &SCRIPT,
        Language::Go => &GO,
        Language::C | Language::Cpp => &C,
        Language::Java => &JAVA,
        Language::Lua => &LUA,
        Language::Bash => &BASH,
        Language::Hash | Language::Other => return None,
    })
}

/// The end of the statement's last line, if nothing but the statement stands on its lines.
fn whole_lines(mask: &str, opened: usize) -> Option<usize> {
    let bytes = mask.as_bytes();
    let mut end = match bytes[opened - 1] {
        b'(' => closing(mask, opened - 1)? + 1,
        b'<' => opened + mask[opened..].find(';')?,
        _ => opened,
    };
    let rest = mask[end..].trim_start_matches([' ', '\t']);
    end = mask.len() - rest.strip_prefix(';').unwrap_or(rest).len();
    let line = mask[end..].split_inclusive('\n').next().unwrap_or("");
    line.trim().is_empty().then_some(end + line.len())
}

fn leaves_block_empty(mask: &str, start: usize, end: usize) -> bool {
    let indent = indentation(&mask[start..]).len();
    let before = mask[..start].lines().rev().find(|it| !it.trim().is_empty());
    let after = mask[end..].lines().find(|it| !it.trim().is_empty());
    before.is_some_and(|it| it.trim_end().ends_with(':') && indentation(it).len() < indent)
        && after.is_none_or(|it| indentation(it).len() < indent)
}

/// `dbg!(x)` inside an expression is worth `x`.
fn unwrap_dbg(mut text: String) -> String {
    loop {
        let mask = masked(&text, Language::Rust);
        let Some(found) = DBG.find(&mask) else {
            return text;
        };
        let Some(close) = closing(&mask, found.end() - 1) else {
            return text;
        };
        text.replace_range(close..=close, "");
        text.replace_range(found.range(), "");
    }
}
