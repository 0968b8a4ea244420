//! Framing of server-sent events: bytes in, the data of each event out.
//!
//! Not here: what the data means (`decode`), and the HTTP around it.

/// Why a stream of server-sent events cannot be read on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SseError {
    /// One event's data grew past the limit.
    #[error("the server sent an event of more than {limit} bytes")]
    TooLarge { limit: usize },
    /// A line is not UTF-8.
    #[error("the server sent an event that is not UTF-8")]
    Utf8,
}

/// Cuts a byte stream into events. Chunks may end anywhere, inside a character or a line end too.
#[derive(Debug)]
pub struct SseDecoder {
    limit: usize,
    line: Vec<u8>,
    data: String,
    has_data: bool,
    /// The last byte was a carriage return, so that a line feed now belongs to it.
    after_return: bool,
    started: bool,
    done: bool,
    failed: Option<SseError>,
}

impl SseDecoder {
    /// A decoder that refuses events of more than `limit` bytes.
    pub fn new(limit: usize) -> SseDecoder {
        SseDecoder {
            limit,
            line: Vec::new(),
            data: String::new(),
            has_data: false,
            after_return: false,
            started: false,
            done: false,
            failed: None,
        }
    }

    /// Whether `[DONE]` was seen, with which some servers end the stream. Nothing is read after it.
    pub fn is_done(&self) -> bool {
        self.done
    }

    /// Takes the next bytes; answers the data of the events that they complete, in order.
    ///
    /// # Errors
    /// The stream cannot be read on, now or since earlier. Events that came whole before that are answered first:
    /// the failure is then the answer to the next call.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<String>, SseError> {
        let mut events = Vec::new();
        if self.failed.is_none() {
            self.failed = self.read(bytes, &mut events).err();
        }
        match &self.failed {
            Some(error) if events.is_empty() => Err(error.clone()),
            _ => Ok(events),
        }
    }

    fn read(&mut self, mut bytes: &[u8], events: &mut Vec<String>) -> Result<(), SseError> {
        while !self.done && !bytes.is_empty() {
            if std::mem::take(&mut self.after_return) && bytes[0] == b'\n' {
                bytes = &bytes[1..];
                continue;
            }
            let end = bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'));
            let piece = &bytes[..end.unwrap_or(bytes.len())];
            if self.line.len() + self.data.len() + piece.len() > self.limit {
                return Err(SseError::TooLarge { limit: self.limit });
            }
            self.line.extend_from_slice(piece);
            let Some(end) = end else { break };
            self.after_return = bytes[end] == b'\r';
            bytes = &bytes[end + 1..];
            let line = std::mem::take(&mut self.line);
            events.extend(self.line(&line)?);
        }
        Ok(())
    }

    /// The stream has ended: the data of a last event that lacks its blank line.
    ///
    /// # Errors
    /// As [`SseDecoder::push`].
    pub fn finish(&mut self) -> Result<Option<String>, SseError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.done {
            return Ok(None);
        }
        let line = std::mem::take(&mut self.line);
        let event = if line.is_empty() {
            None
        } else {
            self.line(&line)?
        };
        Ok(event.or_else(|| self.event()))
    }

    fn line(&mut self, line: &[u8]) -> Result<Option<String>, SseError> {
        let mut line = std::str::from_utf8(line).map_err(|_| SseError::Utf8)?;
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return Ok(self.event());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        if field == "data" {
            if std::mem::replace(&mut self.has_data, true) {
                self.data.push('\n');
            }
            self.data.push_str(value.strip_prefix(' ').unwrap_or(value));
        }
        Ok(None)
    }

    fn event(&mut self) -> Option<String> {
        let data = std::mem::take(&mut self.data);
        if !std::mem::take(&mut self.has_data) {
            return None;
        }
        self.done = data == "[DONE]";
        (!self.done).then_some(data)
    }
}
