//! Interrupt and redirect, a thousand times: no late text, no handshake on the path, no leak.

use std::time::{Duration, Instant};

use loopback::{Dialect, Options, Script, serve};
use model_client::{LinkConfig, LinkError, LinkEvent};
use model_protocol::StreamEvent;

use crate::harness::{Harness, config, request};

/// How the server can be stopped, and how often we try.
struct Case {
    dialect: Dialect,
    interrupt: bool,
    times: u64,
}

/// A server that would go on for seconds, and repeats in each answer whose it is.
async fn endless(dialect: Dialect) -> loopback::Loopback {
    let lines: Vec<String> = (0..10)
        .map(|it| {
            let output = format!("{it}{it}{it}{it}").repeat(3_000);
            serde_json::json!({ "match": format!("{it}$"), "output": output }).to_string()
        })
        .collect();
    serve(Options {
        rate_tokens_per_s: Some(2_000.0),
        script: Some(Script::parse(&lines.join("\n")).unwrap()),
        dialect,
        ..Options::default()
    })
    .await
    .unwrap()
}

/// File handles of this process.
fn handles() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}

/// Bytes of memory that this process has in use.
fn memory() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    let pages = statm.split(' ').nth(1).and_then(|it| it.parse().ok());
    pages.unwrap_or(0) * 4096
}

async fn check(name: &str, case: Case) {
    let server = endless(case.dialect).await;
    let mut harness = Harness::start(LinkConfig {
        interrupt: case.interrupt,
        ..config(server.url())
    });
    harness.spare().await;
    let metrics = tokio::runtime::Handle::current().metrics();
    let mut times = Vec::new();
    let mut resting = None;
    harness.link.send(0, request("0"));
    for id in 0..case.times {
        let digit = char::from(b'0' + (id % 10) as u8);
        let mut is_streaming = false;
        while !is_streaming {
            match harness.next().await {
                LinkEvent::Stream {
                    id: of,
                    event: StreamEvent::Delta { text },
                } => {
                    assert_eq!(of, id, "late text");
                    assert!(
                        text.chars().all(|it| it == digit),
                        "text of another: {text}"
                    );
                    is_streaming = true;
                }
                LinkEvent::Ended { id, error } => panic!("{id} ended: {error:?}"),
                _ => {}
            }
        }
        // A person is slower than a handshake; the loop is not.
        harness.spare().await;
        let handshakes = harness.link.report().handshakes;
        let asked = Instant::now();
        harness.link.cancel(id);
        harness.link.send(id + 1, request(&(id + 1).to_string()));
        let mut is_over = false;
        loop {
            match harness.next().await {
                LinkEvent::Ended { id: of, error } => {
                    assert_eq!((of, error), (id, Some(LinkError::Cancelled)));
                    is_over = true;
                }
                LinkEvent::Sent { id: of, .. } => {
                    assert_eq!(of, id + 1);
                    break;
                }
                LinkEvent::Stream { id: of, .. } => assert!(!is_over || of != id, "late text"),
                _ => {}
            }
        }
        times.push(asked.elapsed());
        let report = harness.link.report();
        assert!(report.handshakes <= handshakes + 1, "{report:?}");
        assert_eq!(report.cold, 0, "a handshake was on the path");
        if id == 20 {
            resting = Some((handles(), memory()));
        }
    }
    harness.link.cancel(case.times);
    harness.outcome(case.times).await;
    harness
        .until("all idle", |it| it.idle == it.connections && it.idle <= 2)
        .await;
    let (handles_before, memory_before) = resting.unwrap();
    let handles_now = handles();
    assert!(
        handles_now <= handles_before + 8,
        "{handles_now} handles, {handles_before} before"
    );
    let grown = memory().saturating_sub(memory_before);
    assert!(grown < 16 << 20, "{grown} bytes more");
    let tasks = async {
        // The server's tasks: accept, and some per open connection and lane.
        while server.open_sockets() > 2 || metrics.num_alive_tasks() > 60 {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), tasks).await;
    let found = (server.open_sockets(), metrics.num_alive_tasks());
    waited.unwrap_or_else(|_| panic!("sockets and tasks are left: {found:?}"));
    drop(harness);
    let rest = async {
        while server.open_sockets() > 0 {
            tokio::task::yield_now().await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(20), rest).await;
    waited.expect("dropping the link closes its connections");
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100];
    println!(
        "{name}: command to request on the socket, p50 {:?}, p99 {:?}, slowest {:?}; {grown} bytes more",
        at(50),
        at(99),
        at(100)
    );
    // The slow ones are the machine's: it may be busy with other tests.
    assert!(at(50) < Duration::from_millis(5), "{:?}", at(50));
}

const LANES: Dialect = Dialect {
    lanes: true,
    interrupt: false,
};

#[tokio::test]
async fn a_thousand_redirects_by_interrupt() {
    check(
        "interrupt",
        Case {
            dialect: Dialect::default(),
            interrupt: true,
            times: 1_000,
        },
    )
    .await;
}

#[tokio::test]
async fn a_thousand_redirects_by_leaving_the_lane() {
    check(
        "leaving the lane",
        Case {
            dialect: LANES,
            interrupt: false,
            times: 1_000,
        },
    )
    .await;
}

#[tokio::test]
async fn a_thousand_redirects_by_dropping_the_socket() {
    check(
        "dropping the socket",
        Case {
            dialect: Dialect {
                lanes: false,
                interrupt: false,
            },
            interrupt: false,
            times: 1_000,
        },
    )
    .await;
}

#[tokio::test]
async fn an_interrupt_that_is_not_understood_is_not_relied_on() {
    check(
        "a refused interrupt",
        Case {
            dialect: LANES,
            interrupt: true,
            times: 50,
        },
    )
    .await;
    check(
        "a refused interrupt",
        Case {
            dialect: Dialect {
                lanes: false,
                interrupt: false,
            },
            interrupt: true,
            times: 50,
        },
    )
    .await;
}
