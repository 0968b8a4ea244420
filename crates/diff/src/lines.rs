//! The old text cut into lines: where each begins, which lines are alike, how telling each is.
//! What to do about a match is decided in `policy`.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, DefaultHasher, Hasher};
use std::ops::Range;

use crate::similarity::{Shape, Shaped};

/// Names a line's content without its indentation and line end; equal contents have equal ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ContentId(u32);

impl ContentId {
    /// A content that the old text does not have.
    pub(crate) const FRESH: ContentId = ContentId(u32::MAX);

    pub(crate) fn is_fresh(self) -> bool {
        self == Self::FRESH
    }
}

/// The lines of the old text.
pub(crate) struct OldLines {
    text: String,
    /// Byte offset of each line, and the text's length at the end.
    starts: Vec<usize>,
    contents: Vec<ContentId>,
    shapes: Vec<Shape>,
    /// By content: the first entry of `places` that belongs to it; one more at the end.
    first_place: Vec<u32>,
    /// Line numbers, grouped by content, ascending inside a group.
    places: Vec<u32>,
    /// By content: how much a match of this line says, from 0 to 1.
    weights: Vec<f32>,
    by_hash: HashMap<u64, u32, BuildHasherDefault<HashIsKey>>,
}

impl OldLines {
    /// Cost: O(length of the text).
    pub(crate) fn new(text: &str) -> Self {
        let mut starts = vec![0];
        starts.extend(
            text.bytes()
                .enumerate()
                .filter(|(_, byte)| *byte == b'\n')
                .map(|(at, _)| at + 1),
        );
        if starts.last() != Some(&text.len()) {
            starts.push(text.len());
        }
        let mut lines = OldLines {
            text: text.to_owned(),
            contents: Vec::with_capacity(starts.len()),
            shapes: Vec::with_capacity(starts.len()),
            starts,
            first_place: Vec::new(),
            places: Vec::new(),
            weights: Vec::new(),
            by_hash: HashMap::default(),
        };
        lines.intern();
        lines
    }

    fn intern(&mut self) {
        let (text, starts) = (&self.text, &self.starts);
        let line_at = |line: usize| &text[starts[line]..starts[line + 1]];
        let mut representative: Vec<usize> = Vec::new();
        let mut occurrences: Vec<u32> = Vec::new();
        for line in 0..starts.len() - 1 {
            let content = content(line_at(line));
            let next = representative.len() as u32;
            let id = *self.by_hash.entry(hash(content)).or_insert(next);
            // A different content under the same hash keeps a fresh id: it only loses its matches.
            let id = match representative.get(id as usize) {
                Some(&first) if self::content(line_at(first)) == content => id,
                _ => next,
            };
            if id == next {
                representative.push(line);
                occurrences.push(0);
            }
            occurrences[id as usize] += 1;
            self.contents.push(ContentId(id));
            self.shapes.push(Shape::of(content));
        }
        self.weights = representative
            .iter()
            .zip(&occurrences)
            .map(|(&line, &count)| weight(content(line_at(line)), count))
            .collect();
        let mut next_place = 0;
        self.first_place = occurrences
            .iter()
            .map(|count| {
                next_place += count;
                next_place - count
            })
            .collect();
        let mut fill = self.first_place.clone();
        self.first_place.push(next_place);
        self.places = vec![0; self.len()];
        for (line, id) in self.contents.iter().enumerate() {
            let slot = &mut fill[id.0 as usize];
            self.places[*slot as usize] = line as u32;
            *slot += 1;
        }
    }

    /// The number of lines; a text that ends with `\n` has no empty line after it.
    pub(crate) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// A line with its line end.
    pub(crate) fn line(&self, line: usize) -> &str {
        &self.text[self.starts[line]..self.starts[line + 1]]
    }

    /// Byte offset of a line; of the end of the text for the line after the last.
    pub(crate) fn start(&self, line: usize) -> usize {
        self.starts[line]
    }

    /// Bytes of several lines.
    pub(crate) fn bytes(&self, lines: Range<usize>) -> usize {
        self.starts[lines.end] - self.starts[lines.start]
    }

    /// A line with its shape.
    pub(crate) fn shaped(&self, line: usize) -> Shaped<'_> {
        (self.line(line), &self.shapes[line])
    }

    pub(crate) fn content_id(&self, line: usize) -> ContentId {
        self.contents[line]
    }

    /// The id of a new line's content. Cost: O(length of the line).
    pub(crate) fn find(&self, line: &str) -> ContentId {
        let content = content(line);
        let Some(&id) = self.by_hash.get(&hash(content)) else {
            return ContentId::FRESH;
        };
        let first = self.places[self.first_place[id as usize] as usize] as usize;
        if self::content(self.line(first)) == content {
            ContentId(id)
        } else {
            ContentId::FRESH
        }
    }

    /// The lines from `from` on that have this content, ascending.
    pub(crate) fn places_from(&self, id: ContentId, from: usize) -> &[u32] {
        if id.is_fresh() {
            return &[];
        }
        let group =
            self.first_place[id.0 as usize] as usize..self.first_place[id.0 as usize + 1] as usize;
        let places = &self.places[group];
        &places[places.partition_point(|&place| (place as usize) < from)..]
    }

    /// How much a match of this content says, from 0 to 1.
    pub(crate) fn weight(&self, id: ContentId) -> f32 {
        if id.is_fresh() {
            0.0
        } else {
            self.weights[id.0 as usize]
        }
    }

    /// How many lines the block has that begins at `line`: those below that are indented deeper, 0 if none. A bracket
    /// that ends the parameters, or begins the body, on a line of its own does not end the block.
    /// Looks at `limit` lines at most.
    pub(crate) fn block_len(&self, line: usize, limit: usize) -> usize {
        let depth = indentation(self.line(line));
        let belongs = |below: &usize| {
            let line = self.line(*below);
            let content = content(line);
            content.is_empty()
                || indentation(line) > depth
                || (indentation(line) == depth && content.starts_with([')', ']', '{']))
        };
        (line + 1..self.len())
            .take(limit)
            .take_while(belongs)
            .count()
    }

    /// The line end that a line of ours should carry until its own is known.
    pub(crate) fn line_end(&self) -> &'static str {
        if self.len() > 0 && self.line(0).ends_with("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }
}

/// A line without its indentation, trailing blanks and line end.
pub(crate) fn content(line: &str) -> &str {
    line.trim_ascii()
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_ascii_start().len()
}

/// A rare line with many letters says much; a brace or a blank line says nearly nothing.
fn weight(content: &str, occurrences: u32) -> f32 {
    let letters = content
        .bytes()
        .take(64)
        .filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii())
        .count();
    let telling = match letters {
        0 if content.is_empty() => 0.05,
        0 => 0.12,
        _ => (0.35 + letters as f32 / 12.0).min(1.0),
    };
    let rare = match occurrences {
        1 => 1.0,
        2 => 0.7,
        3..=4 => 0.45,
        5..=8 => 0.3,
        _ => 0.2,
    };
    // Few occurrences of punctuation alone are no evidence: it is common in what the model may write.
    if letters == 0 {
        telling
    } else {
        telling * rare
    }
}

fn hash(content: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(content.as_bytes());
    hasher.finish()
}

/// The keys are hashes already.
#[derive(Default)]
struct HashIsKey(u64);

impl Hasher for HashIsKey {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}
