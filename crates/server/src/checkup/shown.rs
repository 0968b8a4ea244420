//! Settings as they may be shown: values that can hold a secret are named and not told.

use std::path::Path;

use config::KeySource;
use model_client::Trusted;
use serde_json::{Value, json};

/// What stands for words that are not shown.
const HIDDEN: &str = "…";

/// The value at a dotted path among those in force.
pub(super) fn value(path: &str, all: &Value) -> Value {
    if let Some(name) = path.strip_prefix("presets.") {
        let presets = all["presets"].as_array().into_iter().flatten();
        let mut presets = presets.filter(|it| it["name"] == name);
        return presets.next().cloned().unwrap_or_default();
    }
    let value = path.split('.').fold(all, |it, key| &it[key]);
    let field = path.rsplit('.').next().unwrap_or_default();
    match (path.starts_with("models."), field, value) {
        (true, "url", Value::String(url)) => match url.split_once('?') {
            Some((address, _)) => json!(format!("{address}?{HIDDEN}")),
            None => value.clone(),
        },
        (true, "key", Value::Object(source)) => match source.get("command") {
            Some(Value::Array(words)) if words.len() > 1 => {
                json!({ "command": [words[0], HIDDEN] })
            }
            _ => value.clone(),
        },
        (true, "extra", extra) => without_texts(extra),
        _ => value.clone(),
    }
}

/// Further fields of requests may be anything, also a key.
fn without_texts(value: &Value) -> Value {
    match value {
        Value::String(_) => json!(HIDDEN),
        Value::Array(values) => values.iter().map(without_texts).collect(),
        Value::Object(fields) => {
            let fields = fields.iter();
            let fields = fields.map(|(name, value)| (name.clone(), without_texts(value)));
            Value::Object(fields.collect())
        }
        other => other.clone(),
    }
}

/// Where a key is kept. A command's further words may hold one, and are left out.
pub(super) fn source(source: &KeySource) -> String {
    match source {
        KeySource::Env(name) => format!("the environment variable {name}"),
        KeySource::Command(words) => {
            let program = words.first().map_or("", String::as_str);
            format!("the command {program}")
        }
        KeySource::Keyring(name) => {
            format!("the system keychain, account {name} of the service redline")
        }
    }
}

pub(super) fn certificates(trusted: Trusted, ca_file: Option<&Path>) -> String {
    let system = format!("the system's ({})", trusted.system);
    match ca_file {
        Some(path) => format!(
            "{system} and those of {} ({})",
            path.display(),
            trusted.file
        ),
        None => system,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_secret_is_not_shown() {
        let fast = json!({
            "url": "wss://a.b/v1/responses?key=hush",
            "model": "m",
            "key": { "command": ["/bin/echo", "hush"] },
            "extra": { "n": 1, "api_key": "hush", "in": [{ "it": "hush" }] },
        });
        let all = json!({ "models": { "fast": fast }, "presets": [{ "name": "p", "title": "t" }] });
        for (path, expected) in [
            ("models.fast.url", json!("wss://a.b/v1/responses?…")),
            ("models.fast.model", json!("m")),
            ("models.fast.key", json!({ "command": ["/bin/echo", "…"] })),
            (
                "models.fast.extra",
                json!({ "n": 1, "api_key": "…", "in": [{ "it": "…" }] }),
            ),
            ("presets.p", json!({ "name": "p", "title": "t" })),
        ] {
            assert_eq!(value(path, &all), expected, "{path}");
        }
    }
}
