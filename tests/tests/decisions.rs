//! Decisions: accept, reject, hunk by hunk; how a rewrite is asked for and named.
//! What can be done while it streams is in `course`; what is shown of it in `shown`.

use e2e::ServerCommand;
use e2e::lsp::{Client, Manner, Setup};
use e2e::model_server::{Answer, ModelServer};
use e2e::scene::{NEW, OLD, OTHER, begin, check_end, midway, proposed, start, text};
use serde_json::{Value, json};

#[test]
fn proposal_is_in_the_document_as_its_mode_says() {
    for (apply, shown) in [("live", NEW), ("once", NEW), ("preview", OLD)] {
        let (_model, client, uri, id, view) = proposed(apply);
        assert_eq!(client.text(&uri), text(shown), "{apply}");
        assert_eq!(view["apply"], apply);
        client
            .decide("redline.accept", id)
            .expect("it can be accepted");
        check_end(&client, &uri, id, "accepted", NEW);
        let edits = client.document(&uri).applied.len();
        if apply != "live" {
            let versions: Vec<_> = client
                .document(&uri)
                .applied
                .iter()
                .map(|it| it.version)
                .collect();
            assert!(
                versions.iter().all(|it| *it == versions[0]),
                "one edit: {versions:?}"
            );
        }
        assert!(edits >= 3, "only the lines that change: {edits} edits");
    }
}

#[test]
fn lines_that_stay_are_not_touched() {
    let (_model, client, uri, _, _) = proposed("once");
    for edit in client.document(&uri).applied {
        assert!(
            !edit.removed.contains("two") && !edit.removed.contains("four"),
            "{edit:?}"
        );
    }
}

#[test]
fn rejecting_restores_every_byte() {
    for apply in ["live", "once", "preview"] {
        let (_model, client, uri, id, _) = proposed(apply);
        let answer = client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        assert_eq!(
            answer,
            json!({ "rewrite": id, "state": "rejected", "remaining": 0 })
        );
        check_end(&client, &uri, id, "rejected", OLD);
    }
}

#[test]
fn hunks_are_decided_one_by_one() {
    let (_model, client, uri, id, view) = proposed("once");
    assert_eq!(
        view["hunks"],
        json!([
            {
                "index": 0, "state": "pending", "oldText": "one = 1\n", "newText": "one = 11\n",
                "range": { "start": { "line": 1, "character": 0 }, "end": { "line": 2, "character": 0 } },
            },
            {
                "index": 1, "state": "pending", "oldText": "three = 3\n", "newText": "three = 33\n",
                "range": { "start": { "line": 3, "character": 0 }, "end": { "line": 4, "character": 0 } },
            },
            {
                "index": 2, "state": "pending", "oldText": "five = 5\n", "newText": "five = 55\n",
                "range": { "start": { "line": 5, "character": 0 }, "end": { "line": 6, "character": 0 } },
            },
        ])
    );
    let answer = client
        .decide_hunk("redline.reject", id, 1)
        .expect("hunk 1 is there");
    assert_eq!(
        answer,
        json!({ "rewrite": id, "state": "proposed", "remaining": 2 })
    );
    client.wait_for_document(&uri, "hunk 1 taken back", |it| {
        it.text == text("one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n")
    });
    let again = client
        .decide_hunk("redline.accept", id, 1)
        .expect_err("it is decided");
    assert!(again.message.contains("hunk 1"), "{again}");
    client
        .decide_hunk("redline.accept", id, 7)
        .expect_err("there is none");
    client
        .decide_hunk("redline.accept", id, 2)
        .expect("hunk 2 is there");
    let states = |view: &Value| -> Vec<Value> {
        view["hunks"]
            .as_array()
            .expect("hunks")
            .iter()
            .map(|it| it["state"].clone())
            .collect()
    };
    assert_eq!(
        states(&client.rewrites(&uri)[0]),
        ["pending", "rejected", "accepted"]
    );
    let answer = client
        .decide_hunk("redline.accept", id, 0)
        .expect("hunk 0 is there");
    assert_eq!(
        answer,
        json!({ "rewrite": id, "state": "accepted", "remaining": 0 })
    );
    let end = check_end(
        &client,
        &uri,
        id,
        "accepted",
        "one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n",
    );
    assert_eq!(states(&end), ["accepted", "rejected", "accepted"]);
}

