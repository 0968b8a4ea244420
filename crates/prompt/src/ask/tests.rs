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
    let messages: Vec<&str> = request.input.iter().map(|it| &*it.text).collect();
    let prompt = format!(
        "{}\n\n---\n{}",
        request.instructions,
        messages.join("\n---\n")
    );
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

fn section<'a>(message: &'a str, tag: &str) -> Option<&'a str> {
    let rest = message.split_once(&format!("<{tag}>\n"))?.1;
    Some(rest.split_once(&format!("\n</{tag}>\n"))?.0)
}

#[test]
fn context_is_cut_at_lines_and_to_its_size() {
    for bytes in 0..SOURCE.len() + 10 {
        let request = ask_message(bytes, BODY, "x");
        let task = &request.input.last().unwrap().text;
        if bytes == 0 {
            assert_eq!(request.input.len(), 1);
            assert_eq!(
                (section(task, "before"), section(task, "after")),
                (None, None)
            );
            continue;
        }
        let first = &request.input[0].text;
        let shown = section(first, "file")
            .or(section(first, "excerpt"))
            .unwrap_or(BODY);
        let bare = SOURCE.trim_start_matches('\u{feff}');
        assert!(shown.len() <= bytes.max(BODY.len() + bytes), "{bytes}");
        assert!(
            bare.contains(shown) && shown.contains(BODY.trim_end()),
            "{bytes}"
        );
        for line in shown.lines() {
            assert!(bare.lines().any(|other| other == line), "{line:?}");
        }
        for near in [section(task, "before"), section(task, "after")]
            .into_iter()
            .flatten()
        {
            assert!(shown.contains(near), "{bytes}: {near:?}");
        }
    }
}

#[test]
fn the_lines_beside_the_region_are_shown_beside_it() {
    let request = ask_message(10_000, BODY, "x");
    let task = &request.input[1].text;
    let before = "impl Shape for Square {\n    /// The area.\n    fn area(&self) -> f64 {";
    check_section(task, "before", Some(before));
    check_section(task, "after", Some("    }\n\n    fn name(&self) -> &str {"));
    assert!(task.contains("lines 10 to 11 of the file:"), "{task}");
}

#[test]
fn what_is_sent_ahead_is_how_the_request_begins() {
    let text = Text::from(SOURCE.repeat(40).as_str());
    let model = Model::default();
    let mut shared = 0;
    let mut before = None;
    for start in (0..text.len()).step_by(97) {
        let line = text.line_start(text.line_of(start));
        let mut ask = Ask {
            text: &text,
            region: line..text.line_start(text.line_of(start) + 2),
            language: Some(Language::Rust),
            syntax: None,
            path: "a.rs",
            instruction: "",
            context_bytes: 4_000,
        };
        let ahead = ahead(&ask, &model).unwrap();
        ask.instruction = "do it";
        let whole = request(&ask, &model);
        assert_eq!(whole.input[..1], ahead.input[..]);
        assert_eq!(whole.input.len(), 2);
        shared += usize::from(before.replace(ahead.clone()) == Some(ahead));
    }
    // Regions that are near each other share what was sent ahead.
    assert!(shared > 50, "{shared}");
}

#[test]
fn a_small_document_is_sent_ahead_whatever_the_region() {
    let text = Text::from(SOURCE);
    let ask = |region| Ask {
        text: &text,
        region,
        language: None,
        syntax: None,
        path: "a.rs",
        instruction: "",
        context_bytes: SOURCE.len(),
    };
    let model = Model::default();
    let all = ahead(&ask(0..0), &model);
    assert!(all.is_some());
    assert_eq!(all, ahead(&ask(40..60), &model));
    let none = Ask {
        context_bytes: 0,
        ..ask(40..60)
    };
    assert_eq!(ahead(&none, &model), None);
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
    let scope = |selected: &str, expect: Option<&str>| {
        let request = ask_message(1, selected, "x");
        check_section(&request.input.last().unwrap().text, "scope", expect);
    };
    scope(
        BODY,
        Some("impl Shape for Square\n    fn area(&self) -> f64"),
    );
    let whole = "    fn name(&self) -> &str {\n        \"square\"\n    }";
    scope(whole, Some("impl Shape for Square"));
    scope("const A: u8 = 1;", None);
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
    let texts: Vec<&str> = request.input.iter().map(|it| &*it.text).collect();
    assert_eq!(
        texts,
        [
            "File: notes\nLanguage: text\n\n<file>\na\nb\nc\n</file>\n",
            "File: notes\nLanguage: text\n\n<before>\na\n</before>\nRewrite this region, in line 2 of the file:\n<region>\nb\n</region>\n<after>\nc\n</after>\n\n<instruction>\nx\n</instruction>\n",
        ]
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
    assert_eq!(&*second.input[1].text, "A");
    assert_eq!(second.previous_response_id, None);
    check_section(&second.input[2].text, "region", Some("a"));
    check_section(&second.input[2].text, "instruction", Some("two"));
    assert_eq!(follow_up(&ask, &first, " \n").input.len(), 2);
}
