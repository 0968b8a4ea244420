//! Enclosing scopes, outline and names, per language. A scope is drawn as `kind name | header`.

use super::*;
use crate::fixture::fixture;

fn drawn(text: &Text, scope: &Scope) -> String {
    let kind = format!("{:?}", scope.kind).to_lowercase();
    let name = scope.name.as_deref().unwrap_or("-");
    format!("{kind} {name} | {}", text.slice(scope.header.clone()))
}

#[track_caller]
fn check(language: Language, marked: &str, expect: &[&str]) {
    let (text, syntax, range) = fixture(language, marked);
    let scopes = syntax.scopes(&text, range);
    let drawn: Vec<String> = scopes.iter().map(|scope| drawn(&text, scope)).collect();
    assert_eq!(drawn, expect);
    for scope in &scopes {
        assert!(scope.range.start <= scope.body.start && scope.body.end <= scope.range.end);
    }
}

/// The text of the innermost scope, with what belongs to it.
#[track_caller]
fn check_range(language: Language, marked: &str, expect: &str) {
    let (text, syntax, range) = fixture(language, marked);
    let scopes = syntax.scopes(&text, range);
    assert_eq!(text.slice(scopes[0].range.clone()), expect);
}

#[test]
fn rust_scopes() {
    check(
        Language::Rust,
        "mod m {\n    impl<T> A<T> {\n        /// Doc.\n        pub fn f(&self) -> u8 {\n            $01\n        }\n    }\n}\n",
        &[
            "method f | pub fn f(&self) -> u8",
            "class A<T> | impl<T> A<T>",
            "module m | mod m",
        ],
    );
    check(
        Language::Rust,
        "mod a;\nfn b() { $0 }\n",
        &["function b | fn b()"],
    );
    check(Language::Rust, "struct $0A(u8);\n", &["class A | struct A"]);
    check_range(
        Language::Rust,
        "// one\n\n/// Two.\n#[inline]\nfn f() {$0}\nfn g() {}\n",
        "/// Two.\n#[inline]\nfn f() {}",
    );
    check_range(
        Language::Rust,
        "let x = 1; // tail\nfn f() {$0}\n",
        "fn f() {}",
    );
    check_range(Language::Rust, "fn f() {$0} fn g() {}", "fn f() {}");
}

#[test]
fn python_scopes() {
    check(
        Language::Python,
        "class A(B):\n    @property\n    def f(self, x: int) -> int:\n        def g(): return 1\n        return $0x\n",
        &[
            "method f | def f(self, x: int) -> int:",
            "class A | class A(B):",
        ],
    );
    check_range(
        Language::Python,
        "x = 1\n# about f\n@a\n@b(1)\ndef f():\n    $0pass\n\ny = 2\n",
        "# about f\n@a\n@b(1)\ndef f():\n    pass",
    );
}

#[test]
fn typescript_and_javascript_scopes() {
    for language in [Language::TypeScript, Language::Tsx, Language::JavaScript] {
        check(
            language,
            "export class A extends B {\n  async f(x) {\n    return [1].map((y) => $0y);\n  }\n}\n",
            &[
                "method f | async f(x)",
                "class A | export class A extends B",
            ],
        );
        check(
            language,
            "export const f = async (x) => {\n  $0g();\n};\n",
            &["function f | export const f = async (x) =>"],
        );
        check(
            language,
            "module.exports = function (a) {$0};\n",
            &["function module.exports | module.exports = function (a)"],
        );
        check_range(
            language,
            "/** Doc. */\nexport function f() {$0}\n",
            "/** Doc. */\nexport function f() {}",
        );
    }
    check(
        Language::TypeScript,
        "namespace N { interface I { f(x: $0number): void } }\n",
        &[
            "method f | f(x: number): void",
            "class I | interface I",
            "module N | namespace N",
        ],
    );
    check(
        Language::Tsx,
        "function A() { return <b>{$0x}</b>; }\n",
        &["function A | function A()"],
    );
}

#[test]
fn go_scopes() {
    check(
        Language::Go,
        "package a\n\n// F does.\nfunc (r *R) F(x int) error {\n\treturn $0nil\n}\n",
        &["method F | func (r *R) F(x int) error"],
    );
    check(
        Language::Go,
        "package a\n\ntype A struct {\n\tx $0int\n}\n",
        &["class A | type A struct {"],
    );
    check_range(
        Language::Go,
        "package a\n\n// A is.\ntype A struct {\n\tx$0 int\n}\n",
        "// A is.\ntype A struct {\n\tx int\n}",
    );
}

