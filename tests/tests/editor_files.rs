//! The files that users copy from `editors/`: each works as it stands, in the real editor.
//! Neovim's plugin has tests of its own.

use e2e::ServerCommand;
use e2e::helix::{Helix, Setup};

const KEYS: &str = include_str!("../../editors/helix/config.toml");
const LANGUAGES: &str = include_str!("../../editors/helix/languages.toml");

/// Helix with the settings that users copy, and a file open in it.
fn helix(text: &str) -> Helix {
    let mut setup = Setup::with_server(ServerCommand::redline(), &["python"]);
    let config: toml::Value = toml::from_str(KEYS).expect("TOML");
    setup.editor = dotted(&config["editor"], "");
    setup.more = KEYS[KEYS.find("[keys").expect("the file binds keys")..].to_owned();
    let helix = Helix::start(&setup);
    let path = helix.project().write("a.py", text);
    helix.open(&path);
    helix.wait_for_server(&path);
    helix
}

fn saved(helix: &Helix) -> String {
    helix.save();
    let saved = helix.project().read("a.py").expect("the file is there");
    String::from_utf8(saved).expect("text")
}

#[test]
fn helix_asks_by_key_and_says_what_waits() {
    let helix = helix("def area(width):\n    return width * width\n");
    helix.select_lines(0, 2);
    helix.keys(&["Space", "i"]);
    helix.wait_for_text("redline.ask");
    helix.type_text("rename width to breadth");
    helix.keys(&["Enter"]);
    helix.wait_for_text("return breadth * breadth");
    // Where a guard warns, Helix shows that before the hint of what waits.
    helix.wait_for_text("The signature `def area(width):` became");
    helix.select_lines(0, 1);
    helix.code_action("Redline: Accept the rewrite");
    e2e::wait_until("the rewrite is decided", || {
        let titles = helix.code_action_titles();
        if titles.iter().any(|it| it.contains("Accept")) {
            Err(titles.join("\n"))
        } else {
            Ok(())
        }
    });
    assert_eq!(
        saved(&helix),
        "def area(breadth):\n    return breadth * breadth\n"
    );
}

#[test]
fn helix_decides_by_keys() {
    const OLD: &str = "def area(width):\n    # as always\n    return width * width\n";
    let helix = helix(OLD);
    let ask = |instruction: &str| {
        helix.select_lines(0, 3);
        helix.keys(&["Space", "i"]);
        helix.wait_for_text("redline.ask");
        helix.type_text(instruction);
        helix.keys(&["Enter"]);
    };
    let decide = |line: u32, key: &str| {
        helix.select_lines(line, 1);
        helix.keys(&["Space", "x"]);
        helix.wait_for_text("redline.accept");
        helix.keys(&[key]);
    };
    let gone = |text: &str| {
        helix.wait_for_screen("it is gone", |screen| !screen.contains(text));
    };
    ask("rename width to breadth");
    helix.wait_for_text("return breadth * breadth");
    decide(1, "r");
    gone("breadth");
    decide(0, "t");
    helix.wait_for_text("return breadth * breadth");
    decide(2, "n");
    helix.wait_for_text("return width * width");
    decide(0, "y");
    gone("Pending change");
    assert_eq!(
        saved(&helix),
        "def area(breadth):\n    # as always\n    return width * width\n"
    );
    ask("rename width to size");
    helix.wait_for_text("return size * size");
    decide(0, "o");
    helix.wait_for_text("redline.redirect");
    helix.type_text("rename width to height");
    helix.keys(&["Enter"]);
    helix.wait_for_text("return height * height");
    decide(1, "a");
    gone("Pending change");
    assert_eq!(
        saved(&helix),
        "def area(breadth):\n    # as always\n    return height * height\n"
    );
}

#[test]
fn helix_settings_are_understood() {
    let config: toml::Value = toml::from_str(KEYS).expect("TOML");
    for mode in ["normal", "select"] {
        let key = config["keys"][mode]["space"]["i"].as_str();
        assert!(key.is_some_and(|key| key.contains("redline.ask")), "{mode}");
    }
    let config: toml::Value = toml::from_str(LANGUAGES).expect("TOML");
    assert_eq!(
        config["language-server"]["redline"]["command"].as_str(),
        Some("redline")
    );
    for language in config["language"].as_array().expect("a list") {
        let servers = language["language-servers"].as_array().expect("a list");
        let last = servers.last().and_then(toml::Value::as_str);
        assert_eq!(last, Some("redline"), "{language}");
    }
    let project = e2e::Project::new();
    let folder = project.config_folder().join("helix");
    std::fs::create_dir_all(&folder).expect("a folder can be made");
    std::fs::write(folder.join("languages.toml"), LANGUAGES).expect("a file can be written");
    let mut command = std::process::Command::new(&e2e::editors().helix);
    project.isolate(&mut command);
    let health = command
        .args(["--health", "python"])
        .output()
        .expect("Helix starts");
    let page = String::from_utf8_lossy(&health.stdout);
    assert!(
        health.status.success() && page.contains("redline"),
        "{page}"
    );
}

/// The settings of a table as lines with dotted keys, for a table that is begun already.
fn dotted(table: &toml::Value, path: &str) -> String {
    let entries = table.as_table().expect("a table");
    let lines = entries.iter().map(|(key, value)| match value {
        toml::Value::Table(_) => dotted(value, &format!("{path}{key}.")),
        value => format!("{path}{key} = {value}\n"),
    });
    lines.collect()
}

#[test]
fn vs_code_lets_projects_set_apply_alone() {
    let text = include_str!("../../editors/vscode/package.json");
    let manifest: serde_json::Value = serde_json::from_str(text).expect("JSON");
    let settings = &manifest["contributes"]["configuration"]["properties"];
    for (name, setting) in settings.as_object().expect("settings") {
        // VS Code takes settings of these scopes from the user alone.
        let is_users = matches!(setting["scope"].as_str(), Some("machine" | "application"));
        assert_eq!(is_users, name != "redline.apply", "{name}");
    }
    let model = &settings["redline.models"]["additionalProperties"]["properties"];
    for key in ["url", "key", "caFile", "proxy"] {
        assert!(model[key].is_object(), "{key}");
    }
}
