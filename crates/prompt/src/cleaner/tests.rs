//! Tests of the cleaner: one rule each, every one under many chunkings.

use super::*;

/// What the answer becomes, cut at random places; the cuts come from the seed.
fn clean(
    shape: &Shape,
    answer: &str,
    rng: &mut fastrand::Rng,
    longest: usize,
) -> Result<String, Unusable> {
    let mut cleaner = Cleaner::new(shape.clone());
    let mut text = String::new();
    let mut rest = answer;
    while !rest.is_empty() {
        let mut cut = rng.usize(1..=longest).min(rest.len());
        while !rest.is_char_boundary(cut) {
            cut += 1;
        }
        text.push_str(&cleaner.push(&rest[..cut]));
        rest = &rest[cut..];
    }
    let tail = cleaner.finish().inspect_err(|_| assert_eq!(text, ""))?;
    Ok(text + &tail)
}

#[track_caller]
fn outcome(shape: &Shape, answer: &str) -> Result<String, Unusable> {
    let whole = clean(
        shape,
        answer,
        &mut fastrand::Rng::with_seed(0),
        usize::MAX >> 1,
    );
    for seed in 0..40 {
        let longest = [1, 2, 4, 9][seed as usize % 4];
        let cut = clean(shape, answer, &mut fastrand::Rng::with_seed(seed), longest);
        assert_eq!(cut, whole, "seed {seed}, pieces of up to {longest} bytes");
    }
    whole
}

#[track_caller]
fn check(base: &str, answer: &str, expect: &str) {
    let shape = Shape::of(base, LineEnding::Lf);
    assert_eq!(outcome(&shape, answer).as_deref(), Ok(expect));
}

#[track_caller]
fn check_unusable(base: &str, answer: &str, expect: Unusable) {
    let shape = Shape::of(base, LineEnding::Lf);
    assert_eq!(outcome(&shape, answer), Err(expect));
}

#[track_caller]
fn check_exact(base: &str, answer: &str) {
    check(base, answer, answer);
}

const FN: &str = "fn a() {\n    1\n}\n";

#[test]
fn code_passes_byte_for_byte() {
    for code in [
        "fn a() {\n    2\n}\n",
        "\n\n// Here is the rewritten code:\nfn a() {}\n",
        "/// ```\n/// a();\n/// ```\nfn a() {}\n",
        "let refusal = \"I'm sorry, I cannot\";\n",
        "I = 1\nHere = 2\n",
        "Sorry(1)\n",
        "String name;\n",
        "Here is not prose = 1\n",
        "\t x  \n \n\n",
        "x = '''\n```python\na\n```\n'''\n",
        "a\n</regions>\n<region>\n</region>\nb\n",
        "🙂 = 1\n`x\n``y\n",
    ] {
        check_exact(FN, code);
    }
}

#[test]
fn fence_and_what_follows_it_are_dropped() {
    let code = "fn a() {\n    2\n}\n";
    for answer in [
        "```rust\nfn a() {\n    2\n}\n```",
        "```\nfn a() {\n    2\n}\n```\n\nI replaced one by two.\n",
        "\n\n~~~~ rust\nfn a() {\n    2\n}\n~~~~\n",
        "```rust\nfn a() {\n    2\n}\n",
        "  ```rust\nfn a() {\n    2\n}\n  ```",
        "```rust\n<region>\nfn a() {\n    2\n}\n</region>\n```\n",
        "<region>\n```rust\nfn a() {\n    2\n}\n```\n</region>\n",
    ] {
        check(FN, answer, code);
    }
}

#[test]
fn fences_inside_a_fence_belong_to_the_code() {
    check(
        FN,
        "```python\n'''\n    ```\n    x\n    ```\n'''\n```\ndone",
        "'''\n    ```\n    x\n    ```\n'''\n",
    );
    check(FN, "````\n```\nx\n```\n````\n", "```\nx\n```\n");
    check(FN, "```\n```js\nx\n```\ny\n```\n", "```js\nx\n```\ny\n");
}

