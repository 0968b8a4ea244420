//! `redline doctor`: what it finds, its exit code, that each thing that is wrong has a cure, and that no key is
//! ever among what it prints.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use e2e::Project;
use e2e::model_server::{Answer, ModelServer, Opening, error};
use serde_json::Value;

const SECRET: &str = "sk-hush-8d2f61";

/// What the doctor printed: as JSON, and for people.
struct Found {
    code: i32,
    json: Value,
    page: String,
}

/// Runs it twice in a project with these settings of the user and these variables. Nothing secret is printed.
#[track_caller]
fn doctor(project: &Project, settings: &str, env: &[(&str, &str)]) -> Found {
    let folder = project.config_folder().join("redline");
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("config.toml"), settings).expect("a file");
    let run = |arguments: &[&str]| {
        let mut command = Command::new(e2e::binary());
        project.isolate(&mut command);
        let command = command
            .args(arguments)
            .current_dir(project.folder())
            .envs(env.iter().copied())
            .env("REDLINE_LOG", "trace");
        let output = command.output().expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, err) = (text(&output.stdout), text(&output.stderr));
        let log = std::fs::read_to_string(project.root().join("home/state/redline/redline.log"));
        let log = log.expect("there is a log");
        for said in [&out, &err, &log] {
            let shown = said.lines().find(|it| it.contains(SECRET));
            assert_eq!(shown, None, "{settings} {env:?}");
        }
        (output.status.code().expect("a code"), out)
    };
    let (code, page) = run(&["doctor"]);
    let (same, json) = run(&["doctor", "--json"]);
    let json: Value = serde_json::from_str(&json).expect("one JSON object");
    assert_eq!(code, same, "{page}");
    assert_eq!(json["ok"] == true, code == 0, "{page}");
    let problems = json["problems"].as_array().expect("a list");
    assert_eq!(problems.is_empty(), code == 0, "{page}");
    for problem in problems {
        for words in [&problem["problem"], &problem["cure"]] {
            let words = words.as_str().expect("a sentence");
            assert!(
                words.ends_with('.') && page.contains(words),
                "{words}\n{page}"
            );
        }
    }
    Found { code, json, page }
}

/// It finds one thing wrong, with these words, and this cure.
#[track_caller]
fn check_wrong(found: &Found, words: &str, cure: &str) {
    let problems = found.json["problems"].as_array().expect("a list");
    let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
    let is_it =
        |it: &&Value| text(&it["problem"]).contains(words) && text(&it["cure"]).contains(cure);
    let is_there = problems.iter().filter(is_it).count() == 1;
    assert!(
        found.code == 1 && is_there && problems.len() == 1,
        "{}",
        found.page
    );
}

fn setting<'a>(found: &'a Found, key: &str) -> &'a Value {
    let settings = found.json["settings"].as_array().expect("a list");
    let setting = settings.iter().find(|it| it["key"] == key);
    setting.unwrap_or_else(|| panic!("{key} is missing"))
}

fn fast(url: &str, rest: &str) -> String {
    format!("[models.fast]\nmodel = \"m\"\nurl = \"{url}\"\n{rest}\n")
}

#[test]
fn without_any_settings_nothing_is_wrong() {
    let found = doctor(&Project::new(), "", &[]);
    assert_eq!(found.code, 0, "{}", found.page);
    let model = &found.json["models"][0];
    assert_eq!(model["link"]["url"], "embedded");
    assert!(model["firstTokenMs"].is_number() && model["key"].is_null());
    assert_eq!(setting(&found, "limits.retries")["from"], "built in");
    assert!(
        found.page.contains("the embedded engine answers"),
        "{}",
        found.page
    );
}

