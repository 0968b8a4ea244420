//! [`Syntax::definitions`]: what a part of a text defines for others.

use std::ops::Range;

use text::Text;

use crate::{Scope, ScopeKind, Syntax};

impl Syntax {
    /// The functions, methods, classes and modules whose signature touches a byte range, in order, without those
    /// inside functions that do so themselves: these are nobody else's. Costs the length of the text.
    pub fn definitions(&self, text: &Text, range: &Range<usize>) -> Vec<Scope> {
        let mut found = Vec::new();
        self.visit(text, &mut |scope| {
            // What ends before the range, or begins behind it, has nothing in it.
            if scope.body.end < range.start || scope.header.start > range.end {
                return Some(false);
            }
            let is_there = scope.header.start < range.end && range.start < scope.header.end;
            let inside = !(is_there && scope.kind.is_function());
            if is_there && scope.kind != ScopeKind::Section {
                found.push(scope);
            }
            Some(inside)
        });
        found
    }
}

#[cfg(test)]
mod tests {
    use crate::Language;
    use crate::fixture::fixture;

    #[track_caller]
    fn check(language: Language, marked: &str, expect: &[&str]) {
        let (text, syntax, range) = fixture(language, marked);
        let found = syntax.definitions(&text, &range);
        let headers: Vec<_> = found.into_iter().map(|it| text.slice(it.header)).collect();
        assert_eq!(headers, expect, "{marked}");
    }

    #[test]
    fn definitions_are_those_whose_signature_stands_there() {
        let two = "fn a() {\n    1\n}\nfn b() {\n    2\n}\n";
        check(Language::Rust, &format!("$0{two}$0"), &["fn a()", "fn b()"]);
        check(Language::Rust, "fn a() {\n$0    1\n$0}\n", &[]);
        check(
            Language::Rust,
            "fn a() {\n    1\n}\n$0fn b() {\n$0}\n",
            &["fn b()"],
        );
        let inner = "    fn b() {}\n    b()\n";
        check(
            Language::Rust,
            &format!("$0fn a() {{\n{inner}}}\n$0"),
            &["fn a()"],
        );
        check(
            Language::Rust,
            &format!("fn a() {{\n$0{inner}$0}}\n"),
            &["fn b()"],
        );
        check(
            Language::Python,
            "$0class A:\n    def b(self):\n        pass\n$0\ndef c(): pass\n",
            &["class A:", "def b(self):"],
        );
        check(
            Language::TypeScript,
            "$0export const a = (b: number) => {\n  return b;\n};\nconst c = 1;\n$0",
            &["export const a = (b: number) =>"],
        );
        check(Language::Json, "$0{\"a\": {}}\n$0", &[]);
    }
}