#[test]
fn markdown_loses_only_a_fence_around_everything() {
    let shape =
        Shape::of("# A\n\ntext\n", LineEnding::Lf).in_language(Some(syntax::Language::Markdown));
    let check =
        |answer: &str, expect: &str| assert_eq!(outcome(&shape, answer).as_deref(), Ok(expect));
    check(
        "```markdown\n# B\n\n```rust\nx\n```\n```\n",
        "# B\n\n```rust\nx\n```\n",
    );
    check(
        "```markdown\n# B\n\n```rust\nx\n```\n",
        "# B\n\n```rust\nx\n```\n",
    );
    check(
        "```md\n# B\n\n```\nx\n```\n\nend\n```\n\n",
        "# B\n\n```\nx\n```\n\nend\n",
    );
    check("```md\n# B\n\n```\nx\n```\n", "# B\n\n```\nx\n```\n");
    for exact in [
        "```rust\nx\n```\n",
        "Here is the list of things that we know:\n\n- a\n",
        "I cannot say this enough.\n",
        "The text is only prose.\n",
        "# B\n\n```rust\nx\n```\n",
    ] {
        check(exact, exact);
    }
    let refusal = outcome(&shape, "I'm sorry, but I can't help with that.");
    assert!(matches!(refusal, Err(Unusable::Refusal(_))), "{refusal:?}");
}

#[test]
fn code_with_a_fence_may_still_come_in_one() {
    let base = "def f():\n    \"\"\"\n    ```\n    x\n    ```\n    \"\"\"\n";
    let shape = Shape::of(base, LineEnding::Lf).in_language(Some(syntax::Language::Python));
    let answer = format!("```python\n{base}```");
    assert_eq!(outcome(&shape, &answer).as_deref(), Ok(base));
    assert_eq!(outcome(&shape, base).as_deref(), Ok(base));
}

#[test]
fn chatter_before_code_is_dropped() {
    for chatter in [
        "Here is the rewritten code:",
        "Here's the simplified version of `a`:",
        "Sure!",
        "Sure! I made it shorter.\n\nHere is the result:\n",
        "The function below returns two instead.",
        "I'm sorry for the confusion; this is right:",
    ] {
        check(
            FN,
            &format!("{chatter}\n\n```rust\nfn b() {{}}\n```\nBye."),
            "fn b() {}\n",
        );
    }
    check(
        FN,
        "Here is the rewritten code:\n\nfn b() {}\n",
        "fn b() {}\n",
    );
}

#[test]
fn chatter_without_a_colon_before_code_without_a_fence_is_kept() {
    check_exact(FN, "Here is some text\nfn b() {}\n");
}

#[test]
fn echoed_region_tags_are_dropped() {
    check(
        FN,
        "<region>\nfn b() {}\n</region>\n\nDone.\n",
        "fn b() {}\n",
    );
    check(FN, "fn b() {}\n</region>", "fn b() {}\n");
    check("a", "<region>\nb\n</region>\n", "b");
    check_exact("<region>\nx\n</region>\n", "<region>\ny\n</region>\n");
}

#[test]
fn refusals_are_told_from_code() {
    for words in [
        "I'm sorry, but I can't help with that.",
        "I’m sorry, I cannot do this.\n\nfoo(a, b);",
        "I cannot rewrite `a()` because:\n- it is empty",
        "Unfortunately, this cannot be done.",
    ] {
        check_unusable(FN, words, Unusable::Refusal(words.to_owned()));
    }
}

#[test]
fn prose_without_code_is_told_from_code() {
    let words = "The code is already as simple as it can be.\n\nNo changes are needed.";
    check_unusable(FN, words, Unusable::Prose(words.to_owned()));
    check_exact("Returns the sum of all of them.\n", &format!("{words}\n"));
}

#[test]
fn white_space_alone_is_empty() {
    for answer in [
        "",
        "\n\n",
        "  \n\t",
        "```rust\n```",
        "\u{feff}",
        "<region>\n\n</region>",
    ] {
        check_unusable(FN, answer, Unusable::Empty);
    }
}

#[test]
fn line_endings_follow_the_base() {
    check("a\r\nb\r\n", "x\ny\r\nz", "x\r\ny\r\nz\r\n");
    check("a\nb\n", "x\r\ny\r\n", "x\ny\n");
    check("a\rb\r", "x\r\ny\nz\r", "x\ry\rz\r");
    check("a\nb\n", "x\ry\n", "x\ry\n");
    let one_line = Shape::of("a", LineEnding::CrLf);
    assert_eq!(outcome(&one_line, "x\ny\n").as_deref(), Ok("x\r\ny"));
}

#[test]
fn mixed_line_endings_are_left_to_the_model() {
    check_exact("a\r\nb\n", "x\ny\r\nz\r\n");
}

#[test]
fn final_newline_follows_the_base() {
    check("a\n", "b", "b\n");
    check("a\n", "b\n", "b\n");
    check("a\n", "b\n\n", "b\n\n");
    check("a", "b\n\n", "b");
    check("a", "b\n\nc\r\n", "b\n\nc");
    check("a\n\n", "b", "b\n");
}

