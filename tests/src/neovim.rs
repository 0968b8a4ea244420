//! A headless Neovim with a clean configuration and, if wanted, one stock `vim.lsp` client or our own plugin.
//! It is driven as a person and a stock configuration would: keys, `vim.lsp.buf`, `:write`.
//! The wire format is in `rpc`.

mod rpc;

use std::fs::{self, File};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::{Project, ServerCommand, editors, wait_for};
use rpc::Rpc;

/// How Neovim is set up; the default is Neovim with no language server.
#[derive(Debug, Default)]
pub struct Setup {
    pub server: Option<ServerCommand>,
    /// The file types the server is attached to, by Neovim's names.
    pub filetypes: Vec<String>,
    /// What `workspace/configuration` is answered from: `{"redline": {…}}`.
    pub settings: Value,
    pub init_options: Value,
    /// `flags.debounce_text_changes`; none leaves Neovim's own 150 ms.
    pub debounce_ms: Option<u32>,
    /// `general.positionEncodings` to offer; empty leaves Neovim's own list.
    pub encodings: Vec<String>,
    /// Whether our plugin is installed; it then brings file types, encoding and delay itself.
    pub plugin: bool,
    /// Lua at the end of `init.lua`.
    pub init_lua: String,
}

impl Setup {
    /// A stock client of `server` for `filetypes`.
    pub fn with_server(server: ServerCommand, filetypes: &[&str]) -> Setup {
        Setup {
            server: Some(server),
            filetypes: filetypes.iter().map(|&name| name.to_owned()).collect(),
            ..Setup::default()
        }
    }

    /// Our plugin with `server`.
    pub fn with_plugin(server: ServerCommand) -> Setup {
        Setup {
            server: Some(server),
            plugin: true,
            ..Setup::default()
        }
    }

    fn init_lua(&self) -> String {
        let mut lua = String::from("vim.o.swapfile = false\nvim.o.more = false\n");
        if self.plugin {
            let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../editors/neovim");
            lua += &format!("vim.opt.runtimepath:prepend([==[{folder}]==])\n");
        }
        if let Some(server) = &self.server {
            let mut command = vec![server.program.display().to_string()];
            command.extend(server.args.iter().cloned());
            let mut config = json!({ "cmd": command });
            if !self.plugin {
                config["filetypes"] = self.filetypes.clone().into();
                config["root_markers"] = json!([".git"]);
            }
            if !server.env.is_empty() {
                config["cmd_env"] = server
                    .env
                    .iter()
                    .map(|(name, value)| (name.clone(), Value::from(value.as_str())))
                    .collect();
            }
            for (key, value) in [
                ("settings", &self.settings),
                ("init_options", &self.init_options),
            ] {
                if !value.is_null() {
                    config[key] = value.clone();
                }
            }
            if let Some(ms) = self.debounce_ms {
                config["flags"] = json!({ "debounce_text_changes": ms });
            }
            if !self.encodings.is_empty() {
                config["capabilities"] =
                    json!({ "general": { "positionEncodings": self.encodings } });
            }
            // A long bracket takes JSON as it is, whatever quotes it holds.
            lua += &format!("local config = vim.json.decode([==[{config}]==])\n");
            lua += "vim.lsp.config('redline', config)\nvim.lsp.enable('redline')\n";
        }
        lua + &self.init_lua
    }
}

/// A running Neovim; ends with its language server when dropped.
#[derive(Debug)]
pub struct Neovim {
    child: Child,
    rpc: Rpc,
    stderr: PathBuf,
    project: Project,
}

impl Neovim {
    /// # Panics
    /// When Neovim cannot be had or does not start.
    pub fn start(setup: &Setup) -> Neovim {
        Neovim::start_in(Project::new(), setup)
    }

    /// Starts in a project that is already furnished.
    ///
    /// # Panics
    /// As [`Neovim::start`].
    pub fn start_in(project: Project, setup: &Setup) -> Neovim {
        let init = project.root().join("init.lua");
        fs::write(&init, setup.init_lua()).expect("init.lua can be written");
        let stderr = project.root().join("nvim.stderr");
        let mut command = Command::new(&editors().neovim);
        project.isolate(&mut command);
        let mut child = command
            .args(["--headless", "--embed", "-n", "-i", "NONE", "-u"])
            .arg(&init)
            .current_dir(project.folder())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(File::create(&stderr).expect("a file for stderr can be made"))
            .spawn()
            .expect("Neovim starts");
        let stdin = child.stdin.take().expect("stdin is a pipe");
        let stdout = child.stdout.take().expect("stdout is a pipe");
        let neovim = Neovim {
            child,
            rpc: Rpc::new(stdin, stdout),
            stderr,
            project,
        };
        neovim.lua("return vim.v.vim_did_enter", json!([]));
        neovim
    }

    pub fn project(&self) -> &Project {
        &self.project
    }

