//! Making one connection: name, TCP, where need be a proxy's tunnel, TLS, and for the WebSocket the
//! upgrade.
//!
//! Not here: when to try again and on which wire (`driver`).

mod tls;
mod tunnel;

pub use tls::{Trusted, trusted};

use std::sync::Arc;

use model_protocol::{Quota, ServerError, retry_after};
use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio::time::{Instant, timeout_at};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::client_async_with_config;
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::config::{LinkConfig, Secret};
use crate::connection::Connection;
use crate::error::{LinkError, Phase};
use crate::http::{HttpConnection, Post};
use crate::proxy::Proxy;
use crate::target::{Target, Wire};
use crate::transport::Transport;
use crate::websocket::Socket;

/// Bytes that one read takes at most. The library fills the whole buffer with zeros before each
/// read, which at its usual 128 KiB is a third to a half of the CPU that a token costs.
const READ_BUFFER: usize = 8 << 10;

/// Everything that dialling needs, shared by the attempts.
#[derive(Debug, Clone)]
pub(crate) struct Dialer {
    pub(crate) config: LinkConfig,
    pub(crate) target: Result<Target, LinkError>,
    tls: OnceCell<Arc<ClientConfig>>,
}

/// A connection and what the server said about limits when it was made.
pub(crate) struct Dialled {
    pub(crate) connection: Connection,
    pub(crate) quota: Quota,
}

/// A failed attempt.
#[derive(Debug)]
pub(crate) struct DialError {
    pub(crate) error: LinkError,
    /// The server was reached, and it was the upgrade that failed.
    pub(crate) is_upgrade: bool,
}

impl From<LinkError> for DialError {
    fn from(error: LinkError) -> DialError {
        DialError {
            error,
            is_upgrade: false,
        }
    }
}

impl Dialer {
    pub(crate) fn new(config: LinkConfig) -> Dialer {
        let target = Target::of(&config.url);
        Dialer {
            config,
            target,
            tls: OnceCell::new(),
        }
    }

    /// One attempt on this wire, within the configured time once the key is there.
    pub(crate) async fn dial(&self, wire: Wire) -> Result<Dialled, DialError> {
        let target = Target {
            wire,
            ..self.target.clone()?
        };
        let headers = self.headers().await?;
        let waited = self.config.connect_timeout;
        let deadline = Instant::now() + waited;
        let proxy = self.config.proxies.towards(&target)?;
        let late = |phase| LinkError::Timeout {
            host: match &proxy {
                Some(proxy) => format!("{} through the proxy {}", target.shown, proxy.shown()),
                None => target.shown.clone(),
            },
            phase,
            waited,
        };
        // Plain HTTP needs no tunnel, which many a proxy would refuse.
        let is_relayed = proxy.is_some() && !target.is_tls && wire != Wire::WebSocket;
        let transport = timeout_at(
            deadline,
            self.transport(&target, proxy.as_ref(), is_relayed),
        )
        .await
        .map_err(|_| late(Phase::Connect))?
        .map_err(|error| DialError {
            // A tunnel for nothing but the WebSocket was refused.
            is_upgrade: !target.is_tls
                && matches!(
                    error,
                    LinkError::Proxy {
                        status: Some(_),
                        ..
                    }
                ),
            error: error.scrubbed(&self.config),
        })?;
        match wire {
            Wire::WebSocket => timeout_at(deadline, self.upgrade(&target, headers, transport))
                .await
                .unwrap_or_else(|_| Err(late(Phase::Upgrade)))
                .map_err(|error| DialError {
                    error: error.scrubbed(&self.config),
                    is_upgrade: true,
                }),
            Wire::Sse | Wire::Chat => {
                let relay = proxy.filter(|_| is_relayed);
                let post = Post::new(&target, headers, relay, &self.config)?;
                let connection = HttpConnection::new(transport, post).await?;
                Ok(Dialled {
                    connection: Connection::Http(Box::new(connection)),
                    quota: Quota::default(),
                })
            }
        }
    }

    async fn transport(
        &self,
        target: &Target,
        proxy: Option<&Proxy>,
        is_relayed: bool,
    ) -> Result<Transport, LinkError> {
        let host = || target.shown.clone();
        let unreachable = |error: std::io::Error| match proxy {
            Some(proxy) => LinkError::Proxy {
                host: host(),
                proxy: proxy.shown(),
                status: None,
                reason: format!("{error}; check {}", proxy.place),
            },
            None => LinkError::Connect {
                host: host(),
                reason: error.to_string(),
            },
        };
        let address = match proxy {
            Some(proxy) => (proxy.host.as_str(), proxy.port),
            None => (target.name(), target.port),
        };
        let mut stream = TcpStream::connect(address).await.map_err(unreachable)?;
        // Without it a small frame may wait for the acknowledgement of the one before.
        stream.set_nodelay(true).map_err(unreachable)?;
        if let Some(proxy) = proxy.filter(|_| !is_relayed) {
            tunnel::open(&mut stream, proxy, target).await?;
        }
        if !target.is_tls {
            return Ok(Transport::from(stream));
        }
        let tls = self.tls().await?;
        let name =
            ServerName::try_from(target.name().to_owned()).map_err(|error| LinkError::Config {
                reason: error.to_string(),
            })?;
        let stream = TlsConnector::from(tls)
            .connect(name, stream)
            .await
            .map_err(|error| tls::failure(&target.shown, &error))?;
        Ok(Transport::from(stream))
    }

