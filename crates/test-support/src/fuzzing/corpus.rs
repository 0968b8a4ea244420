//! Inputs that the fuzzer found interesting, replayed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Runs `check` on every file of a folder, in order of their names.
///
/// # Panics
/// When the folder holds no file, or with the names of all files that fail.
pub fn replay(folder: &Path, check: impl Fn(&[u8])) {
    let entries = std::fs::read_dir(folder).expect("a corpus in the repository");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "{} is empty", folder.display());
    let failed: Vec<_> = files
        .iter()
        .filter(|file| {
            let data = std::fs::read(file).expect("a readable file");
            catch_unwind(AssertUnwindSafe(|| check(&data))).is_err()
        })
        .collect();
    assert!(failed.is_empty(), "these inputs fail: {failed:#?}");
}
