//! What selections and cursors grow to, per language.

use super::*;
use crate::fixture::fixture;

#[track_caller]
fn check(language: Language, marked: &str, expect: &str) {
    let (text, syntax, range) = fixture(language, marked);
    let grown = syntax.grow(&text, range.clone());
    assert_eq!(text.slice(grown), expect, "from {range:?}");
}

#[test]
fn cursor_means_the_statement() {
    check(
        Language::Rust,
        "fn f() {\n    let x = g(1, $02);\n    h();\n}\n",
        "let x = g(1, 2);",
    );
    check(
        Language::Rust,
        "fn f() {\n  $0  match x {\n        1 => a(),\n    }\n}\n",
        "match x {\n        1 => a(),\n    }",
    );
    check(
        Language::Rust,
        "fn f() {\n    match x {\n        1 => $0a(),\n    }\n}\n",
        "1 => a(),",
    );
    check(
        Language::Python,
        "def f():\n    if a:\n        b($01)\n    c()\n",
        "b(1)",
    );
    check(
        Language::Python,
        "x = [\n    1,\n    $02,\n]\n",
        "x = [\n    1,\n    2,\n]",
    );
    check(
        Language::TypeScript,
        "export function f() {\n  const a: number = $01;\n}\n",
        "const a: number = 1;",
    );
    check(
        Language::Tsx,
        "const f = () => {\n  return <a>{$0b}</a>;\n};\n",
        "return <a>{b}</a>;",
    );
    check(
        Language::JavaScript,
        "switch (a) {\n  case 1:\n    $0b();\n    c();\n}\n",
        "b();",
    );
    check(
        Language::Go,
        "package a\nfunc f() {\n\tx := $01\n\ty()\n}\n",
        "x := 1",
    );
    check(
        Language::C,
        "int f() {\n  switch (x) {\n  case 1:\n    $0g();\n    break;\n  }\n}\n",
        "g();",
    );
    check(
        Language::Cpp,
        "class A {\n  int $0x = 1;\n  int y;\n};\n",
        "int x = 1;",
    );
    check(
        Language::Java,
        "class A {\n  void f() {\n    int x = $01;\n  }\n}\n",
        "int x = 1;",
    );
    check(Language::Lua, "if a then\n  b($01)\nend\n", "b(1)");
    check(
        Language::Bash,
        "f() {\n  if a; then\n    echo $0b\n  fi\n}\n",
        "echo b",
    );
    check(
        Language::Bash,
        "if [ -n \"$0a\" ]; then\n  b\nelse\n  c\nfi\n",
        "if [ -n \"a\" ]; then\n  b\nelse\n  c\nfi",
    );
    check(
        Language::Json,
        "{\n  \"a\": [\n    1\n  ],\n  \"b\": $02\n}\n",
        "\"b\": 2",
    );
    check(Language::Toml, "[a]\nb = $01\nc = 2\n", "b = 1");
    check(
        Language::Markdown,
        "# A\n\none\n$0two\n\nthree\n",
        "one\ntwo",
    );
}

#[test]
fn cursor_on_a_brace_or_signature_means_the_item() {
    let item = "/// Doc.\n#[inline]\nfn f() {\n    a();\n}";
    check(
        Language::Rust,
        "fn g() {}\n\n/// Doc.\n#[inline]\nfn $0f() {\n    a();\n}\n",
        item,
    );
    check(
        Language::Rust,
        "fn g() {}\n\n/// Doc.\n#[inline]\nfn f() {\n    a();\n$0}\n",
        item,
    );
    check(
        Language::JavaScript,
        "// Doc.\nexport const f = () => {\n  a();\n$0}\n",
        "// Doc.\nexport const f = () => {\n  a();\n}",
    );
    check(
        Language::Python,
        "@a\ndef $0f():\n    pass\n",
        "@a\ndef f():\n    pass",
    );
    check(
        Language::Rust,
        "fn f() {\n    if a {\n        b();\n    $0}\n}\n",
        "if a {\n        b();\n    }",
    );
}

#[test]
fn cursor_on_a_comment_means_what_it_belongs_to() {
    check(
        Language::Rust,
        "fn f() {\n    // so$0me\n    // more\n    a();\n    b();\n}\n",
        "// some\n    // more\n    a();",
    );
    check(
        Language::Python,
        "# re$0dline: x\ndef f():\n    pass\n",
        "# redline: x\ndef f():\n    pass",
    );
    check(Language::Rust, "// al$0one\n\nfn f() {}\n", "// alone");
    check(
        Language::Rust,
        "fn f() {\n    a(); // ta$0il\n    b();\n}\n",
        "// tail",
    );
}

#[test]
fn cursor_at_the_ends_of_a_line_means_that_line() {
    check(
        Language::Rust,
        "fn f() {\n$0    a();\n    b();\n}\n",
        "a();",
    );
    check(
        Language::Rust,
        "fn f() {\n    a();$0\n    b();\n}\n",
        "a();",
    );
    check(
        Language::Rust,
        "fn f() {\n    a();$0\n$0    b();\n}\n",
        "a();",
    );
    check(
        Language::Rust,
        "fn f() {\r\n    a();$0\r\n$0    b();\r\n}\r\n",
        "a();",
    );
}

#[test]
fn a_blank_line_stays_what_it_is() {
    check(Language::Rust, "fn f() {\n    a();\n$0\n    b();\n}\n", "");
    check(
        Language::Rust,
        "fn f() {\n    a();\n$0  $0\n    b();\n}\n",
        "  ",
    );
}

#[test]
fn selection_grows_to_whole_siblings() {
    check(
        Language::Rust,
        "fn f() {\n    a($01);\n    b();\n    c($02);\n    d();\n}\n",
        "a(1);\n    b();\n    c(2);",
    );
    check(
        Language::Rust,
        "fn f() {\n$0    a();\n    b();\n$0    c();\n}\n",
        "a();\n    b();",
    );
    check(Language::Python, "x = f(a$0a, b$0b, cc)\n", "aa, bb");
    check(
        Language::Go,
        "package a\n\nfunc f() {$0\n\tx()\n}\n\nfunc g() {$0}\n",
        "func f() {\n\tx()\n}\n\nfunc g() {}",
    );
    check(
        Language::Json,
        "{\"a\": 1, \"b$0\": 2, \"c$0\": 3}",
        "\"b\": 2, \"c\": 3",
    );
    check(
        Language::Markdown,
        "# A\n\no$0ne\n\n- t$0wo\n- three\n",
        "one\n\n- two\n- three",
    );
    check(Language::Rust, "let ab$0cd$0 = 1;", "abcd");
}

#[test]
fn every_place_grows_to_something_in_bounds() {
    for language in Language::ALL {
        let (text, syntax, _) = fixture(language, "a(b) {\n\n  # 🙂 `\"\n}\n<c> 'x\n");
        for start in (0..=text.len()).filter(|at| text.is_boundary(*at)) {
            for end in (start..=text.len()).filter(|at| text.is_boundary(*at)) {
                let grown = syntax.grow(&text, start..end);
                assert!(grown.start <= grown.end && grown.end <= text.len());
                assert!(text.is_boundary(grown.start) && text.is_boundary(grown.end));
                syntax.scopes(&text, start..end);
                syntax.has_error(start..end);
            }
        }
    }
}
