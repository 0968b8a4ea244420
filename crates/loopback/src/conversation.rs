//! What a continuation may continue: the newest response of each lane, and stored ones.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use model_protocol::Message;

use crate::create::{Create, Refused};

/// A finished response with everything that was said up to it.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) response_id: String,
    pub(crate) messages: Vec<Message>,
}

/// The memory of one connection: per lane only the newest response.
#[derive(Debug, Default)]
pub(crate) struct Lanes {
    newest: Mutex<BTreeMap<Option<String>, Said>>,
}

/// Responses with `store: true`, of all connections; the oldest are forgotten.
#[derive(Debug, Default)]
pub(crate) struct Store {
    said: Mutex<VecDeque<Said>>,
}

const STORED: usize = 256;

impl Store {
    pub(crate) fn find(&self, response_id: &str) -> Option<Said> {
        let said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.iter()
            .find(|it| it.response_id == response_id)
            .cloned()
    }

    pub(crate) fn keep(&self, said: Said) {
        let mut all = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == STORED {
            all.pop_front();
        }
        all.push_back(said);
    }
}

impl Lanes {
    fn find(&self, response_id: &str) -> Option<Said> {
        let newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest
            .values()
            .find(|it| it.response_id == response_id)
            .cloned()
    }

    pub(crate) fn keep(&self, stream_id: Option<String>, said: Said) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        newest.insert(stream_id, said);
    }

    /// A continuation that ends in an error takes its parent with it, in the same lane only.
    pub(crate) fn evict(&self, create: &Create) {
        let mut newest = self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        let parent = create.previous_response_id.as_deref();
        if newest
            .get(&create.stream_id)
            .is_some_and(|it| Some(it.response_id.as_str()) == parent)
        {
            newest.remove(&create.stream_id);
        }
    }
}

/// What was said before the request.
pub(crate) fn parent(
    create: &Create,
    lanes: Option<&Lanes>,
    store: &Store,
) -> Result<Vec<Message>, Refused> {
    let Some(id) = create.previous_response_id.as_deref() else {
        return Ok(Vec::new());
    };
    match lanes.and_then(|it| it.find(id)).or_else(|| store.find(id)) {
        Some(said) => Ok(said.messages),
        None => Err(Refused::invalid(
            Some("previous_response_not_found"),
            Some("previous_response_id"),
            format!("Previous response with id '{id}' not found."),
        )),
    }
}
