//! Reading the settings that lie in files and in the environment. What they mean is in crate `config`.

use config::{Layers, files};

use crate::secrets;

/// Reads the user's file and the environment, unless it is to be `bare`, and the file of each folder.
/// Answers what could not be read, a sentence each.
pub(crate) fn read(layers: &mut Layers, bare: bool, folders: &[String]) -> Vec<String> {
    let mut unreadable = Vec::new();
    if !bare {
        match files::read_user_file() {
            Ok(Some((path, text))) => drop(layers.user_file(path, &text)),
            Ok(None) => {}
            Err(error) => {
                unreadable.push(format!("Redline cannot read its settings file: {error}."));
            }
        }
        layers.environment(|name| std::env::var(name).ok());
    }
    for folder in folders {
        match files::read_workspace_file(folder.as_ref()) {
            Ok(Some((path, text))) => drop(layers.workspace_file(path, &text)),
            Ok(None) => {}
            Err(error) => unreadable.push(format!(
                "Redline cannot read .redline.toml in {folder}: {error}."
            )),
        }
    }
    learn_secrets(layers);
    unreadable
}

/// What may be a secret in the settings is shown nowhere, whether it counts or not.
pub(crate) fn learn_secrets(layers: &Layers) {
    layers.secrets().iter().for_each(|it| secrets::learn(it));
}
