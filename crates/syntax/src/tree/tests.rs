//! An incremental tree is the tree of a full parse, whatever was edited; trees from elsewhere catch up.

use super::*;
use crate::fixture::parsed;
use text::Text;

/// Texts to edit, and the pieces that edits put in.
fn sample(language: Language) -> (&'static str, &'static [&'static str]) {
    match language {
        Language::Rust => (
            "//! Doc.\nuse std::fmt;\n\n/// A.\n#[derive(Debug)]\npub struct A { x: u32 }\n\nimpl A {\n    pub fn new(x: u32) -> Self {\n        let y = x + 1; // 🙂\n        match y {\n            0 => A { x },\n            _ => { println!(\"{}\", r#\"a\"b\"#); A { x: y } }\n        }\n    }\n}\n",
            &[
                "fn f() {}\n",
                "let z = 1;",
                "// c\n",
                "{",
                "}",
                "\"",
                "/*",
                "*/",
                "'a",
                "r#\"",
            ],
        ),
        Language::Python => (
            "import os\nfrom a import b\n\n@deco\ndef f(x, y=1):\n    \"\"\"Doc 🙂.\"\"\"\n    if x:\n        return [i for i in y]\n    else:\n        pass\n\nclass C(object):\n    def m(self):\n        print(f\"{self!r} x\")\n",
            &[
                "    x = 1\n",
                "def g():\n    pass\n",
                "\"\"\"",
                "if a:\n",
                "# c\n",
                "(",
                ")",
                "  ",
                "f'{'",
                "\\\n",
            ],
        ),
        Language::TypeScript | Language::Tsx | Language::JavaScript => (
            "import a from 'a';\n\nexport class B extends C {\n  x = 1;\n  m(a, b) {\n    const r = /a[/]b/g; // 🙂\n    return `t ${a + `${b}`} u`;\n  }\n}\n\nconst f = async (x) => {\n  if (x) { await f(x - 1) }\n  for (const y of x) console.log(y)\n}\nf(1)\n",
            &[
                "let z = 1;\n",
                "`",
                "${",
                "}",
                "{",
                "// c\n",
                "/*",
                "x => x",
                "return\n",
                "<a>",
            ],
        ),
        Language::Go => (
            "package main\n\nimport (\n\t\"fmt\"\n)\n\ntype A struct {\n\tx int // 🙂\n}\n\nfunc (a *A) M(y int) (int, error) {\n\tif y > 0 {\n\t\treturn a.x, nil\n\t}\n\tfor i := range y {\n\t\tfmt.Println(i, `raw\n`)\n\t}\n\treturn 0, nil\n}\n",
            &[
                "x := 1\n",
                "func g() {}\n",
                "`",
                "\"",
                "{",
                "}",
                "// c\n",
                "/*",
                "case 1:\n",
            ],
        ),
        Language::C | Language::Cpp => (
            "#include <stdio.h>\n#ifdef A\n#define B(x) \\\n  (x)\n#endif\n\nstruct s { int a; /* 🙂 */ };\n\nstatic int f(struct s *p, char c) {\n    switch (c) {\n    case 'a': return p->a;\n    default: break;\n    }\n    while (c--) printf(\"%c\\n\", c);\n    return 0;\n}\n",
            &[
                "int x;\n", "#if 1\n", "#endif\n", "{", "}", "\"", "/*", "// c\n", "R\"(", "f(1);",
            ],
        ),
        Language::Java => (
            "package a;\n\nimport java.util.List;\n\n/** Doc 🙂. */\npublic class A extends B {\n    private int x = 1;\n    @Override\n    public int m(List<String> a) throws E {\n        for (String s : a) { x += s.length(); }\n        return x;\n    }\n}\n",
            &[
                "int y;\n",
                "void n() {}\n",
                "\"\"\"",
                "\"",
                "{",
                "}",
                "/*",
                "// c\n",
                "@A ",
            ],
        ),
        Language::Lua => (
            "local a = require('a')\n\n-- doc 🙂\nfunction M.f(x, ...)\n  if x then\n    return [[long\n]] .. x\n  end\n  for i = 1, 2 do print(i) end\nend\n\nlocal g = function() return { a = 1, 2 } end\n",
            &[
                "local z = 1\n",
                "[[",
                "]]",
                "--[[",
                "end\n",
                "function h()\n",
                "'",
                "if x then\n",
            ],
        ),
        Language::Bash => (
            "#!/bin/bash\nset -e\n# 🙂\nf() {\n  local x=\"$1 ${2:-a}\"\n  if [ -n \"$x\" ]; then\n    echo \"$(ls | wc -l)\" > out\n  fi\n}\ncat <<EOF\nhello $x\nEOF\nfor i in 1 2; do f \"$i\"; done\n",
            &[
                "x=1\n",
                "\"",
                "'",
                "$(",
                ")",
                "<<A\n",
                "A\n",
                "if a; then\n",
                "fi\n",
                "# c\n",
            ],
        ),
        Language::Json => (
            "{\n  \"a\": [1, 2, {\"b\": null}],\n  \"c\": \"d\\n 🙂\",\n  \"e\": {\"f\": true}\n}\n",
            &["\"x\": 1,", "{", "}", "[", "]", "\"", ",", "// c\n"],
        ),
        Language::Toml => (
            "a = 1\n# 🙂\n[b]\nc = \"d\"\ne = [1, 2]\n\n[[f.g]]\nh = { i = 1 }\nj = '''\nk\n'''\n",
            &[
                "x = 1\n", "[y]\n", "\"", "'''", "\"\"\"", "[", "]", "# c\n", "{",
            ],
        ),
        Language::Markdown => (
            "# A\n\ntext 🙂 more\nlines\n\n- a\n  - b\n\n    c\n- d\n\n```rust\nfn a() {}\n```\n\n> quote\n> more\n\n## B\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n1. x\n2. y\n",
            &[
                "# H\n", "\n\n", "```\n", "- x\n", "> ", "    ", "| a |\n", "***\n", "<div>\n",
                "===\n",
            ],
        ),
    }
}

/// The tree with all its places, as bytes and as rows and columns.
fn drawn(syntax: &Syntax) -> String {
    let mut cursor = syntax.root().unwrap().walk();
    let mut out = String::new();
    loop {
        let node = cursor.node();
        out.push_str(&format!(
            "({}{} {:?} {:?} ",
            node.kind(),
            if node.is_missing() { "?" } else { "" },
            node.byte_range(),
            (node.start_position(), node.end_position()),
        ));
        if cursor.goto_first_child() {
            continue;
        }
        out.push(')');
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return out;
            }
            out.push(')');
        }
    }
}

