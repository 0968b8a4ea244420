//! Which changes of a signature are seen, per language.

use syntax::Language;
use text::Text;

use crate::{Change, Guard, check};

/// The text between `$0` and `$0` becomes `new`.
#[track_caller]
fn check_one(language: Language, marked: &str, new: &str, expect: &str) {
    let start = marked.find("$0").expect("a region");
    let bare = marked.replacen("$0", "", 1);
    let end = bare.find("$0").expect("its end");
    let before = Text::from(bare.replacen("$0", "", 1).as_str());
    let change = Change {
        language: Some(language),
        before: &before,
        region: start..end,
        new,
    };
    let faults = check(&change, &[Guard::Signature]);
    let messages: Vec<&str> = faults.iter().map(|it| it.message.as_str()).collect();
    let expected: Vec<&str> = Some(expect)
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    assert_eq!(messages, expected, "{marked} -> {new}");
}

#[test]
fn a_changed_signature_is_a_fault() {
    for (language, old, new, expect) in [
        (
            Language::Rust,
            "$0fn f(a: u8) -> u8 {\n    a\n}\n$0",
            "fn f(a: u8) -> Option<u8> {\n    Some(a)\n}\n",
            "the signature `fn f(a: u8) -> u8` became `fn f(a: u8) -> Option<u8>`",
        ),
        (
            Language::Rust,
            "$0fn f(a: u8) {}\n$0",
            "fn g(a: u8) {}\n",
            "`fn f(a: u8)` is gone, or has another name",
        ),
        (
            Language::Rust,
            "impl A {\n$0    fn f(&self) {}\n$0}\n",
            "    fn f(&mut self) {}\n",
            "the signature `fn f(&self)` became `fn f(&mut self)`",
        ),
        (
            Language::Python,
            "$0def f(a):\n    return a\n$0",
            "def f(a, b=1):\n    return a\n",
            "the signature `def f(a):` became `def f(a, b=1):`",
        ),
        (
            Language::Python,
            "$0class A(B):\n    def f(self):\n        pass\n$0",
            "class A(B):\n    pass\n",
            "`def f(self):` is gone, or has another name",
        ),
        (
            Language::TypeScript,
            "$0export const f = (a: number) => a;\n$0",
            "export const f = (a: string) => a;\n",
            "the signature `export const f = (a: number) =>` became `export const f = (a: string) =>`",
        ),
        (
            Language::JavaScript,
            "$0function f(a) { return a; }\n$0",
            "function f(a, b) { return a; }\n",
            "the signature `function f(a)` became `function f(a, b)`",
        ),
        (
            Language::Go,
            "$0func (s *S) F(a int) error { return nil }\n$0",
            "func (s *S) F(a int) { }\n",
            "the signature `func (s *S) F(a int) error` became `func (s *S) F(a int)`",
        ),
        (
            Language::C,
            "$0static int f(int a) { return a; }\n$0",
            "int f(int a) { return a; }\n",
            "the signature `static int f(int a)` became `int f(int a)`",
        ),
        (
            Language::Cpp,
            "class A {\n$0    int f() const { return 1; }\n$0};\n",
            "    int f() { return 1; }\n",
            "the signature `int f() const` became `int f()`",
        ),
        (
            Language::Java,
            "class A {\n$0    int f() throws B { return 1; }\n$0}\n",
            "    int f() { return 1; }\n",
            "the signature `int f() throws B` became `int f()`",
        ),
        (
            Language::Lua,
            "$0function M.f(a)\n  return a\nend\n$0",
            "function M.f(a, b)\n  return a\nend\n",
            "the signature `function M.f(a)` became `function M.f(a, b)`",
        ),
        (
            Language::Bash,
            "$0f() { echo; }\n$0",
            "g() { echo; }\n",
            "`f()` is gone, or has another name",
        ),
    ] {
        check_one(language, old, new, expect);
    }
}

#[test]
fn what_leaves_signatures_as_they_are_is_none() {
    for (language, old, new) in [
        (
            Language::Rust,
            "$0fn f(a: u8, b: u8) -> u8 {\n    a\n}\n$0",
            "/// Doc.\nfn f(\n    a: u8,\n    b: u8,\n) -> u8 {\n    a + b\n}\n\nfn helper() {}\n",
        ),
        (
            Language::Rust,
            "fn f() {\n$0    fn g() {}\n    let h = 1;\n$0}\n",
            "    fn g() {}\n    let h = 2;\n",
        ),
        (
            Language::Rust,
            "$0fn f() {\n    fn g() {}\n    g();\n}\n$0",
            "fn f() {}\n",
        ),
        (
            Language::Python,
            "def f(a):\n$0    return a\n$0",
            "    return a + 1\n",
        ),
        (
            Language::Python,
            "$0def f(a):\n    return a\n\ndef g():\n    pass\n$0",
            "def g():\n    pass\n\n@cached\ndef f(a):\n    return a\n",
        ),
        (
            Language::Cpp,
            "struct A {\n$0    A(int a) : b(a) {}\n$0    int b;\n};\n",
            "    A(int a) : b(a + 1) {}\n",
        ),
        (Language::Json, "$0{\"a\": {\"b\": 1}}\n$0", "{\"c\": {}}\n"),
        (Language::Markdown, "$0# A\n\nb\n$0", "# C\n\nb\n"),
    ] {
        check_one(language, old, new, "");
    }
}
