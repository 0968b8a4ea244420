//! The documents agree with the settings.

use std::path::Path;

use super::*;
use crate::{Layers, Loaded};

/// The examples of the page that are whole files, and what layer they are for.
fn load(text: &str) -> Loaded {
    let mut layers = Layers::new();
    match text.starts_with("ignore") {
        true => layers.workspace_file(".redline.toml", text),
        false => layers.user_file("config.toml", text),
    };
    layers.load()
}

#[track_caller]
fn check(text: &str, expected: impl Fn(&Settings) -> bool) {
    let loaded = load(text);
    assert_eq!(loaded.warnings, [""; 0], "{text}");
    assert!(expected(&loaded.settings), "{text}\n{:#?}", loaded.settings);
}

#[test]
fn the_default_file_means_the_defaults_with_and_without_its_marks() {
    let file = default_file();
    let bare: Vec<_> = file
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(rest) if rest.starts_with(|c: char| c.is_alphabetic()) => rest,
            _ => line,
        })
        .collect();
    assert!(
        bare.iter().filter(|it| it.contains(" = ")).count() > 20,
        "{file}"
    );
    check(&file, |settings| *settings == Settings::default());
    check(&bare.join("\n"), |settings| {
        *settings == Settings::default()
    });
}

#[test]
fn every_example_loads_without_a_warning() {
    let mut examples = EXAMPLES.split("```toml\n").skip(1);
    let mut next = || examples.next().unwrap().split("```").next().unwrap();
    let fast = |settings: &Settings| settings.models["fast"].clone();
    let openai = |model: &Model| model.url.starts_with("wss:") && model.model == "gpt-5.6-sol";
    check(next(), |it| openai(&fast(it)) && fast(it).key.is_some());
    check(next(), |it| {
        let deep = it.model("deep").unwrap();
        openai(deep) && deep.reasoning_effort.as_deref() == Some("high") && deep.key == fast(it).key
    });
    check(next(), |it| fast(it).context_window == 65536);
    check(next(), |it| fast(it).extra["cache_prompt"] == true);
    check(next(), |it| *it == Settings::default());
    check(next(), |it| {
        it.presets.len() == 1 && it.context.bytes == 8192
    });
}

#[test]
fn the_page_on_configuration_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/configuration.md");
    let page = reference();
    if std::env::var_os("REDLINE_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    let same = found.replace("\r\n", "\n") == page;
    assert!(same, "run REDLINE_UPDATE_DOCS=1 cargo test -p config");
}

// The pages name a file as Unix does.
#[cfg(unix)]
#[test]
fn the_settings_of_each_provider_are_taken_as_they_stand() {
    for page in [
        include_str!("../../../../docs/providers.md"),
        include_str!("../../../../docs/team.md"),
    ] {
        let blocks = page.split("```toml\n").skip(1);
        let mut count = 0;
        for block in blocks.filter_map(|it| it.split_once("```")) {
            let mut layers = crate::Layers::new();
            layers.user_file("u/config.toml", block.0);
            let loaded = layers.load();
            assert_eq!(loaded.warnings, [""; 0], "{}", block.0);
            assert_ne!(loaded.settings.model("fast").unwrap().url, "embedded");
            count += 1;
        }
        assert!(count > 0);
    }
}
