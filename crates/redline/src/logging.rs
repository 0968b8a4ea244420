//! Where log lines go, and which of them.
//!
//! A file in the user's state folder, and stderr. Never stdout: it belongs to the protocol.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use etcetera::BaseStrategy as _;
use tracing::Level;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer as _;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::panics;

/// Bytes from which the log file is set aside as `redline.log.1` at the next start.
const ROTATE_AT: u64 = 5_000_000;

/// The crates that `REDLINE_LOG` means by `redline`.
const OURS: [&str; 11] = [
    "redline",
    "config",
    "diff",
    "loopback",
    "model_client",
    "model_protocol",
    "prompt",
    "rewrite",
    "server",
    "syntax",
    "text",
];

/// What stderr gets beside the file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stderr {
    /// Warnings and errors; everything that the file gets when `REDLINE_LOG` is set. Some editors
    /// show every line of a server's stderr as an error.
    Warnings,
    /// Nothing, because a person looks at this terminal.
    Nothing,
}

/// Starts logging for this process. Cost: one file opened; nothing is read.
///
/// A log file that cannot be opened is a warning on stderr and no reason to stop.
pub(crate) fn start(stderr: Stderr) {
    let spec = std::env::var("REDLINE_LOG").ok();
    let read = spec.as_deref().map(filter);
    let chosen = match &read {
        Some(Ok(targets)) => targets.clone(),
        _ => ours(Targets::new().with_default(Level::WARN), LevelFilter::INFO),
    };
    let file = open();
    let to_file = file.as_ref().ok().map(|file| {
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(WithoutSecrets(Arc::clone(file)))
            .with_filter(chosen.clone().with_target(panics::TARGET, Level::ERROR))
    });
    let to_stderr = (stderr == Stderr::Warnings).then(|| {
        let level = if spec.is_some() {
            LevelFilter::TRACE
        } else {
            LevelFilter::WARN
        };
        tracing_subscriber::fmt::layer()
            .with_ansi(false)
            .with_writer(WithoutSecrets(io::stderr))
            .with_filter(chosen.with_target(panics::TARGET, LevelFilter::OFF))
            .with_filter(level)
    });
    // Only a second call in one process fails, and then the first one's choice stands.
    let _ = tracing_subscriber::registry()
        .with(to_file)
        .with(to_stderr)
        .try_init();
    if let Err(error) = file {
        tracing::warn!(%error, "no log file");
    }
    if let Some(Err(error)) = read {
        tracing::warn!(%error, "REDLINE_LOG is not understood: write `debug` or `redline=debug,hyper=info`");
    }
}

/// Writes what another does, without the secrets that are known. The layer writes each event at once.
struct WithoutSecrets<M>(M);

struct Cleaned<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for WithoutSecrets<M> {
    type Writer = Cleaned<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        Cleaned(self.0.make_writer())
    }
}

impl<W: Write> Write for Cleaned<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_all(bytes).map(|()| bytes.len())
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        let text = String::from_utf8_lossy(bytes);
        let cleaned = server::without_secrets(&text);
        self.0.write_all(cleaned.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// The log file's place, or nothing where there is no home folder.
pub(crate) fn file() -> Option<PathBuf> {
    let folders = etcetera::choose_base_strategy().ok()?;
    let state = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Some(state.join("redline").join("redline.log"))
}

fn open() -> io::Result<Arc<File>> {
    let path = file().ok_or_else(|| io::Error::other("there is no home folder"))?;
    rotate(&path, ROTATE_AT)?;
    let open = || File::options().create(true).append(true).open(&path);
    let file = match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(path.parent().unwrap_or(&path))?;
            open()?
        }
        other => other?,
    };
    Ok(Arc::new(file))
}

fn rotate(path: &Path, at: u64) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.len() > at => fs::rename(path, path.with_extension("log.1")),
        _ => Ok(()),
    }
}

/// Reads `LEVEL` or `TARGET=LEVEL,…`, where `redline` and a bare level mean all of our crates.
fn filter(spec: &str) -> Result<Targets, tracing_subscriber::filter::ParseError> {
    let mut targets = Targets::new().with_default(Level::WARN);
    for part in spec.split(',').map(str::trim).filter(|it| !it.is_empty()) {
        let level = match part.split_once('=') {
            None => part.parse().ok(),
            Some(("redline", level)) => level.parse().ok(),
            Some(_) => None,
        };
        targets = match level {
            Some(level) => ours(targets, level),
            None => targets.with_targets(part.parse::<Targets>()?),
        };
    }
    Ok(targets)
}

fn ours(targets: Targets, level: LevelFilter) -> Targets {
    targets.with_targets(OURS.map(|it| (it, level)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(spec: &str, enabled: &[(&str, Level)], disabled: &[(&str, Level)]) {
        let targets = filter(spec).unwrap();
        for (target, level) in enabled {
            assert!(
                targets.would_enable(target, level),
                "{spec}: {target} {level}"
            );
        }
        for (target, level) in disabled {
            assert!(
                !targets.would_enable(target, level),
                "{spec}: {target} {level}"
            );
        }
    }

    #[test]
    fn redline_means_all_of_our_crates() {
        check(
            "redline=debug",
            &[("server::engine", Level::DEBUG), ("hyper", Level::WARN)],
            &[("server", Level::TRACE), ("hyper", Level::INFO)],
        );
        check(
            "trace",
            &[("rewrite", Level::TRACE)],
            &[("hyper", Level::INFO)],
        );
        check(
            "info,rewrite=trace,hyper=debug",
            &[
                ("rewrite", Level::TRACE),
                ("text", Level::INFO),
                ("hyper", Level::DEBUG),
            ],
            &[("text", Level::DEBUG)],
        );
        check("off", &[], &[("server", Level::ERROR)]);
        assert!(filter("redline=loud").is_err());
    }

    #[test]
    fn a_large_log_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("redline.log");
        fs::write(&path, "12345").unwrap();
        rotate(&path, 5).unwrap();
        assert!(path.exists());
        rotate(&path, 4).unwrap();
        assert!(!path.exists());
        assert_eq!(
            fs::read(folder.path().join("redline.log.1")).unwrap(),
            b"12345"
        );
    }
}
