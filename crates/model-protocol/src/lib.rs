//! Sans-IO half of the model link: requests, stream events, the decoder of the Responses event
//! stream and the server-sent-events framing.
//!
//! No sockets, no clock, no documents: bytes or text in, values out. What carries the frames lives
//! in `model-client`; what the words of a request should be lives in `prompt`.

mod decode;
mod event;
mod request;
mod sse;
mod text;

pub use decode::{DecodeError, Decoder};
pub use event::{ServerError, StreamEvent, Usage};
pub use request::{Message, Request, Role};
pub use sse::{SseDecoder, SseError};
