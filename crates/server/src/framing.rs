//! [`CheckedInput`]: the editor's messages, with those that are none replaced by a request to be refused.
//!
//! The framework's reader ends with the first body that it cannot decode, and the server with it. So every
//! frame is looked at before it gets there: a body that is no JSON-RPC message becomes a call of
//! [`REFUSE`], which answers with the error and the id `null` (JSON-RPC 2.0, section 5), and the next
//! message is read as if nothing had been.

use std::borrow::Cow;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde::Deserialize;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};

/// The method that a bad message becomes.
pub(crate) const REFUSE: &str = "redline/refuse";

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// A longer header than this is none.
const MAX_HEADER: usize = 4_096;

/// A reader of whole, decodable frames around a reader of bytes.
pub(crate) struct CheckedInput<R> {
    inner: R,
    /// Bytes read and not yet looked at.
    raw: Vec<u8>,
    /// Frames ready to be handed on, and how much of them has been.
    ready: Vec<u8>,
    taken: usize,
}

impl<R> CheckedInput<R> {
    pub(crate) fn new(inner: R) -> Self {
        CheckedInput {
            inner,
            raw: Vec::new(),
            ready: Vec::new(),
            taken: 0,
        }
    }

    /// Moves every complete frame from `raw` to `ready`.
    fn check(&mut self) {
        let mut at = 0;
        loop {
            match next_frame(&self.raw[at..]) {
                Next::Incomplete => break,
                Next::Garbage { skip } => {
                    push_refusal(
                        &mut self.ready,
                        -32_600,
                        "what came is no LSP message: it has no Content-Length",
                    );
                    at += skip;
                }
                Next::Frame { header, body } => {
                    let frame = &self.raw[at..at + header + body];
                    match fault(&frame[header..]) {
                        None => self.ready.extend_from_slice(frame),
                        Some((code, why)) => push_refusal(&mut self.ready, code, &why),
                    }
                    at += header + body;
                }
            }
        }
        self.raw.drain(..at);
    }
}

impl<R: AsyncRead + Unpin> AsyncRead for CheckedInput<R> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        while this.taken == this.ready.len() {
            this.ready.clear();
            this.taken = 0;
            let before = this.raw.len();
            this.raw.resize(before + CHUNK, 0);
            let mut chunk = ReadBuf::new(&mut this.raw[before..]);
            let polled = Pin::new(&mut this.inner).poll_read(cx, &mut chunk);
            let read = chunk.filled().len();
            this.raw.truncate(before + read);
            ready!(polled)?;
            if read == 0 {
                return Poll::Ready(Ok(()));
            }
            this.check();
        }
        let rest = &this.ready[this.taken..];
        let n = rest.len().min(buf.remaining());
        buf.put_slice(&rest[..n]);
        this.taken += n;
        Poll::Ready(Ok(()))
    }
}

/// What stands at the start of some bytes.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Incomplete,
    /// No header; the next one may begin after so many bytes.
    Garbage {
        skip: usize,
    },
    /// Lengths in bytes.
    Frame {
        header: usize,
        body: usize,
    },
}

fn next_frame(bytes: &[u8]) -> Next {
    let end = find(bytes, b"\r\n\r\n");
    let Some(end) = end else {
        return if bytes.len() > MAX_HEADER {
            Next::Garbage {
                skip: to_next_header(bytes),
            }
        } else {
            Next::Incomplete
        };
    };
    let length = std::str::from_utf8(&bytes[..end]).ok().and_then(|header| {
        header.split("\r\n").find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.trim()
                .eq_ignore_ascii_case("content-length")
                .then(|| value.trim().parse::<usize>().ok())?
        })
    });
    match length {
        None => Next::Garbage {
            skip: to_next_header(bytes),
        },
        Some(body) if bytes.len() < end + 4 + body => Next::Incomplete,
        Some(body) => Next::Frame {
            header: end + 4,
            body,
        },
    }
}

