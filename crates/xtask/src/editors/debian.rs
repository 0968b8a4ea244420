//! Neovim and Helix from a newer Debian suite, unpacked beside the system and not into it.
//! A private apt tree (own lists, status and archives) fetches and verifies the packages; the programs
//! start through the unpacked loader, because they need a newer C library than the machine may have.
//! What is on PATH, and which versions will do, is decided one level up.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

use super::{HELIX, NEOVIM, cure, probe};

/// The suite that carries both editors in sufficient versions.
const SUITE: &str = "forky";
const PACKAGES: [&str; 2] = ["neovim", "hx"];
/// Written last: a tree without it is half made.
const STAMP: &str = "complete";

/// The folder with the launchers `nvim` and `hx` inside `home`, made on the first call (about 10 s, 85 MB).
///
/// The caller holds the lock of `home`.
pub(super) fn bin_folder(home: &Path) -> Result<PathBuf> {
    let tree = home.join(SUITE);
    let bin = tree.join("bin");
    if tree.join(STAMP).is_file() {
        return Ok(bin);
    }
    require_debian()?;
    let making = home.join(format!("{SUITE}.making"));
    for leftover in [&making, &tree] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)
                .with_context(|| format!("cannot remove {}", leftover.display()))?;
        }
    }
    let apt = Apt::new(&making.join("apt"))?;
    apt.download()?;
    for archive in apt.archives()? {
        eprintln!("unpacking {}", file_name(&archive));
        let mut unpack = Command::new("dpkg");
        unpack.arg("-x").arg(&archive).arg(&making);
        succeed(&mut unpack)?;
    }
    fs::remove_dir_all(&apt.folder).context("cannot remove the downloaded archives")?;
    write_launchers(&making)?;
    for (program, name) in [(&NEOVIM, "nvim"), (&HELIX, "hx")] {
        if probe(program, &making.join("bin").join(name)).is_none() {
            bail!(cure(&format!(
                "the {} of suite {SUITE} does not start here or is older than {}",
                program.title, program.oldest
            )));
        }
    }
    fs::write(making.join(STAMP), "").context("cannot write the stamp")?;
    fs::rename(&making, &tree).context("cannot move the finished tree into place")?;
    Ok(bin)
}

/// Installs tmux with the system's own package client, which only root may do.
pub(super) fn install_tmux() -> Result<()> {
    if !is_debian() || !is_root() {
        bail!("tmux 3.2 or later is not on PATH; install tmux and run again");
    }
    eprintln!("installing tmux");
    let install = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command.args(["-y", "--no-install-recommends", "install", "tmux"]);
        succeed(&mut command)
    };
    // The lists of a fresh container are empty, so the first try may not know the package.
    install()
        .or_else(|_| {
            succeed(Command::new("apt-get").arg("update"))?;
            install()
        })
        .context("tmux cannot be installed here; install it and run again")
}

fn require_debian() -> Result<()> {
    if !is_debian() {
        bail!(cure(
            "editors can be fetched on Debian only, and this is another system"
        ));
    }
    for tool in ["apt-get", "dpkg"] {
        if Command::new(tool).arg("--version").output().is_err() {
            bail!(cure(&format!("{tool} is missing")));
        }
    }
    Ok(())
}

fn is_debian() -> bool {
    fs::read_to_string("/etc/os-release")
        .unwrap_or_default()
        .lines()
        .any(|line| matches!(line, "ID=debian" | "ID=\"debian\""))
}

fn is_root() -> bool {
    let output = Command::new("id").arg("-u").output();
    output.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

/// A package client that reads and writes nothing of the system's own state, save its proxy settings.
struct Apt {
    folder: PathBuf,
    mirror: String,
}

impl Apt {
    fn new(folder: &Path) -> Result<Apt> {
        for name in ["lists/partial", "archives/partial", "parts"] {
            fs::create_dir_all(folder.join(name)).context("cannot create the private apt tree")?;
        }
        let mirror = mirror()?;
        let keyring = keyring()?;
        let source = format!("deb [signed-by={keyring}] {mirror} {SUITE} main\n");
        fs::write(folder.join("sources.list"), source)?;
        fs::write(folder.join("status"), "")?;
        Ok(Apt {
            folder: folder.to_owned(),
            mirror,
        })
    }

    fn download(&self) -> Result<()> {
        eprintln!("reading the package lists of suite {SUITE}");
        // Without the mode an unreachable mirror is only a warning, and the error comes later and wrong.
        self.call(&["-o", "APT::Update::Error-Mode=any", "update"])?;
        eprintln!("downloading {}", PACKAGES.join(" and "));
        let install = [&["-y", "--download-only", "install"], &PACKAGES[..]].concat();
        self.call(&install)
    }

    fn call(&self, arguments: &[&str]) -> Result<()> {
        let own = |name: &str| self.folder.join(name).display().to_string();
        let options = [
            ("Dir::Etc::sourcelist", own("sources.list")),
            ("Dir::Etc::sourceparts", own("parts")),
            ("Dir::Etc::preferences", own("parts/none")),
            ("Dir::Etc::preferencesparts", own("parts")),
            ("Dir::State::Lists", own("lists")),
            ("Dir::State::status", own("status")),
            ("Dir::Cache::archives", own("archives")),
            ("Dir::Cache::pkgcache", String::new()),
            ("Dir::Cache::srcpkgcache", String::new()),
            ("APT::Install-Recommends", "false".to_owned()),
            ("APT::Default-Release", String::new()),
            ("Acquire::Languages", "none".to_owned()),
            ("Acquire::Retries", "3".to_owned()),
            (
                "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled",
                "false".to_owned(),
            ),
            (
                "Acquire::IndexTargets::deb::Contents-deb::DefaultEnabled",
                "false".to_owned(),
            ),
            // The client's own unprivileged user cannot write into a person's cache folder.
            ("APT::Sandbox::User", "root".to_owned()),
        ];
        let mut command = Command::new("apt-get");
        command.env("LC_ALL", "C").arg("-q");
        for (key, value) in options {
            command.arg("-o").arg(format!("{key}={value}"));
        }
        command.args(arguments);
        succeed(&mut command).with_context(|| {
            cure(&format!(
                "suite {SUITE} at {} cannot be fetched (is the network there?)",
                self.mirror
            ))
        })
    }

    fn archives(&self) -> Result<Vec<PathBuf>> {
        let mut archives = Vec::new();
        for entry in fs::read_dir(self.folder.join("archives"))? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                archives.push(path);
            }
        }
        archives.sort();
        Ok(archives)
    }
}

