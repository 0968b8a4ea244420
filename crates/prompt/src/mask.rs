//! Secrets in text that is to leave: other words of the same length stand for them in a request, and
//! become the secrets again in the answer.
//!
//! Of the same length, so that every offset in the text stays what it is: regions, trees and line
//! numbers need not know. The same secret has the same stand-in for as long as the process lives, so
//! that what was sent ahead can be gone on from, and no stand-in tells anything of its secret.
//! What looks like a secret is in `mask/find`.

mod find;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::ops::Range;
use std::sync::OnceLock;

use model_protocol::Request;
use text::Text;

/// Of a larger text only so much around the region is looked at as a whole; what else of it goes into
/// a request is looked at there.
const WHOLE: usize = 1 << 20;
const AROUND: usize = 64 << 10;

/// Secrets that are looked for by themselves everywhere, at most.
const MOST_REPEATED: usize = 64;

/// Begins a stand-in that has room for it, so that people and models see what it is.
const SIGN: &str = "REDACTED";

/// The secrets of a request and what stands for them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Masks {
    /// Stand-in and secret, each once.
    pairs: Vec<(String, String)>,
    /// The place of each secret's pair.
    places: BTreeMap<String, usize>,
    /// A document was looked at in part.
    is_partial: bool,
    is_off: bool,
}

/// Where the secrets of a document stand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Secrets {
    places: Vec<Range<usize>>,
    is_of_all: bool,
}

impl Secrets {
    /// Whether they are all of the document's, whatever the region.
    pub fn is_of_all(&self) -> bool {
        self.is_of_all
    }
}

/// A region that begins or ends inside of a secret cannot be shown in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the selection begins or ends inside of what looks like a password or key, which is not sent; select all of it, or set `privacy.mask` to false"
)]
pub struct CutSecret;

impl Masks {
    /// Masks that let everything through as it is.
    pub fn off() -> Masks {
        Masks {
            is_off: true,
            ..Masks::default()
        }
    }

    /// Whether they let everything through.
    pub fn is_off(&self) -> bool {
        self.is_off
    }

    /// Whether nothing was masked.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// The secrets of a document as they matter for a request about the region, of which up to
    /// `context` bytes on each side are sent. Costs the length of what is looked at: the document, or
    /// the part of a large one; 3 ms for each megabyte.
    pub fn look(&self, text: &Text, region: &Range<usize>, context: usize) -> Secrets {
        if self.is_off {
            return Secrets::default();
        }
        let part = part(text, region, context);
        let found = self.find(&text.slice(part.clone()));
        let shifted = found
            .into_iter()
            .map(|it| part.start + it.start..part.start + it.end);
        Secrets {
            places: shifted.collect(),
            is_of_all: part == (0..text.len()),
        }
    }

    /// The document with stand-ins in place of its secrets, and whether the region cuts one, so that
    /// its part of the stand-in would not come back. Every offset stays.
    pub fn document(
        &mut self,
        text: &Text,
        secrets: &Secrets,
        region: &Range<usize>,
    ) -> (Text, Result<(), CutSecret>) {
        self.is_partial |= !secrets.is_of_all && !self.is_off;
        let mut masked = text.clone();
        let mut whole = Ok(());
        for place in &secrets.places {
            let cuts = |at: usize| place.start < at && at < place.end;
            if cuts(region.start) || cuts(region.end) {
                whole = Err(CutSecret);
            }
            let stand_in = self.stand_in(&text.slice(place.clone()));
            masked.replace(place.clone(), &stand_in);
        }
        (masked, whole)
    }

    /// A request that was made of masked text: what else of a large document is in it is masked too.
    pub fn request(&mut self, mut request: Request) -> Request {
        if !self.is_partial {
            return request;
        }
        for message in &mut request.input {
            if let Cow::Owned(masked) = self.text(&message.text) {
                message.text = masked.into();
            }
        }
        if let Some(text) = &mut request.prediction
            && let Cow::Owned(masked) = self.text(text)
        {
            *text = masked;
        }
        request
    }

