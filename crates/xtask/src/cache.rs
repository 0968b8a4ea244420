//! Where things that tests need are kept once they were fetched: outside the tree, for all checkouts.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The folder that `variable` names, else `redline/<name>` in the user's cache; made if need be.
///
/// # Errors
/// When there is no place for it.
pub(crate) fn folder(variable: &str, name: &str) -> Result<PathBuf> {
    let absolute = |name: &str| {
        env::var_os(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache = || absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")));
    let named = absolute(variable);
    let Some(folder) = named.or_else(|| Some(cache()?.join("redline").join(name))) else {
        bail!("no folder to keep {name} in; set {variable} to an absolute path");
    };
    fs::create_dir_all(&folder)
        .with_context(|| format!("cannot create {}; set {variable}", folder.display()))?;
    Ok(folder)
}

/// Two test runs may start at once; the second one waits here and finds the work done.
///
/// # Errors
/// When the file cannot be made.
pub(crate) fn lock(folder: &Path, name: &str) -> Result<File> {
    let lock = File::create(folder.join(name)).context("cannot create the lock file")?;
    lock.lock().context("cannot take the lock file")?;
    Ok(lock)
}
