//! A real proxy in between: which way each wire goes, and what a person reads when it says no.

use model_client::{LinkConfig, LinkError, Proxies, Retry, Wire};

use crate::between::{Authority, Certificate, HttpProxy};
use crate::harness::{Harness, KEY, config, server, tcp_server};

const HOST: Certificate = Certificate {
    names: &["model.test"],
    is_expired: false,
};

const USER: &str = "me:hunter-22";
/// The same in Base64.
const BASIC: &str = "Basic bWU6aHVudGVyLTIy";

/// What the environment says.
fn proxies(variables: &[(&str, &str)]) -> Proxies {
    Proxies::from_environment(|name| {
        let found = variables.iter().find(|(it, _)| *it == name);
        found.map(|(_, text)| (*text).to_owned())
    })
}

fn all(port: u16) -> Proxies {
    proxies(&[("ALL_PROXY", &format!("http://{USER}@127.0.0.1:{port}"))])
}

#[tokio::test]
async fn each_wire_goes_through_the_proxy() {
    let server = server(&[]).await;
    let authority = Authority::new();
    let tls = authority.front(&HOST, server.port()).await;
    let plain = server.port();
    for (url, wire, line) in [
        (
            format!("wss://model.test:{tls}/v1/responses"),
            Wire::WebSocket,
            format!("CONNECT model.test:{tls} HTTP/1.1"),
        ),
        (
            format!("https://model.test:{tls}/v1/responses"),
            Wire::Sse,
            format!("CONNECT model.test:{tls} HTTP/1.1"),
        ),
        (
            format!("https://model.test:{tls}/v1/chat/completions"),
            Wire::Chat,
            format!("CONNECT model.test:{tls} HTTP/1.1"),
        ),
        (
            format!("ws://model.test:{plain}/v1/responses"),
            Wire::WebSocket,
            format!("CONNECT model.test:{plain} HTTP/1.1"),
        ),
        // Plain HTTP is passed on as it is.
        (
            format!("http://model.test:{plain}/v1/responses"),
            Wire::Sse,
            format!("POST http://model.test:{plain}/v1/responses HTTP/1.1"),
        ),
        (
            format!("http://model.test:{plain}/v1/chat/completions"),
            Wire::Chat,
            format!("POST http://model.test:{plain}/v1/chat/completions HTTP/1.1"),
        ),
    ] {
        let proxy = HttpProxy::start(None).await;
        let mut harness = Harness::start(LinkConfig {
            ca_file: authority.file(),
            proxies: all(proxy.port),
            ..config(&url)
        });
        Harness::assert_answered(&harness.ask(1).await);
        assert_eq!(harness.link.report().wire, Some(wire));
        let seen = proxy.seen();
        assert!(!seen.is_empty());
        for it in seen {
            assert_eq!(it, (line.clone(), Some(BASIC.to_owned())), "{url}");
        }
    }
}

#[tokio::test]
async fn excepted_hosts_and_this_machine_are_reached_without_it() {
    let server = server(&[]).await;
    let port = server.port();
    for (by_setting, except, host, is_met) in [
        (true, "", "localhost", false),
        (false, "", "127.0.0.1", false),
        (true, "model.test", "model.test", true),
        (false, "", "model.test", true),
        (false, "other.test,model.test", "model.test", false),
        (false, "other.test,model.test", "third.test", true),
    ] {
        let proxy = HttpProxy::refusing(500, "Broken").await;
        let address = format!("http://127.0.0.1:{}", proxy.port);
        let proxies = match by_setting {
            true => Proxies::only(&address),
            false => proxies(&[("HTTP_PROXY", &address), ("no_proxy", except)]),
        };
        let mut harness = Harness::start(LinkConfig {
            proxies,
            retries: 0,
            ..config(format!("ws://{host}:{port}/v1/responses"))
        });
        let outcome = harness.ask(1).await;
        assert_eq!(!proxy.seen().is_empty(), is_met, "{host}");
        match host.ends_with(".test") {
            // There is no such name.
            true => assert!(outcome.error.is_some()),
            false => Harness::assert_answered(&outcome),
        }
    }
}

/// The error of a request over TLS through a proxy that answers so.
async fn refusal(proxy: &HttpProxy, user: bool) -> LinkError {
    let port = proxy.port;
    let address = match user {
        true => format!("http://{USER}@127.0.0.1:{port}"),
        false => format!("http://127.0.0.1:{port}"),
    };
    let mut harness = Harness::start(LinkConfig {
        proxies: proxies(&[("https_proxy", &address)]),
        retries: 1,
        ..config("wss://model.test/v1/responses")
    });
    let error = harness.ask(1).await.error.unwrap();
    let shown = format!("{error} {error:?} {:?}", harness.link.report());
    for secret in ["hunter", "bWU6aHVudGVyLTIy", KEY] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let head = format!("cannot reach model.test through the proxy 127.0.0.1:{port}: ");
    assert!(error.to_string().starts_with(&head), "{error}");
    error
}

