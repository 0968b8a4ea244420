//! Typing inside the region while it streams: the user's text wins, and is there exactly once.
//! Typing outside is in `rewrites`.

use std::env;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use e2e::code::{Language, code, rewritten};
use e2e::lsp::{Client, Echo, Encoding, Manner, Setup, is_over};
use e2e::model_server::{Answer, Gate, ModelServer, cut};
use e2e::{ServerCommand, patience};
use fastrand::Rng;
use serde_json::{Value, json};

fn start(model: &ModelServer, manner: Manner) -> Client {
    let mut setup = Setup::new(ServerCommand::redline().with_model(&model.url()))
        .with_events()
        .with_manner(manner);
    setup.encodings = vec![Encoding::Utf16];
    setup.initialization_options = json!({ "limits": { "framesPerSecond": 60 } });
    Client::start(&setup)
}

const BEFORE: &str = "# before\n";
const AFTER: &str = "# after\n";
const OLD: &str = "one = 1\ntwo = 2\nthree = 3\nfour = 4\nfive = 5\n";

/// A stream held after its first half, with the document as it is then.
fn halfway(manner: Manner, first: &str, second: &str) -> (ModelServer, Gate, Client, String, u64) {
    let gate = Gate::new();
    let (held, first_half, second_half) = (gate.clone(), first.to_owned(), second.to_owned());
    let model = ModelServer::start(move |request| {
        let answer = Answer::to(request)
            .pieces([first_half.as_str()])
            .hold(&held);
        answer.pieces([second_half.as_str()]).actions()
    });
    let client = start(&model, manner);
    let uri = client.open("a.py", "python", &[BEFORE, OLD, AFTER].concat());
    let region = BEFORE.len()..BEFORE.len() + OLD.len();
    client.watch(&uri, vec![region.clone()]);
    let id = client.rewrite(&uri, region, "double it", "live");
    let id = id.expect("it starts");
    gate.wait_until_reached();
    (model, gate, client, uri, id)
}

fn hunk_states(view: &Value) -> Vec<&str> {
    let hunks = view["hunks"].as_array().expect("hunks");
    hunks
        .iter()
        .filter_map(|hunk| hunk["state"].as_str())
        .collect()
}

/// Types `token` behind `mark` once the streamed line is there; the rest streams in after that.
fn type_behind(mark: &str, token: &str) -> (ModelServer, Client, String, u64, Value) {
    let first = "one = 1\ntwo = 22\nthree = 3\n";
    let (model, gate, client, uri, id) = halfway(Manner::HELIX, first, "four = 44\nfive = 5\n");
    client.wait_for_document(&uri, "the first change", |it| {
        it.text.contains("two = 22\n")
    });
    client.replace_with(&uri, |it| {
        let at = it.text.find(mark).expect("the mark is there") + mark.len();
        Some((at..at, token.to_owned()))
    });
    gate.open();
    let view = client.wait_for_state(id, "proposed");
    (model, client, uri, id, view)
}

#[test]
fn typing_in_a_changed_line_is_kept_and_marks_its_hunk() {
    let (_model, client, uri, id, view) = type_behind("two = 2", "«me»");
    assert_eq!(hunk_states(&view), ["conflict", "pending"], "{view:#}");
    let shown = client.text(&uri);
    assert_eq!(shown.matches("«me»").count(), 1, "{shown}");
    assert!(shown.contains("four = 44\n"), "{shown}");
    client.wait_for_message(0, "textDocument/publishDiagnostics", |params| {
        let all = params["diagnostics"].as_array().expect("diagnostics");
        all.iter().any(|it| it["code"] == "conflict")
            && all.iter().any(|it| it["code"] == "pending")
    });
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    let expected = [
        BEFORE,
        "one = 1\ntwo = 2«me»2\nthree = 3\nfour = 44\nfive = 5\n",
        AFTER,
    ]
    .concat();
    assert_eq!(client.text(&uri), expected);
}

