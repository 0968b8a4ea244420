//! Where settings files lie, and reading them. What they say is not looked at here.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;

/// The name of the workspace file.
pub const WORKSPACE_FILE: &str = ".redline.toml";

/// A workspace file is not trusted: it must not fill the memory.
const MAX_BYTES: u64 = 1 << 20;

/// `redline/config.toml` in the user's configuration folder: `$XDG_CONFIG_HOME` or `~/.config` on
/// Unix, the roaming application data on Windows. `None` where the user has no home.
pub fn user_file_path() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    Some(folders.config_dir().join("redline").join("config.toml"))
}

/// The user file's path and text; `None` where there is none.
///
/// # Errors
/// When it is there and cannot be read as UTF-8 text of at most 1 MiB.
pub fn read_user_file() -> io::Result<Option<(PathBuf, String)>> {
    user_file_path().map_or(Ok(None), read)
}

/// The workspace file's path and text, from the folder itself only; `None` where there is none.
///
/// # Errors
/// As [`read_user_file`].
pub fn read_workspace_file(folder: &Path) -> io::Result<Option<(PathBuf, String)>> {
    read(folder.join(WORKSPACE_FILE))
}

fn read(path: PathBuf) -> io::Result<Option<(PathBuf, String)>> {
    // Looked at before it is opened: opening a named pipe would wait for its writer.
    match path.metadata() {
        Ok(metadata) if metadata.is_file() => {}
        Ok(_) => return Err(io::Error::other("it is not a file")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    }
    let mut text = String::new();
    File::open(&path)?
        .take(MAX_BYTES + 1)
        .read_to_string(&mut text)?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::Error::other("it is larger than 1 MiB"));
    }
    Ok(Some((path, text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_user_file_lies_in_the_configuration_folder() {
        let path = user_file_path().unwrap();
        assert!(path.ends_with("redline/config.toml"), "{path:?}");
        assert!(path.is_absolute());
    }

    #[test]
    fn only_plain_files_of_a_sane_size_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let read = || read_workspace_file(folder.path());
        assert!(read().unwrap().is_none());
        let path = folder.path().join(WORKSPACE_FILE);
        std::fs::write(&path, "apply = \"once\"").unwrap();
        assert_eq!(
            read().unwrap(),
            Some((path.clone(), "apply = \"once\"".into()))
        );
        std::fs::write(&path, vec![b'#'; MAX_BYTES as usize + 1]).unwrap();
        assert!(read().unwrap_err().to_string().contains("larger"));
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert!(read().unwrap_err().to_string().contains("not a file"));
    }
}
