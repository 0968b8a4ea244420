//! What an editor starts as a language server when the server is the test itself: copies its stdin to the address
//! that is its first argument, and what comes from there to its stdout.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::{env, process, thread};

fn main() -> io::Result<()> {
    let address = env::args().nth(1).unwrap_or_default();
    let stream = TcpStream::connect(address)?;
    stream.set_nodelay(true)?;
    let mut from_test = stream.try_clone()?;
    thread::spawn(move || {
        copy(&mut from_test, &mut io::stdout().lock()).ok();
        // The test has gone, or the editor no longer reads.
        process::exit(0);
    });
    let mut to_test = stream;
    copy(&mut io::stdin().lock(), &mut to_test)?;
    to_test.shutdown(Shutdown::Write)
}

/// Passes on what is there at once, unlike `io::copy` into a buffered stdout.
fn copy(from: &mut impl Read, to: &mut impl Write) -> io::Result<()> {
    let mut buffer = [0; 1 << 16];
    loop {
        let count = from.read(&mut buffer)?;
        if count == 0 {
            return Ok(());
        }
        to.write_all(&buffer[..count])?;
        to.flush()?;
    }
}