#[test]
fn lines_of_a_hunk_are_decided_one_by_one() {
    let whole = "one = 11\ntwo = 22\nthree = 33\nfour = 44\nfive = 55\nsix = 66\n";
    for apply in ["live", "once", "preview"] {
        let model =
            ModelServer::start(move |request| Answer::to(request).pieces([whole]).actions());
        let client = start(&model, Manner::HELIX);
        let (uri, id) = begin(&client, apply);
        client.wait_for_state(id, "proposed");
        let decide = |command: &str, hunk: usize, lines: [usize; 2]| {
            client.execute(
                command,
                json!({ "rewrite": id, "hunk": hunk, "lines": lines }),
            )
        };
        let answer = decide("redline.reject", 0, [1, 3]).expect("there are such lines");
        assert_eq!(
            answer,
            json!({ "rewrite": id, "state": "proposed", "remaining": 2 })
        );
        // The first part keeps its number, the others have the next free ones.
        let hunks = |view: &Value| -> Vec<(u64, String, String)> {
            let hunks = view["hunks"].as_array().expect("hunks").iter();
            hunks
                .map(|it| {
                    let text = |name: &str| it[name].as_str().unwrap_or_default().to_owned();
                    let index = it["index"].as_u64().expect("a number");
                    (index, text("state"), text("newText"))
                })
                .collect()
        };
        let expected = [
            (0, "pending", "one = 11\n"),
            (1, "rejected", "two = 22\nthree = 33\n"),
            (2, "pending", "four = 44\nfive = 55\nsix = 66\n"),
        ];
        let expected = expected.map(|(index, state, new)| (index, state.into(), new.into()));
        assert_eq!(hunks(&client.rewrites(&uri)[0]), expected, "{apply}");
        decide("redline.accept", 2, [3, 4]).expect_err("it has three lines");
        client
            .execute("redline.accept", json!({ "rewrite": id, "lines": [0, 1] }))
            .expect_err("of which hunk?");
        decide("redline.accept", 2, [1, 2]).expect("it is there");
        decide("redline.accept", 0, [0, 1]).expect("it is there");
        client.decide("redline.reject", id).expect("the rest");
        let middle = "one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n";
        check_end(&client, &uri, id, "rejected", middle);
    }
}

#[test]
fn rejecting_every_hunk_is_a_rejection() {
    let (_model, client, uri, id, _) = proposed("live");
    for hunk in [2, 0, 1] {
        client
            .decide_hunk("redline.reject", id, hunk)
            .expect("the hunk is there");
    }
    check_end(&client, &uri, id, "rejected", OLD);
}

#[test]
fn a_decision_on_what_is_over_is_refused() {
    let (_model, client, uri, id, _) = proposed("once");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    for command in ["redline.accept", "redline.reject"] {
        let late = client.decide(command, id).expect_err("it is over");
        assert_eq!(late.code, -32803, "{late}");
    }
    check_end(&client, &uri, id, "accepted", NEW);
}

#[test]
fn rewrite_is_named_by_a_place_too() {
    let (_model, client, uri, id, _) = proposed("once");
    let outside = json!({ "uri": uri, "position": { "line": 0, "character": 0 } });
    client
        .execute("redline.accept", outside)
        .expect_err("there is none");
    let inside = json!({ "uri": uri, "position": { "line": 2, "character": 3 } });
    let answer = client
        .execute("redline.accept", inside)
        .expect("it is there");
    assert_eq!(answer["rewrite"], id);
}

#[test]
fn rewrite_is_named_by_file_and_line() {
    let (_model, client, uri, id, _) = proposed("once");
    client.open("aa.py", "python", "x\n");
    for (file, line) in [("b.py", 3), ("aa.py", 1)] {
        let elsewhere = json!({ "file": file, "line": line });
        client
            .execute("redline.accept", elsewhere)
            .expect_err("there is none");
    }
    let line = |line: u32, hunk: Value| json!({ "file": "a.py", "line": line, "hunk": hunk });
    // Lines 2, 4 and 6 are changed.
    let answer = client
        .execute("redline.reject", line(4, "here".into()))
        .expect("a change is there");
    assert_eq!(
        answer,
        json!({ "rewrite": id, "state": "proposed", "remaining": 2 })
    );
    client.wait_for_document(&uri, "hunk 1 taken back", |it| {
        it.text == text("one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n")
    });
    for unchanged in [3, 5] {
        let refused = client
            .execute("redline.reject", line(unchanged, "here".into()))
            .expect_err("no change is there, and there are two");
        assert!(refused.message.contains("no change"), "{refused}");
    }
    client
        .execute("redline.accept", line(2, 0.into()))
        .expect("hunk 0 by its number");
    let answer = client
        .execute("redline.accept", line(1, "here".into()))
        .expect("the only one that waits");
    assert_eq!(
        answer,
        json!({ "rewrite": id, "state": "accepted", "remaining": 0 })
    );
    check_end(
        &client,
        &uri,
        id,
        "accepted",
        "one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n",
    );
    client
        .execute("redline.accept", line(4, Value::Null))
        .expect_err("nothing is open any more");
}

