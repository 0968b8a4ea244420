//! A small document with a rewrite in it, for tests of what can be done with one.

use serde_json::Value;

use crate::ServerCommand;
use crate::lsp::{Client, Encoding, Manner, Setup};
use crate::model_server::{Answer, Gate, ModelServer, Request};

/// What stands above the region.
pub const BEFORE: &str = "# before\n";

/// The region.
pub const OLD: &str = "one = 1\ntwo = 2\nthree = 3\nfour = 4\nfive = 5\n";

/// What stands below the region.
pub const AFTER: &str = "# after\n";

/// What the model makes of [`OLD`]: three lines of five are changed.
pub const NEW: &str = "one = 11\ntwo = 2\nthree = 33\nfour = 4\nfive = 55\n";

/// What it makes of it when told to do otherwise.
pub const OTHER: &str = "one = 1\ntwo = 22\nthree = 3\nfour = 44\nfive = 5\n";

/// The whole document with this middle.
pub fn text(middle: &str) -> String {
    [BEFORE, middle, AFTER].concat()
}

/// A client of these manners, whose server asks that model.
///
/// # Panics
/// When the server does not start.
#[track_caller]
pub fn start(model: &ModelServer, manner: Manner) -> Client {
    let server = ServerCommand::redline().with_model(&model.url());
    let mut setup = Setup::new(server).with_events().with_manner(manner);
    setup.encodings = vec![Encoding::Utf16];
    setup.capabilities["workspace"]["codeLens"]["refreshSupport"] = true.into();
    Client::start(&setup)
}

/// Opens the document and asks for a rewrite of its region; an edit elsewhere is a violation.
///
/// # Panics
/// When it is refused.
#[track_caller]
pub fn begin(client: &Client, apply: &str) -> (String, u64) {
    let uri = client.open("a.py", "python", &text(OLD));
    let region = BEFORE.len()..BEFORE.len() + OLD.len();
    client.watch(&uri, vec![region.clone()]);
    let id = client
        .rewrite(&uri, region, "change it", apply)
        .expect("it starts");
    (uri, id)
}

/// A proposal of [`NEW`] for [`OLD`]: model, client, URI, rewrite, and how it was told.
///
/// # Panics
/// When it does not come.
#[track_caller]
pub fn proposed(apply: &str) -> (ModelServer, Client, String, u64, Value) {
    let model = ModelServer::start(|request| {
        let said = if request.input_text().contains("otherwise") {
            OTHER
        } else {
            NEW
        };
        Answer::to(request).pieces([said]).actions()
    });
    let client = start(&model, Manner::HELIX);
    let (uri, id) = begin(&client, apply);
    let view = client.wait_for_state(id, "proposed");
    (model, client, uri, id, view)
}

/// A stream that stands in the middle of its third line; `gate` lets it go on. A second request is answered with
/// [`OTHER`].
///
/// # Panics
/// When it does not come so far.
#[track_caller]
pub fn midway(apply: &str) -> (ModelServer, Gate, Client, String, u64) {
    let gate = Gate::new();
    let held = gate.clone();
    let model = ModelServer::start(move |request: &Request| match request.index {
        0 => {
            let answer = Answer::to(request)
                .pieces(["one = 11\ntwo = 2\nthree"])
                .hold(&held);
            answer.pieces([" = 33\nfour = 4\nfive = 55\n"]).actions()
        }
        _ => Answer::to(request).pieces([OTHER]).actions(),
    });
    let client = start(&model, Manner::HELIX);
    let (uri, id) = begin(&client, apply);
    if apply == "live" {
        client.wait_for_document(&uri, "the first line", |it| it.text.contains("one = 11\n"));
    } else {
        client.wait_for_state(id, "streaming");
    }
    (model, gate, client, uri, id)
}

/// Waits until a rewrite is over in that state and checks that the document then has that middle.
///
/// # Panics
/// When it is not so.
#[track_caller]
pub fn check_end(client: &Client, uri: &str, id: u64, state: &str, middle: &str) -> Value {
    let end = client.wait_until_over(id);
    assert_eq!(end["state"], state, "{end:#}");
    // Whatever was to come after that would stand in front of this answer.
    client.rewrites(uri);
    assert_eq!(client.text(uri), text(middle));
    end
}
