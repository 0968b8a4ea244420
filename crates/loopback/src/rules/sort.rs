//! Sorting lines and imports.

use super::language::Language;
use super::lines::Lines;

/// Sorts each run of lines between blank ones. The order is by bytes; equal lines keep their order.
pub(super) fn lines(text: &str) -> String {
    let mut lines = Lines::of(text);
    for run in lines.lines.split_mut(|it| it.trim().is_empty()) {
        // The comma or its absence belongs to the place in a list, not to the entry.
        run.sort_by_key(|it| it.trim_end().trim_end_matches(','));
    }
    lines.join()
}

/// Sorts each run of import statements; a statement over several lines stays together.
pub(super) fn imports(text: &str, language: Language) -> String {
    let mut lines = Lines::of(text);
    let mut sorted = Vec::with_capacity(lines.lines.len());
    let mut run: Vec<Vec<&str>> = Vec::new();
    let mut rest = lines.lines.iter().copied().peekable();
    let mut inside_go_block = false;
    while let Some(line) = rest.next() {
        let trimmed = line.trim();
        let go_entry = inside_go_block && trimmed.ends_with('"');
        if go_entry || begins_import(trimmed, language) {
            let mut statement = vec![line];
            while is_open(&statement, language)
                && let Some(next) = rest.next()
            {
                statement.push(next);
            }
            run.push(statement);
            continue;
        }
        flush(&mut run, &mut sorted, language);
        if language == Language::Go {
            inside_go_block = trimmed == "import (" || inside_go_block && trimmed != ")";
        }
        sorted.push(line);
    }
    flush(&mut run, &mut sorted, language);
    lines.lines = sorted;
    lines.join()
}

fn flush<'a>(run: &mut Vec<Vec<&'a str>>, out: &mut Vec<&'a str>, language: Language) {
    run.sort_by_cached_key(|statement| key(&statement.join(" "), language));
    out.extend(run.drain(..).flatten());
}

fn begins_import(line: &str, language: Language) -> bool {
    let starts = |words: &[&str]| words.iter().any(|it| line.starts_with(it));
    match language {
        Language::Rust => starts(&["use ", "pub use ", "pub(crate) use ", "extern crate "]),
        Language::Python => starts(&["import ", "from "]),
        Language::JavaScript | Language::TypeScript => {
            starts(&["import ", "import{"])
                || line.starts_with("const ") && line.contains("= require(")
        }
        Language::Go => line.starts_with("import \""),
        Language::C | Language::Cpp => line.starts_with("#include"),
        Language::Java => starts(&["import ", "using "]),
        Language::Lua => line.starts_with("local ") && line.contains("require"),
        Language::Bash => starts(&["source ", ". "]),
        Language::Hash | Language::Other => {
            starts(&["import ", "use ", "from ", "#include", "require"])
        }
    }
}

/// Whether the statement goes on in the next line.
fn is_open(statement: &[&str], language: Language) -> bool {
    let count = |these: [char; 3]| {
        statement
            .iter()
            .map(|it| it.matches(these).count())
            .sum::<usize>()
    };
    let brackets = count(['(', '[', '{']) > count([')', ']', '}']);
    let last = statement.last().map_or("", |it| it.trim_end());
    brackets || last.ends_with('\\') || language == Language::Rust && !last.contains(';')
}

fn key(statement: &str, language: Language) -> (u8, String) {
    let statement = statement.trim();
    match language {
        // `import x` stands before `from x import y`, as isort does it.
        Language::Python => {
            let from = statement.starts_with("from ");
            let name = statement
                .trim_start_matches("import ")
                .trim_start_matches("from ");
            (u8::from(from), name.to_lowercase())
        }
        Language::JavaScript | Language::TypeScript => {
            let quoted = statement.rsplit(['"', '\'']).nth(1).unwrap_or(statement);
            (u8::from(quoted.starts_with('.')), quoted.to_lowercase())
        }
        Language::Go => (
            0,
            statement.rsplit('"').nth(1).unwrap_or(statement).to_owned(),
        ),
        Language::C | Language::Cpp => {
            (u8::from(statement.contains('"')), statement.to_lowercase())
        }
        Language::Rust => (
            0,
            statement
                .trim_start_matches("pub ")
                .trim_end_matches(';')
                .to_owned(),
        ),
        _ => (0, statement.to_owned()),
    }
}