#[test]
fn a_model_that_answers_is_timed_and_every_setting_is_told_with_its_origin() {
    let model = ModelServer::streaming("ready");
    let project = Project::new();
    project.write(".redline.toml", "apply = \"once\"\n");
    let settings = fast("ws://127.0.0.1:9/v1/responses", "key = { env = \"HUSH\" }");
    let env = [("HUSH", SECRET), ("REDLINE_MODEL_URL", &model.url())];
    let found = doctor(&project, &settings, &env);
    assert_eq!(found.code, 0, "{}", found.page);
    let model = &found.json["models"][0];
    assert!(model["handshakeMs"].is_number() && model["firstTokenMs"].is_number());
    assert_eq!(model["reachable"], true);
    assert_eq!(model["key"]["present"], true);
    assert_eq!(model["key"]["source"], "the environment variable HUSH");
    assert_eq!(model["link"]["wire"], "responsesWebSocket");
    for (key, value, from) in [
        (
            "models.fast.url",
            env[1].1,
            "the environment variable REDLINE_MODEL_URL",
        ),
        ("models.fast.model", "m", "config.toml"),
        ("apply", "once", ".redline.toml"),
    ] {
        let setting = setting(&found, key);
        let origin = setting["from"].as_str().unwrap_or_default();
        assert!(
            setting["value"] == value && origin.contains(from),
            "{setting}"
        );
    }
    for part in ["languages", "log", "files"] {
        assert!(!found.json[part].is_null(), "{part}");
    }
}

#[test]
fn a_wrong_setting_is_told() {
    let found = doctor(&Project::new(), "[limits]\nretrys = 3\n", &[]);
    check_wrong(
        &found,
        "the nearest known key is `retries`",
        "redline config --default",
    );
    let found = doctor(&Project::new(), "[limits\n", &[]);
    check_wrong(&found, "line 1", "redline config --default");
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    for url in [
        format!("ws://127.0.0.1:{port}/v1/responses"),
        format!("http://127.0.0.1:{port}/v1/chat/completions"),
    ] {
        let settings = fast(&url, "[limits]\nretries = 0");
        let found = doctor(&Project::new(), &settings, &[]);
        check_wrong(&found, "cannot reach 127.0.0.1", "See that the server runs");
        assert_eq!(found.json["models"][0]["reachable"], false);
    }
}

#[test]
fn a_key_that_is_refused_or_missing_is_told() {
    let refuse = |word: &'static str| {
        let body = format!(r#"{{"error":{{"message":"bad {word}"}}}}"#);
        let opening = move |_| Opening::Refuse(401, body.clone());
        ModelServer::start_with(opening, true, |_| Vec::new())
    };
    let server = refuse(SECRET);
    let settings = fast(&server.url(), "key = { env = \"HUSH\" }");
    let found = doctor(&Project::new(), &settings, &[("HUSH", SECRET)]);
    check_wrong(
        &found,
        "401",
        "does not take the key: see that `models.fast.key`",
    );
    assert_eq!(found.json["models"][0]["key"]["present"], true);
    let other = refuse("luck");
    let found = doctor(&Project::new(), &fast(&other.url(), ""), &[]);
    check_wrong(&found, "401", "wants a key");
    // What a server says that was never told the secret is its own.
    let settings = fast(&other.url(), "key = { env = \"HUSH\" }");
    let found = doctor(&Project::new(), &settings, &[]);
    check_wrong(
        &found,
        "HUSH is not set",
        "Set HUSH where your editor is started",
    );
    assert_eq!(found.json["models"][0]["key"]["present"], false);
    let settings = fast(&other.url(), "key = { command = [\"false\"] }");
    let found = doctor(&Project::new(), &settings, &[]);
    check_wrong(&found, "key command false", "Run false by hand");
}

#[test]
fn what_the_server_says_against_the_question_is_told() {
    let server = ModelServer::start(|_| {
        let words = "The model `m` does not exist";
        vec![error(404, "model_not_found", words)]
    });
    let found = doctor(&Project::new(), &fast(&server.url(), ""), &[]);
    check_wrong(
        &found,
        "does not exist",
        "Name a model in `models.fast.model`",
    );
    let server = ModelServer::start(|request| Answer::to(request).actions());
    let found = doctor(&Project::new(), &fast(&server.url(), ""), &[]);
    check_wrong(&found, "without a word", "`models.fast.reasoning_effort`");
}

/// A server for one answer by POST to each connection, over TLS, and the file of who vouches for it.
fn tls_server(project: &Project) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate");
    let file = project.write("ca.pem", made.cert.pem());
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key.into())
        .expect("a certificate and its key");
    let config = Arc::new(config);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let config = Arc::clone(&config);
            thread::spawn(move || {
                let session = rustls::ServerConnection::new(config).expect("a session");
                let mut stream = rustls::StreamOwned::new(session, stream);
                // A client that does not believe it goes away, and that is all.
                drop(answer_once(&mut stream));
            });
        }
    });
    let url = format!("https://localhost:{port}/v1/responses");
    (url, file.display().to_string())
}

