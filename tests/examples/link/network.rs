//! A network between two programs of this machine: a relay that brings bytes late and, on the way up, only so many
//! a second, with TLS at the far end.
//!
//! It has no losses and no slow start, which is in favour of connections that are new. What a TCP handshake takes
//! is kept back from the first bytes of a connection, since the real one is over in no time here.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
};

/// How far the programs are from each other.
#[derive(Clone, Copy)]
pub(crate) struct Network {
    pub(crate) round_trip: Duration,
    /// On the way up; down is as fast as can be.
    pub(crate) bytes_per_second: u64,
}

/// A certificate for 127.0.0.1 that vouches for itself.
pub(crate) struct Certificate {
    /// Where it can be read.
    pub(crate) path: String,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

impl Certificate {
    pub(crate) fn new(folder: &Path) -> Certificate {
        let made =
            rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).expect("a certificate");
        let path = folder.join("certificate.pem");
        std::fs::write(&path, made.cert.pem()).expect("it can be written");
        let chain: Vec<CertificateDer<'static>> = vec![made.cert.der().clone()];
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .expect("they are known")
            .with_no_client_auth()
            .with_single_cert(chain.clone(), key)
            .expect("it fits");
        let mut roots = RootCertStore::empty();
        roots.add_parsable_certificates(chain);
        let mut client = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("they are known")
            .with_root_certificates(roots)
            .with_no_client_auth();
        // Each connection is to be a new one.
        client.resumption = rustls::client::Resumption::disabled();
        Certificate {
            path: path.display().to_string(),
            server: Arc::new(server),
            client: Arc::new(client),
        }
    }

    /// A connection to the relay, as a plain client makes it.
    pub(crate) fn connect(&self, port: u16) -> impl Read + Write + use<> {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the relay is there");
        stream.set_nodelay(true).expect("a TCP connection");
        let name = ServerName::try_from("127.0.0.1").expect("an address");
        let session = ClientConnection::new(Arc::clone(&self.client), name).expect("a session");
        StreamOwned::new(session, stream)
    }
}

/// Takes connections until the program ends.
pub(crate) struct Relay {
    pub(crate) port: u16,
}

impl Relay {
    /// In front of a server on this port of the machine.
    pub(crate) fn start(network: Network, server: u16, certificate: &Certificate) -> Relay {
        let near = TcpListener::bind("127.0.0.1:0").expect("a port");
        let far = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = near.local_addr().expect("an address").port();
        let inner = far.local_addr().expect("an address").port();
        let config = Arc::clone(&certificate.server);
        thread::spawn(move || {
            for stream in far.incoming().flatten() {
                let config = Arc::clone(&config);
                thread::spawn(move || terminate(stream, config, server));
            }
        });
        // The way up is one for all connections.
        let free_at = Arc::new(Mutex::new(Instant::now()));
        thread::spawn(move || {
            for client in near.incoming().flatten() {
                let far = TcpStream::connect(("127.0.0.1", inner)).expect("the far end is there");
                client.set_nodelay(true).ok();
                far.set_nodelay(true).ok();
                let one_way = network.round_trip / 2;
                let stands_at = Instant::now() + network.round_trip;
                let clone = |it: &TcpStream| it.try_clone().expect("a handle");
                let up = Way {
                    delay: one_way,
                    stands_at,
                    rate: Some((Arc::clone(&free_at), network.bytes_per_second)),
                };
                let down = Way {
                    delay: one_way,
                    stands_at,
                    rate: None,
                };
                up.carry(clone(&client), clone(&far));
                down.carry(far, client);
            }
        });
        Relay { port }
    }
}

/// One direction of a connection.
struct Way {
    delay: Duration,
    /// Nothing leaves before the connection would stand.
    stands_at: Instant,
    rate: Option<(Arc<Mutex<Instant>>, u64)>,
}

impl Way {
    fn carry(self, mut from: TcpStream, mut to: TcpStream) {
        let (sender, pieces) = mpsc::channel::<(Instant, Vec<u8>)>();
        thread::spawn(move || {
            let mut buffer = [0; 4_096];
            while let Ok(count) = from.read(&mut buffer) {
                let arrives = self.arrival(count);
                if sender.send((arrives, buffer[..count].to_vec())).is_err() || count == 0 {
                    return;
                }
            }
        });
        thread::spawn(move || {
            for (arrives, piece) in pieces {
                thread::sleep(arrives.saturating_duration_since(Instant::now()));
                if piece.is_empty() || to.write_all(&piece).is_err() {
                    break;
                }
            }
            to.shutdown(Shutdown::Both).ok();
        });
    }

    /// When so many bytes that leave now are at the other end.
    fn arrival(&self, count: usize) -> Instant {
        let now = Instant::now().max(self.stands_at);
        let Some((free_at, bytes_per_second)) = &self.rate else {
            return now + self.delay;
        };
        let mut free_at = free_at.lock().expect("no thread has panicked");
        let takes = Duration::from_nanos(count as u64 * 1_000_000_000 / bytes_per_second);
        *free_at = now.max(*free_at) + takes;
        *free_at + self.delay
    }
}

/// The far end: TLS off, and on to the server.
fn terminate(mut stream: TcpStream, config: Arc<ServerConfig>, server: u16) {
    let Ok(mut session) = ServerConnection::new(config) else {
        return;
    };
    let Ok(mut plain) = TcpStream::connect(("127.0.0.1", server)) else {
        return;
    };
    plain.set_nodelay(true).ok();
    stream.set_nodelay(true).ok();
    while session.is_handshaking() {
        if session.complete_io(&mut stream).is_err() {
            return;
        }
    }
    let session = Arc::new(Mutex::new(session));
    let (Ok(mut answers), Ok(mut back)) = (plain.try_clone(), stream.try_clone()) else {
        return;
    };
    let writing = Arc::clone(&session);
    thread::spawn(move || {
        let mut buffer = vec![0; 64 << 10];
        while let Ok(count) = answers.read(&mut buffer) {
            let mut session = writing.lock().expect("no thread has panicked");
            if count == 0 {
                session.send_close_notify();
            }
            let written = session.writer().write_all(&buffer[..count]);
            while session.wants_write() {
                if session.write_tls(&mut back).is_err() {
                    return;
                }
            }
            if count == 0 || written.is_err() {
                break;
            }
        }
        back.shutdown(Shutdown::Both).ok();
    });
    let mut records = vec![0; 64 << 10];
    let mut text = Vec::new();
    // What came along with the handshake is there already.
    let mut count = 0;
    loop {
        let mut records_left = &records[..count];
        let mut session = session.lock().expect("no thread has panicked");
        loop {
            let Ok(state) = session.process_new_packets() else {
                return;
            };
            text.resize(state.plaintext_bytes_to_read(), 0);
            if session.reader().read_exact(&mut text).is_err() || plain.write_all(&text).is_err() {
                return;
            }
            if records_left.is_empty() {
                break;
            }
            if session.read_tls(&mut records_left).is_err() {
                return;
            }
        }
        drop(session);
        count = match stream.read(&mut records) {
            Ok(count) if count > 0 => count,
            _ => break,
        };
    }
    plain.shutdown(Shutdown::Write).ok();
}
