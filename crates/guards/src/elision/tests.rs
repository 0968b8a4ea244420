//! Which lines stand for code that was left out, and which only look like it.

use text::Text;

use crate::{Change, Guard, check};
use syntax::Language;

const RUST: Option<Language> = Some(Language::Rust);
const PYTHON: Option<Language> = Some(Language::Python);
const TYPESCRIPT: Option<Language> = Some(Language::TypeScript);
const JAVASCRIPT: Option<Language> = Some(Language::JavaScript);
const TSX: Option<Language> = Some(Language::Tsx);
const C: Option<Language> = Some(Language::C);
const CPP: Option<Language> = Some(Language::Cpp);
const GO: Option<Language> = Some(Language::Go);
const JAVA: Option<Language> = Some(Language::Java);
const LUA: Option<Language> = Some(Language::Lua);
const BASH: Option<Language> = Some(Language::Bash);
const JSON: Option<Language> = Some(Language::Json);
const TOML: Option<Language> = Some(Language::Toml);
const MARKDOWN: Option<Language> = Some(Language::Markdown);

fn found(language: Option<Language>, old: &str, new: &str) -> Vec<String> {
    let before = Text::from(old);
    let change = Change {
        language,
        before: &before,
        region: 0..old.len(),
        new,
    };
    let faults = check(&change, &[Guard::Elision]);
    let quoted = faults
        .into_iter()
        .map(|it| new[it.range.expect("a place")].to_owned());
    quoted.collect()
}

/// The `new` text has that line for code that was left out; `""` for none.
#[track_caller]
fn check_one(language: Option<Language>, new: &str, expect: &str) {
    let found = found(language, "", new);
    let expected: Vec<&str> = Some(expect)
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    assert_eq!(found, expected, "{language:?}: {new}");
}