fn answer_once(stream: &mut (impl std::io::Read + std::io::Write)) -> std::io::Result<()> {
    let mut length = 0;
    let mut reader = BufReader::new(&mut *stream);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let (name, value) = line.split_once(':').unwrap_or((line.trim(), ""));
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().expect("a length");
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length])?;
    let events = [
        r#"{"type":"response.created","response":{"id":"r"}}"#,
        r#"{"type":"response.output_text.delta","delta":"ready"}"#,
        r#"{"type":"response.completed","response":{"id":"r","output":[]}}"#,
    ];
    stream.write_all(
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
    )?;
    for event in events {
        write!(stream, "data: {event}\n\n")?;
    }
    stream.flush()
}

#[test]
fn certificates_are_those_of_the_system_and_of_the_file() {
    let project = Project::new();
    let (url, file) = tls_server(&project);
    let none = project.write("none.pem", "");
    let env = [("NO_PROXY", "")];
    let found = doctor(&project, &fast(&url, ""), &env);
    check_wrong(
        &found,
        "signed by nobody that this machine trusts",
        "`models.fast.ca_file`",
    );
    let found = doctor(&project, &fast(&url, &format!("ca_file = {file:?}")), &env);
    assert_eq!(found.code, 0, "{}", found.page);
    let shown = found.json["models"][0]["certificates"]
        .as_str()
        .unwrap_or_default();
    assert!(shown.contains(&file), "{shown}");
    let found = doctor(&project, &fast(&url, &format!("ca_file = {none:?}")), &env);
    check_wrong(&found, "holds no certificate", "`models.fast.ca_file`");
}

#[test]
fn the_proxy_is_told_without_its_password() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut line = String::new();
            // Whatever is asked, the answer is no.
            let _ = BufReader::new(&stream).read_line(&mut line);
            let _ = stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let proxy = format!("http://me:{SECRET}@{address}");
    let settings = fast("wss://model.invalid/v1/responses", "[limits]\nretries = 0");
    let found = doctor(&Project::new(), &settings, &[("HTTPS_PROXY", &proxy)]);
    check_wrong(
        &found,
        "does not allow this connection",
        "`models.fast.proxy`",
    );
    let shown = &found.json["models"][0]["link"]["proxy"];
    let expected = format!("{address}, from the environment variable HTTPS_PROXY");
    assert_eq!(*shown, expected);
    assert!(found.page.contains(&expected), "{}", found.page);
}

#[test]
fn no_key_is_printed_whatever_way_it_came() {
    let project = Project::new();
    let file = project.write("key", SECRET).display().to_string();
    let url = "ws://127.0.0.1:9/v1/responses";
    let quick = "[limits]\nretries = 0";
    for rest in [
        format!("key = \"{SECRET}\""),
        "key = { env = \"HUSH\" }".to_owned(),
        format!("key = {{ env = \"{SECRET}\" }}"),
        format!("key = {{ command = [\"cat\", {file:?}] }}"),
        format!("key = {{ command = [\"echo\", \"{SECRET}\"] }}"),
        format!("key = {{ command = [\"echo\", \"{SECRET} x\"] }}"),
        format!("key = {{ command = \"{SECRET}\" }}"),
        format!("key = [\"{SECRET}\"]"),
        format!("proxy = \"http://me:{SECRET}@127.0.0.1:9\""),
        format!("extra = {{ api_key = \"{SECRET}\", a = {{ b = [\"{SECRET}\"] }} }}"),
        format!("headers = {{ Authorization = \"Bearer {SECRET}\" }}"),
    ] {
        let settings = fast(url, &format!("{rest}\n{quick}"));
        let found = doctor(&project, &settings, &[("HUSH", SECRET)]);
        assert_eq!(found.code, 1, "{rest}");
    }
    for url in [
        format!("ws://me:{SECRET}@127.0.0.1:9/v1/responses"),
        format!("ws://127.0.0.1:9/v1/responses?key={SECRET}"),
        format!("http://127.0.0.1:9/{SECRET}"),
        SECRET.to_owned(),
    ] {
        doctor(&project, &fast(&url, quick), &[]);
        doctor(&project, quick, &[("REDLINE_MODEL_URL", &url)]);
    }
    let proxy = format!("http://me:{SECRET}@127.0.0.1:9");
    let far = fast("wss://model.invalid/v1/responses", quick);
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"] {
        assert_eq!(doctor(&project, &far, &[(name, &proxy)]).code, 1);
    }
}
