//! A Helix in a terminal of its own, with a clean configuration and, if wanted, one language server.
//! It is driven by keys and seen by its screen, for it has no other way in.
//! The terminal is in `terminal`.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::terminal::Terminal;
pub use crate::terminal::{SIZE, Screen};
use crate::{Project, ServerCommand, editors, wait_for, wait_until};

/// The colour that only the chosen entry of a menu has, as an escape sequence shows it.
const CHOSEN: &str = "38;2;1;2;3";

/// How Helix is set up; the default is Helix with no language server at all.
#[derive(Debug, Default)]
pub struct Setup {
    pub server: Option<ServerCommand>,
    /// Another server in front of ours, for the same languages.
    pub beside: Option<ServerCommand>,
    /// The languages the server is given to, by Helix's names. The others have Helix's own.
    pub languages: Vec<String>,
    /// Sent as initialization options and answered to `workspace/configuration`.
    pub config: Value,
    /// Lines of `config.toml` under `[editor]`.
    pub editor: String,
    /// Further tables of `config.toml`, such as `[keys.normal]`.
    pub more: String,
}

impl Setup {
    /// `server` for `languages`.
    pub fn with_server(server: ServerCommand, languages: &[&str]) -> Setup {
        Setup {
            server: Some(server),
            languages: languages.iter().map(|&name| name.to_owned()).collect(),
            ..Setup::default()
        }
    }

    fn languages_toml(&self) -> String {
        let Some(server) = &self.server else {
            return String::new();
        };
        let mut servers = json!({ "redline": definition(server) });
        if !self.config.is_null() {
            servers["redline"]["config"] = self.config.clone();
        }
        let mut names = vec!["redline"];
        if let Some(beside) = &self.beside {
            servers["beside"] = definition(beside);
            names.insert(0, "beside");
        }
        let languages: Vec<Value> = self
            .languages
            .iter()
            .map(|name| json!({ "name": name, "language-servers": names }))
            .collect();
        let file = json!({ "language-server": servers, "language": languages });
        toml::to_string(&file).expect("the settings have no null")
    }

    fn config_toml(&self) -> String {
        // Without a server of ours Helix would start whatever server it finds for the language.
        let servers = self.server.is_some();
        format!(
            "theme = \"e2e\"\n[editor]\ntrue-color = true\nlsp.enable = {servers}\n\
             lsp.display-messages = true\n{}\n{}\n",
            self.editor, self.more
        )
    }
}

/// A running Helix; ends with its language server when dropped.
#[derive(Debug)]
pub struct Helix {
    terminal: Terminal,
    project: Project,
}

impl Helix {
    /// # Panics
    /// When Helix or tmux cannot be had or Helix does not start.
    pub fn start(setup: &Setup) -> Helix {
        Helix::start_in(Project::new(), setup)
    }

    /// Starts in a project that is already furnished.
    ///
    /// # Panics
    /// As [`Helix::start`].
    pub fn start_in(project: Project, setup: &Setup) -> Helix {
        let config = project.config_folder().join("helix");
        fs::create_dir_all(config.join("themes")).expect("a folder can be made");
        for (name, text) in [
            ("config.toml", setup.config_toml()),
            ("languages.toml", setup.languages_toml()),
            (
                "themes/e2e.toml",
                "inherits = \"default\"\n\"ui.menu.selected\" = { fg = \"#010203\", bg = \"#fefdfc\" }\n"
                    .to_owned(),
            ),
        ] {
            fs::write(config.join(name), text).expect("a file can be written");
        }
        let mut command = Command::new(&editors().helix);
        project.isolate(&mut command);
        Helix::run(project, command)
    }

    /// Starts with what stands in the project's home, and finds servers by that `PATH`.
    ///
    /// # Panics
    /// As [`Helix::start`].
    pub fn start_in_home(project: Project, path: &OsStr) -> Helix {
        let mut command = Command::new(&editors().helix);
        project.isolate(&mut command);
        for name in ["CONFIG", "CACHE", "DATA", "STATE"] {
            command.env_remove(format!("XDG_{name}_HOME"));
        }
        command.env("PATH", path);
        Helix::run(project, command)
    }