    /// Calls an API function such as `nvim_get_mode`.
    ///
    /// # Panics
    /// With Neovim's error and its messages.
    #[track_caller]
    pub fn call(&self, function: &str, arguments: Vec<Value>) -> Value {
        match self.rpc.call(function, arguments) {
            Ok(value) => value,
            Err(error) => panic!("{error}\n{}", self.report()),
        }
    }

    /// Runs Lua with `arguments` (an array) as `...`; what it returns comes back as JSON.
    /// An empty Lua table comes back as `[]`.
    ///
    /// # Panics
    /// As [`Neovim::call`].
    #[track_caller]
    pub fn lua(&self, code: &str, arguments: Value) -> Value {
        self.call("nvim_exec_lua", vec![code.into(), arguments])
    }

    /// Runs an Ex command such as `write`.
    ///
    /// # Panics
    /// As [`Neovim::call`].
    #[track_caller]
    pub fn ex(&self, command: &str) {
        self.call("nvim_command", vec![command.into()]);
    }

    /// Evaluates a Lua expression again and again until it is neither nil nor false; answers its value.
    /// Neovim is idle in between, so it handles messages of its servers and pending keys.
    ///
    /// # Panics
    /// When it stays nil or false too long: with the buffer and the messages.
    #[track_caller]
    pub fn wait_until(&self, expression: &str) -> Value {
        let code = format!("return {expression}");
        let poll = || match self.lua(&code, json!([])) {
            Value::Null | Value::Bool(false) => None,
            value => Some(value),
        };
        wait_for(expression, poll, || self.report())
    }

    /// Edits a file of the project. A server attaches later: [`Neovim::wait_for_server`].
    #[track_caller]
    pub fn open(&self, path: &Path) {
        self.call(
            "nvim_cmd",
            vec![json!({ "cmd": "edit", "args": [path] }), json!({})],
        );
    }

    /// Waits until a server has been initialized and attached to the current buffer.
    ///
    /// # Panics
    /// When none does in time.
    #[track_caller]
    pub fn wait_for_server(&self) {
        self.wait_until("#vim.lsp.get_clients({ bufnr = 0 }) > 0 and vim.lsp.get_clients({ bufnr = 0 })[1].initialized");
    }

    /// Sends keys as a person's terminal does (`<Esc>`, `<C-r>` and the like in Vim's notation).
    /// Neovim takes them when it comes to them: wait on their effect.
    #[track_caller]
    pub fn input(&self, keys: &str) {
        self.call("nvim_input", vec![keys.into()]);
    }

    /// Feeds keys and returns when all are worked off; an insert left open is ended.
    #[track_caller]
    pub fn keys(&self, keys: &str) {
        let code = "vim.api.nvim_feedkeys(vim.keycode(...), 'xt', false)";
        self.lua(code, json!([keys]));
    }

    /// The current buffer as `:write` would write it, in UTF-8.
    #[track_caller]
    pub fn text(&self) -> String {
        let text = self.lua(
            "local ends = { unix = '\\n', dos = '\\r\\n', mac = '\\r' }
             local line_end = ends[vim.bo.fileformat]
             local lines = vim.api.nvim_buf_get_lines(0, 0, -1, false)
             return table.concat(lines, line_end) .. (vim.bo.endofline and line_end or '')",
            json!([]),
        );
        text.as_str().expect("a text").to_owned()
    }

    /// Waits until the buffer is exactly `text`.
    ///
    /// # Panics
    /// With both texts when it does not become so.
    #[track_caller]
    pub fn wait_for_text(&self, text: &str) {
        let seen = || format!("--- expected\n{text}\n{}", self.report());
        let poll = || (self.text() == text).then_some(());
        wait_for("the buffer has the expected text", poll, seen);
    }

    /// Writes the current buffer to its file.
    #[track_caller]
    pub fn save(&self) {
        self.ex("silent write");
    }

    /// What `:messages` shows.
    pub fn messages(&self) -> String {
        let messages = self.rpc.call(
            "nvim_exec2",
            vec!["messages".into(), json!({ "output": true })],
        );
        match messages {
            Ok(answer) => answer["output"].as_str().unwrap_or_default().to_owned(),
            Err(error) => error,
        }
    }

