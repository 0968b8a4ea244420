//! Which lane a request takes and what it goes on from, as data.

use model_protocol::{Message, Role};

use super::*;

const LANES: Manner = Manner {
    named: true,
    continues: true,
    forks: true,
};
const NO_FORKS: Manner = Manner {
    forks: false,
    ..LANES
};
const ONE_LANE: Manner = Manner {
    named: false,
    continues: true,
    forks: false,
};

fn request(texts: &[&str]) -> Request {
    let message = |text: &&str| match text.strip_prefix("model: ") {
        Some(said) => Message {
            role: Role::Assistant,
            text: said.into(),
        },
        None => Message::user(*text),
    };
    Request {
        input: texts.iter().map(message).collect(),
        ..Request::default()
    }
}

#[derive(Default)]
struct Bench {
    lanes: Lanes,
    flights: u64,
}

impl Bench {
    /// Begins and gives the lane's name, what it continues and what is sent.
    fn begin(&mut self, mut request: Request, manner: Manner) -> (usize, String) {
        self.flights += 1;
        let whole = request.input.clone();
        let (at, begun) = self.lanes.begin(self.flights, &mut request, manner);
        let known = whole.strip_suffix(&*request.input).unwrap_or_default();
        assert_eq!(begun.saved, Request::input_bytes(known));
        let lane = request.stream_id.as_deref().unwrap_or("-");
        let parent = request.previous_response_id.as_deref().unwrap_or("-");
        let texts: Vec<&str> = request.input.iter().map(|it| &*it.text).collect();
        (at, format!("{lane} {parent}: {}", texts.join(", ")))
    }

    fn end(&mut self, at: usize, response_id: &str, answer: &str) {
        if let Some(run) = &mut self.lanes.all[at].run {
            run.answer = answer.to_owned();
        }
        let end = StreamEvent::Completed {
            response_id: response_id.to_owned(),
            usage: None,
        };
        self.lanes.end(at, &end);
    }

    #[track_caller]
    fn check(&mut self, texts: &[&str], manner: Manner, expected: &str) -> usize {
        let (at, found) = self.begin(request(texts), manner);
        assert_eq!(found, expected);
        at
    }

    fn ahead(&mut self, texts: &[&str], manner: Manner, response_id: &str) -> usize {
        let mut request = request(texts);
        request.generate = Some(false);
        let (at, _) = self.begin(request, manner);
        self.end(at, response_id, "");
        at
    }
}

#[test]
fn many_requests_fork_from_what_was_sent_ahead() {
    let mut bench = Bench::default();
    bench.ahead(&["file"], LANES, "w");
    let one = bench.check(&["file", "a"], LANES, "edit.1 w: a");
    bench.check(&["file", "b"], LANES, "edit.2 w: b");
    bench.end(one, "r1", "A");
    bench.check(&["file", "c"], LANES, "edit.1 w: c");
    bench.check(&["other", "c"], LANES, "edit.3 -: other, c");
}

#[test]
fn where_lanes_cannot_fork_the_request_goes_on_the_same_lane_once() {
    let mut bench = Bench::default();
    bench.ahead(&["file"], NO_FORKS, "w");
    bench.check(&["file", "a"], NO_FORKS, "edit.0 w: a");
    bench.check(&["file", "b"], NO_FORKS, "edit.1 -: file, b");
}

#[test]
fn without_lanes_only_the_newest_response_is_continued() {
    let mut bench = Bench::default();
    let first = bench.ahead(&["file"], ONE_LANE, "w");
    assert_eq!(bench.check(&["file", "a"], ONE_LANE, "- w: a"), first);
    bench.end(first, "r", "A");
    bench.check(&["file", "b"], ONE_LANE, "- -: file, b");
    bench.end(first, "r", "B");
    bench.check(&["file", "b", "model: B", "c"], ONE_LANE, "- r: c");
}

#[test]
fn a_server_that_turns_out_to_have_no_lanes_is_continued_all_the_same() {
    let mut bench = Bench::default();
    bench.ahead(&["file"], LANES, "w");
    bench.check(&["file", "a"], ONE_LANE, "- w: a");
}

