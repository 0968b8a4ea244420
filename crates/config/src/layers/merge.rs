//! Laying checked layers over each other: what a layer may change, and who set each value.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Origin;
use super::check::Check;
use crate::schema::{self, Shape, options};
use crate::{GuardLevel, Settings};

/// The layers so far, in the user file's shape.
pub(super) struct Merge {
    pub(super) tree: Value,
    pub(super) origins: BTreeMap<String, Origin>,
    pub(super) warnings: Vec<String>,
    pub(super) remarks: Vec<String>,
}

impl Merge {
    pub(super) fn new() -> Merge {
        Merge {
            tree: serde_json::to_value(Settings::default()).unwrap_or_default(),
            origins: BTreeMap::new(),
            warnings: Vec::new(),
            remarks: Vec::new(),
        }
    }

    pub(super) fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }

    /// Lays the next higher layer over those so far.
    pub(super) fn layer(&mut self, origin: &Origin, value: &Value) {
        if value.is_null() {
            return;
        }
        let mut check = Check::new(origin);
        let narrowed;
        let value = if origin.is_workspace() {
            narrowed = check.narrowing(value);
            &narrowed
        } else {
            value
        };
        if let Some(value) = check.value(schema::root(), "", value) {
            self.overlay(schema::root(), &mut Vec::new(), value, origin, &mut check);
        }
        self.warnings.extend(check.into_warnings());
    }

    fn overlay(
        &mut self,
        node: &Value,
        path: &mut Vec<String>,
        value: Value,
        origin: &Origin,
        check: &mut Check<'_>,
    ) {
        match (Shape::of(node), value) {
            (shape @ (Shape::Table(_) | Shape::Named(_)), Value::Object(table)) => {
                for (key, value) in table {
                    let node = match shape {
                        Shape::Named(item) => item,
                        _ => &node["properties"][&key],
                    };
                    path.push(key);
                    self.overlay(node, path, value, origin, check);
                    path.pop();
                }
            }
            (Shape::List(_), Value::Array(presets)) => {
                for preset in presets {
                    self.preset(preset, origin, check);
                }
            }
            (_, value) => self.leaf(node, path, value, origin, check),
        }
    }

    fn leaf(
        &mut self,
        node: &Value,
        path: &[String],
        mut value: Value,
        origin: &Origin,
        check: &mut Check<'_>,
    ) {
        let dotted = path.join(".");
        let now = self.tree.pointer(&format!("/{}", path.join("/")));
        if let (true, Some(now)) = (origin.is_workspace(), now) {
            if *now == value {
                return;
            }
            if let Err(problem) = narrows(node, path, now, &value) {
                check.warn(&dotted, &problem);
                return;
            }
        }
        let replaces = matches!(origin, Origin::UserFile(_));
        if let ("privacy.ignore", Some(Value::Array(now)), Value::Array(new), false) =
            (dotted.as_str(), now, &mut value, replaces)
        {
            let added = std::mem::replace(new, now.clone());
            new.extend(added.into_iter().filter(|it| !now.contains(it)));
        }
        // Indexing makes the tables that are not there yet; checked layers have no other values
        // where tables belong.
        let place = path
            .iter()
            .fold(&mut self.tree, |it, key| &mut it[key.as_str()]);
        *place = value;
        self.origins.insert(dotted, origin.clone());
    }

    /// A preset takes the place of a lower layer's of the same name, in its position.
    fn preset(&mut self, preset: Value, origin: &Origin, check: &mut Check<'_>) {
        let name = preset["name"].as_str().unwrap_or_default().to_owned();
        let path = format!("presets.{name}");
        let Some(presets) = self.tree["presets"].as_array_mut() else {
            return;
        };
        let same = presets.iter_mut().find(|it| it["name"] == preset["name"]);
        match same {
            Some(_) if self.origins.get(&path) == Some(origin) => {
                check.warn(&path, "is there twice, so the second one is left out");
                return;
            }
            Some(_) if origin.is_workspace() => {
                check.warn(&path, "is refused, because a workspace file may not change a preset that is there already");
                return;
            }
            Some(place) => *place = preset,
            None => presets.push(preset),
        }
        self.origins.insert(path, origin.clone());
    }
}

/// Whether a workspace file may set this value where another is in force.
fn narrows(node: &Value, path: &[String], now: &Value, value: &Value) -> Result<(), String> {
    let (section, field) = (path[0].as_str(), path[path.len() - 1].as_str());
    let ok = match section {
        "context" => value.as_u64() <= now.as_u64(),
        "guards" => {
            let level = |value: &Value| options(node).iter().position(|it| value == it);
            level(value) >= level(now)
        }
        "completion" => match (value, now) {
            (Value::Array(value), Value::Array(now)) => value.iter().all(|it| now.contains(it)),
            (value, now) if field == "delay_ms" => value.as_u64() >= now.as_u64(),
            (value, now) => value.as_u64() <= now.as_u64(),
        },
        _ => true,
    };
    let words = match section {
        "completion" if field == "delay_ms" => "longer",
        "context" | "completion" => "smaller",
        _ => "stricter",
    };
    ok.then_some(()).ok_or_else(|| {
        format!("is refused, because a workspace file may only make it {words} than {now}")
    })
}

/// The guards of a preset that are more lenient than those in force are taken out of it.
pub(super) fn tighten(guard: &mut Option<GuardLevel>, in_force: GuardLevel) -> bool {
    let lenient = guard.is_some_and(|level| level < in_force);
    if lenient {
        *guard = None;
    }
    lenient
}
