//! The models of the editors against what the real ones were recorded to say: `traces/<model>.jsonl`. The end-to-end
//! tests record these files and check that the editors still do what they say (`editors_traces`).

use serde_json::{Value, json};
use test_support::editor::{Editor, Message, Model, Request, index_of, position_of};
use text::{ContentChange, Encoding, Position};

/// One trace played into a model.
struct Player {
    model: Model,
    editor: Editor,
    /// The version before the last report, and the last one reported.
    versions: (i32, i32),
    edits: u32,
    openings: u32,
    /// Decides where the model has a choice.
    choice: u32,
}

fn place(value: &Value) -> Position {
    let number = |at: usize| value[at].as_u64().and_then(|it| u32::try_from(it).ok());
    let number = |at: usize| number(at).expect("a place is two numbers");
    Position::new(number(0), number(1))
}

impl Player {
    fn chars(&self) -> Vec<char> {
        self.editor.page.chars()
    }

    fn at(&self, value: &Value) -> usize {
        index_of(&self.chars(), place(value), Encoding::Utf32)
    }

    /// The happening, by the same word as in the trace.
    fn play(&mut self, does: &Value) {
        let line_end = if self.chars().contains(&'\r') {
            "\r\n"
        } else {
            "\n"
        };
        if let Some(typed) = does["type"].as_array() {
            let at = self.at(&does["type"]);
            let letters = typed[2].as_str().expect("letters");
            for (nth, letter) in letters.chars().enumerate() {
                self.editor.user(&[(at + nth, 0, letter.to_string())]);
            }
        }
        if let Some(edit) = does["edit"].as_array() {
            // Typing beside it is not known to the server.
            let before = !does["type"].is_null();
            self.edit(edit, self.versions.1, before);
        } else if let Some(edit) = does["staleEdit"].as_array() {
            self.edit(edit, self.versions.0, false);
        } else if !does["break"].is_null() {
            let at = self.at(&does["break"]);
            self.editor.user(&[(at, 0, line_end.to_owned())]);
        } else if let Some(paste) = does["paste"].as_array() {
            let at = self.at(&json!([paste[0], 0]));
            let text = paste[1].as_str().expect("lines").to_owned();
            self.editor.user(&[(at, 0, text)]);
        } else if let Some(line) = does["delete"].as_u64() {
            let (at, end) = (self.at(&json!([line, 0])), self.at(&json!([line + 1, 0])));
            self.editor.user(&[(at, end - at, String::new())]);
        } else if let Some(text) = does["format"].as_str() {
            let len = self.chars().len();
            self.editor.format(&[(0, len, text.to_owned())], false);
        } else {
            match does.as_str() {
                Some("undo") => self.editor.undo(),
                Some("redo") => self.editor.redo(),
                Some("reopen") => {
                    self.openings += 1;
                    self.editor.reopen();
                }
                _ => {}
            }
        }
    }

    fn edit(&mut self, parts: &[Value], version: i32, typed_before: bool) {
        let chars = self.chars();
        let line_end = chars.contains(&'\r');
        let encoding = self.model.encoding;
        let place = |value: &Value| {
            let at = index_of(&chars, place(value), Encoding::Utf32);
            position_of(&chars, at, encoding)
        };
        let parts = parts.iter().map(|part| {
            let text = part[2].as_str().expect("a text");
            let text = if line_end {
                text.to_owned()
            } else {
                text.replace('\r', "")
            };
            ContentChange {
                range: Some(place(&part[0])..place(&part[1])),
                text,
            }
        });
        let parts: Vec<ContentChange> = parts.collect();
        self.edits += 1;
        let request = Request {
            edit: self.edits,
            opening: self.openings,
            version,
            text: if typed_before {
                String::new()
            } else {
                self.editor.page.text()
            },
            rewrites: vec![Vec::new(); parts.len()],
            parts,
        };
        self.editor.take(&request, self.choice);
    }

    /// What the model says, in the trace's words; its timer has run out.
    fn says(&mut self) -> Vec<Value> {
        self.editor.report(1);
        self.editor.pause();
        let messages = std::mem::take(&mut self.editor.outbox);
        let mut says = Vec::new();
        for message in messages {
            says.push(match message {
                Message::Changed {
                    version, changes, ..
                } => {
                    let by = version - self.versions.1;
                    self.versions = (self.versions.1, version);
                    let told = |change: &ContentChange| {
                        let range = change.range.clone().expect("a range");
                        let pair = |it: Position| json!([it.line, it.character]);
                        json!([pair(range.start), pair(range.end), change.text])
                    };
                    let changes: Vec<Value> = changes.iter().map(told).collect();
                    json!({ "changed": { "by": by, "changes": changes } })
                }
                Message::Answer { applied, .. } => json!({ "answered": applied }),
                Message::Reopened { version, text } => {
                    self.versions = (version, version);
                    json!({ "opened": { "text": text, "version": version } })
                }
            });
        }
        says
    }
}

