//! What a person is shown of rewrites and what they are offered: code actions, lenses, diagnostics, the list, the status.

use e2e::ServerCommand;
use e2e::lsp::{Client, Manner, Setup};
use e2e::model_server::ModelServer;
use e2e::scene::{BEFORE, NEW, OLD, begin, check_end, midway, proposed, start, text};
use serde_json::{Value, json};

fn titles(actions: &[Value]) -> Vec<&str> {
    actions
        .iter()
        .filter_map(|action| action["title"].as_str())
        .collect()
}

#[test]
fn code_actions_on_a_selection_are_the_presets() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let cases = [
        (
            "a.py",
            "python",
            vec![
                "Simplify",
                "Add types",
                "Document",
                "Handle errors",
                "Flatten",
            ],
        ),
        (
            "a.rs",
            "rust",
            vec!["Simplify", "Document", "Handle errors", "Flatten"],
        ),
        ("a.md", "markdown", vec!["Simplify"]),
        (
            "a.xyz",
            "nonsense",
            vec!["Simplify", "Document", "Handle errors", "Flatten"],
        ),
    ];
    for (name, language, expected) in cases {
        let uri = client.open(name, language, OLD);
        let actions = client.code_actions(&uri, 0..OLD.len());
        let expected: Vec<String> = expected.iter().map(|it| format!("Redline: {it}")).collect();
        assert_eq!(titles(&actions), expected, "{name}");
        for action in &actions {
            assert_eq!(action["kind"], "refactor.rewrite");
            assert!(
                action["command"]["command"].is_string(),
                "no resolve: {action}"
            );
            assert!(
                action.get("edit").is_none() && action.get("data").is_none(),
                "{action}"
            );
        }
    }
}

#[test]
fn presets_are_listed_for_plugins() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let list = |argument: Value| -> Vec<Value> {
        let answer = client.execute("redline.presets", argument);
        let answer = answer.expect("a list");
        answer.as_array().expect("a list").clone()
    };
    let names = |list: &[Value]| -> Vec<String> {
        let names = list.iter().filter_map(|it| it["name"].as_str());
        names.map(str::to_owned).collect()
    };
    let all = list(Value::Null);
    assert_eq!(
        names(&all),
        [
            "simplify",
            "add-types",
            "document",
            "handle-errors",
            "flatten"
        ]
    );
    assert_eq!(
        all[1],
        json!({
            "name": "add-types", "title": "Add types",
            "languages": ["python", "typescript", "tsx", "javascript", "lua"],
        })
    );
    assert_eq!(all[0]["languages"], Value::Null);
    let uri = client.open("a.md", "markdown", OLD);
    assert_eq!(names(&list(json!({ "uri": uri }))), ["simplify"]);
    client
        .execute("redline.presets", json!({ "uri": client.uri("b.md") }))
        .expect_err("it is not open");
}

