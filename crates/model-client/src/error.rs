//! Why a request ended badly, in words for the person who waits, and whether to try again.

use std::time::Duration;

use model_protocol::ServerError;

use crate::config::LinkConfig;

/// The end of a request without an answer. No variant ever holds the key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// The settings do not make a connection.
    #[error("the model's address cannot be used: {reason}; check the setting `models.fast.url`")]
    Config { reason: String },
    /// The key could not be fetched.
    #[error("there is no key for the model: {reason}")]
    Key { reason: String },
    /// Something else that was set cannot be used.
    #[error("{what} cannot be used: {reason}; check {place}")]
    Setting {
        what: &'static str,
        reason: String,
        place: String,
    },
    /// The server's certificate is not to be believed.
    #[error("cannot reach {host}: {reason}")]
    Certificate { host: String, reason: String },
    /// The proxy in between does not lead there.
    #[error("cannot reach {host} through the proxy {proxy}: {reason}")]
    Proxy {
        host: String,
        proxy: String,
        /// Of its answer, if it answered.
        status: Option<u16>,
        reason: String,
    },
    /// No connection came about: name, TCP or TLS.
    #[error("cannot reach {host}: {reason}")]
    Connect { host: String, reason: String },
    /// The server answered the upgrade or the POST with an HTTP status that says no.
    #[error("{host} refused with HTTP status {status}: {message}{}", cure(*.status))]
    Refused {
        host: String,
        status: u16,
        message: String,
        retry_after: Option<Duration>,
    },
    /// The connection ended while the request was under way.
    #[error("{host} closed the connection before the answer was complete{}", closing(*.code, .reason))]
    Closed {
        host: String,
        code: Option<u16>,
        reason: String,
    },
    /// Nothing came for too long.
    #[error("{host} {phase} within {} s", .waited.as_secs_f64())]
    Timeout {
        host: String,
        phase: Phase,
        waited: Duration,
    },
    /// The server broke the protocol; the connection was given up.
    #[error("{host} does not speak the protocol: {reason}")]
    Protocol { host: String, reason: String },
    /// One message was larger than `max_frame`; the connection was given up.
    #[error("{host} sent a message of more than {limit} bytes, which is refused")]
    FrameTooLarge { host: String, limit: usize },
    /// The server said so itself.
    #[error("the model server reports: {}", .0.message)]
    Server(ServerError),
    /// More requests wait already than a person can mean.
    #[error("{waiting} requests wait already; cancel some or wait")]
    Overloaded { waiting: usize },
    /// By [`crate::Link::cancel`].
    #[error("cancelled")]
    Cancelled,
    /// The link itself was dropped.
    #[error("the link to the model was shut down")]
    Stopped,
}

/// What took too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// The connection: name, TCP or TLS.
    Connect,
    /// The upgrade to a WebSocket.
    Upgrade,
    /// The leaving of a request.
    Request,
    /// The next piece of an answer.
    Answer,
}

impl std::fmt::Display for Phase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Phase::Connect => "did not accept the connection",
            Phase::Upgrade => "did not answer the upgrade to a WebSocket",
            Phase::Request => "took no further piece of the request",
            Phase::Answer => "sent no further piece of the answer",
        })
    }
}

/// Whether the same request is worth another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// At once, whole: without `previous_response_id`.
    Now,
    /// After a while.
    Later,
    /// Not before a person changed something.
    Never,
}

impl LinkError {
    /// Whether the same request is worth another try.
    pub fn retry(&self) -> Retry {
        match self {
            LinkError::Config { .. }
            | LinkError::Key { .. }
            | LinkError::Setting { .. }
            | LinkError::Certificate { .. }
            | LinkError::FrameTooLarge { .. }
            | LinkError::Overloaded { .. }
            | LinkError::Cancelled
            | LinkError::Stopped => Retry::Never,
            LinkError::Connect { .. } | LinkError::Timeout { .. } | LinkError::Protocol { .. } => {
                Retry::Later
            }
            LinkError::Proxy { status: None, .. } => Retry::Later,
            LinkError::Refused { status, .. }
            | LinkError::Proxy {
                status: Some(status),
                ..
            } => match status {
                408 | 425 | 429 | 500..=599 => Retry::Later,
                _ => Retry::Never,
            },
            LinkError::Closed { code, .. } => match code {
                Some(1008) => Retry::Never,
                Some(1011..=1013) => Retry::Later,
                _ => Retry::Now,
            },
            LinkError::Server(error) => match error.code.as_deref() {
                Some("previous_response_not_found" | "websocket_connection_limit_reached") => {
                    Retry::Now
                }
                _ if error.retryable() => Retry::Later,
                _ => Retry::Never,
            },
        }
    }
}

impl LinkError {
    /// How long the server asks to be left alone.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            LinkError::Server(error) => error.retry_after,
            LinkError::Refused { retry_after, .. } => *retry_after,
            _ => None,
        }
    }

    /// Whether the WebSocket as such was turned away, so that plain HTTP may be let through: by the
    /// server, or by a proxy that does not know it or never answers.
    pub(crate) fn is_refused_upgrade(&self) -> bool {
        match self {
            LinkError::Refused { status, .. }
            | LinkError::Proxy {
                status: Some(status),
                ..
            } => matches!(
                status,
                200..=399 | 400 | 403..=406 | 410 | 421 | 426 | 501 | 505
            ),
            LinkError::Timeout { phase, .. } => *phase == Phase::Upgrade,
            _ => false,
        }
    }

    /// The same without anything secret that the server may have repeated.
    pub(crate) fn scrubbed(self, config: &LinkConfig) -> LinkError {
        match self {
            LinkError::Server(error) => LinkError::Server(ServerError {
                message: config.scrub(&error.message),
                code: error.code.map(|it| config.scrub(&it)),
                kind: error.kind.map(|it| config.scrub(&it)),
                ..error
            }),
            LinkError::Closed { host, code, reason } => LinkError::Closed {
                host,
                code,
                reason: config.scrub(&reason),
            },
            LinkError::Refused {
                host,
                status,
                message,
                retry_after,
            } => LinkError::Refused {
                host,
                status,
                message: config.scrub(&message),
                retry_after,
            },
            LinkError::Proxy {
                host,
                proxy,
                status,
                reason,
            } => LinkError::Proxy {
                host,
                proxy,
                status,
                reason: config.scrub(&reason),
            },
            other => other,
        }
    }
}

fn cure(status: u16) -> &'static str {
    match status {
        300..=399 => {
            "; it points elsewhere: put the address that is meant into the setting `models.fast.url`"
        }
        401 | 403 => "; check the setting `models.fast.key`",
        404 | 405 => {
            "; there may be no such service at this address: check the setting `models.fast.url`"
        }
        426 => "; it wants plain HTTP: use an https:// address in the setting `models.fast.url`",
        429 => "; the limit of requests is reached, try again later",
        _ => "",
    }
}

fn closing(code: Option<u16>, reason: &str) -> String {
    match (code, reason) {
        (None, _) => String::new(),
        (Some(code), "") => format!(" (code {code})"),
        (Some(code), reason) => format!(" (code {code}: {reason})"),
    }
}
