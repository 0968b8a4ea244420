//! A folder for one test: the user's files, and a home of its own, so that no configuration leaks in or out.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// Goes away with its files when dropped.
#[derive(Debug)]
pub struct Project {
    root: TempDir,
}

impl Default for Project {
    fn default() -> Self {
        Project::new()
    }
}

impl Project {
    /// # Panics
    /// When no temporary folder can be made.
    pub fn new() -> Project {
        let root = tempfile::Builder::new()
            .prefix("redline-e2e-")
            .tempdir()
            .expect("a temporary folder can be made");
        let project = Project { root };
        for folder in [
            "work",
            "home/config",
            "home/cache",
            "home/data",
            "home/state",
        ] {
            fs::create_dir_all(project.root.path().join(folder)).expect("a folder can be made");
        }
        project
    }

    /// The folder that an editor is started in.
    pub fn folder(&self) -> PathBuf {
        // Editors resolve links before they make URIs of paths.
        let folder = self.root.path().join("work");
        folder.canonicalize().expect("the folder is there")
    }

    /// What XDG_CONFIG_HOME of the programs under test points at.
    pub fn config_folder(&self) -> PathBuf {
        self.root.path().join("home/config")
    }

    /// Everything of one test, user's files and home; scratch files may stand here.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Writes `bytes` at `name` under [`Project::folder`]; answers the path.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder().join(name);
        fs::create_dir_all(path.parent().expect("a file has a folder")).expect("folder is made");
        fs::write(&path, bytes).expect("a file can be written");
        path
    }

    /// The bytes of `name` under [`Project::folder`], or none while there is no such file.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.folder().join(name)).ok()
    }

    /// Lets a program see this home only: no settings, keys, logs or caches of the person running the tests.
    pub fn isolate(&self, command: &mut Command) {
        let home = self.root.path().join("home");
        command.env("HOME", &home);
        for (name, folder) in [
            ("XDG_CONFIG_HOME", "config"),
            ("XDG_CACHE_HOME", "cache"),
            ("XDG_DATA_HOME", "data"),
            ("XDG_STATE_HOME", "state"),
        ] {
            command.env(name, home.join(folder));
        }
        for name in [
            "XDG_CONFIG_DIRS",
            "XDG_RUNTIME_DIR",
            "OPENAI_API_KEY",
            "REDLINE_MODEL_URL",
            "REDLINE_MODEL",
            "NVIM_APPNAME",
            "NVIM",
            "VIMINIT",
            "TMUX",
        ] {
            command.env_remove(name);
        }
        for name in ["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"] {
            command.env_remove(name).env_remove(name.to_lowercase());
        }
    }
}