#[test]
fn lines_that_stand_for_code_are_found() {
    for (language, new, expect) in [
        (
            RUST,
            "fn f() {\n    a();\n    // ... rest of the code\n}\n",
            "// ... rest of the code",
        ),
        (
            RUST,
            "fn f() {\n    // ... existing code ...\n    a();\n}\n",
            "// ... existing code ...",
        ),
        (RUST, "fn f() {\n    // ...\n}\n", "// ..."),
        (RUST, "fn f() {\n    // unchanged\n}\n", "// unchanged"),
        (RUST, "fn f() {\n    // (unchanged)\n}\n", "// (unchanged)"),
        (RUST, "fn f() { /* ... */ }\n", "/* ... */"),
        (RUST, "fn f() { /* unchanged */ }\n", "/* unchanged */"),
        (RUST, "fn f() {\n    ...\n}\n", "..."),
        (RUST, "fn f() {\n    …\n}\n", "…"),
        (
            RUST,
            "impl A {\n    // … other methods\n}\n",
            "// … other methods",
        ),
        (
            RUST,
            "// Rest of the implementation unchanged.\n",
            "// Rest of the implementation unchanged.",
        ),
        (
            RUST,
            "fn f() {\n    a(); // ... rest unchanged\n}\n",
            "// ... rest unchanged",
        ),
        (
            PYTHON,
            "def f():\n    # existing code unchanged\n    pass\n",
            "# existing code unchanged",
        ),
        (
            PYTHON,
            "def f():\n    # ... rest of the function ...\n",
            "# ... rest of the function ...",
        ),
        (
            PYTHON,
            "def f():\n    # ... (same as before)\n    pass\n",
            "# ... (same as before)",
        ),
        (
            PYTHON,
            "def f():\n    # [rest of code remains the same]\n    pass\n",
            "# [rest of code remains the same]",
        ),
        (
            PYTHON,
            "def f():\n    # rest of the code remains unchanged\n    pass\n",
            "# rest of the code remains unchanged",
        ),
        (
            PYTHON,
            "def f():\n    # ... other methods of `Shape` ...\n    pass\n",
            "# ... other methods of `Shape` ...",
        ),
        (
            PYTHON,
            "def f():\n    # --- rest of the code unchanged ---\n    pass\n",
            "# --- rest of the code unchanged ---",
        ),
        (
            PYTHON,
            "def f():\n    pass  # ... existing code ...\n",
            "# ... existing code ...",
        ),
        (
            PYTHON,
            "... rest of the code ...\n",
            "... rest of the code ...",
        ),
        (PYTHON, "…\n", "…"),
        (
            PYTHON,
            "# Remaining methods unchanged\n",
            "# Remaining methods unchanged",
        ),
        (
            PYTHON,
            "# ...\n# existing code\n# ...\n",
            "# ...\n# existing code\n# ...",
        ),
        (
            TYPESCRIPT,
            "function f() {\n  // Keep the existing code\n}\n",
            "// Keep the existing code",
        ),
        (
            TYPESCRIPT,
            "function f() { /* ... existing code ... */ }\n",
            "/* ... existing code ... */",
        ),
        (
            TYPESCRIPT,
            "function f() {\n  // ... validate the input ...\n}\n",
            "// ... validate the input ...",
        ),
        (
            TYPESCRIPT,
            "function f() {\n  ...existing code...\n}\n",
            "...existing code...",
        ),
        (
            TYPESCRIPT,
            "class A {\n  // Other methods...\n}\n",
            "// Other methods...",
        ),
        (
            TYPESCRIPT,
            "// code omitted for brevity\n",
            "// code omitted for brevity",
        ),
        (
            TYPESCRIPT,
            "/*\n * ... rest of the implementation ...\n */\n",
            "/*\n * ... rest of the implementation ...\n */",
        ),
        (
            TSX,
            "const a = (\n  <div>\n    {/* ... rest of the component ... */}\n  </div>\n);\n",
            "{/* ... rest of the component ... */}",
        ),
        (
            JAVASCRIPT,
            "// ... your existing code here\n",
            "// ... your existing code here",
        ),
        (C, "int f(void) {\n    /* ... */\n}\n", "/* ... */"),
        (
            C,
            "int f(void) {\n    /* rest of function unchanged */\n}\n",
            "/* rest of function unchanged */",
        ),
        (
            CPP,
            "// ... (rest of the class)\n",
            "// ... (rest of the class)",
        ),
        (
            GO,
            "func f() {\n\t// ... same as before\n}\n",
            "// ... same as before",
        ),
        (
            GO,
            "func f() {\n\t// ... existing validation for users\n}\n",
            "// ... existing validation for users",
        ),
        (
            JAVA,
            "class A {\n    // existing code here\n}\n",
            "// existing code here",
        ),
        (
            LUA,
            "function f()\n  -- ... rest of the function\nend\n",
            "-- ... rest of the function",
        ),
        (
            BASH,
            "f() {\n  # ... unchanged ...\n}\n",
            "# ... unchanged ...",
        ),
        (JSON, "{\n  \"a\": 1,\n  ...\n}\n", "..."),
        (
            TOML,
            "# ... existing dependencies unchanged\n[a]\n",
            "# ... existing dependencies unchanged",
        ),
        (
            RUST,
            "fn f() {\r\n    // ... rest of the code\r\n}\r\n",
            "// ... rest of the code",
        ),
        (JSON, "{\r\n  ...\r\n}\r\n", "..."),
        (
            MARKDOWN,
            "# A\n\n<!-- rest of the document unchanged -->\n",
            "<!-- rest of the document unchanged -->",
        ),
        (
            MARKDOWN,
            "# A\n\n[... rest of the document unchanged ...]\n",
            "[... rest of the document unchanged ...]",
        ),
        (
            None,
            "key: 1\n# ... rest of the config unchanged\n",
            "# ... rest of the config unchanged",
        ),
        (
            None,
            "<b>1</b>\n<!-- ... existing content ... -->\n",
            "<!-- ... existing content ... -->",
        ),
        (
            None,
            "... rest of the text unchanged ...\n",
            "... rest of the text unchanged ...",
        ),
    ] {
        check_one(language, new, expect);
    }
}

