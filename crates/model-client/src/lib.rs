//! A warm link to a model server: Responses over WebSocket, Responses or chat completions as
//! server-sent events, with the same events above all three.
//!
//! A [`Link`] connects before it is needed, is always read, runs requests side by side, sends ahead
//! what a request will need and continues responses instead of sending them again, keeps a spare
//! connection so that a cancel costs no handshake, tries again what may pass, and reconnects by
//! itself. Not here: what the requests say, what is done with the text, and any knowledge of
//! documents.
//!
//! One task per link owns all of it (`driver`): requests (`flight`) on connections (`pool`), which
//! are polled by that task and never have tasks of their own.

mod config;
mod connection;
mod dial;
mod driver;
mod error;
mod flight;
mod http;
mod key;
mod link;
mod outbox;
mod pool;
mod proxy;
mod report;
mod target;
mod transport;
mod websocket;

pub use config::{Limits, LinkConfig, Secret};
pub use dial::{Trusted, trusted};
pub use error::{LinkError, Phase, Retry};
pub use key::KeyFetch;
pub use link::{Link, LinkEvent};
pub use proxy::Proxies;
pub use report::{Ahead, LinkStatus, Report, Traffic};
pub use target::Wire;
