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
    /// The proxy that leads to the server, and where its address stands.
    pub proxy: Option<String>,
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
    /// Bytes of all messages and bodies sent so far, what was sent ahead included.
    pub bytes_sent: u64,
    /// Bytes of all events received so far.
    pub bytes_received: u64,
    /// Bytes that did not have to be sent, because a response was continued.
    pub bytes_saved: u64,
    /// Requests that continued a response.
    pub continued: u64,
    /// What was sent before it was asked for.
    pub ahead: Ahead,
    /// What the server said about limits.
    pub quota: Quota,
    /// Of the latest connection: name, TCP, TLS and upgrade.
    pub connect: Option<Duration>,
    /// Of the latest request: from its leaving to its first text.
    pub first_text: Option<Duration>,
}

/// What was sent before it was asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ahead {
    /// How often, and how many bytes in all.
    pub count: u64,
    pub bytes: u64,
    /// Nothing is held back or on its way.
    pub is_settled: bool,
    /// The server does not know how to take it.
    pub is_refused: bool,
}

/// What one request cost on the wire, over all its attempts. Bytes of messages and bodies, without framing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    pub sent: u64,
    pub received: u64,
    /// Not sent, because the server had it already.
    pub saved: u64,
}
