//! Imports per language.

use super::*;
use crate::fixture::fixture;

#[track_caller]
fn check(language: Language, source: &str, expect: &[&str]) {
    let (text, syntax, _) = fixture(language, source);
    let imports: Vec<String> = syntax
        .imports(&text)
        .into_iter()
        .map(|range| text.slice(range).into_owned())
        .collect();
    assert_eq!(imports, expect);
}

#[test]
fn imports_are_found() {
    check(
        Language::Rust,
        "//! Doc.\nuse a::{\n    b,\n};\nextern crate c;\nfn f() { use d; }\n",
        &["use a::{\n    b,\n};", "extern crate c;"],
    );
    check(
        Language::Python,
        "from __future__ import a\nimport b, c\ntry:\n    from d import e\nexcept ImportError:\n    e = None\n",
        &["from __future__ import a", "import b, c", "from d import e"],
    );
    for language in [Language::TypeScript, Language::Tsx, Language::JavaScript] {
        check(
            language,
            "import a from 'a';\nconst { b } = require('b');\nconst c = 1;\n",
            &["import a from 'a';", "const { b } = require('b');"],
        );
    }
    check(
        Language::Go,
        "package a\n\nimport (\n\t\"fmt\"\n)\n",
        &["package a", "import (\n\t\"fmt\"\n)"],
    );
    for language in [Language::C, Language::Cpp] {
        check(
            language,
            "#ifndef A_H\n#define A_H\n#include <a.h>\n#include \"b.h\"\nint x;\n#endif\n",
            &["#include <a.h>", "#include \"b.h\""],
        );
    }
    check(
        Language::Java,
        "package a;\nimport b.*;\nclass C {}\n",
        &["package a;", "import b.*;"],
    );
    check(
        Language::Lua,
        "local a = require('a')\nlocal b = 1\nrequire 'c'\n",
        &["local a = require('a')", "require 'c'"],
    );
    check(
        Language::Bash,
        "set -e\nsource ./a.sh\n. b.sh\n",
        &["source ./a.sh", ". b.sh"],
    );
    check(Language::Json, "{\"import\": 1}\n", &[]);
}

#[test]
fn imports_are_capped() {
    let source = "import a\n".repeat(500);
    let (text, syntax, _) = fixture(Language::Python, &source);
    assert_eq!(syntax.imports(&text).len(), IMPORTS);
}

#[track_caller]
fn check_in(language: Language, marked: &str, expect: &[&str]) {
    let (text, syntax, range) = fixture(language, marked);
    let imports = syntax.imports_in(&text, &range);
    let imports: Vec<_> = imports.into_iter().map(|it| text.slice(it)).collect();
    assert_eq!(imports, expect, "{marked}");
}

#[test]
fn imports_of_a_part_are_also_those_inside_functions() {
    check_in(
        Language::Rust,
        "use a;\n$0use b::c;\nfn f() {\n    use d;\n}\n$0use e;\n",
        &["use b::c;", "use d;"],
    );
    check_in(
        Language::Python,
        "$0def f():\n    import a\n$0",
        &["import a"],
    );
    check_in(
        Language::Go,
        "$0package a\n\nimport (\n\t\"fmt\"\n\tb \"c\"\n)\nimport \"d\"\n$0",
        &["package a", "\"fmt\"", "b \"c\"", "import \"d\""],
    );
    check_in(
        Language::JavaScript,
        "$0import a from 'a';\nfunction f() { const b = require('b'); c.require('d'); }\n$0",
        &["import a from 'a';", "const b = require('b');"],
    );
    check_in(
        Language::Lua,
        "$0local a = require 'a'\nlocal b = is_required(c)\n$0",
        &["local a = require 'a'"],
    );
}
