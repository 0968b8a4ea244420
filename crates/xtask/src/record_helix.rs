//! Takes the pictures of Helix for the documentation: one while text streams, one while it waits. Helix has the files
//! that users copy. How pictures are drawn is in `record_neovim`, whose story this is, too.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use portable_pty::CommandBuilder;

use crate::checkout;
use crate::pty::Pty;
use crate::record_neovim::screen::{COLUMNS, Frame, Look, ROWS, Run};
use crate::record_neovim::{self, BEFORE};

const PATIENCE: Duration = Duration::from_secs(60);

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

/// Name, title and screen.
pub(crate) type Picture = (&'static str, &'static str, Frame);

/// Writes the pictures that are taken in a folder of their own, with the binary built.
pub(crate) fn write(
    out: &Path,
    take: impl Fn(&Path, &Path, &Path) -> Result<[Picture; 2]>,
) -> Result<()> {
    let root = checkout::root()?;
    let binary = record_neovim::build(root)?;
    let folder = tempfile::tempdir()?;
    let out = root.join(out);
    fs::create_dir_all(&out)?;
    for (name, title, frame) in take(root, &binary, folder.path())? {
        record_neovim::save(&out, name, title, &[frame])?;
    }
    Ok(())
}

fn take(root: &Path, binary: &Path, folder: &Path) -> Result<[Picture; 2]> {
    let (_loopback, url) = record_neovim::start_model(binary, folder)?;
    let config = folder.join("config/helix");
    fs::create_dir_all(&config)?;
    for name in ["config.toml", "languages.toml"] {
        let text = fs::read_to_string(root.join("editors/helix").join(name))?;
        let command = format!("command = {:?}", binary.display().to_string());
        let text = text.replace("command = \"redline\"", &command);
        fs::write(config.join(name), format!("{}{text}", first_of(name)))?;
    }
    let mut command = editor("hx", folder, &url)?;
    command.arg("config.py");
    command.env("XDG_CONFIG_HOME", folder.join("config"));
    command.env("XDG_CACHE_HOME", folder.join("cache"));
    let mut helix = Terminal::start(command)?;
    helix.see("def load")?;
    helix.press(":goto 5\r")?;
    helix.see("5:1")?;
    helix.press("xxxxxx")?;
    helix.press(" i")?;
    helix.see("\"ask\":")?;
    helix.press("handle errors\r")?;
    helix.see(" tokens")?;
    let streaming = helix.picture();
    helix.see("Pending change")?;
    let pending = helix.picture();
    Ok([
        (
            "helix-streaming",
            "Helix while a rewrite streams in: the status line says how it goes",
            streaming,
        ),
        (
            "helix-pending",
            "Helix while a rewrite waits for a decision: hints behind the lines",
            pending,
        ),
    ])
}

/// An editor of the cache that begins in a folder where the file of the pictures is, and asks this model.
pub(crate) fn editor(program: &str, folder: &Path, url: &str) -> Result<CommandBuilder> {
    fs::write(folder.join("config.py"), BEFORE)?;
    let mut command = CommandBuilder::new(record_neovim::editor(program)?);
    command.cwd(folder);
    command.env("HOME", folder);
    command.env("TERM", "xterm-256color");
    command.env("COLORTERM", "truecolor");
    command.env("REDLINE_MODEL_URL", url);
    command.env("REDLINE_MODEL", "demo");
    Ok(command)
}

/// What stands in front of the users' own file.
fn first_of(name: &str) -> &'static str {
    match name {
        "config.toml" => "theme = \"onedark\"\n",
        _ => "",
    }
}

/// An editor in a terminal of fixed size.
pub(crate) struct Terminal(Pty);

impl Terminal {
    pub(crate) fn start(command: CommandBuilder) -> Result<Terminal> {
        let (rows, columns) = (u16::try_from(ROWS)?, u16::try_from(COLUMNS)?);
        Pty::start(command, rows, columns).map(Terminal)
    }

    pub(crate) fn press(&mut self, keys: &str) -> Result<()> {
        self.0.press(keys)
    }

    /// Waits until the screen shows this text.
    pub(crate) fn see(&mut self, text: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while !self.0.contents().contains(text) {
            match self.0.output.recv_timeout(Duration::from_millis(100)) {
                Ok(bytes) => self.0.screen.process(&bytes),
                Err(RecvTimeoutError::Timeout) if Instant::now() < until => {}
                Err(_) => bail!(
                    "never saw {text:?}; the screen shows:\n{}",
                    self.0.contents()
                ),
            }
        }
        Ok(())
    }

    pub(crate) fn picture(&self) -> Frame {
        let screen = self.0.screen.screen();
        let mut runs: Vec<Run> = Vec::new();
        for (row, y) in (0..ROWS).zip(0u16..) {
            for (column, x) in (0..COLUMNS).zip(0u16..) {
                let Some(cell) = screen.cell(y, x).filter(|it| !it.is_wide_continuation()) else {
                    continue;
                };
                let look = Look {
                    foreground: rgb(cell.fgcolor()),
                    background: rgb(cell.bgcolor()),
                    is_bold: cell.bold(),
                    is_italic: cell.italic(),
                    is_reverse: cell.inverse(),
                };
                let text = if cell.has_contents() {
                    cell.contents()
                } else {
                    " "
                };
                let width = 1 + usize::from(cell.is_wide());
                match runs.last_mut() {
                    Some(run) if run.row == row && run.look == look => {
                        run.text.push_str(text);
                        run.width += width;
                    }
                    _ => runs.push(Run {
                        row,
                        column,
                        width,
                        look,
                        text: text.to_owned(),
                    }),
                }
            }
        }
        Frame {
            lasts: Duration::ZERO,
            runs,
            foreground: 0xab_b2_bf,
            background: 0x28_2c_34,
        }
    }
}

/// The theme is in true colours; anything else is the terminal's own.
fn rgb(color: vt100::Color) -> Option<u64> {
    match color {
        vt100::Color::Rgb(r, g, b) => Some(u64::from(r) << 16 | u64::from(g) << 8 | u64::from(b)),
        _ => None,
    }
}
