//! The languages that the rules know, by LSP's language ids, and how their comments look.

/// A family of languages with one spelling of comments, strings and functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    Rust,
    Python,
    JavaScript,
    TypeScript,
    Go,
    C,
    Cpp,
    Java,
    Lua,
    Bash,
    /// `#` comments and simple quotes: TOML, YAML, Ruby.
    Hash,
    /// Comments as in C, if any.
    Other,
}

impl Language {
    pub(super) fn from_id(id: &str) -> Language {
        match id.to_ascii_lowercase().as_str() {
            "rust" | "rs" => Language::Rust,
            "python" | "py" => Language::Python,
            "javascript" | "javascriptreact" | "js" | "jsx" => Language::JavaScript,
            "typescript" | "typescriptreact" | "ts" | "tsx" => Language::TypeScript,
            "go" | "golang" => Language::Go,
            "c" => Language::C,
            "cpp" | "c++" | "cuda" => Language::Cpp,
            "java" | "csharp" | "c#" => Language::Java,
            "lua" | "luau" => Language::Lua,
            "bash" | "sh" | "shell" | "shellscript" | "zsh" => Language::Bash,
            "toml" | "yaml" | "ruby" | "make" | "makefile" | "dockerfile" => Language::Hash,
            _ => Language::Other,
        }
    }

    pub(super) fn line_comment(self) -> &'static str {
        match self {
            Language::Python | Language::Bash | Language::Hash => "#",
            Language::Lua => "--",
            _ => "//",
        }
    }

    pub(super) fn has_block_comments(self) -> bool {
        !matches!(
            self,
            Language::Python | Language::Bash | Language::Hash | Language::Lua
        )
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Language::Rust => "Rust",
            Language::Python => "Python",
            Language::JavaScript => "JavaScript",
            Language::TypeScript => "TypeScript",
            Language::Go => "Go",
            Language::C => "C",
            Language::Cpp => "C++",
            Language::Java => "Java",
            Language::Lua => "Lua",
            Language::Bash => "shell",
            Language::Hash | Language::Other => "text",
        }
    }
}
