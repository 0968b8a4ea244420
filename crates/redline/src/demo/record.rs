//! What the model server really sent, read back from its own record of frames.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The last answer in a record; what is sent ahead of a request is answered without text and is none. Times are since
/// the record began.
#[derive(Debug, Default)]
pub(super) struct Streamed {
    pub(super) text: String,
    pub(super) deltas: usize,
    pub(super) first: Duration,
    pub(super) last: Duration,
}

/// Reads the JSON lines `{ ms, connection, direction, frame }` of the embedded server.
pub(super) fn read(path: &Path) -> Result<Streamed> {
    let lines = std::fs::read_to_string(path).context("cannot read the model server's record")?;
    let mut streamed = Streamed::default();
    let mut begins = true;
    for line in lines.lines() {
        let line: Value = serde_json::from_str(line).context("a broken record")?;
        if line["direction"] != "out" {
            continue;
        }
        let frame = &line["frame"];
        match frame["type"].as_str() {
            Some("response.created") => begins = true,
            Some("response.output_text.delta") => {
                if std::mem::take(&mut begins) {
                    streamed = Streamed::default();
                }
                let at = Duration::from_secs_f64(line["ms"].as_f64().unwrap_or_default() / 1_000.0);
                if streamed.deltas == 0 {
                    streamed.first = at;
                }
                streamed.last = at;
                streamed.deltas += 1;
                streamed.text += frame["delta"].as_str().unwrap_or_default();
            }
            _ => {}
        }
    }
    Ok(streamed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_answer_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record");
        let created = r#"{"ms":1,"direction":"out","frame":{"type":"response.created"}}"#;
        let delta = |ms: u32, text: &str| {
            format!(
                r#"{{"ms":{ms},"direction":"out","frame":{{"type":"response.output_text.delta","delta":"{text}"}}}}"#
            )
        };
        let asked = r#"{"ms":1,"direction":"in","frame":{"type":"response.create"}}"#;
        let lines = [
            asked.to_owned(),
            created.to_owned(),
            delta(2, "old"),
            created.to_owned(),
            delta(3, "a"),
            delta(5, "b"),
            // Sent ahead of the next request.
            created.to_owned(),
        ];
        std::fs::write(&path, lines.join("\n")).unwrap();
        let streamed = read(&path).unwrap();
        assert_eq!((streamed.text.as_str(), streamed.deltas), ("ab", 2));
        assert_eq!(streamed.last - streamed.first, Duration::from_millis(2));
    }
}
