//! Framing of server-sent events under any chunking.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use model_protocol::{SseDecoder, SseError};

const STREAM: &str = "\u{feff}: keep-alive\r\nevent: a\r\ndata: {\"x\":\"é😀\"}\r\n\r\ndata:one\ndata: two\n\nid: 3\n\ndata\r\rdata: last\n\ndata: [DONE]\n\ndata: after\n\n";
const EVENTS: [&str; 4] = ["{\"x\":\"é😀\"}", "one\ntwo", "", "last"];

fn events(chunks: impl Iterator<Item = Vec<u8>>) -> Vec<String> {
    let mut decoder = SseDecoder::new(1_000);
    let mut out = Vec::new();
    for chunk in chunks {
        out.extend(decoder.push(&chunk).unwrap());
    }
    assert!(decoder.is_done());
    out.extend(decoder.finish().unwrap());
    out
}

#[test]
fn any_chunking_gives_the_same_events() {
    let seed = std::env::var("SEED")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(11);
    let count = std::env::var("ITERATIONS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(500);
    let mut random = fastrand::Rng::with_seed(seed);
    assert_eq!(events(STREAM.bytes().map(|it| vec![it])), EVENTS);
    for _ in 0..count {
        let mut rest = STREAM.as_bytes();
        let chunks = std::iter::from_fn(|| {
            let (head, tail) = rest.split_at(random.usize(1..9).min(rest.len()));
            rest = tail;
            (!head.is_empty()).then(|| head.to_vec())
        });
        assert_eq!(events(chunks), EVENTS, "seed {seed}");
    }
}

#[test]
fn a_last_event_without_its_blank_line_is_not_lost() {
    let mut decoder = SseDecoder::new(100);
    assert!(decoder.push(b"data: tail").unwrap().is_empty());
    assert_eq!(decoder.finish(), Ok(Some("tail".to_owned())));
}

#[test]
fn an_event_past_the_limit_is_refused() {
    let mut decoder = SseDecoder::new(16);
    assert_eq!(
        decoder.push(&[b'x'; 17]),
        Err(SseError::TooLarge { limit: 16 })
    );
    let mut decoder = SseDecoder::new(16);
    assert_eq!(
        decoder.push(b"data: 12345678\ndata: 12345678\ndata: 12345678\n"),
        Err(SseError::TooLarge { limit: 16 })
    );
}

#[test]
fn text_that_is_not_utf8_is_refused() {
    assert_eq!(
        SseDecoder::new(100).push(b"data: \xff\n"),
        Err(SseError::Utf8)
    );
}

#[test]
fn what_came_whole_before_a_failure_is_given_in_any_pieces() {
    let stream = b"data: one\n\ndata: two\n\ndata: \xff\n\ndata: three\n\n";
    for piece in [1, 7, stream.len()] {
        let mut decoder = SseDecoder::new(100);
        let (mut events, mut failure) = (Vec::new(), None);
        for chunk in stream.chunks(piece) {
            match decoder.push(chunk) {
                Ok(more) => events.extend(more),
                Err(error) => failure = Some(error),
            }
        }
        let failure = failure.or(decoder.finish().err());
        assert_eq!(events, ["one", "two"], "pieces of {piece}");
        assert_eq!(failure, Some(SseError::Utf8), "pieces of {piece}");
    }
}