    fn run(project: Project, mut command: Command) -> Helix {
        command.arg("--log").arg(project.root().join("helix.log"));
        command.arg("-v").current_dir(project.folder());
        let socket = project.root().join("tmux");
        let terminal = Terminal::start(&editors().tmux, &socket, &command);
        let helix = Helix { terminal, project };
        helix.wait_for_text("[scratch]");
        helix
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Presses keys by tmux's names: `Escape`, `Enter`, `C-c`, `Down`, or one character.
    pub fn keys(&self, keys: &[&str]) {
        self.terminal.keys(keys);
    }

    /// Types `text` key by key.
    pub fn type_text(&self, text: &str) {
        self.terminal.type_text(text);
    }

    /// Pastes `text` as one piece, as a terminal does in insert mode.
    pub fn paste(&self, text: &str) {
        self.terminal.paste(text);
    }

    pub fn screen(&self) -> Screen {
        self.terminal.screen()
    }

    /// Column and row of the cursor on the screen, from 0.
    pub fn cursor(&self) -> (u16, u16) {
        self.terminal.cursor()
    }

    /// Waits for a screen that `holds`, and answers it.
    ///
    /// # Panics
    /// With the last screen and Helix's log.
    #[track_caller]
    pub fn wait_for_screen(&self, what: &str, holds: impl Fn(&Screen) -> bool) -> Screen {
        let poll = || Some(self.screen()).filter(|it| holds(it));
        wait_for(what, poll, || self.report(&self.screen()))
    }

    /// Waits until `text` stands in one row of the screen.
    ///
    /// # Panics
    /// As [`Helix::wait_for_screen`].
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) -> Screen {
        let what = format!("`{text}` is on the screen");
        self.wait_for_screen(&what, |screen| screen.contains(text))
    }

    /// Leaves insert or select mode. A key sent right behind Escape would be read as one key with Alt, so this
    /// returns when the status line says normal mode.
    ///
    /// # Panics
    /// As [`Helix::wait_for_screen`].
    #[track_caller]
    pub fn normal_mode(&self) {
        let is_normal = |screen: &Screen| screen.rows.iter().any(|row| row.starts_with(" NOR "));
        if !is_normal(&self.screen()) {
            self.keys(&["Escape"]);
            self.wait_for_screen("normal mode", is_normal);
        }
    }

    /// Runs a typed command such as `:w` (written without the colon) from normal mode.
    pub fn command(&self, command: &str) {
        self.normal_mode();
        self.keys(&[":"]);
        self.type_text(command);
        self.keys(&["Enter"]);
    }

    /// Opens a file of the project and waits until the status line names it.
    ///
    /// # Panics
    /// As [`Helix::wait_for_screen`].
    #[track_caller]
    pub fn open(&self, path: &Path) {
        self.command(&format!("open {}", path.display()));
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        self.wait_for_screen("the status line names the file", |screen| {
            screen
                .rows
                .iter()
                .any(|row| row.contains("NOR ") && row.contains(&*name))
        });
    }

    /// Waits until the language server knows a file of the project, that is, has been initialized and told.
    ///
    /// # Panics
    /// When it is not in time, with Helix's log.
    #[track_caller]
    pub fn wait_for_server(&self, path: &Path) {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        wait_until("the language server is told of the file", || {
            let log = self.log();
            let told = log.lines().any(|line| {
                line.contains("\"method\":\"textDocument/didOpen\"") && line.contains(&*name)
            });
            if told {
                Ok(())
            } else {
                Err(self.report(&self.screen()))
            }
        });
    }

    /// Writes the file and waits for Helix's word that it is written.
    ///
    /// # Panics
    /// As [`Helix::wait_for_screen`].
    #[track_caller]
    pub fn save(&self) {
        // An older message of the same kind must not answer for this one.
        self.normal_mode();
        self.keys(&[":"]);
        self.wait_for_screen("the command line is open", |screen| {
            !screen.contains("' written, ")
        });
        self.type_text("write");
        self.keys(&["Enter"]);
        self.wait_for_text("' written, ");
    }

    /// Selects `count` whole lines from line `first` (from 0).
    pub fn select_lines(&self, first: u32, count: u32) {
        self.command(&format!("goto {}", first + 1));
        self.type_text(&"x".repeat(count as usize));
    }

