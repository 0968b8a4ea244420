//! `redline doctor`: what is in force, whether the models answer, and what to do about what is wrong.
//! Finding that out is in crate `server`; here it is shown.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use serde_json::Value;
use server::{Checkup, ModelFound};

use crate::logging::{self, Stderr};
use crate::runtime;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Print one JSON object in place of words.
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    logging::start(Stderr::Nothing);
    let folder = std::env::current_dir().context("there is no current folder")?;
    let found = runtime::block_on(server::checkup(&folder, logging::file()))?;
    let text = match args.json {
        true => format!("{}\n", found.to_json()),
        false => server::without_secrets(&page(&found)).into_owned(),
    };
    io::stdout().write_all(text.as_bytes())?;
    Ok(match found.ok {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    })
}

fn page(found: &Checkup) -> String {
    let mut page = format!("Redline {}\n\nSettings\n", found.version);
    // Writing to a text does not fail.
    let out = &mut page;
    let width = found.settings.iter().map(|it| it.key.len()).max();
    let width = width.unwrap_or_default();
    for setting in &found.settings {
        let value = match &setting.value {
            Value::Null => "not set".to_owned(),
            value => value.to_string(),
        };
        let _ = writeln!(out, "  {:width$}  {value}  ({})", setting.key, setting.from);
    }
    out.push_str("\nSettings files\n");
    for file in &found.files {
        let state = if file.exists { "read" } else { "not there" };
        let _ = writeln!(out, "  {}  ({state})", file.path.display());
    }
    for model in &found.models {
        model_page(model, out);
    }
    let _ = writeln!(out, "\nLanguages\n  {}", found.languages.join(", "));
    let log = found.log.as_ref();
    let log = log.map_or("none".to_owned(), |it| it.display().to_string());
    let _ = writeln!(out, "\nLog file\n  {log}\n");
    for remark in &found.remarks {
        let _ = writeln!(out, "Note: {remark}");
    }
    match found.problems.len() {
        0 => out.push_str("\nNothing is wrong.\n"),
        1 => out.push_str("\nOne thing is wrong:\n"),
        count => {
            let _ = writeln!(out, "\n{count} things are wrong:");
        }
    }
    for problem in &found.problems {
        let _ = writeln!(out, "  {}\n    Cure: {}", problem.problem, problem.cure);
    }
    page
}

fn model_page(model: &ModelFound, out: &mut String) {
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Null => "none".to_owned(),
        other => other.to_string(),
    };
    let key = model.key.as_ref().map(|key| {
        let state = match key.present {
            Some(true) => "present",
            Some(false) => "not there",
            None => "not looked for",
        };
        format!("{} ({state})", key.source)
    });
    let time = |it: Option<f64>| it.map_or("none".to_owned(), |it| format!("{it:.1} ms"));
    let reached = if model.reachable {
        "reached"
    } else {
        "not reached"
    };
    let link = &model.link;
    let _ = writeln!(out, "\nModel {}", model.name);
    for (name, value) in [
        ("address", text(&link["url"])),
        ("model", text(&link["model"])),
        ("key", key.unwrap_or_else(|| "none is set".to_owned())),
        ("server", reached.to_owned()),
        ("spoken", spoken(&link["wire"]).to_owned()),
        ("in place of the WebSocket", text(&link["fallback"])),
        ("handshake", time(model.handshake_ms)),
        ("first token", time(model.first_token_ms)),
        ("proxy", text(&link["proxy"])),
        (
            "certificates",
            model
                .certificates
                .clone()
                .unwrap_or_else(|| "none are needed".to_owned()),
        ),
    ] {
        if !(name.starts_with("in place") && value == "none") {
            let _ = writeln!(out, "  {name:12}  {value}");
        }
    }
}

fn spoken(wire: &Value) -> &'static str {
    match wire.as_str() {
        Some("responsesWebSocket") => "Responses over WebSocket",
        Some("responsesSse") => "Responses as server-sent events",
        Some("chatSse") => "chat completions as server-sent events",
        _ => "nothing",
    }
}
