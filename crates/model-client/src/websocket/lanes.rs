//! The lanes of one WebSocket: names that requests and events carry, so that several responses can
//! share it.

use model_protocol::{Decoder, Event};

/// So many responses a server runs side by side; more are queued there, out of our sight.
const MAX_IN_FLIGHT: usize = 16;

#[derive(Default)]
pub(crate) struct Lanes {
    all: Vec<Lane>,
}

pub(super) struct Lane {
    /// `None` is the lane of requests that name none.
    pub(super) name: Option<String>,
    pub(super) run: Option<Run>,
}

/// A response under way.
pub(super) struct Run {
    /// `None` once nobody wants it.
    pub(super) flight: Option<u64>,
    pub(super) decoder: Decoder,
    /// Known once it was created.
    pub(super) response_id: Option<String>,
    /// Size of the request's frame, until it is flushed.
    pub(super) unsent: Option<usize>,
    /// To be interrupted as soon as its id is known.
    pub(super) to_interrupt: bool,
    pub(super) was_heard: bool,
}

impl Run {
    pub(super) fn new(flight: u64, stream_id: Option<String>, bytes: usize) -> Run {
        Run {
            flight: Some(flight),
            decoder: Decoder::new(stream_id),
            response_id: None,
            unsent: Some(bytes),
            to_interrupt: false,
            was_heard: false,
        }
    }
}

impl Lanes {
    /// A lane on which nothing runs. Servers count the names that were ever used, so that free ones
    /// are taken again.
    pub(super) fn free(&mut self, named: bool) -> &mut Lane {
        let is_free = |it: &Lane| it.run.is_none() && it.name.is_some() == named;
        let at = self.all.iter().position(is_free).unwrap_or_else(|| {
            let count = self.all.iter().filter(|it| it.name.is_some()).count();
            self.all.push(Lane {
                name: named.then(|| format!("edit.{count}")),
                run: None,
            });
            self.all.len() - 1
        });
        &mut self.all[at]
    }

    fn runs(&self) -> impl Iterator<Item = &Run> {
        self.all.iter().filter_map(|it| it.run.as_ref())
    }

    pub(super) fn runs_mut(&mut self) -> impl Iterator<Item = &mut Run> {
        self.all.iter_mut().filter_map(|it| it.run.as_mut())
    }

    pub(super) fn at(&mut self, index: usize) -> &mut Lane {
        &mut self.all[index]
    }

    /// The response of a flight, and whether its lane has a name.
    pub(super) fn of_flight(&mut self, flight: u64) -> Option<(bool, &mut Run)> {
        self.all.iter_mut().find_map(|lane| {
            let run = lane.run.as_mut().filter(|it| it.flight == Some(flight))?;
            Some((lane.name.is_some(), run))
        })
    }

    /// Where an event belongs. One without a lane can only be told to belong to the one response
    /// that runs.
    pub(super) fn of_event(&self, event: &Event<'_>) -> Option<usize> {
        match event.stream_id() {
            Some(id) => self
                .all
                .iter()
                .position(|it| it.name.as_deref() == Some(id)),
            None => {
                let mut running = (0..self.all.len()).filter(|it| self.all[*it].run.is_some());
                let first = running.next()?;
                running.next().is_none().then_some(first)
            }
        }
    }

    /// Responses that run, wanted or not.
    pub(crate) fn count(&self) -> usize {
        self.runs().count()
    }

    pub(crate) fn wanted(&self) -> usize {
        self.runs().filter(|it| it.flight.is_some()).count()
    }

    /// Whether another response can run; `lanes` tells whether the server has them.
    pub(crate) fn has_room(&self, lanes: bool) -> bool {
        let default_is_free = self
            .all
            .iter()
            .all(|it| it.name.is_some() || it.run.is_none());
        match self.count() {
            0 => true,
            running => lanes && default_is_free && running < MAX_IN_FLIGHT,
        }
    }
}
