//! CONNECT: asking a proxy for a tunnel to the server.
//!
//! Which proxy it is, is decided in `proxy`; what goes through the tunnel is not looked at here.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::error::LinkError;
use crate::proxy::Proxy;
use crate::target::Target;

/// Bytes of the proxy's answer that are read.
const ANSWER: usize = 16 << 10;

/// Opens a tunnel on a connection to the proxy. Not a byte behind the answer's head is taken.
pub(super) async fn open(
    stream: &mut TcpStream,
    proxy: &Proxy,
    target: &Target,
) -> Result<(), LinkError> {
    let failed = |reason: &str| LinkError::Proxy {
        host: target.shown.clone(),
        proxy: proxy.shown(),
        status: None,
        reason: reason.to_owned(),
    };
    let lost = |error: std::io::Error| failed(&error.to_string());
    let request = request(proxy, target);
    stream.write_all(request.as_bytes()).await.map_err(lost)?;
    let mut answer = Vec::new();
    let mut piece = [0; 2048];
    let end = loop {
        let read = stream.read(&mut piece).await.map_err(lost)?;
        if read == 0 {
            return Err(failed("it closed the connection without an answer"));
        }
        answer.extend_from_slice(&piece[..read]);
        if let Some(at) = answer.windows(4).position(|it| it == b"\r\n\r\n") {
            break at + 4;
        }
        if answer.len() > ANSWER {
            return Err(failed("its answer is too long"));
        }
    };
    let status = status(&answer).ok_or_else(|| failed("it does not answer as a proxy does"))?;
    if !(200..300).contains(&status) {
        return Err(proxy.refusal(&target.shown, status));
    }
    // The server says nothing before it is spoken to.
    match end == answer.len() {
        true => Ok(()),
        false => Err(failed("it sent more than its answer")),
    }
}

fn request(proxy: &Proxy, target: &Target) -> String {
    let to = format!("{}:{}", target.host, target.port);
    let agent = concat!("redline/", env!("CARGO_PKG_VERSION"));
    let mut request = format!("CONNECT {to} HTTP/1.1\r\nHost: {to}\r\nUser-Agent: {agent}\r\n");
    if let Some(credentials) = &proxy.credentials {
        request.push_str("Proxy-Authorization: ");
        request.push_str(credentials.expose());
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request
}

/// Of `HTTP/1.1 200 …`.
fn status(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|it| *it == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    words.next().filter(|it| it.starts_with("HTTP/1."))?;
    words
        .next()?
        .parse()
        .ok()
        .filter(|it| (100..600).contains(it))
}
