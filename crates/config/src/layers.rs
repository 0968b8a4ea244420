//! Where settings come from, lowest to highest, and making one [`Settings`] of them.
//!
//! Built-in values; the user file; workspace files, which may only narrow; the client's
//! initializationOptions; the client's settings; the environment. Texts, values and a lookup
//! function in, settings out: no file and no variable is read here.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use serde_json::{Map, Value};

use crate::Settings;

mod check;
mod merge;
mod secrets;
mod settle;

pub(crate) use check::camel_case;

/// The variables that are settings, and which.
pub(crate) const VARIABLES: [(&str, &str); 3] = [
    ("REDLINE_MODEL_URL", "models.fast.url"),
    ("REDLINE_MODEL", "models.fast.model"),
    ("REDLINE_APPLY", "apply"),
];

/// Where a value came from; the order is that of the layers, highest last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The default.
    BuiltIn,
    /// The user's own file.
    UserFile(PathBuf),
    /// A file of the workspace: not trusted.
    WorkspaceFile(PathBuf),
    /// What the client sent with `initialize`.
    Initialization,
    /// What the client answered to `workspace/configuration`, section `redline`.
    Client,
    /// This environment variable.
    Environment(&'static str),
}

impl Origin {
    fn is_workspace(&self) -> bool {
        matches!(self, Origin::WorkspaceFile(_))
    }

    fn is_client(&self) -> bool {
        matches!(self, Origin::Initialization | Origin::Client)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::BuiltIn => f.write_str("built in"),
            Origin::UserFile(path) | Origin::WorkspaceFile(path) => {
                f.write_str(&check::shown(&path.to_string_lossy()))
            }
            Origin::Initialization => f.write_str("the editor's initializationOptions"),
            Origin::Client => f.write_str("the editor's settings"),
            Origin::Environment(name) => write!(f, "the environment variable {name}"),
        }
    }
}

/// Settings in force, and how they came about.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings in force.
    pub settings: Settings,
    /// What was not taken and why, a plain sentence each. They hold no values, so no secrets.
    pub warnings: Vec<String>,
    /// What is worth knowing and nothing wrong, a plain sentence each.
    pub remarks: Vec<String>,
    /// Where each value came from, by its dotted path in the user file's spelling; a preset is
    /// one value, `presets.<name>`.
    pub origins: BTreeMap<String, Origin>,
}

/// All that was given so far. Giving a source again replaces what it gave before.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    layers: BTreeMap<Origin, Result<Value, String>>,
}

impl Layers {
    /// No layers: the built-in settings.
    pub fn new() -> Layers {
        Layers::default()
    }

    /// The user file's TOML text.
    pub fn user_file(&mut self, path: impl Into<PathBuf>, text: &str) -> &mut Layers {
        self.layers
            .retain(|origin, _| !matches!(origin, Origin::UserFile(_)));
        self.set(Origin::UserFile(path.into()), parse(text))
    }

    /// A workspace file's TOML text. Several folders may each have one; all of them narrow.
    pub fn workspace_file(&mut self, path: impl Into<PathBuf>, text: &str) -> &mut Layers {
        self.set(Origin::WorkspaceFile(path.into()), parse(text))
    }

    /// The client's initializationOptions; `null` when it sent none.
    pub fn initialization(&mut self, value: Value) -> &mut Layers {
        self.set(Origin::Initialization, Ok(value))
    }

    /// The client's answer to `workspace/configuration` for the section `redline`.
    ///
    /// It is taken as the client sends it, URLs, keys and key commands too: only the client can
    /// tell a user's setting from a workspace's, so ours declare these settings machine-scoped.
    pub fn client(&mut self, value: Value) -> &mut Layers {
        self.set(Origin::Client, Ok(value))
    }

    /// The environment; each variable is looked up once, now. Empty counts as not set.
    pub fn environment(&mut self, lookup: impl Fn(&str) -> Option<String>) -> &mut Layers {
        for (name, path) in VARIABLES {
            let text = lookup(name).filter(|text| !text.is_empty());
            let value = text.map_or(Value::Null, |text| {
                path.rsplit('.').fold(Value::String(text), |value, key| {
                    Value::Object(Map::from_iter([(key.to_owned(), value)]))
                })
            });
            self.set(Origin::Environment(name), Ok(value));
        }
        self
    }

    /// The settings that all layers give together. Takes a fraction of a millisecond.
    pub fn load(&self) -> Loaded {
        let mut merge = merge::Merge::new();
        let settings = self.layers.get(&Origin::Client);
        for (origin, value) in &self.layers {
            // Helix sends the same table both ways; its mistakes are told once.
            if *origin == Origin::Initialization && settings == Some(value) {
                continue;
            }
            match value {
                Ok(value) => merge.layer(origin, value),
                Err(problem) => merge.warn(format!(
                    "Nothing in {origin} is used, because it is not valid TOML: {problem}."
                )),
            }
        }
        settle::settle(merge)
    }

    /// Texts in what was given that may be secrets, also in settings that are refused: to be kept
    /// out of everything that is shown. Words of key commands are not among them.
    pub fn secrets(&self) -> Vec<String> {
        let mut found = Vec::new();
        for value in self.layers.values().flatten() {
            secrets::of(value, &mut found);
        }
        found.retain(|it| !it.is_empty());
        found
    }

    fn set(&mut self, origin: Origin, value: Result<Value, String>) -> &mut Layers {
        self.layers.insert(origin, value);
        self
    }
}

/// The error names the line only: the text of TOML's own messages may quote a key.
fn parse(text: &str) -> Result<Value, String> {
    toml::from_str(text).map_err(|error| {
        let upto = error.span().and_then(|span| text.get(..span.start));
        let line = upto.map_or(1, |text| text.matches('\n').count() + 1);
        format!("look at line {line}")
    })
}

#[cfg(test)]
mod tests;
