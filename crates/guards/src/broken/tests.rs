//! Which texts are broken by a change.

use syntax::Language;
use text::Text;

use crate::{Change, Guard, check};

#[track_caller]
fn check_one(language: Language, old: &str, new: &str, expect: &str) {
    let head = "";
    let before = Text::from([head, old].concat().as_str());
    let change = Change {
        language: Some(language),
        before: &before,
        region: head.len()..head.len() + old.len(),
        new,
    };
    let faults = check(&change, &[Guard::Syntax]);
    let messages: Vec<&str> = faults.iter().map(|it| it.message.as_str()).collect();
    let expected: Vec<&str> = Some(expect)
        .into_iter()
        .filter(|it| !it.is_empty())
        .collect();
    assert_eq!(messages, expected, "{old} -> {new}");
}

#[test]
fn what_could_be_parsed_and_cannot_be_any_more_is_a_fault() {
    use Language::{Json, Python, Rust};
    check_one(
        Rust,
        "fn f() { g(1); }\n",
        "fn f() { g(1; }\n",
        "something is missing in line 1: `fn f() { g(1; }`",
    );
    check_one(
        Python,
        "a = 1\n",
        "a = = 1\n",
        "line 1 cannot be parsed: `=`",
    );
    check_one(
        Json,
        "[1]\n",
        "[1,, 2, 3]\n[}\n",
        "line 1 cannot be parsed: `,`, and one more place",
    );
}

#[test]
fn what_could_not_be_parsed_before_is_none() {
    use Language::{C, Python, Rust};
    check_one(Rust, "fn f() { g(1; }\n", "fn f() { h(1; }\n", "");
    check_one(Rust, "fn f() { g(1; }\n", "fn f() { g(1); }\n", "");
    check_one(Python, "a = = 1\nb = 2\n", "b = 3\na = = 1\n", "");
    check_one(C, "BEGIN(a b) int x;\n", "BEGIN(a b) int y;\n", "");
}

/// A brace too few or too many shows elsewhere than in the region.
#[test]
fn errors_behind_the_region_count() {
    let head = "fn a() {\n    b();\n}\n";
    let tail = "\nfn c() {}\n";
    let before = Text::from([head, tail].concat().as_str());
    for new in ["fn a() {\n    b();\n", "fn a() {\n    b();\n}\n}\n"] {
        let change = Change {
            language: Some(Language::Rust),
            before: &before,
            region: 0..head.len(),
            new,
        };
        assert_eq!(check(&change, &[Guard::Syntax]).len(), 1, "{new}");
    }
}

/// Whatever is written, there is an answer.
#[test]
fn no_broken_text_is_too_odd() {
    let seed = std::env::var("SEED").map_or(1, |it| it.parse().expect("a number"));
    let mut rng = fastrand::Rng::with_seed(seed);
    let words = [
        "\r\n", "\n", "\r\n  ", "{", "}", "(", ")", "\"", "a", " = ", "[", "é", "# ", "if x",
    ];
    for round in 0..3_000 {
        let language = Language::ALL[rng.usize(..Language::ALL.len())];
        let new: String = (0..rng.usize(1..12))
            .map(|_| words[rng.usize(..words.len())])
            .collect();
        let before = Text::from("a = 1\r\n");
        let change = Change {
            language: Some(language),
            before: &before,
            region: 0..5,
            new: &new,
        };
        for fault in check(&change, &[Guard::Syntax]) {
            let within = fault.range.is_none_or(|it| it.end <= new.len());
            assert!(within, "seed {seed} round {round}: {language:?} {new:?}");
        }
    }
}
