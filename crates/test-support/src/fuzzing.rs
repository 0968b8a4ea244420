//! What the fuzz targets check, and how bytes become its input. The targets themselves are in `fuzz/`; the tests
//! of the workspace replay their corpus through the same functions.
//!
//! | module | what it checks |
//! |---|---|
//! | [`lsp_frames`] | bytes from the editor: nothing ends the reader, and cuts change nothing |
//! | [`model_frames`] | bytes from the model server: cuts change nothing, and an answer arrives whole |
//! | [`change_sets`] | the algebra of change sets, and a document, against plain strings |
//! | [`diff_pieces`] | the streamed diff under any cuts |
//! | [`output_cleaning`] | the cleaner under any cuts |
//! | [`rewrites`] | one rewrite from request to decision, with an editor that does as it is told |
//! | [`corpus`] | the replay |
//!
//! Each but the last has `check`, which takes the fuzzer's bytes and panics where something does not hold. The bytes are a few
//! control bytes and then texts, each up to a zero byte, so that a corpus can be written by hand.

pub mod change_sets;
pub mod corpus;
pub mod diff_pieces;
pub mod lsp_frames;
pub mod model_frames;
pub mod output_cleaning;
pub mod rewrites;

/// The fuzzer's bytes, taken from the front; zeros once they are used up.
#[derive(Clone, Debug)]
pub struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    /// All of them.
    pub fn new(data: &'a [u8]) -> Self {
        Input { rest: data }
    }

    /// Whether none are left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next byte.
    pub fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.rest.split_first() else {
            return 0;
        };
        self.rest = rest;
        *first
    }

    /// A number below `count`, from one byte; `count` is from 1 to 256.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.byte()) % count
    }

    /// The bytes up to the next zero byte, which is dropped.
    pub fn field(&mut self) -> &'a [u8] {
        let end = self.rest.iter().position(|byte| *byte == 0);
        let field = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = end.map_or(&[], |end| &self.rest[end + 1..]);
        field
    }

    /// As [`Input::field`], as text; what is no UTF-8 becomes U+FFFD.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.field()).into_owned()
    }

    /// All that is left.
    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.rest)
    }

    /// All that is left, as text.
    pub fn rest_text(&mut self) -> String {
        String::from_utf8_lossy(self.rest()).into_owned()
    }
}

/// Lengths of pieces that come out of a seed: 0 is everything at once, 1 is one by one, others are mixed.
struct Cuts {
    seed: u8,
    rng: fastrand::Rng,
}

impl Cuts {
    fn new(seed: u8) -> Self {
        Cuts {
            seed,
            rng: fastrand::Rng::with_seed(u64::from(seed)),
        }
    }

    fn next(&mut self) -> usize {
        match self.seed {
            0 => usize::MAX,
            1 => 1,
            seed => self.rng.usize(1..=[3, 9, 40, 400][usize::from(seed) % 4]),
        }
    }
}

/// A text cut into pieces between characters.
pub fn pieces(text: &str, seed: u8) -> Vec<&str> {
    let mut cuts = Cuts::new(seed);
    let mut rest = text;
    let mut pieces = Vec::new();
    while !rest.is_empty() {
        let mut len = cuts.next().min(rest.len());
        while !rest.is_char_boundary(len) {
            len += 1;
        }
        let (piece, behind) = rest.split_at(len);
        pieces.push(piece);
        rest = behind;
    }
    pieces
}

/// Bytes cut into chunks anywhere.
pub fn chunks(bytes: &[u8], seed: u8) -> Vec<&[u8]> {
    let mut cuts = Cuts::new(seed);
    let mut rest = bytes;
    let mut chunks = Vec::new();
    while !rest.is_empty() {
        let (chunk, behind) = rest.split_at(cuts.next().min(rest.len()));
        chunks.push(chunk);
        rest = behind;
    }
    chunks
}

/// The nearest place at or before `at` that no edit of an editor splits: between characters, and not inside `\r\n`.
fn place(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) || (text[..at].ends_with('\r') && text[at..].starts_with('\n'))
    {
        at -= 1;
    }
    at
}
