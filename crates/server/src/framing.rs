//! [`CheckedInput`]: the editor's messages, with those that are none replaced by a request to be refused.
//!
//! The framework's reader ends with the first header or body that it cannot decode, and the server with it.
//! So every frame is looked at before it gets there: a body that is no JSON-RPC message becomes a call of
//! [`REFUSE`], which answers with the error and the id `null` (JSON-RPC 2.0, section 5), and the next
//! message is read as if nothing had been. A body that passes gets a header of ours, as the framework is
//! stricter about headers than editors are.
//!
//! Behind every answer to a request comes a notification that says so ([`ANSWERED`]): the framework handles those in
//! their turn, and the answers themselves when it comes to that.
//!
//! How the bytes are cut into reads changes nothing in what comes out.

use std::borrow::Cow;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use tokio::io::{AsyncRead, ReadBuf};
use tower_lsp::ls_types::DidChangeTextDocumentParams;

/// The method that a bad message becomes.
pub(crate) const REFUSE: &str = "redline/refuse";

/// The method of what is put behind an answer: its `id`, and `applied`, whether an edit was, if it was for one.
pub(crate) const ANSWERED: &str = "redline/answered";

const CHANGE: &str = "textDocument/didChange";

/// How much is read at once.
const CHUNK: usize = 16 * 1024;

/// A longer header than this, its end included, is none.
const MAX_HEADER: usize = 4_096;

/// A longer body than this is none: waiting for it would swallow everything that follows.
const MAX_BODY: usize = 1 << 30;

const HEADER_END: &[u8] = b"\r\n\r\n";
const LENGTH: &[u8] = b"Content-Length";

/// A reader of whole, decodable frames around a reader of bytes.
pub struct CheckedInput<R> {
    inner: R,
    /// Bytes read and not yet looked at.
    raw: Vec<u8>,
    /// What came last was garbage, and is refused already.
    in_garbage: bool,
    /// Frames ready to be handed on, and how much of them has been.
    ready: Vec<u8>,
    taken: usize,
}

