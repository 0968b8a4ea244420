//! The licences of everything that is compiled into the server, each text once. Whether they are ones that we take
//! is cargo-deny's question.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// One text with all licences of the crates that are linked into the server on that platform.
///
/// # Errors
/// When cargo does not say what they are, or their sources are not there.
pub(super) fn of_dependencies(root: &Path, target: &str) -> Result<String> {
    let output = Command::new(env!("CARGO"))
        .current_dir(root)
        .args(["metadata", "--format-version=1", "--locked"])
        .arg(format!("--filter-platform={target}"))
        .output()?;
    if !output.status.success() {
        bail!(
            "cargo metadata: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let packages = &metadata["packages"];
    let linked = linked(&metadata)?;
    let mut list = String::from("Redline's server is made of these crates beside its own:\n\n");
    let mut texts: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let foreign = packages.as_array().into_iter().flatten().filter(|package| {
        package["source"].is_string()
            && package["id"].as_str().is_some_and(|id| linked.contains(id))
    });
    for package in foreign {
        let word = |key: &str| package[key].as_str().unwrap_or_default();
        let title = format!("{} {}", word("name"), word("version"));
        list += &format!("{title}: {} {}\n", word("license"), word("repository"));
        let manifest = Path::new(word("manifest_path"));
        let folder = manifest.parent().context("a manifest is in a folder")?;
        for text in texts_in(folder)? {
            texts.entry(text).or_default().push(title.clone());
        }
    }
    for (text, titles) in texts {
        list += &format!(
            "\n{}\n{}\n\n{}\n",
            "-".repeat(78),
            titles.join(", "),
            text.trim()
        );
    }
    Ok(list)
}

/// The ids of what the server needs when it runs, not of what only builds or tests it.
fn linked(metadata: &Value) -> Result<BTreeSet<&str>> {
    let nodes = metadata["resolve"]["nodes"].as_array();
    let nodes: BTreeMap<&str, &Value> = nodes
        .context("cargo resolves nothing")?
        .iter()
        .filter_map(|node| Some((node["id"].as_str()?, node)))
        .collect();
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let server = packages
        .filter(|package| package["name"] == "redline")
        .find_map(|package| package["id"].as_str())
        .context("there is no package redline")?;
    let mut linked = BTreeSet::new();
    let mut open = vec![server];
    while let Some(id) = open.pop() {
        if !linked.insert(id) {
            continue;
        }
        let Some(node) = nodes.get(id) else { continue };
        let needed = node["deps"].as_array().into_iter().flatten().filter(|dep| {
            let kinds = dep["dep_kinds"].as_array().into_iter().flatten();
            kinds.into_iter().any(|kind| kind["kind"].is_null())
        });
        open.extend(needed.filter_map(|dep| dep["pkg"].as_str()));
    }
    Ok(linked)
}

fn texts_in(folder: &Path) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_ascii_uppercase();
        let tells = ["LICENSE", "LICENCE", "COPYING", "NOTICE", "UNLICENSE"];
        if entry.path().is_file() && tells.iter().any(|it| name.starts_with(it)) {
            texts.push(String::from_utf8_lossy(&fs::read(entry.path())?).into_owned());
        }
    }
    Ok(texts)
}