    /// The titles of the code actions for whole lines (from 0, end exclusive), as the servers answer them.
    ///
    /// # Panics
    /// When there is no answer.
    #[track_caller]
    pub fn code_action_titles(&self, lines: Range<u32>) -> Vec<String> {
        let titles = self.lua(
            "local first, last = ...
             local length = #vim.api.nvim_buf_get_lines(0, last - 1, last, false)[1]
             local range = { start = { first + 1, 0 }, ['end'] = { last, length } }
             local titles = {}
             local buffer = vim.api.nvim_get_current_buf()
             for _, client in ipairs(vim.lsp.get_clients({ bufnr = 0, method = 'textDocument/codeAction' })) do
               local params = vim.lsp.util.make_given_range_params(
                 range.start, range['end'], 0, client.offset_encoding)
               params.context = { diagnostics = {}, triggerKind = 1 }
               local answer, reason = client:request_sync('textDocument/codeAction', params, 10000, buffer)
               if not answer or answer.err then
                 error('textDocument/codeAction: ' .. vim.inspect(answer and answer.err or reason))
               end
               for _, action in ipairs(answer.result or {}) do
                 titles[#titles + 1] = action.title
               end
             end
             return titles",
            json!([lines.start, lines.end]),
        );
        let titles = titles.as_array().cloned().unwrap_or_default();
        titles
            .iter()
            .filter_map(|title| title.as_str().map(str::to_owned))
            .collect()
    }

    /// Selects whole lines (from 0, end exclusive) with `V` and runs the code action of that title,
    /// as a key mapped to `vim.lsp.buf.code_action` does. Its effect comes later: wait on it.
    ///
    /// # Panics
    /// When no server offers the title for these lines.
    #[track_caller]
    pub fn code_action(&self, lines: Range<u32>, title: &str) {
        self.expect_title(lines.clone(), title);
        let (first, last) = (lines.start + 1, lines.end);
        self.keys(&format!("<Esc>{first}GV{last}G{}<Esc>", run_action(title)));
    }

    /// As [`Neovim::code_action`] in normal mode, with the cursor at the start of `line` (from 0).
    ///
    /// # Panics
    /// When Neovim does not take the keys; a title that nobody offers is only a message.
    #[track_caller]
    pub fn code_action_at(&self, line: u32, title: &str) {
        self.keys(&format!("<Esc>{}G0{}", line + 1, run_action(title)));
    }

    /// Sends `workspace/executeCommand` through the client and waits for the answer: `{ "result": … }` or
    /// `{ "err": { "code", "message", … } }`.
    ///
    /// # Panics
    /// When there is no answer in time.
    #[track_caller]
    pub fn execute_command(&self, command: &str, argument: Value) -> Value {
        self.lua(
            "local command, argument = ...
             local client = assert(vim.lsp.get_clients({ bufnr = 0 })[1], 'no language server')
             local params = { command = command, arguments = { argument } }
             local buffer = vim.api.nvim_get_current_buf()
             return assert(client:request_sync('workspace/executeCommand', params, 10000, buffer))",
            json!([command, argument]),
        )
    }

    #[track_caller]
    fn expect_title(&self, lines: Range<u32>, title: &str) {
        let titles = self.code_action_titles(lines.clone());
        assert!(
            titles.iter().any(|offered| offered == title),
            "no code action `{title}` on lines {lines:?}, only {titles:#?}\n{}",
            self.report()
        );
    }

    /// What a person would look at after a failure.
    fn report(&self) -> String {
        let buffer = self.rpc.call(
            "nvim_buf_get_lines",
            vec![0.into(), 0.into(), (-1).into(), false.into()],
        );
        let buffer = buffer.map_or_else(
            |error| error,
            |lines| {
                let lines = lines.as_array().cloned().unwrap_or_default();
                let lines: Vec<_> = lines.iter().filter_map(Value::as_str).collect();
                lines.join("\n")
            },
        );
        let rewrites = "local client = vim.lsp.get_clients({ bufnr = 0 })[1]
            local params = { command = 'redline.list', arguments = {} }
            local listed = client and client:request_sync('workspace/executeCommand', params, 2000, 0)
            local plugin = package.loaded['redline.rewrites']
            local known = plugin and vim.tbl_map(function(it) return it.view end, plugin.open())
            return vim.json.encode({ server = listed or vim.NIL, open_in_plugin = known or vim.NIL })";
        let rewrites = self
            .rpc
            .call("nvim_exec_lua", vec![rewrites.into(), json!([])]);
        let rewrites = rewrites.map_or_else(|error| error, |it| it.to_string());
        let log = fs::read_to_string(self.project.root().join("home/state/nvim/lsp.log"));
        format!(
            "--- buffer\n{buffer}\n--- rewrites\n{rewrites}\n--- messages\n{}\n--- stderr\n{}\n--- lsp.log\n{}",
            self.messages(),
            fs::read_to_string(&self.stderr).unwrap_or_default(),
            log.unwrap_or_default(),
        )
    }
}

/// Keys that run one code action by its title, through the function that a user's mapping calls.
fn run_action(title: &str) -> String {
    let title = title.replace('\\', "\\\\").replace('\'', "\\'");
    let title = title.replace('<', "<lt>").replace('|', "<Bar>");
    format!(
        "<Cmd>lua vim.lsp.buf.code_action({{ apply = true, \
         filter = function(action) return action.title == '{title}' end }})<CR>"
    )
}

impl Drop for Neovim {
    fn drop(&mut self) {
        // A polite end first, so that the language server is shut down as the protocol says.
        self.rpc
            .call("nvim_input", vec!["<C-\\><C-n>:qa!<CR>".into()])
            .ok();
        let deadline = Instant::now() + Duration::from_secs(3);
        while Instant::now() < deadline {
            if matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
