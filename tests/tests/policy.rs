//! What `docs/what-happens-when.md` promises and no other test holds: saving, formatting on save, closing, undo.

use e2e::lsp::{Client, is_over};
use e2e::scene::{AFTER, BEFORE, NEW, OLD, check_end, midway, proposed, text};
use serde_json::Value;

/// The rewrites of a file that are not over, by their states.
fn states(client: &Client, uri: &str) -> Vec<Value> {
    let rewrites = client.rewrites(uri).into_iter();
    let waiting = rewrites.filter(|view| !is_over(view));
    waiting.map(|view| view["state"].clone()).collect()
}

#[test]
fn saving_a_proposal_decides_nothing() {
    for (apply, shown) in [("live", NEW), ("once", NEW), ("preview", OLD)] {
        for (command, state, end) in [
            ("redline.accept", "accepted", NEW),
            ("redline.reject", "rejected", OLD),
        ] {
            let (_model, client, uri, id, _) = proposed(apply);
            let edits = client.document(&uri).applied.len();
            client.save(&uri);
            client.save(&uri);
            assert_eq!(states(&client, &uri), ["proposed"], "{apply}");
            assert_eq!(client.text(&uri), text(shown), "{apply}");
            assert_eq!(client.document(&uri).applied.len(), edits, "{apply}");
            client.decide(command, id).expect("it can be decided");
            check_end(&client, &uri, id, state, end);
        }
    }
}

#[test]
fn saving_in_a_stream_decides_nothing() {
    for apply in ["live", "once", "preview"] {
        let (_model, gate, client, uri, id) = midway(apply);
        client.save(&uri);
        assert_eq!(states(&client, &uri), ["streaming"], "{apply}");
        gate.open();
        client.wait_for_state(id, "proposed");
        client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        check_end(&client, &uri, id, "rejected", OLD);
    }
}

#[test]
fn formatting_on_save_decides_nothing() {
    for apply in ["live", "once"] {
        let (_model, client, uri, id, _) = proposed(apply);
        for (from, to) in [("two = 2\n", "two  =  2\n"), ("# after", "#  after")] {
            client.replace_with(&uri, |it| {
                let at = it.text.find(from)?;
                Some((at..at + from.len(), to.to_owned()))
            });
        }
        client.save(&uri);
        assert_eq!(states(&client, &uri), ["proposed"], "{apply}");
        client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        client.wait_until_over(id);
        client.rewrites(&uri);
        let expected = text(OLD).replace("two = 2\n", "two  =  2\n");
        let expected = expected.replace("# after", "#  after");
        assert_eq!(client.text(&uri), expected, "{apply}");
    }
}

#[test]
fn closing_while_it_waits_changes_nothing() {
    for (apply, shown) in [("live", NEW), ("once", NEW), ("preview", OLD)] {
        let (_model, client, uri, id, _) = proposed(apply);
        let mark = client.mark();
        client.close(&uri);
        client.wait_for_state(id, "stale");
        client
            .decide("redline.reject", id)
            .expect_err("its document is gone");
        let sent = client.messages_since(mark);
        let edits = sent.iter().filter(|it| it.method == "workspace/applyEdit");
        assert_eq!(edits.count(), 0, "{apply}");
        let uri = client.open("a.py", "python", &text(shown));
        assert!(states(&client, &uri).is_empty(), "{apply}");
    }
}

#[test]
fn a_reject_is_one_edit() {
    for apply in ["live", "once"] {
        let (_model, client, uri, id, _) = proposed(apply);
        let mark = client.mark();
        client
            .decide("redline.reject", id)
            .expect("it can be rejected");
        check_end(&client, &uri, id, "rejected", OLD);
        let sent = client.messages_since(mark);
        let edits = sent.iter().filter(|it| it.method == "workspace/applyEdit");
        assert_eq!(edits.count(), 1, "{apply}");
        // The editor's undo brings the model's text back, and that is the user's now.
        client.replace_with(&uri, |it| {
            let region = BEFORE.len()..it.text.len() - AFTER.len();
            Some((region, NEW.to_owned()))
        });
        assert!(states(&client, &uri).is_empty(), "{apply}");
        assert_eq!(client.text(&uri), text(NEW), "{apply}");
    }
}

#[test]
fn undoing_a_streamed_edit_is_told() {
    let (_model, gate, client, uri, id) = midway("live");
    client.replace_with(&uri, |it| {
        let region = BEFORE.len()..it.text.len() - AFTER.len();
        Some((region, OLD.to_owned()))
    });
    client.wait_for_message(0, "redline/rewriteChanged", |it| {
        it["rewrite"] == id && it["message"].as_str().is_some_and(|it| it.contains("undo"))
    });
    gate.open();
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), text(OLD));
}