/// Where the next header may begin, behind the first byte; a header cut off at the end is kept.
fn to_next_header(bytes: &[u8]) -> usize {
    const NAME: &[u8] = b"Content-Length";
    find(&bytes[1..], NAME).map_or_else(
        || {
            let cut = (1..NAME.len())
                .rev()
                .find(|n| bytes[1..].ends_with(&NAME[..*n]));
            bytes.len() - cut.unwrap_or(0)
        },
        |at| at + 1,
    )
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// A message's outside. Its fields are parsed as the framework will, so that what passes here passes there.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    jsonrpc: Cow<'a, str>,
    #[serde(default, borrow)]
    method: Option<Cow<'a, str>>,
    #[serde(default)]
    id: Value,
    #[serde(default, rename = "params")]
    _params: Value,
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

/// Why a body is no JSON-RPC message, with the code that says so.
fn fault(body: &[u8]) -> Option<(i64, String)> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => return Some((-32_700, format!("the message is not UTF-8: {error}"))),
    };
    let envelope: Envelope<'_> = match serde_json::from_str(text) {
        Ok(envelope) => envelope,
        Err(error) if error.is_data() => {
            return Some((-32_600, format!("the message is not JSON-RPC: {error}")));
        }
        Err(error) => return Some((-32_700, format!("the message is not JSON: {error}"))),
    };
    let id = &envelope.id;
    let fits = id.is_null() || id.is_string() || id.is_i64();
    let says_something = envelope.method.is_some()
        || (!id.is_null() && (envelope.result.is_some() || envelope.error.is_some()))
        // An answer of `null` looks like none at all.
        || !id.is_null();
    (envelope.jsonrpc != "2.0" || !fits || !says_something).then(|| {
        (
            -32_600,
            "the message is neither a request nor an answer of JSON-RPC 2.0".to_owned(),
        )
    })
}

fn push_refusal(out: &mut Vec<u8>, code: i64, why: &str) {
    let params = json!({ "code": code, "message": why });
    let body =
        json!({ "jsonrpc": "2.0", "id": null, "method": REFUSE, "params": params }).to_string();
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n{body}", body.len()).as_bytes());
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// Feeds bytes in pieces and gives the bodies that come out, refusals as their code.
    fn check(input: &[u8], piece: usize, expect: &[&str]) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .build()
            .expect("a runtime");
        let mut out = Vec::new();
        runtime.block_on(async {
            let (mut writer, reader) = tokio::io::duplex(piece);
            let bytes = input.to_vec();
            tokio::spawn(async move {
                use tokio::io::AsyncWriteExt as _;
                writer.write_all(&bytes).await.expect("a reader");
            });
            CheckedInput::new(reader)
                .read_to_end(&mut out)
                .await
                .expect("no error");
        });
        let mut bodies = Vec::new();
        let mut at = 0;
        while let Next::Frame { header, body } = next_frame(&out[at..]) {
            let text =
                String::from_utf8(out[at + header..at + header + body].to_vec()).expect("UTF-8");
            let value: Value = serde_json::from_str(&text).expect("JSON");
            bodies.push(if value["method"] == REFUSE {
                value["params"]["code"].to_string()
            } else {
                text
            });
            at += header + body;
        }
        assert_eq!(at, out.len(), "whole frames only");
        assert_eq!(bodies, expect);
    }

    const GOOD: &str = r#"{"jsonrpc":"2.0","id":1,"method":"shutdown"}"#;

    #[test]
    fn good_messages_pass_as_they_are_in_any_pieces() {
        let answer = r#"{"jsonrpc":"2.0","id":"a","result":null}"#;
        let input = [frame(GOOD), frame(answer), frame(GOOD)].concat();
        for piece in [1, 3, 64, 4096] {
            check(input.as_bytes(), piece, &[GOOD, answer, GOOD]);
        }
    }

    #[test]
    fn a_bad_body_is_refused_and_the_next_message_passes() {
        let deep = format!(
            "{{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"params\":{}}}",
            "[".repeat(100_000)
        );
        let cases = [
            (r#"{"jsonrpc":"2.0","id":"#, "-32700"),
            ("[]", "-32600"),
            ("7", "-32600"),
            ("{}", "-32600"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"m"}"#, "-32600"),
            (
                r#"{"jsonrpc":"2.0","method":"m","params":"\ud800"}"#,
                "-32700",
            ),
            (r#"{"jsonrpc":"2.0","method":"m","params":1e999}"#, "-32700"),
            (r#"[{"jsonrpc":"2.0","id":1,"method":"m"}]"#, "-32600"),
            (deep.as_str(), "-32700"),
        ];
        for (body, code) in cases {
            let input = [frame(body), frame(GOOD)].concat();
            check(input.as_bytes(), 4096, &[code, GOOD]);
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_refused() {
        let mut input = b"Content-Length: 3\r\n\r\n\"\xff\"".to_vec();
        input.extend_from_slice(frame(GOOD).as_bytes());
        check(&input, 7, &["-32700", GOOD]);
    }

    #[test]
    fn what_has_no_length_is_skipped_to_the_next_header() {
        let input = format!("X-Nonsense: 1\r\n\r\nabc{}", frame(GOOD));
        check(input.as_bytes(), 16, &["-32600", GOOD]);
        let input = format!("Content-Length: many\r\n\r\n{{}}{}", frame(GOOD));
        check(input.as_bytes(), 16, &["-32600", GOOD]);
    }
}