    /// Opens the code-action menu on the selection, chooses the entry of that title and runs it.
    /// Its effect comes later: wait on it.
    ///
    /// # Panics
    /// When no entry has the title, or no menu opens.
    #[track_caller]
    pub fn code_action(&self, title: &str) {
        let mut seen = Vec::new();
        let mut entry = self.open_code_actions();
        while entry != title {
            assert!(
                !seen.contains(&entry),
                "no code action `{title}`, only {seen:#?}\n{}",
                self.report(&self.screen())
            );
            self.keys(&["Down"]);
            seen.push(entry.clone());
            entry = self.wait_for_other_entry(&entry).unwrap_or(entry);
        }
        self.keys(&["Enter"]);
        self.wait_for_screen("the menu closes", |screen| chosen_entry(screen).is_none());
    }

    /// The titles in the code-action menu of the selection, in its order; the menu is closed again.
    ///
    /// # Panics
    /// When no menu opens.
    #[track_caller]
    pub fn code_action_titles(&self) -> Vec<String> {
        let mut titles = vec![self.open_code_actions()];
        loop {
            self.keys(&["Down"]);
            let last = titles[titles.len() - 1].clone();
            match self.wait_for_other_entry(&last) {
                Some(entry) if !titles.contains(&entry) => titles.push(entry),
                _ => break,
            }
        }
        self.keys(&["Escape"]);
        self.wait_for_screen("the menu closes", |screen| chosen_entry(screen).is_none());
        titles
    }

    /// Runs a server's command with JSON values as its arguments.
    pub fn lsp_command(&self, command: &str, arguments: &[Value]) {
        let mut line = format!("lsp-workspace-command {command}");
        for argument in arguments {
            line += &format!(" {argument}");
        }
        self.command(&line);
    }

    pub fn is_running(&self) -> bool {
        self.terminal.is_running()
    }

    /// Helix's own log, with its talk to the language server at `-v`.
    pub fn log(&self) -> String {
        fs::read_to_string(self.project.root().join("helix.log")).unwrap_or_default()
    }

    #[track_caller]
    fn open_code_actions(&self) -> String {
        self.keys(&["Space", "a"]);
        let screen = self.wait_for_screen("the code-action menu opens", |screen| {
            chosen_entry(screen).is_some()
        });
        chosen_entry(&screen).unwrap_or_default()
    }

    /// The chosen entry after a step in the menu; none when there is only one entry, so that nothing moves.
    #[track_caller]
    fn wait_for_other_entry(&self, entry: &str) -> Option<String> {
        // With a single entry nothing tells that the key was handled: only then the time is spent.
        let deadline = Instant::now() + Duration::from_secs(2);
        while Instant::now() < deadline {
            let now = chosen_entry(&self.screen())?;
            if now != entry {
                return Some(now);
            }
        }
        None
    }

    fn report(&self, screen: &Screen) -> String {
        let log = self.log();
        let tail: Vec<_> = log.lines().rev().take(40).collect();
        let tail: Vec<_> = tail.into_iter().rev().collect();
        format!(
            "--- screen\n{}\n--- log\n{}",
            screen.text(),
            tail.join("\n")
        )
    }
}

/// A server as `languages.toml` has it.
fn definition(server: &ServerCommand) -> Value {
    let environment = server.env.iter();
    let environment: Value = environment
        .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
        .collect();
    json!({
        "command": server.program,
        "args": server.args,
        "environment": environment,
    })
}

/// The text of the chosen menu entry, found by its colour.
fn chosen_entry(screen: &Screen) -> Option<String> {
    let row = screen.styled.iter().find(|row| row.contains(CHOSEN))?;
    let mut entry = String::new();
    let mut is_chosen = false;
    for (index, piece) in row.split("\x1b[").enumerate() {
        let (style, text) = match (index, piece.split_once('m')) {
            (0, _) | (_, None) => ("", piece),
            (_, Some(parts)) => parts,
        };
        // A background or an attribute leaves the foreground as it is.
        if style.contains(CHOSEN) {
            is_chosen = true;
        } else if style
            .split(';')
            .any(|code| matches!(code, "" | "0" | "38" | "39"))
        {
            is_chosen = false;
        }
        if is_chosen {
            entry += text;
        }
    }
    Some(entry.trim().to_owned())
}