#[test]
fn ordinary_code_and_text_is_not_mistaken() {
    for (language, new) in [
        (PYTHON, "def f() -> int: ...\n"),
        (PYTHON, "def f() -> int:\n    ...\n"),
        (
            PYTHON,
            "class P(Protocol):\n    def f(self) -> int:\n        ...\n    x: Tuple[int, ...]\n",
        ),
        (PYTHON, "a[..., 0] = b\nx = np.zeros((2, 3))[...]\n"),
        (PYTHON, "\"\"\"\n# ... rest of the code\n\"\"\"\n"),
        (PYTHON, "PROMPT = '''\n// ... existing code ...\n...\n'''\n"),
        (
            PYTHON,
            "def f():\n    \"\"\"As before.\n\n    ...\n    \"\"\"\n",
        ),
        (PYTHON, "# Remaining arguments\nrest = args[1:]\n"),
        (
            PYTHON,
            "# the rest of the arguments are positional\nf(*rest)\n",
        ),
        (PYTHON, "# Read the rest of the file\ndata = f.read()\n"),
        (PYTHON, "# existing users keep their role\n"),
        (PYTHON, "# Same as above\nx = 1\n"),
        (PYTHON, "# same for the other side\nx = 1\n"),
        (
            PYTHON,
            "# We look at the cache first...\n# ...and then at the disk.\n",
        ),
        (PYTHON, "# This replaces the\n# existing code.\n"),
        (PYTHON, "x = 1  # unchanged\n"),
        (PYTHON, "x = 1  # the rest is the same\n"),
        (PYTHON, "# Loading the remaining code...\n"),
        (PYTHON, "# ---- Existing code ----\n"),
        (PYTHON, "# TODO: handle the rest\n"),
        (PYTHON, "# e.g. 1, 2, 3, ...\n"),
        (PYTHON, "# ..., n - 1, n\n"),
        (PYTHON, "# omitted values default to None\n"),
        (RUST, "let a = A { b, ..Default::default() };\n"),
        (RUST, "let A {\n    b,\n    ..\n} = a;\n"),
        (
            RUST,
            "match a {\n    1..=3 => {}\n    _ => {} // unchanged\n}\n",
        ),
        (
            RUST,
            "/// ```\n/// // ... existing code ...\n/// ...\n/// ```\nfn f() {}\n",
        ),
        (RUST, "//! ...\n//! rest of the code\n"),
        (RUST, "// For example:\n//   a();\n//   ...\n//   b();\n"),
        (
            RUST,
            "const A: &str = r#\"\n// ... rest of the code\n\"#;\n",
        ),
        (RUST, "// position unchanged\n"),
        (RUST, "// No changes: nothing to do.\n"),
        (RUST, "// Other methods\nfn a() {}\n"),
        (RUST, "// The remaining fields are private.\n"),
        (RUST, "a(); // as before\n"),
        (RUST, "// Skip the rest of the line\n"),
        (RUST, "// ...and then give it a sign...\n"),
        (PYTHON, "# ...=...\n"),
        (JAVASCRIPT, "/* .................... */\n"),
        (PYTHON, "# for brevity\n"),
        (
            PYTHON,
            "# ... or it has a __class__ that has a __module__.\n",
        ),
        (PYTHON, "# skipped functions\n"),
        (PYTHON, "# unmodified file\n"),
        (
            RUST,
            "macro_rules! a {\n    (\n        @b\n        ...\n        $c:tt\n    ) => {};\n}\n",
        ),
        (JAVASCRIPT, "const a = {\n  ...rest,\n  ...other\n};\n"),
        (JAVASCRIPT, "const a = {\n  ...previous, items\n};\n"),
        (JAVASCRIPT, "f(\n  ...\n  args\n);\n"),
        (JAVASCRIPT, "const { a, ...remaining } = b;\n"),
        (TYPESCRIPT, "function f(...rest: string[]) {}\n"),
        (
            TYPESCRIPT,
            "const a = `\n// ... rest of the code\n...\n`;\n",
        ),
        (
            TYPESCRIPT,
            "/**\n * @example\n * ...\n * // ... existing code\n */\nfunction f() {}\n",
        ),
        (TYPESCRIPT, "return [...existing, item];\n"),
        (TYPESCRIPT, "const url = 'https://a/...rest'; // see ...\n"),
        (
            TSX,
            "const a = <p>... rest of the text unchanged ...</p>;\n",
        ),
        (C, "int f(const char *a, ...);\n"),
        (C, "int f(\n    const char *a,\n    ...\n);\n"),
        (
            CPP,
            "try { a(); } catch (...) { b(); }\ntemplate <typename... A> void f(A... a);\n",
        ),
        (GO, "f(a...)\nx := append(b, c...)\n"),
        (
            LUA,
            "local function f(...)\n  return {\n    ...\n  }\nend\n",
        ),
        (BASH, "cat <<E\n# ... rest of the code\n...\nE\n"),
        (BASH, "echo \"...\" # ...\n"),
        (JSON, "{\"a\": [\"...\", \"rest of the code\"]}\n"),
        (
            MARKDOWN,
            "...\n\nAnd so on ...\n\n```js\n// ... existing code ...\n... rest of the code ...\n```\n",
        ),
        (None, "a: 1\n...\n---\nb: 2\n"),
        (None, "And the rest is history ...\n... as they say.\n"),
        (None, "# Rest of the file\n"),
    ] {
        check_one(language, new, "");
    }
}

#[test]
fn what_the_old_text_held_is_no_fault() {
    let old = "fn f() {\n    // ... rest of the code\n}\n";
    let moved = "fn f() {\n    a();\n        // ...  Rest of the code\n}\n";
    let twice = "fn f() {\n    // ... rest of the code\n    a();\n    // ... rest of the code\n}\n";
    assert!(found(RUST, old, moved).is_empty());
    assert_eq!(found(RUST, old, twice), ["// ... rest of the code"]);
}

#[test]
fn the_message_names_the_line_of_the_document() {
    let before = Text::from("a\nb\nc\n");
    let change = Change {
        language: None,
        before: &before,
        region: 2..4,
        new: "b\n# ... rest unchanged\n# x\n\n# ... code unchanged\n",
    };
    let faults = check(&change, &Guard::ALL);
    let messages: Vec<&str> = faults.iter().map(|it| it.message.as_str()).collect();
    assert_eq!(
        messages,
        ["line 3 stands for code that was left out: `... rest unchanged`, and one more line does"]
    );
}
