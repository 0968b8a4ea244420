//! `cargo xtask editors`: a real Neovim, Helix and Emacs, and a tmux for the end-to-end tests.
//! Programs on PATH win; `debian` fetches the missing ones. Driving them is the business of `tests/`.

mod version;

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::json;
use version::Version;

use crate::cache;
use crate::debian::{self, Launcher, SUITE, Tree};

#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Print one line of JSON instead: for each program its path and version.
    #[arg(long)]
    json: bool,
}

/// One program of the set.
pub(crate) struct Program {
    /// The name in reports and in the JSON answer.
    name: &'static str,
    title: &'static str,
    /// What it may be called on PATH.
    commands: &'static [&'static str],
    version_flag: &'static str,
    /// The oldest version whose behaviour the tests know.
    oldest: Version,
}

pub(crate) const NEOVIM: Program = Program {
    name: "nvim",
    title: "Neovim",
    commands: &["nvim"],
    version_flag: "--version",
    oldest: Version([0, 12, 0]),
};

pub(crate) const HELIX: Program = Program {
    name: "hx",
    title: "Helix",
    commands: &["hx", "helix"],
    version_flag: "--version",
    oldest: Version([25, 7, 0]),
};

/// The first one with eglot in it.
pub(crate) const EMACS: Program = Program {
    name: "emacs",
    title: "Emacs",
    commands: &["emacs", "emacs-nox"],
    version_flag: "--version",
    oldest: Version([29, 1, 0]),
};

/// Helix is a terminal program; the tests hold its terminal in tmux.
pub(crate) const TMUX: Program = Program {
    name: "tmux",
    title: "tmux",
    commands: &["tmux"],
    version_flag: "-V",
    oldest: Version([3, 2, 0]),
};

/// Where a program is, and what it says of itself.
pub(crate) struct Found {
    path: PathBuf,
    version: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let tmux = match on_path(&TMUX) {
        Some(found) => found,
        None => {
            debian::install_tmux()?;
            on_path(&TMUX).context("tmux is still not on PATH; install tmux and run again")?
        }
    };
    let (mut neovim, mut helix) = (on_path(&NEOVIM), on_path(&HELIX));
    if neovim.is_none() || helix.is_none() {
        let bin = cached_bin()?;
        neovim = neovim.or_else(|| probe(&NEOVIM, &bin.join("nvim")));
        helix = helix.or_else(|| probe(&HELIX, &bin.join("hx")));
    }
    let neovim = neovim.with_context(|| cure("the fetched Neovim does not start"))?;
    let helix = helix.with_context(|| cure("the fetched Helix does not start"))?;

    // Its tests say so and go on where it cannot be had.
    let emacs = match on_path(&EMACS) {
        Some(found) => Ok(found),
        None => cached_emacs()
            .and_then(|path| probe(&EMACS, &path).context("the fetched Emacs does not start")),
    };

    let set = [(&NEOVIM, neovim), (&HELIX, helix), (&TMUX, tmux)];
    if args.json {
        let entries = set.iter().map(|(program, found)| {
            let entry = json!({ "path": found.path, "version": found.version });
            (program.name.to_owned(), entry)
        });
        let mut entries: serde_json::Map<_, _> = entries.collect();
        let entry = match emacs {
            Ok(found) => json!({ "path": found.path, "version": found.version }),
            Err(problem) => json!({ "problem": format!("{problem:#}") }),
        };
        entries.insert(EMACS.name.to_owned(), entry);
        println!("{}", serde_json::Value::Object(entries));
    } else {
        for (program, found) in &set {
            println!(
                "{:<7} {:<9} (needs {} or later)  {}",
                program.title,
                found.version,
                program.oldest,
                found.path.display()
            );
        }
        match emacs {
            Ok(found) => println!(
                "{:<7} {:<9} (needs {} or later)  {}",
                EMACS.title,
                found.version,
                EMACS.oldest,
                found.path.display()
            ),
            Err(problem) => println!("{:<7} cannot be had: {problem:#}", EMACS.title),
        }
    }
    Ok(())
}

/// The problem with the way out that works everywhere.
pub(crate) fn cure(problem: &str) -> String {
    format!(
        "{problem}; install Neovim {} and Helix {} or later so that `nvim` and `hx` are on PATH, and run again",
        NEOVIM.oldest, HELIX.oldest
    )
}

/// The folder with the fetched launchers, made on the first call (about 10 s, 85 MB).
fn cached_bin() -> Result<PathBuf> {
    let home = cache::folder("REDLINE_EDITORS_DIR", "editors")?;
    let _lock = cache::lock(&home, "lock")?;
    let tree = Tree {
        name: SUITE,
        packages: &["neovim", "hx"],
        launchers: &[
            Launcher {
                name: "nvim",
                environment: "VIMRUNTIME=\"$root/usr/share/nvim/runtime\"",
                libraries: "lua",
                program: "usr/bin/nvim",
            },
            Launcher {
                name: "hx",
                environment: "HELIX_RUNTIME=\"$root/usr/lib/hx/runtime\"",
                libraries: "lua",
                program: "usr/lib/hx/hx",
            },
        ],
        cure,
    };
    debian::bin_folder(&home, &tree, |bin| {
        for (program, name) in [(&NEOVIM, "nvim"), (&HELIX, "hx")] {
            if probe(program, &bin.join(name)).is_none() {
                bail!(cure(&format!(
                    "the {} of suite {SUITE} does not start here or is older than {}",
                    program.title, program.oldest
                )));
            }
        }
        Ok(())
    })
}

/// The fetched Emacs, fetched on the first call (about 20 s, 400 MB). It looks for its parts where it was built to
/// be, so each is named.
fn cached_emacs() -> Result<PathBuf> {
    let home = cache::folder("REDLINE_EDITORS_DIR", "editors")?;
    let _lock = cache::lock(&home, "lock")?;
    let name = format!("{SUITE}-emacs");
    let tree = Tree {
        name: &name,
        packages: &["emacs-nox"],
        launchers: &[Launcher {
            name: "emacs",
            environment: "dump=\"$(echo \"$root\"/usr/libexec/emacs/*/*/*.pdmp)\" share=\"$(echo \"$root\"/usr/share/emacs/[0-9]*)\"\n\
                          export EMACSLOADPATH=\"$share/lisp:\" EMACSDATA=\"$share/etc\" EMACSDOC=\"$share/etc\" EMACSPATH=\"${dump%/*}\"\n\
                          set -- --dump-file \"$dump\" \"$@\"",
            libraries: "lua",
            program: "usr/bin/emacs-nox",
        }],
        cure: |problem| {
            format!(
                "{problem}; install Emacs {} or later, and run again",
                EMACS.oldest
            )
        },
    };
    let bin = debian::bin_folder(&home, &tree, |bin| {
        probe(&EMACS, &bin.join("emacs"))
            .map(drop)
            .context("the unpacked Emacs does not start here")
    })?;
    Ok(bin.join("emacs"))
}

/// The first sufficient one on PATH. Costs one start of each candidate.
fn on_path(program: &Program) -> Option<Found> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path)
        .flat_map(|folder| program.commands.iter().map(move |name| folder.join(name)))
        .filter(|candidate| candidate.is_file())
        .find_map(|candidate| probe(program, &candidate))
}

/// What stands at `path`, if it starts and is new enough.
pub(crate) fn probe(program: &Program, path: &Path) -> Option<Found> {
    let output = Command::new(path)
        .arg(program.version_flag)
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = Version::in_line(text.lines().next()?)?;
    (output.status.success() && version >= program.oldest).then(|| Found {
        path: path.to_owned(),
        version: version.to_string(),
    })
}
