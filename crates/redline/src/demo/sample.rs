//! What the demo works on: a person's file, or a bundled one in a folder that goes away.

use std::path::Path;

use anyhow::{Context as _, Result};
use tempfile::TempDir;

use crate::document_file::DocumentFile;

const SAMPLE: &str = include_str!("../../demo/orders.py");
const SAMPLE_NAME: &str = "orders.py";
const INSTRUCTION: &str = "Document every function that has no documentation yet";

/// The document, what to do with it, and a folder for the run's own files.
#[derive(Debug)]
pub(super) struct Material {
    pub(super) file: DocumentFile,
    /// As a person calls it.
    pub(super) name: String,
    is_sample: bool,
    pub(super) instruction: String,
    pub(super) folder: TempDir,
}

impl Material {
    /// Reads `file`, or copies the bundled sample.
    pub(super) fn prepare(file: Option<&Path>, instruction: Option<&str>) -> Result<Material> {
        let folder = tempfile::Builder::new()
            .prefix("redline-demo-")
            .tempdir()
            .context("cannot make a temporary folder")?;
        let (path, name) = match file {
            Some(path) => (path.to_owned(), path.display().to_string()),
            None => {
                let path = folder.path().join(SAMPLE_NAME);
                std::fs::write(&path, SAMPLE).context("cannot copy the sample")?;
                (path, SAMPLE_NAME.to_owned())
            }
        };
        Ok(Material {
            file: DocumentFile::read(&path)?,
            name,
            is_sample: file.is_none(),
            instruction: instruction.unwrap_or(INSTRUCTION).to_owned(),
            folder,
        })
    }

    /// Where the document is, in words.
    pub(super) fn place(&self) -> String {
        if self.is_sample {
            format!("{} (a copy that goes away now)", self.name)
        } else {
            self.name.clone()
        }
    }

    /// LSP's language id, by the file's extension.
    pub(super) fn language(&self) -> &'static str {
        let extension = self.file.path.extension().and_then(|it| it.to_str());
        match extension.unwrap_or_default() {
            "rs" => "rust",
            "py" | "pyi" => "python",
            "ts" | "mts" | "cts" => "typescript",
            "tsx" => "typescriptreact",
            "js" | "mjs" | "cjs" => "javascript",
            "jsx" => "javascriptreact",
            "go" => "go",
            "c" | "h" => "c",
            "cc" | "cpp" | "cxx" | "hh" | "hpp" => "cpp",
            "java" => "java",
            "lua" => "lua",
            "sh" | "bash" => "shellscript",
            "json" => "json",
            "toml" => "toml",
            "yaml" | "yml" => "yaml",
            "md" => "markdown",
            _ => "plaintext",
        }
    }

    /// `file:` URI of the document.
    pub(super) fn uri(&self) -> String {
        let path = self.file.path.to_string_lossy().replace('\\', "/");
        // What canonical paths of Windows begin with.
        let path = path.strip_prefix("//?/").unwrap_or(&path);
        let slash = if path.starts_with('/') { "" } else { "/" };
        let escaped: String = path
            .bytes()
            .map(|it| match it {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'/' | b'-' | b'.' | b'_' | b'~' => {
                    char::from(it).to_string()
                }
                _ => format!("%{it:02X}"),
            })
            .collect();
        format!("file://{slash}{escaped}")
    }
}
