//! Real TLS: who is believed on each wire, and what a person reads about those who are not.

use std::path::Path;

use model_client::{LinkConfig, LinkError, Retry, Wire};

use crate::between::{Authority, Certificate};
use crate::harness::{Harness, config, server};

const WIRES: [Wire; 3] = [Wire::WebSocket, Wire::Sse, Wire::Chat];

const HERE: Certificate = Certificate {
    names: &["localhost", "127.0.0.1"],
    is_expired: false,
};

fn url(wire: Wire, host: &str, port: u16) -> String {
    match wire {
        Wire::WebSocket => format!("wss://{host}:{port}/v1/responses"),
        Wire::Sse => format!("https://{host}:{port}/v1/responses"),
        Wire::Chat => format!("https://{host}:{port}/v1/chat/completions"),
    }
}

#[tokio::test]
async fn an_authority_from_a_file_is_believed_on_all_wires() {
    let server = server(&[]).await;
    let authority = Authority::new();
    let port = authority.front(&HERE, server.port()).await;
    for wire in WIRES {
        for host in ["localhost", "127.0.0.1"] {
            let mut harness = Harness::start(LinkConfig {
                ca_file: authority.file(),
                ..config(url(wire, host, port))
            });
            Harness::assert_answered(&harness.ask(1).await);
            Harness::assert_answered(&harness.ask(2).await);
        }
    }
}

/// On every wire the request ends at once with this error; its end names the cure.
async fn check(
    front: &Authority,
    certificate: Certificate,
    ca_file: Option<&Path>,
    words: [&str; 2],
) {
    let server = server(&[]).await;
    let port = front.front(&certificate, server.port()).await;
    for wire in WIRES {
        let mut harness = Harness::start(LinkConfig {
            ca_file: ca_file.map(Path::to_owned),
            ..config(url(wire, "localhost", port))
        });
        let outcome = harness.ask(1).await;
        let error = outcome.error.unwrap();
        assert!(
            matches!(error, LinkError::Certificate { .. }),
            "{wire:?}: {error:?}"
        );
        assert_eq!(error.retry(), Retry::Never);
        assert_eq!(outcome.sent, 0);
        let text = error.to_string();
        let head = format!("cannot reach localhost:{port}: its certificate ");
        assert!(
            text.starts_with(&head) && words.iter().all(|it| text.contains(it)),
            "{text}"
        );
        // The next request is not refused because of the first.
        assert_eq!(harness.ask(2).await.error, Some(error));
        assert_eq!(harness.link.report().retries, 0);
    }
}

#[tokio::test]
async fn an_unknown_authority_is_not_believed() {
    let (authority, other) = (Authority::new(), Authority::new());
    let words = [
        "signed by nobody that this machine trusts",
        "`models.fast.ca_file`",
    ];
    check(&authority, HERE, None, words).await;
    check(&authority, HERE, other.file().as_deref(), words).await;
}

#[tokio::test]
async fn a_certificate_for_another_host_is_not_believed() {
    let authority = Authority::new();
    let certificate = Certificate {
        names: &["models.example.com", "10.0.0.1"],
        ..HERE
    };
    let words = [
        "is for models.example.com, 10.0.0.1 and not",
        "`models.fast.url`",
    ];
    check(&authority, certificate, authority.file().as_deref(), words).await;
}

#[tokio::test]
async fn an_expired_certificate_is_not_believed() {
    let authority = Authority::new();
    let certificate = Certificate {
        is_expired: true,
        ..HERE
    };
    let words = [
        "expired ",
        " days ago; those who run the server have to renew it",
    ];
    check(&authority, certificate, authority.file().as_deref(), words).await;
}

#[tokio::test]
async fn a_file_that_holds_no_certificates_is_told_and_read_again() {
    let server = server(&[]).await;
    let authority = Authority::new();
    let port = authority.front(&HERE, server.port()).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    let mut harness = Harness::start(LinkConfig {
        ca_file: Some(file.clone()),
        ..config(url(Wire::WebSocket, "localhost", port))
    });
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (id, text, words) in [
        (1, None, "cannot be read"),
        (2, Some(""), "holds no certificate in PEM form"),
        (3, Some("no PEM"), "holds no certificate in PEM form"),
        (4, Some(broken), "holds a certificate that is none"),
    ] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let error = harness.ask(id).await.error.unwrap();
        assert!(matches!(error, LinkError::Setting { .. }), "{error:?}");
        let text = error.to_string();
        let tail = "; check the setting `models.fast.ca_file`";
        assert!(text.contains(words) && text.ends_with(tail), "{text}");
        assert!(text.contains(&file.display().to_string()), "{text}");
    }
    std::fs::copy(authority.file().unwrap(), &file).unwrap();
    Harness::assert_answered(&harness.ask(5).await);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_is_told_apart() {
    let server = server(&[]).await;
    let url = server.url().replace("ws://", "wss://");
    let mut harness = Harness::start(LinkConfig {
        retries: 0,
        ..config(url)
    });
    let error = harness.ask(1).await.error.unwrap();
    assert!(
        error.to_string().contains("does not answer with TLS"),
        "{error}"
    );
}
