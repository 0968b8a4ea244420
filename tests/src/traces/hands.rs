//! What a person does to each editor for a happening. It is done when `perform` returns, as far as the editor lets
//! that be seen; what the editor says of it comes later.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Happening;
use crate::emacs::{Emacs, quoted};
use crate::helix::{self, Helix};
use crate::neovim::{self, Neovim};
use crate::scripted_server::ScriptedServer;
use crate::{vscode, wait_until};

/// The person before an editor.
pub trait Hands {
    /// Does it.
    ///
    /// # Panics
    /// When the editor does not follow.
    fn perform(&mut self, happening: Happening);

    /// The text that the editor shows; none where it can only be seen in what it says.
    fn text(&mut self) -> Option<String>;

    /// Runs a command of the server, behind all that was done.
    fn fence(&mut self, command: &str);
}

/// The name of the file with this text.
fn name(text: &str) -> &'static str {
    if text.contains('\r') {
        "crlf.py"
    } else {
        "a.py"
    }
}

/// A stock Neovim client.
pub struct NeovimHands {
    neovim: Neovim,
}

impl NeovimHands {
    pub fn start(server: &ScriptedServer, bridge: &str, debounce_ms: Option<u32>) -> NeovimHands {
        let mut setup = neovim::Setup::with_server(server.command(bridge), &["python"]);
        setup.debounce_ms = debounce_ms;
        setup.init_lua = "vim.o.autoindent = false vim.g.did_indent_on = 1".to_owned();
        let neovim = Neovim::start(&setup);
        NeovimHands { neovim }
    }

    fn put_cursor(&self, line: u32, character: u32) {
        self.neovim.lua(
            "local line, character = ...
             local text = vim.api.nvim_buf_get_lines(0, line, line + 1, true)[1]
             local column = vim.str_byteindex(text, 'utf-32', character)
             vim.wo.virtualedit = 'onemore'
             vim.api.nvim_win_set_cursor(0, { line + 1, column })",
            json!([line, character]),
        );
    }
}

impl Hands for NeovimHands {
    fn perform(&mut self, happening: Happening) {
        let neovim = &self.neovim;
        match happening {
            Happening::Open(text) => {
                let path = neovim.project().write(name(text), text);
                neovim.open(&path);
                neovim.wait_for_server();
            }
            Happening::Type(line, character, text) => {
                self.put_cursor(line, character);
                neovim.keys(&format!("i{text}<Esc>"));
            }
            Happening::Break(line, character) => {
                self.put_cursor(line, character);
                neovim.keys("i<CR><Esc>");
            }
            Happening::Paste(line, text) => {
                self.put_cursor(line, 0);
                let code = "vim.fn.setreg('a', (...), 'V')";
                neovim.lua(code, json!([text]));
                neovim.keys("\"aP");
            }
            Happening::Delete(line) => {
                self.put_cursor(line, 0);
                neovim.keys("dd");
            }
            Happening::Undo => neovim.keys("u"),
            Happening::Redo => neovim.keys("<C-r>"),
            Happening::Format(_) => {
                neovim.lua("vim.lsp.buf.format()", json!([]));
            }
            Happening::Save => neovim.save(),
            Happening::Reopen => {
                neovim.ex("let g:file = expand('%:p') | bdelete | execute 'edit' g:file");
                neovim.wait_for_server();
            }
            Happening::Edit(_) | Happening::StaleEdit(_) | Happening::TypeAndEdit(..) => {}
        }
    }

    fn text(&mut self) -> Option<String> {
        Some(self.neovim.text())
    }

    fn fence(&mut self, command: &str) {
        self.neovim.execute_command(command, Value::Null);
    }
}

/// Helix shows its text only in what it says.
pub struct HelixHands {
    helix: Helix,
    path: std::path::PathBuf,
}

impl HelixHands {
    pub fn start(server: &ScriptedServer, bridge: &str) -> HelixHands {
        let mut setup = helix::Setup::with_server(server.command(bridge), &["python"]);
        setup.editor =
            "auto-pairs = false\nauto-completion = false\nauto-format = false".to_owned();
        let helix = Helix::start(&setup);
        HelixHands {
            helix,
            path: std::path::PathBuf::new(),
        }
    }

