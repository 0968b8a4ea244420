//! Panics of a whole server whose settings hold a key, by every way in which a key can get in. The
//! test starts itself again as the process that panics, since a panic's words belong to a process.

use std::io;
use std::path::Path;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _, DuplexStream, ReadBuf};

use crate::logging::{self, Stderr};
use crate::runtime;

const SECRET: &str = "sk-hush-8d2f61";
/// Says to the process started again what its editor sends with `initialize`.
const CHILD: &str = "REDLINE_TEST_OPTIONS";
const PATIENCE: Duration = Duration::from_secs(30);

/// What a bug may say that has hold of the settings as they were read.
fn words() -> String {
    let mut layers = config::Layers::new();
    if let Ok(Some((path, text))) = config::files::read_user_file() {
        layers.user_file(path, &text);
    }
    layers.environment(|name| std::env::var(name).ok());
    let loaded = layers.load();
    format!("{SECRET} in {layers:?}, {loaded:?}, Bearer {SECRET}")
}

/// The editor's end of the server's input, which panics when it is told to.
struct Input(DuplexStream, Arc<AtomicBool>);

impl AsyncRead for Input {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        assert!(!self.1.load(Ordering::Relaxed), "{}", words());
        Pin::new(&mut self.0).poll_read(cx, buffer)
    }
}

async fn send(editor: &mut DuplexStream, message: Value) -> io::Result<()> {
    let body = message.to_string();
    let text = format!("Content-Length: {}\r\n\r\n{body}", body.len());
    editor.write_all(text.as_bytes()).await
}

async fn panic_everywhere(options: &str) {
    let options: Value = serde_json::from_str(options).unwrap();
    let (mut editor, input) = tokio::io::duplex(1 << 16);
    let panics = Arc::new(AtomicBool::new(false));
    let input = Input(input, Arc::clone(&panics));
    let (output, mut answers) = tokio::io::duplex(1 << 16);
    let server = server::run(input, output, server::Options::default());
    let server = tokio::spawn(server);
    let params = json!({ "capabilities": {}, "initializationOptions": options });
    let initialize = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    send(&mut editor, initialize).await.unwrap();
    answers.read_u8().await.unwrap();
    // The rest is nothing to wait for.
    tokio::spawn(async move { tokio::io::copy(&mut answers, &mut tokio::io::sink()).await });
    let initialized = json!({ "jsonrpc": "2.0", "method": "initialized", "params": {} });
    send(&mut editor, initialized).await.unwrap();
    let started = Instant::now();
    while server::without_secrets(SECRET).contains(SECRET) {
        assert!(started.elapsed() < PATIENCE, "the key was never learned");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    panics.store(true, Ordering::Relaxed);
    let exit = json!({ "jsonrpc": "2.0", "method": "exit" });
    // It may have panicked before that.
    send(&mut editor, exit).await.ok();
    assert!(server.await.unwrap_err().is_panic());
    let task = tokio::spawn(async { panic!("{}", words()) });
    assert!(task.await.unwrap_err().is_panic());
    let blocking = tokio::task::spawn_blocking(|| std::panic::panic_any(words()));
    assert!(blocking.await.unwrap_err().is_panic());
    let thread = std::thread::spawn(|| panic!("{:?}", words()));
    assert!(thread.join().is_err());
}

/// Nothing on its own; the process that panics, when it is started by [`check`].
#[test]
fn the_process_that_panics() {
    if let Ok(options) = std::env::var(CHILD) {
        super::tell_without_secrets();
        logging::start(Stderr::Warnings);
        runtime::block_on(panic_everywhere(&options)).unwrap();
    }
}

/// A server with these settings, variables and options panics in four places; the secret is in
/// each message, and in nothing that is shown.
#[track_caller]
fn check(what: &str, settings: &str, env: &[(&str, &str)], options: &Value) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("redline/config.toml");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    let key_file = folder.path().join("key");
    std::fs::write(&key_file, SECRET).unwrap();
    let key_file = toml_text(&key_file);
    std::fs::write(file, settings.replace("KEY_FILE", &key_file)).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "panics::tests::the_process_that_panics"])
        .args(["--nocapture", "--test-threads=1"])
        .env("XDG_CONFIG_HOME", folder.path())
        .env("XDG_STATE_HOME", folder.path())
        .env("REDLINE_LOG", "trace")
        .env("RUST_BACKTRACE", "0")
        .env(CHILD, options.to_string())
        .envs(env.iter().copied())
        .output()
        .unwrap();
    let log = std::fs::read_to_string(folder.path().join("redline/redline.log")).unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|it| String::from_utf8(it).unwrap());
    assert!(output.status.success(), "{what}: {out}\n{err}");
    let told = |text: &str| text.matches("redline panicked in thread").count();
    assert_eq!((told(&err), told(&log)), (4, 4), "{what}: {err}\n{log}");
    assert!(err.contains("[secret] in Layers"), "{what}: {err}");
    for shown in [out, err, log] {
        let line = shown.lines().find(|it| it.contains(SECRET));
        assert_eq!(line, None, "{what}");
    }
}

fn toml_text(path: &Path) -> String {
    format!("{path:?}")
}

#[test]
fn no_key_is_in_a_panics_words() {
    const FAR: &str = "wss://model.invalid/v1/responses";
    let fast = |rest: &str| format!("[models.fast]\nmodel = \"m\"\n{rest}\n");
    let at = |url: &str, rest: &str| fast(&format!("url = \"{url}\"\n{rest}"));
    let none = &Value::Null;
    check(
        "variable",
        &at(FAR, r#"key = { env = "HUSH" }"#),
        &[("HUSH", SECRET)],
        none,
    );
    check(
        "command",
        &at(FAR, r#"key = { command = ["cat", KEY_FILE] }"#),
        &[],
        none,
    );
    for key in [
        format!("\"{SECRET}\""),
        format!("{{ env = \"{SECRET}\" }}"),
        format!("{{ command = \"{SECRET}\" }}"),
        format!("[\"{SECRET}\"]"),
    ] {
        check("literal", &at(FAR, &format!("key = {key}")), &[], none);
    }
    for url in [
        format!("wss://me:{SECRET}@model.invalid/v1/responses"),
        format!("wss://model.invalid/v1/responses?key={SECRET}"),
        format!("https://{SECRET} x"),
        SECRET.to_owned(),
    ] {
        check("address", &at(&url, ""), &[], none);
        check("variable", "", &[("REDLINE_MODEL_URL", &url)], none);
    }
    let proxy = format!("http://me:{SECRET}@127.0.0.1:9");
    let rest = format!("proxy = \"{proxy}\"");
    check("proxy", &at(FAR, &rest), &[], none);
    check("proxy", &at(FAR, ""), &[("HTTPS_PROXY", &proxy)], none);
    let rest = format!("extra = {{ api_key = \"{SECRET}\" }}");
    check("extra", &at(FAR, &rest), &[], none);
    let options = json!({ "models": { "fast": { "url": FAR, "key": SECRET } } });
    check("the editor's", "", &[], &options);
}
