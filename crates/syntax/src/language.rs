//! [`Language`]: the languages that have a grammar here, how to tell them, and how they write comments.
//! What their nodes mean lives in `kinds`.

/// A language with a grammar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Language {
    /// Rust.
    Rust,
    /// Python.
    Python,
    /// TypeScript without JSX.
    TypeScript,
    /// TypeScript with JSX.
    Tsx,
    /// JavaScript, with or without JSX.
    JavaScript,
    /// Go.
    Go,
    /// C.
    C,
    /// C++.
    Cpp,
    /// Java.
    Java,
    /// Lua.
    Lua,
    /// Bash and its like.
    Bash,
    /// JSON, with or without comments.
    Json,
    /// TOML.
    Toml,
    /// Markdown, its blocks only.
    Markdown,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 14] = [
        Language::Rust,
        Language::Python,
        Language::TypeScript,
        Language::Tsx,
        Language::JavaScript,
        Language::Go,
        Language::C,
        Language::Cpp,
        Language::Java,
        Language::Lua,
        Language::Bash,
        Language::Json,
        Language::Toml,
        Language::Markdown,
    ];

    /// The language of a document, by the editor's language id (`typescriptreact`, `shellscript` …), or else
    /// by its path's last part. The id wins, except where it is too general.
    pub fn detect(language_id: &str, path: &str) -> Option<Language> {
        by_id(language_id).or_else(|| by_path(path))
    }

    /// Its name in lower case, as in a fence: `rust`, `cpp`, `tsx`.
    pub fn name(self) -> &'static str {
        match self {
            Language::Rust => "rust",
            Language::Python => "python",
            Language::TypeScript => "typescript",
            Language::Tsx => "tsx",
            Language::JavaScript => "javascript",
            Language::Go => "go",
            Language::C => "c",
            Language::Cpp => "cpp",
            Language::Java => "java",
            Language::Lua => "lua",
            Language::Bash => "bash",
            Language::Json => "json",
            Language::Toml => "toml",
            Language::Markdown => "markdown",
        }
    }

    /// What begins a comment that ends with its line.
    pub fn line_comment(self) -> Option<&'static str> {
        match self {
            Language::Python | Language::Bash | Language::Toml => Some("#"),
            Language::Lua => Some("--"),
            Language::Markdown => None,
            _ => Some("//"),
        }
    }

    /// What begins and what ends a comment of any length.
    pub fn block_comment(self) -> Option<(&'static str, &'static str)> {
        match self {
            Language::Python | Language::Bash | Language::Toml => None,
            Language::Lua => Some(("--[[", "]]")),
            Language::Markdown => Some(("<!--", "-->")),
            _ => Some(("/*", "*/")),
        }
    }

    /// Whether it has functions at all: not the languages of data and text.
    pub fn has_functions(self) -> bool {
        !matches!(self, Language::Json | Language::Toml | Language::Markdown)
    }

    /// Whether types can be written that the code does without.
    pub fn has_optional_types(self) -> bool {
        matches!(
            self,
            Language::Python
                | Language::TypeScript
                | Language::Tsx
                | Language::JavaScript
                | Language::Lua
        )
    }
}

fn by_id(id: &str) -> Option<Language> {
    Some(match id {
        "rust" => Language::Rust,
        "python" => Language::Python,
        "typescript" => Language::TypeScript,
        "typescriptreact" | "tsx" => Language::Tsx,
        "javascript" | "javascriptreact" | "jsx" => Language::JavaScript,
        "go" => Language::Go,
        "c" => Language::C,
        "cpp" | "c++" | "cuda-cpp" | "objective-cpp" => Language::Cpp,
        "java" => Language::Java,
        "lua" | "luau" => Language::Lua,
        "bash" | "sh" | "shellscript" | "zsh" | "ksh" => Language::Bash,
        "json" | "jsonc" | "json5" => Language::Json,
        "toml" => Language::Toml,
        "markdown" | "mdx" | "quarto" | "rmd" => Language::Markdown,
        _ => return None,
    })
}

fn by_path(path: &str) -> Option<Language> {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    match file {
        ".bashrc" | ".bash_profile" | ".profile" | ".zshrc" | "PKGBUILD" => {
            return Some(Language::Bash);
        }
        "Cargo.lock" | "poetry.lock" | "uv.lock" => return Some(Language::Toml),
        _ => {}
    }
    let (_, extension) = file.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "rs" => Language::Rust,
        "py" | "pyi" | "pyw" => Language::Python,
        "ts" | "mts" | "cts" => Language::TypeScript,
        "tsx" => Language::Tsx,
        "js" | "mjs" | "cjs" | "jsx" => Language::JavaScript,
        "go" => Language::Go,
        "c" | "h" => Language::C,
        "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" | "ipp" | "cu" => Language::Cpp,
        "java" => Language::Java,
        "lua" => Language::Lua,
        "sh" | "bash" | "zsh" | "ksh" => Language::Bash,
        "json" | "jsonc" | "json5" | "webmanifest" => Language::Json,
        "toml" => Language::Toml,
        "md" | "markdown" | "mdx" => Language::Markdown,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_wins_over_path() {
        let check =
            |id, path, expect| assert_eq!(Language::detect(id, path), expect, "{id} {path}");
        check("typescriptreact", "a.ts", Some(Language::Tsx));
        check("shellscript", "a", Some(Language::Bash));
        check("", "/x/y.tar/a.PY", Some(Language::Python));
        check("plaintext", "C:\\x\\Cargo.toml", Some(Language::Toml));
        check("plaintext", "src.rs/notes", None);
        check("cpp", "a.h", Some(Language::Cpp));
    }
}
