//! The embedded model server: Responses over WebSocket and as server-sent events on one path of
//! 127.0.0.1, with lanes, continuation, interruption, pacing, scripts and faults; beside it chat
//! completions on the path that ends in `/chat/completions`.
//!
//! Answers come from a script or from a small rule engine; there is no model here, and nothing of
//! documents or editors.
//!
//! # Faults
//!
//! [`FaultRule`] reads `KIND[=VALUE][@DELTAS][#NUMBER | /EVERY]`, for instance `drop@12`,
//! `error=429@3/4`, `upgrade=401#1`. `@` counts the deltas that are sent before the fault (0 if
//! left out), `#` picks one request (from 1; upgrades are counted apart), `/` every n-th; with
//! neither it strikes always.
//!
//! | kind | what happens |
//! |---|---|
//! | `drop` | the connection ends without a close frame |
//! | `silence` | nothing more is sent, the connection stays |
//! | `close=CODE` | a close frame (1000 if left out) |
//! | `garbage` | a text that is not JSON, then the stream goes on |
//! | `binary` | a binary frame, then the stream goes on |
//! | `oversized=MB` | one event of that many megabytes (50) |
//! | `type` | a delta whose `type` is a number |
//! | `utf8` | a text frame that is not UTF-8 |
//! | `split` | a delta whose characters are cut across fragments: legal, must be read |
//! | `error=STATUS` | an `error` event (500) |
//! | `busy=MS` | an `error` event of status 429 that asks to come again after that time (100) |
//! | `limit` | the `error` event of a connection that is an hour old, and a close frame |
//! | `failed` | `response.failed` with `server_error` |
//! | `incomplete` | `response.incomplete` with `max_output_tokens` |
//! | `refusal` | a refusal instead of the answer |
//! | `upgrade=STATUS` | the upgrade or POST is refused (503) |
//! | `slow-upgrade=MS` | the upgrade or POST is answered late (1000) |

mod answer;
mod chat;
mod conversation;
mod create;
mod events;
mod fault;
mod generate;
mod options;
mod record;
mod rules;
mod script;
mod server;
mod socket;
mod sse;
mod websocket;

pub use fault::{Fault, FaultRule, FaultSyntax, Turn};
pub use options::{Dialect, Options};
pub use script::{Script, ScriptError};
pub use server::{Loopback, serve};
