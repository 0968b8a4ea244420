//! The built binary in a terminal of its own: keys in, screen out.

use std::io::{Read, Write};
use std::num::NonZero;
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};

/// Far more than any step takes; it ends a test that would hang.
const PATIENCE: Duration = Duration::from_secs(60);

/// One run in a terminal of 80 columns and 24 rows.
pub(crate) struct Terminal {
    shared: Arc<(Mutex<Shown>, Condvar)>,
    keys: Box<dyn Write + Send>,
    child: Box<dyn Child + Send + Sync>,
    _master: Box<dyn MasterPty + Send>,
}

struct Shown {
    screen: vt100::Parser,
    bytes: Vec<u8>,
    is_over: bool,
}

impl Terminal {
    pub(crate) fn start(
        arguments: &[&str],
        state: &Path,
        environment: &[(&str, &str)],
    ) -> Terminal {
        let size = PtySize {
            rows: 24,
            cols: 80,
            pixel_width: 0,
            pixel_height: 0,
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_redline"));
        command.args(arguments);
        command.env("TERM", "xterm-256color");
        command.env("XDG_STATE_HOME", state);
        command.env_remove("NO_COLOR");
        for (name, value) in environment {
            command.env(name, value);
        }
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let mut output = pair.master.try_clone_reader().unwrap();
        let keys = pair.master.take_writer().unwrap();
        let shared = Arc::new((
            Mutex::new(Shown {
                screen: vt100::Parser::new(NonZero::new(24).unwrap(), NonZero::new(80).unwrap(), 0),
                bytes: Vec::new(),
                is_over: false,
            }),
            Condvar::new(),
        ));
        let writer = Arc::clone(&shared);
        thread::spawn(move || {
            let mut piece = [0; 4096];
            loop {
                // A terminal whose program has ended reads as an error on some systems.
                let n = output.read(&mut piece).unwrap_or(0);
                let mut shown = writer.0.lock().unwrap();
                shown.screen.process(&piece[..n]);
                shown.bytes.extend_from_slice(&piece[..n]);
                shown.is_over = n == 0;
                writer.1.notify_all();
                if n == 0 {
                    return;
                }
            }
        });
        Terminal {
            shared,
            keys,
            child,
            _master: pair.master,
        }
    }

    /// Waits until a whole drawing shows all of these texts, and returns the screen.
    #[track_caller]
    pub(crate) fn wait_for(&self, texts: &[&str]) -> String {
        let until = Instant::now() + PATIENCE;
        let mut shown = self.shared.0.lock().unwrap();
        loop {
            let screen = shown.screen.screen().contents();
            if is_whole(&shown.bytes) && texts.iter().all(|it| screen.contains(it)) {
                return screen;
            }
            let left = until.saturating_duration_since(Instant::now());
            assert!(
                !shown.is_over && !left.is_zero(),
                "no {texts:?} in:\n{screen}"
            );
            shown = self.shared.1.wait_timeout(shown, left).unwrap().0;
        }
    }

    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits for the end, and returns the exit code and everything that was written.
    #[track_caller]
    pub(crate) fn end(mut self) -> (u32, String) {
        let until = Instant::now() + PATIENCE;
        let mut shown = self.shared.0.lock().unwrap();
        while !shown.is_over {
            let left = until.saturating_duration_since(Instant::now());
            let screen = shown.screen.screen().contents();
            assert!(!left.is_zero(), "does not end:\n{screen}");
            shown = self.shared.1.wait_timeout(shown, left).unwrap().0;
        }
        let code = self.child.wait().unwrap().exit_code();
        (code, String::from_utf8_lossy(&shown.bytes).into_owned())
    }
}

/// Whether no drawing is half told: a read may end within a synchronized update (mode 2026).
fn is_whole(bytes: &[u8]) -> bool {
    let last = |mark: &[u8]| bytes.windows(mark.len()).rposition(|it| it == mark);
    last(b"\x1b[?2026h") <= last(b"\x1b[?2026l")
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}
