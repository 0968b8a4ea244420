//! Neovim without a terminal: it tells what is on its screen over its RPC, and here it is kept and filmed.

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rmpv::Value;

pub(crate) const COLUMNS: usize = 84;
pub(crate) const ROWS: usize = 24;

/// Between two frames at least.
const FRAME: Duration = Duration::from_millis(100);
/// Between two keys of a person in the film.
const KEY: Duration = Duration::from_millis(55);
const PATIENCE: Duration = Duration::from_secs(60);

/// How characters look; colours as 0xRRGGBB.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Look {
    pub(crate) foreground: Option<u64>,
    pub(crate) background: Option<u64>,
    pub(crate) is_bold: bool,
    pub(crate) is_italic: bool,
    pub(crate) is_reverse: bool,
}

/// Characters of one look beside each other in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) row: usize,
    pub(crate) column: usize,
    /// Columns that the text takes.
    pub(crate) width: usize,
    pub(crate) look: Look,
    pub(crate) text: String,
}

/// One picture of the film.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) lasts: Duration,
    pub(crate) runs: Vec<Run>,
    pub(crate) foreground: u64,
    pub(crate) background: u64,
}

/// A running Neovim, its screen and the film so far.
pub(crate) struct Screen {
    child: Child,
    stdin: ChildStdin,
    messages: Receiver<Value>,
    last_call: u64,
    grid: Grid,
    film: Vec<Frame>,
    filmed: Instant,
}