/// `[[presets]]` of the settings: in the menus of every editor, by `redline.presets`, by name and by `/name`.
#[test]
fn presets_of_the_settings_are_offered_and_followed() {
    let model = ModelServer::streaming(NEW);
    let server = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::new(server).with_events();
    let settings = json!({ "presets": [
        { "name": "ours", "title": "Our style", "instruction": "Return early.", "languages": ["python", "cobol"] },
        { "name": "simplify", "instruction": "Make it short." },
        { "name": "terse", "instruction": "Use fewer words." },
    ] });
    setup.settings = json!({ "redline": settings });
    setup.initialization_options = settings;
    let client = Client::start(&setup);
    for (name, language, expected) in [
        (
            "a.py",
            "python",
            "simplify, Add types, Document, Handle errors, Flatten, Our style, terse",
        ),
        (
            "a.cob",
            "cobol",
            "simplify, Document, Handle errors, Flatten, Our style, terse",
        ),
        ("a.md", "markdown", "simplify, terse"),
    ] {
        let uri = client.open(name, language, OLD);
        let offered = client.code_actions(&uri, 0..OLD.len());
        let offered = titles(&offered).join(", ").replace("Redline: ", "");
        assert_eq!(offered, expected, "{name}");
        let listed = client.execute("redline.presets", json!({ "uri": uri }));
        let listed = listed.expect("a list");
        assert_eq!(
            titles(listed.as_array().expect("a list")).join(", "),
            expected
        );
    }
    let uri = client.uri("a.py");
    for (how, told) in [
        (json!({ "preset": "ours" }), "Return early."),
        (json!({ "instruction": "/terse" }), "Use fewer words."),
        (json!({ "instruction": "/nobody" }), "/nobody"),
    ] {
        let mut argument = how;
        argument["uri"] = json!(uri);
        argument["range"] = client.range(&uri, 0..OLD.len());
        let started = client.execute("redline.rewrite", argument);
        let rewrite = started.expect("it begins")["rewrite"]
            .as_u64()
            .expect("an id");
        client.wait_for_state(rewrite, "proposed");
        let requests = model.requests();
        let input = requests.last().expect("a request").input_text();
        assert!(input.contains(told), "{told}: {input}");
        client
            .decide("redline.reject", rewrite)
            .expect("a decision");
        client.wait_until_over(rewrite);
    }
}

#[test]
fn code_actions_of_other_kinds_leave_ours_out() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let ask = |only: Value| {
        let params = json!({
            "textDocument": { "uri": uri }, "range": client.range(&uri, 0..OLD.len()),
            "context": { "diagnostics": [], "only": only },
        });
        let answer = client
            .request("textDocument/codeAction", params)
            .expect("an answer");
        answer.as_array().map_or(0, Vec::len)
    };
    assert_eq!(ask(json!(["quickfix"])), 0);
    assert_eq!(ask(json!(["refactor.extract"])), 0);
    assert_eq!(ask(json!(["refactor"])), 5);
    assert_eq!(ask(json!(["quickfix", "refactor.rewrite"])), 5);
}

#[test]
fn preset_of_a_code_action_is_what_the_model_is_told() {
    let model = ModelServer::streaming(NEW);
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let answer = client.run_code_action(&uri, 0..OLD.len(), "Redline: Add types");
    let id = answer.expect("it starts")["rewrite"]
        .as_u64()
        .expect("a rewrite");
    let said = model.wait_for_requests(1).input_text();
    assert!(
        said.contains("Add type hints") && said.contains(OLD.trim_end()),
        "{said}"
    );
    client.wait_for_state(id, "proposed");
}

#[test]
fn selection_of_a_code_action_moves_with_the_text() {
    let model = ModelServer::streaming("one = 11\n");
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let actions = client.code_actions(&uri, 0..8);
    // The menu is open, and a line comes in above.
    client.replace(&uri, 0..0, "zero = 0\n");
    let command = &actions[0]["command"];
    let answer = client
        .execute("redline.rewrite", command["arguments"][0].clone())
        .expect("it starts");
    assert_eq!(
        answer["region"]["start"],
        json!({ "line": 1, "character": 0 })
    );
    let id = answer["rewrite"].as_u64().expect("a rewrite");
    client.wait_for_state(id, "proposed");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    assert_eq!(
        client.text(&uri),
        format!("zero = 0\n{}", OLD.replacen("one = 1", "one = 11", 1))
    );
}

