//! The words of a request: one whole prompt, and the rules for what stands in it.

use super::*;

const SOURCE: &str = "\u{feff}//! Doc.\nuse std::fmt;\nuse std::io;\n\nconst A: u8 = 1;\n\nimpl Shape for Square {\n    /// The area.\n    fn area(&self) -> f64 {\n        let side = self.side;\n        side * side\n    }\n\n    fn name(&self) -> &str {\n        \"square\"\n    }\n}\n";

fn ask_message(context_bytes: usize, selected: &str, instruction: &str) -> Request {
    let text = Text::from(SOURCE);
    let mut syntax = Syntax::new(Language::Rust);
    assert!(syntax.parse(&text, &mut || true));
    let start = SOURCE.find(selected).unwrap();
    let ask = Ask {
        text: &text,
        region: start..start + selected.len(),
        language: Some(Language::Rust),
        syntax: Some(&syntax),
        path: "src/a.rs",
        instruction,
        context_bytes,
    };
    let model = Model {
        name: "m".to_owned(),
        max_output_tokens: Some(7),
        ..Model::default()
    };
    request(&ask, &model)
}

const BODY: &str = "        let side = self.side;\n        side * side\n";

#[test]
fn the_whole_prompt() {
    let request = ask_message(120, BODY, "  use powi\n");
    assert_eq!(
        (
            request.model.as_str(),
            request.store,
            request.max_output_tokens
        ),
        ("m", false, Some(7))
    );
    let prompt = format!("{}\n\n---\n{}", request.instructions, request.input[0].text);
    insta::assert_snapshot!(prompt);
}

#[track_caller]
fn check_section(message: &str, tag: &str, expect: Option<&str>) {
    let found = message
        .split_once(&format!("<{tag}>\n"))
        .and_then(|(_, rest)| rest.split_once(&format!("\n</{tag}>\n")))
        .map(|(section, _)| section);
    assert_eq!(found, expect, "{message}");
}

#[test]
fn context_is_cut_at_lines_and_to_its_size() {
    for bytes in 0..SOURCE.len() + 10 {
        let request = ask_message(bytes, BODY, "x");
        let message = &request.input[0].text;
        let section = |tag: &str| {
            let rest = message.split_once(&format!("<{tag}>\n"))?.1;
            Some(rest.split_once(&format!("\n</{tag}>\n"))?.0)
        };
        let before = section("before").unwrap_or("");
        let after = section("after").unwrap_or("");
        assert!(before.len() + after.len() <= bytes.max(1), "{bytes}");
        assert!(before.is_empty() || SOURCE.contains(&format!("{before}\n{BODY}{after}")));
        for line in before.lines().chain(after.lines()) {
            assert!(
                SOURCE
                    .lines()
                    .any(|other| other.trim_start_matches('\u{feff}') == line),
                "{line:?}"
            );
        }
    }
}

#[test]
fn imports_in_sight_are_not_sent_twice() {
    let all = ask_message(10_000, BODY, "x");
    check_section(&all.input[0].text, "imports", None);
    let some = ask_message(60, BODY, "x");
    check_section(
        &some.input[0].text,
        "imports",
        Some("use std::fmt;\nuse std::io;"),
    );
}

#[test]
fn only_what_encloses_the_region_is_scope() {
    let inside = ask_message(0, BODY, "x");
    check_section(
        &inside.input[0].text,
        "scope",
        Some(
            "impl Shape for Square {\n    fn area(&self) -> f64 {"
                .replace(" {", "")
                .as_str(),
        ),
    );
    let whole = ask_message(
        0,
        "    fn name(&self) -> &str {\n        \"square\"\n    }",
        "x",
    );
    check_section(&whole.input[0].text, "scope", Some("impl Shape for Square"));
    let top = ask_message(0, "const A: u8 = 1;", "x");
    check_section(&top.input[0].text, "scope", None);
}

#[test]
fn one_final_line_break_of_the_region_is_left_out() {
    for (text, shown) in [
        ("a\n", "a"),
        ("a\r\n", "a"),
        ("a\r", "a"),
        ("a\n\n", "a\n"),
        ("a", "a"),
        ("", ""),
    ] {
        assert_eq!(without_break(text), shown);
    }
}

#[test]
fn no_language_and_no_tree_will_do() {
    let text = Text::from("a\nb\nc\n");
    let ask = Ask {
        text: &text,
        region: 2..3,
        language: None,
        syntax: None,
        path: "notes",
        instruction: "x",
        context_bytes: 100,
    };
    let request = request(&ask, &Model::default());
    assert_eq!(
        request.input[0].text,
        "File: notes\nLanguage: text\n\n<before>\na\n</before>\n<after>\nc\n</after>\n\nRewrite this region:\n<region>\nb\n</region>\n\n<instruction>\nx\n</instruction>\n"
    );
}

#[test]
fn follow_up_goes_on_with_the_conversation() {
    let text = Text::from("a\nb\n");
    let mut ask = Ask {
        text: &text,
        region: 0..2,
        language: None,
        syntax: None,
        path: "notes",
        instruction: "one",
        context_bytes: 0,
    };
    let mut first = request(&ask, &Model::default());
    first.previous_response_id = Some("r".to_owned());
    ask.instruction = "two";
    let second = follow_up(&ask, &first, "A");
    let roles: Vec<Role> = second.input.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User]);
    assert_eq!(second.input[0], first.input[0]);
    assert_eq!(second.input[1].text, "A");
    assert_eq!(second.previous_response_id, None);
    check_section(&second.input[2].text, "region", Some("a"));
    check_section(&second.input[2].text, "instruction", Some("two"));
    assert_eq!(follow_up(&ask, &first, " \n").input.len(), 2);
}
