//! A server behind two pipes and nothing else: no mirror, no checks, so that what is measured is the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use crate::nth_change;

const URI: &str = "file:///a.rs";

pub(crate) struct Pipe {
    process: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
    last: u64,
}

impl Pipe {
    pub(crate) fn start(command: &[&str]) -> Pipe {
        let mut process = Command::new(command[0])
            .args(&command[1..])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let output = process.stdout.take().expect("it is piped");
        Pipe {
            input: process.stdin.take(),
            output: BufReader::new(output),
            process,
            last: 0,
        }
    }

    pub(crate) fn initialize(&mut self) {
        self.request(
            "initialize",
            json!({ "processId": null, "rootUri": null, "capabilities": {} }),
        );
        self.notify("initialized", json!({}));
    }

    pub(crate) fn open(&mut self, text: &str) {
        let item = json!({ "uri": URI, "languageId": "rust", "version": 0, "text": text });
        self.notify("textDocument/didOpen", json!({ "textDocument": item }));
        self.ask_cheaply();
    }

    /// The frame of one change; numbers go on from 0.
    pub(crate) fn change(&self, number: usize) -> Vec<u8> {
        let document = json!({ "uri": URI, "version": number + 1 });
        let params = json!({ "textDocument": document, "contentChanges": [nth_change(number)] });
        frame(&json!({ "jsonrpc": "2.0", "method": "textDocument/didChange", "params": params }))
    }

    /// A request that needs all changes before it, and little else.
    pub(crate) fn ask_cheaply(&mut self) {
        let at = json!({ "line": 0, "character": 0 });
        let params = json!({
            "textDocument": { "uri": URI }, "range": { "start": at, "end": at }, "context": { "diagnostics": [] },
        });
        self.request("textDocument/codeAction", params);
    }

    /// Memory that is in use, of which some is shared.
    pub(crate) fn resident_megabytes(&mut self) -> f64 {
        // It has settled once it answers.
        self.request("workspace/executeCommand", json!({ "command": "none" }));
        let path = format!("/proc/{}/status", self.process.id());
        let status = std::fs::read_to_string(path).unwrap_or_default();
        let line = status.lines().find(|it| it.starts_with("VmRSS:"));
        let kilobytes = line.and_then(|it| it.split_whitespace().nth(1)?.parse::<f64>().ok());
        kilobytes.map_or(f64::NAN, |it| it / 1_024.0)
    }

    pub(crate) fn write(&mut self, bytes: &[u8]) {
        let input = self.input.as_mut().expect("it is open");
        input
            .write_all(bytes)
            .and_then(|()| input.flush())
            .expect("it reads");
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.write(&frame(
            &json!({ "jsonrpc": "2.0", "method": method, "params": params }),
        ));
    }

    fn request(&mut self, method: &str, params: Value) {
        self.last += 1;
        let id = self.last;
        self.write(&frame(
            &json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }),
        ));
        while self.read()["id"] != id {}
    }

    fn read(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut line = String::new();
            self.output.read_line(&mut line).expect("it writes");
            assert!(!line.is_empty(), "the server ended");
            match line.trim_end().split_once(": ") {
                Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                    length = value.parse().expect("a number");
                }
                Some(_) => {}
                None => break,
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("it writes");
        serde_json::from_slice(&body).expect("JSON")
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        drop(self.input.take());
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

fn frame(message: &Value) -> Vec<u8> {
    let body = message.to_string();
    format!("Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}
