//! Bytes from the model server through the codec of server-sent events and the decoder of events.

use std::fmt::Write as _;

use model_protocol::{Decoder, ServerError, SseDecoder, SseError, StreamEvent};

use super::{Input, chunks, pieces};

/// Small, so that the fuzzer reaches it.
const LIMIT: usize = 2_000;

/// Any bytes: the same events under any cuts, and nothing behind the end. An answer that a server writes in any of
/// the allowed ways: its text arrives whole.
pub fn check(data: &[u8]) {
    let mut input = Input::new(data);
    let (kind, seed) = (input.byte(), input.byte().max(2));
    if kind % 2 == 0 {
        stream(input.rest(), seed);
    } else {
        answer(&mut input, seed);
    }
}

fn stream(bytes: &[u8], seed: u8) {
    let whole = events(bytes, 0);
    for seed in [1, seed] {
        assert_eq!(events(bytes, seed), whole, "cut by seed {seed}");
    }
    decode(whole.0.iter().map(String::as_str));
    // The same bytes as frames of the other wire, and as the body of a refused request.
    let text = String::from_utf8_lossy(bytes);
    decode(text.lines());
    decode([&*text]);
    let error = ServerError::from_body(400, bytes);
    assert!(!error.message.is_empty());
}

/// All events of these bytes, and how the stream ended.
fn events(bytes: &[u8], seed: u8) -> (Vec<String>, Result<bool, SseError>) {
    let mut decoder = SseDecoder::new(LIMIT);
    let mut events = Vec::new();
    for chunk in chunks(bytes, seed) {
        match decoder.push(chunk) {
            Ok(more) => events.extend(more),
            Err(error) => return (events, Err(error)),
        }
    }
    let done = decoder.is_done();
    let end = decoder.finish().map(|last| events.extend(last));
    (events, end.map(|()| done))
}

/// The text of the answer; panics where an event says nothing or follows the end.
fn decode<'a>(events: impl IntoIterator<Item = &'a str>) -> String {
    let mut decoder = Decoder::new(None);
    let mut answer = String::new();
    for event in events {
        let ended = decoder.is_finished();
        let Ok(event) = decoder.decode(event) else {
            continue;
        };
        assert!(!ended || event == StreamEvent::Ignored, "after the end");
        match event {
            StreamEvent::Delta { text } => {
                assert!(!text.is_empty());
                answer.push_str(&text);
            }
            StreamEvent::Refusal { text } => assert!(!text.is_empty()),
            StreamEvent::Failed(error) => assert!(!error.message.is_empty()),
            _ => {}
        }
    }
    answer
}

/// A server's answer: which of the repeats it sends, how it spells text and ends lines, comes from the input.
fn answer(input: &mut Input<'_>, seed: u8) {
    let (manner, spelling, ends) = (input.byte(), input.byte(), input.byte());
    let text = input.rest_text();
    let quoted = |text: &str| quoted(text, spelling);
    let mut events = vec![r#"{"type":"response.created","response":{"id":"r"}}"#.to_owned()];
    let says = |bit: u8| manner & (1 << bit) != 0;
    if says(0) {
        events.push(r#"{"type":"response.output_item.added","item":{"type":"message"}}"#.into());
    }
    if says(1) {
        events.push(r#"{"type":"response.content_part.added","part":{}}"#.into());
    }
    if says(2) {
        for piece in pieces(&text, seed) {
            let delta = quoted(piece);
            events.push(format!(
                r#"{{"type":"response.output_text.delta","delta":{delta}}}"#
            ));
        }
    }
    let whole = quoted(&text);
    if says(3) {
        events.push(format!(
            r#"{{"type":"response.output_text.done","text":{whole}}}"#
        ));
    }
    if says(4) {
        events.push(format!(
            r#"{{"type":"response.content_part.done","part":{{"type":"output_text","text":{whole}}}}}"#
        ));
    }
    let said = manner & 0b1_1100 != 0;
    if says(5) || !said {
        events.push(format!(
            r#"{{"type":"response.output_item.done","item":{{"content":[{{"type":"output_text","text":{whole}}}]}}}}"#
        ));
    }
    events.push(r#"{"type":"response.completed","response":{"id":"r"}}"#.to_owned());

    if ends & 16 != 0 {
        // An event over several lines, broken where JSON allows it.
        for event in &mut events {
            *event = event.replacen(',', ",\n", 1);
        }
    }
    let end = ["\n", "\r\n", "\r"][usize::from(ends) % 3];
    let mut wire = String::new();
    for event in &events {
        let space = if ends & 8 == 0 { " " } else { "" };
        let data = event.replace('\n', &format!("{end}data:{space}"));
        let _ = write!(wire, "event: x{end}data:{space}{data}{end}{end}");
    }
    let mut decoder = SseDecoder::new(usize::MAX);
    let mut read = Vec::new();
    for chunk in chunks(wire.as_bytes(), seed) {
        read.extend(decoder.push(chunk).expect("a stream in order"));
    }
    read.extend(decoder.finish().expect("a stream in order"));
    assert_eq!(read, events);
    assert_eq!(decode(read.iter().map(String::as_str)), text);
}

/// A JSON string, in one of the spellings that mean the same.
fn quoted(text: &str, spelling: u8) -> String {
    let mut out = String::from('"');
    for (at, c) in text.chars().enumerate() {
        let escape = matches!(spelling % 4, 1) || (spelling % 4 == 2 && at % 3 == 0);
        match c {
            '\n' if !escape => out.push_str("\\n"),
            '"' | '\\' if !escape => out.extend(['\\', c]),
            c if escape || c < ' ' => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
