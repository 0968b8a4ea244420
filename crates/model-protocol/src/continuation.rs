//! Which response a request may continue, and what is then left to send.
//!
//! A value in, a value out. That both are on the same live connection is the caller's to know, and which of a
//! connection's responses the server still holds.

use crate::request::{Message, Request, Role};

/// A response that ended as it should, with all that was said up to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Said {
    /// The server's name of it.
    pub response_id: String,
    /// The request as if it had been sent in full.
    pub request: Request,
    /// The text that it was answered with; empty for one that only warmed up, or whose answer was discarded.
    pub answer: String,
}

impl Said {
    /// The messages of `next` that the server has not seen, if `next` may continue this response: all fields but
    /// the messages are the same, and its messages begin with those asked and answered here. They may be none.
    /// Cost: one comparison of the texts.
    pub fn rest<'a>(&self, next: &'a Request) -> Option<&'a [Message]> {
        if self.response_id.is_empty() || !same_but_input(&self.request, next) {
            return None;
        }
        let asked = self.request.input.as_slice();
        let rest = next.input.strip_prefix(asked)?;
        if self.answer.is_empty() {
            return Some(rest);
        }
        let (answer, rest) = rest.split_first()?;
        let is_answer = answer.role == Role::Assistant && *answer.text == *self.answer;
        is_answer.then_some(rest)
    }
}

/// Whether two requests differ in nothing but what is said, and in how they travel.
fn same_but_input(one: &Request, other: &Request) -> bool {
    // Named one by one, so that a field to come is not forgotten here.
    let Request {
        model,
        instructions,
        input: _,
        previous_response_id: _,
        store,
        max_output_tokens,
        reasoning_effort,
        service_tier,
        stream_id: _,
        // Has no place on a wire that can continue.
        prediction: _,
        generate: _,
        extra,
    } = one;
    // Settings that say for themselves what is said must not be contradicted.
    let is_ours = ["input", "previous_response_id", "conversation", "generate"]
        .iter()
        .all(|name| !extra.contains_key(*name));
    is_ours
        && *model == other.model
        && *instructions == other.instructions
        && *store == other.store
        && *max_output_tokens == other.max_output_tokens
        && *reasoning_effort == other.reasoning_effort
        && *service_tier == other.service_tier
        && *extra == other.extra
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn assistant(text: &str) -> Message {
        Message {
            role: Role::Assistant,
            text: text.into(),
        }
    }

    fn request(input: &[Message]) -> Request {
        Request {
            model: "m".to_owned(),
            instructions: "i".to_owned(),
            input: input.to_vec(),
            ..Request::default()
        }
    }

    #[track_caller]
    fn check(asked: &[Message], answer: &str, next: &[Message], rest: Option<usize>) {
        let said = Said {
            response_id: "r".to_owned(),
            request: request(asked),
            answer: answer.to_owned(),
        };
        let next = request(next);
        let found = said.rest(&next);
        assert_eq!(found.map(<[Message]>::len), rest);
        if let Some(found) = found {
            assert!(next.input.ends_with(found));
        }
    }

    #[test]
    fn only_what_is_new_is_left() {
        let (a, b, c) = (Message::user("a"), Message::user("b"), Message::user("c"));
        check(&[], "", std::slice::from_ref(&a), Some(1));
        check(
            std::slice::from_ref(&a),
            "",
            &[a.clone(), b.clone()],
            Some(1),
        );
        check(
            std::slice::from_ref(&a),
            "",
            std::slice::from_ref(&a),
            Some(0),
        );
        let said = [a.clone(), assistant("x"), b.clone()];
        check(std::slice::from_ref(&a), "x", &said, Some(1));
        // Discarded by the server, but told by us.
        check(std::slice::from_ref(&a), "", &said, Some(2));
        check(&[a.clone(), b], "", &[a, c], None);
    }

    #[test]
    fn what_was_said_otherwise_is_not_continued() {
        let (a, b) = (Message::user("a"), Message::user("b"));
        check(std::slice::from_ref(&a), "", std::slice::from_ref(&b), None);
        check(
            std::slice::from_ref(&a),
            "x",
            std::slice::from_ref(&a),
            None,
        );
        check(
            std::slice::from_ref(&a),
            "x",
            &[a.clone(), assistant("y"), b.clone()],
            None,
        );
        check(
            std::slice::from_ref(&a),
            "x",
            &[a.clone(), Message::user("x"), b.clone()],
            None,
        );
        check(&[a.clone(), b], "", &[a], None);
    }

    #[test]
    fn every_other_field_must_be_the_same() {
        let first = request(&[Message::user("a")]);
        let said = |request: &Request| Said {
            response_id: "r".to_owned(),
            request: request.clone(),
            answer: String::new(),
        };
        let next = || request(&[Message::user("a"), Message::user("b")]);
        assert!(said(&first).rest(&next()).is_some());
        let changes: [fn(&mut Request); 7] = [
            |it| it.model.push('x'),
            |it| it.instructions.push('x'),
            |it| it.store = true,
            |it| it.max_output_tokens = Some(1),
            |it| it.reasoning_effort = Some("low".to_owned()),
            |it| it.service_tier = Some("flex".to_owned()),
            |it| drop(it.extra.insert("tools".to_owned(), json!([]))),
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = next();
            change(&mut other);
            assert_eq!(said(&first).rest(&other), None, "{number}");
        }
        let mut travels = next();
        travels.stream_id = Some("lane".to_owned());
        travels.prediction = Some("a".to_owned());
        assert!(said(&first).rest(&travels).is_some());
        // Without a name there is nothing to continue.
        let nameless = Said {
            response_id: String::new(),
            ..said(&first)
        };
        assert_eq!(nameless.rest(&next()), None);
    }

    #[test]
    fn settings_that_say_what_is_said_are_left_alone() {
        for name in ["input", "previous_response_id", "conversation", "generate"] {
            let with = |input: &[Message]| {
                let mut request = request(input);
                request.extra.insert(name.to_owned(), json!("x"));
                request
            };
            let said = Said {
                response_id: "r".to_owned(),
                request: with(&[Message::user("a")]),
                answer: String::new(),
            };
            let next = with(&[Message::user("a"), Message::user("b")]);
            assert_eq!(said.rest(&next), None, "{name}");
        }
    }
}