fn boundary(text: &Text, mut offset: usize) -> usize {
    while !text.is_boundary(offset) {
        offset -= 1;
    }
    offset
}

/// One to three replacements at random places.
fn random_change(text: &Text, pieces: &[&str], rng: &mut fastrand::Rng) -> ChangeSet {
    let mut cuts: Vec<usize> = (0..2 * rng.usize(1..4))
        .map(|_| boundary(text, rng.usize(0..=text.len())))
        .collect();
    cuts.sort_unstable();
    let mut changes: Vec<(Range<usize>, String)> = Vec::new();
    for pair in cuts.chunks(2) {
        let end = match rng.u8(..4) {
            0 => pair[0],
            1 => boundary(text, pair[1].min(pair[0] + 3)),
            2 => boundary(text, pair[1].min(pair[0] + 30)),
            _ => pair[0],
        };
        let mut inserted = match rng.u8(..6) {
            0 => String::new(),
            1 => rng
                .choice(["a", "\r", "\n", " ", "é", "🙂", "\r\n", "1", "\t"])
                .unwrap()
                .to_owned(),
            _ => (*rng.choice(pieces).unwrap()).to_owned(),
        };
        if text.slice(0..text.len()).contains("\r\n") {
            inserted = inserted.replace("\r\n", "\n").replace('\n', "\r\n");
        }
        changes.push((pair[0]..end, inserted));
    }
    ChangeSet::from_changes(text.len(), changes)
}

