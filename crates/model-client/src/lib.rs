//! A warm link to a model server that speaks Responses over WebSocket.
//!
//! A [`Link`] connects before it is needed, is always read, keeps a spare connection so that a
//! cancel costs no handshake, and reconnects by itself. Not here: what the requests say, what is
//! done with the text, and any knowledge of documents.
//!
//! One task per link owns both sockets (`driver`); a connection (`connection`) is polled by it and
//! runs one response at a time, which is where lanes and a pool will go.

mod config;
mod connection;
mod dial;
mod driver;
mod error;
mod link;
mod outbox;

pub use config::{LinkConfig, Secret};
pub use error::{LinkError, Phase, Retry};
pub use link::{Link, LinkEvent, LinkStatus};