    fn put_cursor(&self, line: u32, character: u32) {
        self.helix.command(&format!("goto {}", line + 1));
        self.helix.keys(&["g", "h"]);
        self.helix.keys(&vec!["l"; character as usize]);
    }

    /// Until the status line says so, nothing tells whether a later look at it is one at the old mode.
    fn insert_mode(&self) {
        self.helix.keys(&["i"]);
        self.helix.wait_for_screen("insert mode", |screen| {
            screen.rows.iter().any(|row| row.starts_with(" INS "))
        });
    }
}

impl Hands for HelixHands {
    fn perform(&mut self, happening: Happening) {
        let helix = &self.helix;
        match happening {
            Happening::Open(text) => {
                self.path = helix.project().write(name(text), text);
                helix.open(&self.path);
                helix.wait_for_server(&self.path);
            }
            Happening::Type(line, character, text) => {
                self.put_cursor(line, character);
                self.insert_mode();
                helix.type_text(text);
                helix.normal_mode();
            }
            Happening::Break(line, character) => {
                self.put_cursor(line, character);
                self.insert_mode();
                helix.keys(&["Enter"]);
                helix.normal_mode();
            }
            Happening::Paste(line, text) => {
                self.put_cursor(line, 0);
                self.insert_mode();
                helix.paste(text);
                helix.normal_mode();
            }
            Happening::Delete(line) => {
                self.put_cursor(line, 0);
                helix.keys(&["x", "d"]);
            }
            Happening::Undo => helix.keys(&["u"]),
            Happening::Redo => helix.keys(&["U"]),
            Happening::Format(_) => helix.command("format"),
            Happening::Save => helix.save(),
            Happening::Reopen => {
                helix.command("write");
                helix.command("buffer-close");
                helix.open(&self.path);
            }
            Happening::Edit(_) | Happening::StaleEdit(_) | Happening::TypeAndEdit(..) => {}
        }
    }

    fn text(&mut self) -> Option<String> {
        None
    }

    fn fence(&mut self, command: &str) {
        self.helix.lsp_command(command, &[]);
    }
}

const START_EGLOT: &str =
    "(progn (unless (eglot-managed-p) (apply #'eglot (eglot--guess-contact))) t)";

/// Eglot as it comes with Emacs.
pub struct EmacsHands {
    emacs: Emacs,
}

