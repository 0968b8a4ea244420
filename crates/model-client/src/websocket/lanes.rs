//! The lanes of one WebSocket: names that requests and events carry, so that several responses can share it, and
//! the newest response of each, which can be continued.
//!
//! What may be continued is the rule of `model-protocol`; here is which of the responses the server still holds,
//! and on which lane the continuation goes.

use model_protocol::{Decoder, Event, Message, Request, Role, Said, StreamEvent};

/// So many responses a server runs side by side; more are queued there, out of our sight.
const MAX_IN_FLIGHT: usize = 16;
/// Lanes that hold what was sent ahead.
const MAX_AHEAD: usize = 3;
/// A conversation longer than this is not remembered, but sent in full each time.
const MOST_REMEMBERED: usize = 4 << 20;

#[derive(Default)]
pub(crate) struct Lanes {
    all: Vec<Lane>,
    /// Requests begun so far.
    count: u64,
}

pub(super) struct Lane {
    /// `None` is the lane of requests that name none.
    pub(super) name: Option<String>,
    pub(super) run: Option<Run>,
    said: Option<Said>,
    /// Bytes on the wire of the messages of `said`, its answer included.
    said_bytes: usize,
    /// What it said only warmed up: other lanes may fork from it again and again.
    is_ahead: bool,
    /// When it was last begun or forked, as a number of request.
    used: u64,
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
    /// Bytes of its events so far.
    pub(super) received: usize,
    /// The request in full, while it can be continued.
    asked: Option<Request>,
    answer: String,
    /// Bytes on the wire of the messages of `asked`, those included that were not sent.
    asked_bytes: usize,
    /// The response that it continues.
    parent: Option<Parent>,
    /// The server has it in hand, and with it what it continues.
    is_taken_up: bool,
}

/// What a request goes on from.
#[derive(Debug, Clone)]
pub(super) struct Parent {
    pub(super) response_id: String,
    /// Messages that need not be sent.
    pub(super) known: usize,
    /// Their bytes on the wire.
    bytes: usize,
    lane: usize,
    is_fork: bool,
}

/// How requests may use the lanes of a server.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Manner {
    /// Requests name a lane.
    pub(crate) named: bool,
    /// Responses can be continued.
    pub(crate) continues: bool,
    /// They can be continued from another lane.
    pub(crate) forks: bool,
}

/// How a request began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Begun {
    /// It continues a response.
    pub(crate) continues: bool,
    /// That response is another lane's.
    pub(crate) is_fork: bool,
    /// Bytes that need not be sent because of that.
    pub(crate) saved: usize,
}

impl Run {
    fn new(flight: u64, lane: Option<String>, asked: Request, parent: Option<Parent>) -> Run {
        Run {
            flight: Some(flight),
            decoder: Decoder::new(lane),
            response_id: None,
            unsent: None,
            to_interrupt: false,
            was_heard: false,
            received: 0,
            asked: Some(asked),
            answer: String::new(),
            asked_bytes: 0,
            parent,
            is_taken_up: false,
        }
    }

    /// Takes in what decides whether the response can be continued.
    pub(super) fn note(&mut self, event: &Event<'_>, decoded: &StreamEvent) {
        match decoded {
            StreamEvent::Delta { text } if self.asked.is_some() => self.answer.push_str(text),
            // What is refused is not part of the conversation as we would tell it.
            StreamEvent::Refusal { .. } => self.asked = None,
            StreamEvent::Ignored if event.ends_other_item() => self.asked = None,
            _ => {}
        }
        // Until the server has it in hand, the lane that it forks from must not go on.
        if !matches!(event.kind(), "response.created" | "response.queued") {
            self.is_taken_up = true;
        }
    }

    fn said(&mut self, end: &StreamEvent) -> Option<Said> {
        let answer = std::mem::take(&mut self.answer);
        let (response_id, answer) = match end {
            StreamEvent::Completed { response_id, .. } => (response_id.clone(), answer),
            // It was interrupted on terms that discard what there was of it.
            StreamEvent::Incomplete { reason, .. } if reason == "interrupted" => {
                (self.response_id.clone()?, String::new())
            }
            _ => return None,
        };
        Some(Said {
            response_id,
            request: self.asked.take()?,
            answer,
        })
    }
}

/// Bytes of two lists of messages as one, with the comma between them.
fn joined(first: usize, second: usize) -> usize {
    first + second + usize::from(first > 0 && second > 0)
}

fn answer_bytes(said: &Said) -> usize {
    match said.answer.is_empty() {
        true => 0,
        false => Request::input_bytes(&[Message {
            role: Role::Assistant,
            text: said.answer.as_str().into(),
        }]),
    }
}

