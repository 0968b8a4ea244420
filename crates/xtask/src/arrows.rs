//! `cargo xtask arrows`: the crates' dependencies against the table of `docs/architecture.md`, and what each
//! crate must not reach. Also that every source file opens by saying what it holds.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

/// Which of our crates each of ours may use directly.
const MAY_USE: &[(&str, &[&str])] = &[
    ("text", &[]),
    ("syntax", &["text"]),
    ("guards", &["text", "syntax"]),
    ("diff", &["text"]),
    ("model-protocol", &[]),
    ("prompt", &["text", "syntax", "model-protocol"]),
    (
        "rewrite",
        &["text", "diff", "syntax", "prompt", "model-protocol"],
    ),
    ("model-client", &["model-protocol"]),
    ("loopback", &["model-protocol"]),
    ("config", &[]),
    (
        "server",
        &[
            "text",
            "syntax",
            "diff",
            "model-protocol",
            "prompt",
            "rewrite",
            "guards",
            "model-client",
            "loopback",
            "config",
        ],
    ),
    ("redline", &["server", "loopback", "config"]),
    (
        "test-support",
        &[
            "text",
            "syntax",
            "diff",
            "rewrite",
            "prompt",
            "model-protocol",
        ],
    ),
    ("xtask", &["test-support"]),
    ("e2e", &[]),
];

/// What a crate must not reach by any path.
const MUST_NOT_REACH: &[(&str, &[&str])] = &[
    ("text", &["serde", "tokio", "tower-lsp-server"]),
    ("syntax", &["tokio", "tower-lsp-server"]),
    ("guards", &["serde", "tokio", "tower-lsp-server"]),
    ("diff", &["serde", "tokio", "tower-lsp-server"]),
    ("model-protocol", &["tokio", "tower-lsp-server"]),
    ("prompt", &["tokio", "tower-lsp-server"]),
    ("rewrite", &["tokio", "tower-lsp-server"]),
    ("test-support", &["tokio", "tower-lsp-server"]),
    ("model-client", &["ropey", "tower-lsp-server"]),
    ("loopback", &["ropey", "tower-lsp-server"]),
    ("config", &["tokio", "tower-lsp-server"]),
];

/// Checks everything and prints one line.
///
/// # Errors
/// One line for each arrow that turns round and each file without a header.
pub(crate) fn run() -> Result<()> {
    let problems = check()?;
    if problems.is_empty() {
        println!("arrows and file headers hold");
        return Ok(());
    }
    bail!("{}", problems.join("\n"))
}

fn check() -> Result<Vec<String>> {
    let root = root();
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(&root)
        .output()
        .context("cannot run cargo metadata")?;
    if !output.status.success() {
        bail!(
            "cargo metadata failed: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    let graph = Graph::new(&serde_json::from_slice(&output.stdout)?);
    let mut problems = Vec::new();
    for (from, allowed) in MAY_USE {
        for to in graph.uses.get(*from).into_iter().flatten() {
            let ours = MAY_USE.iter().any(|(name, _)| name == to);
            if ours && !allowed.contains(&to.as_str()) {
                problems.push(format!(
                    "`{from}` uses `{to}`, which the table does not allow"
                ));
            }
        }
    }
    for (from, forbidden) in MUST_NOT_REACH {
        let reached = graph.reach(from);
        for to in *forbidden {
            if reached.contains(*to) {
                problems.push(format!("`{from}` reaches `{to}`"));
            }
        }
    }
    headers(&root.join("crates"), &mut problems)?;
    headers(&root.join("tests"), &mut problems)?;
    Ok(problems)
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Ordinary dependencies by name, without those of tests and build scripts.
struct Graph {
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn new(metadata: &Value) -> Graph {
        let name_of = |package: &Value| package["name"].as_str().unwrap_or_default().to_owned();
        let names: BTreeMap<&str, String> = array(&metadata["packages"])
            .map(|package| (package["id"].as_str().unwrap_or_default(), name_of(package)))
            .collect();
        let mut uses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for node in array(&metadata["resolve"]["nodes"]) {
            let Some(from) = node["id"].as_str().and_then(|id| names.get(id)) else {
                continue;
            };
            for dependency in array(&node["deps"]) {
                let ordinary = array(&dependency["dep_kinds"]).any(|kind| kind["kind"].is_null());
                if let Some(to) = dependency["pkg"]
                    .as_str()
                    .and_then(|id| names.get(id))
                    .filter(|_| ordinary)
                {
                    uses.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        Graph { uses }
    }

    fn reach(&self, from: &str) -> BTreeSet<&str> {
        let mut reached = BTreeSet::new();
        let mut open = vec![from];
        while let Some(name) = open.pop() {
            for next in self.uses.get(name).into_iter().flatten() {
                if reached.insert(next.as_str()) {
                    open.push(next);
                }
            }
        }
        reached
    }
}

fn array(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// Every source file opens with `//!`.
fn headers(folder: &Path, problems: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            headers(&path, problems)?;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path)?;
            if !text.starts_with("//!") {
                problems.push(format!("{} does not open with `//!`", path.display()));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arrows_never_turn_round_and_every_file_says_what_it_holds() {
        assert_eq!(check().expect("cargo metadata"), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_through_another_crate_is_seen() {
        let uses = [("a", "b"), ("b", "tokio")]
            .map(|(from, to)| (from.to_owned(), BTreeSet::from([to.to_owned()])))
            .into();
        assert!(Graph { uses }.reach("a").contains("tokio"));
    }
}
