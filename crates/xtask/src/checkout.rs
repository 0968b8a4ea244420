//! Where the checkout is that this program was built from, and where Cargo builds.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The folder of the workspace.
///
/// # Errors
/// When the crate does not lie two folders below it.
pub(crate) fn root() -> Result<&'static Path> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors()
        .nth(2)
        .context("the checkout is two folders up")
}

/// Cargo's target folder for a checkout.
pub(crate) fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
