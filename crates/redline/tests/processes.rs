//! `redline loopback`, `lsp` and `config` as processes: what stands on stdout.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on says where")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Running(Child);

impl Running {
    fn start(arguments: &[&str], state: &std::path::Path) -> (Running, BufReader<ChildStdout>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_redline"))
            .args(arguments)
            .env("XDG_STATE_HOME", state)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        (Running(child), output)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn loopback_prints_its_url_and_answers_there() {
    let state = tempfile::tempdir().unwrap();
    let (_running, mut output) = Running::start(&["loopback", "--rate", "0"], state.path());
    let mut url = String::new();
    output.read_line(&mut url).unwrap();
    let url = url.trim_end();
    let address = url
        .strip_prefix("ws://")
        .and_then(|it| it.strip_suffix("/v1/responses"))
        .unwrap_or_else(|| panic!("{url} is no URL"));
    let stream = TcpStream::connect(address).unwrap();
    let (mut socket, _) = tungstenite::client(url, stream).unwrap();
    let request = r#"{"type":"response.create","model":"m","input":"hello"}"#;
    socket.send(tungstenite::Message::text(request)).unwrap();
    let first = socket.read().unwrap().into_text().unwrap();
    assert!(first.contains("response.created"), "{first}");
}

#[test]
fn lsp_speaks_only_the_protocol_and_ends_with_its_input() {
    let state = tempfile::tempdir().unwrap();
    let (mut running, mut output) = Running::start(&["lsp", "--stdio"], state.path());
    let body = r#"{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"capabilities":{}}}"#;
    let mut input = running.0.stdin.take().unwrap();
    write!(input, "Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut header = String::new();
    output.read_line(&mut header).unwrap();
    assert!(header.starts_with("Content-Length: "), "{header}");
    drop(input);
    output.read_to_string(&mut String::new()).unwrap();
    assert!(running.0.wait().unwrap().success());
    assert!(state.path().join("redline").join("redline.log").exists());
}

#[test]
fn config_prints_what_is_asked_for_and_nothing_else() {
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_redline"));
        command.arg("config").args(arguments).output().unwrap()
    };
    let schema = run(&["--schema"]);
    let schema: serde_json::Value = serde_json::from_slice(&schema.stdout).unwrap();
    assert!(schema["properties"]["models"].is_object(), "{schema}");
    let file = String::from_utf8(run(&["--default"]).stdout).unwrap();
    assert!(file.contains("apply = "), "{file}");
    assert_eq!(run(&[]).status.code(), Some(2));
    assert_eq!(run(&["--schema", "--default"]).status.code(), Some(2));
}