impl Screen {
    pub(super) fn start(program: &Path, init: &Path, folder: &Path) -> Result<Screen> {
        let mut command = Command::new(program);
        command
            .args(["--embed", "-n", "-i", "NONE", "-u"])
            .arg(init)
            .current_dir(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped());
        for name in [
            "HOME",
            "XDG_CONFIG_HOME",
            "XDG_CACHE_HOME",
            "XDG_DATA_HOME",
            "XDG_STATE_HOME",
        ] {
            command.env(name, folder.join("home"));
        }
        for name in ["NVIM", "NVIM_APPNAME", "VIMINIT", "COLORTERM"] {
            command.env_remove(name);
        }
        let mut child = command.spawn().context("Neovim does not start")?;
        let stdin = child.stdin.take().context("stdin is a pipe")?;
        let stdout = child.stdout.take().context("stdout is a pipe")?;
        let (sender, messages) = mpsc::channel();
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            while let Ok(message) = rmpv::decode::read_value(&mut stdout) {
                if sender.send(message).is_err() {
                    return;
                }
            }
        });
        let mut screen = Screen {
            child,
            stdin,
            messages,
            last_call: 0,
            grid: Grid::new(),
            film: Vec::new(),
            filmed: Instant::now(),
        };
        let options = Value::Map(vec![
            ("rgb".into(), true.into()),
            ("ext_linegrid".into(), true.into()),
        ]);
        screen.call("nvim_ui_attach", vec![COLUMNS.into(), ROWS.into(), options])?;
        Ok(screen)
    }

    fn call(&mut self, function: &str, arguments: Vec<Value>) -> Result<Value> {
        self.last_call += 1;
        let id = self.last_call;
        let call = Value::Array(vec![
            0.into(),
            id.into(),
            function.into(),
            Value::Array(arguments),
        ]);
        rmpv::encode::write_value(&mut self.stdin, &call)?;
        self.stdin.flush()?;
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let message = self
                .messages
                .recv_timeout(left)
                .with_context(|| format!("no answer to {function}"))?;
            if message[0].as_u64() == Some(1) && message[1].as_u64() == Some(id) {
                if !message[2].is_nil() {
                    bail!("{function}: {}", message[2]);
                }
                return Ok(message[3].clone());
            }
            self.grid.take(&message);
        }
    }

    pub(super) fn input(&mut self, keys: &str) -> Result<()> {
        self.call("nvim_input", vec![keys.into()])?;
        Ok(())
    }

    /// Types as a person does, and films it.
    pub(super) fn type_text(&mut self, text: &str) -> Result<()> {
        for key in text.chars() {
            let key = if key == '<' {
                "<lt>".to_owned()
            } else {
                key.to_string()
            };
            self.input(&key)?;
            self.film(KEY)?;
        }
        Ok(())
    }

    fn is(&mut self, condition: &str) -> Result<bool> {
        let code = format!("return ({condition}) and true or false");
        let answer = self.call("nvim_exec_lua", vec![code.into(), Value::Array(Vec::new())])?;
        Ok(answer.as_bool() == Some(true))
    }

    /// Waits until a Lua expression is true.
    pub(super) fn wait_until(&mut self, condition: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while !self.is(condition)? {
            if Instant::now() > until {
                bail!("waited in vain for {condition}");
            }
            self.pump(FRAME / 5)?;
        }
        Ok(())
    }

    /// What comes from now on is the film.
    pub(super) fn begin_film(&mut self) {
        self.film.clear();
        self.filmed = Instant::now();
    }

    /// Films until a Lua expression is true.
    pub(super) fn film_until(&mut self, condition: &str) -> Result<()> {
        let until = Instant::now() + PATIENCE;
        while !self.is(condition)? {
            if Instant::now() > until {
                bail!("never saw {condition}");
            }
            self.film(FRAME)?;
        }
        self.film(FRAME)
    }

    pub(super) fn film(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.pump(left.min(FRAME))?;
            let now = Instant::now();
            let lasts = now - std::mem::replace(&mut self.filmed, now);
            let frame = self.grid.frame(lasts);
            match self.film.last_mut() {
                Some(last) if last.runs == frame.runs => last.lasts += lasts,
                Some(last) if last.lasts < FRAME => {
                    let lasts = last.lasts + lasts;
                    *last = Frame { lasts, ..frame };
                }
                _ => self.film.push(frame),
            }
        }
    }

    /// The screen as it is.
    pub(super) fn picture(&self) -> Frame {
        self.grid.frame(FRAME)
    }

    /// Ends Neovim; gives the film.
    pub(super) fn end(mut self) -> Result<Vec<Frame>> {
        self.input(":qa!<CR>")?;
        self.child.wait()?;
        Ok(self.film)
    }

    /// Takes what comes within this time.
    fn pump(&mut self, time: Duration) -> Result<()> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.messages.recv_timeout(left) {
                Ok(message) => self.grid.take(&message),
                Err(RecvTimeoutError::Timeout) => return Ok(()),
                Err(RecvTimeoutError::Disconnected) => bail!("Neovim has gone"),
            }
        }
    }
}

/// The screen: `:help ui-linegrid`.
struct Grid {
    looks: HashMap<u64, Look>,
    foreground: u64,
    background: u64,
    /// Text and look of each cell; the right half of a wide character has no text.
    cells: Vec<Vec<(String, u64)>>,
    cursor: (usize, usize),
    /// What was on the screen when Neovim last said that it is complete.
    shown: Vec<Vec<(String, u64)>>,
    shown_cursor: (usize, usize),
}

impl Grid {
    fn new() -> Grid {
        let blank = vec![vec![(" ".to_owned(), 0); COLUMNS]; ROWS];
        Grid {
            looks: HashMap::new(),
            foreground: 0xff_ff_ff,
            background: 0,
            shown: blank.clone(),
            cells: blank,
            cursor: (0, 0),
            shown_cursor: (0, 0),
        }
    }

    fn take(&mut self, message: &Value) {
        if message[1].as_str() != Some("redraw") {
            return;
        }
        for batch in message[2].as_array().into_iter().flatten() {
            let name = batch[0].as_str().unwrap_or_default();
            for event in batch.as_array().into_iter().flatten().skip(1) {
                self.on_event(name, event);
            }
        }
    }