#[test]
fn instruction_in_a_comment_is_followed_and_goes_away() {
    for (name, language, ask, old, new) in [
        (
            "a.py",
            "python",
            "# redline: double the numbers\n",
            "one = 1\ntwo = 2\n",
            "one = 2\ntwo = 4\n",
        ),
        (
            "a.rs",
            "rust",
            "    // Redline: double the numbers\n",
            "    let a = 1;\n",
            "    let a = 2;\n",
        ),
        (
            "a.c",
            "c",
            "/* redline: double the numbers */\n",
            "int a = 1;\n",
            "int a = 2;\n",
        ),
        (
            "a.html",
            "html",
            "<!-- redline: double the numbers -->\n",
            "<b>1</b>\n",
            "<b>2</b>\n",
        ),
    ] {
        for (apply, command, middle) in [
            ("live", "redline.accept", new.to_owned()),
            ("once", "redline.accept", new.to_owned()),
            ("once", "redline.reject", format!("{ask}{old}")),
        ] {
            let said = new.to_owned();
            let model = ModelServer::streaming(&said);
            let server = ServerCommand::redline().with_model(&model.url());
            let mut setup = Setup::new(server).with_events();
            setup.initialization_options = json!({ "apply": apply });
            let client = Client::start(&setup);
            let (before, after) = ("x y z\n", "u v w\n");
            let text = format!("{before}{ask}{old}{after}");
            let uri = client.open(name, language, &text);
            let selected = before.len()..text.len() - after.len();
            client.watch(&uri, vec![selected.clone()]);
            let title = "Redline: Follow the instruction in the comment";
            let answer = client
                .run_code_action(&uri, selected, title)
                .expect("it starts");
            let id = answer["rewrite"].as_u64().expect("a rewrite");
            let asked = model.wait_for_requests(1).input_text();
            assert!(
                asked.contains("<instruction>\ndouble the numbers\n</instruction>"),
                "{asked}"
            );
            assert!(
                !asked.to_lowercase().contains("redline:"),
                "the comment is no part of it: {asked}"
            );
            client.wait_for_state(id, "proposed");
            client.decide(command, id).expect("it can be decided");
            client.wait_until_over(id);
            assert_eq!(
                client.text(&uri),
                format!("{before}{middle}{after}"),
                "{name} {apply} {command}"
            );
        }
    }
}

#[test]
fn code_actions_in_a_region_are_the_decisions() {
    let (_model, client, uri, id, _) = proposed("once");
    let argument = |action: &Value| action["command"]["arguments"][0].clone();
    let first_line = BEFORE.len()..BEFORE.len() + 3;
    let actions = client.code_actions(&uri, first_line);
    let expected = [
        "Redline: Accept the rewrite",
        "Redline: Reject the rewrite",
        "Redline: Try again",
        "Redline: Accept this change",
        "Redline: Reject this change",
    ];
    assert_eq!(titles(&actions), expected);
    assert_eq!(argument(&actions[0]), json!({ "rewrite": id }));
    assert_eq!(argument(&actions[3]), json!({ "rewrite": id, "hunk": 0 }));
    let second_line = client.text(&uri).find("two").expect("it stands") + 1;
    let actions = client.code_actions(&uri, second_line..second_line + 1);
    assert_eq!(titles(&actions), &expected[..3]);
    let below = client.text(&uri).find("after").expect("it stands");
    let actions = client.code_actions(&uri, below..below + 1);
    assert!(
        !titles(&actions).contains(&expected[0]),
        "{:?}",
        titles(&actions)
    );
    client
        .run_code_action(&uri, second_line..second_line, expected[0])
        .expect("it can be accepted");
    check_end(&client, &uri, id, "accepted", NEW);
    let actions = client.code_actions(&uri, second_line..second_line + 1);
    assert!(
        titles(&actions).contains(&"Redline: Simplify"),
        "{:?}",
        titles(&actions)
    );
}

#[test]
fn selected_lines_are_not_the_next_line() {
    let model =
        ModelServer::streaming("one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 5\nsix = 6\n");
    let client = start(&model, Manner::HELIX);
    let (uri, id) = begin(&client, "once");
    client.wait_for_state(id, "proposed");
    // The line above the first change, with its end, as some editors select lines.
    let actions = client.code_actions(&uri, 0..BEFORE.len());
    assert!(
        !titles(&actions).contains(&"Redline: Accept this change"),
        "{:?}",
        titles(&actions)
    );
}

