//! Attempts to connect: how many, when, and how they came out.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use model_protocol::Quota;
use tokio::time::Instant;

use super::{Live, Pool};
use crate::dial::{DialError, Dialled};
use crate::error::Retry;
use crate::flight::backoff;
use crate::target::Wire;

type Task<T> = Pin<Box<dyn Future<Output = T> + Send>>;

pub(super) struct Dialling {
    began: Instant,
    wire: Wire,
    task: Task<Result<Dialled, DialError>>,
}

/// How an attempt to connect came out.
pub(crate) struct Outcome {
    pub(crate) began: Instant,
    pub(crate) wire: Wire,
    pub(crate) result: Result<Quota, DialError>,
}

impl Pool {
    /// How many connections should be made.
    fn missing(&self, now: Instant) -> usize {
        let fresh = self.lives.iter().filter(|it| !it.retiring);
        let (mut idle, mut busy) = (0, 0);
        for live in fresh {
            match live.connection.is_idle() {
                true => idle += 1,
                false => busy += 1,
            }
        }
        let is_resting = now > self.last_use + self.rest();
        let wanted_idle = match (busy, is_resting, self.wire) {
            (0, true, Wire::WebSocket) => 1,
            (0, true, _) => 0,
            (0, false, _) => 2,
            _ => 1,
        };
        let most = (self.dialer.config.parallel + 1).saturating_sub(idle + busy);
        let missing = usize::saturating_sub(wanted_idle, idle).min(most);
        missing.saturating_sub(self.dialling.len())
    }

    /// Starts attempts that are due; `urgent` when a request waits for one.
    pub(crate) fn dial(&mut self, now: Instant, urgent: bool) {
        let is_due = self.dial_at.is_some_and(|it| it <= now);
        let urgent = urgent && self.is_empty();
        let mut wanted = if is_due { self.missing(now) } else { 0 };
        if urgent {
            wanted = wanted.max(usize::from(self.dialling.is_empty()));
        }
        if self.failures > 0 || self.is_empty() {
            wanted = wanted.min(usize::from(self.dialling.is_empty()));
        }
        for _ in 0..wanted {
            let (dialer, wire) = (Arc::clone(&self.dialer), self.wire);
            self.dialling.push(Dialling {
                began: now,
                wire,
                task: Box::pin(async move { dialer.dial(wire).await }),
            });
        }
    }

    /// When `dial` has something to do next.
    pub(crate) fn next_dial(&self, now: Instant) -> Option<Instant> {
        self.dial_at.filter(|it| *it > now && self.missing(now) > 0)
    }

    /// Waits for an attempt to come out; a connection that stands is taken in.
    pub(crate) fn poll_dialling(&mut self, cx: &mut Context<'_>) -> Poll<Outcome> {
        for at in 0..self.dialling.len() {
            let Poll::Ready(result) = self.dialling[at].task.as_mut().poll(cx) else {
                continue;
            };
            let Dialling { began, wire, .. } = self.dialling.remove(at);
            let now = Instant::now();
            let result = match result {
                Ok(dialled) => {
                    self.next_key += 1;
                    self.lives.push(Live {
                        key: self.next_key,
                        connection: dialled.connection,
                        since: now,
                        retiring: false,
                        is_foreign: false,
                        leftover_since: None,
                    });
                    self.dial_at = Some(now);
                    Ok(dialled.quota)
                }
                Err(error) => {
                    self.failures += 1;
                    let is_final = error.error.retry() == Retry::Never;
                    self.dial_at =
                        (!is_final).then(|| now + backoff(&self.dialer.config, self.failures));
                    Err(error)
                }
            };
            return Poll::Ready(Outcome {
                began,
                wire,
                result,
            });
        }
        Poll::Pending
    }
}