impl Lanes {
    /// Begins a request: chooses its lane and, where one can be continued, the response before it. Takes out of
    /// `request` what the server knows already.
    pub(super) fn begin(
        &mut self,
        flight: u64,
        request: &mut Request,
        manner: Manner,
    ) -> (usize, Begun) {
        let is_ahead = request.generate == Some(false);
        let parent = self.parent(request, manner).filter(|_| !is_ahead);
        let at = match &parent {
            Some(parent) if !parent.is_fork && manner.named => parent.lane,
            _ if is_ahead => self.free_ahead(manner.named),
            _ => self.free(manner.named),
        };
        let text: usize = request.input.iter().map(|it| it.text.len()).sum();
        let asked = request.clone();
        let mut begun = Begun::default();
        if let Some(parent) = &parent {
            request.previous_response_id = Some(parent.response_id.clone());
            request.input.drain(..parent.known);
            begun = Begun {
                continues: true,
                is_fork: parent.is_fork,
                saved: parent.bytes,
            };
        }
        self.count += 1;
        if let Some(parent) = &parent {
            self.all[parent.lane].used = self.count;
        }
        if !manner.named {
            // All is one lane there, and it goes on from here.
            self.all.iter_mut().for_each(|it| it.said = None);
        }
        let lane = &mut self.all[at];
        lane.said = None;
        lane.is_ahead = is_ahead;
        lane.used = self.count;
        let mut run = Run::new(flight, lane.name.clone(), asked, parent);
        if text > MOST_REMEMBERED || !manner.continues {
            run.asked = None;
        } else {
            // Of what is known already the bytes are, too: it is not looked at again.
            run.asked_bytes = joined(begun.saved, Request::input_bytes(&request.input));
        }
        request.stream_id = lane.name.clone();
        lane.run = Some(run);
        (at, begun)
    }

    /// The response whose continuation leaves the least to send.
    fn parent(&self, request: &Request, manner: Manner) -> Option<Parent> {
        if !manner.continues || request.previous_response_id.is_some() {
            return None;
        }
        let candidates = self.all.iter().enumerate().filter_map(|(lane, it)| {
            let said = it.said.as_ref().filter(|_| it.run.is_none())?;
            let rest = said.rest(request).filter(|rest| !rest.is_empty())?;
            Some(Parent {
                response_id: said.response_id.clone(),
                known: request.input.len() - rest.len(),
                bytes: it.said_bytes,
                lane,
                is_fork: manner.named && manner.forks && it.is_ahead,
            })
        });
        candidates
            .filter(|it| it.is_fork || !manner.named || !self.is_awaited(it.lane))
            .max_by_key(|it| it.known)
    }

    /// How many messages of the request need not be sent here.
    pub(crate) fn known(&self, request: &Request, manner: Manner) -> usize {
        self.parent(request, manner).map_or(0, |it| it.known)
    }

    /// Whether exactly this was sent ahead and is still held.
    pub(crate) fn holds(&self, request: &Request) -> bool {
        let mut said = self.all.iter().filter_map(|it| it.said.as_ref());
        said.any(|it| it.rest(request).is_some_and(<[_]>::is_empty))
    }

    /// Whether a request that forks from the lane has not been taken up yet.
    fn is_awaited(&self, lane: usize) -> bool {
        self.runs()
            .filter(|it| !it.is_taken_up)
            .filter_map(|it| it.parent.as_ref())
            .any(|it| it.is_fork && it.lane == lane)
    }

    /// The server does not know this response any more.
    pub(super) fn forget_parent_of(&mut self, index: usize) {
        let run = self.all[index].run.as_ref();
        let Some(parent) = run.and_then(|it| it.parent.clone()) else {
            return;
        };
        for lane in &mut self.all {
            lane.said.take_if(|it| it.response_id == parent.response_id);
        }
    }

    /// The response on the lane has ended.
    pub(super) fn end(&mut self, index: usize, end: &StreamEvent) {
        let lane = &mut self.all[index];
        let Some(mut run) = lane.run.take() else {
            return;
        };
        lane.said = run.said(end);
        lane.said_bytes = joined(run.asked_bytes, lane.said.as_ref().map_or(0, answer_bytes));
    }

    /// A lane on which nothing runs. Servers count the names that were ever used, so that free ones are taken
    /// again; what was sent ahead is not given up for it.
    fn free(&mut self, named: bool) -> usize {
        let is_free = |it: &Lane| {
            let holds = named && it.is_ahead && it.said.is_some();
            it.run.is_none() && it.name.is_some() == named && !holds
        };
        match self.all.iter().position(is_free) {
            Some(at) => at,
            None => self.open(named),
        }
    }

    /// The lane for what is sent ahead: one more of its kind, or the one that was of no use for the longest time.
    fn free_ahead(&mut self, named: bool) -> usize {
        if !named {
            return self.free(false);
        }
        let usable = |(at, it): &(usize, &Lane)| {
            it.is_ahead && it.name.is_some() && it.run.is_none() && !self.is_awaited(*at)
        };
        let lanes = self.all.iter().enumerate();
        let ahead = self.all.iter().filter(|it| it.is_ahead).count();
        let oldest = lanes.filter(usable).min_by_key(|(_, it)| it.used);
        match oldest.map(|(at, it)| (at, it.said.is_none())) {
            Some((at, true)) => at,
            Some((at, false)) if ahead >= MAX_AHEAD => at,
            _ => {
                let plain = |it: &Lane| !it.is_ahead && it.run.is_none() && it.name.is_some();
                match self.all.iter().position(plain) {
                    Some(at) => at,
                    None => self.open(true),
                }
            }
        }
    }

    fn open(&mut self, named: bool) -> usize {
        let count = self.all.iter().filter(|it| it.name.is_some()).count();
        self.all.push(Lane {
            name: named.then(|| format!("edit.{count}")),
            run: None,
            said: None,
            said_bytes: 0,
            is_ahead: false,
            used: 0,
        });
        self.all.len() - 1
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

    /// Bytes that came for a flight so far.
    pub(crate) fn received(&self, flight: u64) -> usize {
        let mut runs = self.runs();
        runs.find(|it| it.flight == Some(flight))
            .map_or(0, |it| it.received)
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

#[cfg(test)]
mod tests;