fn env(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

fn incremental_equals_full(language: Language) {
    let seed = env("SEED", 1);
    let iterations = env("ITERATIONS", 25);
    let (source, pieces) = sample(language);
    for iteration in 0..iterations {
        let mut rng = fastrand::Rng::with_seed(seed.wrapping_mul(1_000_003) + iteration);
        let source = match iteration % 3 {
            0 => source.replace('\n', "\r\n"),
            // Line breaks to the rope and none to tree-sitter.
            1 => source.replace("\n\n", "\n\r\n").replace(", ", ",\r"),
            _ => source.to_owned(),
        };
        let mut text = Text::from(source.as_str());
        let mut syntax = parsed(language, &text);
        for _ in 0..12 {
            for _ in 0..rng.usize(1..3) {
                let change = random_change(&text, pieces, &mut rng);
                let before = text.clone();
                change.apply(&mut text);
                syntax.note(&change, &before, &text);
            }
            assert!(syntax.parse(&text, &mut || true));
            let full = parsed(language, &text);
            let place = format!("{language:?} SEED={seed} iteration {iteration}\n{text}");
            let broken = syntax.root().unwrap().has_error();
            assert_eq!(broken, full.root().unwrap().has_error(), "{place}");
            assert!(syntax.is_settled() || broken, "{place}");
            if broken && rng.bool() {
                assert!(syntax.settle(&text, &mut || true));
            }
            if syntax.is_settled() {
                assert_eq!(drawn(&syntax), drawn(&full), "{place}");
            }
        }
    }
}

#[test]
fn incremental_tree_equals_full_parse() {
    for language in Language::ALL {
        incremental_equals_full(language);
    }
}

#[test]
fn every_sample_parses_without_error() {
    for language in Language::ALL {
        let text = Text::from(sample(language).0);
        let syntax = parsed(language, &text);
        assert!(
            !syntax.has_error(0..text.len()),
            "{language:?}\n{}",
            drawn(&syntax)
        );
    }
}

#[test]
fn a_parse_that_is_stopped_changes_nothing() {
    let text = Text::from(sample(Language::Rust).0.repeat(200).as_str());
    let mut syntax = Syntax::new(Language::Rust);
    assert!(!syntax.parse(&text, &mut || false));
    assert!(!syntax.is_current());
    assert!(syntax.parse(&text, &mut || true));
    assert!(syntax.is_current());
}

#[test]
fn a_tree_parsed_elsewhere_catches_up() {
    let mut rng = fastrand::Rng::with_seed(7);
    for language in [Language::Rust, Language::Python, Language::Json] {
        let (source, pieces) = sample(language);
        let mut text = Text::from(source);
        let mut syntax = Syntax::new(language);
        for _ in 0..30 {
            let (mut away, snapshot) = (syntax.clone(), text.clone());
            for _ in 0..rng.usize(0..3) {
                let change = random_change(&text, pieces, &mut rng);
                let before = text.clone();
                change.apply(&mut text);
                syntax.note(&change, &before, &text);
            }
            let current = syntax.noted == away.noted;
            assert!(away.parse(&snapshot, &mut || true));
            let had = syntax.tree.is_some();
            let adopted = syntax.adopt(away);
            assert!(adopted || had);
            assert_eq!(syntax.is_current(), current);
            assert!(syntax.parse(&text, &mut || true));
            assert!(syntax.settle(&text, &mut || true));
            assert_eq!(drawn(&syntax), drawn(&parsed(language, &text)), "{text}");
        }
    }
}

#[test]
fn errors_are_found_where_they_are() {
    let text = Text::from("fn a() {}\nfn b( {\nfn c() {}\n");
    let syntax = parsed(Language::Rust, &text);
    assert!(!syntax.has_error(0..8));
    assert!(syntax.has_error(10..16));
    assert!(syntax.has_error(0..text.len()));
}

#[test]
fn a_tree_may_go_to_another_thread() {
    fn check<T: Send + Sync + Clone>() {}
    check::<Syntax>();
}
