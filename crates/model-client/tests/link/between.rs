//! What may stand before a model server: TLS with certificates of our own making, and a proxy.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::NamedTempFile;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

/// An authority, with its certificate in a file.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: NamedTempFile,
}

/// A server's certificate.
pub(crate) struct Certificate {
    /// The names that it is for.
    pub(crate) names: &'static [&'static str],
    pub(crate) is_expired: bool,
}

impl Authority {
    pub(crate) fn new() -> Authority {
        let mut params = CertificateParams::new([]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = NamedTempFile::new().unwrap();
        std::fs::write(file.path(), issuer.pem()).unwrap();
        Authority { issuer, file }
    }

    pub(crate) fn file(&self) -> Option<PathBuf> {
        Some(self.file.path().to_owned())
    }

    fn acceptor(&self, certificate: &Certificate) -> TlsAcceptor {
        let names = certificate.names.iter().map(|it| (*it).to_owned());
        let mut params = CertificateParams::new(names.collect::<Vec<_>>()).unwrap();
        if certificate.is_expired {
            params.not_before = rcgen::date_time_ymd(2020, 1, 1);
            params.not_after = rcgen::date_time_ymd(2020, 1, 2);
        }
        let key = KeyPair::generate().unwrap();
        let signed = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![signed.der().clone()], key)
            .unwrap();
        TlsAcceptor::from(Arc::new(config))
    }

    /// A server that speaks TLS and passes all on to the plain one at `port`. Its own port.
    pub(crate) async fn front(&self, certificate: &Certificate, port: u16) -> u16 {
        let acceptor = self.acceptor(certificate);
        serve(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                // Refused handshakes are what some tests are about.
                if let Ok(stream) = acceptor.accept(stream).await {
                    join(stream, port).await;
                }
            }
        })
        .await
    }
}

/// A proxy on this machine, for which every host is this machine.
pub(crate) struct HttpProxy {
    pub(crate) port: u16,
    seen: Seen,
}

/// The first line and the credentials of each connection.
type Seen = Arc<Mutex<Vec<(String, Option<String>)>>>;

impl HttpProxy {
    /// It answers `answer` in place of leading anywhere, if there is one.
    pub(crate) async fn start(answer: Option<String>) -> HttpProxy {
        let seen = Seen::default();
        let all = Arc::clone(&seen);
        let port = serve(move |stream| proxy(stream, answer.clone(), Arc::clone(&all))).await;
        HttpProxy { port, seen }
    }

    pub(crate) async fn refusing(status: u16, reason: &str) -> HttpProxy {
        let page = "<html>no</html>";
        let length = page.len();
        HttpProxy::start(Some(format!(
            "HTTP/1.1 {status} {reason}\r\nContent-Length: {length}\r\n\r\n{page}"
        )))
        .await
    }

    pub(crate) fn seen(&self) -> Vec<(String, Option<String>)> {
        self.seen.lock().unwrap().clone()
    }
}

async fn proxy(mut stream: TcpStream, answer: Option<String>, seen: Seen) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if stream.read(&mut byte).await.unwrap_or(0) == 0 {
            return;
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8(head.clone()).unwrap();
    let first = text.lines().next().unwrap().to_owned();
    let credentials = text.lines().find_map(|line| {
        let (name, value) = line.split_once(": ")?;
        let is_it = name.eq_ignore_ascii_case("proxy-authorization");
        is_it.then(|| value.to_owned())
    });
    seen.lock().unwrap().push((first.clone(), credentials));
    let mut words = first.split(' ');
    let (method, to) = (words.next().unwrap(), words.next().unwrap());
    if let Some(answer) = answer {
        // The client may have gone.
        let _ = stream.write_all(answer.as_bytes()).await;
        let _ = stream.shutdown().await;
        return;
    }
    let authority = to.trim_start_matches("http://").split('/').next().unwrap();
    let port = authority.rsplit_once(':').unwrap().1.parse().unwrap();
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    match method {
        "CONNECT" => {
            let answer = "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n";
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
        _ => server.write_all(&head).await.unwrap(),
    }
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}

async fn join(mut stream: impl AsyncRead + AsyncWrite + Unpin, port: u16) {
    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // Ends with either side, in whichever way.
    let _ = copy_bidirectional(&mut stream, &mut server).await;
}

/// Treats each connection as the closure says.
async fn serve<T>(handle: impl Fn(TcpStream) -> T + Send + 'static) -> u16
where
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(handle(stream));
        }
    });
    port
}
