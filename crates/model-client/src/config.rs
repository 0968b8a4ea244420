//! Where a link leads and how patient it is.

use std::fmt;
use std::time::Duration;

/// Settings of one link.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// `ws://` or `wss://`, with the path.
    pub url: String,
    /// Sent as a bearer token.
    pub key: Option<Secret>,
    /// Further headers of the handshake. The values may be secret too.
    pub headers: Vec<(String, Secret)>,
    /// For name, TCP, TLS and upgrade together.
    pub connect_timeout: Duration,
    /// The longest silence while a response is running; only text frames break it.
    pub idle_timeout: Duration,
    /// Bytes of one message that are accepted.
    pub max_frame: usize,
}

impl LinkConfig {
    /// The usual patience: 15 s to connect, 30 s of silence, messages of 16 MB.
    pub fn new(url: impl Into<String>) -> LinkConfig {
        LinkConfig {
            url: url.into(),
            key: None,
            headers: Vec::new(),
            connect_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(30),
            max_frame: 16 << 20,
        }
    }

    /// Takes the key and the secret headers out of a text that the server chose.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let secrets = self
            .key
            .iter()
            .chain(self.headers.iter().map(|(_, value)| value));
        let long_enough = |it: &&Secret| it.0.len() >= 6;
        secrets
            .filter(long_enough)
            .fold(text.to_owned(), |text, it| text.replace(&it.0, "[key]"))
    }
}

/// A text that must not be shown: its `Debug` has nothing of it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps the text, without the blanks and line ends that files and commands leave around it.
    pub fn new(text: impl AsRef<str>) -> Secret {
        Secret(text.as_ref().trim().to_owned())
    }

    /// The text itself, for the wire.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}
