//! Region in, region out, through the prompt's own form.

use super::*;

fn request(language: &str, instruction: &str, region: &str) -> Message {
    Message::user(format!(
        "Rewrite it.\nLanguage: {language}\n\n<region>\n{region}\n</region>\n\n<instruction>\n{instruction}\n</instruction>\n"
    ))
}

#[track_caller]
fn check(language: &str, instruction: &str, before: &str, after: &str) {
    for ending in ["\n", "\r\n"] {
        let (before, after) = (before.replace('\n', ending), after.replace('\n', ending));
        match answer(&[request(language, instruction, &before)]) {
            Answer::Text(text) => assert_eq!(text, after, "{language}: {instruction}"),
            Answer::Refusal(text) => panic!("refused: {text}"),
        }
    }
}

#[track_caller]
fn check_refusal(language: &str, instruction: &str) {
    let Answer::Refusal(text) = answer(&[request(language, instruction, "x")]) else {
        panic!("{instruction} was understood");
    };
    for wanted in [
        "embedded rule engine",
        "rename A to B",
        "`models.fast.url`",
        "`models.fast.model`",
        "`models.fast.key`",
    ] {
        assert!(text.contains(wanted), "{text}");
    }
}

#[test]
fn renaming_takes_whole_words_and_leaves_literals() {
    check(
        "rust",
        "rename `total` to sum, and max to limit",
        "let total = max; // total\nprintln!(\"total {total} {{total}} {}\", subtotal + total_max);",
        "let sum = limit; // sum\nprintln!(\"total {sum} {{total}} {}\", subtotal + total_max);",
    );
    check(
        "python",
        "Rename the variable type to kind.",
        "f(type, 'type')",
        "f(kind, 'type')",
    );
    check(
        "bash",
        "rename n -> count",
        "local n=$#\necho \"$n ${#n}\" 'n'",
        "local count=$#\necho \"$count ${#count}\" 'n'",
    );
    check(
        "typescript",
        "rename a to b",
        "const s = `a ${a}`;",
        "const s = `a ${b}`;",
    );
    check(
        "rust",
        "rename 'größe' to size",
        "let größe = 1;",
        "let size = 1;",
    );
}

#[test]
fn rust_gets_doc_comments_above_the_attributes() {
    check(
        "rust",
        "Add documentation comments to every function that lacks them. Do not change the code.",
        "impl A {\n    #[inline]\n    pub fn get_name(&self) -> &str {\n        &self.name\n    }\n\n    /// Has one.\n    fn add(a: i32) {}\n\n    fn parse<F: Fn(u8) -> bool>(input: &str, f: F) -> Result<(), E> {\n    }\n}",
        "impl A {\n    /// Returns the name.\n    #[inline]\n    pub fn get_name(&self) -> &str {\n        &self.name\n    }\n\n    /// Has one.\n    fn add(a: i32) {}\n\n    /// Parses `input` and `f`.\n    ///\n    /// # Errors\n    ///\n    /// Returns an error if the attempt to parse fails.\n    fn parse<F: Fn(u8) -> bool>(input: &str, f: F) -> Result<(), E> {\n    }\n}",
    );
}

#[test]
fn python_gets_docstrings_below_the_header() {
    check(
        "python",
        "add docstrings",
        "class A:\n    def load_user(\n        self, user_id, limit=10\n    ) -> User:\n        return 1\n\n    def f(self):\n        'Has one.'\n\n    def g(self): return 1",
        "class A:\n    def load_user(\n        self, user_id, limit=10\n    ) -> User:\n        \"\"\"Loads the user.\n\n        Args:\n            user_id: The user id.\n            limit: The limit. Defaults to 10.\n\n        Returns:\n            User: The result.\n        \"\"\"\n        return 1\n\n    def f(self):\n        'Has one.'\n\n    def g(self): return 1",
    );
}

