//! What the link costs in time, side by side in one run: from asking for a rewrite to the first edit that the
//! editor gets, over a network with delay and a narrow way up. The model answers at once, so that all of it is
//! the way and ours.
//!
//! `cargo xtask measure link` runs it. Four ways of asking with the same file of 400 KB:
//!
//! - *ahead*: Redline over a warm WebSocket, the file sent ahead when it was opened;
//! - *warm*: the same, with nothing sent ahead;
//! - *pooled*: Redline over connections for HTTPS that are kept open;
//! - *new*: a new HTTPS connection for the request, by a bare client without an editor: up to the first text.
//!
//! All of it is TLS 1.3, to `redline loopback` behind the relay of `network`.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

mod network;
mod plot;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use network::{Certificate, Network, Relay};
use serde_json::{Value, json};

const ROUND_TRIPS: [u64; 3] = [20, 50, 100];
const MEGABITS_UP: u64 = 20;
const CONTEXT: usize = 400_000;
const PAUSE: Duration = Duration::from_millis(200);
const NEW: &str = "    let total = first + second;\n";
const OLD: &str = "    let total = first;\n";

/// One way of asking, and the times that it took in milliseconds, sorted.
struct Way {
    name: &'static str,
    times: Vec<f64>,
}

impl Way {
    fn at(&self, percent: usize) -> f64 {
        self.times[(self.times.len() - 1) * percent / 100]
    }
}

fn main() {
    let times: usize = setting("TIMES").unwrap_or(20);
    let folder = tempfile::tempdir().expect("a folder");
    let certificate = Certificate::new(folder.path());
    let script = folder.path().join("script.jsonl");
    let line = json!({ "match": "", "output": NEW }).to_string();
    std::fs::write(&script, line).expect("it can be written");
    let server = Loopback::start(&script);
    let mut table: BTreeMap<u64, Vec<Way>> = BTreeMap::new();
    for rtt in ROUND_TRIPS {
        let network = Network {
            round_trip: Duration::from_millis(rtt),
            bytes_per_second: MEGABITS_UP * 1_000_000 / 8,
        };
        let relay = Relay::start(network, server.port, &certificate);
        let address = format!("127.0.0.1:{}/v1/responses", relay.port);
        let ways = [
            (
                "ahead",
                rewrites(&certificate, &format!("wss://{address}"), true, times),
            ),
            (
                "warm",
                rewrites(&certificate, &format!("wss://{address}"), false, times),
            ),
            (
                "pooled",
                rewrites(&certificate, &format!("https://{address}"), false, times),
            ),
            ("new", new_connections(&certificate, relay.port, times)),
        ];
        let ways = ways.into_iter().map(|(name, mut times)| {
            times.sort_by(f64::total_cmp);
            Way { name, times }
        });
        table.insert(rtt, ways.collect());
    }
    print(&table, times);
    if let Some(path) = std::env::var_os("PLOT").map(PathBuf::from) {
        std::fs::write(&path, plot::svg(&table)).expect("the plot can be written");
        println!("\nThe plot is in {}.", path.display());
    }
}

fn setting(name: &str) -> Option<usize> {
    std::env::var(name).ok()?.parse().ok()
}

/// `redline loopback` at full speed; it ends with this.
struct Loopback {
    process: Child,
    port: u16,
}

