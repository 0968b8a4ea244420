//! Which layer wins, what is refused, and what the warnings say.

use serde_json::{Value, json};

use super::*;
use crate::GuardLevel;

/// Layers as texts: what stands in each file, the environment as pairs.
#[derive(Default)]
struct Given {
    user: &'static str,
    workspace: &'static str,
    initialization: Value,
    client: Value,
    environment: &'static [(&'static str, &'static str)],
}

impl Given {
    fn load(self) -> Loaded {
        let mut layers = Layers::new();
        // Not in their order, which must not matter.
        layers
            .environment(|name| {
                let mut pairs = self.environment.iter();
                pairs
                    .find(|(it, _)| *it == name)
                    .map(|(_, text)| (*text).to_owned())
            })
            .client(self.client)
            .workspace_file("w/.redline.toml", self.workspace)
            .initialization(self.initialization)
            .user_file("u/config.toml", self.user);
        layers.load()
    }
}

fn user(text: &'static str) -> Given {
    Given {
        user: text,
        ..Given::default()
    }
}

fn workspace(text: &'static str) -> Given {
    Given {
        workspace: text,
        ..Given::default()
    }
}

fn client(client: Value) -> Given {
    Given {
        client,
        ..Given::default()
    }
}

/// Loads the layers; each pair is a dotted path and the value and origin that it must have, as
/// `value | origin`. The warnings must be these, whole.
#[track_caller]
fn check(given: Given, expected: &[(&str, &str)], warnings: &[&str]) -> Loaded {
    let loaded = given.load();
    assert_eq!(loaded.warnings, warnings);
    let settings = serde_json::to_value(&loaded.settings).unwrap();
    for (path, expected) in expected {
        let value = &settings.pointer(&format!("/{}", path.replace('.', "/")));
        let value = value.map_or("absent".to_owned(), Value::to_string);
        let origin = loaded
            .origins
            .get(*path)
            .map_or("nowhere".to_owned(), Origin::to_string);
        assert_eq!(format!("{value} | {origin}"), *expected, "{path}");
    }
    loaded
}

