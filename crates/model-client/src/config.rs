//! Where a link leads, how patient it is and what it may do.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::key::KeyFetch;
use crate::proxy::Proxies;

/// Settings of one link.
#[derive(Debug, Clone)]
pub struct LinkConfig {
    /// With the path. `ws://` and `wss://` speak Responses over WebSocket; `http://` and `https://`
    /// speak Responses as server-sent events where the path ends in `/responses`, and chat
    /// completions where it ends in `/chat/completions`.
    pub url: String,
    /// Sent as a bearer token.
    pub key: Option<Secret>,
    /// Where the key comes from, if it is not at hand.
    pub fetch_key: Option<KeyFetch>,
    /// Further headers of the handshake or the POST. The values may be secret too.
    pub headers: Vec<(String, Secret)>,
    /// A PEM file of certificates that may vouch for the server, beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// What may stand between us and the server.
    pub proxies: Proxies,
    /// For name, TCP, proxy, TLS and upgrade together.
    pub connect_timeout: Duration,
    /// The longest silence while a response is running; only text breaks it.
    pub idle_timeout: Duration,
    /// Bytes of one message that are accepted.
    pub max_frame: usize,
    /// Requests that run at the same time; more wait in a queue. One connection more than that is
    /// held at most where the server has no lanes.
    pub parallel: usize,
    /// Further attempts at a request of which no text has come.
    pub retries: u32,
    /// Before the second attempt; it doubles with each further one.
    pub first_backoff: Duration,
    /// A factor for each wait, around 1.
    pub jitter: fn() -> f64,
    /// Connections older than this are replaced, between requests.
    pub max_age: Duration,
    /// Whether requests may share a connection, where the server shows that it can.
    pub lanes: bool,
    /// Whether the server obeys `response.interrupt`.
    pub interrupt: bool,
    /// Whether the rest of an answer that broke off is asked for, once.
    pub resume: bool,
    /// Whether chat completions are told which text the answer will largely repeat.
    pub prediction: bool,
}

/// What of the settings may change while a link runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub connect_timeout: Duration,
    pub idle_timeout: Duration,
    pub max_frame: usize,
    pub parallel: usize,
    pub retries: u32,
}

impl LinkConfig {
    /// Sets all of the limits.
    pub fn set_limits(&mut self, limits: Limits) {
        let Limits {
            connect_timeout,
            idle_timeout,
            max_frame,
            parallel,
            retries,
        } = limits;
        self.connect_timeout = connect_timeout;
        self.idle_timeout = idle_timeout;
        self.max_frame = max_frame;
        self.parallel = parallel;
        self.retries = retries;
    }

    /// The usual patience: 15 s to connect, 30 s of silence, messages of 16 MB, three retries.
    pub fn new(url: impl Into<String>) -> LinkConfig {
        LinkConfig {
            url: url.into(),
            key: None,
            fetch_key: None,
            headers: Vec::new(),
            ca_file: None,
            proxies: Proxies::default(),
            connect_timeout: Duration::from_secs(15),
            idle_timeout: Duration::from_secs(30),
            max_frame: 16 << 20,
            parallel: 4,
            retries: 3,
            first_backoff: Duration::from_millis(200),
            jitter: || 0.75 + fastrand::f64() * 0.5,
            max_age: Duration::from_secs(55 * 60),
            lanes: true,
            interrupt: false,
            resume: true,
            prediction: false,
        }
    }

    /// The server answered with this status in place of an answer.
    pub(crate) fn refused(&self, status: u16) {
        if let (401, Some(fetch)) = (status, &self.fetch_key) {
            fetch.forget();
        }
    }

    /// Everything in here that must not be shown, as far as it is known by now.
    pub fn secrets(&self) -> Vec<Secret> {
        let fetched = self.fetch_key.as_ref().map(KeyFetch::seen);
        let headers = self.headers.iter().map(|(_, value)| value.clone());
        let mut secrets: Vec<Secret> = self.key.iter().cloned().chain(headers).collect();
        secrets.extend(self.proxies.secrets());
        secrets.extend(fetched.unwrap_or_default());
        secrets
    }

    /// Takes the key and the secret headers out of a text that the server chose.
    pub(crate) fn scrub(&self, text: &str) -> String {
        let secrets = self.secrets();
        let long_enough = secrets.iter().filter(|it| it.0.len() >= 6);
        long_enough.fold(text.to_owned(), |text, it| text.replace(&it.0, "[key]"))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_secret_is_shown_for_debugging() {
        const SECRET: &str = "sk-hush-1";
        let address = format!("http://me:{SECRET}@proxy:1");
        let config = LinkConfig {
            key: Some(Secret::new(SECRET)),
            fetch_key: Some(KeyFetch::new(|| Ok(Secret::new(SECRET)))),
            headers: vec![("x-key".to_owned(), Secret::new(SECRET))],
            proxies: Proxies::only(&address),
            ..LinkConfig::new("ws://127.0.0.1:1/v1/responses")
        };
        let shown = format!("{config:?}");
        assert!(
            shown.contains("127.0.0.1") && !shown.contains("hush"),
            "{shown}"
        );
        let echoed = format!("no {SECRET} here, nor {address}");
        assert_eq!(
            config.scrub(&echoed),
            "no [key] here, nor http://me:[key]@proxy:1"
        );
    }
}
