//! `cargo xtask dist`: what a user of this platform needs and nothing else, as one archive with the server, what
//! belongs to the editors, the documentation and the licences; and the extension for VS Code with the server in it.
//! Which licences those are is found out in `licenses`.

mod licenses;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use sha2::{Digest as _, Sha256};

use crate::checkout;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Where the files go.
    #[arg(long, default_value = "target/dist")]
    out: PathBuf,
    /// Build for this platform, by Rust's name; this one by default.
    #[arg(long)]
    target: Option<String>,
    /// Take this server instead of building it.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Leave out the extension for VS Code, which needs Node 22 or later.
    #[arg(long)]
    no_vsix: bool,
}

/// A platform: Rust's name of it, and the one in our files, which is VS Code's.
const PLATFORMS: [(&str, &str); 5] = [
    ("x86_64-unknown-linux-gnu", "linux-x64"),
    ("aarch64-unknown-linux-gnu", "linux-arm64"),
    ("x86_64-apple-darwin", "darwin-x64"),
    ("aarch64-apple-darwin", "darwin-arm64"),
    ("x86_64-pc-windows-msvc", "win32-x64"),
];

/// What goes into the archive as it stands in the checkout.
const CONTENTS: [&str; 8] = [
    "README.md",
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "docs",
    "editors/neovim",
    "editors/helix",
    "editors/emacs",
];

pub(crate) fn run(args: &Args) -> Result<()> {
    let root = checkout::root()?;
    let target = match &args.target {
        Some(target) => target.clone(),
        None => this_platform()?,
    };
    let known = PLATFORMS.iter().find(|(name, _)| *name == target);
    let (_, platform) = known.with_context(|| format!("there is no archive for {target}"))?;
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => build(root, args.target.as_deref())?,
    };
    let out = env::current_dir()?.join(&args.out);
    fs::create_dir_all(&out).with_context(|| format!("cannot make {}", out.display()))?;
    let name = format!("redline-{}-{platform}", env!("CARGO_PKG_VERSION"));
    let mut made = vec![archive(root, &out, &name, &binary, &target)?];
    if !args.no_vsix {
        made.push(vsix(root, &out, &name, &binary, platform)?);
    }
    let mut sums = String::new();
    for file in &made {
        let bytes = fs::read(out.join(file))?;
        sums += &format!("{:x}  {file}\n", Sha256::digest(&bytes));
        println!("{:>6} kB  {}", bytes.len() / 1000, out.join(file).display());
    }
    fs::write(out.join(format!("{name}.sha256")), sums)?;
    Ok(())
}

fn this_platform() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output();
    let output = output.context("rustc does not start")?;
    let said = String::from_utf8(output.stdout)?;
    let host = said.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc names no host")?.to_owned())
}

fn build(root: &Path, target: Option<&str>) -> Result<PathBuf> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(root);
    cargo.args(["build", "--release", "--locked", "--package", "redline"]);
    cargo.arg("--message-format=json-render-diagnostics");
    cargo.args(target.map(|target| format!("--target={target}")));
    let output = cargo.stderr(std::process::Stdio::inherit()).output()?;
    if !output.status.success() {
        bail!("the server does not build");
    }
    let said = String::from_utf8(output.stdout)?;
    said.lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|message| message["executable"].as_str().map(PathBuf::from))
        .next_back()
        .context("cargo names no executable")
}

/// Gives the archive's name.
fn archive(root: &Path, out: &Path, name: &str, binary: &Path, target: &str) -> Result<String> {
    let folder = out.join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder)?;
    }
    fs::create_dir_all(&folder)?;
    let is_windows = target.contains("windows");
    let server = if is_windows { "redline.exe" } else { "redline" };
    fs::copy(binary, folder.join(server))
        .with_context(|| format!("cannot copy {}", binary.display()))?;
    for entry in CONTENTS {
        copy(&root.join(entry), &folder.join(entry))
            .with_context(|| format!("cannot copy {entry}"))?;
    }
    let licenses = licenses::of_dependencies(root, target)?;
    fs::write(folder.join("LICENSES-OF-DEPENDENCIES.txt"), licenses)?;
    let file = format!("{name}.{}", if is_windows { "zip" } else { "tar.gz" });
    // Windows brings a tar that makes zip files.
    let how: &[&str] = if is_windows {
        &["-a", "-c", "-f"]
    } else {
        &["-c", "-z", "-f"]
    };
    let mut tar = Command::new("tar");
    tar.current_dir(out).args(how).args([&file, name]);
    if !tar.status().context("tar does not start")?.success() {
        bail!("tar cannot write {file}");
    }
    fs::remove_dir_all(&folder)?;
    Ok(file)
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    if !from.is_dir() {
        fs::create_dir_all(to.parent().context("a file is in a folder")?)?;
        fs::copy(from, to)?;
        return Ok(());
    }
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Gives the extension's file name.
fn vsix(root: &Path, out: &Path, name: &str, binary: &Path, platform: &str) -> Result<String> {
    let package = root.join("editors/vscode");
    if !package.join("node_modules").is_dir() {
        let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
        let status = Command::new(npm).current_dir(&package).arg("ci").status();
        if !status.context("npm does not start")?.success() {
            bail!("npm cannot fetch the packages of the extension");
        }
    }
    let file = format!("{name}.vsix");
    let status = Command::new("node")
        .current_dir(&package)
        .args(["scripts/package.mjs", "--target", platform, "--out"])
        .arg(out.join(&file))
        .env("REDLINE_BIN", fs::canonicalize(binary)?)
        .status()
        .context("Node does not start; it is needed for VS Code's extension, or say --no-vsix")?;
    if !status.success() {
        bail!("the extension cannot be packed");
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::PLATFORMS;

    #[test]
    fn every_platform_is_released_and_in_the_documentation() {
        let workflow = include_str!("../../../.github/workflows/release.yml");
        let page = include_str!("../../../docs/editors.md");
        for (target, name) in PLATFORMS {
            assert!(workflow.contains(target), "{target}");
            assert!(page.contains(&format!("-{name}.vsix")), "{name}");
        }
    }
}
