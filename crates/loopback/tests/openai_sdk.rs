//! The official Python SDK as client: every event that we send must satisfy its schema.
//!
//! The SDK is installed once into a virtual environment in the target folder.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::{Path, PathBuf};
use std::process::Command;

use loopback::{Options, Script, serve};

const SDK: &str = "openai[realtime]==3.52.0";

/// Runs a command to its end; its whole output is the message when it fails.
fn run(what: &str, command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("cannot {what}: {error}. This test needs Python 3.9 or newer with venv and pip, as `python3`.")
    });
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "cannot {what}: {}\n{}{}",
        output.status,
        text(&output.stdout),
        text(&output.stderr)
    );
    text(&output.stdout)
}

fn python_with_sdk() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let folder = target.join("py-openai");
    let python = folder.join(if cfg!(windows) {
        "Scripts/python.exe"
    } else {
        "bin/python"
    });
    let stamp = folder.join("installed");
    if std::fs::read_to_string(&stamp).is_ok_and(|it| it == SDK) {
        return python;
    }
    let python3 = if cfg!(windows) { "python" } else { "python3" };
    run(
        "create a virtual environment",
        Command::new(python3)
            .args(["-m", "venv", "--clear"])
            .arg(&folder),
    );
    run(
        "install the official SDK (the first run needs a package index)",
        Command::new(&python).args(["-m", "pip", "install", "--quiet", SDK]),
    );
    std::fs::write(stamp, SDK).unwrap();
    python
}

#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn every_event_satisfies_the_official_schema() {
    let python = tokio::task::spawn_blocking(python_with_sdk).await.unwrap();
    let rules = serve(Options {
        rate_tokens_per_s: Some(20_000.0),
        ..Options::default()
    })
    .await
    .unwrap();
    let faults = Script::parse(
        "{\"match\":\"failed\",\"output\":\"some text\",\"fault\":\"failed@1\"}\n{\"match\":\"\",\"output\":\"text\",\"fault\":\"error=500@1\"}",
    );
    let faults = serve(Options {
        rate_tokens_per_s: None,
        script: Some(faults.unwrap()),
        ..Options::default()
    })
    .await
    .unwrap();
    let base = |url: String| url.trim_end_matches("/responses").to_owned();
    let (rules_base, faults_base) = (base(rules.http_url()), base(faults.http_url()));
    let output = tokio::task::spawn_blocking(move || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/openai_sdk.py");
        run(
            "pass the official SDK",
            Command::new(python)
                .arg(script)
                .args([rules_base, faults_base]),
        )
    });
    let summary: serde_json::Value = serde_json::from_str(output.await.unwrap().trim()).unwrap();
    // Each kind of event that this server can send has been seen.
    let kinds = [
        "error",
        "response.completed",
        "response.content_part.added",
        "response.content_part.done",
        "response.created",
        "response.failed",
        "response.in_progress",
        "response.incomplete",
        "response.interrupt.accepted",
        "response.output_item.added",
        "response.output_item.done",
        "response.output_item.interrupted",
        "response.output_text.delta",
        "response.output_text.done",
        "response.refusal.delta",
        "response.refusal.done",
        "response.steer.failed",
    ];
    for kind in kinds {
        assert!(
            summary["kinds"][kind].is_u64(),
            "{kind} was not seen: {summary}"
        );
    }
}
