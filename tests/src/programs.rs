//! Where the programs under test are: our binary, built on demand, and the editors, fetched on demand.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use serde_json::Value;

/// How to start a language server: ours, or a stand-in.
#[derive(Clone, Debug)]
pub struct ServerCommand {
    pub program: PathBuf,
    pub args: Vec<String>,
    /// Added to the environment that the server inherits.
    pub env: Vec<(String, String)>,
}

impl ServerCommand {
    /// `redline lsp`, built if need be.
    pub fn redline() -> ServerCommand {
        ServerCommand {
            program: binary().to_owned(),
            args: vec!["lsp".to_owned()],
            env: Vec::new(),
        }
    }

    #[must_use]
    pub fn with_env(mut self, name: &str, value: &str) -> ServerCommand {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Points the server at a model, for instance at a `ModelServer`, with a key that opens nothing.
    #[must_use]
    pub fn with_model(self, url: &str) -> ServerCommand {
        self.with_env("REDLINE_MODEL_URL", url)
            .with_env("OPENAI_API_KEY", "sk-test")
    }
}

/// The editors of the end-to-end tests, as `cargo xtask editors` found or fetched them.
#[derive(Debug)]
pub struct Editors {
    pub neovim: PathBuf,
    pub helix: PathBuf,
    pub tmux: PathBuf,
    /// Or why it cannot be had here.
    pub emacs: Result<PathBuf, String>,
}

/// The `redline` binary: `REDLINE_BIN`, else built once with the profile of this test.
///
/// # Panics
/// When it does not build.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(path) = env::var_os("REDLINE_BIN").map(PathBuf::from) {
            assert!(
                path.is_file(),
                "REDLINE_BIN names no file: {}",
                path.display()
            );
            return path.canonicalize().expect("the file is there");
        }
        build("redline")
    })
}

/// The development tasks, built.
///
/// # Panics
/// When they do not build.
pub fn xtask() -> PathBuf {
    build("xtask")
}

/// What a task of the workspace has found or fetched, as it says by `--json`.
///
/// # Panics
/// When something cannot be had; the message says what to do.
pub(crate) fn found_by_xtask(task: &str) -> Value {
    let output = Command::new(build("xtask"))
        .args([task, "--json"])
        .stdin(Stdio::null())
        .output()
        .expect("xtask starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "no {task} to test with: {complaint}"
    );
    serde_json::from_slice(&output.stdout).expect("xtask answers JSON")
}

/// Finds the editors, fetching what is missing (about 30 s, once per machine).
///
/// # Panics
/// When an editor cannot be had; the message says what to do.
pub fn editors() -> &'static Editors {
    static EDITORS: OnceLock<Editors> = OnceLock::new();
    EDITORS.get_or_init(|| {
        let set = found_by_xtask("editors");
        let path = |name: &str| {
            let path = set[name]["path"].as_str();
            PathBuf::from(path.unwrap_or_else(|| panic!("no path of {name} in {set}")))
        };
        Editors {
            neovim: path("nvim"),
            helix: path("hx"),
            tmux: path("tmux"),
            emacs: match set["emacs"]["problem"].as_str() {
                Some(problem) => Err(problem.to_owned()),
                None => Ok(path("emacs")),
            },
        }
    })
}

/// Builds the binary of a workspace package; cargo says where it lies, whatever the target folder.
pub(crate) fn build(package: &str) -> PathBuf {
    let output = Command::new(env!("CARGO"))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args(["build", "--message-format=json-render-diagnostics"])
        .args(["--package", package, "--bin", package])
        .args(["--profile", &profile()])
        .stdin(Stdio::null())
        .output()
        .expect("cargo starts");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "{package} does not build:\n{complaint}"
    );
    output
        .stdout
        .split(|byte| *byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == package)
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .unwrap_or_else(|| panic!("cargo names no executable of {package}"))
}

/// The cargo profile that this test was built with: `…/<profile folder>/deps/<test>`.
fn profile() -> String {
    let test = env::current_exe().expect("a test knows its own path");
    let folder = test
        .ancestors()
        .nth(2)
        .and_then(Path::file_name)
        .unwrap_or_default();
    match folder.to_str() {
        Some("debug") | None => "dev".to_owned(),
        Some(name) => name.to_owned(),
    }
}
