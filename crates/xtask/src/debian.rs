//! Programs from a newer Debian suite, unpacked beside the system and not into it.
//! A private apt tree (own lists, status and archives) fetches and verifies the packages; the programs
//! start through the unpacked loader, because they need a newer C library than the machine may have.
//! Which programs, and what is on PATH, is decided by those who ask.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};

/// The suite that carries everything in sufficient versions.
pub(crate) const SUITE: &str = "forky";
/// Written last: a tree without it is half made.
const STAMP: &str = "complete";

/// Packages that are unpacked together.
pub(crate) struct Tree<'a> {
    /// Its folder.
    pub(crate) name: &'a str,
    pub(crate) packages: &'a [&'a str],
    pub(crate) launchers: &'a [Launcher<'a>],
    /// Says the problem with the way out that works everywhere.
    pub(crate) cure: fn(&str) -> String,
}

/// A program of a tree and how it is started.
pub(crate) struct Launcher<'a> {
    pub(crate) name: &'a str,
    /// Settings of the environment, in which `$root` is the tree and `$libraries` its libraries.
    pub(crate) environment: &'a str,
    /// Folders of further libraries, beside and below the others.
    pub(crate) libraries: &'a str,
    pub(crate) program: &'a str,
}

/// The folder with the launchers inside `home`, made on the first call; `check` looks at it first.
///
/// The caller holds the lock of `home`.
pub(crate) fn bin_folder(
    home: &Path,
    wanted: &Tree<'_>,
    check: impl Fn(&Path) -> Result<()>,
) -> Result<PathBuf> {
    let cure = wanted.cure;
    let tree = home.join(wanted.name);
    let bin = tree.join("bin");
    if tree.join(STAMP).is_file() {
        return Ok(bin);
    }
    require_debian(cure)?;
    let making = home.join(format!("{}.making", wanted.name));
    for leftover in [&making, &tree] {
        if leftover.exists() {
            fs::remove_dir_all(leftover)
                .with_context(|| format!("cannot remove {}", leftover.display()))?;
        }
    }
    let apt = Apt::new(&making.join("apt"), cure)?;
    apt.download(wanted.packages)?;
    for archive in apt.archives()? {
        eprintln!("unpacking {}", file_name(&archive));
        let mut unpack = Command::new("dpkg");
        unpack.arg("-x").arg(&archive).arg(&making);
        succeed(&mut unpack)?;
    }
    fs::remove_dir_all(&apt.folder).context("cannot remove the downloaded archives")?;
    write_launchers(&making, wanted)?;
    check(&making.join("bin"))?;
    fs::write(making.join(STAMP), "").context("cannot write the stamp")?;
    fs::rename(&making, &tree).context("cannot move the finished tree into place")?;
    Ok(bin)
}

/// Installs tmux with the system's own package client, which only root may do.
pub(crate) fn install_tmux() -> Result<()> {
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

fn require_debian(cure: fn(&str) -> String) -> Result<()> {
    if !is_debian() {
        bail!(cure(
            "packages can be fetched on Debian only, and this is another system"
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
    cure: fn(&str) -> String,
}

impl Apt {
    fn new(folder: &Path, cure: fn(&str) -> String) -> Result<Apt> {
        for name in ["lists/partial", "archives/partial", "parts"] {
            fs::create_dir_all(folder.join(name)).context("cannot create the private apt tree")?;
        }
        let mirror = mirror()
            .with_context(|| cure("the package sources of this machine name no Debian mirror"))?;
        let keyring = keyring()?;
        let source = format!("deb [signed-by={keyring}] {mirror} {SUITE} main\n");
        fs::write(folder.join("sources.list"), source)?;
        fs::write(folder.join("status"), "")?;
        Ok(Apt {
            folder: folder.to_owned(),
            mirror,
            cure,
        })
    }

    fn download(&self, packages: &[&str]) -> Result<()> {
        eprintln!("reading the package lists of suite {SUITE}");
        // Without the mode an unreachable mirror is only a warning, and the error comes later and wrong.
        self.call(&["-o", "APT::Update::Error-Mode=any", "update"])?;
        eprintln!("downloading {}", packages.join(" and "));
        let install = [&["-y", "--download-only", "install"], packages].concat();
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
            (self.cure)(&format!(
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
        .context("no mirror")
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
fn write_launchers(tree: &Path, wanted: &Tree<'_>) -> Result<()> {
    let loader = loader(tree).map_err(|error| error.context((wanted.cure)("it cannot be used")))?;
    let libraries = loader.parent().context("the loader has no folder")?;
    let libraries = libraries.display();
    let bin = tree.join("bin");
    fs::create_dir_all(&bin)?;
    for launcher in wanted.launchers {
        let script = format!(
            "#!/bin/sh\n\
             root=\"${{0%/*}}/..\"\n\
             libraries=\"$root/{libraries}\"\n\
             export {}\n\
             exec \"$root/{}\" --library-path \"$libraries:$libraries/{}\" \"$root/{}\" \"$@\"\n",
            launcher.environment,
            loader.display(),
            launcher.libraries,
            launcher.program
        );
        let path = bin.join(launcher.name);
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
    bail!("the unpacked C library has no loader");
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

pub(crate) fn succeed(command: &mut Command) -> Result<()> {
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
