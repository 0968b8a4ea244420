//! The JSON schema of the settings, and reading it: what a place holds and what is allowed there.
//! Checking, warnings and documentation all ask it, so none of them can differ from the types.

use std::path::Path;
use std::sync::LazyLock;

use schemars::Schema;
use schemars::generate::SchemaSettings;
use serde::de::value::Error as Stop;
use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error as _, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Map, Value};

use crate::{KeySource, Settings, Wire, wire};

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let settings = SchemaSettings::draft2020_12().with(|it| it.inline_subschemas = true);
    settings
        .into_generator()
        .into_root_schema_for::<Settings>()
        .to_value()
});

/// JSON schema (draft 2020-12) of the user file. Beside standard words: `x-order`, the keys of a
/// table in their natural order, and `x-allowed`, what a text has to be, in words.
pub fn schema() -> Value {
    SCHEMA.clone()
}

pub(crate) fn root() -> &'static Value {
    &SCHEMA
}

/// What a place in the settings holds.
#[derive(Clone, Copy)]
pub(crate) enum Shape<'a> {
    /// A table with known keys.
    Table(&'a Map<String, Value>),
    /// A table with free names, each holding this.
    Named(&'a Value),
    /// A list of tables, each of this shape.
    List(&'a Value),
    /// One value, taken or left as a whole.
    Leaf,
}

impl<'a> Shape<'a> {
    pub(crate) fn of(node: &'a Value) -> Shape<'a> {
        let items = &node["items"];
        match (&node["properties"], &node["additionalProperties"]) {
            (Value::Object(properties), _) => Shape::Table(properties),
            (_, item @ Value::Object(_)) => Shape::Named(item),
            _ if items["properties"].is_object() => Shape::List(items),
            _ => Shape::Leaf,
        }
    }
}

/// The keys of a table in their natural order.
pub(crate) fn keys(node: &Value) -> impl Iterator<Item = &str> {
    strings(&node["x-order"])
}

/// The keys that a table must have.
pub(crate) fn required(node: &Value) -> impl Iterator<Item = &str> {
    strings(&node["required"])
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
}

/// What is allowed at a place, as the end of “it must be …”.
pub(crate) fn allowed(node: &Value) -> String {
    if let Some(words) = node["x-allowed"].as_str() {
        return words.to_owned();
    }
    let options = options(node);
    if !options.is_empty() {
        return format!("one of {}", options.join(", "));
    }
    match kind(node) {
        "integer" => format!(
            "a whole number from {} to {}",
            node["minimum"], node["maximum"]
        ),
        "boolean" => "true or false".to_owned(),
        "string" if node["minLength"].is_u64() => "a text that is not empty".to_owned(),
        "string" => "a text".to_owned(),
        "array" if matches!(Shape::of(node), Shape::List(_)) => "a list of tables".to_owned(),
        "array" => "a list of texts".to_owned(),
        _ => "a table".to_owned(),
    }
}

/// Whether a value is allowed at a leaf.
pub(crate) fn fits(node: &Value, value: &Value) -> bool {
    let text = value.as_str();
    match node["format"].as_str() {
        Some("model-url") => return text.is_some_and(|url| Wire::of(url).is_ok()),
        Some("file") => return text.is_some_and(|path| Path::new(path).is_absolute()),
        Some("proxy") => return text.is_some_and(wire::is_proxy),
        Some("name") => return text.is_some_and(is_name),
        Some("key-source") => {
            let source = KeySource::deserialize(value);
            return source.is_ok_and(|source| source.is_sound());
        }
        _ => {}
    }
    let options = options(node);
    if !options.is_empty() {
        return text.is_some_and(|text| options.contains(&text));
    }
    match kind(node) {
        "integer" => value.as_u64().is_some_and(|number| {
            let bound = |name: &str| node[name].as_u64();
            bound("minimum").is_none_or(|least| least <= number)
                && bound("maximum").is_none_or(|most| number <= most)
        }),
        "boolean" => value.is_boolean(),
        "string" => text.is_some_and(|text| !text.is_empty() || !node["minLength"].is_u64()),
        "array" => value
            .as_array()
            .is_some_and(|list| list.iter().all(Value::is_string)),
        _ => value.is_object(),
    }
}

/// Whether a text may name a model or a preset.
pub(crate) fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    !text.is_empty() && text.len() <= 64 && text.chars().all(plain)
}

/// The words that an enum allows, in order.
pub(crate) fn options(node: &Value) -> Vec<&str> {
    let of = |node: &'static str, it: &Value| it[node].as_array().is_some();
    if of("enum", node) {
        return strings(&node["enum"]).collect();
    }
    let choices = if of("oneOf", node) {
        node
    } else {
        &node["anyOf"][0]
    };
    let choices = choices["oneOf"].as_array().into_iter().flatten();
    choices
        .filter_map(|choice| choice["const"].as_str())
        .collect()
}

/// The JSON type; of an optional value, its type when it is there.
fn kind(node: &Value) -> &str {
    let kinds = &node["type"];
    kinds
        .as_str()
        .or_else(|| kinds[0].as_str())
        .unwrap_or_default()
}

/// Notes the order of the fields in the schema, whose maps are sorted, and that there are no others.
pub(crate) fn ordered<T: DeserializeOwned>(schema: &mut Schema) {
    let mut fields: &[&str] = &[];
    // It always stops with an error, as soon as the fields are known.
    let _ = T::deserialize(Fields(&mut fields));
    schema.insert("x-order".to_owned(), fields.into());
    schema.insert("additionalProperties".to_owned(), false.into());
}

/// A deserializer that only learns which fields a struct has.
struct Fields<'a>(&'a mut &'static [&'static str]);

impl<'de> Deserializer<'de> for Fields<'_> {
    type Error = Stop;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Stop> {
        *self.0 = fields;
        Err(Stop::custom("fields known"))
    }

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        Err(Stop::custom("not a struct"))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_described_and_every_number_bounded() {
        fn check(path: &str, node: &Value) {
            assert!(node["description"].is_string(), "{path} has no description");
            match Shape::of(node) {
                Shape::Table(properties) => {
                    let mut order: Vec<_> = keys(node).collect();
                    order.sort_unstable();
                    assert!(order.into_iter().eq(properties.keys()), "{path}: order");
                    for (key, node) in properties {
                        check(&format!("{path}.{key}"), node);
                    }
                }
                Shape::Named(item) | Shape::List(item) => check(&format!("{path}[]"), item),
                Shape::Leaf if kind(node) == "integer" => {
                    assert!(
                        node["minimum"].is_u64() && node["maximum"].is_u64(),
                        "{path}"
                    );
                }
                Shape::Leaf => {}
            }
        }
        check("", root());
    }

    #[test]
    fn enums_list_their_words_also_where_they_are_optional() {
        let at = |pointer: &str| allowed(root().pointer(pointer).unwrap());
        assert_eq!(at("/properties/apply"), "one of auto, live, once, preview");
        let guard = "/properties/presets/items/properties/guards/properties/syntax";
        assert_eq!(at(guard), "one of off, warn, block");
        let frames = "/properties/limits/properties/frames_per_second";
        assert_eq!(at(frames), "a whole number from 1 to 60");
    }
}
