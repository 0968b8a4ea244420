//! Documentation made from the schema: the commented default file and docs/configuration.md.
//! What the keys mean is said in `settings`, as doc comments.

use std::fmt::Write;

use serde_json::Value;

use crate::layers::{VARIABLES, camel_case};
use crate::schema::{self, Shape, allowed, keys, options};
use crate::{Model, Settings};

const INTRODUCTION: &str = include_str!("reference/introduction.md");
const EXAMPLES: &str = include_str!("reference/examples.md");
const WIDTH: usize = 96;

/// The user file with all defaults: each key with its description, and its line commented out as
/// `#key = value`, so that later defaults still reach those who keep the file.
pub fn default_file() -> String {
    let mut file = String::from(
        "# Settings of Redline. Each line that begins with # and a key shows the default;\n\
         # take the # away to change it. `redline doctor` tells what is in force and why.\n",
    );
    let root = schema::root();
    for key in keys(root) {
        let node = &root["properties"][key];
        match Shape::of(node) {
            Shape::Leaf => default_line(&mut file, key, node, &node["default"]),
            Shape::Table(_) => {
                comment(&mut file, node);
                let _ = writeln!(file, "[{key}]");
                default_lines(&mut file, node, &node["default"]);
            }
            Shape::Named(item) => {
                comment(&mut file, node);
                let _ = writeln!(file, "[{key}.{}]", Settings::FAST);
                default_lines(&mut file, item, &json(&Model::default()));
            }
            Shape::List(item) => {
                comment(&mut file, node);
                let _ = writeln!(file, "# For example:\n# [[{key}]]");
                for line in PRESET.lines() {
                    let _ = writeln!(file, "# {line}");
                }
                let known: Vec<_> = keys(item).collect();
                let _ = writeln!(file, "# Its keys: {}.", known.join(", "));
            }
        }
    }
    file
}

const PRESET: &str = r#"name = "log"
title = "Add logging"
instruction = "Log the start and the failures of each function, in the way of the code around.""#;

fn default_lines(file: &mut String, table: &Value, defaults: &Value) {
    for key in keys(table) {
        default_line(file, key, &table["properties"][key], &defaults[key]);
    }
}

fn default_line(file: &mut String, key: &str, node: &Value, default: &Value) {
    comment(file, node);
    wrap(file, &format!("Allowed: {}.", allowed(node)));
    let _ = match default {
        Value::Null => {
            let example = node["examples"].get(0).unwrap_or(&Value::Null);
            writeln!(file, "# Not set. For example: {key} = {}", toml(example))
        }
        default => writeln!(file, "#{key} = {}", toml(default)),
    };
}

fn comment(file: &mut String, node: &Value) {
    file.push('\n');
    for paragraph in description(node).lines() {
        wrap(file, paragraph);
    }
}

fn wrap(file: &mut String, paragraph: &str) {
    let mut line = String::from("#");
    for word in paragraph.split(' ') {
        if line.len() + 1 + word.len() > WIDTH {
            let _ = writeln!(file, "{line}");
            line.truncate(1);
        }
        line.push(' ');
        line.push_str(word);
    }
    let _ = writeln!(file, "{line}");
}

/// docs/configuration.md.
pub fn reference() -> String {
    let mut page = format!("{INTRODUCTION}\n## All settings\n");
    let root = schema::root();
    for key in keys(root) {
        let node = &root["properties"][key];
        let (title, table) = match Shape::of(node) {
            Shape::Leaf => (key.to_owned(), None),
            Shape::Table(_) => (format!("[{key}]"), Some(node)),
            Shape::Named(item) => (format!("[{key}.NAME]"), Some(item)),
            Shape::List(item) => (format!("[[{key}]]"), Some(item)),
        };
        let _ = write!(page, "\n### `{title}`\n\n{}\n", description(node));
        match table {
            None => {
                let _ = write!(page, "\nDefault: `{}`.\n\n", toml(&node["default"]));
                choices(&mut page, node);
            }
            Some(table) => {
                page.push_str("\n| key | default | allowed | meaning |\n|---|---|---|---|\n");
                let named = matches!(Shape::of(node), Shape::Named(_));
                let defaults = if named {
                    json(&Model::default())
                } else {
                    node["default"].clone()
                };
                rows(&mut page, table, "", &defaults);
            }
        }
    }
    page.push_str("\n## In the environment\n\n| variable | sets |\n|---|---|\n");
    for (variable, path) in VARIABLES {
        let _ = writeln!(page, "| `{variable}` | `{path}` |");
    }
    page.push_str("\n## In the editor's settings\n\n");
    page.push_str("The same keys in camelCase: ");
    let mut renamed = Vec::new();
    collect_renamed(root, &mut renamed);
    page.push_str(&renamed.join(", "));
    page.push_str(".\nThe spelling of the user file works there too.\n");
    let _ = write!(page, "\n{EXAMPLES}");
    page
}

fn rows(page: &mut String, table: &Value, prefix: &str, defaults: &Value) {
    for key in keys(table) {
        let node = &table["properties"][key];
        let default = match &defaults[key] {
            Value::Null if schema::required(table).any(|it| it == key) => "required".to_owned(),
            Value::Null => "not set".to_owned(),
            default => format!("`{}`", toml(default)),
        };
        if let Shape::Table(_) = Shape::of(node) {
            rows(page, node, &format!("{prefix}{key}."), &Value::Null);
            continue;
        }
        let allowed = allowed(node).replace('|', "\\|");
        let meaning = description(node).replace('\n', " ");
        let _ = writeln!(
            page,
            "| `{prefix}{key}` | {default} | {allowed} | {meaning} |"
        );
    }
}

fn choices(page: &mut String, node: &Value) {
    for (index, option) in options(node).into_iter().enumerate() {
        let _ = writeln!(page, "- `{option}`: {}", description(&node["oneOf"][index]));
    }
}

fn collect_renamed(node: &Value, renamed: &mut Vec<String>) {
    match Shape::of(node) {
        Shape::Named(item) | Shape::List(item) => collect_renamed(item, renamed),
        Shape::Leaf => {}
        Shape::Table(properties) => {
            for key in keys(node) {
                if key.contains('_') {
                    renamed.push(format!("`{}`", camel_case(key)));
                }
                collect_renamed(&properties[key], renamed);
            }
        }
    }
}

fn description(node: &Value) -> &str {
    node["description"].as_str().unwrap_or_default()
}

fn json(model: &Model) -> Value {
    serde_json::to_value(model).unwrap_or_default()
}

/// The value as TOML writes it on one line. Its texts have no characters that JSON and TOML
/// escape differently.
fn toml(value: &Value) -> String {
    match value {
        Value::Array(list) => {
            let list: Vec<_> = list.iter().map(toml).collect();
            format!("[{}]", list.join(", "))
        }
        Value::Object(table) if table.is_empty() => "{}".to_owned(),
        Value::Object(table) => {
            let pairs = table
                .iter()
                .map(|(key, value)| format!("{key} = {}", toml(value)));
            format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
        }
        value => value.to_string(),
    }
}

#[cfg(test)]
mod tests;
