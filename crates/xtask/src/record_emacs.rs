//! Takes the pictures of Emacs for the documentation: one while text streams, one while it waits. Emacs is set up as its
//! page says, with a theme of its own. The terminal is `record_helix`'s, the story and the drawing `record_neovim`'s.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::record_helix::{Picture, Terminal, editor, write};
use crate::record_neovim;

/// Arguments of the task.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that the pictures go to.
    #[arg(long, default_value = "docs/pictures")]
    out: PathBuf,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    write(&args.out, take)
}

fn take(root: &Path, binary: &Path, folder: &Path) -> Result<[Picture; 2]> {
    let (_loopback, url) = record_neovim::start_model(binary, folder)?;
    let init = folder.join("init.el");
    fs::write(&init, init_el(root, binary))?;
    let mut command = editor("emacs", folder, &url)?;
    command.args(["-Q", "-nw", "-l"]);
    command.arg(&init);
    command.arg("config.py");
    let mut emacs = Terminal::start(command)?;
    emacs.see("def load")?;
    emacs.press("\x1bxeglot\r")?;
    emacs.see("[eglot:")?;
    // Whole lines: the mark at the start of the function, point behind it.
    emacs.press("\x1bgg5\r\0")?;
    emacs.press("\x0e\x0e\x0e\x0e\x0e\x0e")?;
    emacs.press("\x03ri")?;
    emacs.see("Redline:")?;
    emacs.press("handle errors\r")?;
    emacs.see("except")?;
    let streaming = emacs.picture();
    emacs.see("Pending change")?;
    // What it says comes behind all that it had to draw.
    emacs.press("\x03r?")?;
    emacs.see("Redline: ready")?;
    let pending = emacs.picture();
    Ok([
        (
            "emacs-streaming",
            "Emacs while a rewrite streams in",
            streaming,
        ),
        (
            "emacs-pending",
            "Emacs while a rewrite waits for a decision: notes of Flymake behind the lines",
            pending,
        ),
    ])
}

fn init_el(root: &Path, binary: &Path) -> String {
    format!(
        "(setq inhibit-startup-screen t make-backup-files nil create-lockfiles nil)
         (menu-bar-mode -1)
         (load-theme 'modus-vivendi t)
         (setq flymake-show-diagnostics-at-end-of-line t python-indent-guess-indent-offset nil)
         (add-to-list 'load-path {:?})
         (require 'redline)
         (setq redline-command '({:?} \"lsp\" :initializationOptions (:apply \"live\")))
         (redline-setup 'python-mode)
         (global-set-key (kbd \"C-c r\") redline-map)\n",
        root.join("editors/emacs").display().to_string(),
        binary.display().to_string(),
    )
}
