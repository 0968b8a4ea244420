//! [`ClientFacts`]: what the editor said about itself, settled once at `initialize`.

use rewrite::Profile;
use text::{Encoding, VersionRule};
use tower_lsp::ls_types::{InitializeParams, PositionEncodingKind};

/// Editors known to tell of each change where it was made. Others may find out what changed by comparing the text before
/// and after.
const EXACT: &[&str] = &["helix", "zed", "eglot", "sublime text lsp"];

/// Editors known to count versions in their own way: Neovim by changedtick, Helix also for previews it
/// does not report, Kakoune by timestamp, eglot by changes far apart that it then tells together, VS Code also for
/// events without a change.
const JUMPING_VERSIONS: &[&str] = &[
    "eglot",
    "neovim",
    "helix",
    "kak-lsp",
    "kakoune-lsp",
    "sublime text lsp",
    "coc.nvim",
    "vim-lsp",
    "zed",
];

/// Editors known to apply no edit made for an older version than their own.
const VERSION_CHECKING: &[&str] = &["neovim", "helix"];

/// What the editor can do, and how it behaves.
#[derive(Clone, Debug)]
pub(crate) struct ClientFacts {
    pub(crate) name: String,
    pub(crate) encoding: Encoding,
    pub(crate) version_rule: VersionRule,
    pub(crate) profile: Profile,
    /// Wants `redline/rewriteChanged`.
    pub(crate) events: bool,
    /// Joins our edits into one undo step.
    pub(crate) joins_undo: bool,
    pub(crate) progress: bool,
    pub(crate) lens_refresh: bool,
    pub(crate) configuration: bool,
    /// Shows suggestions at the cursor, if it can.
    pub(crate) completion: Option<CompletionClient>,
    /// Folders, to show paths relative to them.
    pub(crate) folders: Vec<String>,
}

/// When an editor that shows suggestions learns that there are some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CompletionClient {
    /// In the answer to `initialize`, and never again.
    AtStart,
    /// At any time.
    Registers,
}

impl ClientFacts {
    pub(crate) fn new(params: &InitializeParams) -> Self {
        let capabilities = &params.capabilities;
        let name = params
            .client_info
            .as_ref()
            .map_or(String::new(), |info| info.name.clone());
        let known = name.to_ascii_lowercase();
        let encoding = encoding(params);
        let ours = capabilities
            .experimental
            .as_ref()
            .and_then(|all| all.get("redline"));
        let says = |key: &str| {
            ours.and_then(|ours| ours.get(key))
                .and_then(|value| value.as_bool())
                .unwrap_or(false)
        };
        let vs_code = is_vs_code(params);
        let window = capabilities.window.as_ref();
        let workspace = capabilities.workspace.as_ref();
        ClientFacts {
            encoding,
            version_rule: if vs_code || JUMPING_VERSIONS.contains(&known.as_str()) {
                VersionRule::Increasing
            } else {
                VersionRule::Consecutive
            },
            profile: Profile {
                checks_versions: vs_code || VERSION_CHECKING.contains(&known.as_str()),
                skips_version_zero: known == "neovim",
                reports_apart: vs_code || known == "helix",
                undoes_apart: vs_code,
                compares_texts: !vs_code && !EXACT.contains(&known.as_str()),
                ..Profile::default()
            },
            events: says("events"),
            joins_undo: says("joinsUndo"),
            progress: window
                .and_then(|window| window.work_done_progress)
                .unwrap_or(false),
            lens_refresh: workspace
                .and_then(|workspace| workspace.code_lens.as_ref())
                .and_then(|lens| lens.refresh_support)
                .unwrap_or(false),
            configuration: workspace
                .and_then(|workspace| workspace.configuration)
                .unwrap_or(false),
            completion: capabilities
                .text_document
                .as_ref()
                .and_then(|it| it.inline_completion.as_ref())
                .map(|it| match it.dynamic_registration {
                    Some(true) => CompletionClient::Registers,
                    _ => CompletionClient::AtStart,
                }),
            folders: folders(params),
            name,
        }
    }
}

/// The client's first choice; it must offer UTF-16 and may offer nothing (LSP 3.17, `positionEncodings`).
fn encoding(params: &InitializeParams) -> Encoding {
    let offered = params
        .capabilities
        .general
        .as_ref()
        .and_then(|general| general.position_encodings.as_ref());
    offered
        .into_iter()
        .flatten()
        .find_map(|kind| match kind {
            kind if *kind == PositionEncodingKind::UTF8 => Some(Encoding::Utf8),
            kind if *kind == PositionEncodingKind::UTF16 => Some(Encoding::Utf16),
            kind if *kind == PositionEncodingKind::UTF32 => Some(Encoding::Utf32),
            _ => None,
        })
        .unwrap_or_default()
}

/// VS Code and its relatives send their product's name; what they have in common is offering UTF-16 alone
/// beside metadata on workspace edits, or our own extension's word.
fn is_vs_code(params: &InitializeParams) -> bool {
    let ours = params
        .initialization_options
        .as_ref()
        .and_then(|options| options.get("client"))
        .and_then(|client| client.as_str());
    let name = params
        .client_info
        .as_ref()
        .map_or("", |info| info.name.as_str());
    ours == Some("vscode")
        || name == "Visual Studio Code"
        || name == "code-server"
        || name == "VSCodium"
}

fn folders(params: &InitializeParams) -> Vec<String> {
    let mut folders: Vec<String> = params
        .workspace_folders
        .iter()
        .flatten()
        .filter_map(|folder| Some(folder.uri.to_file_path()?.to_string_lossy().into_owned()))
        .collect();
    // The deepest folder first, so that nested folders name their own files.
    folders.sort_by_key(|folder| std::cmp::Reverse(folder.len()));
    folders
}
