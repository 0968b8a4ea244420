//! `privacy.mask`: no secret is on the wire, whatever is sent and on whichever wire, and what the model keeps
//! stands there as before.

use std::sync::{Arc, Mutex};

use e2e::ServerCommand;
use e2e::lsp::{Client, Setup};
use e2e::model_server::{Answer, ModelServer, Request, cut};
use e2e::post_server::{PostServer, Reply, Step};
use serde_json::{Value, json};

const SECRETS: [&str; 4] = [
    "sk-proj-Zx81Qm2LrT90aa",
    "hunter2x",
    "MIIEowIBAAKCAQEAw3rXq8Zy",
    "correct-horse-7",
];

const BEFORE: &str = "import db\n\nKEY = 'sk-proj-Zx81Qm2LrT90aa'\n";
const OLD: &str = "\
def connect():
    \"\"\"Connects with hunter2x.\"\"\"
    pem = '''
    -----BEGIN PRIVATE KEY-----
    MIIEowIBAAKCAQEAw3rXq8Zy
    x9Q=
    -----END PRIVATE KEY-----
    '''
    password = \"hunter2x\"
    return db.open('postgres://app:hunter2x@db', pem)
";
const AFTER: &str = "\n# last\n";

/// What the model makes of the region that it is shown.
fn rewritten(region: &str) -> String {
    region.replace("def connect():", "def connect() -> db.Connection:")
}

fn region(text: &str) -> String {
    let (_, rest) = text.rsplit_once("<region>\n").expect("a region");
    let (region, _) = rest.split_once("</region>").expect("its end");
    region.to_owned()
}

/// A server on one wire, that answers with the region slightly changed, in small pieces, and keeps what it was sent.
fn serve(wire: &str) -> (Box<dyn std::any::Any>, String, Arc<Mutex<Vec<String>>>) {
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let keeper = Arc::clone(&seen);
    let keep = move |body: &Value| {
        keeper
            .lock()
            .expect("no test panicked")
            .push(body.to_string());
    };
    if wire == "socket" {
        let server = ModelServer::start(move |request: &Request| {
            let answer = rewritten(&region(&request.input_text()));
            let mut random = fastrand::Rng::with_seed(7);
            Answer::to(request)
                .pieces(cut(&answer, 5, &mut random))
                .actions()
        });
        let url = server.url();
        return (Box::new(server), url, seen);
    }
    let server = PostServer::start(426, move |post| {
        keep(&post.body);
        let mut texts = Vec::new();
        gather(&post.body, &mut texts);
        let answer = rewritten(&region(&texts.join("\n")));
        let chars: Vec<char> = answer.chars().collect();
        let pieces = chars.chunks(5).map(|it| Step::Text(it.iter().collect()));
        Reply::Stream(pieces.chain([Step::End]).collect())
    });
    let end = if wire == "chat" {
        "chat/completions"
    } else {
        "responses"
    };
    let url = format!("http://{}/{end}", server.base());
    (Box::new(server), url, seen)
}

fn gather(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(text.clone()),
        Value::Array(values) => values.iter().for_each(|it| gather(it, out)),
        Value::Object(fields) => {
            // What is predicted is no message.
            let fields = fields.iter().filter(|(name, _)| *name != "prediction");
            fields.for_each(|(_, it)| gather(it, out));
        }
        _ => {}
    }
}

/// Everything that the server was sent.
fn sent(server: &dyn std::any::Any, seen: &Mutex<Vec<String>>) -> String {
    let mut all = seen.lock().expect("no test panicked").join("\n");
    if let Some(server) = server.downcast_ref::<ModelServer>() {
        for received in server.received() {
            all += &format!("{received:?}\n");
        }
        for request in server.requests() {
            all += &request.body.to_string();
        }
    }
    all
}

fn setup(url: &str, privacy: Value) -> Setup {
    let mut setup = Setup::new(ServerCommand::redline()).with_events();
    let fast = json!({ "url": url, "model": "m", "prediction": true });
    setup.initialization_options = json!({
        "models": { "fast": fast },
        "privacy": privacy,
        "completion": { "languages": ["python"], "delayMs": 0 },
    });
    setup
}

#[track_caller]
fn check_unseen(sent: &str) {
    assert!(sent.contains("def connect"), "{sent}");
    for secret in SECRETS {
        assert!(!sent.contains(secret), "{secret} is in {sent}");
    }
    assert!(!sent.contains("x9Q="), "{sent}");
}

