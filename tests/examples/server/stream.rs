//! From the model's socket to the editor's pipe: how long a line of the answer takes, and what a token costs.

use std::time::{Duration, Instant};

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Action, Gate, ModelServer};
use serde_json::json;

use crate::millis;

const SAMPLES: usize = 100;
const TOKENS: usize = 4_000;
/// Longer than a frame, so that no edit waits for its turn.
const REST: Duration = Duration::from_millis(50);

/// What a stream of tokens cost.
pub(crate) struct Cost {
    /// Microseconds of the process for each token.
    pub(crate) cpu_each: f64,
    /// Milliseconds from the last token to the last edit.
    pub(crate) last_edit: f64,
}

fn delta(text: &str) -> Action {
    Action::Event(json!({ "type": "response.output_text.delta", "delta": text }))
}

fn begin() -> Action {
    Action::Event(json!({ "type": "response.created", "response": { "id": "r" } }))
}

fn end() -> Action {
    Action::Event(json!({ "type": "response.completed", "response": { "id": "r" } }))
}

fn old(lines: usize) -> String {
    (0..lines)
        .map(|it| format!("    let first_{it} = {it};\n"))
        .collect()
}

fn start(server: &ModelServer, text: &str) -> (Client, String) {
    let server = ServerCommand::redline().with_model(&server.url());
    let client = Client::start(&Setup::new(server).with_events());
    let uri = client.open("a.rs", "rust", text);
    (client, uri)
}

/// From the moment at which the model says a line to the edit, in microseconds, once for each line.
pub(crate) fn delta_to_edit() -> Vec<f64> {
    let gates: Vec<Gate> = (0..=SAMPLES).map(|_| Gate::new()).collect();
    let script = gates.clone();
    let server = ModelServer::start(move |_| {
        let lines = script.iter().enumerate().flat_map(|(number, gate)| {
            let line = format!("    let second_{number} = {number};\n");
            [Action::Hold(gate.clone()), delta(&line)]
        });
        std::iter::once(begin())
            .chain(lines)
            .chain([end()])
            .collect()
    });
    // Nothing of the answer is like the old text: what may be an old line is held until the next one tells.
    let text = "fn all() {}\n";
    let (client, uri) = start(&server, text);
    let id = client
        .rewrite(&uri, 0..text.len(), "all of it", "live")
        .expect("it starts");
    let times = gates.iter().map(|gate| {
        gate.wait_until_reached();
        std::thread::sleep(REST);
        let mark = client.mark();
        let said = Instant::now();
        gate.open();
        client.wait_for_message(mark, "workspace/applyEdit", |_| true);
        let messages = client.messages_since(mark);
        let edit = messages
            .iter()
            .find(|it| it.method == "workspace/applyEdit");
        edit.expect("it came").at.duration_since(said).as_secs_f64() * 1e6
    });
    // The first one shows the way.
    let times: Vec<f64> = times.skip(1).collect();
    client.wait_for_state(id, "proposed");
    times
}

/// A stream of so many tokens of four letters a second.
pub(crate) fn of_tokens(rate: u64) -> Cost {
    let text = old(TOKENS / 6);
    let new = text.replace("first", "other");
    let tokens: Vec<String> = new
        .as_bytes()
        .chunks(4)
        .map(|it| String::from_utf8_lossy(it).into_owned())
        .collect();
    let (last, held) = (Gate::new(), Gate::new());
    let script = (tokens.clone(), last.clone(), held.clone());
    let server = ModelServer::start(move |_| {
        let (tokens, last, held) = &script;
        // Several leave together where one by one would be too slow for this machine's clock.
        let at_once = (rate / 1_000).max(1) as usize;
        let mut actions = vec![begin(), Action::Hold(held.clone())];
        for tokens in tokens.chunks(at_once) {
            actions.extend(tokens.iter().map(|it| delta(it)));
            actions.push(Action::Wait(Duration::from_micros(
                1_000_000 * at_once as u64 / rate,
            )));
        }
        actions.extend([Action::Hold(last.clone()), delta("    // the end\n"), end()]);
        actions
    });
    let (client, uri) = start(&server, &text);
    let id = client
        .rewrite(&uri, 0..text.len(), "all of it", "live")
        .expect("it starts");
    held.wait_until_reached();
    let before = cpu(&client);
    held.open();
    last.wait_until_reached();
    let spent = cpu(&client) - before;
    std::thread::sleep(REST);
    let mark = client.mark();
    let said = Instant::now();
    last.open();
    client.wait_for_state(id, "proposed");
    let messages = client.messages_since(mark);
    let is_edit = |it: &&e2e::lsp::Message| it.method == "workspace/applyEdit";
    let edit = messages
        .iter()
        .rev()
        .find(is_edit)
        .expect("the last line is an edit");
    Cost {
        cpu_each: spent * 1e6 / tokens.len() as f64,
        last_edit: millis(edit.at.duration_since(said)),
    }
}

/// Seconds that the process has computed so far, with its resolution of a hundredth.
fn cpu(client: &Client) -> f64 {
    let path = format!("/proc/{}/stat", client.process());
    let stat = std::fs::read_to_string(path).unwrap_or_default();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace()
        .collect();
    let ticks = |at: usize| {
        fields
            .get(at)
            .and_then(|it| it.parse::<f64>().ok())
            .unwrap_or(f64::NAN)
    };
    (ticks(11) + ticks(12)) / 100.0
}