#[test]
fn a_conversation_goes_on_where_it_was() {
    let mut bench = Bench::default();
    bench.ahead(&["file"], LANES, "w");
    let at = bench.check(&["file", "a"], LANES, "edit.1 w: a");
    bench.end(at, "r", "A");
    let again = ["file", "a", "model: A", "b"];
    assert_eq!(bench.check(&again, LANES, "edit.1 r: b"), at);
    // It is running there now, so another begins at what was sent ahead.
    bench.check(&again, LANES, "edit.2 w: a, A, b");
}

#[test]
fn an_interrupted_answer_is_told_again() {
    let mut bench = Bench::default();
    let at = bench.check(&["file", "a"], LANES, "edit.0 -: file, a");
    if let Some(run) = &mut bench.lanes.all[at].run {
        run.response_id = Some("r".to_owned());
        run.answer = "half".to_owned();
    }
    let end = StreamEvent::Incomplete {
        reason: "interrupted".to_owned(),
        usage: None,
    };
    bench.lanes.end(at, &end);
    bench.check(
        &["file", "a", "model: half", "b"],
        LANES,
        "edit.0 r: half, b",
    );
}

#[test]
fn what_ended_otherwise_is_not_continued() {
    let ends = [
        StreamEvent::Failed(Default::default()),
        StreamEvent::Incomplete {
            reason: "max_output_tokens".to_owned(),
            usage: None,
        },
    ];
    for end in ends {
        let mut bench = Bench::default();
        let at = bench.check(&["file"], LANES, "edit.0 -: file");
        bench.lanes.end(at, &end);
        bench.check(&["file", "a"], LANES, "edit.0 -: file, a");
    }
}

#[test]
fn a_lane_from_which_a_request_forks_does_not_go_on_before_that_was_taken_up() {
    let mut bench = Bench::default();
    let lanes = ["1", "2", "3"].map(|name| bench.ahead(&[name], LANES, name));
    let fork = bench.check(&["1", "a"], LANES, "edit.3 1: a");
    // The lanes for what is sent ahead are all in use; the oldest one is forked from.
    let next = bench.ahead(&["4"], LANES, "4");
    assert_eq!(next, lanes[1]);
    if let Some(run) = &mut bench.lanes.all[fork].run {
        run.is_taken_up = true;
    }
    bench.check(&["1", "b"], LANES, "edit.4 1: b");
    assert_eq!(bench.ahead(&["5"], LANES, "5"), lanes[2]);
}

#[test]
fn names_of_lanes_stay_few() {
    let mut bench = Bench::default();
    for round in 0..200 {
        let file = round.to_string();
        bench.ahead(&[&file], LANES, &file);
        let all: Vec<usize> = (0..4)
            .map(|_| bench.begin(request(&[&file, "a"]), LANES).0)
            .collect();
        all.into_iter().for_each(|at| bench.end(at, "r", "x"));
    }
    assert!(
        bench.lanes.all.len() <= MAX_AHEAD + 5,
        "{}",
        bench.lanes.all.len()
    );
}

#[test]
fn what_the_server_forgot_is_not_continued_again() {
    let mut bench = Bench::default();
    bench.ahead(&["file"], LANES, "w");
    let at = bench.check(&["file", "a"], LANES, "edit.1 w: a");
    bench.lanes.forget_parent_of(at);
    bench.check(&["file", "b"], LANES, "edit.0 -: file, b");
}

#[test]
fn what_was_sent_ahead_is_known_to_be_held() {
    let mut bench = Bench::default();
    bench.ahead(&["file"], LANES, "w");
    assert!(bench.lanes.holds(&request(&["file"])));
    assert!(!bench.lanes.holds(&request(&["file", "a"])));
    assert!(!bench.lanes.holds(&request(&["other"])));
    assert_eq!(bench.lanes.known(&request(&["file", "a"]), LANES), 1);
}
