//! What an editor does with rewrites: asks for one, follows it by `redline/rewriteChanged`, decides.
//! Words and shapes are those of the documented surface; nothing here knows how the server keeps them.

use std::ops::Range;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{Client, Manner, ResponseError, Setup, offset};
use crate::lsp::Position;

const CHANGED: &str = "redline/rewriteChanged";

/// The states that nothing follows.
const OVER: [&str; 4] = ["accepted", "rejected", "failed", "stale"];

impl Setup {
    /// Says that the client wants `redline/rewriteChanged`.
    #[must_use]
    pub fn with_events(mut self) -> Setup {
        self.capabilities["experimental"]["redline"]["events"] = true.into();
        self
    }

    /// Behaves as the editor of these manners and says its name.
    #[must_use]
    pub fn with_manner(mut self, manner: Manner) -> Setup {
        self.manner = manner;
        self.client_name = manner.client_name().to_owned();
        self
    }
}

impl Client {
    /// `redline.rewrite` of a range of bytes; answers the rewrite's number.
    ///
    /// # Errors
    /// The server's error.
    ///
    /// # Panics
    /// When the answer is no number and region.
    #[track_caller]
    pub fn rewrite(
        &self,
        uri: &str,
        bytes: Range<usize>,
        instruction: &str,
        apply: &str,
    ) -> Result<u64, ResponseError> {
        let range = self.range(uri, bytes);
        let argument =
            json!({ "uri": uri, "range": range, "instruction": instruction, "apply": apply });
        let answer = self.execute("redline.rewrite", argument)?;
        assert!(answer["region"]["start"]["line"].is_u64(), "{answer}");
        let id = answer["rewrite"].as_u64();
        Ok(id.unwrap_or_else(|| panic!("no rewrite in {answer}")))
    }

    /// A command about one rewrite, such as `redline.accept`.
    ///
    /// # Errors
    /// The server's error.
    #[track_caller]
    pub fn decide(&self, command: &str, rewrite: u64) -> Result<Value, ResponseError> {
        self.execute(command, json!({ "rewrite": rewrite }))
    }

    /// As [`Client::decide`], about one hunk.
    ///
    /// # Errors
    /// The server's error.
    #[track_caller]
    pub fn decide_hunk(
        &self,
        command: &str,
        rewrite: u64,
        hunk: usize,
    ) -> Result<Value, ResponseError> {
        self.execute(command, json!({ "rewrite": rewrite, "hunk": hunk }))
    }

    /// The rewrites of a document as `redline.list` tells them.
    ///
    /// # Panics
    /// When the request fails or answers no list.
    #[track_caller]
    pub fn rewrites(&self, uri: &str) -> Vec<Value> {
        let answer = self.execute("redline.list", json!({ "uri": uri }));
        let answer = answer.unwrap_or_else(|error| panic!("redline.list failed: {error}"));
        let Value::Array(list) = answer else {
            panic!("no list: {answer}");
        };
        list
    }

    /// What the server last said of a rewrite, if anything.
    pub fn latest(&self, rewrite: u64) -> Option<Value> {
        let shared = self.wire.shared();
        let messages = shared.messages.iter().rev();
        let mut ours =
            messages.filter(|it| it.method == CHANGED && it.params["rewrite"] == rewrite);
        ours.next().map(|message| message.params.clone())
    }

    /// Everything the server has said of a rewrite, in order.
    pub fn history(&self, rewrite: u64) -> Vec<Value> {
        let shared = self.wire.shared();
        let ours = shared.messages.iter();
        let ours = ours.filter(|it| it.method == CHANGED && it.params["rewrite"] == rewrite);
        ours.map(|message| message.params.clone()).collect()
    }

    /// Waits until the server has said that a rewrite is in `state`; answers the first such word of it.
    ///
    /// # Panics
    /// When it does not come, at once when the rewrite is over in another way.
    #[track_caller]
    pub fn wait_for_state(&self, rewrite: u64, state: &str) -> Value {
        let what = format!("rewrite {rewrite} to be {state}");
        let found = self.wire.wait(&what, |shared| {
            let ours = shared.messages.iter();
            let ours = ours.filter(|it| it.method == CHANGED && it.params["rewrite"] == rewrite);
            for message in ours {
                let now = message.params["state"].as_str().unwrap_or_default();
                if now == state {
                    return Some(Ok(message.params.clone()));
                }
                if OVER.contains(&now) {
                    return Some(Err(message.params.clone()));
                }
            }
            None
        });
        found.unwrap_or_else(|over| panic!("waited for {what}, but it is over: {over:#}"))
    }

    /// Waits until a rewrite is over and the document is where that brings it; answers the last word of it.
    ///
    /// # Panics
    /// When it does not come.
    #[track_caller]
    pub fn wait_until_over(&self, rewrite: u64) -> Value {
        self.wait_for_message(0, CHANGED, |params| {
            params["rewrite"] == rewrite && is_over(params)
        })
    }

    /// Waits for anything from the server, or for a change of a document, at most `pause`.
    /// For loops in which a person types at their own pace.
    pub fn wait_for_news(&self, mark: usize, pause: Duration) {
        let deadline = Instant::now() + pause;
        let (lock, news) = &*self.wire.shared;
        let mut shared = lock.lock().unwrap_or_else(|it| it.into_inner());
        while shared.messages.len() <= mark {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            let waited = news.wait_timeout(shared, left);
            shared = waited.unwrap_or_else(|it| it.into_inner()).0;
        }
    }

    /// Bytes of a range of the protocol in a document's text.
    ///
    /// # Panics
    /// When the document is not open or the range is not in it.
    #[track_caller]
    pub fn bytes(&self, uri: &str, range: &Value) -> Range<usize> {
        let text = self.text(uri);
        let at = |end: &str| {
            let position = Position::from_json(&range[end]);
            let position = position.unwrap_or_else(|error| panic!("{error}"));
            let at = offset(&text, position, self.encoding());
            at.unwrap_or_else(|error| panic!("{range} in {text:?}: {error}"))
        };
        at("start")..at("end")
    }
}

/// Whether a rewrite is over and its text is settled: the time of the decision is told last.
pub fn is_over(rewrite: &Value) -> bool {
    let state = rewrite["state"].as_str().unwrap_or_default();
    OVER.contains(&state) && rewrite["timings"]["decided"].is_number()
}
