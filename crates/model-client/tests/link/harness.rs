//! A link under test with its events, and small servers.

use std::time::Duration;

use futures_util::Future;
use loopback::{Loopback, Options, Script, serve};
use model_client::{Link, LinkConfig, LinkError, LinkEvent, LinkStatus, Report, Traffic};
use model_protocol::{Message, Request, StreamEvent};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub(crate) const ANSWER: &str = "fn add(a: i32, b: i32) -> i32 {\n    // é😀\n    a + b\n}\n";

pub(crate) struct Harness {
    pub(crate) link: Link,
    pub(crate) events: mpsc::Receiver<LinkEvent>,
}

/// What one request came to.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) text: String,
    pub(crate) refusal: String,
    pub(crate) sent: usize,
    pub(crate) traffic: Vec<Traffic>,
    pub(crate) terminal: Option<StreamEvent>,
    pub(crate) error: Option<LinkError>,
}

pub(crate) fn request(text: &str) -> Request {
    Request {
        model: "m".to_owned(),
        input: vec![Message::user(text)],
        ..Request::default()
    }
}

pub(crate) fn answering(rate: Option<f64>) -> Options {
    let line = serde_json::json!({ "match": "", "output": ANSWER }).to_string();
    Options {
        rate_tokens_per_s: rate,
        script: Some(Script::parse(&line).unwrap()),
        ..Options::default()
    }
}

pub(crate) async fn server(faults: &[&str]) -> Loopback {
    let faults = faults.iter().map(|it| it.parse().unwrap()).collect();
    serve(Options {
        faults,
        ..answering(None)
    })
    .await
    .unwrap()
}

/// A server whose answers begin and never end: what is to happen meanwhile has all the time it needs.
pub(crate) async fn unfinished() -> Loopback {
    server(&["silence@1"]).await
}

/// The text that a request with this error would show must say where, and not what is secret.
pub(crate) const KEY: &str = "sk-very-secret-key";

pub(crate) fn config(url: impl Into<String>) -> LinkConfig {
    LinkConfig {
        key: Some(model_client::Secret::new(KEY)),
        idle_timeout: Duration::from_secs(10),
        first_backoff: Duration::from_millis(2),
        jitter: || 1.0,
        ..LinkConfig::new(url)
    }
}

/// Without the second attempts that hide a failure.
pub(crate) fn strict(url: impl Into<String>) -> LinkConfig {
    LinkConfig {
        retries: 0,
        resume: false,
        ..config(url)
    }
}

impl Harness {
    pub(crate) fn start(config: LinkConfig) -> Harness {
        Harness::with_room(config, 64)
    }

    pub(crate) fn with_room(config: LinkConfig, room: usize) -> Harness {
        let (sender, events) = mpsc::channel(room);
        Harness {
            link: Link::start(config, sender),
            events,
        }
    }

    pub(crate) async fn next(&mut self) -> LinkEvent {
        let wait = tokio::time::timeout(Duration::from_secs(20), self.events.recv());
        wait.await
            .expect("no event within 20 s")
            .expect("the link is gone")
    }

    pub(crate) async fn ready(&mut self) {
        while self.next().await != LinkEvent::Status(LinkStatus::Ready) {}
    }

    /// Waits until the link's report is as wanted.
    pub(crate) async fn until(&self, what: &str, is: impl Fn(&Report) -> bool) {
        let wait = async {
            while !is(&self.link.report()) {
                tokio::task::yield_now().await;
            }
        };
        let waited = tokio::time::timeout(Duration::from_secs(20), wait).await;
        waited.unwrap_or_else(|_| panic!("not within 20 s: {what}: {:?}", self.link.report()));
    }

    /// Waits until a spare connection stands beside the first.
    pub(crate) async fn spare(&self) {
        self.until("a spare", |it| it.idle >= 1 && it.connections >= 2)
            .await;
    }

    /// Reads until the request ends; events of others must not come in between.
    pub(crate) async fn outcome(&mut self, wanted: u64) -> Outcome {
        let mut outcome = Outcome::default();
        loop {
            match self.next().await {
                LinkEvent::Status(_) | LinkEvent::Queued { .. } => {}
                LinkEvent::Sent { id, bytes } => {
                    assert_eq!(id, wanted);
                    assert!(bytes > 0);
                    outcome.sent += 1;
                }
                LinkEvent::Stream { id, event } => {
                    assert_eq!(id, wanted);
                    assert_eq!(outcome.terminal, None, "{event:?} after the end");
                    match event {
                        StreamEvent::Delta { text } => outcome.text.push_str(&text),
                        StreamEvent::Refusal { text } => outcome.refusal.push_str(&text),
                        StreamEvent::Created { .. } => {}
                        StreamEvent::Ignored => panic!("an ignored event was handed on"),
                        terminal => outcome.terminal = Some(terminal),
                    }
                }
                LinkEvent::Traffic { id, traffic } => {
                    assert_eq!((id, outcome.terminal.is_none()), (wanted, true));
                    outcome.traffic.push(traffic);
                }
                LinkEvent::Ended { id, error } => {
                    assert_eq!(id, wanted);
                    outcome.error = error;
                    return outcome;
                }
            }
        }
    }

    pub(crate) async fn ask(&mut self, id: u64) -> Outcome {
        self.link.send(id, request("hi"));
        self.outcome(id).await
    }

    #[track_caller]
    pub(crate) fn assert_answered(outcome: &Outcome) {
        assert_eq!(outcome.error, None);
        assert_eq!(outcome.text, ANSWER);
        assert!(matches!(
            outcome.terminal,
            Some(StreamEvent::Completed { .. })
        ));
    }
}

/// A server that treats each TCP connection, numbered from 0, as the closure says.
pub(crate) async fn tcp_server<F, T>(handle: F) -> String
where
    F: Fn(usize, TcpStream) -> T + Send + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/v1/responses", listener.local_addr().unwrap());
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(handle(number, stream));
        }
    });
    url
}