#[test]
fn rejecting_keeps_what_was_typed_in_a_changed_line() {
    let (_model, client, uri, id, _) = type_behind("two = 2", "«me»");
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    let end = client.text(&uri);
    assert_eq!(end.matches("«me»").count(), 1, "{end}");
    assert_eq!(end.replace("«me»", ""), [BEFORE, OLD, AFTER].concat());
    // It stays in its line.
    let line = end
        .lines()
        .find(|line| line.contains("«me»"))
        .expect("the line");
    assert!(line.starts_with("two = "), "{end}");
}

#[test]
fn typing_in_a_line_that_stays_is_no_conflict() {
    let (_model, client, uri, id, view) = type_behind("three = ", "«me»");
    assert_eq!(hunk_states(&view), ["pending", "pending"], "{view:#}");
    client
        .decide("redline.reject", id)
        .expect("it can be rejected");
    client.wait_until_over(id);
    let expected = [BEFORE, OLD, AFTER]
        .concat()
        .replace("three = ", "three = «me»");
    assert_eq!(client.text(&uri), expected);
}

#[test]
fn typing_in_text_that_the_model_deletes_is_kept() {
    let (_model, gate, client, uri, id) = halfway(
        Manner::HELIX,
        "one = 1\n",
        "three = 3\nfour = 4\nfive = 5\n",
    );
    client.replace_with(&uri, |it| {
        let at = it.text.find("wo = 2").expect("the line still stands");
        Some((at..at, "«me»".to_owned()))
    });
    gate.open();
    let view = client.wait_for_state(id, "proposed");
    assert_eq!(hunk_states(&view), ["conflict"], "{view:#}");
    client
        .decide("redline.accept", id)
        .expect("it can be accepted");
    client.wait_until_over(id);
    let end = client.text(&uri);
    let kept = [
        BEFORE,
        "one = 1\n",
        "three = 3\nfour = 4\nfive = 5\n",
        AFTER,
    ]
    .concat();
    assert_eq!(end.matches("«me»").count(), 1, "{end}");
    assert_eq!(end.replace("«me»", ""), kept);
}

#[test]
fn what_the_user_deleted_inside_stays_deleted() {
    for (command, end) in [
        ("redline.accept", "one = 1\ntwo = 22\nfour = 44\nfive = 5\n"),
        ("redline.reject", "one = 1\ntwo = 2\nfour = 4\nfive = 5\n"),
    ] {
        let first = "one = 1\ntwo = 22\nthree = 3\n";
        let (_model, gate, client, uri, id) =
            halfway(Manner::HELIX, first, "four = 44\nfive = 5\n");
        client.wait_for_document(&uri, "the first change", |it| {
            it.text.contains("two = 22\n")
        });
        client.replace_with(&uri, |it| {
            let at = it.text.find("three = 3\n").expect("the line stands");
            Some((at..at + "three = 3\n".len(), String::new()))
        });
        gate.open();
        client.wait_for_state(id, "proposed");
        client.decide(command, id).expect("it can be decided");
        client.wait_until_over(id);
        assert_eq!(
            client.text(&uri),
            [BEFORE, end, AFTER].concat(),
            "{command}"
        );
    }
}

#[test]
fn a_deleted_region_ends_its_rewrite() {
    let (_model, gate, client, uri, id) = halfway(Manner::HELIX, "one = 11\n", "two = 2\n");
    client.wait_for_document(&uri, "the first change", |it| {
        it.text.contains("one = 11\n")
    });
    client.replace_with(&uri, |it| {
        Some((BEFORE.len()..it.text.len() - AFTER.len(), String::new()))
    });
    client.wait_for_state(id, "stale");
    gate.open();
    client.wait_until_over(id);
    assert_eq!(client.text(&uri), [BEFORE, AFTER].concat());
    let late = client.decide("redline.accept", id);
    assert!(late.is_err(), "{late:?}");
}

