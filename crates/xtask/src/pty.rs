//! A program in a terminal of fixed size: its keys, its output, and the screen that comes of it. What is drawn or
//! filmed of that is for those who use it.

use std::io::{Read as _, Write};
use std::num::NonZero;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use anyhow::{Context as _, Result};
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// A running program; it is killed when this is dropped.
pub(crate) struct Pty {
    /// What stands in the terminal, once output has been given to it.
    pub(crate) screen: vt100::Parser,
    /// What the program writes; it ends with the program.
    pub(crate) output: Receiver<Vec<u8>>,
    pub(crate) child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    _master: Box<dyn MasterPty + Send>,
}

impl Drop for Pty {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

impl Pty {
    /// Starts a program in a terminal of so many characters.
    ///
    /// # Errors
    /// When there is no terminal to be had, or the program does not start.
    pub(crate) fn start(command: CommandBuilder, rows: u16, columns: u16) -> Result<Pty> {
        let pair = native_pty_system().openpty(PtySize {
            rows,
            cols: columns,
            pixel_width: 0,
            pixel_height: 0,
        })?;
        let child = pair.slave.spawn_command(command)?;
        drop(pair.slave);
        let mut reader = pair.master.try_clone_reader()?;
        let (sender, output) = mpsc::channel();
        thread::spawn(move || {
            let mut piece = [0; 8192];
            // A terminal whose program has ended reads as an error on some systems.
            while let Ok(n @ 1..) = reader.read(&mut piece) {
                if sender.send(piece[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        let size = |n| NonZero::new(n).context("a terminal needs rows and columns");
        Ok(Pty {
            screen: vt100::Parser::new(size(rows)?, size(columns)?, 0),
            output,
            child,
            keys: pair.master.take_writer()?,
            _master: pair.master,
        })
    }

    /// # Errors
    /// When the program does not read its keys.
    pub(crate) fn press(&mut self, keys: &str) -> Result<()> {
        self.keys.write_all(keys.as_bytes())?;
        let read = self.keys.flush();
        read.context("the program does not read its keys")
    }

    /// The text on the screen.
    pub(crate) fn contents(&self) -> String {
        self.screen.screen().contents()
    }
}
