//! A key that takes time to fetch: when it is fetched, how long it is kept, and that it is one at
//! a time. Where keys are stored is not known here.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use crate::config::Secret;
use crate::error::LinkError;

/// Fetches a key before the first connection, and again when the server does not take it any more.
///
/// Clones share what was fetched.
#[derive(Clone)]
pub struct KeyFetch(Arc<Shared>);

struct Shared {
    fetch: Box<Fetch>,
    known: Mutex<Known>,
    /// Held while it is fetched, so that several connections ask only once.
    turn: tokio::sync::Mutex<()>,
}

type Fetch = dyn Fn() -> Result<Secret, String> + Send + Sync;

#[derive(Default)]
struct Known {
    current: Option<Secret>,
    /// All that there were, none of which may be shown.
    seen: Vec<Secret>,
}

impl KeyFetch {
    /// The function may block: it runs on a thread that serves nothing else. Its error is a sentence
    /// for the person, and must not hold the key.
    pub fn new(fetch: impl Fn() -> Result<Secret, String> + Send + Sync + 'static) -> KeyFetch {
        KeyFetch(Arc::new(Shared {
            fetch: Box::new(fetch),
            known: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
        }))
    }

    fn known<T>(&self, look: impl FnOnce(&mut Known) -> T) -> T {
        let known = self.0.known.lock();
        look(&mut known.unwrap_or_else(PoisonError::into_inner))
    }

    /// The key as it was fetched, or fetched now.
    pub(crate) async fn get(&self) -> Result<Secret, LinkError> {
        let _turn = self.0.turn.lock().await;
        if let Some(key) = self.known(|it| it.current.clone()) {
            return Ok(key);
        }
        let shared = Arc::clone(&self.0);
        let fetched = tokio::task::spawn_blocking(move || (shared.fetch)()).await;
        let fetched = fetched.unwrap_or_else(|_| Err("fetching it failed".to_owned()));
        let key = fetched.map_err(|reason| LinkError::Key { reason })?;
        self.known(|it| {
            it.current = Some(key.clone());
            if !it.seen.contains(&key) {
                it.seen.push(key.clone());
            }
        });
        Ok(key)
    }

    /// Whether this is what the key's header says as things are.
    pub(crate) fn is_current(&self, header: &[u8]) -> bool {
        let current = self.known(|it| it.current.clone());
        current.is_some_and(|key| header.strip_prefix(b"Bearer ") == Some(key.expose().as_bytes()))
    }

    /// The server does not take the key: it may have been replaced meanwhile.
    pub(crate) fn forget(&self) {
        self.known(|it| it.current = None);
    }

    pub(crate) fn seen(&self) -> Vec<Secret> {
        self.known(|it| it.seen.clone())
    }
}

impl fmt::Debug for KeyFetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyFetch")
    }
}