/// What of the trace is compared: no saving, no asking; an error is a refusal; versions that do not count by one move.
/// Loosely, where no model goes into how far an undo reaches over what stays the same, or what a diff of letters
/// finds: whether the change is one or several, not their places. The text that it leads to is compared always.
fn compared(says: &[Value], model: &Model, loosely: bool) -> Vec<Value> {
    let mut says: Vec<Value> = says.iter().filter(|it| it.is_object()).cloned().collect();
    for it in &mut says {
        if it["answered"].is_string() {
            it["answered"] = false.into();
        }
        let changed = &mut it["changed"];
        if let Some(by) = changed["by"].as_i64().filter(|_| model.version_step > 1) {
            changed["by"] = if by > 0 { "more" } else { "less" }.into();
        }
        let several = changed["changes"].as_array().map(|it| it.len() > 1);
        if let (true, Some(several)) = (loosely, several) {
            changed["changes"] = if several { "several" } else { "one" }.into();
        }
        // Said in `MODELS`.
        if it["opened"].is_object() {
            it["opened"]["version"] = Value::Null;
        }
    }
    says
}

/// The text after what the editor said.
fn after(text: &str, says: &[Value], encoding: Encoding) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let changes = says
        .iter()
        .filter_map(|it| it["changed"]["changes"].as_array());
    for change in changes.flatten() {
        let at = |value: &Value| index_of(&chars, place(value), encoding);
        let range = at(&change[0])..at(&change[1]);
        let text = change[2].as_str().expect("a text");
        chars.splice(range, text.chars());
    }
    chars.into_iter().collect()
}

/// Plays the trace into the model, with one choice where the model has one.
fn differences(trace: &str, model: Model, choice: u32) -> String {
    let mut player: Option<Player> = None;
    let mut wrong = String::new();
    for line in trace.lines().skip(1) {
        let line: Value = serde_json::from_str(line).expect("a line of JSON");
        let recorded = line["says"].as_array().cloned().unwrap_or_default();
        let does = &line["does"];
        if !does["open"].is_null() {
            let opened = &recorded[0]["opened"];
            let editor = Editor::open(model, opened["text"].as_str().expect("a text"));
            if opened["version"] != editor.version && !model.zero_unchecked {
                wrong += &format!("it opens with version {}\n", opened["version"]);
            }
            player = Some(Player {
                model,
                versions: (editor.version, editor.version),
                editor,
                edits: 0,
                openings: 0,
                choice,
            });
            continue;
        }
        let player = player.as_mut().expect("a file is opened first");
        let text = after(&player.editor.page.text(), &recorded, model.encoding);
        player.play(does);
        let rediffed = model.rediffs && !does["edit"].is_null();
        let loosely = rediffed || matches!(does.as_str(), Some("undo" | "redo"));
        let (mut said, mut says) = (
            compared(&recorded, &model, loosely),
            compared(&player.says(), &model, loosely),
        );
        // A model's person formats in one piece or in several, as chance has it.
        if !does["format"].is_null() {
            said.truncate(1);
            for it in said.iter_mut().chain(&mut says) {
                it["changed"]["changes"] = Value::Null;
            }
        }
        let shown = player.editor.page.text();
        if says != said || shown != text {
            let (said, says) = (json!(said), json!(says));
            wrong +=
                &format!("{does}\n  the editor {said} {text:?}\n   the model {says} {shown:?}\n");
        }
    }
    wrong
}

fn check(name: &str) {
    let file = format!("{}/tests/traces/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let trace = std::fs::read_to_string(&file).expect("the trace is there");
    let model = *Model::named(name).expect("there is such a model");
    let wrong = differences(&trace, model, 0);
    assert!(wrong.is_empty(), "{name}:\n{wrong}");
}

#[test]
fn model_of_vs_code_says_what_vs_code_says() {
    check("vscode");
}

#[test]
fn model_of_helix_says_what_helix_says() {
    check("helix");
}

#[test]
fn model_of_neovim_says_what_neovim_says() {
    check("neovim");
}

#[test]
fn model_of_neovim_without_delay_says_what_it_says() {
    check("neovim-now");
}

#[test]
fn model_of_eglot_says_what_eglot_says() {
    check("eglot");
}

#[test]
fn model_of_vs_code_with_edits_by_our_extension_says_what_it_says() {
    check("vscode-extension");
}
