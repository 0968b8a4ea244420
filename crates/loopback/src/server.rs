//! Listening on 127.0.0.1, routing, and the handshake.
//!
//! Not here: what happens on a connection (`websocket`, `sse`).

use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::conversation::Store;
use crate::create::Refused;
use crate::fault::Fault;
use crate::options::Options;
use crate::record::Recorder;
use crate::socket::Socket;
use crate::sse::{Body, Wire, post, refuse};
use crate::websocket;

/// Bytes of one message or body that are read at most.
pub(crate) const MAX_MESSAGE: usize = 64 << 20;

/// A running server. Dropping it ends every connection at once.
#[derive(Debug)]
pub struct Loopback {
    address: SocketAddr,
    context: Arc<Context>,
}

/// What all connections share.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) options: Options,
    pub(crate) store: Store,
    recorder: Option<Recorder>,
    connections: AtomicU64,
    requests: AtomicU64,
    sockets: AtomicU64,
    open_sockets: Arc<AtomicU64>,
    tasks: Mutex<JoinSet<()>>,
}

/// Starts a server on the current tokio runtime. It listens on 127.0.0.1 and nowhere else.
///
/// Errors: the port is taken, or the record file cannot be opened.
pub async fn serve(options: Options) -> io::Result<Loopback> {
    let recorder = options
        .record
        .as_deref()
        .map(Recorder::create)
        .transpose()?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = listener.local_addr()?;
    let mut options = options;
    options.rate_tokens_per_s = options
        .rate_tokens_per_s
        .filter(|it| it.is_finite() && *it > 0.0);
    let context = Arc::new(Context {
        options,
        store: Store::default(),
        recorder,
        connections: AtomicU64::new(0),
        requests: AtomicU64::new(0),
        sockets: AtomicU64::new(0),
        open_sockets: Arc::default(),
        tasks: Mutex::default(),
    });
    context.spawn(accept(listener, Arc::downgrade(&context)));
    Ok(Loopback { address, context })
}

impl Loopback {
    /// `ws://127.0.0.1:PORT/v1/responses`
    pub fn url(&self) -> String {
        format!("ws://{}/v1/responses", self.address)
    }

    /// The same path for POST: `http://127.0.0.1:PORT/v1/responses`
    pub fn http_url(&self) -> String {
        format!("http://{}/v1/responses", self.address)
    }

    /// The path of chat completions: `http://127.0.0.1:PORT/v1/chat/completions`
    pub fn chat_url(&self) -> String {
        format!("http://{}/v1/chat/completions", self.address)
    }

    /// The TCP port.
    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// Upgrades and POSTs so far, refused ones included.
    pub fn connections(&self) -> u64 {
        self.context.connections.load(Ordering::Relaxed)
    }

    /// TCP connections so far.
    pub fn sockets(&self) -> u64 {
        self.context.sockets.load(Ordering::Relaxed)
    }

    /// TCP connections that are open now.
    pub fn open_sockets(&self) -> u64 {
        self.context.open_sockets.load(Ordering::Relaxed)
    }

    /// Requests that were answered so far, warm-ups included.
    pub fn requests(&self) -> u64 {
        self.context.requests.load(Ordering::Relaxed)
    }

    /// Waits until the server ends, which it does only by an error of its listener.
    pub async fn run(self) {
        std::future::pending::<()>().await;
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.context
            .tasks
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .abort_all();
    }
}

impl Context {
    /// The number of the request, from 1.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn record(&self, connection: u64, direction: &'static str, text: &str) {
        if let Some(recorder) = &self.recorder {
            recorder.note(connection, direction, text);
        }
    }

    /// Runs a task that ends with the server.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        while tasks.try_join_next().is_some() {}
        tasks.spawn(task);
    }
}

async fn accept(listener: TcpListener, context: Weak<Context>) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, for instance; others may be freed.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let Some(context) = context.upgrade() else {
            return;
        };
        context.spawn(connection(stream, Arc::clone(&context)));
    }
}

