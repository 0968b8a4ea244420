//! Keys: fetching one holds nothing up, and none is ever shown, whatever way it came in and whatever fails.

use std::fmt::Write as _;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Answer, ModelServer, Opening, error};
use serde_json::{Value, json};

const OLD: &str = "one = 1\n";
const NEW: &str = "one = 11\n";
const SECRET: &str = "sk-hush-8d2f61";

/// A setup whose model is at `url`, with its key from there.
fn setup(url: &str, key: Value) -> Setup {
    let command = ServerCommand::redline().with_env("REDLINE_LOG", "trace");
    let mut setup = Setup::new(command).with_events();
    let model = json!({ "url": url, "model": "m", "key": key });
    let limits = json!({ "idleMs": 2000, "connectMs": 2000, "retries": 1 });
    setup.initialization_options = json!({ "models": { "fast": model }, "limits": limits });
    setup
}

fn bearers(model: &ModelServer) -> Vec<String> {
    let all = model.handshakes().into_iter().flat_map(|it| it.headers);
    let ours = all.filter(|(name, _)| name == "authorization");
    ours.map(|(_, value)| value).collect()
}

#[cfg(unix)]
#[test]
fn a_key_command_that_takes_its_time_holds_nothing_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("key");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.expect("mkfifo runs").success());
    let model = ModelServer::streaming(NEW);
    let client = Client::start(&setup(&model.url(), json!({ "command": ["cat", pipe] })));
    let uri = client.open("a.py", "python", OLD);
    // All of this is answered while the command waits for its key.
    let id = client
        .rewrite(&uri, 0..OLD.len(), "be good", "once")
        .expect("it starts");
    assert!(!client.code_actions(&uri, 0..OLD.len()).is_empty());
    client.replace(&uri, 0..0, "# me\n");
    let status = client
        .execute("redline.status", Value::Null)
        .expect("the status");
    assert_eq!(status["connection"], "connecting", "{status:#}");
    assert!(model.handshakes().is_empty());
    std::fs::write(&pipe, format!("{SECRET}\n")).expect("the command reads it");
    client.wait_for_state(id, "proposed");
    assert_eq!(client.text(&uri), format!("# me\n{NEW}"));
    assert!(
        bearers(&model)
            .iter()
            .all(|it| *it == format!("Bearer {SECRET}"))
    );
    check_unseen(&client, SECRET);
}

#[test]
fn a_key_command_that_fails_is_told_and_run_again_with_the_next_rewrite() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    let model = ModelServer::streaming(NEW);
    let client = Client::start(&setup(&model.url(), json!({ "command": ["cat", file] })));
    let uri = client.open("a.py", "python", OLD);
    let rewrite = || {
        let asked = client.rewrite(&uri, 0..OLD.len(), "be good", "once");
        asked.expect("it starts")
    };
    let end = client.wait_until_over(rewrite());
    let message = end["message"].as_str().unwrap_or_default();
    assert!(
        message.starts_with("There is no key for the model: the key command cat ended with"),
        "{end:#}"
    );
    assert_eq!(client.text(&uri), OLD);
    std::fs::write(&file, SECRET).expect("a file");
    client.wait_for_state(rewrite(), "proposed");
    check_unseen(&client, SECRET);
}

/// All that the server ever said: to the editor, to stderr, to its log.
fn said(client: &Client) -> String {
    let status = client.execute("redline.status", Value::Null);
    let mut said = format!("{status:?}\n{}\n", client.stderr());
    for message in client.messages_since(0) {
        let _ = writeln!(said, "{} {}", message.method, message.params);
    }
    let log = client
        .project()
        .root()
        .join("home/state/redline/redline.log");
    said += &std::fs::read_to_string(log).expect("there is a log");
    said
}

#[track_caller]
fn check_unseen(client: &Client, secret: &str) {
    let said = said(client);
    assert!(said.len() > 200, "{said}");
    let shown = said.lines().find(|it| it.contains(secret));
    assert_eq!(shown, None);
}

