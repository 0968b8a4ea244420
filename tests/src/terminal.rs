//! A terminal of fixed size, held by a tmux server of its own: keys in, screen out.
//! Which program runs in it is of no interest here.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{self, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Columns and rows of the terminal.
pub const SIZE: (u16, u16) = (120, 40);

/// What the terminal shows at one moment.
#[derive(Clone, Debug)]
pub struct Screen {
    /// One string per row, without trailing spaces.
    pub rows: Vec<String>,
    /// The rows with their escape sequences (SGR), so that colours can be seen.
    pub styled: Vec<String>,
}

impl Screen {
    pub fn contains(&self, text: &str) -> bool {
        self.rows.iter().any(|row| row.contains(text))
    }

    /// The rows as they stand, for messages.
    pub fn text(&self) -> String {
        self.rows.join("\n").trim_end().to_owned()
    }
}

/// One program in one tmux session; both end when this is dropped.
#[derive(Debug)]
pub(crate) struct Terminal {
    tmux: PathBuf,
    socket: PathBuf,
    /// The program inside, to see it gone at the end.
    inside: u32,
}

impl Terminal {
    /// Starts `command` (its environment is the whole environment of the session).
    ///
    /// # Panics
    /// When tmux does not start.
    pub(crate) fn start(tmux: &Path, socket: &Path, command: &Command) -> Terminal {
        let mut session = Command::new(tmux);
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => session.env(name, value),
                None => session.env_remove(name),
            };
        }
        if let Some(folder) = command.get_current_dir() {
            session.current_dir(folder);
        }
        let (columns, rows) = SIZE;
        // UTF-8 whatever the locale; no status line, no delay after Escape.
        session
            .arg("-u")
            .arg("-S")
            .arg(socket)
            .args(["-f", "/dev/null"])
            .args(["set-option", "-g", "status", "off", ";"])
            .args(["set-option", "-g", "escape-time", "0", ";"])
            .args([
                "set-option",
                "-g",
                "default-terminal",
                "screen-256color",
                ";",
            ])
            .args(["set-option", "-g", "remain-on-exit", "on", ";"])
            .args(["new-session", "-d", "-P", "-F", "#{pane_pid}"])
            .args(["-x", &columns.to_string(), "-y", &rows.to_string()])
            .arg("--")
            .arg(command.get_program())
            .args(command.get_args())
            .env("COLORTERM", "truecolor")
            .stdin(Stdio::null());
        let output = session.output().expect("tmux starts");
        let mut terminal = Terminal {
            tmux: tmux.to_owned(),
            socket: socket.to_owned(),
            inside: 0,
        };
        terminal.inside = text_of(&output)
            .trim()
            .parse()
            .expect("tmux tells the process id");
        terminal.end_with_this_process();
        terminal
    }

    /// A test that is killed drops nothing, and tmux is a daemon: it must look itself.
    fn end_with_this_process(&self) {
        let watch = format!(
            "while kill -0 {} 2>/dev/null; do sleep 2; done; kill {} 2>/dev/null; '{}' -S '{}' kill-server",
            process::id(),
            self.inside,
            self.tmux.display(),
            self.socket.display()
        );
        self.tmux(&["run-shell", "-b", &watch]);
    }

    /// Presses keys by tmux's names: `Escape`, `Enter`, `C-c`, `Down`, or one character.
    pub(crate) fn keys(&self, keys: &[&str]) {
        for key in keys {
            // A semicolon at the end of an argument would separate tmux commands.
            let key = if *key == ";" { "\\;" } else { key };
            self.tmux(&["send-keys", "--", key]);
        }
    }

    /// Types `text` as it stands.
    pub(crate) fn type_text(&self, text: &str) {
        let mut text = text.to_owned();
        if text.ends_with(';') {
            text.insert(text.len() - 1, '\\');
        }
        self.tmux(&["send-keys", "-l", "--", &text]);
    }

    /// Pastes `text` as a terminal does when the program asked for bracketed paste.
    pub(crate) fn paste(&self, text: &str) {
        let mut load = self.command(&["load-buffer", "-"]);
        let mut load = load.stdin(Stdio::piped()).spawn().expect("tmux starts");
        let mut stdin = load.stdin.take().expect("stdin is a pipe");
        stdin.write_all(text.as_bytes()).expect("tmux reads");
        drop(stdin);
        assert!(load.wait().is_ok_and(|status| status.success()));
        self.tmux(&["paste-buffer", "-p", "-r"]);
    }

    /// Costs two starts of the tmux client, a few milliseconds.
    pub(crate) fn screen(&self) -> Screen {
        let styled = self.tmux(&["capture-pane", "-p", "-e"]);
        let plain = self.tmux(&["capture-pane", "-p"]);
        let rows = |text: &str| text.lines().map(|row| row.trim_end().to_owned()).collect();
        Screen {
            rows: rows(&plain),
            styled: rows(&styled),
        }
    }

    /// Column and row of the cursor, from 0.
    pub(crate) fn cursor(&self) -> (u16, u16) {
        let answer = self.tmux(&["display-message", "-p", "#{cursor_x} #{cursor_y}"]);
        let mut numbers = answer
            .split_whitespace()
            .filter_map(|word| word.parse().ok());
        let mut next = || numbers.next().expect("tmux tells the cursor");
        (next(), next())
    }

    pub(crate) fn is_running(&self) -> bool {
        self.tmux(&["display-message", "-p", "#{pane_dead}"]).trim() == "0"
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.tmux);
        command
            .arg("-u")
            .arg("-S")
            .arg(&self.socket)
            .args(arguments);
        command
    }

    #[track_caller]
    fn tmux(&self, arguments: &[&str]) -> String {
        text_of(&self.command(arguments).output().expect("tmux starts"))
    }
}

#[track_caller]
fn text_of(output: &Output) -> String {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "tmux failed: {complaint}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.command(&["kill-server"]).output().ok();
        let deadline = Instant::now() + Duration::from_millis(300);
        while self.inside != 0 && is_alive(self.inside) {
            if Instant::now() > deadline {
                let id = self.inside.to_string();
                Command::new("kill").args(["-KILL", &id]).status().ok();
                break;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        fs::remove_file(&self.socket).ok();
    }
}

fn is_alive(process: u32) -> bool {
    let id = process.to_string();
    let answer = Command::new("kill").args(["-0", &id]).output();
    answer.is_ok_and(|answer| answer.status.success())
}
