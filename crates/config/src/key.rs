//! Where a key is kept and how it is fetched. Never here: a key written into the settings.

use std::fmt;
use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const COMMAND_TIMEOUT: Duration = Duration::from_secs(10);
/// A keychain may ask a person for a password first.
const KEYCHAIN_TIMEOUT: Duration = Duration::from_secs(60);
/// What entries of the keychain belong to.
const SERVICE: &str = "redline";
/// Longer than any key; keeps a helper that never stops printing from filling the memory.
const MAX_BYTES: u64 = 64 * 1024;

/// Where a key is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum KeySource {
    /// In this environment variable.
    Env(String),
    /// Printed by this program, which gets the further texts as its arguments; no shell is involved.
    Command(Vec<String>),
    /// In the system's keychain: the password of this account of the service `redline`.
    Keyring(String),
}

impl KeySource {
    /// Whether the source can be tried at all. A variable's name is checked because people paste
    /// keys there, and a program's path because a relative one would lead into the workspace.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            KeySource::Env(name) => {
                !name.starts_with(|c: char| c.is_ascii_digit())
                    && !name.is_empty()
                    && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            }
            KeySource::Command(words) => words.first().is_some_and(|program| {
                let path = Path::new(program);
                path.is_absolute() || path.file_name() == Some(path.as_os_str())
            }),
            KeySource::Keyring(name) => !name.is_empty(),
        }
    }

    /// Whether fetching takes no time that anybody could notice.
    pub fn is_instant(&self) -> bool {
        matches!(self, KeySource::Env(_))
    }

    /// Fetches the key; blocks for up to 10 seconds when a command has to be run, and for up to a
    /// minute when the keychain has to be opened.
    pub fn resolve(&self, env: &dyn Fn(&str) -> Option<String>) -> Result<Key, KeyError> {
        match self {
            KeySource::Env(name) => {
                let text = env(name).unwrap_or_default();
                Key::new(&text).map_err(|problem| match problem {
                    Problem::Empty => KeyError::NotSet(name.clone()),
                    Problem::Malformed => KeyError::Malformed,
                })
            }
            KeySource::Command(words) => run(words, COMMAND_TIMEOUT),
            KeySource::Keyring(name) => in_time(name, KEYCHAIN_TIMEOUT, from_keychain),
        }
    }
}

/// A key. Neither `Debug` nor `Display` shows anything of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

enum Problem {
    Empty,
    Malformed,
}

impl Key {
    /// Blanks and line ends around the key are what files and programs add. Inside it they would
    /// make a second header of the request.
    fn new(text: &str) -> Result<Key, Problem> {
        let text = text.trim();
        match text {
            "" => Err(Problem::Empty),
            _ if text.chars().all(|c| c.is_ascii_graphic()) => Ok(Key(text.to_owned())),
            _ => Err(Problem::Malformed),
        }
    }

    /// The key itself, for the wire only.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// Why there is no key. The messages hold nothing that a variable or a program gave.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The variable is not set, or empty.
    #[error(
        "the environment variable {0} is not set; set it to the key, or name another one in `key`"
    )]
    NotSet(String),
    /// What was found cannot be a key.
    #[error(
        "what was found is not a key: it has blanks, line breaks or other characters that no key has"
    )]
    Malformed,
    /// The program could not be started.
    #[error("the key command {program} could not be started: {source}")]
    NotStarted {
        /// The program.
        program: String,
        /// What the system says.
        source: std::io::Error,
    },
    /// The program ended with an error, or printed nothing.
    #[error("the key command {program} {outcome}; run it by hand to see why")]
    Failed {
        /// The program.
        program: String,
        /// How it ended.
        outcome: String,
    },
    /// The program took too long and was stopped.
    #[error(
        "the key command {0} did not finish in time and was stopped; it must not ask for input"
    )]
    TimedOut(String),
    /// There is no such entry in the keychain.
    #[error(
        "the system keychain has no password for the account {0} of the service redline; store the key there"
    )]
    NotInKeychain(String),
    /// The keychain did not give the entry.
    #[error("the system keychain cannot be read: {0}; is it there and unlocked?")]
    Keychain(String),
}

