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
