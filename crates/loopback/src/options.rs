//! How an embedded server should behave.

use std::path::PathBuf;

use crate::fault::FaultRule;
use crate::script::Script;

/// Settings of one [`crate::serve`] call.
#[derive(Debug, Clone)]
pub struct Options {
    /// TCP port on 127.0.0.1; 0 takes any free one.
    pub port: u16,
    /// Pace of generation in tokens (of about four characters) per second; `None` is unpaced.
    pub rate_tokens_per_s: Option<f64>,
    /// Answers by pattern instead of by rule.
    pub script: Option<Script>,
    /// Misbehaviour; the first rule that strikes wins.
    pub faults: Vec<FaultRule>,
    /// What the server understands of the protocol's newer parts.
    pub dialect: Dialect,
    /// A file that every frame, in and out, is appended to as one JSON line.
    pub record: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            port: 0,
            rate_tokens_per_s: Some(1_000.0),
            script: None,
            faults: Vec::new(),
            dialect: Dialect::default(),
            record: None,
        }
    }
}

/// What servers of the WebSocket differ in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Dialect {
    /// Lanes run side by side and are named in events; without, `stream_id` is overlooked and
    /// requests run one after the other.
    pub lanes: bool,
    /// `response.interrupt` is obeyed; without, it is refused and the response runs on.
    pub interrupt: bool,
}

impl Default for Dialect {
    fn default() -> Dialect {
        Dialect {
            lanes: true,
            interrupt: true,
        }
    }
}