#[test]
fn no_secret_leaves_and_every_one_stands_where_it_stood() {
    for wire in ["socket", "responses", "chat"] {
        for apply in ["live", "once"] {
            let (server, url, seen) = serve(wire);
            let client = Client::start(&setup(&url, json!({})));
            let uri = client.open("a.py", "python", &[BEFORE, OLD, AFTER].concat());
            let place = BEFORE.len()..BEFORE.len() + OLD.len();
            // The instruction, too, and what the editor asks for beside it.
            client.code_actions(&uri, place.clone());
            let ask = "annotate it; the password is: 'correct-horse-7'";
            let id = client.rewrite(&uri, place, ask, apply).expect("it starts");
            let view = client.wait_for_state(id, "proposed");
            let expected = [BEFORE, &rewritten(OLD), AFTER].concat();
            if apply == "live" {
                assert_eq!(client.text(&uri), expected, "{wire}");
            }
            // Only the changed line is a change.
            let hunks = view["hunks"].as_array().expect("a list");
            assert_eq!(hunks.len(), 1, "{view:#}");
            assert_eq!(hunks[0]["oldText"], "def connect():\n");
            client
                .decide("redline.accept", id)
                .expect("it can be accepted");
            client.wait_until_over(id);
            assert_eq!(client.text(&uri), expected, "{wire} {apply}");
            check_unseen(&sent(&*server, &seen));
        }
    }
}

#[test]
fn a_redirect_and_a_retry_send_no_secret_either() {
    for wire in ["socket", "responses", "chat"] {
        let (server, url, seen) = serve(wire);
        let client = Client::start(&setup(&url, json!({})));
        let uri = client.open("a.py", "python", &[BEFORE, OLD, AFTER].concat());
        let place = BEFORE.len()..BEFORE.len() + OLD.len();
        let id = client
            .rewrite(&uri, place, "annotate it", "live")
            .expect("it starts");
        client.wait_for_state(id, "proposed");
        let argument = json!({ "rewrite": id, "instruction": "again" });
        let next = client
            .execute("redline.redirect", argument)
            .expect("it goes on");
        let next = next["rewrite"].as_u64().expect("an id");
        client.wait_for_state(next, "proposed");
        let last = client
            .execute("redline.retry", json!({ "rewrite": next }))
            .expect("it begins anew");
        let last = last["rewrite"].as_u64().expect("an id");
        client.wait_for_state(last, "proposed");
        assert_eq!(client.text(&uri), [BEFORE, &rewritten(OLD), AFTER].concat());
        client
            .decide("redline.reject", last)
            .expect("it can be rejected");
        client.wait_until_over(last);
        assert_eq!(client.text(&uri), [BEFORE, OLD, AFTER].concat());
        check_unseen(&sent(&*server, &seen));
    }
}

#[test]
fn a_part_of_a_line_is_masked_and_a_part_of_a_secret_is_refused() {
    let (server, url, seen) = serve("responses");
    let client = Client::start(&setup(&url, json!({})));
    let text = "# def connect\npassword = \"hunter2x\"; other = 1\n";
    let uri = client.open("a.py", "python", text);
    let at = text.find("\"hunter2x\"").expect("it is there");
    let id = client
        .rewrite(&uri, at..at + 10, "x", "live")
        .expect("it starts");
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), text);
    let cut = client.rewrite(&uri, at..at + 5, "x", "live");
    match cut {
        // The selection was taken for all of the text.
        Ok(id) => drop(client.wait_until_over(id)),
        Err(error) => assert!(error.message.contains("privacy.mask"), "{error:?}"),
    }
    check_unseen(&sent(&*server, &seen));
}

#[test]
fn the_setting_switches_it_off() {
    let (server, url, seen) = serve("responses");
    let client = Client::start(&setup(&url, json!({ "mask": false })));
    let uri = client.open("a.py", "python", &[BEFORE, OLD, AFTER].concat());
    let place = BEFORE.len()..BEFORE.len() + OLD.len();
    let id = client
        .rewrite(&uri, place, "annotate it", "live")
        .expect("it starts");
    client.wait_for_state(id, "proposed");
    assert!(sent(&*server, &seen).contains("hunter2x"));
}

#[test]
fn a_suggestion_is_asked_for_without_secrets() {
    let bodies = Arc::<Mutex<Vec<String>>>::default();
    let keep = Arc::clone(&bodies);
    let server = PostServer::start(426, move |post| {
        keep.lock().expect("no test panicked").push(post.text());
        // The model says the word again that stands there for the password.
        let text = post.text();
        let (_, rest) = text.split_once("password = '").expect("it is shown");
        let word = rest.split('\'').next().unwrap_or_default().to_owned();
        Reply::Stream(vec![Step::Text(format!("connect('{word}')")), Step::End])
    });
    let url = format!("http://{}/responses", server.base());
    let client = Client::start(&setup(&url, json!({})));
    let text = "# def connect\npassword = 'hunter2x'\ndb = ";
    let uri = client.open("a.py", "python", text);
    let params = json!({
        "textDocument": { "uri": uri },
        "position": { "line": 2, "character": 5 },
        "context": { "triggerKind": 1 },
    });
    let answer = client
        .request("textDocument/inlineCompletion", params)
        .expect("an answer");
    let first = &answer["items"][0]["insertText"];
    assert_eq!(first, "connect('hunter2x')", "{answer:#}");
    check_unseen(&bodies.lock().expect("no test panicked").join("\n"));
}