#[test]
fn c_and_cpp_scopes() {
    for language in [Language::C, Language::Cpp] {
        check(
            language,
            "static char *f(int x) {\n  return $00;\n}\n",
            &["function f | static char *f(int x)"],
        );
        check(
            language,
            "typedef struct { int $0x; } A;\n",
            &["class A | typedef struct"],
        );
        check(
            language,
            "struct a g(struct a x) {$0}\n",
            &["function g | struct a g(struct a x)"],
        );
        check_range(
            language,
            "/* A. */\nstruct a {\n  int $0x;\n};\n",
            "/* A. */\nstruct a {\n  int x;\n};",
        );
    }
    check(
        Language::Cpp,
        "namespace n {\ntemplate <class T>\nclass A {\n  int f() const { return $01; }\n};\n}\n",
        &[
            "method f | int f() const",
            "class A | template <class T>\nclass A",
            "module n | namespace n",
        ],
    );
    check(
        Language::Cpp,
        "int &A::f() { $0 }\n",
        &["method A::f | int &A::f()"],
    );
}

#[test]
fn java_scopes() {
    check(
        Language::Java,
        "class A {\n  @Override\n  public int f(int x) throws E {\n    return $0x;\n  }\n}\n",
        &[
            "method f | @Override\n  public int f(int x) throws E",
            "class A | class A",
        ],
    );
}

#[test]
fn lua_scopes() {
    check(
        Language::Lua,
        "function M.f(x)\n  return $0x\nend\n",
        &["function M.f | function M.f(x)"],
    );
    check(
        Language::Lua,
        "function M:f(x)\n  return $0x\nend\n",
        &["method M:f | function M:f(x)"],
    );
    check(
        Language::Lua,
        "local f = function(x)\n  return $0x\nend\n",
        &["function f | local f = function(x)"],
    );
    check_range(
        Language::Lua,
        "-- Doc.\nlocal function f()\n  $0g()\nend\n",
        "-- Doc.\nlocal function f()\n  g()\nend",
    );
}

#[test]
fn bash_scopes() {
    check(
        Language::Bash,
        "f() {\n  echo $0a\n}\n",
        &["function f | f()"],
    );
    check(
        Language::Bash,
        "function f {\n  echo $0a\n}\n",
        &["function f | function f"],
    );
}

#[test]
fn data_and_text_have_sections() {
    check(
        Language::Json,
        "{\"a\": {\"b\": [1, $02], \"c\": 3}}\n",
        &["section b | \"b\":", "section a | \"a\":"],
    );
    check(
        Language::Toml,
        "x = 1\n[a.b]\nc = $01\n",
        &["section a.b | [a.b]"],
    );
    check(Language::Toml, "[[a]]\nc = $01\n", &["section a | [[a]]"]);
    check(
        Language::Markdown,
        "# A\n\ntext\n\n## B\n\n$0more\n",
        &["section B | ## B", "section A | # A"],
    );
}

#[test]
fn a_selection_has_the_scopes_that_cover_all_of_it() {
    check(
        Language::Rust,
        "impl A {\n    fn f() { $0 }\n    fn g() { $0 }\n}\n",
        &["class A | impl A"],
    );
    check(Language::Rust, "fn f() {$0}\nfn g() {$0}\n", &[]);
}

#[test]
fn outline_names_what_is_not_inside_functions() {
    let (text, syntax, _) = fixture(
        Language::Python,
        "def a():\n    def inner(): pass\nclass B:\n    def c(self): pass\n    class D: pass\ndef e(): pass\n",
    );
    let names = |limit| {
        let outline = syntax.outline(&text, limit);
        outline
            .iter()
            .filter_map(|scope| scope.name.clone())
            .collect::<Vec<_>>()
            .join(" ")
    };
    assert_eq!(names(100), "a B c D e");
    assert_eq!(names(3), "a B c");
}

#[test]
fn find_takes_plain_and_qualified_names() {
    let (text, syntax, _) = fixture(
        Language::Python,
        "def c(): pass\nclass B:\n    def c(self): return 1\n    def d(self):\n        def deep(): pass\n",
    );
    let find = |name| syntax.find(&text, name).map(|scope| drawn(&text, &scope));
    assert_eq!(find("c").as_deref(), Some("function c | def c():"));
    assert_eq!(find("B.c").as_deref(), Some("method c | def c(self):"));
    assert_eq!(find("B::d").as_deref(), Some("method d | def d(self):"));
    assert_eq!(find("deep").as_deref(), Some("function deep | def deep():"));
    assert_eq!(find("A.c"), None);
    assert_eq!(find(""), None);
}

#[test]
fn no_tree_has_no_scopes() {
    let text = Text::from("fn a() {}");
    assert!(Syntax::new(Language::Rust).scopes(&text, 0..1).is_empty());
}