impl EmacsHands {
    /// None where Emacs cannot be had.
    pub fn start(server: &ScriptedServer, bridge: &str) -> Option<EmacsHands> {
        let command = server.command(bridge);
        let emacs = Emacs::start(&format!(
            "(require 'eglot)
             (setq-default indent-tabs-mode nil python-indent-guess-indent-offset nil)
             (electric-indent-mode -1)
             (setq eglot-sync-connect 20 eglot-report-progress nil eglot-autoshutdown nil)
             (add-to-list 'eglot-server-programs '(python-mode . ({} {})))
             (global-set-key (kbd \"<f5>\") 'undo-redo)
             (global-set-key (kbd \"<f6>\") 'undo-only)
             (global-set-key (kbd \"<f7>\") 'kill-whole-line)
             (global-set-key (kbd \"<f8>\") 'yank)",
            quoted(&command.program.to_string_lossy()),
            quoted(&command.args[0]),
        ))?;
        Some(EmacsHands { emacs })
    }

    fn put_cursor(&self, line: u32, character: u32) {
        self.emacs.lisp(&format!(
            "(progn (goto-char (point-min)) (forward-line {line}) (forward-char {character}) t)"
        ));
    }

    /// Presses keys, and waits until the text has changed so often.
    fn change(&self, keys: &[&str], grown: usize) {
        let size = "(list (buffer-chars-modified-tick) (buffer-size))";
        let size = size.replace("(list", "(vector");
        let before = self.emacs.lisp(&size);
        self.emacs.keys(keys);
        wait_until("Emacs has taken the keys", || {
            let now = self.emacs.lisp(&size);
            let by = |at: usize| now[at].as_i64().unwrap_or(0) - before[at].as_i64().unwrap_or(0);
            let is_done = by(0) != 0 && (grown == 0 || by(1) == grown as i64);
            if is_done {
                Ok(())
            } else {
                Err(now.to_string())
            }
        });
    }
}

impl Hands for EmacsHands {
    fn perform(&mut self, happening: Happening) {
        let emacs = &self.emacs;
        match happening {
            Happening::Open(text) => {
                let path = emacs.project().write(name(text), text);
                emacs.open(&path);
                emacs.lisp(START_EGLOT);
            }
            Happening::Type(line, character, text) => {
                self.put_cursor(line, character);
                let letters: Vec<String> = text.chars().map(String::from).collect();
                let keys: Vec<&str> = letters.iter().map(String::as_str).collect();
                self.change(&keys, keys.len());
            }
            Happening::Break(line, character) => {
                self.put_cursor(line, character);
                self.change(&["Enter"], 1);
            }
            Happening::Paste(line, text) => {
                self.put_cursor(line, 0);
                emacs.lisp(&format!("(progn (kill-new {}) t)", quoted(text)));
                self.change(&["F8"], text.len());
            }
            Happening::Delete(line) => {
                self.put_cursor(line, 0);
                self.change(&["F7"], 0);
            }
            Happening::Undo => self.change(&["F6"], 0),
            Happening::Redo => self.change(&["F5"], 0),
            Happening::Format(_) => {
                emacs.lisp("(progn (eglot-format-buffer) t)");
            }
            Happening::Save => {
                emacs.keys(&["C-x", "C-s"]);
                emacs.wait_until("(not (buffer-modified-p))");
            }
            Happening::Reopen => {
                emacs.lisp(
                    "(let ((file buffer-file-name)) (set-buffer-modified-p nil) (kill-buffer) (find-file file) t)",
                );
                // One server serves both files, so that the second one is managed without being asked.
                emacs.lisp(START_EGLOT);
            }
            Happening::Edit(_) | Happening::StaleEdit(_) | Happening::TypeAndEdit(..) => {}
        }
    }

    fn text(&mut self) -> Option<String> {
        Some(self.emacs.text())
    }

    fn fence(&mut self, command: &str) {
        self.emacs.lisp(&format!(
            "(progn (eglot-execute (eglot-current-server) '(:title \"\" :command {} :arguments [])) t)",
            quoted(command)
        ));
    }
}

/// VS Code, through the browser; `tests/vscode/hands.ts` does what is asked on its stdin.
pub struct VsCodeHands {
    node: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl VsCodeHands {
    /// # Panics
    /// When VS Code cannot be had or does not start.
    pub fn start(server: &ScriptedServer, bridge: &str, folder: &std::path::Path) -> VsCodeHands {
        vscode::build_extension();
        let mut node = vscode::node("tests/vscode");
        node.arg("hands.ts")
            .arg(server.program(bridge, folder))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        let mut node = node.spawn().expect("Node starts");
        let stdin = node.stdin.take().expect("stdin is a pipe");
        let stdout = BufReader::new(node.stdout.take().expect("stdout is a pipe"));
        VsCodeHands {
            node,
            stdin,
            stdout,
        }
    }

    fn ask(&mut self, what: &Value) -> Value {
        writeln!(self.stdin, "{what}").expect("Node reads");
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("Node answers");
        let answer: Value = serde_json::from_str(&line).unwrap_or_default();
        assert!(answer["done"].as_bool() == Some(true), "{what}: {line}");
        answer["value"].clone()
    }
}

impl Hands for VsCodeHands {
    fn perform(&mut self, happening: Happening) {
        let mut what = match happening {
            Happening::Edit(_) | Happening::StaleEdit(_) | Happening::TypeAndEdit(..) => return,
            Happening::Undo | Happening::Redo | Happening::Save | Happening::Reopen => {
                json!({ happening.to_json().as_str().unwrap_or_default(): true })
            }
            _ => happening.to_json(),
        };
        if let Happening::Open(text) = happening {
            what["name"] = name(text).into();
        }
        self.ask(&what);
    }

    fn text(&mut self) -> Option<String> {
        let text = self.ask(&json!({ "text": true }));
        Some(text.as_str().unwrap_or_default().to_owned())
    }

    fn fence(&mut self, command: &str) {
        self.ask(&json!({ "run": command }));
    }
}

impl Drop for VsCodeHands {
    fn drop(&mut self) {
        writeln!(self.stdin, "{}", json!({ "stop": true })).ok();
        let deadline = Instant::now() + Duration::from_secs(20);
        while Instant::now() < deadline {
            if matches!(self.node.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        self.node.kill().ok();
        self.node.wait().ok();
    }
}
