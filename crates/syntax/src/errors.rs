//! [`Syntax::errors`]: what of a text could not be parsed.

use std::ops::Range;

use tree_sitter::Node;

use crate::Syntax;

/// Errors that are given, at most: past these a text is not of its language at all.
const ERRORS: usize = 500;

impl Syntax {
    /// Byte ranges of what could not be parsed and, empty, places where something is missing; in order, at most 500.
    /// What stands inside an error is part of it. Costs the nodes around errors, nothing where there are none.
    pub fn errors(&self) -> Vec<Range<usize>> {
        let mut errors = Vec::new();
        let Some(root) = self.root() else {
            return errors;
        };
        let mut cursor = root.walk();
        loop {
            let node = cursor.node();
            if errors.len() == ERRORS {
                return errors;
            }
            if is_error(node) {
                errors.push(node.byte_range());
            } else if node.has_error() && cursor.goto_first_child() {
                continue;
            }
            while !cursor.goto_next_sibling() {
                if !cursor.goto_parent() {
                    return errors;
                }
            }
        }
    }
}

fn is_error(node: Node<'_>) -> bool {
    node.is_error() || node.is_missing()
}

#[cfg(test)]
mod tests {
    use crate::Language;
    use crate::fixture::fixture;

    #[track_caller]
    fn check(language: Language, source: &str, expect: &[&str]) {
        let (text, syntax, _) = fixture(language, source);
        let errors = syntax.errors();
        let errors: Vec<_> = errors.into_iter().map(|range| text.slice(range)).collect();
        assert_eq!(errors, expect, "{source}");
    }

    #[test]
    fn errors_are_what_is_too_much_and_what_is_missing() {
        check(Language::Rust, "fn f() { g(1); }\n", &[]);
        check(Language::Rust, "fn f() { g(1; }\n", &[""]);
        check(Language::Json, "[1, ...]\n", &[", ..."]);
        check(Language::Json, "{\"a\": 1,, \"b\": 2}\n[}\n", &[",", "[}"]);
        check(Language::Markdown, "*a [b\n", &[]);
    }
}
