//! The editor's own undo of what a rewrite has put into the document.

use e2e::lsp::{Client, Manner};
use e2e::model_server::ModelServer;
use e2e::scene::{AFTER, BEFORE, NEW, OLD, begin, check_end, midway, proposed, start, text};

/// Takes back everything that the server has changed, as the editor's undo does, in one step.
fn undo(client: &Client, uri: &str, middle: &str) {
    client.replace_with(uri, |it| {
        let region = BEFORE.len()..it.text.len() - AFTER.len();
        Some((region, middle.to_owned()))
    });
}

#[test]
fn undoing_the_one_edit_is_a_rejection() {
    for manner in [
        Manner::HELIX,
        Manner::NEOVIM_AT_ONCE,
        Manner::VS_CODE,
        Manner::UNKNOWN,
    ] {
        let model = ModelServer::streaming(NEW);
        let client = start(&model, manner);
        let (uri, id) = begin(&client, "once");
        client.wait_for_state(id, "proposed");
        undo(&client, &uri, OLD);
        let end = check_end(&client, &uri, id, "rejected", OLD);
        assert!(
            end["message"]
                .as_str()
                .is_some_and(|it| it.contains("undo")),
            "{end:#}"
        );
        client.decide("redline.reject", id).expect_err("it is over");
        check_end(&client, &uri, id, "rejected", OLD);
    }
}

#[test]
fn undoing_what_was_typed_since_and_then_the_edit_is_a_rejection() {
    let (_model, client, uri, id, _) = proposed("once");
    let end = client.text(&uri).len();
    client.replace(&uri, end..end, "# more\n");
    client.replace(&uri, end..end + "# more\n".len(), "");
    undo(&client, &uri, OLD);
    check_end(&client, &uri, id, "rejected", OLD);
}

#[test]
fn undoing_leaves_what_was_typed_before() {
    let (_model, gate, client, uri, id) = midway("once");
    client.replace(&uri, 0..0, "# me\n");
    gate.open();
    client.wait_for_state(id, "proposed");
    client.replace_with(&uri, |it| {
        let region = "# me\n".len() + BEFORE.len()..it.text.len() - AFTER.len();
        Some((region, OLD.to_owned()))
    });
    let view = client.wait_until_over(id);
    assert_eq!(view["state"], "rejected", "{view:#}");
    assert_eq!(client.text(&uri), format!("# me\n{}", text(OLD)));
}

#[test]
fn undoing_in_the_stream_stops_it() {
    let (_model, gate, client, uri, id) = midway("live");
    undo(&client, &uri, OLD);
    client.wait_for_message(0, "redline/rewriteChanged", |it| {
        it["rewrite"] == id && matches!(it["state"].as_str(), Some("interrupted" | "rejected"))
    });
    gate.open();
    if client.decide("redline.reject", id).is_err() {
        // It was over already.
    }
    check_end(&client, &uri, id, "rejected", OLD);
}
