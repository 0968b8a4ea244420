//! Sans-IO half of the model link: requests, stream events, the decoders of the Responses and chat
//! completions streams, the server-sent-events framing, the rule of continuation, and what servers say about
//! limits.
//!
//! No sockets, no clock, no documents: bytes or text in, values out. What carries the frames lives
//! in `model-client`; what the words of a request should be lives in `prompt`.

mod chat;
mod continuation;
mod decode;
mod event;
mod quota;
mod request;
mod sse;
mod text;

pub use chat::{ChatDecoder, TokenLimit};
pub use continuation::Said;
pub use decode::{DecodeError, Decoder, Event};
pub use event::{ServerError, StreamEvent, Usage};
pub use quota::{Allowance, Quota, Window, retry_after};
pub use request::{Message, Request, Role};
pub use sse::{SseDecoder, SseError};