#[test]
fn every_language_is_documented_in_its_own_manner() {
    check(
        "typescript",
        "document",
        "export const add = (a: number, b = 2): number => {\n  if (a) { return b; }\n};",
        "/**\n * Adds a and b.\n *\n * @param a - The a.\n * @param b - The b. Defaults to 2.\n * @returns The result.\n */\nexport const add = (a: number, b = 2): number => {\n  if (a) { return b; }\n};",
    );
    check(
        "go",
        "document this",
        "func (s *Server) HandleRequest(w, r string) error {\n\treturn nil\n}",
        "// HandleRequest handles the request.\nfunc (s *Server) HandleRequest(w, r string) error {\n\treturn nil\n}",
    );
    check(
        "c",
        "document",
        "int is_even(int n) {\n    while (n > 1) { n -= 2; }\n    return !n;\n}\nvoid proto(int a);",
        "/**\n * @brief Returns whether n is even.\n *\n * @param n The n.\n * @return The result.\n */\nint is_even(int n) {\n    while (n > 1) { n -= 2; }\n    return !n;\n}\nvoid proto(int a);",
    );
    check(
        "java",
        "document",
        "    @Override\n    public void run() {\n    }",
        "    /** Runs. */\n    @Override\n    public void run() {\n    }",
    );
    check(
        "lua",
        "document",
        "function M.new(name)\n  return name\nend",
        "--- Creates a new instance from name.\n---@param name any The name.\nfunction M.new(name)\n  return name\nend",
    );
    check(
        "bash",
        "document",
        "deploy_app() {\n  :\n}",
        "# Computes the deploy app.\ndeploy_app() {\n  :\n}",
    );
}

#[test]
fn types_come_from_defaults() {
    check(
        "python",
        "Add type hints where they are missing",
        "def f(a, n=10, s=\"x\", l=[], r=1.5, v=False, c=None, k: int = 2, *args):\n    print(a)\n\ndef g():\n    return 'x'\n\ndef h(a):\n    return a",
        "def f(a, n: int = 10, s: str = \"x\", l: list = [], r: float = 1.5, v: bool = False, c=None, k: int = 2, *args) -> None:\n    print(a)\n\ndef g() -> str:\n    return 'x'\n\ndef h(a):\n    return a",
    );
    check(
        "typescript",
        "add types",
        "function f(n = 1, s = `x`) {\n}",
        "function f(n: number = 1, s: string = `x`) {\n}",
    );
}

#[test]
fn comments_go_and_strings_stay() {
    check(
        "rust",
        "remove all comments",
        "//! Doc.\nlet u = \"http://x\"; /* a /* b */ c */\n    // alone\nlet c = '\"'; let r = r#\"// \"no\"\"#; // é\nfn f<'a>() {} // x",
        "let u = \"http://x\";\nlet c = '\"'; let r = r#\"// \"no\"\"#;\nfn f<'a>() {}",
    );
    check(
        "python",
        "strip the comments",
        "#!/bin/python\nx = '#'  # y\n# z\ns = \"\"\"\n# kept\n\"\"\"",
        "#!/bin/python\nx = '#'\ns = \"\"\"\n# kept\n\"\"\"",
    );
    check(
        "javascript",
        "remove comments",
        "const re = /\\/\\/[/]x/; const h = a / b; // done\nf(`// ${g(`/* */`)}`);",
        "const re = /\\/\\/[/]x/; const h = a / b;\nf(`// ${g(`/* */`)}`);",
    );
    check(
        "c",
        "delete comments",
        "int/* */x; /* a\n b */\nchar *s = \"/* */\";",
        "int x;\nchar *s = \"/* */\";",
    );
    check(
        "lua",
        "remove comments",
        "--[[ a\nb ]]\nlocal s = [[ -- kept ]] -- c",
        "local s = [[ -- kept ]]",
    );
    check(
        "bash",
        "remove comments",
        "n=$# # count\ncat <<EOF\n# kept\nEOF\necho a#b",
        "n=$#\ncat <<EOF\n# kept\nEOF\necho a#b",
    );
}

