//! [`Syntax::token`]: whether a place is code, comment or text of a literal.

use std::ops::Range;

use crate::Syntax;
use crate::path::path;

/// What a byte of a source text belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Token {
    /// Neither of the others.
    Code,
    /// A comment.
    Comment,
    /// A literal: string, here-document, text between tags.
    Literal,
}

impl Syntax {
    /// What the byte at `offset` belongs to, and the bytes of the smallest such thing; for code, of the smallest node.
    /// What is put into a string by a placeholder is code. `None` without a tree. O(depth of the tree).
    pub fn token(&self, offset: usize) -> Option<(Token, Range<usize>)> {
        let steps = path(self.root()?, &(offset..offset + 1));
        let found = steps.iter().rev().find_map(|step| {
            let kind = step.node.kind();
            let token = token(kind)?;
            Some((token, step.node.byte_range()))
        });
        let smallest = steps.last()?.node.byte_range();
        Some(found.unwrap_or((Token::Code, smallest)))
    }
}

fn token(kind: &str) -> Option<Token> {
    let literal = [
        "string",
        "heredoc_body",
        "jsx_text",
        "char_literal",
        "regex",
    ];
    match kind {
        "interpolation" | "template_substitution" | "jsx_expression" | "command_substitution" => {
            Some(Token::Code)
        }
        // A type of TypeScript.
        "string" if !kind.contains('_') => Some(Token::Literal),
        _ if kind.contains("comment") => Some(Token::Comment),
        _ if literal.iter().any(|it| kind.contains(it)) => Some(Token::Literal),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Language;
    use crate::fixture::fixture;

    #[track_caller]
    fn check(language: Language, marked: &str, expect: Token) {
        let (_, syntax, at) = fixture(language, marked);
        let token = syntax.token(at.start).map(|it| it.0);
        assert_eq!(token, Some(expect), "{marked}");
    }

    #[test]
    fn strings_and_comments_are_told_from_code() {
        use Token::{Code, Comment, Literal};
        check(Language::Rust, "fn f() { $0g() }\n", Code);
        check(Language::Rust, "fn f() {} $0// g\n", Comment);
        check(Language::Rust, "/* a\n $0b */ fn f() {}\n", Comment);
        check(Language::Rust, "const A: &str = \"\n$0// b\";\n", Literal);
        check(
            Language::Rust,
            "const A: &str = r#\"\n$0// b\"#;\n",
            Literal,
        );
        check(Language::Python, "a = '''\n$0# b\n'''\n", Literal);
        check(Language::Python, "a = f'''\n{$0b}\n'''\n", Code);
        check(Language::TypeScript, "a = `\n$0// b\n`;\n", Literal);
        check(Language::TypeScript, "a = `\n${$0b}\n`;\n", Code);
        check(Language::Tsx, "a = <b>\n$0// c\n</b>;\n", Literal);
        check(Language::Tsx, "a = <b>\n{$0/* c */}\n</b>;\n", Comment);
        check(Language::Bash, "cat <<E\n$0# a\nE\n", Literal);
        check(Language::Lua, "a = [[\n$0-- b\n]]\n", Literal);
        check(Language::Go, "var a = `\n$0// b\n`\n", Literal);
        check(
            Language::Java,
            "class A { String a = \"\"\"\n$0// b\n\"\"\"; }\n",
            Literal,
        );
        check(Language::Cpp, "auto a = R\"(\n$0// b\n)\";\n", Literal);
        check(Language::Toml, "a = '''\n$0# b\n'''\n", Literal);
    }
}
