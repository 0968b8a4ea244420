//! A model server by POST: Responses or chat completions as server-sent events, by a script of the test.
//! It shares no code with the program under test, nor with the server for WebSockets beside it.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

use serde_json::{Value, json};

/// What is done about one request.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An HTTP status with further header lines and a body.
    Status(u16, String, String),
    /// An answer, step by step.
    Stream(Vec<Step>),
    /// Pieces of bytes as they stand, from the status line on, each on its own; then the connection ends.
    Bytes(Vec<Vec<u8>>),
}

/// A step of an answer. Without `End` nothing ends it but what stands there instead.
#[derive(Clone, Debug)]
pub enum Step {
    /// A piece of the text.
    Text(String),
    /// The data of an event as it stands.
    Data(String),
    /// The end of a whole answer.
    End,
    /// The end of one that a limit cut short.
    CutShort,
    /// The end of the connection without a word.
    Abort,
    /// Nothing more; the connection stays open.
    Silence,
}

/// One POST.
#[derive(Debug)]
pub struct Post {
    pub path: String,
    pub body: Value,
}

impl Post {
    fn is_chat(&self) -> bool {
        self.path.ends_with("/chat/completions")
    }

    /// The whole request, for looking for words in it.
    pub fn text(&self) -> String {
        self.body.to_string()
    }
}

type Script = Box<dyn Fn(&Post) -> Reply + Send + Sync>;

/// The server; its threads end with their connections.
#[derive(Debug)]
pub struct PostServer {
    port: u16,
    upgrades: Arc<AtomicUsize>,
    posts: Arc<AtomicUsize>,
    stop: Arc<AtomicBool>,
}

struct Shared {
    script: Script,
    /// What every upgrade to a WebSocket is answered with.
    upgrade: u16,
    upgrades: Arc<AtomicUsize>,
    posts: Arc<AtomicUsize>,
}

impl PostServer {
    /// # Panics
    /// When no port can be had.
    pub fn start(
        upgrade: u16,
        script: impl Fn(&Post) -> Reply + Send + Sync + 'static,
    ) -> PostServer {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let (upgrades, posts) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let stop = Arc::<AtomicBool>::default();
        let shared = Arc::new(Shared {
            script: Box::new(script),
            upgrade,
            upgrades: Arc::clone(&upgrades),
            posts: Arc::clone(&posts),
        });
        let stops = Arc::clone(&stop);
        thread::spawn(move || {
            for stream in listener.incoming() {
                if stops.load(Ordering::Relaxed) {
                    return;
                }
                let (Ok(stream), shared) = (stream, Arc::clone(&shared)) else {
                    return;
                };
                // A client that goes away ends its connection, and nothing else.
                thread::spawn(move || drop(converse(&stream, &shared)));
            }
        });
        PostServer {
            port,
            upgrades,
            posts,
            stop,
        }
    }

    /// `127.0.0.1:…/v1`, to be put between a scheme and the end of a path.
    pub fn base(&self) -> String {
        format!("127.0.0.1:{}/v1", self.port)
    }

    /// How many upgrades were asked for.
    pub fn upgrades(&self) -> usize {
        self.upgrades.load(Ordering::Relaxed)
    }

    /// How many POSTs came.
    pub fn posts(&self) -> usize {
        self.posts.load(Ordering::Relaxed)
    }
}

impl Drop for PostServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
    }
}

fn converse(stream: &TcpStream, shared: &Shared) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    while let Some((line, length)) = head(&mut reader)? {
        let mut words = line.split(' ');
        let (method, path) = (
            words.next().unwrap_or_default(),
            words.next().unwrap_or_default(),
        );
        if method == "GET" {
            shared.upgrades.fetch_add(1, Ordering::Relaxed);
            return refuse(stream, shared.upgrade, "", "no sockets here");
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        shared.posts.fetch_add(1, Ordering::Relaxed);
        let post = Post {
            path: path.to_owned(),
            body: serde_json::from_slice(&body)?,
        };
        match (shared.script)(&post) {
            Reply::Status(status, headers, body) => refuse(stream, status, &headers, &body)?,
            Reply::Bytes(pieces) => {
                for piece in pieces {
                    let mut stream = stream;
                    stream.write_all(&piece)?;
                }
                return Ok(());
            }
            Reply::Stream(steps) => {
                let goes_on = answer(stream, post.is_chat(), &steps)?;
                if !goes_on {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// The first line and the length of the body; none at the end of the connection.
fn head(reader: &mut BufReader<&TcpStream>) -> io::Result<Option<(String, usize)>> {
    let mut first = String::new();
    if reader.read_line(&mut first)? == 0 {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.parse().unwrap_or(0);
            }
            Some(_) => {}
            None => return Ok(Some((first, length))),
        }
    }
}

fn refuse(mut stream: &TcpStream, status: u16, headers: &str, body: &str) -> io::Result<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} No\r\nContent-Length: {length}\r\n{headers}\r\n{body}"
    )
}

/// Whether the connection can go on.
fn answer(mut stream: &TcpStream, is_chat: bool, steps: &[Step]) -> io::Result<bool> {
    let head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let mut whole = String::new();
    for step in steps {
        let data = match step {
            Step::Text(text) => {
                whole.push_str(text);
                vec![delta(is_chat, text)]
            }
            Step::Data(data) => vec![data.clone()],
            Step::End => end(is_chat, &whole, None),
            Step::CutShort => end(is_chat, &whole, Some("max_output_tokens")),
            Step::Abort => return Ok(false),
            Step::Silence => {
                // Ends when the client goes.
                let mut rest = [0; 64];
                while stream.read(&mut rest)? > 0 {}
                return Ok(false);
            }
        };
        for data in data {
            let event = format!("data: {data}\n\n");
            write!(stream, "{:x}\r\n{event}\r\n", event.len())?;
        }
    }
    stream.write_all(b"0\r\n\r\n")?;
    Ok(true)
}

fn delta(is_chat: bool, text: &str) -> String {
    let event = match is_chat {
        true => json!({ "id": "c", "object": "chat.completion.chunk", "choices": [
            { "index": 0, "delta": { "content": text }, "finish_reason": null },
        ]}),
        false => json!({
            "type": "response.output_text.delta", "item_id": "msg", "output_index": 0, "content_index": 0,
            "delta": text, "logprobs": [],
        }),
    };
    event.to_string()
}

fn end(is_chat: bool, whole: &str, cut: Option<&str>) -> Vec<String> {
    if is_chat {
        let reason = cut.map_or("stop", |_| "length");
        let event = json!({ "id": "c", "object": "chat.completion.chunk", "choices": [
            { "index": 0, "delta": {}, "finish_reason": reason },
        ]});
        return vec![event.to_string(), "[DONE]".to_owned()];
    }
    let status = cut.map_or("completed", |_| "incomplete");
    let content = json!([{ "type": "output_text", "text": whole, "annotations": [] }]);
    let event = json!({ "type": format!("response.{status}"), "response": {
        "id": "resp", "object": "response", "status": status,
        "incomplete_details": cut.map(|reason| json!({ "reason": reason })),
        "output": [{ "id": "msg", "type": "message", "role": "assistant", "status": status, "content": content }],
    }});
    vec![event.to_string()]
}
