//! The base protocol: headers, a blank line, a body. Nothing about what bodies mean.

use std::io::{self, BufRead};

/// A body with its header.
pub(crate) fn frame(body: &[u8]) -> Vec<u8> {
    let mut frame = format!("Content-Length: {}\r\n\r\n", body.len()).into_bytes();
    frame.extend_from_slice(body);
    frame
}

/// The next body, or none at the end of the stream.
///
/// # Errors
/// When the stream ends inside a message, or a header is not one.
pub(crate) fn read_body(stream: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    let bad = |what: String| io::Error::new(io::ErrorKind::InvalidData, what);
    let mut length = None;
    let mut line = Vec::new();
    loop {
        line.clear();
        if stream.read_until(b'\n', &mut line)? == 0 {
            return match length {
                None => Ok(None),
                Some(_) => Err(io::ErrorKind::UnexpectedEof.into()),
            };
        }
        let header = String::from_utf8_lossy(&line);
        let Some(header) = header.strip_suffix("\r\n") else {
            return Err(bad(format!("no header line: {header:?}")));
        };
        if header.is_empty() {
            break;
        }
        match header.split_once(": ") {
            Some(("Content-Length", number)) => {
                let number = number.parse::<usize>();
                length = Some(number.map_err(|_| bad(format!("no length: {header:?}")))?);
            }
            Some(_) => {}
            None => return Err(bad(format!("no header line: {header:?}"))),
        }
    }
    let mut body = vec![0; length.ok_or_else(|| bad("no Content-Length".to_owned()))?];
    stream.read_exact(&mut body)?;
    Ok(Some(body))
}