#[test]
fn code_actions_in_a_stream_are_to_stop_and_to_reject() {
    let (_model, gate, client, uri, id) = midway("live");
    let actions = client.code_actions(&uri, BEFORE.len()..BEFORE.len() + 3);
    assert_eq!(
        titles(&actions),
        ["Redline: Stop here", "Redline: Reject the rewrite"]
    );
    let inside = BEFORE.len()..BEFORE.len() + 3;
    client
        .run_code_action(&uri, inside, "Redline: Stop here")
        .expect("it stops");
    client.wait_for_state(id, "interrupted");
    gate.open();
}

fn lenses(client: &Client, uri: &str) -> Vec<Value> {
    let params = json!({ "textDocument": { "uri": uri } });
    let answer = client
        .request("textDocument/codeLens", params)
        .expect("lenses");
    answer.as_array().cloned().unwrap_or_default()
}

#[test]
fn code_lenses_stand_on_region_and_hunks() {
    let (_model, client, uri, id, _) = proposed("once");
    let at = |line: u32| -> Vec<(String, Value)> {
        let all = lenses(&client, &uri).into_iter();
        let here = all.filter(|lens| lens["range"]["start"]["line"] == line);
        here.map(|lens| {
            let title = lens["command"]["title"]
                .as_str()
                .expect("a title")
                .to_owned();
            (title, lens["command"]["arguments"][0].clone())
        })
        .collect()
    };
    let first = at(1);
    assert!(
        first.contains(&(
            "Redline: Accept the rewrite".to_owned(),
            json!({ "rewrite": id })
        )),
        "{first:?}"
    );
    let third = at(3);
    let expected = [
        (
            "Redline: Accept this change".to_owned(),
            json!({ "rewrite": id, "hunk": 1 }),
        ),
        (
            "Redline: Reject this change".to_owned(),
            json!({ "rewrite": id, "hunk": 1 }),
        ),
    ];
    assert_eq!(third, expected);
    client.wait_for_message(0, "workspace/codeLens/refresh", |_| true);
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    check_end(&client, &uri, id, "rejected", OLD);
    assert!(lenses(&client, &uri).is_empty());
}

#[test]
fn diagnostics_mark_pending_hunks_until_they_are_decided() {
    let (_model, client, uri, id, _) = proposed("once");
    let wait = |count: usize| {
        client.wait_for_message(0, "textDocument/publishDiagnostics", |params| {
            params["uri"] == uri && params["diagnostics"].as_array().map(Vec::len) == Some(count)
        })
    };
    let all = wait(3);
    let lines: Vec<_> = all["diagnostics"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["range"].clone())
        .collect();
    let range = |line: u32, end: u32| json!({ "start": { "line": line, "character": 0 }, "end": { "line": line, "character": end } });
    assert_eq!(lines, [range(1, 8), range(3, 10), range(5, 9)]);
    for diagnostic in all["diagnostics"].as_array().unwrap() {
        assert_eq!(diagnostic["source"], "redline");
        assert_eq!(diagnostic["severity"], 4);
        assert_eq!(diagnostic["code"], "pending");
    }
    client
        .decide_hunk("redline.accept", id, 0)
        .expect("hunk 0 is there");
    wait(2);
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    check_end(&client, &uri, id, "accepted", NEW);
    wait(0);
}

#[test]
fn closing_clears_the_diagnostics() {
    let (_model, client, uri, _, _) = proposed("once");
    client.wait_for_message(0, "textDocument/publishDiagnostics", |it| {
        it["diagnostics"][0].is_object()
    });
    let mark = client.mark();
    client.close(&uri);
    client.wait_for_message(mark, "textDocument/publishDiagnostics", |it| {
        it["diagnostics"] == json!([])
    });
}

