//! Takes the pictures of the Neovim plugin for the documentation: one while text streams, one while it waits, and
//! a short film of the whole flow.
//!
//! Here is the story that they tell; `screen` runs Neovim and watches its screen, `svg` draws it.

pub(crate) mod screen;
pub(crate) mod svg;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::{Value, json};

use self::screen::Screen;
use crate::checkout;

/// What GitHub shows without a complaint, and a reader loads without noticing.
pub(crate) const MOST_BYTES: usize = 300_000;

/// Arguments of the task.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder that the pictures go to.
    #[arg(long, default_value = "docs/pictures")]
    out: PathBuf,
}

pub(crate) const BEFORE: &str = r#"import json
import os


def load(path):
    text = open(path).read()
    config = json.loads(text)
    host = config["host"]
    port = int(config["port"])
    return host, port


def main():
    print(load(os.environ["CONFIG"]))
"#;

const AFTER: &str = r#"def load(path):
    try:
        with open(path) as file:
            config = json.load(file)
    except OSError as error:
        raise SystemExit(f"cannot read {path}: {error}")
    host = config["host"]
    port = int(config.get("port", 8080))
    return host, port
"#;

/// The model server of the film; ends with it.
pub(crate) struct Loopback(Child);

impl Drop for Loopback {
    fn drop(&mut self) {
        self.0.kill().ok();
        self.0.wait().ok();
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = checkout::root()?;
    let binary = build(root)?;
    let folder = std::env::temp_dir().join(format!("redline-pictures-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let taken = take(root, &binary, &folder);
    fs::remove_dir_all(&folder).ok();
    let (streaming, pending, film) = taken?;

    let out = root.join(&args.out);
    fs::create_dir_all(&out)?;
    let pictures = [
        (
            "neovim-streaming",
            "Neovim while a rewrite streams in",
            streaming,
        ),
        (
            "neovim-pending",
            "Neovim while a rewrite waits for a decision",
            pending,
        ),
        (
            "neovim",
            "Neovim: a rewrite streams in, is decided change by change, and is taken back by one undo",
            film,
        ),
    ];
    for (name, title, frames) in pictures {
        save(&out, name, title, &frames)?;
    }
    Ok(())
}

/// Draws a picture and puts it into the folder; one that has grown too large is none.
pub(crate) fn save(out: &Path, name: &str, title: &str, frames: &[screen::Frame]) -> Result<()> {
    let picture = svg::draw(frames, title);
    ensure!(
        picture.len() <= MOST_BYTES,
        "{name} has {} bytes, more than {MOST_BYTES}",
        picture.len()
    );
    let file = out.join(format!("{name}.svg"));
    fs::write(&file, &picture).with_context(|| format!("cannot write {}", file.display()))?;
    println!(
        "{}: {} frames, {} bytes",
        file.display(),
        frames.len(),
        picture.len()
    );
    Ok(())
}

/// The pictures while streaming and while pending, and the film.
type Taken = (Vec<screen::Frame>, Vec<screen::Frame>, Vec<screen::Frame>);

fn take(root: &Path, binary: &Path, folder: &Path) -> Result<Taken> {
    let (_loopback, url) = start_model(binary, folder)?;
    fs::write(folder.join("config.py"), BEFORE)?;
    let init = folder.join("init.lua");
    fs::write(&init, init_lua(root, binary, &url))?;
    let mut neovim = Screen::start(&editor("nvim")?, &init, folder)?;
    let state = "require('redline.rewrites').newest(1)";

    neovim.input(":edit config.py<CR>")?;
    neovim.wait_until(
        "require('redline.server').client() and require('redline.server').client().initialized",
    )?;
    neovim.input("5G")?;
    neovim.begin_film();
    neovim.film(Duration::from_millis(900))?;
    neovim.input("V5j")?;
    neovim.film(Duration::from_millis(700))?;
    neovim.type_text(":")?;
    neovim.type_text("Redline rewrite handle errors")?;
    neovim.film(Duration::from_millis(500))?;
    neovim.input("<CR>")?;
    neovim.film_until(&format!("{state} and {state}.view.tokens.output > 22"))?;
    // A person goes on typing above meanwhile.
    neovim.input("gg")?;
    neovim.type_text("O# read at start")?;
    let streaming = vec![neovim.picture()];
    neovim.input("<Esc>")?;
    neovim.film_until(&format!("{state}.view.state == 'proposed'"))?;
    neovim.film(Duration::from_millis(1_200))?;
    let pending = vec![neovim.picture()];
    neovim.input("]r")?;
    neovim.film(Duration::from_millis(900))?;
    neovim.input("]r")?;
    neovim.film(Duration::from_millis(700))?;
    neovim.type_text(":Redline hunk reject")?;
    neovim.input("<CR>")?;
    neovim.film(Duration::from_millis(1_400))?;
    neovim.type_text(":Redline accept")?;
    neovim.input("<CR>")?;
    neovim.film_until("#require('redline.rewrites').open() == 0")?;
    neovim.film(Duration::from_millis(2_500))?;
    let film = neovim.end()?;
    Ok((streaming, pending, film))
}

/// The binary: `REDLINE_BIN`, as for the end-to-end tests, else built.
pub(crate) fn build(root: &Path) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os("REDLINE_BIN") {
        return Ok(path.into());
    }
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Command::new(cargo)
        .args(["build", "--release", "--package", "redline"])
        .current_dir(root)
        .status()?;
    if !built.success() {
        bail!("redline does not build");
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), Into::into);
    Ok(target
        .join("release")
        .join(format!("redline{}", std::env::consts::EXE_SUFFIX)))
}

/// An editor of the end-to-end tests.
pub(crate) fn editor(name: &str) -> Result<PathBuf> {
    let answer = Command::new(std::env::current_exe()?)
        .args(["editors", "--json"])
        .stderr(Stdio::inherit())
        .output()?;
    let set: Value = serde_json::from_slice(&answer.stdout).context("no editors to be had")?;
    let path = set[name]["path"].as_str();
    Ok(path.with_context(|| format!("no {name} to be had"))?.into())
}

pub(crate) fn start_model(binary: &Path, folder: &Path) -> Result<(Loopback, String)> {
    let script = folder.join("model.jsonl");
    fs::write(&script, json!({ "match": "", "output": AFTER }).to_string())?;
    let mut child = Command::new(binary)
        .args(["loopback", "--rate", "25", "--script"])
        .arg(&script)
        .stdout(Stdio::piped())
        .spawn()
        .context("the model server does not start")?;
    let stdout = child.stdout.take().context("stdout is a pipe")?;
    let loopback = Loopback(child);
    let mut url = String::new();
    BufReader::new(stdout).read_line(&mut url)?;
    Ok((loopback, url.trim().to_owned()))
}

fn init_lua(root: &Path, binary: &Path, url: &str) -> String {
    let plugin = root.join("editors/neovim");
    format!(
        "vim.opt.runtimepath:prepend([==[{}]==])
         vim.o.swapfile = false
         vim.o.number = true
         vim.o.laststatus = 2
         vim.o.ruler = false
         vim.o.showcmd = false
         vim.o.guicursor = ''
         vim.o.statusline = \" %f %m%=%{{v:lua.require'redline'.statusline()}} \"
         vim.keymap.set('n', ']r', '<Plug>(redline-next)')
         vim.api.nvim_create_autocmd('User', {{ pattern = 'RedlineChanged', command = 'redrawstatus' }})
         vim.lsp.config('redline', {{
           cmd = {{ [==[{}]==], 'lsp' }},
           cmd_env = {{ REDLINE_MODEL_URL = [==[{url}]==], REDLINE_MODEL = 'demo' }},
         }})
         vim.lsp.enable('redline')",
        plugin.display(),
        binary.display(),
    )
}