async fn connection(stream: TcpStream, context: Arc<Context>) {
    let _ = stream.set_nodelay(true);
    context.sockets.fetch_add(1, Ordering::Relaxed);
    let stream = Socket::new(stream, Arc::clone(&context.open_sockets));
    let service = service_fn(|request| {
        let context = Arc::clone(&context);
        async move { Ok::<_, Infallible>(route(request, context).await) }
    });
    let serving =
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if let Err(error) = serving.with_upgrades().await {
        tracing::debug!(%error, "a connection ended early");
    }
}

async fn route(request: Request<Incoming>, context: Arc<Context>) -> Response<Body> {
    let path = request.uri().path().trim_end_matches('/');
    let wire = if path.ends_with("/responses") {
        Wire::Responses
    } else if path.ends_with("/chat/completions") {
        Wire::Chat
    } else {
        return refuse(&Refused {
            status: 404,
            ..Refused::invalid(
                None,
                None,
                format!("There is nothing at {}.", request.uri().path()),
            )
        });
    };
    let number = context.connections.fetch_add(1, Ordering::Relaxed) + 1;
    let struck = context
        .options
        .faults
        .iter()
        .find(|it| it.fault.strikes_at_upgrade() && it.turn.includes(number));
    match struck.map(|it| it.fault) {
        Some(Fault::Upgrade(status)) => {
            return refuse(&Refused {
                status,
                ..Refused::invalid(Some("asked_for"), None, "A fault that was asked for.")
            });
        }
        Some(Fault::SlowUpgrade(ms)) => tokio::time::sleep(Duration::from_millis(ms)).await,
        _ => {}
    }
    match *request.method() {
        Method::POST => post(request, context, number, wire).await,
        Method::GET if wire == Wire::Responses => upgrade(request, context, number),
        _ => refuse(&Refused {
            status: 405,
            ..Refused::invalid(
                None,
                None,
                "Use POST, or where there is a WebSocket GET with an upgrade.",
            )
        }),
    }
}

fn upgrade(mut request: Request<Incoming>, context: Arc<Context>, number: u64) -> Response<Body> {
    let headers = request.headers();
    let is_websocket = headers
        .get(header::UPGRADE)
        .is_some_and(|it| it.as_bytes().eq_ignore_ascii_case(b"websocket"));
    let Some(key) = headers
        .get(header::SEC_WEBSOCKET_KEY)
        .filter(|_| is_websocket)
    else {
        return refuse(&Refused {
            status: 426,
            ..Refused::invalid(
                None,
                None,
                "GET works only as a WebSocket upgrade; without one, use POST.",
            )
        });
    };
    let accept = derive_accept_key(key.as_bytes());
    let upgraded = hyper::upgrade::on(&mut request);
    let tasks = Arc::clone(&context);
    tasks.spawn(async move {
        match upgraded.await {
            Ok(upgraded) => {
                let config = WebSocketConfig::default()
                    .read_buffer_size(16 << 10)
                    .max_message_size(Some(MAX_MESSAGE))
                    .max_frame_size(Some(MAX_MESSAGE));
                let io = TokioIo::new(upgraded);
                let socket = WebSocketStream::from_raw_socket(io, Role::Server, Some(config)).await;
                websocket::run(socket, context, number).await;
            }
            Err(error) => tracing::debug!(%error, "an upgrade failed"),
        }
    });
    let mut response = Response::new(
        Empty::new()
            .map_err(|never: Infallible| match never {})
            .boxed(),
    );
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let headers = response.headers_mut();
    headers.insert(
        header::CONNECTION,
        header::HeaderValue::from_static("Upgrade"),
    );
    headers.insert(
        header::UPGRADE,
        header::HeaderValue::from_static("websocket"),
    );
    if let Ok(accept) = header::HeaderValue::from_str(&accept) {
        headers.insert(header::SEC_WEBSOCKET_ACCEPT, accept);
    }
    response
}
