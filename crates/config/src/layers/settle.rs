//! What follows from the merged values: defaults that depend on others, inheritance between
//! models, checks across settings, and where each value came from.

use serde_json::Value;

use super::merge::{Merge, tighten};
use super::{Loaded, Origin};
use crate::schema::{self, Shape};
use crate::wire::{EMBEDDED, is_openai, is_readable_on_the_way};
use crate::{KeySource, Model, Settings};

/// Makes the final settings.
pub(super) fn settle(mut merge: Merge) -> Loaded {
    inherit(&mut merge);
    let tree = std::mem::take(&mut merge.tree);
    // Every leaf was checked against the schema of these very types, so this does not fail.
    let mut settings: Settings = serde_json::from_value(tree).unwrap_or_else(|_| {
        merge.warn("The settings do not fit together, so the built-in ones are used.".to_owned());
        merge.origins.clear();
        Settings::default()
    });
    for (name, model) in &mut settings.models {
        complete(name, model, &mut merge);
    }
    presets(&mut settings, &mut merge);
    let shown = serde_json::to_value(&settings).unwrap_or_default();
    fill_origins(schema::root(), "", &shown, &mut merge);
    Loaded {
        settings,
        warnings: merge.warnings,
        remarks: merge.remarks,
        origins: merge.origins,
    }
}

/// A model without its own URL is `fast` with other values. One with its own takes nothing over:
/// a key must not reach another server than it was set for.
fn inherit(merge: &mut Merge) {
    let Some(models) = merge.tree["models"].as_object_mut() else {
        return;
    };
    let Some(fast) = models.get(Settings::FAST).cloned() else {
        return;
    };
    for (name, model) in models.iter_mut() {
        let url = format!("models.{name}.url");
        if name == Settings::FAST || merge.origins.contains_key(&url) {
            continue;
        }
        for (key, value) in fast.as_object().into_iter().flatten() {
            if model.get(key).is_none() {
                model[key] = value.clone();
                let from = merge.origins.get(&format!("models.fast.{key}")).cloned();
                let path = format!("models.{name}.{key}");
                merge.origins.extend(from.map(|origin| (path, origin)));
            }
        }
    }
}

fn complete(name: &str, model: &mut Model, merge: &mut Merge) {
    let given = |key: &str| merge.origins.contains_key(&format!("models.{name}.{key}"));
    let (model_given, key_given) = (given("model"), given("key"));
    if is_openai(&model.url) {
        if !model_given {
            model.model = "gpt-5.6-sol".to_owned();
        }
        if !key_given {
            model.key = Some(KeySource::Env("OPENAI_API_KEY".to_owned()));
        }
    } else if model.url != EMBEDDED && !model_given {
        model.model = "default".to_owned();
        merge.remarks.push(format!(
            "`models.{name}.model` is not set, so the server is asked for a model called `default`."
        ));
    }
    if model.key.is_some() && is_readable_on_the_way(&model.url) {
        merge.warn(format!(
            "`models.{name}.url` is not encrypted and leads to another machine, so the key and \
             the text can be read on the way; use wss:// or https://."
        ));
    }
}

fn presets(settings: &mut Settings, merge: &mut Merge) {
    let guards = &settings.guards;
    for preset in &mut settings.presets {
        let path = format!("presets.{}", preset.name);
        if let Some(model) = &preset.model
            && model != Settings::DEEP
            && !settings.models.contains_key(model)
        {
            merge.warn(format!(
                "`{path}.model` names no model that is set, so `fast` is used."
            ));
            preset.model = None;
        }
        let origin = merge.origins.get(&path).cloned();
        let Some(origin) = origin.filter(Origin::is_workspace) else {
            continue;
        };
        let lenient = [
            (
                "signature",
                tighten(&mut preset.guards.signature, guards.signature),
            ),
            (
                "imports",
                tighten(&mut preset.guards.imports, guards.imports),
            ),
            ("syntax", tighten(&mut preset.guards.syntax, guards.syntax)),
            (
                "elision",
                tighten(&mut preset.guards.elision, guards.elision),
            ),
        ];
        for (guard, _) in lenient.iter().filter(|(_, lenient)| *lenient) {
            merge.warn(format!(
                "`{path}.guards.{guard}` in {origin} is refused, because a workspace file may \
                 only make guards stricter."
            ));
        }
    }
}

/// Every value that nobody set is built in.
fn fill_origins(node: &Value, path: &str, value: &Value, merge: &mut Merge) {
    let shape = Shape::of(node);
    match (shape, value) {
        (Shape::Table(_) | Shape::Named(_), Value::Object(table)) => {
            for (key, value) in table {
                let node = match shape {
                    Shape::Named(item) => item,
                    _ => &node["properties"][key],
                };
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                fill_origins(node, &path, value, merge);
            }
        }
        (Shape::Leaf, _) => {
            let origin = merge.origins.entry(path.to_owned());
            origin.or_insert(Origin::BuiltIn);
        }
        // Presets are never built in.
        _ => {}
    }
}