    async fn upgrade(
        &self,
        target: &Target,
        headers: HeaderMap,
        transport: Transport,
    ) -> Result<Dialled, LinkError> {
        let mut request =
            target
                .url()
                .into_client_request()
                .map_err(|error| LinkError::Config {
                    reason: error.to_string(),
                })?;
        request.headers_mut().extend(headers);
        let limits = WebSocketConfig::default()
            .read_buffer_size(READ_BUFFER)
            .max_message_size(Some(self.config.max_frame))
            .max_frame_size(Some(self.config.max_frame));
        let host = target.shown.clone();
        match client_async_with_config(request, transport, Some(limits)).await {
            Ok((stream, response)) => {
                let socket = Socket::new(stream, host, self.config.max_frame);
                Ok(Dialled {
                    connection: Connection::Socket(Box::new(socket)),
                    quota: limits_of(response.headers()).0,
                })
            }
            Err(Error::Http(response)) => {
                let status = response.status().as_u16();
                self.config.refused(status);
                let message = refusal(status, response.body().as_deref().unwrap_or_default());
                Err(LinkError::Refused {
                    host,
                    status,
                    message,
                    retry_after: limits_of(response.headers()).1,
                })
            }
            Err(Error::Io(error)) => Err(LinkError::Connect {
                host,
                reason: error.to_string(),
            }),
            Err(error) => Err(LinkError::Connect {
                host,
                reason: format!("the WebSocket handshake failed: {error}"),
            }),
        }
    }

    /// Those of the handshake and of the POST alike.
    async fn headers(&self) -> Result<HeaderMap, LinkError> {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("redline/", env!("CARGO_PKG_VERSION"))),
        );
        let fetched = match &self.config.fetch_key {
            Some(fetch) => Some(fetch.get().await?),
            None => None,
        };
        if let Some(key) = fetched.as_ref().or(self.config.key.as_ref()) {
            let bearer = Secret::new(format!("Bearer {}", key.expose()));
            headers.insert(header::AUTHORIZATION, secret_value(&bearer, "the key")?);
        }
        for (name, value) in &self.config.headers {
            let value = secret_value(value, &format!("the header `{name}`"))?;
            let name = HeaderName::try_from(name.as_str()).map_err(|_| LinkError::Config {
                reason: format!("`{name}` is no name of a header"),
            })?;
            headers.insert(name, value);
        }
        Ok(headers)
    }

    /// Read once, and not on a thread that serves sockets.
    async fn tls(&self) -> Result<Arc<ClientConfig>, LinkError> {
        let build = || async {
            let ca_file = self.config.ca_file.clone();
            let read = tokio::task::spawn_blocking(move || tls::config(ca_file.as_deref()));
            read.await.unwrap_or_else(|_| Err(LinkError::Stopped))
        };
        self.tls.get_or_try_init(build).await.map(Arc::clone)
    }
}

pub(crate) fn secret_value(secret: &Secret, what: &str) -> Result<HeaderValue, LinkError> {
    let mut value = HeaderValue::from_str(secret.expose()).map_err(|_| LinkError::Config {
        reason: format!("{what} has characters that cannot be sent"),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// What an answer's headers say about limits, and about coming again.
pub(crate) fn limits_of(headers: &HeaderMap) -> (Quota, Option<std::time::Duration>) {
    let mut quota = Quota::default();
    let mut wait = None;
    for (name, value) in headers {
        if let Ok(value) = value.to_str() {
            quota.header(name.as_str(), value);
            wait = wait.or_else(|| retry_after(name.as_str(), value));
        }
    }
    (quota, wait.or_else(|| until_date(headers)))
}

/// How long it is until the date of `retry-after`, by the server's own clock where it tells that.
fn until_date(headers: &HeaderMap) -> Option<std::time::Duration> {
    let date = |name| httpdate::parse_http_date(headers.get(name)?.to_str().ok()?).ok();
    let until = date(header::RETRY_AFTER)?;
    let now = date(header::DATE).unwrap_or_else(std::time::SystemTime::now);
    // A date that has passed asks for no time at all.
    Some(until.duration_since(now).unwrap_or_default())
}

/// The server's reason. The body of a refused upgrade may be cut off, so that half a JSON object
/// must not be shown.
pub(crate) fn refusal(status: u16, body: &[u8]) -> String {
    let cut_off = body.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<serde_json::Value>(body).is_err();
    let body = if cut_off { &[] } else { body };
    ServerError::from_body(status, body).message
}