    /// A text with stand-ins in place of its secrets.
    pub fn text<'a>(&mut self, text: &'a str) -> Cow<'a, str> {
        let found = self.find(text);
        if found.is_empty() {
            return Cow::Borrowed(text);
        }
        let mut masked = String::with_capacity(text.len());
        let mut done = 0;
        for place in found {
            masked.push_str(&text[done..place.start]);
            masked.push_str(&self.stand_in(&text[place.clone()]));
            done = place.end;
        }
        masked.push_str(&text[done..]);
        Cow::Owned(masked)
    }

    /// Where secrets stand, in order and apart: those that look like it, and what is known as one.
    fn find(&self, text: &str) -> Vec<Range<usize>> {
        if self.is_off {
            return Vec::new();
        }
        let mut found = find::secrets(text);
        found.retain(|it| {
            !self
                .pairs
                .iter()
                .any(|(stand_in, _)| text[it.clone()].contains(stand_in.as_str()))
        });
        let known = self.pairs.iter().map(|(_, secret)| secret.as_str());
        let mut repeated: Vec<&str> = known
            .chain(found.iter().map(|it| &text[it.clone()]))
            .collect();
        repeated.sort_unstable();
        repeated.dedup();
        repeated.truncate(MOST_REPEATED);
        let all = repeated.into_iter().flat_map(|secret| {
            text.match_indices(secret)
                .map(move |(at, _)| at..at + secret.len())
        });
        found.extend(all);
        find::apart(found)
    }

    fn stand_in(&mut self, secret: &str) -> String {
        if let Some(known) = self.places.get(secret) {
            return self.pairs[*known].0.clone();
        }
        let stand_in = stand_in(secret);
        self.places.insert(secret.to_owned(), self.pairs.len());
        self.pairs.push((stand_in.clone(), secret.to_owned()));
        stand_in
    }

    /// The text with the secrets in their places again.
    pub fn undo(&self, text: &str) -> String {
        let mut undo = Undo::new(self.clone());
        let mut whole = undo.push(text);
        whole.push_str(&undo.finish());
        whole
    }
}

/// Whole lines around the region, or the whole text.
fn part(text: &Text, region: &Range<usize>, context: usize) -> Range<usize> {
    if text.len() <= WHOLE {
        return 0..text.len();
    }
    let reach = context.saturating_add(AROUND);
    let start = text.line_of(region.start.saturating_sub(reach));
    let end = text.line_of(region.end.saturating_add(reach).min(text.len()));
    text.line_start(start)..text.line_start(end + 1)
}

/// As long as the secret, with its blanks and line breaks where they are.
fn stand_in(secret: &str) -> String {
    static KEY: OnceLock<RandomState> = OnceLock::new();
    const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    let key = KEY.get_or_init(RandomState::new);
    let sign = if secret.len() >= 2 * SIGN.len() {
        SIGN
    } else {
        ""
    };
    let mut made = String::with_capacity(secret.len());
    for (at, byte) in secret.bytes().enumerate() {
        let digit = key.hash_one((secret, at)) as usize;
        made.push(match byte {
            b'\n' | b'\r' | b'\t' | b' ' => char::from(byte),
            _ if at < sign.len() => char::from(sign.as_bytes()[at]),
            // A name may not begin with a digit.
            _ if at == 0 => char::from(LETTERS[digit % 52]),
            _ => char::from(LETTERS[digit % LETTERS.len()]),
        });
    }
    made
}

/// Puts the secrets into an answer again while it streams.
#[derive(Clone, Debug, Default)]
pub struct Undo {
    masks: Masks,
    /// The end of what has come, which may be the beginning of a stand-in.
    held: String,
}

impl Undo {
    /// For the answer to a request that was masked so.
    pub fn new(masks: Masks) -> Undo {
        Undo {
            masks,
            held: String::new(),
        }
    }

    /// The masks, for requests that go on from this one.
    pub fn masks(&self) -> &Masks {
        &self.masks
    }

    /// The next piece of the answer; gives what can be handed on, which may be nothing.
    pub fn push(&mut self, piece: &str) -> String {
        if self.masks.is_empty() {
            return piece.to_owned();
        }
        self.held.push_str(piece);
        let mut out = String::with_capacity(self.held.len());
        let mut rest = self.held.as_str();
        'text: while !rest.is_empty() {
            let mut next = rest.len();
            for (stand_in, secret) in &self.masks.pairs {
                match begin(rest, stand_in) {
                    Some(0) if rest.starts_with(stand_in.as_str()) => {
                        out.push_str(secret);
                        rest = &rest[stand_in.len()..];
                        continue 'text;
                    }
                    Some(at) => next = next.min(at),
                    None => {}
                }
            }
            out.push_str(&rest[..next]);
            rest = &rest[next..];
            let may_begin =
                |(it, _): &(String, String)| rest.len() < it.len() && it.starts_with(rest);
            if !rest.is_empty() && self.masks.pairs.iter().any(may_begin) {
                break;
            }
        }
        self.held = rest.to_owned();
        out
    }

    /// What was held back, when nothing more comes.
    pub fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }
}

/// Where the word stands in the text, or where it may begin at the text's end.
fn begin(text: &str, word: &str) -> Option<usize> {
    let whole = text.find(word);
    whole.or_else(|| {
        let least = text.len().saturating_sub(word.len() - 1);
        let ends = (least..text.len()).filter(|at| text.is_char_boundary(*at));
        let mut begins = ends.filter(|at| word.starts_with(&text[*at..]));
        begins.next()
    })
}

#[cfg(test)]
mod tests;