/// Asking the keychain can neither be interrupted nor given a time, so it is left alone after one.
fn in_time(
    name: &str,
    timeout: Duration,
    fetch: fn(&str) -> Result<Key, KeyError>,
) -> Result<Key, KeyError> {
    let (sender, fetched) = mpsc::channel();
    let wanted = name.to_owned();
    thread::spawn(move || {
        // Nobody listens any more after a timeout.
        let _ = sender.send(fetch(&wanted));
    });
    let late = |_| Err(KeyError::Keychain("it did not answer in time".to_owned()));
    fetched.recv_timeout(timeout).unwrap_or_else(late)
}

fn from_keychain(name: &str) -> Result<Key, KeyError> {
    let entry = keyring::Entry::new(SERVICE, name);
    match entry.and_then(|it| it.get_password()) {
        Ok(text) => Key::new(&text).map_err(|problem| match problem {
            Problem::Empty => KeyError::NotInKeychain(name.to_owned()),
            Problem::Malformed => KeyError::Malformed,
        }),
        Err(error) => Err(keychain_error(name, &error)),
    }
}

/// Some of these errors hold what was found, so only what is known is told.
fn keychain_error(name: &str, error: &keyring::Error) -> KeyError {
    use keyring::Error as E;
    KeyError::Keychain(match error {
        E::NoEntry => return KeyError::NotInKeychain(name.to_owned()),
        E::BadEncoding(_) | E::BadDataFormat(..) => return KeyError::Malformed,
        E::NoDefaultStore => {
            "this session has none, or none that was running at the start".to_owned()
        }
        E::NoStorageAccess(error) => format!("it is locked or refuses ({error})"),
        E::PlatformFailure(error) => error.to_string(),
        E::Ambiguous(_) => "it has several entries of this name".to_owned(),
        _ => "it failed".to_owned(),
    })
}

fn run(words: &[String], timeout: Duration) -> Result<Key, KeyError> {
    let deadline = Instant::now() + timeout;
    let (program, arguments) = words.split_first().ok_or_else(|| KeyError::Failed {
        program: String::new(),
        outcome: "is empty".to_owned(),
    })?;
    let failed = |outcome: String| KeyError::Failed {
        program: program.clone(),
        outcome,
    };
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|source| KeyError::NotStarted {
            program: program.clone(),
            source,
        })?;

    // Read on a thread of its own, so that a program that neither prints nor ends can be stopped.
    let (sender, printed) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = stdout.take(MAX_BYTES).read_to_end(&mut bytes);
            // Nobody listens any more after a timeout.
            let _ = sender.send(read.map(|_| bytes));
        });
    }
    let left = deadline.saturating_duration_since(Instant::now());
    let printed = printed.recv_timeout(left).ok();
    let status = wait_until(&mut child, deadline);
    let (Some(printed), Some(status)) = (printed, status) else {
        // Both fail only when it has ended meanwhile, which is what is wanted.
        let _ = child.kill();
        let _ = child.wait();
        return Err(KeyError::TimedOut(program.clone()));
    };
    if !status.success() {
        return Err(failed(format!("ended with {status}")));
    }
    let bytes = printed.map_err(|_| failed("could not be read".to_owned()))?;
    let text = String::from_utf8(bytes).map_err(|_| KeyError::Malformed)?;
    Key::new(&text).map_err(|problem| match problem {
        Problem::Empty => failed("printed nothing".to_owned()),
        Problem::Malformed => KeyError::Malformed,
    })
}

/// The standard library can wait for a process for ever or not at all, so this polls. The output
/// has ended by now, so that the first look nearly always is the last.
fn wait_until(child: &mut Child, deadline: Instant) -> Option<ExitStatus> {
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(2)),
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests;