#[test]
fn byte_order_mark_is_dropped_at_the_start_only() {
    check("a\n", "\u{feff}b\u{feff}\n", "b\u{feff}\n");
}

#[test]
fn lost_indentation_of_the_first_line_comes_back() {
    let base = "    let a = 1;\n    let b = 2;\n";
    check(
        base,
        "let a = 2;\n    let b = 2;\n",
        "    let a = 2;\n    let b = 2;\n",
    );
    check(
        base,
        "if c {\n        d\n    }\n",
        "    if c {\n        d\n    }\n",
    );
    check(base, "let c = 3;", "    let c = 3;\n");
    check(base, "if c {\n    }\n", "    if c {\n    }\n");
}

#[test]
fn lost_indentation_of_everything_comes_back() {
    let base = "    fn a() {\n        1\n    }\n";
    check(
        base,
        "fn a() {\n    2\n\n    3\n}\n",
        "    fn a() {\n        2\n\n        3\n    }\n",
    );
    check(
        base,
        "/// Two.\nfn a() {\n    2\n}\n",
        "    /// Two.\n    fn a() {\n        2\n    }\n",
    );
    check("\ta\n\tb\n", "x\ny\n  \nz", "\tx\n\ty\n  \n\tz\n");
}

#[test]
fn other_indentation_is_left_alone() {
    check_exact("    a\n    b\n", "    x\n  y\n");
    check_exact("    a\n    b\n", "  x\n  y\n");
    check_exact("    a\n    b\n", "      x\ny\n");
    check_exact("    a\nb\n", "x\ny\n");
    check_exact("    a\n    b\n", "# new\n    a\n    b\n");
    check_exact("a\n  b\n", "x\n  y\n");
}

#[test]
fn plain_code_is_not_held_back() {
    let mut cleaner = Cleaner::new(Shape::of("fn a() {}", LineEnding::Lf));
    assert_eq!(cleaner.push("f"), "f");
    assert_eq!(cleaner.push("n b() {\n"), "n b() {");
    assert_eq!(cleaner.push("  x"), "\n  x");
    assert_eq!(cleaner.push("\r"), "");
    assert_eq!(cleaner.push("\n}"), "\n}");
    assert_eq!(cleaner.push("\n"), "");
    assert_eq!(cleaner.finish().as_deref(), Ok(""));

    let mut cleaner = Cleaner::new(Shape::of(FN, LineEnding::Lf));
    assert_eq!(cleaner.push("```rust\n"), "");
    assert_eq!(cleaner.push("fn b() {}\n"), "fn b() {}\n");
    assert_eq!(cleaner.push("``"), "");
    assert_eq!(cleaner.push("`\nbye"), "");
    assert_eq!(cleaner.finish().as_deref(), Ok(""));
}

#[test]
fn any_chunking_gives_the_same_text() {
    const PARTS: [&str; 28] = [
        "\n",
        "\r\n",
        "\r",
        "```",
        "```rust",
        "~~~",
        "    ",
        "\t",
        "<region>",
        "</region>",
        "I'm sorry",
        "Here is the code:",
        "Sure!",
        "The code is simple now.",
        "fn a() {",
        "}",
        "x",
        " ",
        "🙂",
        "`",
        ":",
        "- a b",
        "\u{feff}",
        "\n\n",
        "def f():",
        "return 1",
        "</",
        "I cannot",
    ];
    const BASES: [&str; 7] = [
        "a\n",
        "a",
        "    a b c\n    b\n",
        "    fn a() {\n        x\n    }",
        "```\nx\n```\n",
        "a\r\nb\n",
        "Some words of text.\n",
    ];
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(1);
    let iterations = std::env::var("ITERATIONS")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(20_000);
    let mut rng = fastrand::Rng::with_seed(seed);
    for iteration in 0..iterations {
        let mut shape = Shape::of(BASES[rng.usize(..BASES.len())], LineEnding::Lf);
        if rng.u8(..4) == 0 {
            shape = shape.in_language(Some(*rng.choice(&syntax::Language::ALL).unwrap()));
        }
        let answer: String = (0..rng.usize(0..12))
            .map(|_| PARTS[rng.usize(..PARTS.len())])
            .collect();
        let whole = clean(&shape, &answer, &mut rng, usize::MAX >> 1);
        let longest = rng.usize(1..6);
        let cut = clean(&shape, &answer, &mut rng, longest);
        assert_eq!(cut, whole, "SEED={seed} iteration {iteration}: {answer:?}");
    }
}
