//! What a link knows about itself, for people who ask how it is doing.

use std::time::Duration;

use model_protocol::Quota;

use crate::error::LinkError;
use crate::target::Wire;

/// Whether a request could be sent at once.
#[derive(Debug, Clone, Default, PartialEq)]
pub enum LinkStatus {
    /// A handshake is under way.
    #[default]
    Connecting,
    /// A connection stands, or one can be had in no time.
    Ready,
    /// The last attempt failed; the next request tries again, and so does time unless
    /// `error.retry()` says never.
    Unreachable { error: LinkError },
}

/// The state and the figures of a link.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    pub status: LinkStatus,
    /// What is spoken now; `None` when the address says nothing that could be spoken.
    pub wire: Option<Wire>,
    /// Why plain HTTP is spoken although the address says WebSocket.
    pub fallback: Option<String>,
    /// Whether the server runs several responses on one connection, once it has shown.
    pub lanes: Option<bool>,
    /// Open connections, and those of them on which nothing runs.
    pub connections: usize,
    pub idle: usize,
    /// Requests under way and waiting.
    pub running: usize,
    pub queued: usize,
    /// Connections made so far.
    pub handshakes: u64,
    /// Requests for which no connection stood ready when they were asked.
    pub cold: u64,
    /// Attempts that were made again.
    pub retries: u64,
    /// Bytes of all messages and bodies sent so far.
    pub bytes_sent: u64,
    /// What the server said about limits.
    pub quota: Quota,
    /// Of the latest connection: name, TCP, TLS and upgrade.
    pub connect: Option<Duration>,
    /// Of the latest request: from its leaving to its first text.
    pub first_text: Option<Duration>,
}