impl<R> CheckedInput<R> {
    /// A reader around this one.
    pub fn new(inner: R) -> Self {
        CheckedInput {
            inner,
            raw: Vec::new(),
            in_garbage: false,
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
                    if !std::mem::replace(&mut self.in_garbage, true) {
                        push_refusal(
                            &mut self.ready,
                            -32_600,
                            "what came is no LSP message: it has no Content-Length",
                        );
                    }
                    at += skip;
                }
                Next::Frame { header, body } => {
                    self.in_garbage = false;
                    let body = &self.raw[at + header..at + header + body];
                    match look_at(body) {
                        Found::Good => push_frame(&mut self.ready, body),
                        Found::Answer { id, applied } => {
                            push_frame(&mut self.ready, body);
                            push_answered(&mut self.ready, &id, applied);
                        }
                        Found::NoMessage(code, why) => push_refusal(&mut self.ready, code, &why),
                        Found::LostChange(uri) => push_lost_change(&mut self.ready, &uri),
                    }
                    at += header + body.len();
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
    let window = &bytes[..bytes.len().min(MAX_HEADER)];
    let Some(end) = find(window, HEADER_END) else {
        return if window.len() == MAX_HEADER {
            Next::Garbage {
                skip: to_next_header(window),
            }
        } else {
            Next::Incomplete
        };
    };
    let header = end + HEADER_END.len();
    match length(&bytes[..end]) {
        None => Next::Garbage {
            skip: to_next_header(&bytes[..header]),
        },
        Some(body) if bytes.len() - header < body => Next::Incomplete,
        Some(body) => Next::Frame { header, body },
    }
}

/// The length that a header states, if it is one that a message can have.
fn length(header: &[u8]) -> Option<usize> {
    let header = std::str::from_utf8(header).ok()?;
    let length = header.split("\r\n").find_map(|line| {
        let (name, value) = line.split_once(':')?;
        let is_length = name.trim().as_bytes().eq_ignore_ascii_case(LENGTH);
        is_length.then(|| value.trim().parse::<usize>().ok())?
    });
    length.filter(|length| *length <= MAX_BODY)
}

/// Where the next header may begin, behind the first byte; a header cut off at the end is kept.
fn to_next_header(bytes: &[u8]) -> usize {
    let begins = |at: &usize| {
        let rest = &bytes[*at..];
        let n = rest.len().min(LENGTH.len());
        rest[..n].eq_ignore_ascii_case(&LENGTH[..n])
    };
    (1..bytes.len()).find(begins).unwrap_or(bytes.len())
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
    #[serde(default, borrow)]
    params: Option<&'a RawValue>,
    #[serde(default)]
    result: Option<Value>,
    #[serde(default)]
    error: Option<Value>,
}

/// What a body is.
enum Found {
    Good,
    Answer {
        id: Value,
        applied: bool,
    },
    /// It is no JSON-RPC message, with the code that says so.
    NoMessage(i64, String),
    /// It tells of a change in this document, but not of which: the mirror is not the text any more.
    LostChange(String),
}

fn look_at(body: &[u8]) -> Found {
    let not_json = |what: String| Found::NoMessage(-32_700, what);
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => return not_json(format!("the message is not UTF-8: {error}")),
    };
    let envelope: Envelope<'_> = match serde_json::from_str(text) {
        Ok(envelope) => envelope,
        Err(error) if error.is_data() => {
            let why = format!("the message is not JSON-RPC: {error}");
            return Found::NoMessage(-32_600, why);
        }
        Err(error) => return not_json(format!("the message is not JSON: {error}")),
    };
    let params = envelope.params.map_or("null", RawValue::get);
    if envelope.method.as_deref() == Some(CHANGE) && envelope.id.is_null() {
        if serde_json::from_str::<DidChangeTextDocumentParams>(params).is_ok() {
            return Found::Good;
        }
        let params: Value = serde_json::from_str(params).unwrap_or_default();
        return match params["textDocument"]["uri"].as_str() {
            Some(uri) => Found::LostChange(uri.to_owned()),
            None => Found::Good,
        };
    }
    // The framework nests no deeper than this does.
    if let Err(error) = serde_json::from_str::<Value>(params) {
        return not_json(format!("the message is not JSON: {error}"));
    }
    let id = &envelope.id;
    let fits = id.is_null() || id.is_string() || id.is_i64();
    let says_something = envelope.method.is_some()
        || (!id.is_null() && (envelope.result.is_some() || envelope.error.is_some()))
        // An answer of `null` looks like none at all.
        || !id.is_null();
    if envelope.jsonrpc != "2.0" || !fits || !says_something {
        let why = "the message is neither a request nor an answer of JSON-RPC 2.0";
        return Found::NoMessage(-32_600, why.to_owned());
    }
    if envelope.method.is_some() {
        return Found::Good;
    }
    let applied = envelope.result.is_some_and(|it| it["applied"] == true);
    Found::Answer {
        id: envelope.id,
        applied,
    }
}

/// In place of a change that cannot be read stands one that cannot be made: nothing is guessed, and the document is out
/// of step until it is saved or opened again.
fn push_lost_change(out: &mut Vec<u8>, uri: &str) {
    let nowhere = json!({ "line": u32::MAX, "character": u32::MAX });
    let change = json!({ "range": { "start": nowhere, "end": nowhere }, "text": "" });
    let document = json!({ "uri": uri, "version": i32::MIN });
    let params = json!({ "textDocument": document, "contentChanges": [change] });
    let body = json!({ "jsonrpc": "2.0", "method": CHANGE, "params": params }).to_string();
    push_frame(out, body.as_bytes());
}

fn push_frame(out: &mut Vec<u8>, body: &[u8]) {
    out.extend_from_slice(format!("Content-Length: {}\r\n\r\n", body.len()).as_bytes());
    out.extend_from_slice(body);
}

