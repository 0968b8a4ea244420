//! A key that has to be fetched: once, aside, and again when it is not taken any more.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use model_client::{KeyFetch, LinkConfig, LinkError, LinkStatus, Secret};
use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::TcpStream;

use crate::harness::{Harness, request, server, tcp_server};

/// What a fetch gives, and how often it was asked.
#[derive(Clone)]
struct Store {
    answer: Arc<Mutex<Result<String, String>>>,
    asked: Arc<AtomicUsize>,
}

impl Store {
    fn with(answer: Result<&str, &str>) -> Store {
        let answer = answer.map(str::to_owned).map_err(str::to_owned);
        Store {
            answer: Arc::new(Mutex::new(answer)),
            asked: Arc::default(),
        }
    }

    fn set(&self, answer: Result<&str, &str>) {
        *self.answer.lock().unwrap() = answer.map(str::to_owned).map_err(str::to_owned);
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    fn config(&self, url: String) -> LinkConfig {
        let store = self.clone();
        LinkConfig {
            fetch_key: Some(KeyFetch::new(move || {
                store.asked.fetch_add(1, Ordering::SeqCst);
                store.answer.lock().unwrap().clone().map(Secret::new)
            })),
            first_backoff: Duration::from_millis(2),
            ..LinkConfig::new(url)
        }
    }
}

/// A server on all three wires that takes one key only, and repeats the others.
async fn choosy(key: &'static str, port: u16) -> String {
    tcp_server(move |_, mut stream| async move {
        let mut head = vec![0; 64 << 10];
        let read = loop {
            match stream.peek(&mut head).await {
                Ok(read) if read > 0 => {
                    let head = String::from_utf8_lossy(&head[..read]);
                    if head.contains("\r\n\r\n") {
                        break head.to_lowercase();
                    }
                }
                _ => return,
            }
        };
        if read.contains(&format!("authorization: bearer {key}\r\n")) {
            let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            let _ = copy_bidirectional(&mut stream, &mut server).await;
            return;
        }
        let given = read.split("bearer ").nth(1).unwrap_or_default();
        let given = given.lines().next().unwrap_or_default();
        let body = format!(r#"{{"error":{{"message":"wrong key {given}"}}}}"#);
        let head = format!(
            "HTTP/1.1 401 Unauthorized\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        // All of the request is read, so that the answer is not lost in a reset.
        let mut rest = vec![0; 64 << 10];
        let _ = stream.try_read(&mut rest);
        let _ = stream.write_all((head + &body).as_bytes()).await;
        let _ = stream.shutdown().await;
        while matches!(
            tokio::io::AsyncReadExt::read(&mut stream, &mut rest).await,
            Ok(1..)
        ) {}
    })
    .await
}

fn urls(url: &str) -> [String; 3] {
    let http = url.replace("ws://", "http://");
    let chat = http.replace("/responses", "/chat/completions");
    [url.to_owned(), http, chat]
}

#[tokio::test]
async fn it_is_fetched_once_for_all_connections() {
    let server = server(&[]).await;
    for url in urls(&choosy("sk-right-one", server.port()).await) {
        let store = Store::with(Ok("sk-right-one"));
        let mut harness = Harness::start(store.config(url));
        harness.spare().await;
        Harness::assert_answered(&harness.ask(1).await);
        Harness::assert_answered(&harness.ask(2).await);
        assert_eq!(store.asked(), 1);
    }
}

#[tokio::test]
async fn a_key_that_is_not_taken_any_more_is_fetched_again() {
    let server = server(&[]).await;
    for url in urls(&choosy("sk-new-one", server.port()).await) {
        let store = Store::with(Ok("sk-old-one"));
        let mut harness = Harness::start(store.config(url.clone()));
        let error = harness.ask(1).await.error.unwrap();
        assert!(
            matches!(error, LinkError::Refused { status: 401, .. }),
            "{error:?}"
        );
        let shown = format!("{error} {:?}", harness.link.report());
        assert!(
            shown.contains("wrong key [key]") && !shown.contains("sk-old"),
            "{shown}"
        );
        store.set(Ok("sk-new-one"));
        let mut outcome = harness.ask(2).await;
        if outcome.error.is_some() {
            // A connection made meanwhile may have brought the old one once more.
            assert!(url.starts_with("http://"), "{outcome:?}");
            outcome = harness.ask(3).await;
        }
        Harness::assert_answered(&outcome);
        assert!(store.asked() >= 2, "{url}");
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_fetched_ends_the_request_and_is_tried_again_with_the_next() {
    let server = server(&[]).await;
    for url in urls(&choosy("sk-right-one", server.port()).await) {
        let store = Store::with(Err("the keychain is locked"));
        let mut harness = Harness::start(store.config(url));
        for id in 1..3 {
            let error = harness.ask(id).await.error.unwrap();
            let text = "there is no key for the model: the keychain is locked";
            assert_eq!(error.to_string(), text);
            assert!(matches!(
                harness.link.status(),
                LinkStatus::Unreachable { .. }
            ));
        }
        store.set(Ok("sk-right-one"));
        Harness::assert_answered(&harness.ask(3).await);
    }
}

#[tokio::test]
async fn while_it_is_fetched_requests_wait_and_can_be_cancelled() {
    let server = server(&[]).await;
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = Mutex::new(released);
    let mut harness = Harness::start(LinkConfig {
        fetch_key: Some(KeyFetch::new(move || {
            let _ = released.lock().unwrap().recv();
            Ok(Secret::new("sk-late"))
        })),
        // The time to connect does not run meanwhile.
        connect_timeout: Duration::from_millis(500),
        ..LinkConfig::new(server.url())
    });
    harness.link.send(1, request("hi"));
    harness.link.send(2, request("hi"));
    harness.link.cancel(1);
    assert_eq!(harness.outcome(1).await.error, Some(LinkError::Cancelled));
    assert_eq!(harness.link.status(), LinkStatus::Connecting);
    release.send(()).unwrap();
    Harness::assert_answered(&harness.outcome(2).await);
}