#[tokio::test]
async fn a_proxy_that_says_no_is_told_with_a_cure() {
    for (status, user, retry, words) in [
        (
            407,
            false,
            Retry::Never,
            "put them into the environment variable https_proxy as http://name:password@host:port",
        ),
        (
            407,
            true,
            Retry::Never,
            "does not accept the user name and password in the environment variable https_proxy",
        ),
        (
            403,
            true,
            Retry::Never,
            "ask those who run it, or name the host in NO_PROXY",
        ),
        (
            404,
            true,
            Retry::Never,
            "check the environment variable https_proxy",
        ),
        (
            503,
            true,
            Retry::Later,
            "cannot reach the server itself (HTTP status 503)",
        ),
        (302, true, Retry::Never, "it answered with HTTP status 302"),
    ] {
        let proxy = HttpProxy::refusing(status, "Because").await;
        let error = refusal(&proxy, user).await;
        assert_eq!(error.retry(), retry, "{status}");
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_none_is_told() {
    let long = format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(40_000));
    for (answer, words) in [
        ("", "closed the connection without an answer"),
        ("SSH-2.0-server\r\n\r\n", "does not answer as a proxy does"),
        ("HTTP/1.1 OK\r\n\r\n", "does not answer as a proxy does"),
        ("HTTP/1.1 200 OK\r\n\r\nmore", "sent more than its answer"),
        (&long, "its answer is too long"),
    ] {
        let proxy = HttpProxy::start(Some(answer.to_owned())).await;
        let error = refusal(&proxy, true).await;
        assert!(error.to_string().contains(words), "{answer:.40}: {error}");
        assert_eq!(error.retry(), Retry::Later);
    }
}

#[tokio::test]
async fn a_proxy_that_never_answers_is_not_waited_for() {
    let url = tcp_server(|_, stream| async move {
        let _open = stream;
        std::future::pending::<()>().await;
    })
    .await;
    let address = url.replace("ws://", "http://").replace("/v1/responses", "");
    let mut harness = Harness::start(LinkConfig {
        proxies: Proxies::only(&address),
        connect_timeout: std::time::Duration::from_millis(100),
        retries: 0,
        ..config("wss://model.test/v1/responses")
    });
    let error = harness.ask(1).await.error.unwrap();
    assert!(matches!(error, LinkError::Timeout { .. }), "{error:?}");
    assert!(
        error.to_string().contains("through the proxy 127.0.0.1:"),
        "{error}"
    );
}

#[tokio::test]
async fn where_the_tunnel_is_refused_plain_http_is_spoken() {
    // Many proxies pass plain HTTP on and open tunnels for TLS only.
    let server = server(&[]).await;
    let relay = HttpProxy::start(None).await;
    let refusing = tcp_server({
        let to = relay.port;
        move |_, mut stream| async move {
            use tokio::io::AsyncWriteExt;
            let mut first = [0; 7];
            if stream.peek(&mut first).await.unwrap_or(0) == 7 && &first == b"CONNECT" {
                let _ = stream.write_all(b"HTTP/1.1 405 No\r\n\r\n").await;
                return;
            }
            let mut other = tokio::net::TcpStream::connect(("127.0.0.1", to))
                .await
                .unwrap();
            let _ = tokio::io::copy_bidirectional(&mut stream, &mut other).await;
        }
    })
    .await;
    let address = refusing
        .replace("ws://", "http://")
        .replace("/v1/responses", "");
    let mut harness = Harness::start(LinkConfig {
        proxies: Proxies::only(&address),
        ..config(format!("ws://model.test:{}/v1/responses", server.port()))
    });
    Harness::assert_answered(&harness.ask(1).await);
    let report = harness.link.report();
    assert_eq!((report.wire, report.retries), (Some(Wire::Sse), 0));
    assert!(
        report
            .fallback
            .unwrap()
            .contains("does not allow this connection (HTTP status 405)")
    );
}

#[tokio::test]
async fn a_relay_that_wants_a_password_is_told_apart_from_the_server() {
    let proxy = HttpProxy::refusing(407, "Proxy Authentication Required").await;
    let address = format!("http://127.0.0.1:{}", proxy.port);
    let mut harness = Harness::start(LinkConfig {
        proxies: Proxies::only(&address),
        ..config("http://model.test/v1/responses")
    });
    let error = harness.ask(1).await.error.unwrap();
    assert!(
        matches!(
            error,
            LinkError::Proxy {
                status: Some(407),
                ..
            }
        ),
        "{error:?}"
    );
    assert!(
        error
            .to_string()
            .contains("into the environment variable HTTPS_PROXY instead"),
        "{error}"
    );
}