#[test]
fn among_several_rewrites_the_line_says_which() {
    let model = ModelServer::start(|request| {
        let answers = ["one = 11\n", "five = 55\n", "one = 111\n"];
        Answer::to(request)
            .pieces([answers[request.index]])
            .actions()
    });
    let client = start(&model, Manner::HELIX);
    let uri = client.open("a.py", "python", OLD);
    let ask = |from: u32, ask: &str| {
        let argument = json!({ "file": "a.py", "from": from, "to": from, "ask": ask });
        let answer = client.execute("redline.ask", argument).expect("it starts");
        let id = answer["rewrite"].as_u64().expect("a rewrite");
        client.wait_for_state(id, "proposed");
        id
    };
    let (first, second) = (ask(1, "first"), ask(5, "second"));
    let between = json!({ "file": "a.py", "line": 3 });
    let refused = client
        .execute("redline.accept", between)
        .expect_err("which of them?");
    assert!(refused.message.contains("line"), "{refused}");
    for (line, id) in [(5, second), (1, first)] {
        let answer = client
            .execute("redline.accept", json!({ "file": "a.py", "line": line }))
            .expect("it is there");
        assert_eq!(answer["rewrite"], id);
        client.wait_until_over(id);
    }
    assert_eq!(
        client.text(&uri),
        "one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 55\n"
    );
    // What is over is tried again where it stood, the newest first.
    let answer = client
        .execute("redline.retry", json!({ "file": "a.py", "line": 1 }))
        .expect("it was there");
    assert_eq!(answer["region"]["start"]["line"], 0);
    client.wait_for_state(answer["rewrite"].as_u64().expect("a rewrite"), "proposed");
}

#[test]
fn stream_is_steered_by_file_and_line() {
    let (_model, gate, client, uri, id) = midway("live");
    let line = json!({ "file": "a.py", "line": 2 });
    let mut redirect = line.clone();
    redirect["instruction"] = "otherwise".into();
    let answer = client
        .execute("redline.redirect", redirect)
        .expect("it streams");
    let other = answer["rewrite"].as_u64().expect("a rewrite");
    assert_ne!(other, id);
    gate.open();
    client.wait_for_state(other, "proposed");
    client
        .execute("redline.accept", line)
        .expect("it waits there");
    check_end(&client, &uri, other, "accepted", OTHER);

    let (_model, _gate, client, uri, id) = midway("live");
    let answer = client
        .execute("redline.interrupt", json!({ "file": "a.py", "line": 2 }))
        .expect("it streams");
    assert_eq!(answer, json!({ "rewrite": id, "state": "interrupted" }));
    client.wait_for_state(id, "interrupted");
    assert!(client.text(&uri).contains("one = 11\n"));
}

#[test]
fn auto_is_live_where_undo_is_joined_and_else_once() {
    for (joins, expected) in [(false, "once"), (true, "live")] {
        let model = ModelServer::streaming(NEW);
        let mut setup = Setup::new(ServerCommand::redline().with_model(&model.url())).with_events();
        setup.capabilities["experimental"]["redline"]["joinsUndo"] = joins.into();
        let client = Client::start(&setup);
        let uri = client.open("a.py", "python", OLD);
        let answer = client
            .run_code_action(&uri, 0..OLD.len(), "Redline: Simplify")
            .expect("it starts");
        let id = answer["rewrite"].as_u64().expect("a rewrite");
        assert_eq!(client.wait_for_state(id, "proposed")["apply"], expected);
    }
}

#[test]
fn asking_by_file_and_lines() {
    let model = ModelServer::streaming("two = 22\nthree = 33\n");
    let client = start(&model, Manner::HELIX);
    let uri = client.open("src/a.py", "python", OLD);
    client.open("src/aa.py", "python", "x\n");
    for file in [
        "a.py",
        "src/a.py",
        &client
            .project()
            .folder()
            .join("src/a.py")
            .display()
            .to_string(),
    ] {
        let argument = json!({ "file": file, "from": 2, "to": 3, "ask": "double" });
        let answer = client.execute("redline.ask", argument).expect("it starts");
        let id = answer["rewrite"].as_u64().expect("a rewrite");
        assert_eq!(
            answer["region"]["start"],
            json!({ "line": 1, "character": 0 })
        );
        assert_eq!(
            answer["region"]["end"],
            json!({ "line": 3, "character": 0 })
        );
        client.wait_for_state(id, "proposed");
        assert_eq!(
            client.text(&uri),
            "one = 1\ntwo = 22\nthree = 33\nfour = 4\nfive = 5\n"
        );
        client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        client.wait_until_over(id);
        assert_eq!(client.text(&uri), OLD);
    }
    for (file, from, to) in [("b.py", 1, 1), ("a.py", 99, 99), (".py", 1, 1)] {
        let argument = json!({ "file": file, "from": from, "to": to, "ask": "double" });
        client
            .execute("redline.ask", argument)
            .expect_err("it is not there");
    }
}

#[test]
fn whatever_is_asked_of_the_embedded_engine_with_nothing_configured() {
    let client = Client::start(&Setup::new(ServerCommand::redline()).with_events());
    let old = "def area(width, height):\n    return width * height\n";
    let uri = client.open("a.py", "python", old);
    let id = client
        .rewrite(&uri, 0..old.len(), "rename width to breadth", "live")
        .expect("it starts");
    client.wait_for_state(id, "proposed");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), old.replace("width", "breadth"));

    let id = client
        .rewrite(&uri, 0..4, "write me a poem", "live")
        .expect("it starts");
    let end = client.wait_until_over(id);
    assert_eq!(end["state"], "failed");
    assert!(
        end["message"]
            .as_str()
            .is_some_and(|it| it.contains("models.fast")),
        "{end:#}"
    );
}
