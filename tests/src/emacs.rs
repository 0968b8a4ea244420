//! An Emacs in a terminal of its own. It is driven by keys, as by a person; Lisp that looks at it comes over a socket,
//! so that looking is no key.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;

use serde_json::{Value, json};

use crate::terminal::Terminal;
use crate::{Project, editors, patience, wait_for, wait_until};

/// Connects to the test, evaluates what comes from there a line at a time, and answers.
const CONTROL: &str = r#"
(setq inhibit-startup-screen t make-backup-files nil auto-save-default nil ring-bell-function 'ignore
      create-lockfiles nil use-dialog-box nil)
(defvar e2e--input "")
(defun e2e--answer (process line)
  (let* ((call (json-parse-string line :object-type 'plist))
         (answer
          (condition-case problem
              (with-current-buffer (window-buffer (selected-window))
                (list :value (eval (car (read-from-string (plist-get call :code))) t)))
            (error (list :error (format "%S" problem))))))
    (process-send-string process (concat (json-serialize answer :null-object nil :false-object :false) "\n"))))
(defun e2e--take (process piece)
  (setq e2e--input (concat e2e--input piece))
  (while (string-match "\n" e2e--input)
    (let ((line (substring e2e--input 0 (match-beginning 0))))
      (setq e2e--input (substring e2e--input (match-end 0)))
      ;; Outside of the filter, so that what is evaluated may wait for other processes.
      (run-at-time 0 nil #'e2e--answer process line))))
(make-network-process :name "e2e" :host "127.0.0.1" :service e2e-port :noquery t
                      :coding 'utf-8-unix :filter #'e2e--take)
"#;

/// A running Emacs; ends with its language servers when dropped.
pub struct Emacs {
    terminal: Terminal,
    project: Project,
    control: Mutex<BufReader<TcpStream>>,
}

impl Emacs {
    /// Starts with `init` as its whole configuration; none where Emacs cannot be had, with the reason on stdout.
    ///
    /// # Panics
    /// When it does not start.
    pub fn start(init: &str) -> Option<Emacs> {
        let emacs = match &editors().emacs {
            Ok(emacs) => emacs,
            Err(problem) => {
                said(&format!(
                    "EMACS IS NOT TESTED, because it cannot be had here: {problem}"
                ));
                return None;
            }
        };
        let project = Project::new();
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port can be had");
        let port = listener.local_addr().expect("it has an address").port();
        let init = format!("(defconst e2e-port {port})\n{CONTROL}\n{init}");
        let file = project.root().join("init.el");
        fs::write(&file, init).expect("a file can be written");
        let mut command = Command::new(emacs);
        project.isolate(&mut command);
        command.args(["-Q", "-nw", "-l"]).arg(&file);
        command.current_dir(project.folder());
        let socket = project.root().join("tmux");
        let terminal = Terminal::start(&editors().tmux, &socket, &command);
        listener.set_nonblocking(true).expect("it can be asked");
        let stream = wait_until("Emacs connects", || {
            let connection = listener.accept();
            connection.map_err(|_| terminal.screen().text())
        });
        let stream = stream.0;
        stream.set_nonblocking(false).expect("it can be waited for");
        stream
            .set_read_timeout(Some(patience()))
            .expect("a limit can be set");
        let emacs = Emacs {
            terminal,
            project,
            control: Mutex::new(BufReader::new(stream)),
        };
        emacs.lisp("t");
        Some(emacs)
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Evaluates Lisp in the buffer of the selected window; what it gives comes back as JSON.
    ///
    /// # Panics
    /// With the error, or when there is no answer.
    #[track_caller]
    pub fn lisp(&self, code: &str) -> Value {
        match self.try_lisp(code) {
            Ok(value) => value,
            Err(problem) => panic!(
                "{code}: {problem}\n--- screen\n{}",
                self.terminal.screen().text()
            ),
        }
    }

    fn try_lisp(&self, code: &str) -> Result<Value, String> {
        let mut control = self.control.lock().map_err(|it| it.to_string())?;
        let line = format!("{}\n", json!({ "code": code }));
        let sent = control.get_mut().write_all(line.as_bytes());
        sent.map_err(|it| it.to_string())?;
        let mut answer = String::new();
        control
            .read_line(&mut answer)
            .map_err(|it| it.to_string())?;
        let answer: Value = serde_json::from_str(&answer).map_err(|it| it.to_string())?;
        match answer["error"].as_str() {
            Some(problem) => Err(problem.to_owned()),
            None => Ok(answer["value"].clone()),
        }
    }

    /// Evaluates Lisp again and again until it is neither nil nor an error; answers its value.
    ///
    /// # Panics
    /// When it stays so too long: with the screen.
    #[track_caller]
    pub fn wait_until(&self, code: &str) -> Value {
        let poll = || {
            let value = self.try_lisp(code).ok()?;
            (!value.is_null() && value != json!({})).then_some(value)
        };
        wait_for(code, poll, || {
            format!(
                "{:?}\n--- screen\n{}\n--- text\n{}",
                self.try_lisp(code),
                self.terminal.screen().text(),
                self.text()
            )
        })
    }

    /// Presses keys by tmux's names: `Escape`, `Enter`, `C-x`, `M-x`, or one character. Emacs takes them when it
    /// comes to them: wait on their effect.
    pub fn keys(&self, keys: &[&str]) {
        self.terminal.keys(keys);
    }

    /// Types `text` key by key.
    pub fn type_text(&self, text: &str) {
        self.terminal.type_text(text);
    }

    /// Visits a file of the project.
    #[track_caller]
    pub fn open(&self, path: &Path) {
        self.lisp(&format!(
            "(progn (find-file {}) t)",
            quoted(&path.to_string_lossy())
        ));
    }

    /// The buffer's text.
    #[track_caller]
    pub fn text(&self) -> String {
        let text = self.lisp("(buffer-substring-no-properties (point-min) (point-max))");
        text.as_str().expect("a text").to_owned()
    }

    /// Waits until the buffer is exactly `text`.
    ///
    /// # Panics
    /// With both texts when it does not become so.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) {
        wait_until("the buffer has the expected text", || {
            let shown = self.text();
            if shown == text {
                return Ok(());
            }
            Err(format!("--- expected\n{text}\n--- buffer\n{shown}"))
        });
    }
}

/// `text` as Lisp reads a string.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[allow(
    clippy::print_stdout,
    reason = "what was not tested belongs to a test's output"
)]
fn said(line: &str) {
    println!("{line}");
}