    fn on_event(&mut self, name: &str, event: &Value) {
        let number = |at: usize| event[at].as_i64().unwrap_or_default();
        let place = |at: usize| usize::try_from(number(at)).unwrap_or_default();
        match name {
            "default_colors_set" => {
                self.foreground = event[0].as_u64().unwrap_or(0xff_ff_ff);
                self.background = event[1].as_u64().unwrap_or(0);
            }
            "hl_attr_define" => {
                let look = look(&event[1]);
                self.looks
                    .insert(event[0].as_u64().unwrap_or_default(), look);
            }
            "grid_line" => self.line(place(1), place(2), &event[3]),
            "grid_clear" => self
                .cells
                .iter_mut()
                .flatten()
                .for_each(|cell| *cell = (" ".to_owned(), 0)),
            "grid_cursor_goto" => self.cursor = (place(1), place(2)),
            "grid_scroll" => self.scroll(place(1)..place(2), place(3)..place(4), number(5)),
            "flush" => {
                self.shown.clone_from(&self.cells);
                self.shown_cursor = self.cursor;
            }
            _ => {}
        }
    }

    fn line(&mut self, row: usize, mut column: usize, cells: &Value) {
        let mut look = 0;
        for cell in cells.as_array().into_iter().flatten() {
            let parts = cell.as_array().map_or(0, Vec::len);
            look = if parts > 1 {
                cell[1].as_u64().unwrap_or(look)
            } else {
                look
            };
            let times = if parts > 2 {
                cell[2].as_u64().unwrap_or(1)
            } else {
                1
            };
            for _ in 0..times {
                if let Some(place) = self.cells.get_mut(row).and_then(|row| row.get_mut(column)) {
                    *place = (cell[0].as_str().unwrap_or(" ").to_owned(), look);
                }
                column += 1;
            }
        }
    }

    fn scroll(&mut self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>, by: i64) {
        let before = self.cells.clone();
        for row in rows.clone() {
            let from = row as i64 + by;
            if from >= rows.start as i64 && from < rows.end as i64 {
                let from = &before[from as usize][columns.clone()];
                self.cells[row][columns.clone()].clone_from_slice(from);
            }
        }
    }

    fn frame(&self, lasts: Duration) -> Frame {
        let mut runs: Vec<Run> = Vec::new();
        for (row, cells) in self.shown.iter().enumerate() {
            for (column, (text, id)) in cells.iter().enumerate() {
                let mut look = self.looks.get(id).copied().unwrap_or_default();
                if (row, column) == self.shown_cursor {
                    look.is_reverse = !look.is_reverse;
                }
                if look.is_reverse {
                    let foreground = look.foreground.unwrap_or(self.foreground);
                    look.foreground = Some(look.background.unwrap_or(self.background));
                    look.background = Some(foreground);
                    look.is_reverse = false;
                }
                match runs.last_mut() {
                    Some(run) if run.row == row && (run.look == look || text.is_empty()) => {
                        run.text.push_str(text);
                        run.width += 1;
                    }
                    _ => runs.push(Run {
                        row,
                        column,
                        width: 1,
                        look,
                        text: text.clone(),
                    }),
                }
            }
        }
        runs.retain(|run| run.look.background.is_some() || run.text.trim() != "");
        Frame {
            lasts,
            runs,
            foreground: self.foreground,
            background: self.background,
        }
    }
}

fn look(attributes: &Value) -> Look {
    let get = |name: &str| {
        attributes
            .as_map()
            .and_then(|map| map.iter().find(|(key, _)| key.as_str() == Some(name)))
            .map(|(_, value)| value)
    };
    let is = |name: &str| get(name).and_then(Value::as_bool).unwrap_or(false);
    Look {
        foreground: get("foreground").and_then(Value::as_u64),
        background: get("background").and_then(Value::as_u64),
        is_bold: is("bold"),
        is_italic: is("italic"),
        is_reverse: is("reverse"),
    }
}
