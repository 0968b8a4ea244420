//! Settings with defaults, documentation and JSON schema; trust rules.
//!
//! | item | what it holds |
//! |---|---|
//! | [`Settings`] | every setting, with its default and, as doc comments, its documentation |
//! | [`Layers`] | where settings come from; [`Layers::load`] makes one [`Loaded`] of them |
//! | [`Wire`] | what a model's URL means |
//! | [`KeySource`], [`Key`] | where a key is kept, and the key once fetched |
//! | [`schema()`], [`default_file`], [`reference()`] | JSON schema, commented default file, docs/configuration.md |
//! | [`files`] | the only place that looks at files and folders |
//!
//! A wrong value never stops anything: what was in force stays and a warning says why. Nothing
//! here knows LSP, sockets or documents.

pub mod files;
mod key;
mod layers;
mod reference;
mod schema;
mod settings;
mod wire;

pub use key::{Key, KeyError, KeySource};
pub use layers::{Layers, Loaded, Origin};
pub use reference::{default_file, reference};
pub use schema::schema;
pub use settings::{
    Apply, Context, GuardLevel, Guards, Limits, Model, Preset, PresetGuards, Privacy, Settings,
};
pub use wire::{UrlError, Wire};
