//! Neovim's msgpack-RPC over the pipes of `nvim --embed`: calls and their answers.
//! What is called, and why, stands in `neovim`.

use std::collections::HashMap;
use std::io::{BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rmpv::Value as Msgpack;
use serde_json::Value as Json;

use crate::patience;

type Answer = Result<Msgpack, Msgpack>;

/// The calls still without an answer; none once Neovim has gone.
type Waiting = Arc<Mutex<Option<HashMap<u64, Sender<Answer>>>>>;

#[derive(Debug)]
pub(super) struct Rpc {
    stdin: Mutex<(ChildStdin, u64)>,
    waiting: Waiting,
}

impl Rpc {
    pub(super) fn new(stdin: ChildStdin, stdout: ChildStdout) -> Rpc {
        let waiting: Waiting = Arc::new(Mutex::new(Some(HashMap::new())));
        let calls = Arc::clone(&waiting);
        thread::spawn(move || {
            let mut stdout = BufReader::new(stdout);
            while let Ok(message) = rmpv::decode::read_value(&mut stdout) {
                settle(&calls, message);
            }
            // Dropping the senders wakes whoever waits for an answer.
            calls.lock().unwrap_or_else(PoisonError::into_inner).take();
        });
        Rpc {
            stdin: Mutex::new((stdin, 0)),
            waiting,
        }
    }

    /// Calls an API function and waits for its answer; an error is Neovim's own text or what went wrong.
    pub(super) fn call(&self, function: &str, arguments: Vec<Json>) -> Result<Json, String> {
        let (sender, receiver) = mpsc::channel();
        {
            let mut stdin = self.stdin.lock().unwrap_or_else(PoisonError::into_inner);
            let (pipe, id) = &mut *stdin;
            *id += 1;
            match &mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner) {
                Some(calls) => calls.insert(*id, sender),
                None => return Err(format!("Neovim has gone; {function} was not called")),
            };
            let call = Msgpack::Array(vec![
                0.into(),
                (*id).into(),
                function.into(),
                Msgpack::Array(arguments.into_iter().map(to_msgpack).collect()),
            ]);
            let sent = rmpv::encode::write_value(pipe, &call)
                .map_err(|error| error.to_string())
                .and_then(|()| pipe.flush().map_err(|error| error.to_string()));
            sent.map_err(|error| format!("Neovim does not read: {error}"))?;
        }
        match receiver.recv_timeout(patience()) {
            Ok(Ok(value)) => Ok(to_json(value)),
            Ok(Err(error)) => Err(match to_json(error) {
                Json::Array(parts) if parts.len() == 2 => match &parts[1] {
                    Json::String(text) => text.clone(),
                    other => other.to_string(),
                },
                other => other.to_string(),
            }),
            Err(_) => Err(format!("no answer to {function}")),
        }
    }
}

fn settle(waiting: &Waiting, message: Msgpack) {
    let Msgpack::Array(mut parts) = message else {
        return;
    };
    // Answers are [1, id, error, result]; notifications and requests of Neovim are nothing to us.
    if parts.len() != 4 || parts[0].as_u64() != Some(1) {
        return;
    }
    let result = parts.pop().unwrap_or(Msgpack::Nil);
    let error = parts.pop().unwrap_or(Msgpack::Nil);
    let answer = if error.is_nil() {
        Ok(result)
    } else {
        Err(error)
    };
    let id = parts[1].as_u64().unwrap_or_default();
    let mut calls = waiting.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(caller) = calls.as_mut().and_then(|calls| calls.remove(&id)) {
        caller.send(answer).ok();
    }
}

fn to_msgpack(value: Json) -> Msgpack {
    match value {
        Json::Null => Msgpack::Nil,
        Json::Bool(flag) => flag.into(),
        Json::Number(number) => match (number.as_i64(), number.as_u64(), number.as_f64()) {
            (Some(integer), _, _) => integer.into(),
            (None, Some(integer), _) => integer.into(),
            (None, None, float) => float.unwrap_or_default().into(),
        },
        Json::String(text) => text.into(),
        Json::Array(items) => Msgpack::Array(items.into_iter().map(to_msgpack).collect()),
        Json::Object(entries) => Msgpack::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key.into(), to_msgpack(value)))
                .collect(),
        ),
    }
}

fn to_json(value: Msgpack) -> Json {
    match value {
        Msgpack::Nil => Json::Null,
        Msgpack::Boolean(flag) => flag.into(),
        Msgpack::Integer(integer) => match (integer.as_i64(), integer.as_u64()) {
            (Some(integer), _) => integer.into(),
            (None, integer) => integer.into(),
        },
        Msgpack::F32(float) => f64::from(float).into(),
        Msgpack::F64(float) => float.into(),
        Msgpack::String(text) => String::from_utf8_lossy(text.as_bytes()).into(),
        Msgpack::Binary(bytes) => String::from_utf8_lossy(&bytes).into(),
        Msgpack::Array(items) => items.into_iter().map(to_json).collect(),
        Msgpack::Map(entries) => entries
            .into_iter()
            .map(|(key, value)| match to_json(key) {
                Json::String(key) => (key, to_json(value)),
                other => (other.to_string(), to_json(value)),
            })
            .collect(),
        // Handles of buffers, windows and tab pages: an integer inside.
        Msgpack::Ext(_, bytes) => {
            rmpv::decode::read_value(&mut &bytes[..]).map_or(Json::Null, to_json)
        }
    }
}