#[test]
fn debug_prints_go_with_their_lines() {
    check(
        "rust",
        "remove the debug prints",
        "a();\n    println!(\n        \"{}\", b(1)\n    );\nlet x = dbg!(1 + (2));\ndbg!(x);",
        "a();\nlet x = 1 + (2);",
    );
    check(
        "python",
        "remove print statements",
        "if a:\n    print(\n        a)\nelse:\n    b()\n    print('x')",
        "if a:\n    pass\nelse:\n    b()",
    );
    check(
        "typescript",
        "remove console.log",
        "console.log(`a ${b}`);\nconst c = 1;\nx.console.log(1)",
        "const c = 1;\nx.console.log(1)",
    );
    check(
        "go",
        "remove debug logging",
        "\tfmt.Println(\"x\", f(1))\n\treturn",
        "\treturn",
    );
    check(
        "cpp",
        "remove prints",
        "std::cout << \"a;\" << b\n  << c;\nd();",
        "d();",
    );
}

#[test]
fn lines_and_imports_are_sorted() {
    check(
        "text",
        "sort lines",
        "b,\na,\nc\n\nz\ny",
        "a,\nb,\nc\n\ny\nz",
    );
    check(
        "typescript",
        "sort the imports",
        "import { b } from \"./b\";\nimport {\n  z,\n} from \"zod\";\nimport fs from \"fs\";\n\nf();",
        "import fs from \"fs\";\nimport {\n  z,\n} from \"zod\";\nimport { b } from \"./b\";\n\nf();",
    );
    check(
        "python",
        "organize imports",
        "from b import c\nimport os\nfrom a import (\n    x,\n)",
        "import os\nfrom a import (\n    x,\n)\nfrom b import c",
    );
    check(
        "rust",
        "sort imports",
        "use std::io;\nuse a::{\n    B,\n};\nfn f() {}",
        "use a::{\n    B,\n};\nuse std::io;\nfn f() {}",
    );
    check(
        "go",
        "sort imports",
        "import (\n\t\"os\"\n\t\"fmt\"\n)\nx := \"a\"",
        "import (\n\t\"fmt\"\n\t\"os\"\n)\nx := \"a\"",
    );
}

#[test]
fn only_the_regions_own_names_change_case() {
    check(
        "python",
        "convert the camelCase names to snake_case",
        "import fooBar\ndef fetchUser(userId):\n    self.userName = loadAll(userId, other.fieldName)  # userId\n    HTTPServer(MAX_SIZE)",
        "import fooBar\ndef fetch_user(user_id):\n    self.user_name = loadAll(user_id, other.fieldName)  # user_id\n    HTTPServer(MAX_SIZE)",
    );
    check(
        "c",
        "use camelCase",
        "size_t item_count = read_all(my_list);",
        "size_t itemCount = read_all(myList);",
    );
}

#[test]
fn a_try_goes_around_the_body_or_the_block() {
    check(
        "python",
        "wrap in try",
        "def f(x):\n    \"\"\"Doc.\"\"\"\n    y = '''\n a'''\n    return y",
        "def f(x):\n    \"\"\"Doc.\"\"\"\n    try:\n        y = '''\n a'''\n        return y\n    except Exception as error:\n        raise RuntimeError(\"f failed\") from error",
    );
    check(
        "javascript",
        "wrap this in a try/catch",
        "  const x = 1;\n  f(x);",
        "  try {\n    const x = 1;\n    f(x);\n  } catch (error) {\n    console.error(\"the block failed\", error);\n    throw error;\n  }",
    );
    check_refusal("rust", "wrap in try");
}

#[test]
fn explaining_puts_an_outline_above() {
    check(
        "rust",
        "Explain this",
        "    fn add(a: i32, b: i32) -> i32 {\n        a + b\n    }",
        "    // Outline: 3 lines of Rust, 1 function.\n    // - add(a, b), 3 lines: Adds a and b.\n    fn add(a: i32, b: i32) -> i32 {\n        a + b\n    }",
    );
}