/// The mirror that this machine already uses, as its own package client reads the sources.
fn mirror() -> Result<String> {
    let mut command = Command::new("apt-get");
    command.args(["indextargets", "--no-release-info"]);
    command.args(["--format", "$(REPO_URI)"]);
    command.args(["Created-By: Packages", "Component: main"]);
    let output = succeed_with_output(&mut command)?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| line.trim_end_matches('/'))
        .find(|uri| uri.ends_with("/debian"))
        .map(str::to_owned)
        .with_context(|| cure("the package sources of this machine name no Debian mirror"))
}

fn keyring() -> Result<&'static str> {
    [
        "/usr/share/keyrings/debian-archive-keyring.gpg",
        "/usr/share/keyrings/debian-archive-keyring.pgp",
    ]
    .into_iter()
    .find(|path| Path::new(path).is_file())
    .context("Debian's keys are missing; install debian-archive-keyring and run again")
}

/// Scripts that work wherever the tree stands, so that it can be made aside and then moved.
fn write_launchers(tree: &Path) -> Result<()> {
    let loader = loader(tree)?;
    let libraries = loader.parent().context("the loader has no folder")?;
    let libraries = libraries.display();
    let bin = tree.join("bin");
    fs::create_dir_all(&bin)?;
    for (name, environment, program) in [
        (
            "nvim",
            "VIMRUNTIME=\"$root/usr/share/nvim/runtime\"",
            "usr/bin/nvim",
        ),
        (
            "hx",
            "HELIX_RUNTIME=\"$root/usr/lib/hx/runtime\"",
            "usr/lib/hx/hx",
        ),
    ] {
        let script = format!(
            "#!/bin/sh\n\
             root=\"${{0%/*}}/..\"\n\
             export {environment}\n\
             exec \"$root/{}\" --library-path \"$root/{libraries}:$root/{libraries}/lua\" \"$root/{program}\" \"$@\"\n",
            loader.display()
        );
        let path = bin.join(name);
        fs::write(&path, script)?;
        make_executable(&path)?;
    }
    Ok(())
}

/// The dynamic loader inside the tree, relative to it: its name differs between processors.
fn loader(tree: &Path) -> Result<PathBuf> {
    let lib = tree.join("usr/lib");
    for folder in fs::read_dir(&lib)? {
        let folder = folder?.path();
        if !file_name(&folder).contains("-linux-gnu") {
            continue;
        }
        for file in fs::read_dir(&folder)? {
            let file = file?.path();
            let name = file_name(&file);
            if name.starts_with("ld-linux") && name.contains(".so.") {
                return Ok(file.strip_prefix(tree)?.to_owned());
            }
        }
    }
    bail!(cure("the unpacked C library has no loader"));
}

#[cfg(unix)]
fn make_executable(path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    Ok(fs::set_permissions(
        path,
        fs::Permissions::from_mode(0o755),
    )?)
}

#[cfg(not(unix))]
fn make_executable(_path: &Path) -> Result<()> {
    Ok(())
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

fn succeed(command: &mut Command) -> Result<()> {
    succeed_with_output(command).map(drop)
}

/// Runs to the end; on failure the error carries the program's last complaint.
fn succeed_with_output(command: &mut Command) -> Result<Output> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command
        .output()
        .with_context(|| format!("{name} cannot be started"))?;
    if output.status.success() {
        return Ok(output);
    }
    let stderr = String::from_utf8_lossy(&output.stderr);
    let complaint = stderr
        .lines()
        .rev()
        .find(|line| line.starts_with("E:"))
        .or_else(|| stderr.lines().last())
        .unwrap_or("it said nothing");
    bail!("{name} failed: {complaint}");
}
