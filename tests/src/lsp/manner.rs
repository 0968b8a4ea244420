//! How editors differ in taking edits and reporting changes, as data; what is measured of the real ones.
//! The editor that behaves so is in `editor`.

/// When an editor reports a change that it has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Echo {
    /// `didChange` stands before the answer to the edit (Helix, Neovim without debounce).
    BeforeAnswer,
    /// `didChange` follows the answer (VS Code).
    AfterAnswer,
    /// Changes are collected until `Client::flush`, typed ones too (Neovim's debounce, eglot's idle timer).
    Held,
}

/// What an editor does with an edit for another version than its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stale {
    /// Answers `applied: false`.
    Refuse,
    /// Drops it and answers `applied: true`; takes edits for version 0 or a later one unchecked (Neovim).
    Claim,
    /// Answers with an error (eglot).
    Fail,
}

/// How a change is put into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// As the edit was, one change for each, from the last to the first.
    Exact,
    /// As the edit was, from the first to the last, positions in sequence (Helix).
    TopDown,
    /// Each change that puts in or takes out a line end is widened to the end of its line (Neovim).
    LineTails,
    /// One change from the first changed character to the last (eglot).
    Merged,
    /// The whole text.
    Whole,
}

/// What moves a document's version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    Changes,
    /// Each `didChange`, whatever it carries (eglot).
    Reports,
}

/// The manners of one editor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Manner {
    pub echo: Echo,
    pub stale: Stale,
    pub report: Report,
    pub count: Count,
    /// Whether each change of an edit has a `didChange` and a version of its own (Neovim without debounce).
    pub splits: bool,
    /// Version of a fresh document, and how far each step moves it.
    pub first_version: i32,
    pub version_step: i32,
}

impl Manner {
    /// Stock Neovim; `Client::flush` stands for its timer.
    pub const NEOVIM: Manner = Manner {
        echo: Echo::Held,
        stale: Stale::Claim,
        report: Report::LineTails,
        count: Count::Changes,
        splits: false,
        first_version: 0,
        version_step: 3,
    };
    /// Neovim with `debounce_text_changes = 0`.
    pub const NEOVIM_AT_ONCE: Manner = Manner {
        echo: Echo::BeforeAnswer,
        splits: true,
        version_step: 1,
        ..Manner::NEOVIM
    };
    pub const HELIX: Manner = Manner {
        echo: Echo::BeforeAnswer,
        stale: Stale::Refuse,
        report: Report::TopDown,
        count: Count::Changes,
        splits: false,
        first_version: 0,
        version_step: 1,
    };
    pub const VS_CODE: Manner = Manner {
        echo: Echo::AfterAnswer,
        stale: Stale::Refuse,
        report: Report::Exact,
        count: Count::Changes,
        splits: false,
        first_version: 1,
        version_step: 1,
    };
    /// Emacs as far as it can be followed: it takes edits also while it has not reported what was typed, which no
    /// server can see; here it refuses them.
    pub const EGLOT: Manner = Manner {
        echo: Echo::Held,
        stale: Stale::Fail,
        report: Report::Merged,
        count: Count::Reports,
        splits: false,
        first_version: 0,
        version_step: 1,
    };
    /// An editor that the server knows nothing of.
    pub const UNKNOWN: Manner = Manner {
        echo: Echo::AfterAnswer,
        stale: Stale::Refuse,
        report: Report::Merged,
        count: Count::Changes,
        splits: false,
        first_version: 7,
        version_step: 1,
    };
    pub const ALL: [Manner; 6] = [
        Manner::NEOVIM,
        Manner::NEOVIM_AT_ONCE,
        Manner::HELIX,
        Manner::VS_CODE,
        Manner::EGLOT,
        Manner::UNKNOWN,
    ];

    /// `clientInfo.name` of the editor with these manners.
    pub fn client_name(self) -> &'static str {
        match self {
            Manner::NEOVIM | Manner::NEOVIM_AT_ONCE => "Neovim",
            Manner::HELIX => "helix",
            Manner::VS_CODE => "Visual Studio Code",
            Manner::EGLOT => "Eglot",
            _ => "e2e",
        }
    }
}