#[test]
fn what_is_not_understood_is_refused_with_a_way_out() {
    for instruction in [
        "simplify this",
        "flatten the nesting",
        "handle errors properly",
        "make it faster",
        "",
    ] {
        check_refusal("rust", instruction);
    }
    check_refusal("rust", "add types");
    assert!(matches!(
        answer(&[Message::user("hello")]),
        Answer::Refusal(_)
    ));
    assert!(matches!(answer(&[]), Answer::Refusal(_)));
}

#[test]
fn instructions_inside_longer_sentences_are_told_apart() {
    let types = "Add type hints to every parameter, return value and field that lacks one, as precise as the code allows; in JavaScript and Lua as doc comments. Change nothing else.";
    let document = "Document this: add doc comments (docstrings) in the language's usual form to what has none and correct those that are wrong. Say what callers need to know. Change no code.";
    assert_eq!(Rule::read(types), Some(Rule::Types));
    assert_eq!(Rule::read(document), Some(Rule::Document));
    for other in [
        "Simplify this without changing what it does: remove repetition, needless variables and needless branches, and use what the language and the code around already offer.",
        "Handle errors: find what can fail here and is not handled, and handle it in the way that the code around does, without hiding failures. Keep the rest as it is.",
        "Flatten this: reduce nesting with early returns, guard clauses or small helpers, without changing what it does.",
    ] {
        assert_eq!(Rule::read(other), None, "{other}");
    }
}

#[test]
fn the_last_tags_that_stand_alone_count() {
    let text = "Language: rust\n<region>\nold\n</region>\nsee `<region>` there\n<region>\nlet a = 1; // <region>\n\n</region>\n<instruction>\nrename x to y\n</instruction>\n<instruction>\nremove comments\n</instruction>";
    assert_eq!(
        answer(&[Message::user(text)]),
        Answer::Text("let a = 1;\n".to_owned())
    );
    let empty = "<region>\n</region>\n<instruction>\nremove comments\n</instruction>";
    assert_eq!(answer(&[Message::user(empty)]), Answer::Text(String::new()));
}

#[test]
fn a_continued_conversation_keeps_its_region() {
    let first = request("rust", "remove comments", "let a = 1; // x");
    let then = Message::user("rename a to b");
    assert_eq!(
        answer(&[first, then]),
        Answer::Text("let b = 1; // x".to_owned())
    );
}

#[test]
fn no_rule_panics_on_broken_code() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(3);
    let count = std::env::var("ITERATIONS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(3_000);
    let mut random = fastrand::Rng::with_seed(seed);
    let pieces = [
        "fn f(",
        "def f(a=1",
        "):",
        ") {",
        "}",
        "\"",
        "'",
        "`",
        "${",
        "/*",
        "*/",
        "//",
        "#",
        "--[[",
        "]]",
        "<<EOF",
        "\n",
        "\r\n",
        "\t",
        "    ",
        "\\",
        "é",
        "😀",
        "r#\"",
        "\"\"\"",
        "print(",
        "dbg!(",
        "return 1",
        "camelCase",
        "snake_case",
        "import a",
        "function",
        "=>",
        "class A:",
        ",",
        "::",
        "<",
        ">",
    ];
    let instructions = [
        "document",
        "remove comments",
        "remove prints",
        "add types",
        "sort imports",
        "sort lines",
        "wrap in try",
        "explain",
        "to snake_case",
        "to camelCase",
        "rename a to b",
    ];
    let languages = [
        "rust",
        "python",
        "javascript",
        "typescript",
        "go",
        "c",
        "cpp",
        "java",
        "lua",
        "bash",
        "toml",
        "x",
    ];
    for step in 0..count {
        let region: String = (0..random.usize(..14))
            .map(|_| pieces[random.usize(..pieces.len())])
            .collect();
        let (language, instruction) = (
            languages[random.usize(..12)],
            instructions[random.usize(..11)],
        );
        let asked = request(language, instruction, &region);
        let outcome = std::panic::catch_unwind(|| answer(&[asked]));
        assert!(
            outcome.is_ok(),
            "{language} {instruction} {region:?}, seed {seed} step {step}"
        );
    }
}