fn push_answered(out: &mut Vec<u8>, id: &Value, applied: bool) {
    let params = json!({ "id": id, "applied": applied });
    let body = json!({ "jsonrpc": "2.0", "method": ANSWERED, "params": params }).to_string();
    push_frame(out, body.as_bytes());
}

fn push_refusal(out: &mut Vec<u8>, code: i64, why: &str) {
    let params = json!({ "code": code, "message": why });
    let body =
        json!({ "jsonrpc": "2.0", "id": null, "method": REFUSE, "params": params }).to_string();
    push_frame(out, body.as_bytes());
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt as _;

    use super::*;

    fn frame(body: &str) -> String {
        format!("Content-Length: {}\r\n\r\n{body}", body.len())
    }

    /// Feeds bytes in pieces and gives what comes out.
    fn read(input: &[u8], piece: usize) -> Vec<u8> {
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
        out
    }

    #[track_caller]
    fn check_bytes(input: &[u8], piece: usize, expect: &[u8]) {
        assert_eq!(
            String::from_utf8_lossy(&read(input, piece)),
            String::from_utf8_lossy(expect)
        );
    }

    /// Feeds bytes in pieces; `expect` are the bodies that come out, refusals as their code.
    #[track_caller]
    fn check(input: &[u8], piece: usize, expect: &[&str]) {
        let out = read(input, piece);
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
        let noted = answered("\"a\"", false);
        let input = [frame(GOOD), frame(answer), frame(GOOD)].concat();
        for piece in [1, 3, 64, 4096] {
            check(input.as_bytes(), piece, &[GOOD, answer, &noted, GOOD]);
        }
    }

    /// What stands behind an answer to the request of this number.
    fn answered(id: &str, applied: bool) -> String {
        let params = format!(r#"{{"applied":{applied},"id":{id}}}"#);
        format!(r#"{{"jsonrpc":"2.0","method":"{ANSWERED}","params":{params}}}"#)
    }

    #[test]
    fn an_answer_to_an_edit_is_told_in_its_turn_with_what_it_says() {
        for (said, applied) in [
            (r#""result":{"applied":true}"#, true),
            (r#""result":{"applied":false,"failureReason":"no"}"#, false),
            (r#""error":{"code":-32603,"message":"no"}"#, false),
        ] {
            let answer = format!(r#"{{"jsonrpc":"2.0","id":7,{said}}}"#);
            let input = [frame(&answer), frame(GOOD)].concat();
            check(
                input.as_bytes(),
                64,
                &[&answer, &answered("7", applied), GOOD],
            );
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

    #[test]
    fn a_length_that_no_message_has_is_garbage() {
        for length in [
            "18446744073709551615",
            "18446744073709551590",
            "99999999999",
        ] {
            let input = format!("Content-Length: {length}\r\n\r\n{}", frame(GOOD));
            check(input.as_bytes(), 16, &["-32600", GOOD]);
        }
    }

    #[test]
    fn what_the_framework_makes_of_a_header_does_not_matter() {
        for header in [
            "content-length: {}",
            "junk\r\nContent-Length: {}",
            "Content-Length:  {} ",
            "Content-Length: {}\r\nContent-Type: text/plain",
            "A: 1\r\nB: 2\r\nC: 3\r\nContent-Length: {}",
        ] {
            let header = header.replace("{}", &GOOD.len().to_string());
            let input = format!("{header}\r\n\r\n{GOOD}");
            check_bytes(input.as_bytes(), 16, frame(GOOD).as_bytes());
        }
    }

    #[test]
    fn a_run_of_garbage_is_refused_once_in_any_pieces() {
        let input = format!(
            "{}\r\n\r\nabc\r\n\r\nContent-Length: x\r\n\r\n{}",
            "z".repeat(3 * MAX_HEADER),
            frame(GOOD)
        );
        for piece in [1, 7, 4_095, 100_000] {
            check(input.as_bytes(), piece, &["-32600", GOOD]);
        }
    }
}
