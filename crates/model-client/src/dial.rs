//! Making one connection: name, TCP, TLS, upgrade.
//!
//! Not here: when to try again (`driver`).

use std::sync::Arc;

use model_protocol::ServerError;
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue, Uri, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::tungstenite::{Error, error::UrlError};
use tokio_tungstenite::{Connector, client_async_tls_with_config};

use crate::config::{LinkConfig, Secret};
use crate::connection::Connection;
use crate::error::{LinkError, Phase};

/// Bytes that one read takes at most. The library fills the whole buffer with zeros before each
/// read, which at its usual 128 KiB is a third to a half of the CPU that a token costs.
const READ_BUFFER: usize = 8 << 10;

/// Everything that dialling needs, shared by the attempts.
#[derive(Debug)]
pub(crate) struct Dialer {
    pub(crate) config: LinkConfig,
    target: Result<Target, LinkError>,
    tls: OnceCell<Arc<ClientConfig>>,
}

#[derive(Debug)]
struct Target {
    /// Host and port, for people.
    shown: String,
    host: String,
    port: u16,
    is_tls: bool,
}

impl Dialer {
    pub(crate) fn new(config: LinkConfig) -> Dialer {
        let target = target(&config.url);
        Dialer {
            config,
            target,
            tls: OnceCell::new(),
        }
    }

    /// One attempt, within the configured time.
    pub(crate) async fn dial(&self) -> Result<Connection, LinkError> {
        let target = self.target.as_ref().map_err(LinkError::clone)?;
        let waited = self.config.connect_timeout;
        match tokio::time::timeout(waited, self.handshake(target)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(LinkError::Timeout {
                host: target.shown.clone(),
                phase: Phase::Connect,
                waited,
            }),
        }
    }

    async fn handshake(&self, target: &Target) -> Result<Connection, LinkError> {
        let unreachable = |reason: String| LinkError::Connect {
            host: target.shown.clone(),
            reason,
        };
        let request = self.request()?;
        let connector = match target.is_tls {
            true => Connector::Rustls(self.tls().await.map_err(unreachable)?),
            false => Connector::Plain,
        };
        let name = target.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((name, target.port))
            .await
            .map_err(|it| unreachable(it.to_string()))?;
        // Without it a small frame may wait for the acknowledgement of the one before.
        stream
            .set_nodelay(true)
            .map_err(|it| unreachable(it.to_string()))?;
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(self.config.max_frame))
            .max_frame_size(Some(self.config.max_frame));
        match client_async_tls_with_config(request, stream, Some(config), Some(connector)).await {
            Ok((socket, _)) => Ok(Connection::new(
                socket,
                target.shown.clone(),
                self.config.max_frame,
            )),
            Err(Error::Http(response)) => {
                let status = response.status().as_u16();
                let message = refusal(status, response.body().as_deref().unwrap_or_default());
                Err(LinkError::Refused {
                    host: target.shown.clone(),
                    status,
                    message: self.config.scrub(&message),
                })
            }
            Err(Error::Io(error)) => Err(unreachable(error.to_string())),
            Err(error) => Err(unreachable(format!(
                "the WebSocket handshake failed: {error}"
            ))),
        }
    }

    fn request(&self) -> Result<Request, LinkError> {
        let config_error = |reason: String| LinkError::Config { reason };
        let mut request = self
            .config
            .url
            .as_str()
            .into_client_request()
            .map_err(|_| config_error("it is not a WebSocket address".to_owned()))?;
        let headers = request.headers_mut();
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("redline/", env!("CARGO_PKG_VERSION"))),
        );
        if let Some(key) = &self.config.key {
            let bearer = Secret::new(format!("Bearer {}", key.expose()));
            headers.insert(header::AUTHORIZATION, secret_value(&bearer, "the key")?);
        }
        for (name, value) in &self.config.headers {
            let value = secret_value(value, &format!("the header `{name}`"))?;
            let name = HeaderName::try_from(name.as_str())
                .map_err(|_| config_error(format!("`{name}` is no name of a header")))?;
            headers.insert(name, value);
        }
        Ok(request)
    }

    /// Reading the system's roots takes milliseconds of file reading, so it is done once, and not
    /// on a thread that serves sockets.
    async fn tls(&self) -> Result<Arc<ClientConfig>, String> {
        let build = || async {
            tokio::task::spawn_blocking(tls_config)
                .await
                .map_err(|error| error.to_string())?
        };
        self.tls.get_or_try_init(build).await.map(Arc::clone)
    }
}

fn tls_config() -> Result<Arc<ClientConfig>, String> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (added, _) = roots.add_parsable_certificates(found.certs);
    if added == 0 {
        let reasons: Vec<String> = found.errors.iter().map(ToString::to_string).collect();
        return Err(format!(
            "this system has no readable TLS root certificates ({})",
            reasons.join("; ")
        ));
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(Arc::new(
        config.with_root_certificates(roots).with_no_client_auth(),
    ))
}

fn secret_value(secret: &Secret, what: &str) -> Result<HeaderValue, LinkError> {
    let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| LinkError::Config {
        reason: format!("{what} has characters that cannot be sent"),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn target(url: &str) -> Result<Target, LinkError> {
    let config_error = |reason: &str| LinkError::Config {
        reason: reason.to_owned(),
    };
    let uri: Uri = url.parse().map_err(|_| config_error("it is not a URL"))?;
    let is_tls = match uri.scheme_str() {
        Some("wss") => true,
        Some("ws") => false,
        Some("http" | "https") => {
            return Err(config_error("only ws:// and wss:// are supported so far"));
        }
        _ => return Err(config_error("it does not begin with ws:// or wss://")),
    };
    let host = uri.host().filter(|it| !it.is_empty());
    let host = host
        .ok_or_else(|| config_error(&UrlError::NoHostName.to_string()))?
        .to_owned();
    let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
    let shown = match uri.port_u16() {
        Some(port) => format!("{host}:{port}"),
        None => host.clone(),
    };
    Ok(Target {
        shown,
        host,
        port,
        is_tls,
    })
}

/// The server's reason. The body of a refused upgrade may be cut off, so that half a JSON object
/// must not be shown.
fn refusal(status: u16, body: &[u8]) -> String {
    let cut_off = body.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<serde_json::Value>(body).is_err();
    let body = if cut_off { &[] } else { body };
    ServerError::from_body(status, body).message
}