impl Loopback {
    fn start(script: &std::path::Path) -> Loopback {
        let redline = ServerCommand::redline();
        let mut process = Command::new(&redline.program)
            .args(["loopback", "--rate", "0", "--script"])
            .arg(script)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        let mut line = String::new();
        let output = process.stdout.take().expect("it is piped");
        BufReader::new(output).read_line(&mut line).expect("a line");
        let rest = line.split("127.0.0.1:").nth(1).unwrap_or_default();
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let port = digits
            .parse()
            .unwrap_or_else(|_| panic!("no port in {line:?}"));
        Loopback { process, port }
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

/// A file of 400 KB with one line to change in its middle, and where that line is.
fn file() -> (String, std::ops::Range<usize>) {
    let filler = |from: usize| {
        let lines = (from..)
            .map(|it| format!("fn f{it}(value: u64) -> u64 {{ value * {it} + 1 }} // \"{it}\"\n"));
        let mut text = String::new();
        for line in lines {
            if text.len() + line.len() > CONTEXT / 2 {
                return text;
            }
            text.push_str(&line);
        }
        text
    };
    let mut text = filler(0);
    text.push_str("fn sum(first: u64, second: u64) -> u64 {\n");
    let start = text.len();
    text.push_str(OLD);
    let region = start..text.len();
    text.push_str("    total\n}\n");
    text.push_str(&filler(100_000));
    (text, region)
}

/// From the command to the first edit, over stdio, in milliseconds.
fn rewrites(certificate: &Certificate, url: &str, ahead: bool, times: usize) -> Vec<f64> {
    let server = ServerCommand::redline()
        .with_model(url)
        .with_env("SSL_CERT_FILE", &certificate.path);
    let mut setup = Setup::new(server).with_events();
    setup.initialization_options = json!({
        "context": { "bytes": 1_000_000 },
        "models": { "fast": { "prewarm": ahead, "contextWindow": 10_000_000 } },
    });
    let client = Client::start(&setup);
    until(&client, |it| {
        it["connection"] == "ready" && it["connections"]["open"] == 2
    });
    let (text, region) = file();
    let uri = client.open("a.rs", "rust", &text);
    // The first one shows the server's ways, and the tree is parsed meanwhile.
    let mut all = Vec::new();
    for round in 0..=times {
        if ahead {
            until(&client, |it| {
                it["ahead"]["underWay"] == false && it["ahead"]["count"] != 0
            });
        }
        until(&client, |it| it["connections"]["idle"] == 2);
        // A person looks before asking again.
        std::thread::sleep(PAUSE);
        let mark = client.mark();
        // An editor knows lines and columns; this client counts them in the whole text.
        let range = client.range(&uri, region.clone());
        let ask = json!({ "uri": uri, "range": range, "instruction": "use both", "apply": "live" });
        let asked = Instant::now();
        let started = client.execute("redline.rewrite", ask).expect("it starts");
        let id = started["rewrite"].as_u64().expect("it has a number");
        client.wait_for_message(mark, "workspace/applyEdit", |_| true);
        let edit = client
            .messages_since(mark)
            .into_iter()
            .find(|it| it.method == "workspace/applyEdit");
        let took = edit.expect("it came").at.duration_since(asked);
        if round > 0 {
            all.push(took.as_secs_f64() * 1e3);
        }
        let view = client.wait_for_state(id, "proposed");
        if std::env::var_os("VERBOSE").is_some() {
            println!("{took:?} {} {}", view["timings"], view["bytes"]);
        }
        let saved = view["bytes"]["saved"].as_u64().unwrap_or(0);
        assert_eq!(saved > CONTEXT as u64 * 9 / 10, ahead, "{}", view["bytes"]);
        client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        client.wait_until_over(id);
        client.wait_for_document(&uri, "the text from before", |it| it.text == text);
    }
    all
}

fn until(client: &Client, is: impl Fn(&Value) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let status = client
            .execute("redline.status", Value::Null)
            .expect("an answer");
        if is(&status) {
            return;
        }
        assert!(Instant::now() < deadline, "{status:#}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// From nothing to the first text, with a connection of its own, in milliseconds.
fn new_connections(certificate: &Certificate, port: u16, times: usize) -> Vec<f64> {
    let (text, _) = file();
    let body = json!({
        "model": "m", "stream": true, "store": false,
        "input": [
            { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": text }] },
            { "type": "message", "role": "user", "content": [{ "type": "input_text", "text": "use both" }] },
        ],
    })
    .to_string();
    let once = || {
        let asked = Instant::now();
        let mut stream = certificate.connect(port);
        write!(
            stream,
            "POST /v1/responses HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .expect("it can be sent");
        for line in BufReader::new(stream).lines() {
            if line.expect("a line").contains("response.output_text.delta") {
                return asked.elapsed().as_secs_f64() * 1e3;
            }
        }
        panic!("no text came");
    };
    (0..times).map(|_| once()).collect()
}

fn print(table: &BTreeMap<u64, Vec<Way>>, times: usize) {
    println!(
        "First edit after asking, ms (p50 / p95 of {times}); {} KB of context, {MEGABITS_UP} Mbit/s up, TLS; the model answers at once\n",
        CONTEXT / 1_000
    );
    println!(
        "| round trip | sent ahead | warm, in full | pooled HTTPS, in full | new HTTPS, in full (first text) | in round trips | less than new | less than pooled |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for (rtt, ways) in table {
        let cell = |name: &str| {
            let way = ways.iter().find(|it| it.name == name);
            way.map_or(String::new(), |it| {
                format!("{:.0} / {:.0}", it.at(50), it.at(95))
            })
        };
        let p50 = |name: &str| {
            ways.iter()
                .find(|it| it.name == name)
                .map_or(f64::NAN, |it| it.at(50))
        };
        let less = |name: &str| (1.0 - p50("ahead") / p50(name)) * 100.0;
        println!(
            "| {rtt} ms | {} | {} | {} | {} | {:.2} | {:.0} % | {:.0} % |",
            cell("ahead"),
            cell("warm"),
            cell("pooled"),
            cell("new"),
            p50("ahead") / *rtt as f64,
            less("new"),
            less("pooled"),
        );
    }
}
