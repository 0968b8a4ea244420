//! The settings and variables for the way to the model server are those that the link takes: proxy and certificates.
//! What the link does with them is tested in `crates/model-client`.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::mpsc::{self, Receiver};
use std::thread;

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::ModelServer;
use serde_json::{Value, json};

const OLD: &str = "one = 1\n";
const NEW: &str = "one = 11\n";

/// A proxy for which every host is this machine: its address, and the first line of each connection.
fn proxy() -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        // Ends with the process; a client that goes away ends its connection, and nothing else.
        for stream in listener.incoming().flatten() {
            let sender = sender.clone();
            thread::spawn(move || relay(stream, |line| drop(sender.send(line))));
        }
    });
    (address, lines)
}

fn relay(mut client: TcpStream, tell: impl FnOnce(String)) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let line = String::from_utf8_lossy(&head)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    let to = line.split([' ', ':']).nth(2).unwrap_or_default().to_owned();
    tell(line);
    let mut server = TcpStream::connect(format!("127.0.0.1:{to}"))?;
    client.write_all(b"HTTP/1.1 200 OK\r\n\r\n")?;
    let (mut from, mut back) = (client.try_clone()?, server.try_clone()?);
    thread::spawn(move || {
        let copied = io::copy(&mut from, &mut back);
        let _ = back.shutdown(Shutdown::Both);
        copied
    });
    io::copy(&mut server, &mut client)?;
    client.shutdown(Shutdown::Both)
}

/// One rewrite with these settings of the model, under these variables.
fn rewrite(model: Value, env: &[(&str, &str)]) -> Value {
    let mut command = ServerCommand::redline();
    for (name, value) in env {
        command = command.with_env(name, value);
    }
    let mut setup = Setup::new(command).with_events();
    setup.initialization_options =
        json!({ "models": { "fast": model }, "limits": { "retries": 0 } });
    let client = Client::start(&setup);
    let uri = client.open("a.py", "python", OLD);
    let id = client
        .rewrite(&uri, 0..OLD.len(), "x", "once")
        .expect("it starts");
    client.wait_for_message(0, "redline/rewriteChanged", |view| {
        view["rewrite"] == id && matches!(view["state"].as_str(), Some("proposed" | "failed"))
    })
}

#[test]
fn the_proxy_is_the_one_that_was_set() {
    let model = ModelServer::streaming(NEW);
    let url = model.url().replace("127.0.0.1", "model.test");
    let port = url.split([':', '/']).nth(4).expect("a port").to_owned();
    for by_setting in [true, false] {
        let (address, lines) = proxy();
        let view = match by_setting {
            true => rewrite(json!({ "url": url, "model": "m", "proxy": address }), &[]),
            false => rewrite(
                json!({ "url": url, "model": "m" }),
                &[("http_proxy", &address)],
            ),
        };
        assert_eq!(view["state"], "proposed", "{view:#}");
        let line = lines.recv().expect("it was asked");
        assert_eq!(line, format!("CONNECT model.test:{port} HTTP/1.1"));
    }
    let (address, lines) = proxy();
    let none = json!({ "url": url, "model": "m", "proxy": "none" });
    let view = rewrite(none, &[("HTTP_PROXY", &address)]);
    // There is no such host.
    assert_eq!(view["state"], "failed", "{view:#}");
    assert!(lines.try_recv().is_err());
}

#[test]
fn the_certificates_are_those_of_the_file_that_was_set() {
    let file = tempfile::tempdir().expect("a folder").path().join("ca.pem");
    // Whoever listens there, the file is read first.
    let model = ModelServer::streaming(NEW);
    let url = model.url().replace("ws://", "wss://");
    let view = rewrite(json!({ "url": url, "model": "m", "caFile": file }), &[]);
    let message = view["message"].as_str().unwrap_or_default();
    assert_eq!(view["state"], "failed", "{view:#}");
    assert!(message.contains(&file.display().to_string()), "{message}");
    assert!(message.contains("`models.fast.ca_file`"), "{message}");
}
