//! Order: whatever is piped in, each request sees exactly the text of its place among the changes, and an editor
//! that answers nothing for a while stops nobody.

use std::process::Command;
use std::time::Duration;

use e2e::ServerCommand;
use e2e::lsp::{Client, Manner, Setup};
use e2e::model_server::{Answer, ModelServer};
use fastrand::Rng;
use serde_json::{Value, json};

const CHANGES: usize = 50_000;
const REQUESTS: usize = 500;
const ASK: &str = "// redline: shorten\n";
const FOLLOW: &str = "Redline: Follow the instruction in the comment";

fn start(model: &ModelServer, manner: Manner) -> Client {
    let server = ServerCommand::redline().with_model(&model.url());
    Client::start(&Setup::new(server).with_events().with_manner(manner))
}

/// The places of a document of numbered lines: the comment that comes and goes stands on the first line.
fn line_range(text: &str, line: usize) -> std::ops::Range<usize> {
    let mut starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1));
    let start = starts.nth(line).expect("the line is there");
    start..start + text[start..].find('\n').expect("each line ends")
}

/// Stops the server's process, or lets it go on.
fn pause(client: &Client, stop: bool) {
    let signal = if stop { "-STOP" } else { "-CONT" };
    let process = client.process().to_string();
    let status = Command::new("kill").args([signal, &process]).status();
    assert!(status.expect("kill starts").success());
}

#[test]
fn each_request_sees_the_text_of_its_place() {
    let seed = fastrand::u64(..);
    println!("SEED={seed}");
    let mut rng = Rng::with_seed(seed);
    let model = ModelServer::streaming("fn x() {}\n");
    let client = start(&model, Manner::HELIX);
    // Line n holds the number of the change that was made to it last.
    let lines = 24;
    let text: String = (0..lines)
        .map(|line| format!("v{line} = none;\n"))
        .collect();
    let uri = client.open("a.rs", "rust", &text);

    // All of it is piped: nothing is read before the last is sent.
    pause(&client, true);
    let mut asked = false;
    let mut pending = Vec::new();
    let mut rewrites = Vec::new();
    for change in 0..CHANGES {
        client.replace_with(&uri, |document| {
            if rng.u8(..16) == 0 {
                let range = if asked { 0..ASK.len() } else { 0..0 };
                let ask = if asked { "" } else { ASK };
                asked = !asked;
                return Some((range, ask.to_owned()));
            }
            let line = rng.usize(..lines) + usize::from(asked);
            let text = &document.text;
            let line = line_range(text, line);
            let from = line.start + text[line.clone()].find('=').expect("the line has one") + 2;
            Some((from..line.end, format!("{change};")))
        });
        if change % (CHANGES / REQUESTS) != 0 {
            continue;
        }
        let document = client.document(&uri);
        // Every 25th request is one whose text goes to the model, each on a line of its own.
        if (change / (CHANGES / REQUESTS)) % 25 == 24 && rewrites.len() + 1 < lines {
            let line = line_range(&document.text, 1 + rewrites.len() + usize::from(asked));
            let expected = document.text[line.clone()].to_owned();
            let argument = json!({
                "uri": uri, "range": client.range(&uri, line), "instruction": "shorten",
                "apply": "preview", "version": document.version,
            });
            let params = json!({ "command": "redline.rewrite", "arguments": [argument] });
            rewrites.push((
                client.send_request("workspace/executeCommand", params),
                expected,
            ));
        } else {
            let first = line_range(&document.text, 0);
            let params = json!({
                "textDocument": { "uri": uri }, "range": client.range(&uri, first),
                "context": { "diagnostics": [] },
            });
            let id = client.send_request("textDocument/codeAction", params);
            pending.push((id, document.version, asked));
        }
    }
    assert!(pending.len() + rewrites.len() == REQUESTS && rewrites.len() == 20);
    pause(&client, false);
    let mut wrong = Vec::new();
    for (id, version, asked) in pending {
        let answer = client.wait_for_answer(id);
        let actions = answer.unwrap_or_else(|error| panic!("at version {version}: {error}"));
        let actions = actions.as_array().cloned().unwrap_or_default();
        let follows = actions.iter().any(|it| it["title"] == FOLLOW);
        let seen = |action: &Value| action["command"]["arguments"][0]["version"].clone();
        let is_right = !actions.is_empty() && actions.iter().all(|it| seen(it) == version);
        let is_right = is_right && follows == asked;
        if !is_right {
            wrong.push((version, asked, actions));
        }
    }
    assert!(
        wrong.is_empty(),
        "SEED={seed}: {} of {REQUESTS} saw another text, such as {:?}",
        wrong.len(),
        wrong[0]
    );
    for (id, expected) in &rewrites {
        let answer = client.wait_for_answer(*id);
        answer.unwrap_or_else(|error| panic!("SEED={seed}: `{expected}`: {error}"));
    }
    model.wait_for_requests(rewrites.len());
    let said: Vec<String> = model.requests().iter().map(|it| it.input_text()).collect();
    for (_, expected) in &rewrites {
        let region = format!("<region>\n{expected}\n</region>");
        assert!(
            said.iter().any(|said| said.contains(&region)),
            "SEED={seed}: nobody sent `{expected}`"
        );
    }
}

#[test]
fn an_editor_that_leaves_requests_unanswered_is_served_all_the_same() {
    let model = ModelServer::start(|request| {
        let pieces = (0..20).map(|line| format!("line {line} of the new text\n"));
        Answer::to(request)
            .paced(Duration::from_millis(2), pieces)
            .actions()
    });
    let client = start(&model, Manner::VS_CODE);
    let old = "old line\nold line\n";
    client.hold_answers(true);
    let uris: Vec<String> = (0..40)
        .map(|n| client.open(&format!("{n}.txt"), "plaintext", old))
        .collect();
    let ids: Vec<u64> = uris
        .iter()
        .map(|uri| {
            client
                .rewrite(uri, 0..old.len(), "rewrite it", "live")
                .expect("it starts")
        })
        .collect();
    // Each asks for leave to show progress and for an edit.
    for uri in &uris {
        client.wait_for_document(uri, "an edit came", |it| !it.applied.is_empty());
    }
    assert!(
        client.held_answers() >= 64,
        "only {} wait",
        client.held_answers()
    );

    let busy = client.open("busy.rs", "rust", "fn main() {}\n");
    for n in 0..2_000 {
        client.replace(&busy, 0..0, &format!("// {n}\n"));
        if n % 100 == 0 {
            let actions = client.code_actions(&busy, 0..1);
            assert!(!actions.is_empty());
            assert_eq!(
                actions[0]["command"]["arguments"][0]["version"],
                client.document(&busy).version
            );
        }
    }
    assert_eq!(client.rewrites(&uris[0]).len(), 1);

    client.hold_answers(false);
    let new: String = (0..20)
        .map(|line| format!("line {line} of the new text\n"))
        .collect();
    for (uri, id) in uris.iter().zip(ids) {
        client.wait_for_state(id, "proposed");
        client
            .decide("redline.accept", id)
            .expect("it can be accepted");
        client.wait_until_over(id);
        assert_eq!(client.text(uri), new);
    }
}