#[test]
fn nothing_given_means_the_defaults_and_the_embedded_engine() {
    let expected = [
        ("apply", r#""auto" | built in"#),
        ("models.fast.url", r#""embedded" | built in"#),
        ("models.fast.model", r#""redline-rules" | built in"#),
        ("models.fast.key", "null | built in"),
        ("limits.frames_per_second", "null | built in"),
        ("models.deep", "absent | nowhere"),
    ];
    let loaded = check(Given::default(), &expected, &[]);
    assert_eq!(loaded.settings, Settings::default());
    assert_eq!(
        loaded.settings.model("deep"),
        loaded.settings.models.get("fast")
    );
}

#[test]
fn a_higher_layer_wins_key_by_key() {
    let given = Given {
        user: "apply = 'live'\n[limits]\nidle_ms = 1\nconnect_ms = 1\nretries = 1\n[models.fast]\nurl='ws://localhost/a'\nmodel='a'\ninterrupt=true",
        workspace: "apply = 'once'",
        initialization: json!({ "limits": { "connectMs": 2, "retries": 2 } }),
        client: json!({ "limits": { "retries": 3, "idleMs": null }, "apply": "preview" }),
        environment: &[
            ("REDLINE_MODEL", "b"),
            ("REDLINE_APPLY", "auto"),
            ("REDLINE_MODEL_URL", ""),
        ],
    };
    let expected = [
        (
            "apply",
            r#""auto" | the environment variable REDLINE_APPLY"#,
        ),
        ("limits.idle_ms", "1 | u/config.toml"),
        (
            "limits.connect_ms",
            "2 | the editor's initializationOptions",
        ),
        ("limits.retries", "3 | the editor's settings"),
        ("models.fast.url", r#""ws://localhost/a" | u/config.toml"#),
        (
            "models.fast.model",
            r#""b" | the environment variable REDLINE_MODEL"#,
        ),
        ("models.fast.interrupt", "true | u/config.toml"),
    ];
    check(given, &expected, &[]);
}

#[test]
fn a_wrong_value_leaves_what_was_and_says_what_is_allowed() {
    let given = Given {
        user: "apply = 'lve'\nlimits = 3\n[context]\nbytes = -1\n[privacy]\nmask = 'yes'\nignore = [1]",
        initialization: json!({ "limits": { "framesPerSecond": 61, "retries": "2" } }),
        environment: &[("REDLINE_APPLY", "LIVE")],
        ..Given::default()
    };
    let expected = [
        ("apply", r#""auto" | built in"#),
        ("limits.frames_per_second", "null | built in"),
        ("privacy.mask", "true | built in"),
    ];
    let warnings = [
        "`apply` in u/config.toml must be one of auto, live, once, preview, so it is left out.",
        "`context.bytes` in u/config.toml must be a whole number from 0 to 16777216, so it is left out.",
        "`limits` in u/config.toml must be a table, so it is left out.",
        "`privacy.ignore` in u/config.toml must be a list of texts, so it is left out.",
        "`privacy.mask` in u/config.toml must be true or false, so it is left out.",
        "`limits.framesPerSecond` in the editor's initializationOptions must be a whole number from 1 to 60, so it is left out.",
        "`limits.retries` in the editor's initializationOptions must be a whole number from 0 to 10, so it is left out.",
        "`apply` in the environment variable REDLINE_APPLY must be one of auto, live, once, preview, so it is left out.",
    ];
    check(given, &expected, &warnings);
}

#[test]
fn an_unknown_key_gets_the_nearest_known_one() {
    let given = Given {
        user: "aply = 'live'\n[limits]\nidleMs = 5\nweight = 1\n[models.'a b']\n[models.fast]\ncontext_windw = 9",
        client: json!({ "models": { "fast": { "contextWindw": 9999, "context_window": 9999 } } }),
        ..Given::default()
    };
    let expected = [("models.fast.context_window", "9999 | the editor's settings")];
    let warnings = [
        "`aply` in u/config.toml is not known; the nearest known key is `apply`.",
        "`limits.idleMs` in u/config.toml is not known; the nearest known key is `idle_ms`.",
        "`limits.weight` in u/config.toml is not known; known here are region_lines, idle_ms, connect_ms, retries, parallel, frames_per_second, frame_bytes.",
        "`models.a b` in u/config.toml must be a name of letters, digits, - and _, so it is left out.",
        "`models.fast.context_windw` in u/config.toml is not known; the nearest known key is `context_window`.",
        "`models.fast.contextWindw` in the editor's settings is not known; the nearest known key is `contextWindow`.",
    ];
    check(given, &expected, &warnings);
}

#[test]
fn a_literal_key_is_refused_everywhere_and_never_shown() {
    let allowed = r#"must be { env = "NAME" }, { command = ["program", "argument"] } or { keyring = "name" }, never the key itself, so it is left out."#;
    let given = Given {
        user: "[models.fast]\nkey = 'sk-secret'\n[models.b]\nkey = { env = 'sk-secret' }",
        initialization: json!({ "models": { "fast": { "key": "sk-secret" } } }),
        client: json!({ "models": { "fast": { "key": { "command": ["./sk-secret"] } } } }),
        environment: &[("REDLINE_MODEL_URL", "wss://me:sk-secret@example.com/")],
        ..Given::default()
    };
    let warnings = [
        format!("`models.b.key` in u/config.toml {allowed}"),
        format!("`models.fast.key` in u/config.toml {allowed}"),
        format!("`models.fast.key` in the editor's initializationOptions {allowed}"),
        format!("`models.fast.key` in the editor's settings {allowed}"),
        "`models.fast.url` in the environment variable REDLINE_MODEL_URL must be `embedded`, a ws:// or wss:// URL, or an http:// or https:// URL that ends in /responses or /chat/completions, without a user name or password in it, so it is left out.".to_owned(),
    ];
    let warnings: Vec<_> = warnings.iter().map(String::as_str).collect();
    let loaded = check(given, &[("models.fast.key", "null | built in")], &warnings);
    assert!(!format!("{loaded:?}").contains("secret"));
    let broken = user("apply = 'live'\n[models.fast]\nkey = 'sk-secret").load();
    let warning = "Nothing in u/config.toml is used, because it is not valid TOML: look at line 3.";
    assert_eq!(broken.warnings, [warning]);
}

#[test]
fn a_workspace_file_may_only_hold_narrowing_keys() {
    let text = "url = 'x'\nlimits.retries = 9\nprivacy.mask = false\n[models.fast]\nurl = 'ws://127.0.0.1'\nkey = { command = ['evil'] }\nca_file = '/w/evil.pem'\nproxy = 'http://evil:1'";
    let refused = |key| {
        format!(
            "`{key}` in w/.redline.toml is refused, because a workspace file may only set ignore, presets, guards, apply, context, completion."
        )
    };
    let warnings = ["limits", "models", "privacy.mask", "url"].map(refused);
    let warnings = warnings.each_ref().map(String::as_str);
    let loaded = check(workspace(text), &[], &warnings);
    assert_eq!(loaded.settings, Settings::default());
}

#[test]
fn a_file_of_certificates_and_a_proxy_are_named_in_full() {
    let file = if cfg!(windows) {
        "C:/our-ca.pem"
    } else {
        "/etc/our-ca.pem"
    };
    let given = client(json!({ "models": { "fast": {
        "url": "wss://x.example/v1/responses", "model": "m", "caFile": file, "proxy": "http://proxy:3128",
    }, "other": { "model": "n" } } }));
    let loaded = check(given, &[], &[]);
    for name in ["fast", "other"] {
        let model = loaded.settings.model(name).unwrap();
        assert_eq!(model.ca_file.as_deref(), Some(file));
        assert_eq!(model.proxy.as_deref(), Some("http://proxy:3128"));
    }
    let given =
        user("[models.fast]\nca_file = 'our-ca.pem'\nproxy = 'http://me:secret@proxy:3128'");
    let warnings = [
        "`models.fast.ca_file` in u/config.toml must be the absolute path of a file, so it is left out.",
        "`models.fast.proxy` in u/config.toml must be `none`, or an http:// URL of a host and port, without a user name or password in it, so it is left out.",
    ];
    check(given, &[], &warnings);
}

#[test]
fn a_workspace_file_may_only_narrow() {
    let given = Given {
        user: "privacy.ignore = ['a', '!b']\ncontext.bytes = 100\nguards.syntax = 'off'\n[[presets]]\nname='mine'\ninstruction='x'",
        workspace: "ignore = ['a', 'c', '!a']\nprivacy.ignore = ['d']\ncontext.bytes = 101\n[guards]\nelision = 'warn'\nsyntax = 'block'\nsignature = 'warn'\n[[presets]]\nname='mine'\ninstruction='evil'\n[[presets]]\nname='theirs'\ninstruction='y'\nguards={elision='off', imports='block'}",
        ..Given::default()
    };
    let expected = [
        ("privacy.ignore", r#"["a","!b","c","d"] | w/.redline.toml"#),
        ("context.bytes", "100 | u/config.toml"),
        ("guards.syntax", r#""block" | w/.redline.toml"#),
        ("guards.elision", r#""block" | built in"#),
        ("guards.signature", r#""warn" | built in"#),
    ];
    let warnings = [
        "`ignore` in w/.redline.toml has a pattern that begins with !, which only a user file may have, so that pattern is left out.",
        "`context.bytes` in w/.redline.toml is refused, because a workspace file may only make it smaller than 100.",
        "`guards.elision` in w/.redline.toml is refused, because a workspace file may only make it stricter than \"block\".",
        "`presets.mine` in w/.redline.toml is refused, because a workspace file may not change a preset that is there already.",
        "`presets.theirs.guards.elision` in w/.redline.toml is refused, because a workspace file may only make guards stricter.",
    ];
    let loaded = check(given, &expected, &warnings);
    let settings = &loaded.settings;
    assert_eq!(settings.preset("mine").unwrap().instruction, "x");
    let guards = settings
        .guards
        .with(&settings.preset("theirs").unwrap().guards);
    assert_eq!(guards.elision, GuardLevel::Block);
    assert_eq!(guards.imports, GuardLevel::Block);
    let given = Given {
        user: "[completion]\nlanguages = ['rust', 'python']",
        workspace: "[completion]\nlanguages = ['python']\nbytes = 0\ndelay_ms = 99",
        ..Given::default()
    };
    let expected = [
        ("completion.languages", r#"["python"] | w/.redline.toml"#),
        ("completion.bytes", "0 | w/.redline.toml"),
        ("completion.delay_ms", "100 | built in"),
    ];
    let warning = "`completion.delay_ms` in w/.redline.toml is refused, because a workspace file may only make it longer than 100.";
    check(given, &expected, &[warning]);
    let warning = "`completion.languages` in w/.redline.toml is refused, because a workspace file may only make it smaller than [].";
    check(
        workspace("[completion]\nlanguages = ['python']"),
        &[("completion.languages", "[] | built in")],
        &[warning],
    );
    check(
        workspace("context.bytes = 0"),
        &[("context.bytes", "0 | w/.redline.toml")],
        &[],
    );
}

#[test]
fn ignore_patterns_add_up_above_the_user_file() {
    let given = Given {
        client: json!({ "privacy": { "ignore": ["x", ".env"] } }),
        ..workspace("ignore = ['w']")
    };
    let list = r#"[".env",".env.*","*.pem","id_rsa","id_ed25519","w","x"] | the editor's settings"#;
    check(given, &[("privacy.ignore", list)], &[]);
}

#[test]
fn presets_merge_by_name_and_need_name_and_instruction() {
    let given = Given {
        user: "[[presets]]\nname='a'\ninstruction='1'\nmodel='gone'\n[[presets]]\nname='b'\n[[presets]]\nname='c'\ninstruction='1'\ntitel='C'\n[[presets]]\nname='a'\ninstruction='2'",
        client: json!({ "presets": [
            { "name": "c", "instruction": "3", "languages": "rust", "model": "deep" },
            { "name": "d", "instruction": "4" },
        ]}),
        ..Given::default()
    };
    let warnings = [
        "`presets[1]` in u/config.toml has no valid `instruction`, so it is left out.",
        "`presets[2].titel` in u/config.toml is not known; the nearest known key is `title`.",
        "`presets.a` in u/config.toml is there twice, so the second one is left out.",
        "`presets[0].languages` in the editor's settings must be a list of texts, so it is left out.",
        "`presets.a.model` names no model that is set, so `fast` is used.",
    ];
    let loaded = check(
        given,
        &[("presets.1.instruction", r#""3" | nowhere"#)],
        &warnings,
    );
    let presets = loaded.settings.presets.iter();
    let shown: Vec<_> = presets
        .map(|it| format!("{}{}", it.name, it.instruction))
        .collect();
    assert_eq!(shown, ["a1", "c3", "d4"]);
    assert_eq!(loaded.origins["presets.c"], Origin::Client);
}

#[test]
fn only_openai_gets_its_key_and_model_unasked() {
    let key = r#"{"env":"OPENAI_API_KEY"} | built in"#;
    let model = r#""gpt-5.6-sol" | built in"#;
    check(
        user("models.fast.url = 'wss://api.openai.com/v1/responses'"),
        &[("models.fast.key", key), ("models.fast.model", model)],
        &[],
    );
    let loaded = check(
        user("models.fast.url = 'wss://api.openai.com.example.com/v1/responses'"),
        &[
            ("models.fast.key", "null | built in"),
            ("models.fast.model", r#""default" | built in"#),
        ],
        &[],
    );
    assert_eq!(
        loaded.remarks,
        ["`models.fast.model` is not set, so the server is asked for a model called `default`."]
    );
    check(
        user("models.fast = { url = 'ws://box/v1', model = 'm', key = { keyring = 'k' } }"),
        &[("models.fast.key", r#"{"keyring":"k"} | u/config.toml"#)],
        &[
            "`models.fast.url` is not encrypted and leads to another machine, so the key and the text can be read on the way; use wss:// or https://.",
        ],
    );
}

#[test]
fn another_model_takes_from_fast_unless_it_has_its_own_url() {
    let text = "[models.fast]\nurl='wss://a.example/'\nmodel='a'\nkey={env='A'}\n[models.deep]\nmodel='b'\n[models.other]\nurl='wss://b.example/'\nmodel='c'";
    let expected = [
        ("models.deep.url", r#""wss://a.example/" | u/config.toml"#),
        ("models.deep.key", r#"{"env":"A"} | u/config.toml"#),
        ("models.deep.model", r#""b" | u/config.toml"#),
        ("models.other.key", "null | built in"),
    ];
    check(user(text), &expected, &[]);
}

#[test]
fn a_key_source_of_a_higher_layer_replaces_the_whole_source() {
    let given = Given {
        client: json!({ "models": { "fast": { "key": { "env": "B" }, "extra": { "x_y": 1 } } } }),
        ..user("models.fast = { key = { command = ['a'] }, extra = { z = 1 } }")
    };
    let expected = [
        ("models.fast.key", r#"{"env":"B"} | the editor's settings"#),
        ("models.fast.extra", r#"{"x_y":1} | the editor's settings"#),
    ];
    check(given, &expected, &[]);
}

#[test]
fn odd_values_from_clients_do_no_harm() {
    check(client(json!(null)), &[], &[]);
    check(
        client(json!({ "models": [], "limits": [], "presets": [] })),
        &[],
        &[],
    );
    let warning = "`redline` in the editor's settings must be a table, so it is left out.";
    check(client(json!("text")), &[], &[warning]);
    let twice = json!({ "aply": 1 });
    let warning = "`aply` in the editor's settings is not known; the nearest known key is `apply`.";
    let given = Given {
        initialization: twice.clone(),
        ..client(twice)
    };
    check(given, &[], &[warning]);
}

#[test]
fn a_hostile_file_causes_few_and_short_warnings() {
    let lines = (0..5000).map(|n| format!("\"\\u001b[31m{n}{}\" = 1\n", "x".repeat(500)));
    let mut layers = Layers::new();
    layers.workspace_file(".redline.toml", &lines.collect::<String>());
    let warnings = layers.load().warnings;
    assert_eq!(warnings.len(), 21);
    assert!(
        warnings
            .iter()
            .all(|it| it.len() < 400 && !it.contains('\u{1b}'))
    );
    assert_eq!(
        warnings[20],
        "There are 4980 more problems in .redline.toml."
    );
}

#[test]
fn giving_a_source_again_replaces_it() {
    let mut layers = Layers::new();
    layers
        .user_file("a", "apply = 'live'")
        .user_file("b", "limits.retries = 0");
    layers.client(json!({ "apply": "once" })).client(json!({}));
    let loaded = layers.load();
    assert_eq!(loaded.origins["apply"], Origin::BuiltIn);
    assert_eq!(loaded.settings.limits.retries, 0);
}

#[track_caller]
fn check_secrets(settings: Value, expected: &[&str]) {
    let found = Layers::new().client(settings.clone()).secrets();
    assert_eq!(found, expected, "{settings}");
}

#[test]
fn what_may_be_a_secret_is_known_also_where_it_is_refused() {
    let model = |model: Value| json!({ "models": { "fast": model } });
    check_secrets(model(json!({ "key": "sk-1" })), &["sk-1"]);
    check_secrets(model(json!({ "key": { "env": "sk-1" } })), &["sk-1"]);
    check_secrets(model(json!({ "key": { "env": "NAME" } })), &[]);
    check_secrets(model(json!({ "key": { "command": ["pass"] } })), &[]);
    check_secrets(model(json!({ "key": { "command": "sk-1" } })), &["sk-1"]);
    check_secrets(model(json!({ "key": ["a", { "b": "c" }] })), &["a", "c"]);
    check_secrets(model(json!({ "url": "embedded" })), &[]);
    check_secrets(model(json!({ "url": "wss://a.b:4/v1?k=sk-1" })), &["sk-1"]);
    check_secrets(model(json!({ "url": "sk-1" })), &["sk-1"]);
    check_secrets(model(json!({ "url": "https://a.b/sk-1 x" })), &["sk-1"]);
    check_secrets(
        model(json!({ "proxy": "http://me:sk-1@a.b:1" })),
        &["me:sk-1", "sk-1"],
    );
    let extra =
        json!({ "temperature": 1, "user": "me", "api_key": "sk-1", "a": { "Token": ["t"] } });
    check_secrets(model(json!({ "extra": extra })), &["t", "sk-1"]);
}
