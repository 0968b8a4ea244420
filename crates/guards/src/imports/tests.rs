//! Which changes of imports are seen, per language.

use syntax::Language;
use text::Text;

use crate::{Change, Guard, check};

#[track_caller]
fn check_one(language: Language, old: &str, new: &str, expect: &[&str]) {
    let before = Text::from(old);
    let change = Change {
        language: Some(language),
        before: &before,
        region: 0..old.len(),
        new,
    };
    let faults = check(&change, &[Guard::Imports]);
    let messages: Vec<&str> = faults.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(messages, expect, "{old} -> {new}");
}

#[test]
fn imports_that_come_or_go_are_faults() {
    for (language, old, new, expect) in [
        (
            Language::Rust,
            "use a::b;\nfn f() {}\n",
            "fn f() {}\n",
            "`use a::b;` went away",
        ),
        (
            Language::Rust,
            "fn f() {}\n",
            "fn f() {\n    use a::b;\n}\n",
            "`use a::b;` is new",
        ),
        (
            Language::Python,
            "import a\n",
            "import a\nimport b\nfrom c import d\n",
            "`import b`, `from c import d` are new",
        ),
        (
            Language::TypeScript,
            "import { a } from 'a';\n",
            "import { a, b } from 'a';\n",
            "`import { a, b } from 'a';` is new; `import { a } from 'a';` went away",
        ),
        (
            Language::JavaScript,
            "const a = 1;\n",
            "const b = require('b');\n",
            "`const b = require('b');` is new",
        ),
        (
            Language::Go,
            "package a\n\nimport \"b\"\n",
            "package a\n\nimport (\n\t\"b\"\n\t\"c\"\n)\n",
            "`\"b\"`, `\"c\"` are new; `import \"b\"` went away",
        ),
        (
            Language::C,
            "#include <a.h>\n",
            "#include <b.h>\n",
            "`#include <b.h>` is new; `#include <a.h>` went away",
        ),
        (
            Language::Java,
            "class A {}\n",
            "import b.C;\nclass A {}\n",
            "`import b.C;` is new",
        ),
        (
            Language::Lua,
            "local a = require 'a'\n",
            "\n",
            "`local a = require 'a'` went away",
        ),
        (Language::Bash, ". a.sh\n", "\n", "`. a.sh` went away"),
    ] {
        check_one(language, old, new, &[expect]);
    }
}

#[test]
fn order_and_layout_count_for_nothing() {
    for (language, old, new) in [
        (
            Language::Rust,
            "use a::{b, c};\nuse d;\n",
            "use d;\nuse a::{\n    c,\n    b,\n};\n",
        ),
        (
            Language::Python,
            "import b\nimport a\nx = 1\n",
            "import a\nimport b\nx = 2\n",
        ),
        (
            Language::Python,
            "from a import (b, c)\n",
            "from a import (\n    c,\n    b,\n)\n",
        ),
        (
            Language::JavaScript,
            "import a from 'a'\n",
            "import a from 'a';\n",
        ),
        (
            Language::Lua,
            "local a = is_required(b)\n",
            "local a = not is_required(b)\n",
        ),
        (Language::Json, "{\"import\": 1}\n", "{}\n"),
    ] {
        check_one(language, old, new, &[]);
    }
}