#[track_caller]
fn check_keys(value: &Value, expected: &[&str]) {
    let keys = value.as_object().expect("an object").keys();
    let missing: Vec<_> = expected
        .iter()
        .filter(|key| value.get(**key).is_none())
        .collect();
    let more: Vec<_> = keys
        .filter(|key| !expected.contains(&key.as_str()))
        .collect();
    assert!(
        missing.is_empty() && more.is_empty(),
        "{value:#} lacks {missing:?} and has {more:?}"
    );
}

#[test]
fn list_and_notification_have_the_documented_shape() {
    let (_model, client, uri, id, view) = proposed("once");
    let keys = [
        "rewrite",
        "uri",
        "version",
        "state",
        "region",
        "apply",
        "instruction",
        "hunks",
        "guards",
        "tokens",
        "timings",
        "bytes",
    ];
    check_keys(&view, &keys);
    check_keys(&view["bytes"], &["sent", "received", "saved"]);
    check_keys(&view["tokens"], &["input", "cached", "output"]);
    assert_eq!(view["tokens"]["input"], 10);
    check_keys(
        &view["timings"],
        &[
            "requested",
            "sent",
            "firstDelta",
            "firstEdit",
            "lastDelta",
            "proposed",
        ],
    );
    let times = [
        "requested",
        "sent",
        "firstDelta",
        "lastDelta",
        "firstEdit",
        "proposed",
    ];
    let times = times.map(|it| view["timings"][it].as_f64().expect("a number"));
    assert!(times.is_sorted(), "{times:?}");
    assert_eq!(view["instruction"], "change it");
    assert_eq!(view["uri"], uri);
    assert_eq!(view["version"], client.document(&uri).version);
    assert_eq!(view["guards"], json!([]));
    let list = client.rewrites(&uri);
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["hunks"], view["hunks"]);
    check_keys(&list[0], &keys);
    assert_eq!(
        client
            .execute("redline.list", json!({}))
            .expect("a list")
            .as_array()
            .map(Vec::len),
        Some(1)
    );

    client.open("b.py", "python", OLD);
    assert!(client.rewrites(&client.uri("b.py")).is_empty());
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    let list = client.rewrites(&uri);
    assert_eq!(list[0]["state"], "accepted");
    let states: Vec<_> = client
        .history(id)
        .iter()
        .map(|it| it["state"].clone())
        .collect();
    let requested = states.iter().filter(|it| **it == "requested").count();
    assert_eq!(requested, 1, "said once: {states:?}");
    let mut steps = states.clone();
    steps.dedup();
    let expected = ["requested", "streaming", "proposed", "accepted"];
    assert_eq!(steps, expected, "{states:?}");
}

#[test]
fn status_has_the_documented_shape() {
    let (model, client, _, id, _) = proposed("once");
    let status = client
        .execute("redline.status", Value::Null)
        .expect("a status");
    for key in ["connection", "model", "quota", "timings", "queue"] {
        assert!(status.get(key).is_some(), "{key} is not in {status:#}");
    }
    let log = status["log"].as_str().expect("the log's path");
    assert!(std::path::Path::new(log).is_file(), "{log}");
    assert_eq!(status["connection"], "ready");
    assert_eq!(status["queue"], 0);
    assert!(
        !status.to_string().contains("sk-test"),
        "the key is in {status}"
    );
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    drop(model);
}

#[test]
fn clients_without_the_capability_get_no_notification_of_ours() {
    let model = ModelServer::streaming(NEW);
    let client = Client::start(&Setup::new(
        ServerCommand::redline().with_model(&model.url()),
    ));
    let (uri, id) = begin(&client, "once");
    client.wait_for_document(&uri, "the new text", |it| it.text == text(NEW));
    client.wait_for_message(0, "textDocument/publishDiagnostics", |it| {
        it["diagnostics"][0].is_object()
    });
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.rewrites(&uri);
    let foreign = client
        .messages_since(0)
        .into_iter()
        .find(|it| it.method.starts_with("redline/"));
    assert!(foreign.is_none(), "{foreign:?}");
}
