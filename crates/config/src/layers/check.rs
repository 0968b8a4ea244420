//! Checking one layer against the schema: what is right passes, what is wrong becomes a warning.
//! How layers combine is not here.

use serde_json::{Map, Value};

use super::Origin;
use crate::schema::{Shape, allowed, fits, is_name, keys, required};

/// The warnings that one layer may cause; a hostile file must not flood the editor.
const MAX_WARNINGS: usize = 20;

/// The keys of a workspace file, besides `privacy`, of which `ignore` is the short form.
pub(super) const NARROWING: [&str; 6] = [
    "ignore",
    "presets",
    "guards",
    "apply",
    "context",
    "completion",
];

/// Checks one layer.
pub(super) struct Check<'a> {
    origin: &'a Origin,
    warnings: Vec<String>,
}

impl<'a> Check<'a> {
    pub(super) fn new(origin: &'a Origin) -> Check<'a> {
        Check {
            origin,
            warnings: Vec::new(),
        }
    }

    /// The warnings, the first ones of many.
    pub(super) fn into_warnings(mut self) -> Vec<String> {
        let more = self.warnings.len().saturating_sub(MAX_WARNINGS);
        if more > 0 {
            self.warnings.truncate(MAX_WARNINGS);
            let origin = self.origin;
            self.warnings
                .push(format!("There are {more} more problems in {origin}."));
        }
        self.warnings
    }

    pub(super) fn warn(&mut self, path: &str, problem: &str) {
        let origin = self.origin;
        self.warnings
            .push(format!("`{path}` in {origin} {problem}."));
    }

    /// What of a workspace file may count, in the shape of the other layers.
    pub(super) fn narrowing(&mut self, value: &Value) -> Value {
        let mut kept = Map::new();
        let mut ignore = Vec::new();
        for (key, value) in value.as_object().into_iter().flatten() {
            match (key.as_str(), value) {
                ("ignore", value) => ignore.push(("ignore", value)),
                ("privacy", Value::Object(privacy)) => {
                    for (key, value) in privacy {
                        match key.as_str() {
                            "ignore" => ignore.push(("privacy.ignore", value)),
                            _ => self.refuse(&format!("privacy.{}", shown(key))),
                        }
                    }
                }
                (key, value) if NARROWING.contains(&key) => {
                    kept.insert(key.to_owned(), value.clone());
                }
                (key, _) => self.refuse(&shown(key)),
            }
        }
        let mut patterns = Vec::new();
        for (path, value) in ignore {
            match value {
                Value::Array(list) if list.iter().all(Value::is_string) => {
                    patterns.extend_from_slice(list);
                }
                _ => self.warn(path, "must be a list of texts, so it is left out"),
            }
        }
        // `!` would let through again what the user wants ignored.
        let negated = |it: &Value| {
            it.as_str()
                .is_some_and(|it| it.trim_start().starts_with('!'))
        };
        if patterns.iter().any(negated) {
            self.warn("ignore", "has a pattern that begins with !, which only a user file may have, so that pattern is left out");
            patterns.retain(|it| !negated(it));
        }
        if !patterns.is_empty() {
            kept.insert(
                "privacy".to_owned(),
                serde_json::json!({ "ignore": patterns }),
            );
        }
        Value::Object(kept)
    }

    fn refuse(&mut self, path: &str) {
        let allowed = NARROWING.join(", ");
        self.warn(
            path,
            &format!("is refused, because a workspace file may only set {allowed}"),
        );
    }

    /// The part of the value that is right; `None` when nothing is.
    pub(super) fn value(&mut self, node: &Value, path: &str, value: &Value) -> Option<Value> {
        let shape = Shape::of(node);
        let ok = match (shape, value) {
            // How Lua writes an empty table.
            (Shape::Table(_) | Shape::Named(_), Value::Array(list)) if list.is_empty() => {
                return None;
            }
            (Shape::Table(_), Value::Object(table)) => return self.table(node, path, table),
            (Shape::Named(item), Value::Object(table)) => {
                return Some(self.named(item, path, table));
            }
            (Shape::List(item), Value::Array(list)) => {
                let mut kept = Vec::new();
                for (index, value) in list.iter().enumerate() {
                    kept.extend(self.value(item, &format!("{path}[{index}]"), value));
                }
                return Some(Value::Array(kept));
            }
            (Shape::Leaf, value) => fits(node, value),
            _ => false,
        };
        if !ok {
            let path = if path.is_empty() { "redline" } else { path };
            self.warn(
                path,
                &format!("must be {}, so it is left out", allowed(node)),
            );
        }
        ok.then(|| value.clone())
    }

    fn table(&mut self, node: &Value, path: &str, table: &Map<String, Value>) -> Option<Value> {
        let mut kept = Map::new();
        for (key, value) in table.iter().filter(|(_, value)| !value.is_null()) {
            let name = if self.origin.is_client() {
                snake_case(key)
            } else {
                key.clone()
            };
            let place = join(path, &shown(key));
            match node["properties"].get(&name) {
                Some(node) => {
                    if let Some(value) = self.value(node, &place, value) {
                        kept.insert(name, value);
                    }
                }
                None => self.unknown(node, &place, &name),
            }
        }
        if let Some(missing) = required(node).find(|key| !kept.contains_key(*key)) {
            self.warn(
                path,
                &format!("has no valid `{missing}`, so it is left out"),
            );
            return None;
        }
        Some(Value::Object(kept))
    }

    fn named(&mut self, item: &Value, path: &str, table: &Map<String, Value>) -> Value {
        let mut kept = Map::new();
        for (name, value) in table.iter().filter(|(_, value)| !value.is_null()) {
            let place = join(path, &shown(name));
            if !is_name(name) {
                self.warn(
                    &place,
                    "must be a name of letters, digits, - and _, so it is left out",
                );
            } else if let Some(value) = self.value(item, &place, value) {
                kept.insert(name.clone(), value);
            }
        }
        Value::Object(kept)
    }

    fn unknown(&mut self, node: &Value, path: &str, name: &str) {
        let spelled = |key: &str| match self.origin.is_client() {
            true => camel_case(key),
            false => key.to_owned(),
        };
        let distance = |key: &str| strsim::osa_distance(key, name);
        let nearest = keys(node).min_by_key(|key| distance(key));
        let problem = match nearest {
            Some(key) if distance(key) <= 1 + key.len() / 4 => {
                format!("is not known; the nearest known key is `{}`", spelled(key))
            }
            _ => {
                let known: Vec<_> = keys(node).map(spelled).collect();
                format!("is not known; known here are {}", known.join(", "))
            }
        };
        self.warn(path, &problem);
    }
}

/// A name from outside as it may be shown: on one line and not long.
pub(super) fn shown(name: &str) -> String {
    let mut shown: String = name
        .chars()
        .take(200)
        .flat_map(char::escape_debug)
        .collect();
    if name.chars().nth(200).is_some() {
        shown.push('…');
    }
    shown
}

fn join(path: &str, key: &str) -> String {
    match path {
        "" => key.to_owned(),
        _ => format!("{path}.{key}"),
    }
}

/// `contextWindow` to `context_window`; a name already in that form stays.
fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// `context_window` to `contextWindow`.
pub(crate) fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap_or_default().to_owned();
    for word in words {
        camel.push_str(&word[..1].to_ascii_uppercase());
        camel.push_str(&word[1..]);
    }
    camel
}
