//! A file of every frame, for finding out what was said.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use serde::Serialize;
use serde_json::value::RawValue;

/// Appends JSON lines `{ ms, connection, direction, frame }`; a frame that is not JSON is a string.
#[derive(Debug)]
pub(crate) struct Recorder {
    file: Mutex<File>,
    began: Instant,
}

#[derive(Serialize)]
struct Line<'a> {
    ms: f64,
    connection: u64,
    direction: &'static str,
    frame: Frame<'a>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Frame<'a> {
    Json(&'a RawValue),
    Text(&'a str),
}

impl Recorder {
    pub(crate) fn create(path: &Path) -> io::Result<Recorder> {
        let file = File::options().create(true).append(true).open(path)?;
        Ok(Recorder {
            file: Mutex::new(file),
            began: Instant::now(),
        })
    }

    /// A record that cannot be written is dropped: the conversation matters more.
    pub(crate) fn note(&self, connection: u64, direction: &'static str, text: &str) {
        let frame = match serde_json::from_str::<&RawValue>(text) {
            Ok(json) if !text.contains('\n') => Frame::Json(json),
            _ => Frame::Text(text),
        };
        let ms = self.began.elapsed().as_secs_f64() * 1_000.0;
        if let Ok(mut line) = serde_json::to_vec(&Line {
            ms,
            connection,
            direction,
            frame,
        }) {
            line.push(b'\n');
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            if let Err(error) = file.write_all(&line) {
                tracing::warn!(%error, "cannot record a frame");
            }
        }
    }
}
