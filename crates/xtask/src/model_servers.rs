//! `cargo xtask model-servers`: real model servers and clients for the tests, in a cache outside the tree:
//! llama.cpp's server from Debian, LiteLLM from PyPI, and OpenAI's SDK for Node from npm.
//! Driving them is the business of `tests/`.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result};
use serde_json::json;

use crate::cache;
use crate::debian::{self, Launcher, Tree, succeed};

const LITELLM: &str = "litellm[proxy]==1.106.2";
const NODE_SDK: [&str; 2] = ["openai@7.55.0", "ws@8.23.0"];
/// Written last, with what was wanted: a folder without it is half made or old.
const STAMP: &str = "complete";

#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Print one line of JSON instead: the paths.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let home = cache::folder("REDLINE_MODEL_SERVERS_DIR", "model-servers")?;
    let _lock = cache::lock(&home, "lock")?;
    let found = json!({
        "llamaServer": llama_server(&home)?,
        "litellm": litellm(&home)?,
        "nodeSdk": node_sdk(&home)?,
    });
    match args.json {
        true => println!("{found}"),
        false => println!("{found:#}"),
    }
    Ok(())
}

fn cure(problem: &str) -> String {
    format!("{problem}; install llama.cpp so that `llama-server` is on PATH, and run again")
}

/// The one on PATH, else Debian's (about 10 s, 60 MB).
fn llama_server(home: &Path) -> Result<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut on_path = env::split_paths(&path).map(|folder| folder.join("llama-server"));
    if let Some(found) = on_path.find(|it| starts(it)) {
        return Ok(found);
    }
    let backend = match env::consts::ARCH {
        "aarch64" => "libggml-cpu-armv8.0_1.so",
        _ => "libggml-cpu-x64.so",
    };
    let environment = format!("GGML_BACKEND_PATH=\"$libraries/ggml/backends0/{backend}\"");
    let tree = Tree {
        name: "llama.cpp",
        packages: &["llama.cpp-tools"],
        launchers: &[Launcher {
            name: "llama-server",
            environment: &environment,
            libraries: "llama",
            program: "usr/bin/llama-server",
        }],
        cure,
    };
    let bin = debian::bin_folder(home, &tree, |bin| match starts(&bin.join("llama-server")) {
        true => Ok(()),
        false => anyhow::bail!(cure("the llama-server from Debian does not start here")),
    })?;
    Ok(bin.join("llama-server"))
}

fn starts(program: &Path) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null());
    program.is_file() && command.output().is_ok_and(|it| it.status.success())
}

/// In a virtual environment of its own (about 30 s, 650 MB).
fn litellm(home: &Path) -> Result<PathBuf> {
    let folder = home.join("litellm");
    let program = folder.join("bin/litellm");
    if is_made(&folder, LITELLM) {
        return Ok(program);
    }
    eprintln!("fetching {LITELLM}");
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&folder);
    succeed(&mut make).context(
        "a virtual environment cannot be made; install Python 3.10 or newer with venv and pip as `python3`, and run again",
    )?;
    let mut install = Command::new(folder.join("bin/python"));
    install.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        LITELLM,
    ]);
    succeed(&mut install).with_context(|| {
        format!("{LITELLM} cannot be fetched from PyPI (is the network there?)")
    })?;
    fs::write(folder.join(STAMP), LITELLM).context("cannot write the stamp")?;
    Ok(program)
}

/// The folder whose `node_modules` has the SDK.
fn node_sdk(home: &Path) -> Result<PathBuf> {
    let folder = home.join("node-sdk");
    let wanted = NODE_SDK.join(" ");
    if is_made(&folder, &wanted) {
        return Ok(folder);
    }
    eprintln!("fetching {wanted}");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("package.json"), "{ \"private\": true }\n")?;
    let mut install = Command::new("npm");
    install
        .args(["install", "--no-audit", "--no-fund", "--save-exact"])
        .args(NODE_SDK)
        .current_dir(&folder)
        .env("npm_config_update_notifier", "false");
    succeed(&mut install).with_context(|| {
        format!("{wanted} cannot be fetched; Node 20 or newer with npm is needed, and the network")
    })?;
    fs::write(folder.join(STAMP), wanted).context("cannot write the stamp")?;
    Ok(folder)
}

fn is_made(folder: &Path, wanted: &str) -> bool {
    fs::read_to_string(folder.join(STAMP)).is_ok_and(|it| it == wanted)
}