fn number(name: &str, default: u64) -> u64 {
    env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

#[test]
fn every_typed_token_is_there_once_whatever_is_decided() {
    let seed = number("SEED", fastrand::u64(..));
    let iterations = number("ITERATIONS", 36);
    let only = env::var("ONLY")
        .ok()
        .and_then(|text| text.parse::<u64>().ok());
    println!("SEED={seed}");
    for number in (0..iterations).filter(|number| only.is_none_or(|only| only == *number)) {
        let manner = Manner::ALL[number as usize % Manner::ALL.len()];
        check(
            &format!("SEED={seed} ONLY={number}"),
            manner,
            &mut Rng::with_seed(seed.wrapping_add(number)),
        );
    }
}

#[track_caller]
fn check(name: &str, manner: Manner, rng: &mut Rng) {
    let language = Language::ALL[rng.usize(..Language::ALL.len())];
    let count = rng.usize(5..120);
    let old = code(language, count, rng);
    let base = old.join("\n") + "\n";
    let target = rewritten(language, &old, rng).join("\n") + "\n";
    let before = code(language, 5, rng).join("\n") + "\n";
    let after = code(language, 5, rng).join("\n") + "\n";

    let longest = 10.max(target.len() / 100);
    let pieces = Arc::new(Mutex::new(cut(&target, longest, rng)));
    let model = ModelServer::start(move |request| {
        let pieces = std::mem::take(&mut *pieces.lock().expect("no thread has panicked"));
        let pause = Duration::from_micros(100_000 / pieces.len() as u64);
        Answer::to(request).paced(pause, pieces).actions()
    });
    let client = start(&model, manner);
    let uri = client.open(
        "a.txt",
        language.id(),
        &[&*before, &*base, &*after].concat(),
    );
    // The first change of a file just opened must not stand beside a running rewrite: see `rewrites`.
    client.replace(&uri, 0..0, "x");
    let before = format!("x{before}");
    let region = before.len()..before.len() + base.len();
    client.watch(&uri, vec![region.clone()]);
    let apply = ["live", "live", "once"][rng.usize(..3)];
    let id = client
        .rewrite(&uri, region, "rewrite it", apply)
        .expect("it starts");

    let mut typed = 0;
    let deadline = Instant::now() + patience();
    let mut live = |rng: &mut Rng, types: bool| {
        assert!(
            Instant::now() < deadline,
            "{name}: no end; {:?}; stderr {}",
            client.latest(id),
            client.stderr()
        );
        let mark = client.mark();
        if types && rng.u8(..4) == 0 {
            client.replace_with(&uri, |document| {
                let (text, watched) = (&document.text, document.watched[0].clone());
                let inside = text[watched.clone()].char_indices().skip(1);
                let places: Vec<usize> = inside.map(|(at, _)| watched.start + at).collect();
                let at = *places.get(rng.usize(..places.len().max(1)))?;
                // Not inside another token, which would then be there no more.
                let open = text[..at]
                    .rfind('«')
                    .is_some_and(|open| text[open..at].find('»').is_none());
                if open {
                    return None;
                }
                typed += 1;
                Some((at..at, format!("«{typed}»")))
            });
        }
        if manner.echo == Echo::Held && rng.bool() {
            client.flush(&uri);
        }
        client.wait_for_news(mark, Duration::from_millis(rng.u64(1..10)));
    };
    let state = || {
        client
            .latest(id)
            .map_or(Value::Null, |it| it["state"].clone())
    };
    while !matches!(state().as_str(), Some("proposed")) {
        assert_ne!(state(), "failed", "{name}: {:?}", client.latest(id));
        assert_ne!(state(), "stale", "{name}: {:?}", client.latest(id));
        if client.latest(id).is_some_and(|it| is_over(&it)) {
            break;
        }
        live(rng, true);
    }
    let accept = rng.bool();
    if !client.latest(id).is_some_and(|it| is_over(&it)) {
        let command = if accept {
            "redline.accept"
        } else {
            "redline.reject"
        };
        client
            .decide(command, id)
            .unwrap_or_else(|error| panic!("{name}: {error}"));
        while !client.latest(id).is_some_and(|it| is_over(&it)) {
            live(rng, false);
        }
    }
    client.rewrites(&uri);

    let end = client.text(&uri);
    let mut without = end.clone();
    for token in 1..=typed {
        let token = format!("«{token}»");
        assert_eq!(
            end.matches(&token).count(),
            1,
            "{name} {manner:?} {apply}: {token} in {end}"
        );
        without = without.replace(&token, "");
    }
    let middle = if accept { target } else { base };
    let expected = [before, middle, after].concat();
    assert_eq!(
        without, expected,
        "{name} {manner:?} {apply}, accept {accept}"
    );
}
