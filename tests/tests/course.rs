//! The course of a rewrite changed while it streams: stopped, decided early, redirected, tried again.

use e2e::lsp::Client;
use e2e::scene::{BEFORE, NEW, OLD, OTHER, check_end, midway, proposed, text};
use serde_json::json;

#[test]
fn interrupting_keeps_the_complete_lines() {
    for apply in ["live", "once", "preview"] {
        for (command, state, middle) in [
            (
                "redline.accept",
                "accepted",
                "one = 11\ntwo = 2\nthree = 3\nfour = 4\nfive = 5\n",
            ),
            ("redline.reject", "rejected", OLD),
        ] {
            let (_model, gate, client, uri, id) = midway(apply);
            client
                .decide("redline.interrupt", id)
                .expect("it can be interrupted");
            let view = client.wait_for_state(id, "interrupted");
            gate.open();
            assert_eq!(
                view["hunks"].as_array().map(Vec::len),
                Some(1),
                "{apply}: {view:#}"
            );
            client.decide(command, id).expect("it can be decided");
            check_end(&client, &uri, id, state, middle);
        }
    }
}

#[test]
fn interrupting_by_the_progress_is_the_same() {
    let (_model, gate, client, uri, id) = midway("live");
    let begin = client.wait_for_message(0, "$/progress", |it| it["value"]["kind"] == "begin");
    assert_eq!(begin["value"]["cancellable"], true);
    assert!(
        begin["value"]["title"]
            .as_str()
            .is_some_and(|it| it.contains("change it")),
        "{begin}"
    );
    client.notify(
        "window/workDoneProgress/cancel",
        json!({ "token": begin["token"] }),
    );
    client.wait_for_state(id, "interrupted");
    gate.open();
    client.wait_for_message(0, "$/progress", |it| it["value"]["kind"] == "end");
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    check_end(&client, &uri, id, "rejected", OLD);
}

#[test]
fn accepting_in_the_stream_decides_at_its_end() {
    for apply in ["live", "once", "preview"] {
        let (_model, gate, client, uri, id) = midway(apply);
        let answer = client
            .decide("redline.accept", id)
            .expect("it can be accepted already");
        assert_eq!(answer["state"], "streaming", "{apply}");
        gate.open();
        check_end(&client, &uri, id, "accepted", NEW);
    }
}

#[test]
fn rejecting_in_the_stream_restores() {
    for apply in ["live", "once", "preview"] {
        let (model, gate, client, uri, id) = midway(apply);
        client
            .decide("redline.reject", id)
            .expect("it can be rejected already");
        check_end(&client, &uri, id, "rejected", OLD);
        gate.open();
        // The region is free at once.
        let region = BEFORE.len()..BEFORE.len() + OLD.len();
        let next = client
            .rewrite(&uri, region, "again", apply)
            .expect("it starts");
        client.wait_for_state(next, "proposed");
        client
            .decide("redline.accept", next)
            .expect("it can be accepted");
        check_end(&client, &uri, next, "accepted", OTHER);
        assert_eq!(model.requests().len(), 2);
    }
}

#[test]
fn hunks_cannot_be_decided_in_the_stream() {
    let (_model, gate, client, uri, id) = midway("live");
    let early = client
        .decide_hunk("redline.accept", id, 0)
        .expect_err("there are none yet");
    assert!(early.message.contains("streaming"), "{early}");
    gate.open();
    client.wait_for_state(id, "proposed");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    check_end(&client, &uri, id, "accepted", NEW);
}

#[track_caller]
fn redirect(client: &Client, uri: &str, id: u64) -> u64 {
    let argument = json!({ "rewrite": id, "instruction": "do it otherwise" });
    let answer = client
        .execute("redline.redirect", argument)
        .expect("it can be redirected");
    let next = answer["rewrite"].as_u64().expect("a new rewrite");
    assert_ne!(next, id);
    let end = client.wait_until_over(id);
    assert_eq!(end["state"], "rejected");
    client.wait_for_state(next, "proposed");
    assert!(client.rewrites(uri).iter().any(|it| it["rewrite"] == next));
    next
}

#[test]
fn redirecting_goes_on_with_the_conversation() {
    for (command, state, middle) in [
        ("redline.accept", "accepted", OTHER),
        ("redline.reject", "rejected", OLD),
    ] {
        let (model, client, uri, id, _) = proposed("live");
        let next = redirect(&client, &uri, id);
        let request = model.wait_for_requests(2);
        // The server has the rest: what was asked first, and its own answer.
        assert!(request.input_text().contains("do it otherwise"));
        let said = request.body["input"].to_string();
        assert!(
            !said.contains("change it") && !said.contains("three = 33"),
            "{said}"
        );
        assert!(
            request.body["previous_response_id"].is_string(),
            "{request:?}"
        );
        assert_eq!(client.text(&uri), text(OTHER));
        client.decide(command, next).expect("it can be decided");
        check_end(&client, &uri, next, state, middle);
    }
}

#[test]
fn redirecting_in_the_stream_stops_it() {
    for apply in ["live", "once", "preview"] {
        let (_model, gate, client, uri, id) = midway(apply);
        let next = redirect(&client, &uri, id);
        gate.open();
        client
            .decide("redline.accept", next)
            .expect("it can be accepted");
        check_end(&client, &uri, next, "accepted", OTHER);
    }
}

#[test]
fn retrying_asks_the_same_again() {
    let (model, client, uri, id, _) = proposed("live");
    let answer = client
        .decide("redline.retry", id)
        .expect("it can be retried");
    let next = answer["rewrite"].as_u64().expect("a new rewrite");
    client.wait_for_state(next, "proposed");
    let requests = model.requests();
    assert_eq!(requests[0].input_text(), requests[1].input_text());
    client
        .decide("redline.reject", next)
        .expect("it can be rejected");
    check_end(&client, &uri, next, "rejected", OLD);
    // Also when all is over.
    let answer = client
        .decide("redline.retry", next)
        .expect("it can be retried");
    let last = answer["rewrite"].as_u64().expect("a new rewrite");
    client.wait_for_state(last, "proposed");
    client
        .decide("redline.accept", last)
        .expect("it can be accepted");
    check_end(&client, &uri, last, "accepted", NEW);
}