/// One rewrite with these settings against a server that does `what`; nothing of the secret is shown.
#[track_caller]
fn check(
    what: &'static str,
    key: Value,
    env: &[(&str, &str)],
    url: impl Fn(&str) -> String,
) -> Vec<String> {
    let model = ModelServer::start_with(
        move |_| match what {
            "401" => Opening::Refuse(
                401,
                format!(r#"{{"error":{{"message":"bad key {SECRET}"}}}}"#),
            ),
            "503" => Opening::Refuse(503, format!("<p>Bearer {SECRET}</p>")),
            _ => Opening::Accept,
        },
        true,
        move |request| match what {
            "error" => vec![error(400, "invalid", &format!("your key {SECRET} is odd"))],
            "failed" => Answer::to(request)
                .failed("server_error", &format!("key {SECRET}"))
                .actions(),
            _ => Answer::to(request).pieces([NEW]).actions(),
        },
    );
    let mut setup = setup(&url(&model.url()), key);
    for (name, value) in env {
        setup.server = setup.server.with_env(name, value);
    }
    let client = Client::start(&setup);
    let uri = client.open("a.py", "python", OLD);
    if let Ok(id) = client.rewrite(&uri, 0..OLD.len(), "be good", "once") {
        client.wait_for_message(0, "redline/rewriteChanged", |view| {
            let is_done = matches!(view["state"].as_str(), Some("proposed" | "failed"));
            view["rewrite"] == id && is_done
        });
    }
    check_unseen(&client, SECRET);
    bearers(&model)
}

#[test]
fn no_key_is_ever_shown() {
    let bearer = format!("Bearer {SECRET}");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("key");
    std::fs::write(&file, SECRET).expect("a file");
    for what in ["works", "401", "503", "error", "failed"] {
        let sent = check(
            what,
            json!({ "env": "HUSH" }),
            &[("HUSH", SECRET)],
            str::to_owned,
        );
        assert!(
            !sent.is_empty() && sent.iter().all(|it| *it == bearer),
            "{what}"
        );
        let sent = check(
            what,
            json!({ "command": ["cat", file] }),
            &[],
            str::to_owned,
        );
        assert!(
            !sent.is_empty() && sent.iter().all(|it| *it == bearer),
            "{what}"
        );
    }
}

#[test]
fn no_key_in_a_wrong_place_is_ever_shown() {
    for key in [
        json!(SECRET),
        json!({ "env": SECRET }),
        json!({ "command": SECRET }),
        json!({ "key": SECRET }),
        json!([SECRET]),
    ] {
        check("works", key, &[], str::to_owned);
    }
    let proxy = format!("http://me:{SECRET}@127.0.0.1:9");
    let far = |_: &str| "ws://model.invalid/v1/responses".to_owned();
    for address in [
        proxy.clone(),
        proxy.replace("http:", "socks5:"),
        format!("http://{SECRET} x"),
    ] {
        check("nothing", Value::Null, &[("ALL_PROXY", &address)], far);
    }
    for url in [
        format!("ws://me:{SECRET}@127.0.0.1:9/v1/responses"),
        format!("ws://127.0.0.1:9/v1/responses?key={SECRET}"),
        format!("http://127.0.0.1:9/{SECRET}"),
        SECRET.to_owned(),
    ] {
        check("nothing", Value::Null, &[], |_| url.clone());
        check(
            "nothing",
            Value::Null,
            &[("REDLINE_MODEL_URL", &url)],
            str::to_owned,
        );
    }
}

#[test]
fn no_key_is_recorded() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = folder.path().join("record.jsonl");
    let mut server = Command::new(e2e::binary())
        .args(["loopback", "--rate", "0", "--record"])
        .arg(&record)
        .env("REDLINE_LOG", "trace")
        .env("XDG_STATE_HOME", folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the loopback server starts");
    let mut url = String::new();
    let mut out = BufReader::new(server.stdout.take().expect("stdout"));
    out.read_line(&mut url).expect("it prints its URL");
    let url = url.trim().to_owned();
    let http = url.replace("ws://", "http://");
    for url in [
        url,
        http.clone(),
        http.replace("/responses", "/chat/completions"),
    ] {
        let key = json!({ "env": "HUSH" });
        let mut setup = setup(&url, key);
        setup.server = setup.server.with_env("HUSH", SECRET);
        let client = Client::start(&setup);
        let uri = client.open("a.py", "python", OLD);
        let id = client.rewrite(&uri, 0..OLD.len(), "rename one to two", "once");
        client.wait_for_state(id.expect("it starts"), "proposed");
        check_unseen(&client, SECRET);
    }
    server.kill().expect("it can be stopped");
    let output = server.wait_with_output().expect("it ends");
    let read = |path: &Path| std::fs::read_to_string(path).expect("the file is there");
    let recorded = read(&record);
    assert!(recorded.contains("rename one to two"), "{recorded}");
    let log = read(&folder.path().join("redline/redline.log"));
    let said = [
        recorded,
        log,
        String::from_utf8_lossy(&output.stderr).into_owned(),
    ];
    assert!(said.iter().all(|it| !it.contains(SECRET)));
}
