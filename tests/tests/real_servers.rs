//! Model servers and clients that are not ours: llama.cpp, LiteLLM in front of it as `docs/team.md` sets it up,
//! and OpenAI's SDK for Node.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_servers::{Server, programs};
use serde_json::{Value, json};

const OLD: &str = "one = 1\ntwo = 2\n";
const LINES: [&str; 2] = ["one = 11\n", "two = 2\n"];
const NEW: &str = "one = 11\ntwo = 2\n";
const TEAM: &str = include_str!("../../docs/team.md");
const KEY: &str = "sk-team-1";

/// Redline with this model; the key is in the environment.
fn start(url: &str, model: &str, key: &str) -> Client {
    let mut setup =
        Setup::new(ServerCommand::redline().with_env("TEAM_MODEL_KEY", key)).with_events();
    let fast = json!({ "url": url, "model": model, "key": { "env": "TEAM_MODEL_KEY" } });
    setup.initialization_options =
        json!({ "models": { "fast": fast }, "limits": { "retries": 1 } });
    Client::start(&setup)
}

/// One rewrite after the other, then two at the same time, all of them right; answers the status.
#[track_caller]
fn check(url: &str, model: &str, wire: &str) -> Value {
    let client = start(url, model, KEY);
    let open = |name: &str| client.open(name, "python", &["# before\n", OLD, "# after\n"].concat());
    let region = 9..9 + OLD.len();
    let rewrite = |uri: &str| {
        let asked = client.rewrite(uri, region.clone(), "be good", "live");
        asked.expect("it starts")
    };
    let accept = |uri: &str, id: u64| {
        let view = client.wait_for_state(id, "proposed");
        assert!(view["tokens"]["output"].as_u64() > Some(0), "{view:#}");
        client
            .decide("redline.accept", id)
            .expect("it can be accepted");
        client.wait_until_over(id);
        assert_eq!(
            client.text(uri),
            ["# before\n", NEW, "# after\n"].concat(),
            "{url}"
        );
    };
    for name in ["a.py", "b.py"] {
        let uri = open(name);
        accept(&uri, rewrite(&uri));
    }
    let (first, second) = (open("c.py"), open("d.py"));
    let (one, two) = (rewrite(&first), rewrite(&second));
    accept(&second, two);
    accept(&first, one);
    let status = client
        .execute("redline.status", Value::Null)
        .expect("the status");
    assert_eq!(status["wire"], wire, "{url}: {status:#}");
    status
}

#[test]
fn llama_cpp_on_both_of_its_wires() {
    let server = Server::llama(&LINES);
    let base = format!("127.0.0.1:{}/v1", server.port());
    check(&format!("http://{base}/responses"), "tiny", "responsesSse");
    check(
        &format!("http://{base}/chat/completions"),
        "tiny",
        "chatSse",
    );
    // It has no WebSocket, and says so with 404.
    let status = check(&format!("ws://{base}/responses"), "tiny", "responsesSse");
    assert!(status["fallback"].to_string().contains("404"), "{status:#}");
}

/// The configuration that the page shows.
fn documented() -> &'static str {
    let rest = TEAM.split_once("```yaml\n").expect("the page shows one").1;
    rest.split_once("```").expect("it ends").0
}

#[test]
fn litellm_in_front_of_llama_cpp() {
    let engine = Server::llama(&LINES);
    // One more name, for the route that makes Responses out of chat completions.
    let route = documented().split_once("model_list:\n").expect("models").1;
    let route = route.split_once("general_settings").expect("settings").0;
    let route = route
        .replace("model_name: house", "model_name: chat")
        .replace("hosted_vllm/", "lm_studio/");
    let config = documented().replace("general_settings:", &format!("{route}general_settings:"));
    let engine_url = format!("http://127.0.0.1:{}/v1", engine.port());
    let env = [
        ("ENGINE_URL", engine_url.as_str()),
        ("LITELLM_MASTER_KEY", KEY),
    ];
    let gateway = Server::litellm(&config, &env);
    let base = format!("127.0.0.1:{}/v1", gateway.port());
    let socket = format!("ws://{base}/responses");
    check(&socket, "house", "responsesWebSocket");
    check(&socket, "chat", "responsesWebSocket");
    check(&format!("http://{base}/responses"), "house", "responsesSse");
    check(
        &format!("http://{base}/chat/completions"),
        "house",
        "chatSse",
    );

    // Its word for a key that it does not know, where it has no database of keys.
    let client = start(&socket, "house", "sk-wrong");
    let uri = client.open("a.py", "python", OLD);
    let id = client
        .rewrite(&uri, 0..OLD.len(), "x", "live")
        .expect("it starts");
    let end = client.wait_until_over(id);
    let message = end["message"].as_str().unwrap_or_default();
    assert!(
        end["state"] == "failed" && message.contains("No connected db"),
        "{end:#}"
    );
    assert_eq!(client.text(&uri), OLD);

    // The engine goes away behind the gateway, and what is asked then fails without harm.
    let client = start(&socket, "house", KEY);
    let uri = client.open("a.py", "python", OLD);
    drop(engine);
    let id = client
        .rewrite(&uri, 0..OLD.len(), "x", "live")
        .expect("it starts");
    let end = client.wait_until_over(id);
    assert_eq!(end["state"], "failed", "{end:#}");
    assert_eq!(client.text(&uri), OLD);
}

#[test]
fn the_official_node_sdk_understands_the_embedded_server() {
    let mut server = Command::new(e2e::binary())
        .args(["loopback", "--rate", "20000"])
        .env(
            "XDG_STATE_HOME",
            tempfile::tempdir().expect("a folder").path(),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the loopback server starts");
    let mut url = String::new();
    let mut out = BufReader::new(server.stdout.take().expect("stdout"));
    out.read_line(&mut url).expect("it prints its URL");
    let base = url
        .trim()
        .replace("ws://", "http://")
        .replace("/responses", "");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openai_node.mjs");
    let output = Command::new("node")
        .arg(script)
        .arg(base)
        .arg(programs().node_sdk.join("node_modules"))
        .stdin(Stdio::null())
        .output()
        .expect("Node 20 or newer is needed as `node`");
    server.kill().expect("it can be stopped");
    server.wait().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, complaint) = (text(&output.stdout), text(&output.stderr));
    assert!(output.status.success(), "{out}{complaint}");
    let seen: Value = serde_json::from_str(out.trim()).expect("it prints what it saw");
    for kind in [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
        "response.interrupt.accepted",
        "response.incomplete",
        "error",
    ] {
        assert!(seen[kind].is_u64(), "{kind} was not seen: {seen}");
    }
}
