//! The editors that are played, as data: what each says of itself, and how it takes and reports changes. Recorded
//! from the real ones; the values are facts, not choices. The play itself is in `desk` and `report`.

use serde_json::{Value, json};

use crate::lsp::Encoding;

/// What becomes of an edit that was made for another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stale {
    /// `applied: false`.
    Refuse,
    /// Dropped, and `applied: true` said (Neovim).
    Claim,
    /// An error (eglot).
    Fail,
    /// Applied all the same where every change since then stands behind it, else refused.
    IfBehind,
}

/// When changes are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Echo {
    /// At once, before the answer to the edit that made them.
    First,
    /// After the answer; typing at once.
    After,
    /// When a timer of at most so many milliseconds fires.
    Held(u64),
    /// Answer and changes in any order, each after some time.
    Any,
}

/// How a change is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Report {
    /// From the last to the first; replacements diffed anew by characters (VS Code).
    Rediff,
    /// From the first to the last, in positions that follow each other (Helix).
    TopDown,
    /// From the last to the first, by whole lines compared from both ends (Neovim).
    Lines,
    /// A server's edit as one change from its first to its last character (eglot).
    Covering,
    /// Now this way, now that; also split, merged, widened, and as the whole text.
    Any,
}

/// What is one step of undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Steps {
    /// Each change.
    Each,
    /// Typing up to and with the next edit (Helix).
    UpToEdit,
    /// All of one stay in insert mode, edits too (Neovim).
    Insert,
    /// Edits that follow each other (Emacs).
    EditsTogether,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Manner {
    /// What `EDITOR` calls it.
    pub(super) name: &'static str,
    client: (&'static str, &'static str),
    encodings: &'static [Encoding],
    pub(super) stale: Stale,
    pub(super) echo: Echo,
    pub(super) report: Report,
    pub(super) steps: Steps,
    pub(super) first_version: i64,
    /// How far a change moves the version, at most.
    pub(super) jump: i64,
    /// Whether each replacement moves the version (Neovim), not each edit.
    pub(super) counts_replacements: bool,
    /// Whether the version counts `didChange`s (eglot), not changes.
    pub(super) counts_reports: bool,
    /// Each replacement has a `didChange` of its own.
    pub(super) splits: bool,
    /// Completion previews move the version twice and are never told (Helix).
    pub(super) previews: bool,
    /// Keeps files whose last line ends.
    pub(super) whole_lines: bool,
    /// Takes edits for version 0 unchecked (Neovim).
    pub(super) zero_unchecked: bool,
}

const PLAIN: Manner = Manner {
    name: "",
    client: ("", ""),
    encodings: &[Encoding::Utf16],
    stale: Stale::Refuse,
    echo: Echo::After,
    report: Report::Rediff,
    steps: Steps::Each,
    first_version: 1,
    jump: 1,
    counts_replacements: false,
    counts_reports: false,
    splits: false,
    previews: false,
    whole_lines: false,
    zero_unchecked: false,
};

const NEOVIM: Manner = Manner {
    name: "neovim",
    client: ("Neovim", "0.12.4"),
    encodings: &[Encoding::Utf8, Encoding::Utf16, Encoding::Utf32],
    stale: Stale::Claim,
    echo: Echo::Held(30),
    report: Report::Lines,
    steps: Steps::Insert,
    first_version: 0,
    jump: 3,
    counts_replacements: true,
    whole_lines: true,
    zero_unchecked: true,
    ..PLAIN
};

/// All of them.
pub(super) const EDITORS: [Manner; 7] = [
    Manner {
        name: "vscode",
        client: ("Visual Studio Code", "1.139.1"),
        ..PLAIN
    },
    Manner {
        name: "helix",
        client: ("helix", "25.07.1 (a05c151b)"),
        encodings: &[Encoding::Utf8, Encoding::Utf32, Encoding::Utf16],
        echo: Echo::First,
        report: Report::TopDown,
        steps: Steps::UpToEdit,
        first_version: 0,
        previews: true,
        ..PLAIN
    },
    NEOVIM,
    Manner {
        name: "neovim0",
        echo: Echo::First,
        splits: true,
        ..NEOVIM
    },
    Manner {
        name: "eglot",
        client: ("Eglot", "1.17.30"),
        encodings: &[Encoding::Utf32, Encoding::Utf8, Encoding::Utf16],
        stale: Stale::Fail,
        echo: Echo::Held(12),
        report: Report::Covering,
        steps: Steps::EditsTogether,
        first_version: 0,
        counts_reports: true,
        ..PLAIN
    },
    Manner {
        name: "hostile",
        client: ("somebody", "1"),
        encodings: &[Encoding::Utf16],
        stale: Stale::IfBehind,
        echo: Echo::Any,
        report: Report::Any,
        counts_reports: true,
        first_version: 7,
        ..PLAIN
    },
    Manner {
        name: "zed",
        client: ("Zed", "0.210.0"),
        encodings: &[Encoding::Utf16],
        echo: Echo::Any,
        report: Report::Rediff,
        first_version: 0,
        jump: 4,
        ..PLAIN
    },
];

impl Manner {
    /// Whether the server knows that edits for old versions are refused: else what was typed may seem to have come with one
    /// that is yet to be.
    pub(super) fn is_known_to_refuse(&self) -> bool {
        matches!(self.client.0, "Visual Studio Code" | "helix" | "Neovim")
    }

    /// What the editor says at the start, in short.
    pub(super) fn initialize(&self, folder: &str) -> Value {
        let vs_code = self.name == "vscode";
        let mut capabilities = json!({
            "general": {},
            "window": { "workDoneProgress": true, "showMessage": {} },
            "workspace": {
                "applyEdit": true,
                "configuration": true,
                "workspaceFolders": true,
                "workspaceEdit": { "documentChanges": true },
                "codeLens": { "refreshSupport": vs_code || self.client.0 == "Neovim" },
            },
            "textDocument": {
                "synchronization": { "didSave": true },
                "publishDiagnostics": { "versionSupport": true },
                "codeAction": { "codeActionLiteralSupport": { "codeActionKind": { "valueSet": [] } } },
            },
            "experimental": { "redline": { "events": true } },
        });
        if vs_code {
            capabilities["workspace"]["workspaceEdit"]["metadataSupport"] = true.into();
            capabilities["workspace"]["workspaceEdit"]["snippetEditSupport"] = true.into();
        }
        let names = self.encodings.iter().map(|it| it.name());
        capabilities["general"]["positionEncodings"] = names.collect();
        json!({
            "processId": std::process::id(),
            "clientInfo": { "name": self.client.0, "version": self.client.1 },
            "capabilities": capabilities,
            "rootUri": folder,
            "workspaceFolders": [{ "uri": folder, "name": "work" }],
        })
    }
}
