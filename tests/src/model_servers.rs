//! Real model servers: llama.cpp's with a tiny model, and LiteLLM in front of it.

pub mod tiny_model;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::patience;
use crate::programs::found_by_xtask;

/// LiteLLM loads for a quarter of a minute, with the machine to itself.
const START: Duration = Duration::from_secs(120);

/// What `cargo xtask model-servers` found or fetched.
#[derive(Debug)]
pub struct Programs {
    pub llama_server: PathBuf,
    pub litellm: PathBuf,
    /// The folder in whose `node_modules` the SDK is.
    pub node_sdk: PathBuf,
}

/// Finds the programs, fetching what is missing (about 2 min, once per machine).
///
/// # Panics
/// When one cannot be had; the message says what to do.
pub fn programs() -> &'static Programs {
    static PROGRAMS: OnceLock<Programs> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let set = found_by_xtask("model-servers");
        let path = |name: &str| {
            let path = set[name].as_str();
            PathBuf::from(path.unwrap_or_else(|| panic!("no path of {name} in {set}")))
        };
        Programs {
            llama_server: path("llamaServer"),
            litellm: path("litellm"),
            node_sdk: path("nodeSdk"),
        }
    })
}

/// A running server; it ends when this is dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
    folder: TempDir,
}

impl Server {
    /// llama.cpp with a model that says `lines` whatever it is asked.
    ///
    /// # Panics
    /// When it does not start in time, with what it wrote.
    pub fn llama(lines: &[&str]) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let model = folder.path().join("tiny.gguf");
        tiny_model::write(&model, lines).expect("the model can be written");
        let mut command = Command::new(&programs().llama_server);
        command.arg("--model").arg(model);
        command.args([
            "--host",
            "127.0.0.1",
            "--ctx-size",
            "32768",
            "--parallel",
            "2",
        ]);
        Server::start(command, folder, "/health", "\"ok\"")
    }

    /// LiteLLM with this configuration and these variables of the environment.
    ///
    /// # Panics
    /// As [`Server::llama`].
    pub fn litellm(config: &str, env: &[(&str, &str)]) -> Server {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("config.yaml");
        fs::write(&file, config).expect("a file can be written");
        let mut command = Command::new(&programs().litellm);
        command
            .arg("--config")
            .arg(file)
            .args(["--host", "127.0.0.1"]);
        command.envs(env.iter().copied());
        // It would ask the network for the prices of models.
        command.env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
        Server::start(command, folder, "/health/liveliness", "alive")
    }

    fn start(mut command: Command, folder: TempDir, path: &str, answer: &str) -> Server {
        // Neither program can be given a port that is already open, nor says which one it took.
        let free = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = free.local_addr().expect("an address").port();
        drop(free);
        let log = fs::File::create(folder.path().join("log")).expect("a file");
        let child = command
            .args(["--port", &port.to_string()])
            .current_dir(folder.path())
            .env("HOME", folder.path())
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a second handle"))
            .stderr(log)
            .spawn()
            .expect("the server starts");
        let mut server = Server {
            child,
            port,
            folder,
        };
        let deadline = Instant::now() + START.max(patience());
        while !get(port, path).is_some_and(|it| it.contains(answer)) {
            let ended = server.child.try_wait().expect("it can be looked at");
            assert!(
                ended.is_none() && Instant::now() < deadline,
                "the model server does not answer ({ended:?}):\n{}",
                server.log()
            );
            // Nothing on this side could wake the wait earlier.
            thread::sleep(Duration::from_millis(20));
        }
        server
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// All that it wrote so far.
    pub fn log(&self) -> String {
        let log = fs::read(self.folder.path().join("log")).unwrap_or_default();
        String::from_utf8_lossy(&log).into_owned()
    }

    /// The folder that it runs in.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Both fail only when it has ended meanwhile.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The answer to a GET, or none while nobody listens.
fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}
