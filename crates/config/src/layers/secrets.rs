//! What in the settings as they were written may be a secret: keys in wrong places, passwords in
//! addresses, words that go along in an address or a request. Whether a setting counts is not here:
//! what is refused must not be shown either.

use http::Uri;
use serde_json::Value;

use crate::KeySource;

/// Names of fields of `extra` whose texts are nobody's business.
const SECRET_NAMES: [&str; 5] = ["key", "token", "secret", "password", "auth"];

/// The secrets in one layer.
pub(super) fn of(layer: &Value, out: &mut Vec<String>) {
    let models = layer["models"].as_object().into_iter().flatten();
    for (_, model) in models {
        key(&model["key"], out);
        for address in [&model["url"], &model["proxy"]] {
            of_address(address.as_str().unwrap_or_default(), out);
        }
        extra(&model["extra"], false, out);
    }
}

/// A text in place of a key source is most likely the key.
fn key(value: &Value, out: &mut Vec<String>) {
    let source = serde_json::from_value::<KeySource>(value.clone());
    if !source.is_ok_and(|it| it.is_sound()) {
        texts(value, out);
    }
}

fn extra(value: &Value, is_secret: bool, out: &mut Vec<String>) {
    if is_secret {
        return texts(value, out);
    }
    for (name, value) in value.as_object().into_iter().flatten() {
        let name = name.to_ascii_lowercase();
        extra(value, SECRET_NAMES.iter().any(|it| name.contains(it)), out);
    }
}

fn texts(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.trim().to_owned()),
        Value::Array(values) => values.iter().for_each(|it| texts(it, out)),
        Value::Object(fields) => fields.values().for_each(|it| texts(it, out)),
        _ => {}
    }
}

/// The name and password in an address, and what its query says.
pub(crate) fn of_address(address: &str, out: &mut Vec<String>) {
    if !address.is_empty() && !address.contains(['/', ':']) && !is_word(address) {
        // No address at all: something was pasted there.
        out.push(address.to_owned());
    }
    let query = address.split_once('?').map_or("", |(_, it)| it);
    for part in query.split('&') {
        let value = part.split_once('=').map_or(part, |(_, it)| it);
        out.push(value.to_owned());
    }
    let rest = address.split_once("://").map_or(address, |(_, it)| it);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if let Some((user, _)) = authority.rsplit_once('@') {
        let (name, password) = user.split_once(':').unwrap_or((user, ""));
        out.extend([user, password].map(str::to_owned));
        if password.is_empty() {
            out.push(name.to_owned());
        }
    }
    if address.parse::<Uri>().is_err() {
        // Nobody can say which part of it is what; plain words are left, since they stand elsewhere too.
        let parts = address.split(|c: char| c.is_whitespace() || "/?&=@:".contains(c));
        let is_plain = |it: &&str| it.chars().all(|c| c.is_ascii_lowercase() || c == '.');
        out.extend(parts.filter(|it| !is_plain(it)).map(str::to_owned));
    }
}

fn is_word(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_lowercase())
}
