//! Bytes from the editor through the reader that checks frames, and through the framework behind it. Both are the
//! caller's, since nothing here knows the language server.

use super::{Input, chunks};

/// The parts of the language server that are under test.
pub trait Reader {
    /// What the checking reader hands on of these chunks, to its end.
    fn checked(&self, chunks: &[&[u8]]) -> Vec<u8>;

    /// What a server behind that reader writes, to the end of the input; it answers each request by its id.
    fn served(&self, chunks: &[&[u8]]) -> Served;
}

/// What a server did.
#[derive(Debug)]
pub struct Served {
    /// What it wrote.
    pub output: Vec<u8>,
    /// It was told to exit.
    pub exited: bool,
}

/// The id of the request that follows the fuzzer's bytes.
const AFTER: &str = "\"after-all-that\"";

/// A body may swallow the request behind it if it claims to be longer than this.
const LONGEST_CLAIM: usize = 4_000;

/// Whatever the bytes are, what comes out is whole frames of JSON-RPC, the same ones however the bytes are cut;
/// and a good request behind the bytes is answered.
pub fn check(data: &[u8], reader: &impl Reader) {
    let mut input = Input::new(data);
    let seed = input.byte().max(2);
    let bytes = input.rest();

    let out = reader.checked(&[bytes]);
    frames(&out);
    for seed in [1, seed] {
        assert_eq!(
            String::from_utf8_lossy(&reader.checked(&chunks(bytes, seed))),
            String::from_utf8_lossy(&out),
            "cut by seed {seed}"
        );
    }

    let body = format!(r#"{{"jsonrpc":"2.0","id":{AFTER},"method":"after"}}"#);
    // What a header still waits for, or a body.
    let mut behind = vec![b'.'; 3 * LONGEST_CLAIM];
    behind.extend(format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes());
    let mut all = chunks(bytes, seed);
    all.push(&behind);
    let served = reader.served(&all);
    let answered = String::from_utf8_lossy(&served.output).contains(AFTER);
    assert!(
        answered || served.exited || claims_more(bytes),
        "the request behind the bytes has no answer; written: {}",
        String::from_utf8_lossy(&served.output)
    );
}

/// Whether some number in the bytes may be the length of a body that reaches beyond them.
fn claims_more(bytes: &[u8]) -> bool {
    bytes
        .split(|byte| !byte.is_ascii_digit())
        .filter(|digits| !digits.is_empty())
        .any(|digits| {
            let number = digits.iter().fold(0_usize, |number, digit| {
                number
                    .saturating_mul(10)
                    .saturating_add(usize::from(digit - b'0'))
            });
            number > LONGEST_CLAIM
        })
}

/// Panics unless these are whole frames whose bodies are JSON objects.
fn frames(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.expect("a header");
        let header = std::str::from_utf8(&bytes[..end]).expect("a header in UTF-8");
        let length = header.strip_prefix("Content-Length: ").expect("a length");
        let length: usize = length.parse().expect("a number");
        let body = &bytes[end + 4..end + 4 + length];
        let body = std::str::from_utf8(body).expect("a body in UTF-8");
        assert!(body.trim().starts_with('{') && body.trim().ends_with('}'));
        bytes = &bytes[end + 4 + length..];
    }
}
